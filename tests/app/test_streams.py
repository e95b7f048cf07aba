"""Server-sent events over a real socket: order, reconnects, ends, and clients that leave."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.hub import Progress
from app.models import State
from app.queue import Ended, claim, finish
from app.streams import MOST_A_CLIENT, EventStream, Streams, TooManyStreams, written
from tests.app.webs import KATA, Client, Web, listening

PATIENCE = 120.0


@dataclass
class Heard:
    """One event."""

    id: str
    kind: str
    data: dict[str, Any]


def submitted(web: Web) -> str:
    """The id of a submission that waits."""
    answer = Client(web.app).post("/api/submissions", json={"kata": KATA, "code": f"x = {time.monotonic_ns()}"})
    name: str = answer.json()["id"]
    return name


@contextmanager
def stream(base: str, name: str, **headers: str) -> Iterator[tuple[httpx.Response, Iterator[Heard]]]:
    """The events of a submission, as they come."""
    with (
        httpx.Client(base_url=base, timeout=PATIENCE) as client,
        client.stream("GET", f"/submissions/{name}/events", headers=headers) as answer,
    ):
        yield answer, events(answer.iter_lines())


def events(lines: Iterator[str]) -> Iterator[Heard]:
    """The lines of a stream as events; beats, which have no data, are left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            if "data" in fields:
                yield Heard(fields["id"], fields["event"], json.loads(fields["data"]))
            fields = {}


def url(address: tuple[str, int]) -> str:
    """Where the server is."""
    return f"http://{address[0]}:{address[1]}"


def judge(web: Web, verdict: str = "passed") -> None:
    """Ends the next submission as a worker does."""
    row = claim(web.db)
    assert row is not None
    assert row.token is not None
    assert finish(web.db, row.id, row.token, Ended(State.DONE, verdict))


@pytest.mark.slow
def test_a_submission_is_followed_to_its_end(web: Web) -> None:
    first, second = submitted(web), submitted(web)
    with listening(web) as address, stream(url(address), second) as (answer, told):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert (begin := next(told)).kind == "state"
        assert begin.data["state"] == "queued"
        assert begin.data["place"] == 1
        judge(web)
        assert next(event for event in told if event.data.get("place") == 0).kind == "state"
        judge(web, "failed")
        rest = list(told)
        assert rest[-1].kind == "end"
        assert rest[-1].data == {"state": "done", "verdict": "failed"}
        assert all(event.id for event in (begin, *rest))
        with stream(url(address), first) as (_, again):
            assert [event.kind for event in again] == ["end"]


@pytest.mark.slow
def test_a_stream_that_broke_goes_on_where_it_was(web: Web) -> None:
    name = submitted(web)
    with listening(web) as address:
        with stream(url(address), name) as (_, told):
            last = next(told).id
        judge(web)
        with stream(url(address), name, **{"Last-Event-ID": last}) as (_, told):
            assert list(told)[-1].kind == "end"
        for nonsense in ("x", "r." + "9" * 5000, "1.2.3", "."):
            with stream(url(address), name, **{"Last-Event-ID": nonsense}) as (_, told):
                assert [event.kind for event in told] == ["end"]


@pytest.mark.slow
def test_a_stream_of_nothing_is_not_found(web: Web) -> None:
    with listening(web) as address, stream(url(address), "nowhere") as (answer, _):
        assert answer.status_code == 404


@pytest.mark.slow
def test_cancelling_ends_the_stream(web: Web) -> None:
    name = submitted(web)
    with listening(web) as address, stream(url(address), name) as (_, told):
        assert next(told).kind == "state"
        assert httpx.post(f"{url(address)}/submissions/{name}/cancel").status_code == 303
        assert [event.data["state"] for event in told if event.kind == "end"] == ["cancelled"]


@pytest.mark.slow
def test_a_client_that_leaves_is_noticed(web: Web) -> None:
    name = submitted(web)
    with listening(web) as address:
        with stream(url(address), name) as (_, told):
            next(told)
            assert web.site.streams.open.total() == 1
        end = time.monotonic() + PATIENCE
        while web.site.streams.open.total() and time.monotonic() < end:
            time.sleep(0.01)
        assert web.site.streams.open.total() == 0


@pytest.mark.slow
def test_the_servers_stop_ends_open_streams(web: Web) -> None:
    name = submitted(web)
    with listening(web) as address:
        opened = stream(url(address), name)
        _, told = opened.__enter__()
        next(told)
    # `listening` waits for the server's end, which would wait for the stream.
    assert [event.kind for event in told if event.kind != "state"] == []
    opened.__exit__(None, None, None)


def test_streams_of_a_client_are_counted() -> None:
    streams = Streams()
    streams.open["a"] = MOST_A_CLIENT
    streams.check("b")
    with pytest.raises(TooManyStreams):
        streams.check("a")
    with streams.counted("b"):
        assert streams.open["b"] == 1
    assert "b" not in streams.open


def test_one_stream_too_many_is_refused_with_a_sentence(web: Web) -> None:
    name = submitted(web)
    web.site.streams.open["127.0.0.1"] = MOST_A_CLIENT
    answer = Client(web.app, Accept="application/json").get(f"/submissions/{name}/events")
    assert answer.status_code == 429
    assert answer.headers["retry-after"]
    assert answer.json()["error"]["code"] == "too_many_streams"


@pytest.mark.slow
def test_streams_that_are_asked_for_at_once_are_counted_too(web: Web) -> None:
    name = submitted(web)
    with listening(web) as address, ExitStack() as opened:
        ask = f"GET /submissions/{name}/events HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n\r\n".encode()
        sockets = [opened.enter_context(socket.create_connection(address, PATIENCE)) for _ in range(3 * MOST_A_CLIENT)]
        for one in sockets:
            one.sendall(ask)
        statuses = Counter(one.recv(12) for one in sockets)
    assert statuses == {b"HTTP/1.1 200": MOST_A_CLIENT, b"HTTP/1.1 429": 2 * MOST_A_CLIENT}
    assert web.site.streams.open.total() == 0


def test_an_event_is_one_block_whatever_is_in_it() -> None:
    text = written(Progress("r.1", "case", {"name": "a\n\nevent: end\r\ndata: {}\u2028é"}))
    assert text.count("\n") == 4
    assert "\r" not in text
    assert text.endswith("\n\n")


def test_a_beat_is_an_event_that_scripts_hear_and_that_moves_no_reconnect() -> None:
    lines = written(Progress("r.1", "beat", {})).split("\n")
    assert lines == ["event: beat", "data:", "", ""]


async def _ended(stream: EventStream, *, stuck: bool) -> list[str]:
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if stuck and len(sent) > 2:
            await asyncio.sleep(3600)

    await stream({"type": "http"}, receive, send)
    return sent


def test_a_client_that_takes_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.streams.STUCK_SECONDS", 0.05)
    closed = []

    async def endless() -> AsyncIterator[Progress]:
        try:
            while True:
                yield Progress("r.1", "state", {})
        finally:
            closed.append(True)

    streams = Streams()
    asyncio.run(_ended(EventStream(endless(), streams, "a"), stuck=True))
    assert closed == [True]
    assert streams.open.total() == 0


def test_what_goes_wrong_while_telling_is_not_swallowed() -> None:
    async def broken() -> AsyncIterator[Progress]:
        yield Progress("r.1", "state", {})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(_ended(EventStream(broken(), Streams(), "a"), stuck=False))
