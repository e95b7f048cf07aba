"""What `cases(draw)` draws from: named cases and random numbers, all of them decided by one seed."""

from __future__ import annotations

import hashlib
import random

import torch
from torch import Tensor

from graders.interpreter import DTYPES
from katas.script import Case, Group, Text


class Source:
    """Random numbers of one case: a generator of its own, so that adding a case never changes another."""

    def __init__(self, seed: int, name: str, dtype: str, entry_is_class: bool) -> None:
        digest = hashlib.sha256(f"{seed}\0{name}".encode()).digest()
        number = int.from_bytes(digest[:8], "little") >> 1
        self.generator = torch.Generator().manual_seed(number)
        self.random = random.Random(number)
        self.dtype = DTYPES[dtype]
        self.entry_is_class = entry_is_class

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Normal numbers, drawn in float32 and rounded to the case's dtype."""
        return (torch.randn(shape, generator=self.generator) * scale).to(self.dtype)

    def uniform(self, *shape: int, low: float, high: float) -> Tensor:
        """Uniform numbers of the case's dtype."""
        return torch.rand(shape, generator=self.generator).mul(high - low).add(low).to(self.dtype)

    def integers(self, *shape: int, low: int, high: int) -> Tensor:
        """int64 numbers, low <= number < high."""
        return torch.randint(low, high, shape, generator=self.generator)

    def mask(self, *shape: int, keep: float, full_rows: bool) -> Tensor:
        """A bool mask; with `full_rows` one place of every row is set True where none is."""
        mask = torch.rand(shape, generator=self.generator) < keep
        if full_rows and mask.numel():
            place = torch.randint(0, shape[-1], (*shape[:-1], 1), generator=self.generator)
            empty = ~mask.any(dim=-1, keepdim=True)
            mask = mask | (empty & (torch.arange(shape[-1]) == place))
        return mask

    def permutation(self, n: int) -> list[int]:
        """A permutation that is not the identity."""
        order = list(range(n))
        while n > 1 and order == sorted(order):
            self.random.shuffle(order)
        return order

    def weights(self, shapes: dict[str, torch.Size]) -> dict[str, Tensor]:
        """Values of the case's dtype for parameters: like trained ones, never the constants that constructors use.

        Drawn all at once: a module has a dozen parameters, and each call of the generator costs as much as its numbers.
        """
        drawn = torch.randn(sum(shape.numel() for shape in shapes.values()), generator=self.generator)
        values, start = {}, 0
        for name, shape in shapes.items():
            value = drawn[start : start + shape.numel()].view(shape)
            start += shape.numel()
            if len(shape) >= 2:
                value.mul_(shape[-1] ** -0.5)
            else:
                value.mul_(0.3)
                if name.endswith("weight"):
                    value.add_(1.0)
            values[name] = value.to(self.dtype)
        return values


class Draw:
    """What `cases(draw)` receives."""

    def __init__(self, seed: int, entry_is_class: bool) -> None:
        self.seed = seed
        self.entry_is_class = entry_is_class

    def case(
        self,
        en: str,
        zh: str,
        *,
        group: str = "correctness",
        visible: bool = False,
        degenerate: bool = False,
        dtype: str = "float32",
    ) -> Case:
        """A new case; `en` and `zh` say in a short sentence what it looks at."""
        source = Source(self.seed, en, dtype, self.entry_is_class)
        return Case(
            Text(en, zh), group=Group(group), visible=visible, degenerate=degenerate, dtype=dtype, source=source
        )
