"""Syntax errors while typing, from a process of its own that is started at the first question and again after a crash."""

from __future__ import annotations

import json
import re
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

PROGRAM = Path(__file__).with_name("syntax.py")
SECONDS = 5.0  # for an answer; the processor's share is bounded within
QUEUE_SECONDS = 1.0  # for those before; more would hold a thread that a page could use


@dataclass(frozen=True)
class SyntaxFinding:
    """A place in a source, counted from 1, columns in units of UTF-16, and Python's own sentence."""

    line: int
    column: int
    end_line: int
    end_column: int
    message: str

    def text(self, lang: str) -> str:
        """The sentence in `lang`; Python's own stands behind it where it has no Chinese here."""
        return in_chinese(self.message) if lang == "zh" else self.message


class Checker:
    """One helper process, one question at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = False

    def check(self, source: str, seconds: float = SECONDS) -> list[SyntaxFinding] | None:
        """What is wrong with the source; None when that could not be found out in time."""
        if not self._lock.acquire(timeout=min(seconds, QUEUE_SECONDS)):
            return None
        try:
            answer = self._ask(json.dumps(source).encode() + b"\n", time.monotonic() + seconds)
        finally:
            self._lock.release()
        if answer is None:
            return None
        return [SyntaxFinding(**cast("dict[str, Any]", found)) for found in json.loads(answer)]

    def close(self) -> None:
        """Ends the helper, in the middle of a question, too: a server that ends does not wait for its answer."""
        self._closing = True
        if (process := self._process) is not None:
            process.kill()
        with self._lock:
            self._end()
        self._closing = False

    def _ask(self, question: bytes, end: float) -> bytes | None:
        process = self._running()
        if self._closing:  # said before the process was there to be killed, or while others waited for their turn
            self._end()
            return None
        sink, source = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        try:
            sink.write(question)  # at most 256 KiB, which the helper reads whole before it works
            sink.flush()
            answer = b""
            while not answer.endswith(b"\n"):
                if not select.select([source], [], [], max(0.0, end - time.monotonic()))[0]:
                    break
                part = source.read1(65536)  # type: ignore[attr-defined]
                if not part:
                    break
                answer += part
        except (BrokenPipeError, ConnectionError):
            answer = b""
        if not answer.endswith(b"\n"):
            self._end()
            return None
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                start_new_session=True,  # Ctrl-C is for the server; the helper ends when its input does
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            try:
                cast(IO[bytes], stream).close()
            except OSError:
                pass  # a question that it never read
        process.wait()


# What Python says most often, and how one says it in Chinese. The first that matches is taken.
CHINESE = (
    (r"invalid syntax\. Perhaps you forgot a comma\?", "语法错误，是不是漏了逗号？"),
    (r"invalid syntax\. Maybe you meant '(.+)' or '(.+)' instead of '(.+)'\?", "语法错误，{2} 是不是应为 {0} 或 {1}？"),
    (r"invalid syntax", "语法错误"),
    (r"expected ':'", "此处缺少冒号"),
    (r"expected '(.+)'", "此处应为 {0}"),
    (r"expected an indented block after '(.+)' statement on line (\d+)", "第 {1} 行的 {0} 之后缺少缩进的代码块"),
    (r"expected an indented block after function definition on line (\d+)", "第 {0} 行的函数定义之后缺少缩进的代码块"),
    (r"expected an indented block after class definition on line (\d+)", "第 {0} 行的类定义之后缺少缩进的代码块"),
    (r"expected an indented block after (.+) on line (\d+)", "第 {1} 行的 {0} 之后缺少缩进的代码块"),
    (r"unexpected indent", "多余的缩进"),
    (r"unindent does not match any outer indentation level", "缩进与外层的任何一级都对不上"),
    (r"inconsistent use of tabs and spaces in indentation", "缩进混用了制表符和空格"),
    (r"'(.+)' was never closed", "“{0}” 没有闭合"),
    (r"unmatched '(.+)'", "“{0}” 没有对应的开括号"),
    (
        r"closing parenthesis '(.+)' does not match opening parenthesis '(.+)' on line (\d+)",
        "“{0}” 与第 {2} 行的 “{1}” 不匹配",
    ),
    (r"closing parenthesis '(.+)' does not match opening parenthesis '(.+)'", "“{0}” 与前面的 “{1}” 不匹配"),
    (r"unterminated triple-quoted string literal.*", "三引号字符串没有结束"),
    (r"unterminated (?:f-string|string) literal.*", "字符串没有结束"),
    (r"unexpected EOF while parsing", "代码没有写完"),
    (r"invalid syntax\. Maybe you meant '==' or ':=' instead of '='\?", "语法错误，“=” 是不是应为 “==” 或 “:=”？"),
    (r"cannot assign to (.+?)(?: here)?\..*", "不能给 {0} 赋值"),
    (r"cannot assign to (.+)", "不能给 {0} 赋值"),
    (r"'(.+)' outside (?:of )?function", "{0} 只能写在函数里"),
    (r"'(.+)' (?:outside|not properly in) loop", "{0} 只能写在循环里"),
    (r"positional argument follows keyword argument.*", "位置参数不能写在关键字参数后面"),
    (r"non-default argument follows default argument", "有默认值的参数后面不能再有没有默认值的参数"),
    (r"parameter without a default follows parameter with a default", "有默认值的参数后面不能再有没有默认值的参数"),
    (r"keyword argument repeated: (.+)", "关键字参数 {0} 写了两次"),
    (r"duplicate argument '(.+)' in function definition", "参数 {0} 写了两次"),
    (r"invalid character '(.+)' \((.+)\)", "无效的字符 “{0}”（{1}），是不是误用了全角符号？"),
    (r"invalid non-printable character (.+)", "不可见的无效字符 {0}"),
    (r"invalid decimal literal", "无效的数字写法"),
    (r"too many nested parentheses|too many levels of indentation|nested too deeply", "嵌套过深"),
    (r"Missing parentheses in call to '(.+)'\..*", "调用 {0} 时缺少括号"),
    (r"source code string cannot contain null bytes", "代码中含有空字符"),
)


def in_chinese(message: str) -> str:
    """Python's sentence in Chinese."""
    for pattern, chinese in CHINESE:
        found = re.fullmatch(pattern, message)
        if found:
            return chinese.format(*found.groups())
    return f"语法错误：{message}"
