"""The vocabulary in which a kata's cases are written: a case is a short script of calls and what is checked of them.

A `cases.py` reads like the experiment it describes:

    def cases(draw):
        case = draw.case("two lengths", "查询与键的长度不同", visible=True)
        query, memory = case.normal(2, 5, 12), case.normal(2, 7, 12)
        attend = case.entry(12, 3)             # a class: constructed, given weights injected, eval mode
        out = attend(query, memory, memory)    # recorded, carried out later in the jail and on the reference
        case.backward(out)                     # gradients of every floating input and parameter are compared
        yield case

Nothing is computed here: calling an `Entry`, a `Module` or a `Result` records a step. The same steps are carried out in
the jail on the submission and, in float64, on the reference; every result is compared unless `unchecked` says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Group(StrEnum):
    """What a case is about; the first four and `hygiene` make correctness, `shapes` and `errors` make shapes."""

    CORRECTNESS = "correctness"  # values against the float64 reference
    GRADIENT = "gradient"  # values of input and parameter gradients
    PROPERTY = "property"  # relations between calls of the submission itself
    DISTRIBUTION = "distribution"  # random results, judged by statistics
    SHAPES = "shapes"  # sizes, strides, dtypes, broadcasting
    ERRORS = "errors"  # refusals that the Task names
    HYGIENE = "hygiene"  # what a call must leave alone


@dataclass(frozen=True)
class Text:
    """A sentence in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Result:
    """What step number `step` gives, or a part of it: `path` holds the indices applied to it, outermost first."""

    case: Case = field(repr=False, compare=False)
    step: int
    path: tuple[Any, ...] = ()

    def __getitem__(self, index: Any) -> Result:
        """An element of a tuple or dict, or a slice of a tensor: ints, slices, `...` and lists of ints."""
        return Result(self.case, self.step, (*self.path, index))

    def __iter__(self) -> Iterator[Result]:
        raise TypeError("a Result is not known yet and cannot be unpacked: index it, `result[0]`")

    def __call__(self, *args: Any, **kwargs: Any) -> Result:
        """Calls the result itself, for entries that return functions."""
        return self.case.add("call", target=self, args=args, kwargs=kwargs)


@dataclass(frozen=True)
class Module:
    """A constructed instance of the entry."""

    case: Case = field(repr=False, compare=False)
    step: int

    def __call__(self, *args: Any, **kwargs: Any) -> Result:
        """Calls the instance: for an nn.Module, forward with its hooks."""
        return self.case.add("call", target=self, args=args, kwargs=kwargs)

    def method(self, name: str, *args: Any, **kwargs: Any) -> Result:
        """Calls a method that the Task names."""
        return self.case.add("call", target=self, method=name, args=args, kwargs=kwargs)

    def train(self, mode: bool = True) -> None:
        """Switches to training mode (a fresh instance is in eval mode)."""
        self.case.add("mode", target=self, train=mode)

    def eval(self) -> None:
        """Switches back to eval mode."""
        self.train(False)

    def reloaded(self) -> Module:
        """A second instance, constructed alike, that receives this one's state_dict (a round trip)."""
        return Module(self.case, self.case.add("reload", target=self).step)

    def describe(self) -> Result:
        """Facts: {"parameters": [[name, shape, trainable]], "buffers": [[name, shape]], "training": bool}."""
        return self.case.add("describe", target=self, compare=False)


@dataclass(frozen=True)
class Toy:
    """A callable argument, as data: a causal language model over `vocabulary` ids that depends on the whole history.

    Called with ids (B, L) it returns logits (B, L, V): logits[b, t] = table[state_t], where the state runs over the ids as
    state = (state * multiplier + id + 1) mod M. `table` has shape (M, V). Feeding only the last token changes the result.
    Give `encoder=True` later for models with a memory; the toy refuses anything that is not a (B, L) tensor of ints.
    """

    table: Any  # (M, V) floating tensor
    multiplier: int = 7


@dataclass(frozen=True)
class Check:
    """What is checked beyond the plain comparison with the reference; evaluated on the trusted side only."""

    kind: str  # "same": results[0] equals results[1]; "holds": predicate(*results) is true
    results: tuple[Any, ...]
    text: Text  # what is wrong when it does not hold
    predicate: Callable[..., Any] | None = None


