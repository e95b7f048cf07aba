"""The grader process and its lanes, for real: what they say of each kind of work, and how their end is noticed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.crew import Crew, CrewTrouble, Lane, LaneLost
from app.models import Kind
from graders.verdict import Report, Trial

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("worker")]

ENDLESS = "while True:\n    pass\n"


class Ended:
    """Notes lanes that ended."""

    def __init__(self) -> None:
        self.lanes: list[Lane] = []
        self.trouble: list[str] = []


@asynccontextmanager
async def crew_of(isolation: str = "full", bank: Path | None = None) -> AsyncIterator[tuple[Crew, Ended]]:
    ended = Ended()
    crew = Crew(isolation, bank, ended.lanes.append, ended.trouble.append)
    try:
        yield crew, ended
    finally:
        await crew.close()


def job(code: str, kind: Kind = Kind.GRADE, kata: str = "masked_softmax", snippet: str | None = None) -> dict[str, Any]:
    return {"id": "x", "kata": kata, "kind": kind, "code": code, "snippet": snippet}


def test_a_lane_grades_runs_tries_and_says_what_it_cannot(answer: bytes) -> None:
    async def test() -> None:
        async with crew_of() as (crew, ended):
            level, missing = await crew.ready()
            assert (level, missing) == ("full", [])
            lane = await crew.lane()

            heard: list[dict[str, Any]] = []
            words = await lane.judge(job(answer.decode()), heard.append)
            report = Report.model_validate_json(words["report"])
            assert (words["verdict"], words["score"]) == ("passed", 100.0)
            cases = [one["case"] for one in heard if "case" in one]
            assert [case["name"] for case in cases] == [case.name for case in report.cases]
            assert [one["total"] for one in heard if "total" in one] == [len(cases)]
            assert set(cases[0]) == {"name", "title", "group", "status"}

            words = await lane.judge(job(answer.decode(), Kind.RUN), heard.append)
            run = Report.model_validate_json(words["report"])
            assert words["score"] is None
            assert run.cases
            assert all(case.visible for case in run.cases)

            words = await lane.judge(job(answer.decode(), Kind.TRY, snippet="1 + 1"), heard.append)
            trial = Trial.model_validate_json(words["report"])
            assert (words["verdict"], trial.value) == ("done", "2")

            words = await lane.judge(job("def", Kind.GRADE), heard.append)
            assert words["verdict"] == "invalid"

            words = await lane.judge(job("x = 1", kata="no_such_kata"), heard.append)
            assert words["final"]
            assert "no_such_kata" in words["fault"]

            started = asyncio.Event()
            working = asyncio.create_task(lane.judge(job(ENDLESS), lambda _: started.set()))
            await started.wait()
            lane.kill()
            with pytest.raises(LaneLost) as lost:
                await working
            assert lost.value.started
            while not ended.lanes:
                await asyncio.sleep(0.01)
            assert ended.lanes == [lane]

            another = await crew.lane()
            assert (await another.judge(job(answer.decode()), heard.append))["verdict"] == "passed"

            working = asyncio.create_task(another.judge(job(ENDLESS), heard.append))
            crew.process.kill()
            await crew.gone.wait()
            with pytest.raises(LaneLost):
                await working

    asyncio.run(test())


def test_a_grader_that_cannot_begin_says_so() -> None:
    async def test() -> None:
        async with crew_of("nonsense") as (crew, _):
            with pytest.raises(CrewTrouble) as caught:
                await crew.ready()
            assert caught.value.kind == "sandbox"

    asyncio.run(test())


def test_a_bank_of_broken_katas_does_not_keep_the_grader_from_beginning(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "kata.toml").write_text("nonsense = [")

    async def test() -> None:
        async with crew_of(bank=tmp_path) as (crew, _):
            await crew.ready()
            lane = await crew.lane()
            words = await lane.judge(job("x = 1", kata="broken"), lambda _: None)
            assert words["final"]
            assert json.dumps(words)

    asyncio.run(test())
