"""Fuzzes all that bytes of a jail go through: the decoder, the tensor table, the outcome, the comparison, the rejections.

Whatever the bytes are, they end in frames, in a judged case, in a rejection or in a protocol fault; never in another
exception, in memory beyond the cap, or in a passed case whose bytes are not the right ones. What once ended otherwise, and
what is likely to, is kept in corpus/.
`make test` fuzzes for some seconds; the hour is marked `long` (FUZZ_SECONDS changes both).
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from graders import child, wire
from graders.admission import Rejected, check_signature, why_not_loaded
from graders.compare import Yardstick, judge
from graders.diagnose import Mistakes
from graders.program import Outcome, Reference, decode_outcome
from graders.sitting import _parameters
from graders.verdict import Status
from katas.bank import Bank

CORPUS = Path(__file__).parent / "corpus"
KATAS = ("scaled_dot_product_attention", "multi_head_attention", "kv_cache_attention")
TENSOR_LIMIT = 1 << 16
CAP = 1 << 18
SECONDS = float(os.environ.get("FUZZ_SECONDS", 0))


@dataclass(frozen=True)
class Target:
    """One case, and the frame that an honest jail answers it with."""

    reference: Reference
    yard: Yardstick
    answer: bytes

    @property
    def steps(self) -> int:
        return len(self.yard.program.steps)


@cache
def targets() -> list[Target]:
    """A few cases of each kata: of every group, the first."""
    found = []
    for name in KATAS:
        reference = Reference(Bank.open().kata(name))
        mistakes = Mistakes(reference)
        groups = set()
        for program in reference.programs(1):
            if program.case.group in groups:
                continue
            groups.add(program.case.group)
            (frame,) = wire.Decoder().feed(program.frame(0, TENSOR_LIMIT, program.constructs))
            answer = child.perform(reference.entry, frame.header, frame.payload, "solution.py")
            found.append(Target(reference, mistakes.yardstick(program), answer))
    return found


def frames_of(stream: bytes, chunk: int) -> Iterator[wire.Frame]:
    """The frames of a stream that comes in pieces; a protocol fault ends it."""
    decoder = wire.Decoder(CAP)
    try:
        for at in range(0, len(stream), chunk):
            for frame in decoder.feed(stream[at : at + chunk]):
                assert len(frame.payload) <= CAP
                yield frame
            assert decoder.pending <= wire.HEAD.size + wire.MAX_HEADER + CAP + chunk
    except wire.ProtocolFault:
        return


def survive(target: Target, stream: bytes, chunk: int = 1 << 18) -> list[Status]:
    """Takes a stream through all that the trusted side does with one; gives the statuses of what could be judged."""
    statuses = []
    for frame in frames_of(stream, chunk):
        take_as_loaded(target, frame)
        try:
            outcome = decode_outcome(frame, target.steps, TENSOR_LIMIT)
        except wire.ProtocolFault:
            continue
        assert bytes_of([outcome.results, outcome.inputs]) <= 64 * len(frame.payload) + (1 << 20)
        result = judge(target.yard, outcome)
        result.model_dump_json()
        assert result.status is not Status.PASSED or is_right(target, outcome)
        statuses.append(result.status)
    return statuses


def take_as_loaded(target: Target, frame: wire.Frame) -> None:
    """The same header as an answer to LOAD and to DESCRIBE."""
    _parameters(frame.header)
    try:
        check_signature(target.reference, frame.header)
    except Rejected as rejected:
        rejected.text.model_dump_json()
    why_not_loaded(target.reference, "solution.py", frame.header).text.model_dump_json()


def bytes_of(tree: Any) -> int:
    """Bytes of the distinct tensors in a tree."""
    seen: dict[int, int] = {}

    def walk(value: Any) -> None:
        if isinstance(value, torch.Tensor):
            seen[id(value)] = value.numel() * value.element_size()
        elif isinstance(value, dict):
            for part in value.values():
                walk(part)
        elif isinstance(value, list | tuple):
            for part in value:
                walk(part)

    walk(tree)
    return sum(seen.values())


def is_right(target: Target, outcome: Outcome) -> bool:
    """Whether a case may pass: it had to be refused, or every compared tensor is near the honest one."""
    if target.yard.program.case.refusal is not None:
        return outcome.error is not None
    (frame,) = wire.Decoder().feed(target.answer)
    honest = decode_outcome(frame, target.steps, TENSOR_LIMIT)
    for step, mine, theirs in zip(target.yard.program.case.steps, honest.results, outcome.results, strict=True):
        if step.op == "call" and step.compare and isinstance(mine, torch.Tensor):
            close = torch.allclose(mine.double(), theirs.double(), rtol=1e-2, atol=1e-2, equal_nan=True)
            if theirs.shape != mine.shape or not close:
                return False
    return True


# -- what hostile code might write -----------------------------------------------------------------------------------

NUMBERS = st.sampled_from(
    [0, 1, -1, 2, 16, 17, 255, 1 << 31, 1 << 32, 1 << 40, (1 << 62) - 1, 1 << 62, -(1 << 63), 1 << 64]
)
WORDS = st.sampled_from(
    [*wire.ITEMSIZE, "t", "l", "u", "d", "f", "x", "nan", "inf", "1e999", "0x1p3", "\ud800", "object", ">f4", ""]
)
LEAVES = (
    st.none() | st.booleans() | NUMBERS | st.integers(-9, 9) | st.floats(allow_nan=False) | WORDS | st.text(max_size=8)
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(WORDS, inner, max_size=3)
        | st.tuples(st.sampled_from("tludfx"), inner).map(lambda pair: {pair[0]: pair[1]})
        | st.tuples(inner, st.integers(1, 60)).map(lambda pair: nested(*pair))
    ),
    max_leaves=10,
)


def nested(value: Any, depth: int) -> Any:
    """A value inside many lists."""
    for _ in range(depth):
        value = [value]
    return value


@st.composite
def streams(draw: st.DrawFn) -> tuple[Target, bytes, int]:
    """An honest answer with parts of its header, its payload or its bytes replaced; once or several times over."""
    target = draw(st.sampled_from(targets()))
    (frame,) = wire.Decoder().feed(target.answer)
    header = json.loads(json.dumps(frame.header))
    payload = bytearray(frame.payload)
    for _ in range(draw(st.integers(0, 3))):
        replace_part(draw, header)
    if payload and draw(st.booleans()):
        at = draw(st.integers(0, len(payload) - 1))
        payload[at : at + draw(st.integers(0, 16))] = draw(st.binary(max_size=16))
    text = json.dumps(header).encode()
    lengths = [len(text), len(payload)]
    if draw(st.integers(0, 9)) == 0:
        lengths[draw(st.integers(0, 1))] = draw(st.integers(0, 2**32 - 1))
    kind = draw(st.sampled_from([wire.DONE, wire.DONE, wire.LOADED, 0, 255]))
    data = wire.HEAD.pack(wire.MAGIC, kind, b"\0\0\0", *lengths) + text + payload
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=8)) + data[at + draw(st.integers(0, 8)) :]
    return target, data * draw(st.integers(1, 3)), draw(st.sampled_from([7, 100, 1 << 18]))


def replace_part(draw: st.DrawFn, header: dict[str, Any]) -> None:
    """Puts a hostile tree somewhere into a header."""
    fields = [
        *header,
        "error",
        "changed",
        "inputs",
        "tensors",
        "ok",
        "missing",
        "signature",
        "parameters",
        "class",
        "forward",
    ]
    place: Any = header
    key: Any = draw(st.sampled_from(fields))
    while key in place if isinstance(place, dict) else True:
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
            break
        place = inner
        key = draw(st.sampled_from(list(inner) if isinstance(inner, dict) else range(len(inner))))
    if key == "error" and draw(st.booleans()):
        error = draw(st.fixed_dictionaries({}, optional=dict.fromkeys(("type", "message", "frames", "step"), TREES)))
        place[key] = error
    else:
        place[key] = draw(TREES)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Bytes with a few flipped, cut, doubled or taken from elsewhere."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at, size = chance.randrange(len(made) + 1), chance.choice((1, 1, 2, 4, 16, 64))
        match chance.randrange(5):
            case 0:
                made[at : at + size] = chance.randbytes(size)
            case 1:
                del made[at : at + size]
            case 2:
                made[at:at] = made[at : at + size]
            case 3:
                made[at : at + 1] = chance.choice((b"[", b"{", b"]", b'"', b"-", b"9" * 20, b"\\ud8", b"\xff", b"e9"))
            case _:
                other = chance.randrange(len(made) + 1)
                made[at : at + size] = made[other : other + size]
    return bytes(made)


# -- tests -----------------------------------------------------------------------------------------------------------


def test_the_honest_answer_of_every_target_passes() -> None:
    for target in targets():
        assert survive(target, target.answer) == [Status.PASSED], target.yard.program.case.name


def test_the_corpus_is_survived_by_every_target() -> None:
    files = sorted(CORPUS.glob("*.bin"))
    assert files
    for file in files:
        for target in targets():
            for chunk in (1 << 18, 13):
                survive(target, file.read_bytes(), chunk)


def test_a_header_that_is_nested_too_deeply_to_be_walked_or_shown_is_refused() -> None:
    for depth, frames in ((wire.MAX_NESTING - 2, 1), (wire.MAX_NESTING, 0), (900, 0)):
        text = json.dumps({"a": nested(1, depth)}).encode()
        stream = wire.HEAD.pack(wire.MAGIC, wire.DONE, b"\0\0\0", len(text), 0) + text
        assert len(list(frames_of(stream, len(stream)))) == frames, depth


def test_mutated_answers_are_survived() -> None:
    fuzz(SECONDS or 8, 0)


@pytest.mark.long
def test_an_hour_of_mutated_answers_is_survived() -> None:
    fuzz(SECONDS or 3600, random.SystemRandom().randrange(1 << 32))


def fuzz(seconds: float, first: int) -> None:
    """Structured and byte by byte, in turn; a failure names the seed."""
    end = time.monotonic() + seconds
    number = first
    while number == first or time.monotonic() < end:
        structured(number)()
        byte_by_byte(number)
        number += 1


def structured(number: int) -> Callable[[], None]:
    """A hundred examples drawn by hypothesis, which also makes a failing one small."""

    @seed(number)
    @settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(streams())
    def check(drawn: tuple[Target, bytes, int]) -> None:
        survive(*drawn)

    return check


def byte_by_byte(number: int) -> None:
    """Two hundred streams made of honest answers and the corpus."""
    chance = random.Random(number)
    kept = [file.read_bytes() for file in sorted(CORPUS.glob("*.bin"))]
    for _ in range(200):
        target = chance.choice(targets())
        data = mutated(chance.choice([target.answer, target.answer, *kept]), chance)
        try:
            survive(target, data, chance.choice((1 << 18, 64)))
        except Exception as error:
            raise AssertionError(f"seed {number}: {data.hex()}") from error
