"""A try: the learner's own snippet in a jail, after his code. What the jail says is checked like any other answer of it."""

from __future__ import annotations

import time
from typing import Any

from graders import wire
from graders.admission import Rejected, expect, forbids, inspect_source
from graders.compare import said, traceback_lines
from graders.dialogue import Dialogue, Ended
from graders.policy import LIGHT, is_light
from graders.snippet import FILE, MAX_SHAPES, MAX_VALUE
from graders.verdict import Shape, Text, TrialStatus, Verdict
from katas.bank import Kata

ENTRYLESS = ("missing", "not_callable")  # what a grade would refuse and a snippet may do without

AT_HAND = (
    "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"  # what graders/snippet.py provides
)

Fields = dict[str, Any]  # of a Trial


def inspect_snippet(kata: Kata, snippet: str) -> None:
    """Raises Rejected where the snippet is no Python or uses what the kata forbids."""
    if not snippet.strip():
        raise Rejected(Verdict.INVALID, "the snippet is empty", "要运行的片段是空的")
    try:
        source = snippet.removeprefix("\ufeff").encode()
    except UnicodeEncodeError:
        raise Rejected(Verdict.INVALID, f"{FILE}: not UTF-8 text", f"{FILE}：不是 UTF-8 文本") from None
    if not is_light(source):
        size = f"{LIGHT >> 10} KiB"
        raise Rejected(Verdict.INVALID, f"the snippet has more than {size}", f"要运行的片段超过 {size}")
    inspect_source(kata, source, FILE)
    if findings := inspect_source(kata, AT_HAND.encode() + source, FILE):
        lines = AT_HAND.count("\n")
        policy = [one.model_copy(update={"line": max(one.line - lines, 0)}) for one in findings]
        raise forbids(policy, file=FILE)


def run_snippet(kata: Kata, dialogue: Dialogue, snippet: str, file: str, seconds: float) -> Fields:
    """Speaks with a jail that is loading the code. Raises Rejected where a forbidden operator refused."""
    try:
        answer = expect(dialogue, kata, wire.LOADED, time.monotonic() + seconds).header
        dialogue.settle_output()
        if answer.get("ok") is not True and not any(word in answer for word in ENTRYLESS):
            return _not_loaded(answer.get("error"), file)
        dialogue.send(wire.pack(wire.TRY, {}, [snippet.encode()]))
        answer = expect(dialogue, kata, wire.TRIED, time.monotonic() + seconds).header
        dialogue.settle_output()
        return _told(answer, file)
    except wire.ProtocolFault as fault:
        text = Text(en=f"its answer broke the protocol ({fault})", zh="它的应答破坏了通信协议")
        return {"status": TrialStatus.CRASHED, "message": text}
    except Ended as ended:
        return {"status": TrialStatus(ended.status.value), "message": ended.text}


def _not_loaded(error: Any, file: str) -> Fields:
    if not isinstance(error, dict):
        raise wire.ProtocolFault("an exception is no object")
    fields = _raised(error, file)
    text = fields["message"]
    fields["message"] = Text(en=f"{text.en} while the file was loaded", zh=f"加载文件时{text.zh}")
    return fields


def _raised(error: dict[str, Any], file: str) -> Fields:
    kind, message = error.get("type"), error.get("message")
    if not isinstance(kind, str) or not isinstance(message, str):
        raise wire.ProtocolFault("an exception has no type or message")
    if kind == "EOFError" and message == "EOF when reading a line":
        message = ""
        en, zh = "input() was called: nothing can be typed in here", "调用了 input()：这里无法键入内容"
    else:
        en, zh = said(kind[:80], message)
    return {
        "status": TrialStatus.ERROR,
        "message": Text(en=en, zh=zh),
        "traceback": traceback_lines(error, file, FILE),
    }


def _told(answer: dict[str, Any], file: str) -> Fields:
    """What a TRIED frame claims. Raises ProtocolFault for anything of another form."""
    error = answer.get("error")
    if error is not None:
        if not isinstance(error, dict):
            raise wire.ProtocolFault("an exception is no object")
        return _raised(error, file)
    value, rows = answer.get("value"), answer.get("shapes")
    if not (value is None or (isinstance(value, str) and len(value) <= MAX_VALUE + 4)):
        raise wire.ProtocolFault("the value is no short text")
    if not isinstance(rows, list) or len(rows) > MAX_SHAPES:
        raise wire.ProtocolFault("shapes are no short list")
    return {"status": TrialStatus.DONE, "value": value, "shapes": [_shape(row) for row in rows]}


def _shape(row: Any) -> Shape:
    if not (isinstance(row, list) and len(row) == 3 and isinstance(row[0], str) and isinstance(row[1], list)):
        raise wire.ProtocolFault("a shape is not [name, dims, dtype]")
    name, dims, dtype = row
    if len(dims) > 64 or not all(type(size) is int and 0 <= size < 1 << 62 for size in dims):
        raise wire.ProtocolFault("dims are not a few small numbers")
    if not isinstance(dtype, str) or len(dtype) > 40 or len(name) > 80:
        raise wire.ProtocolFault("a name is too long")
    return Shape(name=name, dims=dims, dtype=dtype)
