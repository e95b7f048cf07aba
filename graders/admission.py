"""What keeps a submission from being judged at all: it is no Python, calls what is forbidden, or has no fitting entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from graders import wire
from graders.child import signature
from graders.compare import is_line, said, traceback_lines
from graders.dialogue import Dialogue, Ended
from graders.policy import Finding, TooComplex, Unparsable, find, parse
from graders.program import Reference
from graders.verdict import PolicyFinding, Status, Text, Verdict
from katas.bank import Kata

MAX_REFUSALS = 8  # told in a report


class Rejected(Exception):
    """A verdict before any case was judged."""

    def __init__(self, verdict: Verdict, en: str, zh: str, policy: Sequence[PolicyFinding] = ()) -> None:
        super().__init__(en)
        self.verdict = verdict
        self.text = Text(en=en, zh=zh)
        self.policy = list(policy)


def read_source(kata: Kata, code: bytes, file: str = "-") -> str:
    """The text of a source; raises Rejected where it is none, or too long."""
    limit = int(kata.limits["source_kib"]) << 10
    if len(code) > limit:
        raise Rejected(
            Verdict.INVALID,
            f"the file has {len(code)} bytes; {limit} are allowed",
            f"文件有 {len(code)} 字节，上限是 {limit} 字节",
        )
    if not code.strip():
        raise Rejected(Verdict.INVALID, "the file is empty", "文件是空的")
    try:
        return code.decode("utf-8-sig")  # some editors write a byte order mark
    except UnicodeDecodeError as error:
        line = code[: error.start].count(b"\n") + 1
        raise Rejected(Verdict.INVALID, f"{file}:{line}: not UTF-8 text", f"{file}:{line}：不是 UTF-8 文本") from None


def inspect_source(kata: Kata, code: bytes, file: str = "-") -> list[PolicyFinding]:
    """Forbidden calls in a light source, parsed here and now; raises Rejected where it is no Python."""
    text = read_source(kata, code, file)
    try:
        return as_policy(find(parse(text), kata.forbidden))
    except Unparsable as error:
        raise no_python(file, error.line, error.what) from None
    except (RecursionError, TooComplex):
        raise too_complex() from None


def as_policy(findings: Sequence[Finding]) -> list[PolicyFinding]:
    """Findings as the report has them."""
    return [PolicyFinding(rule=rule, line=line, text=text) for rule, line, text in findings]


def no_python(file: str, line: int, what: str) -> Rejected:
    """The verdict on a syntax error."""
    return Rejected(
        Verdict.INVALID,
        f"{file}:{line}: syntax error: {what}",
        f"{file}:{line}：语法错误：{what}",
    )


def too_complex() -> Rejected:
    """The verdict on a source that cannot be inspected with bounded work."""
    return Rejected(
        Verdict.INVALID,
        "the source is nested too deeply, or too complex to be inspected",
        "源码嵌套过深，或过于复杂，无法检查",
    )


def forbids(findings: Sequence[PolicyFinding], running: bool = False, file: str = "") -> Rejected:
    """The verdict on forbidden calls: found in the source, or `running`, when the operator itself refused.

    `file` is named where it is not the submission itself.
    """
    first = findings[0]
    place_en, place_zh = (f"line {first.line}", f"第 {first.line} 行") if first.line else ("it", "代码")
    if file:
        place_en, place_zh = f"{place_en} of {file}", f"{file} {place_zh}"
    does_en, does_zh = ("calls", "在运行时调用了") if running else ("uses", "用了")
    return Rejected(
        Verdict.FORBIDDEN,
        f"{place_en} {does_en} {first.rule}, which this kata asks you to write yourself",
        f"{place_zh}{does_zh} {first.rule}，而这道题正是要你自己写出它",
        findings,
    )


def expect(dialogue: Dialogue, kata: Kata, kind: int, deadline: float) -> wire.Frame:
    """The next frame, of this kind. Raises Ended where the jail ends or breaks the protocol, Rejected where it was refused."""
    frame = dialogue.receive(deadline)
    if frame.kind != kind:
        dialogue.jail.kill()
        raise Ended(
            Status.CRASHED,
            "its answer broke the protocol (a frame of another kind); a submission must not write to the grader's descriptors",
            "它的应答破坏了通信协议；提交的代码不能写评测用的文件描述符",
        )
    check_refusals(kata, frame.header.get("refused"))
    return frame


def check_refusals(kata: Kata, refused: Any) -> None:
    """Rejects a submission whose jail says that forbidden operators refused, caught or not; `refused` is the jail's word."""
    findings = []
    for row in refused if isinstance(refused, list) else []:
        if isinstance(row, list) and len(row) == 3 and row[0] in kata.forbidden and is_line(row[1]):
            findings.append(PolicyFinding(rule=row[0], line=row[1], text=str(row[2])[:120]))
    if findings:
        raise forbids(findings[:MAX_REFUSALS], running=True)


