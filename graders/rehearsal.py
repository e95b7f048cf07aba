"""Plays grades of a small module before the first real one: what runs for the first time is slow, in every jail anew.

Imports the standard library, wire, child.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from typing import Any

from graders import child, wire

# In the zygote, before it forks; each jail inherits it.
ZYGOTE = ("float64", "bfloat16", "float16", "float32", "float32")
# In a jail that waits for work: the first write to a page that is shared with the zygote copies it, and better now; 4 ms of
# its waiting save 5 ms of the grade.
JAIL = ("float32", "float32")

REHEARSAL = """
import torch
from torch import nn

class Rehearsal(nn.Module):
    def __init__(self, width, heads=2):
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x, mask=None):
        B, L, D = x.shape
        q = self.first(x).view(B, L, self.heads, -1).transpose(1, 2)
        scores = q @ q.transpose(-2, -1) * D**-0.5
        scores = scores.masked_fill(~torch.ones(L, L, dtype=torch.bool).tril(), float("-inf"))
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.norm(x + self.second((weights @ q).transpose(1, 2).reshape(B, L, D)))
"""


def rehearse(dtypes: Sequence[str]) -> None:
    """Plays one grade a dtype."""
    entry, _ = child.load(REHEARSAL.encode(), "Rehearsal", "rehearsal.py")
    construct = {"op": "construct", "args": [4], "kwargs": {}}
    call = {"op": "call", "target": {"r": [0, []]}, "method": None, "args": [{"t": 0}], "kwargs": {}}
    backward = {"op": "backward", "of": [{"r": [1, []]}], "wrt": [0]}
    names = {"first": (4, 4), "second": (4, 4)}
    rows: list[list[Any]] = [["float32", [2, 3, 4], [12, 4, 1], 24]]
    weights: dict[str, int] = {}
    for name, shape in names.items():
        for part, size, stride in (("weight", list(shape), [4, 1]), ("bias", [4], [1])):
            weights[f"{name}.{part}"] = len(rows)
            rows.append(["float32", size, stride, 16 if part == "weight" else 4])
    for part in ("weight", "bias"):
        weights[f"norm.{part}"] = len(rows)
        rows.append(["float32", [4], [1], 4])
    for dtype in dtypes:
        typed = [[dtype, *row[1:]] for row in rows]
        header = {
            "case": 0,
            "dtype": dtype,
            "steps": [{**construct, "weights": weights}, call, backward],
            "tensors": typed,
            "leaves": [0],
            "watched": True,
            "limit": 1 << 20,
        }
        size = sum(row[3] for row in rows) * wire.ITEMSIZE[dtype]
        frame = wire.pack(wire.CASE, header, [bytes(size)])
        _, length, _ = wire.parse_head(frame[: wire.HEAD.size])
        middle = wire.HEAD.size + length
        child.perform(
            entry, wire.parse_header(frame[wire.HEAD.size : middle]), memoryview(frame)[middle:], "rehearsal.py"
        )
    sys.modules.pop("solution", None)
    linecache.cache.pop("rehearsal.py", None)
