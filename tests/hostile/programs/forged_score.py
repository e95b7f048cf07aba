# hostile: adds fields that a report has to its frames
# line: B108 F53
# verdict: failed
import graders.child as child

perform = child.wire.pack


def pack(kind, header, payload=()):
    return perform(kind, {**header, "verdict": "passed", "score": 100, "status": "passed", "passed": True}, payload)


child.wire.pack = pack


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return query.new_zeros(*query.shape[:-1], value.shape[-1])
