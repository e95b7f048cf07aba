"""Submissions: what is accepted and what is refused, found and cancelled by whom."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app import queue, submissions
from app.db import Database
from app.models import Kind, State
from app.people import LOCAL_PERSON, Person
from app.refusals import (
    AlreadyOver,
    Empty,
    NoCode,
    NoSnippet,
    NotFound,
    NotText,
    Refused,
    Stale,
    TooLarge,
    TooMany,
)
from app.submissions import MOST_OPEN, accept, cancel, find, history
from katas.bank import Kata
from tests.app.history import graded

OTHER = Person("other")


def test_a_submission_is_kept_with_its_digest_and_queued(db: Database, kata: Kata) -> None:
    row = accept(db, LOCAL_PERSON, kata, "x = '注意力'".encode())
    assert (row.state, row.kind, row.kata, row.attempt) == (State.QUEUED, Kind.GRADE, kata.id, 0)
    found = find(db, LOCAL_PERSON, row.id)
    assert found.code == "x = '注意力'"
    assert found.code_digest == hashlib.sha256(found.code.encode()).hexdigest()


def test_owner_and_session_of_a_person_are_kept(db: Database, kata: Kata) -> None:
    person = Person("session:1", owner="account", session="1")
    row = find(db, person, accept(db, person, kata, b"x").id)
    assert (row.holder, row.owner, row.session) == ("session:1", "account", "1")


@pytest.mark.parametrize("code", [b"", b" \n\t\n", b"\r\n"])
def test_nothing_is_refused(code: bytes, db: Database, kata: Kata) -> None:
    with pytest.raises(Empty):
        accept(db, LOCAL_PERSON, kata, code)
    assert queue.waiting(db) == 0


@pytest.mark.parametrize(
    ("code", "line"), [(b"x = 1\n\xff", 2), (b"a\nb\n\0", 3), (b"\x7fELF\0", 1), ("é".encode("latin-1"), 1)]
)
def test_what_is_no_text_is_refused_with_the_line(code: bytes, line: int, db: Database, kata: Kata) -> None:
    with pytest.raises(NotText) as caught:
        accept(db, LOCAL_PERSON, kata, code)
    assert caught.value.values == {"line": line}


def test_what_is_larger_than_the_kata_allows_is_refused(db: Database, kata: Kata) -> None:
    small = replace(kata, limits={**kata.limits, "source_kib": 1})
    accept(db, LOCAL_PERSON, small, b"#" * 1024)
    with pytest.raises(TooLarge) as caught:
        accept(db, LOCAL_PERSON, small, b"#" * 1025)
    assert caught.value.values == {"limit": "1"}


def test_a_concept_kata_takes_no_code(db: Database, kata: Kata) -> None:
    with pytest.raises(NoCode):
        accept(db, LOCAL_PERSON, replace(kata, kind="concept"), b"x")


def test_lines_end_as_in_python_whatever_a_form_sends(db: Database, kata: Kata) -> None:
    assert accept(db, LOCAL_PERSON, kata, b"a\r\nb\rc\n").code == "a\nb\nc\n"


def test_a_form_sent_twice_is_one_submission(db: Database, kata: Kata) -> None:
    first = accept(db, LOCAL_PERSON, kata, b"x = 1", form_key="form")
    second = accept(db, LOCAL_PERSON, kata, b"x = 1", form_key="form")
    assert first.id == second.id
    assert queue.waiting(db) == 1


def test_a_form_sent_by_twenty_threads_at_once_is_one_submission(db: Database, kata: Kata) -> None:
    with ThreadPoolExecutor(20) as threads:
        names = set(threads.map(lambda _: accept(db, LOCAL_PERSON, kata, b"x", form_key="form").id, range(20)))
    assert len(names) == 1


def test_the_same_form_with_other_content_is_another_submission(db: Database, kata: Kata) -> None:
    names = {
        accept(db, LOCAL_PERSON, kata, b"x = 1", form_key="form").id,
        accept(db, LOCAL_PERSON, kata, b"x = 2", form_key="form").id,
        accept(db, LOCAL_PERSON, kata, b"x = 1", form_key="form", kind=Kind.RUN).id,
        accept(db, LOCAL_PERSON, kata, b"x = 1", form_key="form", kind=Kind.TRY, snippet="1").id,
        accept(db, LOCAL_PERSON, kata, b"x = 1", form_key="form", kind=Kind.TRY, snippet="2").id,
        accept(db, OTHER, kata, b"x = 1", form_key="form").id,
    }
    assert len(names) == 6


def test_who_submits_while_another_of_his_is_judged_is_queued(db: Database, kata: Kata) -> None:
    accept(db, LOCAL_PERSON, kata, b"x = 1")
    queue.claim(db)
    assert accept(db, LOCAL_PERSON, kata, b"x = 2").state == State.QUEUED
    assert queue.waiting(db) == 1


def test_there_is_a_cap_of_open_submissions_and_only_for_who_has_them(
    db: Database, kata: Kata, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_OPEN == 256
    monkeypatch.setattr(submissions, "MOST_OPEN", 3)
    for number in range(3):
        accept(db, LOCAL_PERSON, kata, b"x = %d" % number, form_key=str(number))
    with pytest.raises(TooMany) as caught:
        accept(db, LOCAL_PERSON, kata, b"x = 3")
    assert caught.value.values == {"limit": 3}
    accept(db, LOCAL_PERSON, kata, b"x = 2", form_key="2")  # sent before: no new one
    accept(db, OTHER, kata, b"x")
    row = queue.claim(db)
    assert row is not None
    queue.finish(db, row.id, row.token or "", queue.Ended(State.DONE))
    accept(db, LOCAL_PERSON, kata, b"x = 3")


def test_a_try_needs_a_snippet_and_only_a_try_keeps_one(db: Database, kata: Kata) -> None:
    for snippet in (None, " \n"):
        with pytest.raises(NoSnippet):
            accept(db, LOCAL_PERSON, kata, b"x", kind=Kind.TRY, snippet=snippet)
    assert accept(db, LOCAL_PERSON, kata, b"x", kind=Kind.TRY, snippet="f(1)\r\n").snippet == "f(1)\n"
    assert accept(db, LOCAL_PERSON, kata, b"x", kind=Kind.GRADE, snippet="f(1)").snippet is None


@pytest.mark.parametrize("snippet", ["\0", "\ud800"])
def test_a_snippet_that_is_no_text_is_refused(snippet: str, db: Database, kata: Kata) -> None:
    with pytest.raises(NotText):
        accept(db, LOCAL_PERSON, kata, b"x", kind=Kind.TRY, snippet=snippet)


def test_a_snippet_that_is_too_large_is_refused(db: Database, kata: Kata) -> None:
    with pytest.raises(TooLarge):
        accept(db, LOCAL_PERSON, kata, b"x", kind=Kind.TRY, snippet="#" * (65 << 10))


def test_nobody_finds_or_cancels_what_is_somebody_elses(db: Database, kata: Kata) -> None:
    name = accept(db, LOCAL_PERSON, kata, b"x").id
    for call in (find, cancel):
        with pytest.raises(NotFound):
            call(db, OTHER, name)
        with pytest.raises(NotFound):
            call(db, LOCAL_PERSON, "nowhere")
    assert find(db, LOCAL_PERSON, name).state == State.QUEUED


def test_what_has_ended_cannot_be_cancelled(db: Database, kata: Kata) -> None:
    name = accept(db, LOCAL_PERSON, kata, b"x").id
    assert cancel(db, LOCAL_PERSON, name).state == State.CANCELLED
    with pytest.raises(AlreadyOver):
        cancel(db, LOCAL_PERSON, name)
    assert issubclass(AlreadyOver, Stale)


def test_history_is_the_persons_own_newest_first_without_code(db: Database, kata: Kata) -> None:
    names = [accept(db, LOCAL_PERSON, kata, b"x = %d" % number).id for number in range(5)]
    accept(db, OTHER, kata, b"x")
    accept(db, LOCAL_PERSON, kata, b"x", kind=Kind.RUN)
    rows = history(db, LOCAL_PERSON)
    assert [row.id for row in rows] == names[::-1]
    with pytest.raises(Exception, match="deferred"):
        _ = rows[0].code
    assert [row.id for row in history(db, LOCAL_PERSON, limit=2, before=rows[1].created)] == names[2:0:-1]
    assert history(db, LOCAL_PERSON, kata="another") == []
    assert len(history(db, LOCAL_PERSON, kinds=(Kind.RUN,))) == 1


def test_the_last_snippet_and_the_last_that_passed_are_the_persons_own(db: Database, kata: Kata) -> None:
    accept(db, LOCAL_PERSON, kata, b"x", kind=Kind.TRY, snippet="f(1)")
    accept(db, LOCAL_PERSON, kata, b"x", kind=Kind.TRY, snippet="f(2)")
    passed = graded(db, 1.0, kata=kata.id)
    graded(db, 2.0, kata=kata.id, passed=False)
    assert submissions.last_snippet(db, LOCAL_PERSON, kata.id) == "f(2)"
    assert submissions.last_passed(db, LOCAL_PERSON, kata.id) == passed.id
    for person, name in ((OTHER, kata.id), (LOCAL_PERSON, "another")):
        assert submissions.last_snippet(db, person, name) is None
        assert submissions.last_passed(db, person, name) is None


def test_every_refusal_has_a_status_of_its_kind_and_a_word_for_machines() -> None:
    todo, seen = [Refused], set()
    while todo:
        kind = todo.pop()
        todo += [one for one in kind.__subclasses__() if one.__module__ == "app.refusals"]
        assert 400 <= kind.status < 500
        assert kind.key.islower()
        assert kind.key not in seen
        seen.add(kind.key)