def why_not_loaded(reference: Reference, file: str, answer: dict[str, Any]) -> Rejected:
    """The verdict on a file that the jail could not load, from the jail's answer."""
    entry = reference.kata.entry
    error = answer.get("error")
    if isinstance(error, dict):
        kind, message = str(error.get("type"))[:80], str(error.get("message"))[:500]
        lines = traceback_lines(error, file)
        place = lines[-1].split(" in ")[0] if lines else file
        if kind in ("SyntaxError", "IndentationError", "TabError"):
            return Rejected(Verdict.INVALID, f"{place}: syntax error: {message}", f"{place}：语法错误：{message}")
        en, zh = said(kind, message)
        return Rejected(Verdict.ERROR, f"{place}: {en} while the file was loaded", f"{place}：加载文件时{zh}")
    if answer.get("missing"):
        names = answer.get("names")
        there = ", ".join(str(name)[:80] for name in names[:8]) if isinstance(names, list) and names else "-"
        return Rejected(
            Verdict.INVALID,
            f"the file defines no `{entry}` (it defines: {there})",
            f"文件里没有定义 `{entry}`（定义了：{there}）",
        )
    kind = str(answer.get("not_callable"))[:80]
    return Rejected(
        Verdict.INVALID,
        f"`{entry}` must be a {'class' if reference.is_class else 'function'}; it is of type {kind}",
        f"`{entry}` 应当是一个{'类' if reference.is_class else '函数'}，现在是 {kind} 类型的值",
    )


def check_signature(reference: Reference, answer: dict[str, Any]) -> None:
    """Required parameters are passed by position, optional ones by name: both must be possible."""
    if reference.is_class and answer.get("class") is False:
        return  # a factory function is a reasonable style
    if not reference.is_class and answer.get("class") is True:
        entry = reference.kata.entry
        raise Rejected(Verdict.INVALID, f"`{entry}` is a class, and must be a function", f"`{entry}` 是类，应当是函数")
    pairs: list[tuple[str, Callable[..., Any] | None, Any]] = [("", reference.entry, answer.get("signature"))]
    if reference.is_class:
        pairs.append(("forward", getattr(reference.entry, "forward", None), answer.get("forward")))
    for where, right, found in pairs:
        wrong = _signature_fault(right, found, bool(where)) if right is not None else ""
        if wrong:
            name = f"{reference.kata.entry}.{where}" if where else reference.kata.entry
            raise Rejected(
                Verdict.INVALID,
                f"the signature of `{name}` does not fit: {wrong[0]}",
                f"`{name}` 的签名不对：{wrong[1]}",
            )


def _signature_fault(right: Callable[..., Any], found: Any, method: bool) -> tuple[str, str] | str:
    if not isinstance(found, list) or not all(
        isinstance(row, list) and len(row) == 3 and isinstance(row[0], str) for row in found
    ):
        return ""  # it could not be read; the calls decide
    wanted = signature(right)[1 if method else 0 :]
    kinds = {str(name): kind for name, kind, _ in found}
    open_names = "VAR_KEYWORD" in kinds.values()
    places = [row for row in found if row[1] in ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")]
    required = [row for row in wanted if not row[2] and row[1] == "POSITIONAL_OR_KEYWORD"]
    if len(places) < len(required) and "VAR_POSITIONAL" not in kinds.values():
        names = ", ".join(row[0] for row in required)
        return f"it must take {names}", f"它必须接受参数 {names}"
    for row in wanted:
        if row[2] and row[0] not in kinds and not open_names:
            return f"it lacks the parameter `{row[0]}`", f"缺少参数 `{row[0]}`"
    extra = [
        row for row in found if not row[2] and row[1] in ("POSITIONAL_OR_KEYWORD", "KEYWORD_ONLY", "POSITIONAL_ONLY")
    ]
    known = {row[0] for row in wanted}
    for row in extra[len(required) :]:
        if row[0] not in known:
            return f"the parameter `{row[0]}` needs a default", f"参数 `{row[0]}` 需要默认值"
    return ""
