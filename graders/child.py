"""What runs inside a jail: loads the submission, has scripts carried out, sends back bytes. It decides nothing.

The submission shares this process and may change all of it; that is why no expected value and no rule lives here. Imports
torch, the standard library, interpreter, wire, refusal, snippet, policy.
"""

from __future__ import annotations

import inspect
import linecache
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from graders import policy, refusal, snippet, wire
from graders.interpreter import DTYPES, NAMES, Interpreter, Unsuitable, describe

MAX_TEXT = 2000  # characters kept of an exception's message
MAX_FRAMES = 12


# -- tensors as bytes ------------------------------------------------------------------------------------------------


def tensors_from(header: dict[str, Any], payload: memoryview) -> list[Tensor]:
    """The script's tensors: rows are [dtype, shape, strides, elements of storage]; every tensor owns its memory."""
    tensors, start = [], 0
    leaves = set(header.get("leaves", ()))
    for number, (dtype, shape, stride, count) in enumerate(header["tensors"]):
        size = wire.ITEMSIZE[dtype] * count
        if count == 0:
            tensor = torch.empty(shape, dtype=DTYPES[dtype])
        else:
            flat = torch.frombuffer(bytearray(payload[start : start + size]), dtype=DTYPES[dtype])
            tensor = flat.as_strided(shape, stride)
        start += size
        tensors.append(tensor.requires_grad_() if number in leaves else tensor)
    return tensors


class Outbox:
    """Collects tensors of results for one frame."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.table: list[list[Any]] = []
        self.payload: list[memoryview] = []

    def encode(self, value: Any, depth: int = 0) -> Any:
        """A result as JSON with {"t": n} for its tensors; objects that are no data are named only."""
        if isinstance(value, Tensor):
            return {"t": self._add(value)}
        if value is None or isinstance(value, bool | int | str):
            return value if not isinstance(value, int) or abs(value) < 1 << 62 else {"x": "int"}
        if isinstance(value, float):
            return {"f": float.__repr__(value)}  # numpy's floats are floats with a repr of their own
        if depth > 8:
            raise Unsuitable("the result is nested more than eight levels deep")
        if isinstance(value, dict):
            return {"d": {str(key): self.encode(part, depth + 1) for key, part in value.items()}}
        if isinstance(value, list | tuple):
            tag = "u" if isinstance(value, tuple) else "l"
            return {tag: [self.encode(part, depth + 1) for part in value]}
        return {"x": type(value).__name__[:80]}

    def _add(self, tensor: Tensor) -> int:
        size = tensor.numel() * tensor.element_size()
        if tensor.dtype not in NAMES or tensor.layout is not torch.strided or tensor.device.type == "meta":
            raise Unsuitable(f"a result of dtype {tensor.dtype}, layout {tensor.layout} cannot be judged")
        if size > self.limit:
            raise Unsuitable(f"a result of {size} bytes is over the limit of {self.limit} bytes a tensor")
        flat = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous().reshape(-1)
        if size:
            self.payload.append(flat.view(torch.uint8).numpy().data)
        self.table.append([NAMES[tensor.dtype], list(tensor.shape)])
        return len(self.table) - 1


# -- the jail's main loop --------------------------------------------------------------------------------------------


def explain(error: BaseException, file: str, other: str = "") -> dict[str, Any]:
    """An exception as data: type, message, and the lines of the submission that it passed through.

    With an `other` file of the learner's, each line also names its file.
    """
    try:
        message = str(error)[:MAX_TEXT]
    except BaseException:  # the submission's own __str__ may do anything
        message = "(its message cannot be shown)"
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in (file, other):
            place = [frame.filename] if other else []
            frames.append([frame.lineno or 0, frame.name[:80], (frame.line or "")[:200], *place])
    if isinstance(error, SyntaxError) and error.filename in (file, other):
        message = str(error.msg)[:MAX_TEXT]
        place = [error.filename] if other else []
        frames = [[error.lineno or 0, "<module>", (error.text or "").strip()[:200], *place]]
    return {"type": type(error).__name__[:80], "message": message, "frames": frames[-MAX_FRAMES:]}


def load(source: bytes, entry: str, file: str) -> tuple[Any, dict[str, Any]]:
    """Executes the submission's file. Gives the entry (or None) and the answer for the grader."""
    try:
        text = source.decode("utf-8-sig")
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        module = types.ModuleType("solution")
        module.__file__ = file
        sys.modules["solution"] = module
        exec(compile(text, file, "exec", dont_inherit=True), module.__dict__)  # the jail is where foreign code runs
    except BaseException as error:  # whatever the submission raises is its result, SystemExit too
        return None, {"ok": False, "error": explain(error, file)}
    found = module.__dict__.get(entry)
    if found is None:
        names = [name for name, value in module.__dict__.items() if callable(value) and not name.startswith("_")]
        return None, {"ok": False, "missing": True, "names": [str(name)[:80] for name in names[-20:]]}
    if not callable(found):
        return None, {"ok": False, "not_callable": type(found).__name__[:80]}
    answer: dict[str, Any] = {"ok": True, "class": isinstance(found, type)}
    try:
        answer["signature"] = signature(found)
        if isinstance(found, type) and issubclass(found, nn.Module):
            answer["forward"] = signature(found.forward)[1:]
    except BaseException:  # a metaclass or __signature__ may do anything; then the calls themselves decide
        answer.pop("signature", None)
    return found, answer


