"""Out, away and in again: nothing is lost, nothing is doubled, nothing is overwritten."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import fsrs
import pytest
from sqlalchemy import func, select, update

from app import backup, drafts, review, saved
from app.db import READERS, Database, DatabaseTrouble
from app.drafts import Step
from app.models import Card, Kind, State, Submission
from app.people import LOCAL_PERSON as ME
from app.people import Person
from app.preferences import change
from app.review import Wishes
from graders.verdict import Trial
from tests.app import disks
from tests.app.exports import NOON, NOW, TRIAL, back, fill, out, rows, state, tables, type_in, write
from tests.app.history import CODE, DAY, UTC, graded
from tests.app.webs import Web, a_web


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
