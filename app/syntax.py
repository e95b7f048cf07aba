"""Finds the syntax error of a source, and executes none of it. Run by app/checker.py as a process of its own.

Compiling a hostile source can take seconds, gigabytes, or the stack; here that costs a process that nobody misses.
One line of JSON in, one line out, until the input ends. Standard library only: it starts in a hundredth of a second.
"""

from __future__ import annotations

import json
import resource
import sys
import warnings
from typing import Any

SECONDS = 4  # of the processor, for one source
MEMORY = 1 << 30


def errors(source: str) -> list[dict[str, Any]]:
    """The first syntax error, or nothing; lines and columns count from 1, columns in units of UTF-16 as browsers do."""
    try:
        compile(source, "solution.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        lines = source.split("\n")
        line = min(max(error.lineno or 1, 1), len(lines))
        column = _column(lines[line - 1], error.offset)
        end_line = min(max(error.end_lineno or line, line), len(lines))
        end_column = _column(lines[end_line - 1], error.end_offset)
        if end_line == line:
            end_column = max(end_column, column)
        return [_found(line, column, end_line, end_column, error.msg)]
    except (RecursionError, MemoryError, OverflowError):
        return [_found(1, 1, 1, 1, "nested too deeply")]
    except ValueError as error:  # a NUL, a lone surrogate
        return [_found(1, 1, 1, 1, str(error))]
    return []


def _column(line: str, offset: int | None) -> int:
    before = line[: max((offset or 1) - 1, 0)]
    return 1 + len(before.encode("utf-16-le", "surrogatepass")) // 2


def _found(line: int, column: int, end_line: int, end_column: int, message: str) -> dict[str, Any]:
    found = {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
    return {**found, "message": message}


def main() -> None:
    """Answers until the input ends."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    for line in sys.stdin:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(usage.ru_utime + usage.ru_stime) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        print(json.dumps(errors(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
