"""Where somebody stands, per kata and day by day."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from app import review
from app.events import Did
from app.models import Kind, State
from app.people import LOCAL_PERSON, Person
from app.progress import WEEKS, Standing, Status, next_up, practice, practice_of, shares, standing, standings
from app.review import Wishes
from katas.bank import Bank
from tests.app.history import DAY, SHANGHAI, UTC, answered, at, did, graded
from tests.app.webs import Web

NOON = at("2026-03-01 12:00")
KATA = "masked_softmax"


def now(web: Web, kata: str = KATA) -> Standing:
    with web.db.reading() as session:
        return standing(session, LOCAL_PERSON, kata)


def test_what_nobody_touched_is_new(web: Web) -> None:
    assert now(web) == Standing(KATA)
    assert not now(web).answer_readable


def test_only_a_passed_grade_solves(web: Web) -> None:
    graded(web.db, NOON, passed=False, score=30)
    graded(web.db, NOON + 1, passed=False, score=70)
    graded(web.db, NOON + 2, kind=Kind.RUN)
    graded(web.db, NOON + 3, state=State.CANCELLED)
    graded(web.db, NOON + 4, person=Person("somebody"))
    assert now(web) == Standing(KATA, Status.ATTEMPTED, tries=2, best=70, last=NOON + 1)
    graded(web.db, NOON + 5)
    graded(web.db, NOON + 6, passed=False, score=10)
    found = now(web)
    assert (found.status, found.tries, found.best, found.last) == (Status.SOLVED, 4, 100, NOON + 6)
    assert found.solved_at == pytest.approx(NOON + 5.1)
    assert found.answer_readable


def test_giving_up_is_undone_by_solving_later(web: Web) -> None:
    did(web.db, Did.ANSWER, NOON)
    assert now(web).status is Status.GIVEN_UP
    assert now(web).answer_readable
    graded(web.db, NOON + 5, passed=False)
    assert now(web).status is Status.GIVEN_UP
    graded(web.db, NOON + 9)
    assert now(web).status is Status.SOLVED
    assert now(web).answer_opened


def test_hints_are_counted_once_and_are_no_attempt(web: Web) -> None:
    for n in (1, 2, 2):
        did(web.db, Did.HINT, NOON + n, n=n)
    assert (now(web).hints, now(web).status, now(web).tries) == (2, Status.NEW, 0)


def test_a_quiz_is_solved_by_a_sheet_that_is_all_right(web: Web) -> None:
    kata = web.site.bank.kata("mha_what")
    answered(web.db, kata, NOON, wrong=2)
    assert (now(web, "mha_what").status, now(web, "mha_what").best) == (Status.ATTEMPTED, 75)
    answered(web.db, kata, NOON + 60)
    answered(web.db, kata, NOON + 120, wrong=8)
    found = now(web, "mha_what")
    assert (found.status, found.best, found.tries, found.solved_at) == (Status.SOLVED, 100, 3, NOON + 60)


def test_shares_are_by_track_and_by_level() -> None:
    katas = Bank.open().katas()
    found = {
        "mha_what": Standing("mha_what", Status.SOLVED),
        "layer_norm": Standing("layer_norm", Status.GIVEN_UP),
        "greedy_decode": Standing("greedy_decode", Status.NEW, hints=1),
    }
    tracks, levels, whole = shares(katas, found)
    assert (tracks["attention"].solved, tracks["blocks"].attempted, tracks["inference"].attempted) == (1, 1, 0)
    assert (levels[1].solved, levels[2].attempted) == (1, 1)
    assert list(levels) == sorted(levels)
    assert (whole.solved, whole.attempted, whole.total) == (1, 1, len(katas))


def test_next_is_what_was_begun_last_else_the_easiest_that_is_open() -> None:
    katas = Bank.open().katas()
    begun = {
        "layer_norm": Standing("layer_norm", Status.ATTEMPTED, last=5),
        "cross_entropy": Standing("cross_entropy", Status.GIVEN_UP, last=9),
        "mha_what": Standing("mha_what", Status.SOLVED, last=10),
    }
    assert (up := next_up(katas, begun)) is not None
    assert up.id == "cross_entropy"
    assert (up := next_up(katas, {})) is not None
    assert set(up.prerequisites).isdisjoint(kata.id for kata in katas)
    assert next_up(katas, {kata.id: Standing(kata.id, Status.SOLVED) for kata in katas}) is None
    assert next_up([], {}) is None


def test_a_streak_is_counted_in_days_of_the_zone() -> None:
    times = [at(f"2026-03-0{n} 23:30") for n in (1, 2, 3)]  # each is already the next morning in Shanghai
    assert practice_of(times, UTC, at("2026-03-03 23:50")).streak == 3
    assert practice_of(times, SHANGHAI, at("2026-03-03 23:50")).today == date(2026, 3, 4)
    assert practice_of(times, SHANGHAI, at("2026-03-03 23:50")).streak == 3
    late, early = at("2026-03-01 23:59", SHANGHAI), at("2026-03-02 00:01", SHANGHAI)
    assert practice_of([late, early], SHANGHAI, early).streak == 2
    assert practice_of([late, early], UTC, early).streak == 1


def test_an_empty_today_does_not_end_a_streak_and_an_empty_yesterday_does() -> None:
    times = [at("2026-03-01 10:00"), at("2026-03-02 10:00")]
    today = practice_of(times, UTC, at("2026-03-03 23:59"))
    assert (today.streak, today.done_today) == (2, False)
    assert practice_of(times, UTC, at("2026-03-04 00:00")).streak == 0
    assert practice_of(times, UTC, at("2026-03-02 11:00")).done_today
    assert practice_of([], UTC, NOON).streak == practice_of([], UTC, NOON).longest == 0


@pytest.mark.parametrize(("first", "count"), [("2026-03-27", 5), ("2026-10-23", 5)])
def test_a_change_of_clocks_neither_breaks_nor_lengthens_a_streak(first: str, count: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = date.fromisoformat(first)
    for clock in ("00:10", "23:50"):
        times = [at(f"{start.replace(day=start.day + n)} {clock}", berlin) for n in range(count)]
        found = practice_of(times, berlin, times[-1])
        assert (found.streak, found.longest, len(found.counts)) == (count, count, count)


def test_the_longest_streak_is_remembered() -> None:
    times = [NOON - n * DAY for n in (0, 1, 5, 6, 7, 8, 20)]
    found = practice_of(times, UTC, NOON)
    assert (found.streak, found.longest) == (2, 4)


def test_the_calendar_has_whole_weeks_and_ends_with_today() -> None:
    found = practice_of([NOON, NOON, NOON - 40 * DAY, *[NOON - DAY] * 7], UTC, NOON)  # a Sunday
    weeks = found.calendar()
    assert len(weeks) == WEEKS
    assert all(len(week) == 7 and week[0].date.weekday() == 0 for week in weeks)
    days = {one.date: one for week in weeks for one in week}
    assert max(days) == date(2026, 3, 1)
    assert (days[date(2026, 3, 1)].count, days[date(2026, 3, 1)].busy) == (2, 1)
    assert days[date(2026, 2, 28)].busy == 3
    assert days[date(2026, 2, 27)].busy == 0
    monday = practice_of([], UTC, NOON + DAY).calendar()[-1]
    assert [one.ahead for one in monday] == [False] + [True] * 6


def test_practice_counts_grades_quizzes_and_reviews(web: Web) -> None:
    graded(web.db, NOON)
    graded(web.db, NOON, kind=Kind.RUN)
    answered(web.db, web.site.bank.kata("mha_what"), NOON)
    did(web.db, Did.REVIEW, NOON, rating="good")
    did(web.db, Did.REVIEW, NOON, undoes="x")
    did(web.db, Did.HINT, NOON, n=1)
    with web.db.reading() as session:
        assert practice(session, LOCAL_PERSON, UTC, NOON).counts == {date(2026, 3, 1): 3}
        assert set(standings(session, LOCAL_PERSON)) == {"masked_softmax", "mha_what"}


def test_an_answer_that_was_taken_back_is_no_practice(web: Web) -> None:
    graded(web.db, NOON - DAY)
    review.refresh(web.db, LOCAL_PERSON, Wishes(), UTC, NOON)
    review.answer(web.db, LOCAL_PERSON, "masked_softmax", "good", 1, Wishes(), UTC, NOON, "slip")
    with web.db.reading() as session:
        before = practice(session, LOCAL_PERSON, UTC, NOON)
    review.undo(web.db, LOCAL_PERSON, "slip", Wishes(), UTC, NOON + 5)
    with web.db.reading() as session:
        after = practice(session, LOCAL_PERSON, UTC, NOON)
    assert (before.done_today, before.streak) == (True, 2)
    assert (after.done_today, after.streak) == (False, 1)
