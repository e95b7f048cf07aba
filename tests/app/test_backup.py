"""Out, away and in again: nothing is lost, nothing is doubled, nothing is overwritten, and nonsense is refused whole."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsrs
import pytest
from pydantic import ValidationError
from sqlalchemy import func, select, update

from app import backup, drafts, progress, review, saved
from app.db import READERS, Database, DatabaseTrouble
from app.drafts import Step
from app.events import Did
from app.models import Card, DraftEvent, Event, Kind, Preference, State, Submission
from app.people import LOCAL_PERSON as ME
from app.people import Person
from app.preferences import change
from app.problems import Problem
from app.refusals import Refused
from app.review import Wishes
from app.saved import BadExport, ImportTooLarge, NewerExport, NotAnExport
from graders.verdict import Environment, Isolation, Report, Trial, TrialStatus, Verdict
from tests.app import disks
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
TRIAL = Trial(
    kata="masked_softmax",
    kata_digest="1" * 64,
    submission_digest="0" * 64,
    status=TrialStatus.ERROR,
    value="tensor(1.)",
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
    graded(web.db, NOON + 1, kind=Kind.RUN, passed=False, report=REPORT)
    graded(web.db, NOON + 2, kind=Kind.TRY, report=TRIAL)
    graded(web.db, NOON + 3, kind=Kind.TRY, state=State.CANCELLED)
    graded(web.db, NOON + 4, state=State.FAULT)
    type_in(web, "masked_softmax", "x = '中文 🙂'\n")
    change(web.db, ME, {"theme": "dark", "vim": True, "font_size": 15, "tz": "Asia/Shanghai", "easy_sat": True})


def type_in(web: Web, kata: str, text: str) -> None:
    """Letter by letter behind the starter, with a paste at the end: 120 steps and more, most of them without a text."""
    steps: list[Step] = []
    so_far = "start = 1\n"
    for char in f"{text}{'y = 2' * 30}":
        units = len(so_far.encode("utf-16-le")) // 2
        changes, so_far = [units, [0, *char.split("\n")]], so_far + char
        steps.append(Step("edit", drafts.digest_of(so_far), changes=changes, typed_at=NOON + len(steps)))
    steps += [
        Step("paste", drafts.digest_of("pasted\n"), text="pasted\n"),
        Step("restore", drafts.digest_of(text), text=text),
    ]
    drafts.append(web.db, ME, kata, "start = 1\n", 0, "tab", steps)


def tables(web: Web) -> dict[str, list[dict[str, Any]]]:
    """Every column of every row but what each machine gives itself."""
    own = {"_sa_instance_state", "id", "code_digest", "priority"}
    found = {}
    with web.db.reading() as session:
        for table, order in ((Submission, Submission.created), (DraftEvent, DraftEvent.version)):
            rows = [vars(row) for row in session.scalars(select(table).order_by(order))]
            found[table.__tablename__] = [{name: row[name] for name in row if name not in own} for row in rows]
    return found


def write(web: Web, kata: str, text: str) -> None:
    drafts.append(web.db, ME, kata, "", 0, "tab", [Step("edit", drafts.digest_of(text), text=text)])


def out(web: Web) -> bytes:
    return "".join(backup.export(web.db, ME, NOW)).encode()


def back(web: Web, content: bytes) -> backup.Counts:
    return backup.bring_in(web.db, ME, saved.parse(content, time.time()), Wishes(), UTC, NOW)


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
    before, held, content = state(web), tables(web), out(web)
    assert [len(rows) for rows in held.values()] == [6, 163]
    backup.delete_everything(web.db, ME)
    assert rows(web) == 0
    counts = back(web, content)
    assert (counts.submissions, counts.drafts, counts.preferences) == (6, 1, 5)
    assert state(web) == before
    assert tables(web) == held


def test_a_history_moves_to_another_machine(web: Web, tmp_path: Path) -> None:
    fill(web)
    with a_web(tmp_path / "other") as other:
        back(other, out(web))
        assert state(other) == state(web)
        assert tables(other) == tables(web)
        assert out(other) == out(web)


def test_a_draft_goes_on_where_it_was_left_on_the_other_machine(web: Web, tmp_path: Path) -> None:
    fill(web)
    with a_web(tmp_path / "other") as other:
        back(other, out(web))
        there = drafts.head(other.db, ME, "masked_softmax", "")
        step = Step("edit", drafts.digest_of("there\n"), text="there\n")
        drafts.append(other.db, ME, "masked_softmax", "", there.version, "phone", [step])
        older, newer = out(web), out(other)
        counts = back(other, older)
        assert not counts.anything
        assert counts.drafts_kept == 0  # what the file has is in the log
        assert back(web, newer).drafts == 1
        assert tables(web) == tables(other)


def test_two_drafts_that_went_apart_stay_apart(web: Web, tmp_path: Path) -> None:
    fill(web)
    with a_web(tmp_path / "other") as other:
        back(other, out(web))
        for one, text in ((web, "here\n"), (other, "there\n")):
            version = drafts.head(one.db, ME, "masked_softmax", "").version
            step = Step("edit", drafts.digest_of(text), text=text)
            drafts.append(one.db, ME, "masked_softmax", "", version, "tab", [step])
        counts = back(web, out(other))
        assert (counts.drafts, counts.drafts_kept) == (0, 1)
        assert drafts.head(web.db, ME, "masked_softmax", "").text == "here\n"


def test_a_file_of_the_first_version_comes_in(web: Web) -> None:
    """With what it had: grades, events, the text of each draft."""
    fill(web)
    raw = json.loads(out(web))
    for name in ("runs", "tries", "unjudged", "left_out"):
        del raw[name]
    del raw["drafts"][0]["steps"]
    raw["schema_version"] = 1
    before = state(web)
    backup.delete_everything(web.db, ME)
    old = json.dumps(raw).encode()
    counts = back(web, old)
    assert (counts.submissions, counts.events, counts.drafts) == (2, 5, 1)
    after = state(web)
    assert (after["drafts"].text, after["drafts"].version) == (before["drafts"].text, 1)
    assert after["cards"] == before["cards"]
    assert not back(web, old).anything


def test_what_an_import_would_not_take_is_left_out_the_oldest_first(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(web)  # reports: a grade at noon, a run and a try after it; the draft was typed now
    whole = json.loads(out(web))
    assert whole["left_out"] == {"reports": 0, "logs": 0}
    log = len(json.dumps(whole["drafts"][0]["steps"], ensure_ascii=False).encode())
    monkeypatch.setattr(backup, "ROOM", 0)
    least = len(out(web)) + 100  # the numbers of what is left out
    for room, reports, steps in ((0, 0, 0), (least + log + len(TRIAL), 1, 163), (least + log + 9000, 3, 163)):
        monkeypatch.setattr(backup, "ROOM", room)
        content = out(web)
        raw = json.loads(content)
        kept = [one for name in ("submissions", "runs", "tries") for one in raw[name] if one["report"]]
        assert sorted(one["created"] for one in kept) == [NOON, NOON + 1, NOON + 2][3 - reports :]
        assert len(raw["drafts"][0]["steps"]) == steps
        assert raw["drafts"][0]["text"] == whole["drafts"][0]["text"]
        assert [one["code"] for one in raw["runs"]] == [one["code"] for one in whole["runs"]]
        saved.parse(content, time.time())
    backup.delete_everything(web.db, ME)
    monkeypatch.setattr(backup, "ROOM", 0)
    assert back(web, content).submissions == 6


def test_a_report_that_nobody_can_read_is_no_reason_to_refuse_the_file(web: Web) -> None:
    graded(web.db, NOON, report='{"of": "another time"}')
    graded(web.db, NOON, kind=Kind.TRY, report="not even JSON")
    content = out(web)
    backup.delete_everything(web.db, ME)
    assert back(web, content).submissions == 2


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
    assert (counts.drafts, counts.drafts_kept, counts.preferences) == (0, 1, 4)
    found = state(web)
    assert found["drafts"].text == "mine = 1\n"
    assert found["prefs"]["theme"] == "light"
    assert set(found["standings"]) == {"layer_norm", "masked_softmax", "mha_what"}


def test_the_file_has_what_it_promises_and_nothing_of_others(web: Web) -> None:
    fill(web)
    graded(web.db, NOON, person=Person("somebody"))
    graded(web.db, NOON, state=State.CANCELLED)
    raw = json.loads(out(web))
    assert (raw["format"], raw["schema_version"]) == ("torchkata-progress", 2)
    assert [len(raw[name]) for name in ("submissions", "runs", "tries", "unjudged")] == [2, 1, 1, 3]
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
    assert (held.submissions, held.drafts, held.preferences) == (7, 1, 5)
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


def test_what_the_pages_record_can_be_brought_back(web: Web) -> None:
    browser = web.browser()
    browser.post("/katas/layer_norm/hints")
    browser.post("/katas/layer_norm/answer")
    browser.post("/katas/mha_what/hints")
    content = out(web)
    assert len(json.loads(content)["events"]) == 3
    backup.delete_everything(web.db, ME)
    assert back(web, content).events == 3


@pytest.mark.parametrize("held", [8 << 20, 1])
def test_an_export_that_is_read_slowly_holds_nothing_of_the_database_and_leaves_no_file(
    held: int, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(web)
    monkeypatch.setattr(backup, "SPOOL", held)
    folder = web.site.settings.data
    before = sorted(folder.iterdir())
    files = [backup.spooled(web.db, ME, NOW, folder)[0] for _ in range(READERS + 1)]
    with web.db.reading():
        pass  # with a connection held by each, there would be none left
    for file in files:
        with file:
            assert file.read() == out(web)
    assert sorted(folder.iterdir()) == before


def test_others_write_while_an_import_is_worked_out(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(web)
    content = out(web)
    backup.delete_everything(web.db, ME)
    other, real = Database(web.db.file, busy=0.05), review.replay

    def replay(moments: Iterable[review.Moment], retention: float) -> fsrs.Card | None:
        graded(other, NOON, person=Person("somebody"))  # raises where the database is locked
        return real(moments, retention)

    monkeypatch.setattr(review, "replay", replay)
    try:
        assert back(web, content).submissions == 6
    finally:
        other.close()
    assert rows(web, Person("somebody")) == 2  # a card each


@pytest.mark.parametrize("times", [1, 9])
def test_what_a_person_does_during_his_import_counts(web: Web, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    fill(web)
    content = out(web)
    backup.delete_everything(web.db, ME)
    other, real, left = Database(web.db.file, busy=0.05), review.replay, [times]

    def replay(moments: Iterable[review.Moment], retention: float) -> fsrs.Card | None:
        left[0] -= 1
        if left[0] >= 0:
            with suppress(DatabaseTrouble):  # who never pauses makes the import wait no longer, and waits himself
                graded(other, NOON + 20 * DAY + left[0], passed=False)
        return real(moments, retention)

    monkeypatch.setattr(review, "replay", replay)
    try:
        back(web, content)
    finally:
        other.close()
    with web.db.reading() as session:
        cards = {card.kata: (card.due, card.version, card.state) for card in session.scalars(select(Card))}
        count = session.scalar(
            select(func.count()).where(Submission.kind == Kind.GRADE, Submission.state == State.DONE)
        )
    assert count is not None
    assert cards["masked_softmax"][2]["graded"] == count > 2
    with web.db.writing() as session:
        for kata, (due, version, kept) in cards.items():
            card = review.rebuild(session, ME, kata, Wishes(), UTC, NOW)
            assert card is not None
            assert (card.due, card.version, card.state) == (due, version, kept)


def test_a_file_with_two_drafts_of_one_kata_comes_in(web: Web) -> None:
    fill(web)
    raw = json.loads(out(web))
    raw["drafts"] *= 2
    backup.delete_everything(web.db, ME)
    assert back(web, json.dumps(raw).encode()).drafts == 1
    assert len(tables(web)["draft_events"]) == 163


def test_the_room_of_a_file_is_counted_in_bytes_and_code_takes_its_part(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chinese letters are three bytes each, and a line that ends two."""
    trial = Trial.model_validate_json(TRIAL).model_copy(update={"value": "中" * 20_000}).model_dump_json()
    for n in range(10):
        row = graded(web.db, NOON + n, kind=Kind.TRY, report=trial)
        with web.db.writing() as session:
            session.execute(update(Submission).where(Submission.id == row.id).values(code="# 中文\n" * 5000))
    type_in(web, "masked_softmax", "文\n" * 100)
    monkeypatch.setattr(backup, "ROOM", 1 << 20)
    content = out(web)
    assert len(content) <= 1 << 20
    assert len(content) + len(trial.encode()) > 1 << 20  # no more than that is left empty
    raw = json.loads(content)
    assert raw["left_out"]["reports"] == sum(one["report"] is None for one in raw["tries"]) > 0
    assert raw["left_out"]["logs"] == 0
    kept = [one["created"] for one in raw["tries"] if one["report"]]
    assert kept == [NOON + n for n in range(10 - len(kept), 10)]
    assert {one["code"] for one in raw["tries"]} == {"# 中文\n" * 5000}
    monkeypatch.setattr(saved, "MOST_MIB", 1)
    saved.parse(content, time.time())