def signature(function: Callable[..., Any]) -> list[list[Any]]:
    """[[name, kind, has a default], ...] of a callable's parameters."""
    parameters = inspect.signature(function).parameters.values()
    return [[p.name[:80], p.kind.name, p.default is not p.empty] for p in parameters][:64]


def perform(entry: Any, header: dict[str, Any], payload: memoryview, file: str) -> bytes:
    """Carries out one case and packs what came of it."""
    answer: dict[str, Any] = {"case": header["case"]}
    outbox = Outbox(header["limit"])
    interpreter = None
    try:
        tensors = tensors_from(header, payload)
        interpreter = Interpreter(entry, tensors, DTYPES[header["dtype"]])
        interpreter.run(header["steps"], header.get("watched", False))
    except BaseException as error:  # the submission's exception is its result
        answer["error"] = explain(error, file)
        answer["error"]["step"] = len(interpreter.results) if interpreter else 0
    try:
        results = interpreter.results if interpreter else []
        answer["results"] = [None if isinstance(value, nn.Module) else outbox.encode(value) for value in results]
        if interpreter and header.get("watched"):
            answer["changed"] = sorted(interpreter.changed)
            answer["inputs"] = [outbox.encode(tensor) for tensor in interpreter.tensors]
    except BaseException as error:  # a result may be an object with hostile methods
        outbox = Outbox(header["limit"])
        answer = {"case": header["case"], "results": [], "error": explain(error, file)}
        answer["error"]["step"] = len(interpreter.results) if interpreter else 0
    try:
        return wire.pack(wire.DONE, {**answer, **_refused(), "tensors": outbox.table}, list(outbox.payload))
    except wire.ProtocolFault as fault:
        told = explain(Unsuitable(f"the results together are too large: {fault}"), file)
        told["step"] = len(answer["results"])
        return wire.pack(wire.DONE, {"case": header["case"], "results": [], "error": told, **_refused()})


def attempt(source: bytes, file: str) -> bytes:
    """Runs a snippet after the submission and packs what it gave."""
    answer: dict[str, Any] = {}
    try:
        space = vars(sys.modules["solution"])
        answer = snippet.tell(snippet.run(source.decode("utf-8-sig"), space))
    except BaseException as error:  # the learner's exception is the result, SystemExit too
        answer = {"error": explain(error, file, snippet.FILE)}
    return wire.pack(wire.TRIED, {**answer, **_refused()})


def _refused() -> dict[str, Any]:
    """Which forbidden operators were called so far, caught or not."""
    return {"refused": refusal.told()} if refusal.told() else {}


def inspected(source: bytes, forbidden: list[str]) -> dict[str, Any]:
    """Forbidden calls in a heavy source; this jail loads none."""
    try:
        return {"findings": policy.find(policy.parse(source.decode("utf-8-sig")), tuple(forbidden))}
    except policy.Unparsable as error:
        return {"unparsable": [error.line, error.what]}
    except (RecursionError, MemoryError, policy.TooComplex):
        return {}


def main(job: int, result: int) -> None:
    """Answers frames until the grader closes the job pipe."""
    entry: Any = None
    file = "solution.py"
    while True:
        try:
            frame = wire.read_frame(job)
        except EOFError:
            return
        if frame.kind == wire.LOAD:
            file = frame.header["file"]
            if any(frame.header.get("refuse", {}).values()):
                refusal.install(frame.header["refuse"], file)
            entry, answer = load(bytes(frame.payload), frame.header["entry"], file)
            reply = wire.pack(wire.LOADED, {**answer, **_refused()})
        elif frame.kind == wire.DESCRIBE:
            try:
                made = Interpreter(entry, [], torch.float32).construct(0, frame.header["step"])
                reply = wire.pack(wire.DESCRIBED, {**describe(made), **_refused()})
            except BaseException as error:  # the constructor is the submission's
                reply = wire.pack(wire.DESCRIBED, {"error": explain(error, file), **_refused()})
        elif frame.kind == wire.INSPECT:
            reply = wire.pack(wire.INSPECTED, inspected(bytes(frame.payload), frame.header["forbidden"]))
        elif frame.kind == wire.TRY:
            reply = attempt(bytes(frame.payload), file)
        else:
            reply = perform(entry, frame.header, frame.payload, file)
        _flush()
        wire.write_all(result, reply)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # the submission may have closed or replaced it
            pass
