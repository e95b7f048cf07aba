"""A file that somebody wants to bring in: nonsense is refused whole, with its place, and with bounded work."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from app import backup, saved
from app.people import LOCAL_PERSON as ME
from app.problems import Problem
from app.refusals import Refused
from app.saved import BadExport, ImportTooLarge, NewerExport, NotAnExport
from tests.app.exports import NOW, back, fill, out, rows, state
from tests.app.history import DAY
from tests.app.webs import Web


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", NotAnExport),
        (b"\xff\xfe", NotAnExport),
        (b"[]", NotAnExport),
        (b"{}", NotAnExport),
        (b'{"format": "anki"}', NotAnExport),
        (b'{"format": "torchkata-progress", "schema_version": NaN}', NotAnExport),
        (b"[" * 100_000, NotAnExport),
        (b'{"format": "torchkata-progress", "schema_version": 3}', NewerExport),
        (b'{"format": "torchkata-progress", "schema_version": 2}', BadExport),
        (b'{"format": "torchkata-progress", "schema_version": 1}', BadExport),
        (b'{"format": "torchkata-progress", "schema_version": "1"}', BadExport),
        (b" " * ((32 << 20) + 1), ImportTooLarge),
    ],
)
def test_what_is_no_export_is_refused(content: bytes, error: type[Refused]) -> None:
    with pytest.raises(error):
        saved.parse(content, NOW)


Damage = Callable[[dict[str, Any]], object]


def a_sheet(raw: dict[str, Any]) -> dict[str, Any]:
    """What the one quiz among the events says, with a wrong answer."""
    found: dict[str, Any] = raw["events"][1]["payload"]
    return found


MANY = dict.fromkeys(map(str, range(5000)), 0)


@pytest.mark.parametrize(
    ("damage", "most"),
    [
        (lambda raw: raw.update(MANY), 1),
        (lambda raw: raw["events"][0].update(MANY), 1),
        (lambda raw: raw["events"][0]["payload"].update(MANY), 1),
        (lambda raw: raw.update(events=[{}] * 5000), 1),
        (lambda raw: raw.update(preferences={name: [] for name in MANY}), 1),
        (lambda raw: raw.update(left_out={name: [] for name in MANY}), 1),
        (lambda raw: a_sheet(raw).update(answers=MANY), 1),
        (lambda raw: a_sheet(raw).update(answers={"x": [0] * 5000}), 1),
        (lambda raw: raw["drafts"][0].update(steps=[0] * 5000), 1),
        (lambda raw: raw["drafts"][0]["steps"][9].update(changes=[[0, None]] * 5000), 1),
        (lambda raw: raw["tries"].extend([0] * 5000), 1),
        (lambda raw: raw["submissions"][1]["report"].update(cases=[{}] * 10_001), 1),
        (lambda raw: raw["submissions"][1]["report"].update(cases=[0] * 150_001), 1),
        (lambda raw: raw["submissions"][1]["report"].update(cases=[0] * 500), 500),
    ],
)
def test_a_file_is_looked_into_no_further_than_to_its_first_mistakes(web: Web, damage: Damage, most: int) -> None:
    """Whoever lists what is wrong with each of a million members is busy for many seconds."""
    fill(web)
    raw = json.loads(out(web))
    damage(raw)
    with pytest.raises(ValidationError) as caught:
        saved.Saved.model_validate(raw)
    assert caught.value.error_count() <= most


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_place_of_a_mistake_is_short_and_the_reason_is_in_the_readers_language(lang: str) -> None:
    raw = {"format": "torchkata-progress", "\x1b<b>" + "x" * 1_000_000: 1}
    with pytest.raises(BadExport) as caught:
        saved.parse(json.dumps(raw).encode(), NOW)
    said, _ = Problem(422, "import_broken", caught.value.values).sentences(lang)
    assert f"?<b>{'x' * 60}" in said
    assert len(said) < 200
    assert {"en": "nothing of that name", "zh": "没有此项"}[lang] in said


def test_every_reason_can_be_said_in_both_languages() -> None:
    values = {"max_length": 1, "ge": 0, "le": 1}
    for reason in saved.REASONS:
        said = BadExport("here", reason, **values).values
        assert said["why"].isascii()
        assert not said["why_zh"].isascii()


def test_steps_that_would_take_ages_are_refused(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(web)
    content = out(web)
    work = sum(len(text) + 100 for text in saved.replay(saved.parse(content, time.time()).drafts[0]))
    monkeypatch.setattr(saved, "MOST_REPLAYED", work)
    saved.parse(content, time.time())
    monkeypatch.setattr(saved, "MOST_REPLAYED", work - 1)
    with pytest.raises(BadExport) as caught:
        saved.parse(content, time.time())
    assert (caught.value.values["where"], caught.value.values["why"]) == ("drafts.0.steps.162", "too much to carry out")


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        (lambda raw: raw["submissions"][0].update(id="../../x"), "submissions.0.id"),
        (lambda raw: raw["submissions"][0].update(kata="Not A Kata"), "submissions.0.kata"),
        (lambda raw: raw["submissions"][0].update(verdict="great"), "submissions.0.verdict"),
        (lambda raw: raw["submissions"][0].update(code="\ud800"), "submissions.0.code"),
        (lambda raw: raw["drafts"][0].update(text="\ud800"), "drafts.0.text"),
        (lambda raw: raw["events"][0].update(key="\udfff"), "events.0.hint.key"),
        (lambda raw: raw["submissions"][0].update(score=101), "submissions.0.score"),
        (lambda raw: raw["submissions"][0].update(score=None, created=-1), "submissions.0.created"),
        (lambda raw: raw["submissions"][0].update(created=time.time() + 10 * DAY), "submissions.0.created"),
        (lambda raw: raw["submissions"][1]["report"].pop("verdict"), "submissions.1.report.verdict"),
        (lambda raw: raw["submissions"][0].update(holder="somebody"), "submissions.0.holder"),
        (lambda raw: raw["events"][0].update(kind="cheat"), "events.0"),
        (lambda raw: raw["events"][0].update(at="now"), "events.0.hint.at"),
        (lambda raw: raw["events"][0].update(key=""), "events.0.hint.key"),
        (lambda raw: raw["drafts"][0].update(text=5), "drafts.0.text"),
        (lambda raw: raw["drafts"][0].update(text="another\n"), "drafts.0.text"),
        (lambda raw: raw["drafts"][0]["steps"].pop(0), "drafts.0.steps.0"),
        (lambda raw: raw["drafts"][0]["steps"].pop(7), "drafts.0.steps.7"),
        (lambda raw: raw["drafts"][0]["steps"][9].pop("changes"), "drafts.0.steps.9"),
        (lambda raw: raw["drafts"][0]["steps"][9].update(changes=[-1]), "drafts.0.steps.9"),
        (lambda raw: raw["drafts"][0]["steps"][9].update(changes=["x"]), "drafts.0.steps.9.changes"),
        (lambda raw: raw["drafts"][0]["steps"][9].update(changes=[True]), "drafts.0.steps.9.changes"),
        (lambda raw: raw["drafts"][0]["steps"][9].update(kind="hack"), "drafts.0.steps.9.kind"),
        (lambda raw: raw["drafts"][0]["steps"][9].update(device="x" * 41), "drafts.0.steps.9.device"),
        (lambda raw: raw["drafts"][0]["steps"][9].update(text="\ud83d"), "drafts.0.steps.9.text"),
        (lambda raw: raw["drafts"][0]["steps"][9].update(at=time.time() + 10 * DAY), "drafts.0.steps.9.at"),
        (lambda raw: raw["runs"][0].update(score=50), "runs.0.score"),
        (lambda raw: raw["runs"][0].update(verdict="done"), "runs.0.verdict"),
        (lambda raw: raw["tries"][0].update(verdict="passed"), "tries.0.verdict"),
        (lambda raw: raw["tries"][0]["report"].update(status="passed"), "tries.0.report.status"),
        (lambda raw: raw["tries"][0].update(created=time.time() + 10 * DAY), "tries.0.created"),
        (lambda raw: raw["unjudged"][0].update(state="queued"), "unjudged.0.state"),
        (lambda raw: raw["unjudged"][0].update(kind="cheat"), "unjudged.0.kind"),
        (lambda raw: raw.update(preferences={"theme": ["dark"]}), "preferences.theme"),
        (lambda raw: raw.pop("events"), "events"),
        (lambda raw: raw.update(cards=[]), "cards"),
        (lambda raw: raw.update(exported="x" * 65), "exported"),
        (lambda raw: raw.update(left_out={"reports": -1}), "left_out.reports"),
        (lambda raw: raw["preferences"].update(theme="x" * 1001), "preferences.theme"),
        (lambda raw: raw["preferences"].update(dict.fromkeys(map(str, range(101)), 1)), "preferences"),
        (lambda raw: a_sheet(raw).update(right=a_sheet(raw)["total"] + 1), "events.1.quiz.payload"),
        (lambda raw: a_sheet(raw).update(passed=True), "events.1.quiz.payload"),
        (lambda raw: a_sheet(raw).update(right=-1), "events.1.quiz.payload.right"),
        (lambda raw: a_sheet(raw).update(quiz="x" * 65), "events.1.quiz.payload.quiz"),
        (lambda raw: a_sheet(raw)["answers"].update({"x" * 65: []}), "events.1.quiz.payload.answers"),
        (lambda raw: a_sheet(raw)["answers"].update(x=["x" * 101]), "events.1.quiz.payload.answers.x"),
        (lambda raw: a_sheet(raw)["answers"].update(x=["1"] * 9), "events.1.quiz.payload.answers.x"),
        (lambda raw: raw["events"][2]["payload"].update(base=-1), "events.2.review.payload.CardAnswered.base"),
        (lambda raw: raw["submissions"][0].update(code="x" * ((4 << 20) + 1)), "submissions.0.code"),
        (lambda raw: raw["submissions"][1]["report"].update(score={"total": 101}), "submissions.1.report"),
        (lambda raw: raw["submissions"][1]["report"]["output"].update(stdout="x" * 5_000_000), "submissions.1.report"),
        (lambda raw: raw["drafts"][0]["steps"][9].update(typed_at=1e13), "drafts.0.steps.9.typed_at"),
    ],
)
def test_a_damaged_file_says_where_and_nothing_of_it_comes_in(web: Web, damage: Damage, where: str) -> None:
    fill(web)
    raw = json.loads(out(web))
    damage(raw)
    backup.delete_everything(web.db, ME)
    with pytest.raises(BadExport) as caught:
        back(web, json.dumps(raw).encode())
    assert caught.value.values["where"].startswith(where)
    assert rows(web) == 0


def test_preferences_that_this_version_does_not_know_are_left_out(web: Web) -> None:
    fill(web)
    raw = json.loads(out(web))
    raw["preferences"] = {"theme": "neon", "retention": 5, "unknown": "x", "vim": False}
    backup.delete_everything(web.db, ME)
    assert back(web, json.dumps(raw).encode()).preferences == 1
    assert state(web)["prefs"] == {"vim": False}


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"rating": "perfect", "base": 1, "stale": False},
        {"rating": ["good"], "base": 1, "stale": False},
        {"undoes": 7},
        {"undoes": ["a"]},
        {"right": "many", "total": None, "passed": 1, "answers": "all", "quiz": ""},
        {"right": 1, "total": 0, "passed": True, "answers": {}, "quiz": ""},
        {"n": [1]},
        [],
    ],
)
def test_events_that_nobody_can_have_caused_are_refused(web: Web, payload: object) -> None:
    fill(web)
    raw = json.loads(out(web))
    for event in raw["events"]:
        event["payload"] = payload
    with pytest.raises(BadExport):
        back(web, json.dumps(raw).encode())
