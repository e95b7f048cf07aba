"""`make bench`: one table of the numbers that design and README promise, beside the alternatives, with medians and spread."""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.rows import Row, memory_of, milliseconds, spread
from benchmarks.web import web
from graders.sandbox import Isolation, Sandbox, SandboxFault

sandbox: Sandbox  # started below, before torch is imported

KATA = "multi_head_attention"


def timed(work: Callable[[], object], times: int) -> list[float]:
    """Seconds of each call."""
    samples = []
    for _ in range(times):
        clock = time.perf_counter()
        work()
        samples.append(time.perf_counter() - clock)
    return samples


def warm(isolation: Isolation, times: int) -> Iterator[Row]:
    """Warm grades over ready jails, one lane."""
    from graders.grade import READY_JAILS, Grader
    from katas.answer import answer_source
    from katas.bank import Bank

    kata = Bank.open().kata(KATA)
    code = answer_source(kata).encode()
    for label, prepared in (("", False), (", references prepared while idle", True)):
        with Grader(sandbox, ready=READY_JAILS) as grader:
            first = grader.grade(kata, code)
            assert str(first.verdict) == "passed", first.verdict
            samples = []
            for _ in range(times):
                if prepared:
                    grader.prepare(kata)
                time.sleep(0.02)  # a person between two submissions: the pool is full again
                samples += timed(lambda: grader.grade(kata, code), 1)
        goal = "p50 <= 55 ms, p95 <= 90 ms" if not prepared else ""
        what = f"warm grade of {KATA}, {first.judged_cases} cases{label}"
        yield Row(what, milliseconds(samples), spread(samples), goal)
        if not prepared:
            warm_median = statistics.median(samples)
    fresh = timed(lambda: _run([sys.executable, "-m", "benchmarks.fresh", KATA]), max(3, times // 20))
    yield Row("fresh process: import torch, same cases, no jail", milliseconds(fresh), spread(fresh), "")
    yield Row(
        "the fresh process over the warm grade",
        f"{statistics.median(fresh) / warm_median:.1f} times",
        "",
        ">= 25 times",
    )


def lanes(isolation: Isolation, seconds: float, count: int = 2) -> Iterator[Row]:
    """Sustained grades a second: lanes forked from one warmed parent, each with its own channel to the zygote."""
    from graders.grade import READY_JAILS, Grader
    from katas.answer import answer_source
    from katas.bank import Bank

    kata = Bank.open().kata(KATA)
    code = answer_source(kata).encode()
    with Grader(sandbox) as parent:
        parent.grade(kata, code)
        references = parent.share_references()
    gc.collect()
    gc.freeze()  # a collection in a lane would write to every page that it shares with its parent
    readers, children = [], []
    for _ in range(count):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            code_of_exit = 1
            try:
                os.close(reader)
                with Grader(sandbox, ready=READY_JAILS, references=references) as grader:
                    end, done = time.monotonic() + seconds, 0
                    while time.monotonic() < end:
                        assert str(grader.grade(kata, code).verdict) == "passed"
                        done += 1
                private = memory_of(os.getpid())["private"]
                os.write(writer, f"{done} {private}".encode())
                code_of_exit = 0
            finally:
                os._exit(code_of_exit)
        os.close(writer)
        readers.append(reader)
        children.append(pid)
    answers = [os.read(reader, 100).split() for reader in readers]
    for reader, pid in zip(readers, children, strict=True):
        os.close(reader)
        os.waitpid(pid, 0)
    rates = [int(number) / seconds for number, _ in answers]
    each = ", ".join(f"{rate:.1f}" for rate in rates)
    yield Row(
        f"sustained grades a second, {count} lanes", f"{sum(rates):.1f}", f"{each} a lane, {seconds:.0f} s", ">= 20"
    )
    private = max(int(kib) for _, kib in answers)
    yield Row("memory of one more lane (private)", f"{private / 1024:.0f} MB", "", "<= 60 MB")


def jails(isolation: Isolation, times: int) -> Iterator[Row]:
    """What a jail costs from the request to the end, and what of it is isolation: the same zygote's fork without any lock."""
    ready, over = _jail_times(sandbox, times)
    yield Row("a jail from request to ready", milliseconds(ready), spread(ready), "")
    yield Row("its end: killed, reaped, cgroup removed", milliseconds(over), spread(over), "")
    with Sandbox.start(Isolation.NONE, collapse=True) as bare:
        bare_ready, bare_over = _jail_times(bare, times)
    whole = [one + other for one, other in zip(ready, over, strict=True)]
    plain = [one + other for one, other in zip(bare_ready, bare_over, strict=True)]
    yield Row("a bare fork of the same process, request to end", milliseconds(plain), spread(plain), "")
    cost = statistics.median(whole) - statistics.median(plain)
    yield Row(f"what {isolation} isolation costs a run", f"{cost * 1e3:.1f} ms", "difference of medians", "<= 15 ms")


def _jail_times(host: Sandbox, times: int) -> tuple[list[float], list[float]]:
    """Seconds from request to ready, and from there to the end, of jails without a pool."""
    lane = host.lane()
    try:
        lane.take().finish()
        ready, over = [], []
        for _ in range(times):
            clock = time.perf_counter()
            jail = lane.take()
            ready.append(time.perf_counter() - clock)
            clock = time.perf_counter()
            jail.finish()
            over.append(time.perf_counter() - clock)
    finally:
        lane.close()
    return ready, over


def cold(isolation: Isolation, times: int) -> Iterator[Row]:
    """The whole command, files in the cache."""
    from katas.answer import answer_source
    from katas.bank import Bank

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{KATA}.py"
        file.write_text(answer_source(Bank.open().kata(KATA)), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("torchkata")), "grade", str(file), "--isolation", str(isolation)]
        samples = timed(lambda: _run(command), times)
    yield Row("cold `torchkata grade FILE`", milliseconds(samples), spread(samples), "<= 2.5 s")
    samples = timed(lambda: _run([command[0], "list", "--json"]), times)
    yield Row("`torchkata list --json`", milliseconds(samples), spread(samples), "")


def memory() -> Iterator[Row]:
    """Resident memory of the processes that stay."""
    for name, pid in sandbox.processes().items():
        size = memory_of(pid)
        goal = "<= 350 MB" if name == "zygote" else ""
        yield Row(
            f"memory of the {name}",
            f"{size['resident'] / 1024:.0f} MB",
            f"{size['pss'] / 1024:.0f} MB proportional",
            goal,
        )


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _started(isolation: Isolation) -> Iterator[None]:
    global sandbox
    sandbox = Sandbox.start(isolation, collapse=True)
    with sandbox:
        yield


def main() -> int:
    """Measures everything and prints the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=main.__doc__)
    parser.add_argument("--isolation", default="full", choices=[str(level) for level in Isolation])
    parser.add_argument("--rounds", type=int, default=200, help="warm grades measured")
    parser.add_argument("--seconds", type=float, default=10, help="length of the two-lane run")
    options = parser.parse_args()
    isolation = Isolation(options.isolation)
    table = Table(
        "what", "measured", "spread", "goal", title=f"torchkata on {os.cpu_count()} cores, isolation {isolation}"
    )
    console = Console()
    try:
        with _started(isolation):
            sandbox.wait_ready()
            parts = (
                warm(isolation, options.rounds),
                lanes(isolation, options.seconds),
                jails(isolation, options.rounds),
                memory(),
                cold(isolation, max(5, options.rounds // 20)),
                web(str(isolation), seconds=options.seconds),
            )
            for part in parts:
                for row in part:
                    console.log(f"{row.what}: {row.value}")
                    table.add_row(row.what, row.value, row.spread, row.goal)
    except SandboxFault as fault:
        console.print(str(fault), style="red")
        return 3
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
