"""The web: a real server with its worker on a folder of its own, asked over real sockets from this process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rows import Row, memory_of, milliseconds, spread
from katas.answer import answer_source
from katas.bank import Bank

ROOT = Path(__file__).parent.parent
KATA = "multi_head_attention"
PAGE = f"/katas/{KATA}"
START_SECONDS = 120.0


@dataclass(frozen=True)
class Served:
    """A running server."""

    host: str
    port: int
    pid: int


@contextmanager
def served(isolation: str) -> Iterator[Served]:
    """`torchkata serve` on a free port, ready to judge."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "app.cli", "serve"),
            "--port",
            "0",
            "--data",
            folder,
            "--isolation",
            isolation,
        ]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TORCHKATA_")}
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment)
        try:
            assert process.stdout is not None
            found = re.search(r"http://([\d.]+):(\d+)", process.stdout.readline())
            if found is None:
                raise RuntimeError("the server did not say where it is")
            server = Served(found[1], int(found[2]), process.pid)
            asyncio.run(_ready(server))
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


class Connection:
    """One connection that is kept: asks and reads whole answers."""

    def __init__(self, server: Served, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer

    def send(self, method: str, path: str, body: bytes = b"", accept: str = "*/*") -> None:
        """A request."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.server.host}:{self.server.port}\r\nAccept: {accept}\r\n"
        if method == "POST":
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.writer.write(head.encode() + b"\r\n" + body)

    async def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the answer."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), headers

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """A request and its answer."""
        self.send(method, path, body)
        status, headers = await self.head()
        return status, await self.reader.readexactly(int(headers["content-length"]))


@asynccontextmanager
async def connected(server: Served) -> AsyncIterator[Connection]:
    """A connection."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        yield Connection(server, reader, writer)
    finally:
        writer.close()


async def _ready(server: Served) -> None:
    end = time.monotonic() + START_SECONDS
    async with connected(server) as connection:
        while time.monotonic() < end:
            _, answer = await connection.ask("GET", "/api/health")
            if json.loads(answer)["status"] == "ok":
                return
            await asyncio.sleep(0.1)
    raise RuntimeError(f"not ready to judge: {answer.decode()}")


async def one_connection(server: Served, times: int) -> list[float]:
    """Seconds of each page, one after the other."""
    samples = []
    async with connected(server) as connection:
        for number in range(times + 20):
            clock = time.perf_counter()
            status, _ = await connection.ask("GET", PAGE)
            assert status == 200, status
            if number >= 20:
                samples.append(time.perf_counter() - clock)
    return samples


async def open_loop(server: Served, connections: int, a_second: float, seconds: float) -> list[float]:
    """Seconds from the moment when each request was due to its last byte: who waits for a slow answer is counted, too."""
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    samples: list[float] = []

    async def ask(due: float) -> None:
        connection = await idle.get()
        status, _ = await connection.ask("GET", PAGE)
        assert status == 200, status
        samples.append(time.perf_counter() - due)
        idle.put_nowait(connection)

    opened = [await asyncio.open_connection(server.host, server.port) for _ in range(connections)]
    for reader, writer in opened:
        idle.put_nowait(Connection(server, reader, writer))
    tasks = []
    begin = time.perf_counter()
    for number in range(int(a_second * seconds)):
        due = begin + number / a_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(due)))
    await asyncio.gather(*tasks)
    for _, writer in opened:
        writer.close()
    return samples


def submission(code: str, number: int) -> bytes:
    """A body whose content is a new one."""
    return json.dumps({"kata": KATA, "code": f"{code}\n# {number}\n"}).encode()


async def to_verdict(server: Served, code: str, times: int) -> list[float]:
    """Seconds from sending the code to the event that says how it ended."""
    samples = []
    async with connected(server) as connection:
        for number in range(times + 2):
            await asyncio.sleep(0.1)  # a person between two submissions
            clock = time.perf_counter()
            _, answer = await connection.ask("POST", "/api/submissions", submission(code, number))
            end = await _end(server, json.loads(answer)["events"])
            assert end == {"state": "done", "verdict": "passed"}, end
            if number >= 2:
                samples.append(time.perf_counter() - clock)
    return samples


async def _end(server: Served, path: str) -> dict[str, str]:
    async with connected(server) as connection:
        connection.send("GET", path, accept="text/event-stream")
        kind = ""
        async for line in connection.reader:
            text = line.decode().rstrip("\r\n")
            if text.startswith("event: "):
                kind = text.removeprefix("event: ")
            elif text.startswith("data: ") and kind == "end":
                found: dict[str, str] = json.loads(text.removeprefix("data: "))
                return found
    raise RuntimeError("the stream ended before the submission")


async def many(server: Served, code: str, count: int) -> tuple[float, float, int]:
    """(seconds until all are taken, seconds until all are judged, how many passed) of `count` sent at once."""

    async def submit(number: int) -> str:
        async with connected(server) as connection:
            status, answer = await connection.ask("POST", "/api/submissions", submission(code, 1000 + number))
            assert status == 202, answer
            name: str = json.loads(answer)["id"]
            return name

    begin = time.perf_counter()
    names = set(await asyncio.gather(*(submit(number) for number in range(count))))
    taken = time.perf_counter() - begin
    assert len(names) == count
    async with connected(server) as connection:
        while True:
            _, answer = await connection.ask("GET", f"/api/submissions?limit={min(200, count)}")
            rows = [row for row in json.loads(answer)["submissions"] if row["id"] in names]
            if all(row["state"] not in ("queued", "running") for row in rows):
                break
            await asyncio.sleep(0.1)
    judged = time.perf_counter() - begin
    return taken, judged, sum(row["verdict"] == "passed" for row in rows)


def web(isolation: str, times: int = 300, seconds: float = 10.0, at_once: int = 200) -> Iterator[Row]:
    """Pages, submissions and memory."""
    code = answer_source(Bank.open().kata(KATA))
    with served(isolation) as server:
        samples = asyncio.run(one_connection(server, times))
        yield Row(f"kata page {KATA}, one connection", milliseconds(samples), spread(samples), "p50 <= 15 ms")
        samples = asyncio.run(open_loop(server, 50, 100, seconds))
        what = f"the same, 100 requests a second over 50 connections, {seconds:.0f} s"
        yield Row(what, milliseconds(samples, 0.99), spread(samples), "p99 <= 60 ms")
        samples = asyncio.run(to_verdict(server, code, max(10, times // 10)))
        yield Row("submit to verdict, over HTTP and events", milliseconds(samples), spread(samples), "p50 <= 400 ms")
        taken, judged, passed = asyncio.run(many(server, code, at_once))
        value = f"{passed} of {at_once} judged and passed in {judged:.1f} s"
        yield Row(f"{at_once} submissions at once", value, f"all taken in {taken:.1f} s", "all")
        size = memory_of(server.pid)
        proportional = f"{size['pss'] / 1024:.0f} MB proportional"
        yield Row(
            "memory of the web process, after all that", f"{size['resident'] / 1024:.0f} MB", proportional, "<= 150 MB"
        )


if __name__ == "__main__":
    for row in web(sys.argv[1] if len(sys.argv) > 1 else "full"):
        print(f"{row.what}: {row.value} ({row.spread}); goal {row.goal}", flush=True)
