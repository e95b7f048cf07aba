"""Frames between the grader and a jail. Trusted on neither side: the decoder takes bytes from hostile code.

A frame is a 16-byte head, a JSON header and raw payload bytes:

    4 bytes  magic b"TKW1"
    1 byte   kind
    3 bytes  zero
    u32      length of the header, little endian
    u32      length of the payload

Tensors travel as raw bytes in the payload; the header's "tensors" table says dtype, shape and, downwards only, strides.
Nothing is unpickled, no length is believed before it is compared with a limit, and nothing is allocated ahead of the bytes
that really came. Imported in the jail too, so: the standard library only.
"""

from __future__ import annotations

import json
import os
import select
import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

MAGIC = b"TKW1"
HEAD = struct.Struct("<4sB3sII")
MAX_HEADER = 1 << 20
MAX_NESTING = 40  # levels of a header; a script's arguments and a result's parts take far fewer
MAX_PAYLOAD = 256 << 20  # all tensors of one case together; one tensor is bounded by the kata's limits

READY, BROKEN = 1, 2  # from the lock-down: the jail is ready, or a step of it failed
LOAD, DESCRIBE, CASE, TRY, INSPECT = 10, 11, 12, 13, 14  # grader to jail
LOADED, DESCRIBED, DONE, RAISED, TRIED, INSPECTED = 20, 21, 22, 23, 24, 25  # jail to grader

# dtype name -> bytes an element; the only dtypes that cross
ITEMSIZE = {
    "float64": 8,
    "float32": 4,
    "bfloat16": 2,
    "float16": 2,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint8": 1,
    "bool": 1,
    "complex64": 8,
}


class ProtocolFault(Exception):
    """The bytes are no frame; charged to whoever wrote them."""


class Frame(NamedTuple):
    """One decoded frame."""

    kind: int
    header: dict[str, Any]
    payload: memoryview


def pack(kind: int, header: dict[str, Any], payload: Sequence[bytes | memoryview] = ()) -> bytes:
    """One frame as bytes."""
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode("ascii")
    size = sum(len(part) for part in payload)
    if len(text) > MAX_HEADER or size > MAX_PAYLOAD:
        raise ProtocolFault(f"frame too large: header {len(text)} bytes, payload {size} bytes")
    return b"".join((HEAD.pack(MAGIC, kind, b"\0\0\0", len(text), size), text, *payload))


def parse_head(head: bytes | bytearray | memoryview) -> tuple[int, int, int]:
    """(kind, header length, payload length) of 16 bytes, or ProtocolFault."""
    magic, kind, zero, header_length, payload_length = HEAD.unpack(head)
    if magic != MAGIC or zero != b"\0\0\0":
        raise ProtocolFault("no frame starts here")
    if header_length > MAX_HEADER or payload_length > MAX_PAYLOAD:
        raise ProtocolFault(f"frame claims {header_length} + {payload_length} bytes")
    return kind, header_length, payload_length


