# kata: greedy_decode
import torch


def greedy_decode(model, input_ids, max_new_tokens, eos_token_id=None, pad_token_id=0):
    """Continues every row of input_ids with the most probable next token, again and again.

    model: called with ids (B, T), int64, it returns logits (B, T, V); it remembers nothing between calls
    input_ids: (B, L), int64, the prompts, all of the same length
    max_new_tokens: upper bound of the number of new tokens
    eos_token_id: a row that has produced this id is finished; None = no row ever is
    pad_token_id: fills the rows that are finished while others go on

    -> (B, L + n), int64: the prompt and n <= max_new_tokens new ids
    """
    raise NotImplementedError
