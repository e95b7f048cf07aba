"""Frames: what goes in comes out, and bytes from hostile code end as ProtocolFault, never as anything else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders import wire
from graders.wire import HEAD, MAGIC, Decoder, Frame, ProtocolFault, TensorSpec, pack, tensor_table

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fuzzed = settings(deadline=None, max_examples=150, derandomize=True)


def decode(data: bytes, max_payload: int = wire.MAX_PAYLOAD) -> list[Frame]:
    return list(Decoder(max_payload).feed(data))


def raw(header: bytes, payload: bytes = b"", kind: int = 23) -> bytes:
    """A frame with a header that `pack` would not write."""
    return HEAD.pack(MAGIC, kind, b"\0\0\0", len(header), len(payload)) + header + payload


def test_a_frame_survives_the_round_trip() -> None:
    (frame,) = decode(pack(wire.CASE, {"a": [1, "二", None]}, [b"abc", memoryview(b"de")]))
    assert (frame.kind, frame.header, bytes(frame.payload)) == (wire.CASE, {"a": [1, "二", None]}, b"abcde")


@fuzzed
@given(st.lists(st.tuples(st.integers(0, 255), st.dictionaries(st.text(), JSON, max_size=3), st.binary()), max_size=4))
def test_any_frames_survive_in_any_pieces(frames: list[tuple[int, dict[str, Any], bytes]]) -> None:
    stream = b"".join(pack(kind, header, [payload]) for kind, header, payload in frames)
    decoder = Decoder()
    found = [frame for at in range(0, len(stream), 7) for frame in decoder.feed(stream[at : at + 7])]
    expected = [(kind, _whole(header), payload) for kind, header, payload in frames]
    assert [(frame.kind, frame.header, bytes(frame.payload)) for frame in found] == expected
    assert decoder.pending == 0


def _whole(value: Any) -> Any:
    """JSON as it can be written in UTF-8."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace"))


def test_a_frame_arrives_one_byte_at_a_time() -> None:
    decoder, data = Decoder(), pack(wire.DONE, {"case": 0}, [b"xyz"])
    for byte in data[:-1]:
        assert list(decoder.feed(bytes([byte]))) == []
    assert decoder.pending == len(data) - 1
    (frame,) = decoder.feed(data[-1:])
    assert bytes(frame.payload) == b"xyz"
    assert decoder.pending == 0


def test_half_a_frame_after_a_whole_one_is_kept_for_later() -> None:
    one, two = pack(1, {"n": 1}), pack(2, {"n": 2}, [b"payload"])
    decoder = Decoder()
    assert [frame.kind for frame in decoder.feed(one + two[:20])] == [1]
    assert [frame.kind for frame in decoder.feed(two[20:])] == [2]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\0" * 16, id="zeros"),
        pytest.param(b"TKW2" + pack(1, {})[4:], id="another magic"),
        pytest.param(HEAD.pack(MAGIC, 1, b"\0\0\1", 2, 0) + b"{}", id="reserved bytes in use"),
        pytest.param(HEAD.pack(MAGIC, 1, b"\0\0\0", wire.MAX_HEADER + 1, 0), id="giant header"),
        pytest.param(HEAD.pack(MAGIC, 1, b"\0\0\0", 2, 0xFFFFFFFF), id="giant payload"),
        pytest.param(raw(b""), id="no header"),
        pytest.param(raw(b"{"), id="cut JSON"),
        pytest.param(raw(b"[]"), id="no object"),
        pytest.param(raw(b"\xff\xfe{}"), id="no UTF-8"),
        pytest.param(raw(b'{"a": NaN}'), id="NaN"),
        pytest.param(raw(b'{"a": -Infinity}'), id="minus infinity"),
        pytest.param(raw(b'{"a": ' + b"9" * 5000 + b"}"), id="an integer of 5000 digits"),
        pytest.param(raw(b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"), id="nested 200000 deep"),
        pytest.param(raw(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), id="objects nested 100000 deep"),
    ],
)
def test_bytes_that_are_no_frame_are_a_protocol_fault(data: bytes) -> None:
    with pytest.raises(ProtocolFault):
        decode(data)


def test_a_payload_over_the_limit_is_refused_before_it_comes() -> None:
    with pytest.raises(ProtocolFault, match="over the limit of 10"):
        decode(HEAD.pack(MAGIC, 1, b"\0\0\0", 2, 11), max_payload=10)


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    (frame,) = decode(raw(rb'{"a": "\ud800", "b": "\uD83D\uDE00", "\uDFFF": 1}'))
    assert frame.header == {"a": "?", "b": "\N{GRINNING FACE}", "?": 1}


def test_pack_refuses_nan_and_frames_over_the_limit() -> None:
    with pytest.raises(ValueError, match="JSON"):
        pack(1, {"a": float("nan")})
    with pytest.raises(ProtocolFault, match="too large"):
        pack(1, {"a": "x" * wire.MAX_HEADER})


@fuzzed
@given(st.lists(st.binary(max_size=40), max_size=12))
def test_any_bytes_end_in_frames_or_in_a_protocol_fault(chunks: list[bytes]) -> None:
    never_more_than_the_cap(chunks)