@dataclass(frozen=True)
class Step:
    """One line of a script. `op`: construct, call, mode, reload, describe, backward."""

    op: str
    options: dict[str, Any]
    compare: bool = True  # its result is compared with the reference's


class Case:
    """One named script. Built by `draw.case(...)`; filled by calling `entry`, modules and results; then yielded."""

    def __init__(
        self,
        title: Text,
        *,
        group: Group,
        visible: bool,
        degenerate: bool,
        dtype: str,
        source: Any,
    ) -> None:
        self.title = title
        self.group = group
        self.visible = visible  # shown in full, and part of a run
        self.degenerate = degenerate  # an edge case whose value may be zeros, the mean or an input
        self.dtype = dtype  # of drawn tensors, weights and modules: float32, float64, bfloat16, float16
        self.steps: list[Step] = []
        self.checks: list[Check] = []
        self.refusal: Text | None = None  # set: the script must end in an exception
        self.watched = group is Group.HYGIENE  # inputs and global state are looked at after the script
        self._source = source

    @property
    def name(self) -> str:
        """The English title: unique within the kata."""
        return self.title.en

    # -- drawing: tensors of the case's dtype, from a generator of the case's own ---------------------------------------

    def normal(self, *shape: int, scale: float = 1.0) -> Any:
        """Normal numbers of the case's dtype."""
        return self._source.normal(*shape, scale=scale)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Any:
        """Uniform numbers of the case's dtype."""
        return self._source.uniform(*shape, low=low, high=high)

    def integers(self, *shape: int, low: int = 0, high: int) -> Any:
        """int64 numbers, low <= number < high."""
        return self._source.integers(*shape, low=low, high=high)

    def mask(self, *shape: int, keep: float = 0.6, full_rows: bool = True) -> Any:
        """A bool mask, True = may be attended; with `full_rows` no row of the last axis is wholly False."""
        return self._source.mask(*shape, keep=keep, full_rows=full_rows)

    def permutation(self, n: int) -> Any:
        """A permutation of n as a list of ints, never the identity when n > 1."""
        return self._source.permutation(n)

    # -- recording ---------------------------------------------------------------------------------------------------

    def entry(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the entry function (a Result) or constructs the entry class (a Module: weights injected, eval mode)."""
        if self._source.entry_is_class:
            return Module(self, self.add("construct", args=args, kwargs=kwargs).step)
        return self.add("call", target=None, args=args, kwargs=kwargs)

    def unweighted(self, *args: Any, **kwargs: Any) -> Module:
        """Constructs the entry class and leaves it as its own constructor made it: no weights injected, nothing compared by
        value unless the entry has no parameters."""
        return Module(self, self.add("construct", args=args, kwargs=kwargs, load=False).step)

    def backward(self, *results: Result, wrt: tuple[Any, ...] | None = None) -> Result:
        """Backward from the results with fixed random weights of every floating output. Compared: the gradients of the
        floating tensors given to calls (or only `wrt`) and of all parameters bound to a role."""
        return self.add("backward", of=results, wrt=wrt)

    def unchecked(self, result: Result) -> Result:
        """Takes a result out of the comparison with the reference (random results; the checks still see it)."""
        step = self.steps[result.step]
        self.steps[result.step] = Step(step.op, step.options, compare=False)
        return result

    def same(self, first: Any, second: Any, en: str, zh: str) -> None:
        """Both results (or a result and a tensor) must be equal within the tolerance of their dtype."""
        self.checks.append(Check("same", (first, second), Text(en, zh)))

    def holds(self, predicate: Callable[..., Any], *results: Any, en: str, zh: str) -> None:
        """`predicate(*values)` must be true; values are CPU tensors, or what `describe` gives. Runs outside the jail."""
        self.checks.append(Check("holds", results, Text(en, zh), predicate))

    def refused(self, en: str, zh: str) -> None:
        """The script must end in an exception with a sentence in it; the text says what should have been refused."""
        self.refusal = Text(en, zh)

    def add(self, op: str, compare: bool = True, **options: Any) -> Result:
        """Records one step; authors use the methods above."""
        self.steps.append(Step(op, options, compare))
        return Result(self, len(self.steps) - 1)