def test_steps_whose_texts_were_long_in_between_are_left_out_where_no_import_would_replay_them(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, steps = "x", [Step("edit", drafts.digest_of("x"), text="x")]
    for n in range(48):  # whole texts are kept of the first and the last one only
        changes, text = ([1, [0, "y" * 50_000]], "x" + "y" * 50_000) if n % 2 == 0 else ([1, [50_000]], "x")
        steps.append(Step("edit", drafts.digest_of(text), changes=changes))
    drafts.append(web.db, ME, "masked_softmax", "", 0, "tab", steps)
    for module in (saved, backup):
        monkeypatch.setattr(module, "MOST_REPLAYED", 1_000_000)
    content = out(web)
    assert json.loads(content)["left_out"] == {"reports": 0, "logs": 1}
    saved.parse(content, time.time())


def test_a_history_that_no_import_takes_is_said_to_be_one_in_the_page_and_in_the_file(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(web)
    browser = web.browser()
    assert b"too_large" not in browser.get("/progress/export").content
    monkeypatch.setattr(backup, "ROOM", len(out(web)) // 10)
    page = browser.get("/progress/export")
    assert "larger than the 32 MiB that an import takes" in page.text
    whole = browser.get("/progress/export?whole=1")
    assert whole.headers["content-disposition"].startswith("attachment")
    raw = json.loads(whole.content)
    assert raw["too_large"] is True
    assert raw["drafts"][0]["text"] == "x = '中文 🙂'\n"
    monkeypatch.undo()
    monkeypatch.setattr(backup, "MOST_ROWS", 5)
    assert json.loads(out(web))["too_large"] is True


@disks.needs_root
def test_a_disk_that_is_full_while_an_export_is_written_is_said_to_be_full(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(web)
    row = graded(web.db, NOON + 9)
    with web.db.writing() as session:
        session.execute(update(Submission).where(Submission.id == row.id).values(code="x" * (2 << 20)))
    monkeypatch.setattr(backup, "SPOOL", 1)
    with disks.little_disk(tmp_path / "little") as disk:
        web.site.settings = replace(web.site.settings, data=disk)
        answer = web.browser(Accept="application/json").get("/progress/export")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database_full")
        assert not list(disk.iterdir())
