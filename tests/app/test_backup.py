"""Out, away and in again: nothing is lost, nothing is doubled, nothing is overwritten, and nonsense is refused whole."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app import backup, drafts, progress, review
from app.backup import BadExport, ImportTooLarge, NewerExport, NotAnExport
from app.db import READERS
from app.drafts import Step
from app.events import Did
from app.models import Card, DraftEvent, Event, Preference, State, Submission
from app.people import LOCAL_PERSON as ME
from app.people import Person
from app.preferences import change
from app.refusals import Refused
from app.review import Wishes
from graders.verdict import Environment, Isolation, Report, Verdict
from tests.app.history import CODE, DAY, UTC, answered, at, did, graded
from tests.app.webs import Web, a_web

NOON = at("2026-03-01 12:00")
NOW = NOON + 30 * DAY
TABLES = (Submission, Event, Card, DraftEvent, Preference)

REPORT = Report(
    file="solution.py",
    submission_digest="0" * 64,
    kata="masked_softmax",
    kata_digest="1" * 64,
    verdict=Verdict.PASSED,
    judged_cases=3,
    environment=Environment(torch="2", python="3", device="cpu", cpu="x", isolation=Isolation(level="full")),
    seed="9223372036854775813",
    started="2026-03-01T12:00:00Z",
    seconds=0.1,
).model_dump_json()


def fill(web: Web) -> None:
    """Some of everything."""
    graded(web.db, NOON - DAY, passed=False)
    graded(web.db, NOON, report=REPORT)
    did(web.db, Did.HINT, NOON - 50, n=1)
    answered(web.db, web.site.bank.kata("mha_what"), NOON, wrong=1)
    review.refresh(web.db, ME, Wishes(), UTC, NOON)
    review.answer(web.db, ME, "masked_softmax", "hard", 1, Wishes(), UTC, NOON + 5 * DAY, "a")
    review.answer(web.db, ME, "masked_softmax", "easy", 2, Wishes(), UTC, NOON + 9 * DAY, "b")
    review.undo(web.db, ME, "b", Wishes(), UTC, NOON + 9 * DAY + 5)
    write(web, "masked_softmax", "x = '中文 🙂'\n")
    change(web.db, ME, {"theme": "dark", "vim": True, "font_size": 15, "tz": "Asia/Shanghai"})


def write(web: Web, kata: str, text: str) -> None:
    drafts.append(web.db, ME, kata, "", 0, "tab", [Step("edit", drafts.digest_of(text), text=text)])


def out(web: Web) -> bytes:
    return "".join(backup.export(web.db, ME, NOW)).encode()


def back(web: Web, content: bytes) -> backup.Counts:
    return backup.bring_in(web.db, ME, backup.parse(content, time.time()), Wishes(), UTC, NOW)


def state(web: Web) -> dict[str, Any]:
    """What a person sees of it."""
    with web.db.reading() as session:
        cards = session.scalars(select(Card).order_by(Card.kata)).all()
        return {
            "standings": progress.standings(session, ME),
            "days": progress.practice(session, ME, UTC, NOW).counts,
            "cards": [(card.kata, card.due, card.version, card.state["stability"]) for card in cards],
            "prefs": session.scalar(select(Preference.values)),
            "drafts": drafts.latest(session, ME, "masked_softmax"),
            "codes": sorted(session.scalars(select(Submission.report).where(Submission.report.is_not(None)))),
        }


def rows(web: Web, person: Person = ME) -> int:
    with web.db.reading() as session:
        counts = [session.scalar(select(func.count()).select_from(t).where(t.holder == person.holder)) for t in TABLES]
    return sum(count or 0 for count in counts)


def test_a_history_survives_its_deletion(web: Web) -> None:
    fill(web)
    before, content = state(web), out(web)
    backup.delete_everything(web.db, ME)
    assert rows(web) == 0
    counts = back(web, content)
    assert (counts.submissions, counts.drafts, counts.preferences) == (2, 1, 4)
    after = state(web)
    assert after["drafts"].text == before["drafts"].text
    assert {**after, "drafts": None} == {**before, "drafts": None}


def test_a_history_moves_to_another_machine(web: Web, tmp_path: Path) -> None:
    fill(web)
    with a_web(tmp_path / "other") as other:
        back(other, out(web))
        assert {**state(other), "drafts": None} == {**state(web), "drafts": None}
        assert json.loads(out(other)) == json.loads(out(web)) | {"drafts": json.loads(out(other))["drafts"]}


def test_twice_is_once(web: Web) -> None:
    fill(web)
    content = out(web)
    assert not back(web, content).anything
    backup.delete_everything(web.db, ME)
    back(web, content)
    before, count = state(web), rows(web)
    assert not back(web, content).anything
    assert (state(web), rows(web)) == (before, count)


def test_what_is_here_is_never_overwritten(web: Web) -> None:
    fill(web)
    content = out(web)
    backup.delete_everything(web.db, ME)
    write(web, "masked_softmax", "mine = 1\n")
    change(web.db, ME, {"theme": "light"})
    graded(web.db, NOON + 1, kata="layer_norm")
    counts = back(web, content)
    assert (counts.drafts, counts.drafts_kept, counts.preferences) == (0, 1, 3)
    found = state(web)
    assert found["drafts"].text == "mine = 1\n"
    assert found["prefs"]["theme"] == "light"
    assert set(found["standings"]) == {"layer_norm", "masked_softmax", "mha_what"}


def test_the_file_has_what_it_promises_and_nothing_of_others(web: Web) -> None:
    fill(web)
    graded(web.db, NOON, person=Person("somebody"))
    graded(web.db, NOON, state=State.CANCELLED)
    raw = json.loads(out(web))
    assert (raw["format"], raw["schema_version"]) == ("torchkata-progress", 1)
    assert len(raw["submissions"]) == 2
    assert raw["submissions"][0]["code"] == CODE
    assert raw["submissions"][1]["report"]["seed"] == "9223372036854775813"
    assert {event["kind"] for event in raw["events"]} == {"hint", "quiz", "review"}
    assert raw["drafts"][0]["text"] == "x = '中文 🙂'\n"
    assert json.loads("".join(backup.export(web.db, Person("nobody"), NOW)))["submissions"] == []


def test_deletion_takes_all_of_one_person_and_nothing_of_others(web: Web) -> None:
    fill(web)
    graded(web.db, NOON, person=Person("somebody"))
    graded(web.db, NOON, state=State.QUEUED)
    with web.db.reading() as session:
        held = backup.held(session, ME)
    assert (held.submissions, held.drafts, held.preferences) == (3, 1, 4)
    assert backup.delete_everything(web.db, ME) == held
    assert (rows(web), rows(web, Person("somebody"))) == (0, 1)


def test_deleted_texts_do_not_stay_in_the_file(web: Web, tmp_path: Path) -> None:
    write(web, "masked_softmax", "unforgettable_secret = 1\n" * 300)
    backup.delete_everything(web.db, ME)
    with web.db.writing() as session:
        session.connection().exec_driver_sql("SELECT 1")
    web.db.close()
    assert b"unforgettable_secret" not in web.db.file.read_bytes()


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
        (b'{"format": "torchkata-progress", "schema_version": 2}', NewerExport),
        (b'{"format": "torchkata-progress", "schema_version": 1}', BadExport),
        (b'{"format": "torchkata-progress", "schema_version": "1"}', BadExport),
        (b" " * ((32 << 20) + 1), ImportTooLarge),
    ],
)
def test_what_is_no_export_is_refused(content: bytes, error: type[Refused]) -> None:
    with pytest.raises(error):
        backup.parse(content, NOW)


Damage = Callable[[dict[str, Any]], object]


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
        (lambda raw: raw.update(preferences={"theme": ["dark"]}), "preferences.theme"),
        (lambda raw: raw.pop("events"), "events"),
        (lambda raw: raw.update(cards=[]), "cards"),
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


def test_what_the_pages_record_can_be_brought_back(web: Web) -> None:
    browser = web.browser()
    browser.post("/katas/layer_norm/hints")
    browser.post("/katas/layer_norm/answer")
    browser.post("/katas/mha_what/hints")
    content = out(web)
    assert len(json.loads(content)["events"]) == 3
    backup.delete_everything(web.db, ME)
    assert back(web, content).events == 3


@pytest.mark.parametrize("mib", [8, 0])
def test_an_export_that_is_read_slowly_holds_nothing_of_the_database_and_leaves_no_file(
    mib: int, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(web)
    monkeypatch.setattr(backup, "SPOOL_MIB", mib)
    folder = web.site.settings.data
    before = sorted(folder.iterdir())
    files = [backup.spooled(web.db, ME, NOW, folder) for _ in range(READERS + 1)]
    with web.db.reading():
        pass  # with a connection held by each, there would be none left
    for file in files:
        with file:
            assert file.read() == out(web)
    assert sorted(folder.iterdir()) == before
