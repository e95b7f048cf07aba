# hostile: a result that is a dictionary whose keys are paths, NUL and ten thousand letters
# line: B38
# verdict: failed
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return {"../../etc/cron.d/x": query, "a\0b": query, "\ud800": query, "k" * 10_000: query, "t": 0, ("u",): query}