def parse_header(text: bytes | bytearray) -> dict[str, Any]:
    """The JSON object of a frame, or ProtocolFault."""
    try:
        header = json.loads(text.decode("utf-8"), parse_constant=_no_constant)
        if b"\\ud" in text.lower():  # half of a surrogate pair is a string that no report could be written with
            whole = json.dumps(header, ensure_ascii=False).encode("utf-8", errors="replace")
            header = json.loads(whole, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolFault(f"header is not JSON: {type(error).__name__}") from None
    if not isinstance(header, dict):
        raise ProtocolFault("header is not an object")
    if text.count(b"[") + text.count(b"{") > MAX_NESTING and _nested_too_deeply(header):
        raise ProtocolFault("header is nested too deeply")
    return header


def _nested_too_deeply(value: Any) -> bool:
    """Whether whoever walks or shows the value could come near the limit of recursion; does not recurse itself."""
    level = [value]
    for _ in range(MAX_NESTING):
        parts = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        level = [part for items in parts for part in items]
        if not level:
            return False
    return True


def _no_constant(name: str) -> Any:
    raise ValueError(name)


class Decoder:
    """Turns a stream of bytes into frames. Memory held is at most one frame and what one read brought."""

    def __init__(self, max_payload: int = MAX_PAYLOAD) -> None:
        self._buffer = bytearray()
        self._max_payload = min(max_payload, MAX_PAYLOAD)

    def feed(self, data: bytes | memoryview) -> Iterator[Frame]:
        """Adds bytes and yields every frame that is now whole. Raises ProtocolFault; the stream is dead afterwards."""
        self._buffer += data
        while len(self._buffer) >= HEAD.size:
            kind, header_length, payload_length = parse_head(self._buffer[: HEAD.size])
            if payload_length > self._max_payload:
                raise ProtocolFault(f"payload of {payload_length} bytes is over the limit of {self._max_payload}")
            start, middle = HEAD.size, HEAD.size + header_length
            end = middle + payload_length
            if len(self._buffer) < end:
                return
            header = parse_header(self._buffer[start:middle])
            with memoryview(
                self._buffer
            ) as whole:  # a slice of the buffer itself would be one more copy of the payload
                payload = memoryview(bytes(whole[middle:end]))
            del self._buffer[:end]
            yield Frame(kind, header, payload)

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return len(self._buffer)


class TensorSpec(NamedTuple):
    """Where a tensor lies in a payload: contiguous bytes of `shape`."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    size: int


def tensor_table(header: dict[str, Any], payload_size: int, limit: int) -> list[TensorSpec]:
    """Checks a header's "tensors" [[dtype, [dims]], ...] against the bytes that came: contiguous, in order, nothing left.

    Raises ProtocolFault for unknown dtypes, wrong dims, a tensor over `limit` bytes and sizes that do not add up.
    """
    table = header.get("tensors", [])
    if not isinstance(table, list) or len(table) > 4096:
        raise ProtocolFault("tensor table is not a list of at most 4096")
    specs, start = [], 0
    for row in table:
        if not (isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) and isinstance(row[1], list)):
            raise ProtocolFault("tensor table row is not [dtype, dims]")
        dtype, dims = row
        if dtype not in ITEMSIZE:
            raise ProtocolFault(f"unknown dtype {dtype[:40]!r}")
        if len(dims) > 16 or not all(type(dim) is int and 0 <= dim < 1 << 40 for dim in dims):
            raise ProtocolFault("dims are not at most 16 small numbers")
        size = extent = ITEMSIZE[dtype]
        for dim in dims:
            size *= dim
            extent *= max(dim, 1)
        if extent >= 1 << 62:  # strides are 64 bits wide, those of an empty tensor too
            raise ProtocolFault("strides of the tensor do not fit")
        if size > limit:
            raise ProtocolFault(f"tensor of {size} bytes is over the limit of {limit}")
        if start + size > payload_size:
            raise ProtocolFault("tensor lies outside the payload")
        specs.append(TensorSpec(dtype, tuple(dims), start, size))
        start += size
    if start != payload_size:
        raise ProtocolFault(f"{payload_size - start} bytes belong to no tensor")
    return specs


def read_exactly(fd: int, size: int) -> bytearray:
    """Blocking read of `size` bytes; EOFError when the other side closed."""
    buffer = bytearray(size)
    view, got = memoryview(buffer), 0
    while got < size:
        count = os.readv(fd, [view[got:]])
        if count == 0:
            raise EOFError
        got += count
    return buffer


def read_frame(fd: int) -> Frame:
    """Blocking read of one frame (the jail's side, which trusts the grader)."""
    kind, header_length, payload_length = parse_head(read_exactly(fd, HEAD.size))
    header = parse_header(read_exactly(fd, header_length)) if header_length else {}
    return Frame(kind, header, memoryview(read_exactly(fd, payload_length)))


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Blocking write of everything, also when the descriptor was made non-blocking."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            select.select([], [fd], [])
