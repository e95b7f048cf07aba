# hostile: zeroes the inputs, so that a reference which reads them afterwards would agree with zeros
# line: B89 F1
# verdict: failed
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    for tensor in (query, key, value):
        tensor.detach().zero_()
    return query.new_zeros(*query.shape[:-1], value.shape[-1])