@fuzzed
@given(
    st.tuples(
        st.sampled_from([MAGIC, MAGIC, MAGIC, b"TKW0"]),
        st.integers(0, 255),
        st.sampled_from([b"\0\0\0", b"\0\0\1"]),
        st.integers(0, 60) | st.integers(0, 2**32 - 1),
        st.integers(0, 60) | st.integers(0, 2**32 - 1),
    ),
    st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode()),
)
def test_any_head_ends_in_frames_or_in_a_protocol_fault(head: tuple[Any, ...], rest: bytes) -> None:
    data = HEAD.pack(*head) + rest
    never_more_than_the_cap([data[at : at + 5] for at in range(0, len(data), 5)])


def never_more_than_the_cap(chunks: list[bytes], cap: int = 50) -> None:
    decoder = Decoder(cap)
    try:
        for chunk in chunks:
            for frame in decoder.feed(chunk):
                assert isinstance(frame.header, dict)
                assert len(frame.payload) <= cap
            assert decoder.pending <= HEAD.size + wire.MAX_HEADER + cap
    except ProtocolFault:
        pass


# -- the table of tensors --------------------------------------------------------------------------------------------


def table(rows: Any, size: int = 0, limit: int = 1 << 20) -> list[TensorSpec]:
    return tensor_table({"tensors": rows}, size, limit)


def test_a_table_tells_where_each_tensor_lies() -> None:
    assert table([["float32", [2, 3]], ["bool", []], ["int64", [0, 5]]], 25) == [
        TensorSpec("float32", (2, 3), 0, 24),
        TensorSpec("bool", (), 24, 1),
        TensorSpec("int64", (0, 5), 25, 0),
    ]
    assert tensor_table({}, 0, 1) == []


@pytest.mark.parametrize(
    ("rows", "size"),
    [
        pytest.param({}, 0, id="no list"),
        pytest.param([["float32", [0]]] * 4097, 0, id="too many"),
        pytest.param([["float32"]], 0, id="no dims"),
        pytest.param([["float32", [1], 0]], 4, id="a third field"),
        pytest.param([[["float32"], [1]]], 4, id="dtype is a list"),
        pytest.param([["float32", "1"]], 4, id="dims are a string"),
        pytest.param([["float128", [1]]], 16, id="unknown dtype"),
        pytest.param([["object", [1]]], 8, id="dtype of pointers"),
        pytest.param([["float32", [-1]]], 4, id="negative"),
        pytest.param([["float32", [-1, -1]]], 4, id="negative twice"),
        pytest.param([["float32", [True]]], 4, id="boolean"),
        pytest.param([["float32", [1.0]]], 4, id="float"),
        pytest.param([["float32", [None]]], 4, id="null"),
        pytest.param([["float32", [1 << 40]]], 4, id="giant"),
        pytest.param([["float32", [1 << 39, 1 << 39]]], 4, id="product over 64 bits"),
        pytest.param([["float32", [0, 1 << 39, 1 << 39]]], 0, id="empty with strides over 64 bits"),
        pytest.param([["float32", [1] * 17]], 4, id="17 axes"),
        pytest.param([["float32", [(1 << 20) + 1]]], 4, id="over the limit a tensor"),
        pytest.param([["float32", [2]]], 4, id="outside the payload"),
        pytest.param([["float32", [1]], ["float32", [1]]], 4, id="second outside the payload"),
        pytest.param([["float32", [1]]], 5, id="a byte left over"),
        pytest.param([], 1, id="a byte without a table"),
    ],
)
def test_a_table_that_does_not_fit_is_a_protocol_fault(rows: Any, size: int) -> None:
    with pytest.raises(ProtocolFault):
        table(rows, size)


@fuzzed
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*wire.ITEMSIZE, "object"]), st.lists(st.integers(-2, 5) | st.integers(), max_size=4)
        ),
        max_size=4,
    ).map(lambda rows: [list(row) for row in rows])
    | JSON,
    st.integers(0, 200),
)
def test_any_table_gives_tensors_inside_the_payload_or_a_protocol_fault(rows: Any, size: int) -> None:
    try:
        specs = table(rows, size, limit=64)
    except ProtocolFault:
        return
    assert sum(spec.size for spec in specs) == size
    assert all(0 <= spec.start <= spec.start + spec.size <= size and spec.size <= 64 for spec in specs)


# -- pipes -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    for fd in (read, write):
        try:
            os.close(fd)
        except OSError:
            pass


def test_frames_are_read_from_a_pipe_and_its_end_is_an_eof(pipe: tuple[int, int]) -> None:
    read, write = pipe
    wire.write_all(write, pack(wire.LOAD, {"entry": "f"}, [b"def f(): ..."]) + pack(wire.CASE, {}))
    os.close(write)
    assert bytes(wire.read_frame(read).payload) == b"def f(): ..."
    assert wire.read_frame(read).kind == wire.CASE
    with pytest.raises(EOFError):
        wire.read_frame(read)


def test_half_a_frame_and_then_the_end_is_an_eof(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.write(write, pack(wire.CASE, {"a": 1})[:-1])
    os.close(write)
    with pytest.raises(EOFError):
        wire.read_frame(read)


def test_everything_is_written_to_a_pipe_that_does_not_block(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.set_blocking(write, False)
    data = bytes(range(256)) * 2048  # 512 KiB, more than a pipe holds
    writer = Thread(target=wire.write_all, args=(write, data))
    writer.start()
    assert bytes(wire.read_exactly(read, len(data))) == data
    writer.join()
