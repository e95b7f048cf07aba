"""Cards are replayed from what happened; an answer is never lost."""

from __future__ import annotations

import threading
from datetime import UTC as utc
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import fsrs
import pytest

from app import review
from app.events import Did, happened
from app.models import Card
from app.people import LOCAL_PERSON as ME
from app.refusals import NotFound
from app.review import BadRating, Moment, Queue, Wishes, code_moments, quiz_moments, replay, wishes_of
from tests.app.history import DAY, SHANGHAI, UTC, answered, at, did, graded
from tests.app.webs import Web

NOON = at("2026-03-01 12:00")
KATA, CONCEPT = "masked_softmax", "mha_what"
HOUR = 3600.0
Again, Hard, Good, Easy = fsrs.Rating.Again, fsrs.Rating.Hard, fsrs.Rating.Good, fsrs.Rating.Easy


def card(web: Web, kata: str = KATA) -> Card | None:
    with web.db.reading() as session:
        return session.get(Card, (ME.holder, kata))


def refresh(web: Web, now: float, wishes: Wishes | None = None, zone: ZoneInfo = UTC) -> None:
    review.refresh(web.db, ME, wishes or Wishes(), zone, now)


def queue(web: Web, now: float, wishes: Wishes | None = None, zone: ZoneInfo = UTC) -> Queue:
    refresh(web, now, wishes, zone)
    with web.db.reading() as session:
        return review.queue(session, ME, wishes or Wishes(), zone, now, set(web.site.bank.ids()))


def answer(
    web: Web, rating: str, version: int, now: float, key: str | None = None, kata: str = KATA
) -> review.Answered:
    return review.answer(web.db, ME, kata, rating, version, Wishes(), UTC, now, key)


# -- from what happened to ratings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grades", "helped", "expected"),
    [
        ([(0, True)], [], [Good]),
        ([(0, False), (1, True)], [], [Good]),
        ([(0, False), (1, False), (2, False), (3, True)], [], [Hard]),
        ([(0, True)], [(-1, "hint")], [Hard]),
        ([(0, True)], [(-1, "hint"), (-1, "answer")], [Again]),
        ([(0, True)], [(1, "answer")], [Good]),  # opened after solving
        ([(0, False)], [], []),  # never solved: no card
        ([(0, True), (1, True), (2, False)], [], [Good]),  # one sitting
        ([(0, True), (100, True)], [], [Good, Good]),
        ([(0, True), (100, False), (101, True)], [], [Good, Hard]),
        ([(0, True), (100, False), (101, False)], [], [Good, Again]),
        ([(0, False), (100, True)], [], [Good]),
    ],
)
def test_grades_become_ratings(
    grades: list[tuple[float, bool]], helped: list[tuple[float, str]], expected: list[fsrs.Rating]
) -> None:
    hours = [(NOON + when * HOUR, passed) for when, passed in grades]
    moments = code_moments(hours, [(NOON + when * HOUR, kind) for when, kind in helped], NOON + 1000 * HOUR)
    assert [moment.rating for moment in moments] == expected


def test_failures_count_only_when_the_sitting_is_over() -> None:
    grades = [(NOON, True), (NOON + 100 * HOUR, False)]
    assert len(code_moments(grades, [], NOON + 101 * HOUR)) == 1
    assert len(code_moments(grades, [], NOON + 107 * HOUR)) == 2


def test_the_first_sheet_of_a_sitting_counts() -> None:
    sheets = [(NOON, 0.5), (NOON + HOUR, 1.0), (NOON + 50 * HOUR, 0.8), (NOON + 200 * HOUR, 1.0)]
    assert [moment.rating for moment in quiz_moments(sheets)] == [Again, Hard, Good]


# -- replay ----------------------------------------------------------------------------------------------------------


def test_a_replay_does_not_depend_on_chance_or_on_the_order_of_reading() -> None:
    moments = [Moment(NOON + n * 5 * DAY, rating) for n, rating in enumerate((Good, Hard, Again, Good, Easy))]
    assert replay([], 0.9) is None
    first, again = replay(moments, 0.9), replay(reversed(moments), 0.9)
    assert first is not None
    assert again is not None
    assert first.to_dict() == again.to_dict()


def test_of_a_very_long_history_the_newest_counts() -> None:
    """So that an answer to such a card holds the database no longer than to any other."""
    many = [Moment(NOON + n * DAY, Good if n % 3 else Again) for n in range(review.MOST_MOMENTS)]
    before_all_dates = Moment(-1e15, Good)  # who looks at it fails
    assert replay([before_all_dates, *many], 0.9) == replay(many, 0.9)


def test_intervals_are_whole_days_and_grow_with_the_rating() -> None:
    days = []
    for rating in (Again, Hard, Good, Easy):
        made = replay([Moment(NOON, rating)], 0.9)
        assert made is not None
        days.append((made.due - datetime.fromtimestamp(NOON, utc)).total_seconds() / DAY)
    assert days == sorted(days)
    assert days[0] >= 1
    assert all(day == int(day) for day in days)


def test_a_higher_retention_means_shorter_intervals() -> None:
    moments = [Moment(NOON, Good), Moment(NOON + 3 * DAY, Good), Moment(NOON + 15 * DAY, Good)]
    short, long = replay(moments, 0.95), replay(moments, 0.8)
    assert short is not None
    assert long is not None
    assert short.due < long.due


def test_failing_at_what_was_not_due_says_nothing() -> None:
    moments = [Moment(NOON, Good), Moment(NOON + HOUR, Again, only_when_due=True)]
    assert (made := replay(moments, 0.9)) is not None
    assert (alone := replay(moments[:1], 0.9)) is not None
    assert made.due == alone.due
    assert replay([Moment(NOON, Again, only_when_due=True)], 0.9) is None


# -- cards -----------------------------------------------------------------------------------------------------------


def test_a_solved_kata_becomes_a_card_without_the_worker_knowing(web: Web) -> None:
    graded(web.db, NOON, passed=False)
    refresh(web, NOON + 60)
    assert card(web) is None
    graded(web.db, NOON + 120)
    refresh(web, NOON + 180)
    made = card(web)
    assert made is not None
    assert made.due > NOON
    refresh(web, NOON + 240)
    again = card(web)
    assert again is not None
    assert (again.due, again.version) == (made.due, made.version)


def test_a_concept_kata_becomes_a_card_with_its_first_quiz(web: Web) -> None:
    answered(web.db, web.site.bank.kata(CONCEPT), NOON, wrong=8)
    made = card(web, CONCEPT)
    assert made is not None
    assert made.due == at("2026-03-02 00:00")
    answered(web.db, web.site.bank.kata(CONCEPT), NOON + 60)
    again = card(web, CONCEPT)
    assert again is not None
    assert (again.due, again.version) == (made.due, made.version + 1)


def test_a_card_is_due_from_the_morning_of_its_day_in_the_learners_zone(web: Web) -> None:
    late = at("2026-03-01 23:00", SHANGHAI)
    answered(web.db, web.site.bank.kata(CONCEPT), late, wrong=8, zone=SHANGHAI)
    made = card(web, CONCEPT)
    assert made is not None
    assert made.due == at("2026-03-02 00:00", SHANGHAI)
    assert queue(web, at("2026-03-01 23:59", SHANGHAI), zone=SHANGHAI).waiting == 0
    assert queue(web, at("2026-03-02 00:00", SHANGHAI), zone=SHANGHAI).waiting == 1


def test_solving_again_moves_the_card(web: Web) -> None:
    graded(web.db, NOON)
    refresh(web, NOON + 1)
    first = card(web)
    graded(web.db, NOON + 3 * DAY)
    refresh(web, NOON + 3 * DAY + 1)
    second = card(web)
    assert first is not None
    assert second is not None
    assert second.due > first.due
    assert second.version > first.version


def test_giving_up_on_what_was_due_brings_it_back_once_the_sitting_is_over(web: Web) -> None:
    graded(web.db, NOON)
    graded(web.db, NOON + 10 * DAY, passed=False)
    refresh(web, NOON + 10 * DAY + 60)
    before = card(web)
    refresh(web, NOON + 10 * DAY + 7 * HOUR)  # nothing new was graded; time alone has passed
    after = card(web)
    assert before is not None
    assert after is not None
    assert before.due < NOON + 10 * DAY < after.due


def test_another_retention_replays_every_card(web: Web) -> None:
    graded(web.db, NOON)
    answer_card = queue(web, NOON + 3 * DAY).entries
    assert [entry.kata for entry in answer_card] == [KATA]
    answer(web, "good", answer_card[0].version, NOON + 3 * DAY)
    usual = card(web)
    refresh(web, NOON + 4 * DAY, Wishes(retention=0.97))
    strict = card(web)
    assert usual is not None
    assert strict is not None
    assert strict.due < usual.due


def test_wishes_are_bounded_whatever_the_preferences_hold() -> None:
    assert wishes_of({}) == Wishes()
    assert wishes_of({"retention": 2, "reviews_a_day": 0}) == Wishes(review.MOST_RETENTION, 1)
    assert wishes_of({"retention": "x", "reviews_a_day": None}) == Wishes()
    assert wishes_of({"easy_sat": True, "easy_sun": True, "easy_mon": False, "easy_tue": "on"}).easy == (5, 6)
    assert wishes_of(dict.fromkeys(review.EASY_DAYS, True)).easy == ()  # then nothing would ever come up


# -- easy days -------------------------------------------------------------------------------------------------------

SATURDAY = date(2026, 3, 7)
WEEKEND = (5, 6)


@pytest.mark.parametrize("easy", [(), (2,), WEEKEND, (0, 3, 6), (0, 1, 2, 3, 4, 5), tuple(range(7))])
def test_a_card_moves_off_an_easy_day_to_the_nearest_other_one(easy: tuple[int, ...]) -> None:
    for n in range(14):
        due = SATURDAY + timedelta(days=n)
        days = {review.spared(due, f"kata_{k}", easy, SATURDAY - timedelta(days=14)) for k in range(40)}
        if due.weekday() not in easy or len(easy) == 7:
            assert days == {due}
        else:
            free = [due + timedelta(days=k) for k in range(-7, 8) if (due + timedelta(days=k)).weekday() not in easy]
            assert days == {max(one for one in free if one < due), min(one for one in free if one > due)}


def test_the_cards_of_an_easy_day_are_shared_out_the_same_way_every_time() -> None:
    katas = [f"kata_{n}" for n in range(200)]
    moved = [review.spared(SATURDAY, kata, WEEKEND, SATURDAY - timedelta(days=7)) for kata in katas]
    assert moved == [review.spared(SATURDAY, kata, WEEKEND, SATURDAY - timedelta(days=7)) for kata in katas]
    assert 80 <= moved.count(date(2026, 3, 6)) <= 120
    assert moved.count(date(2026, 3, 6)) + moved.count(date(2026, 3, 9)) == 200


@pytest.mark.parametrize("earliest", [date(2026, 3, 7), date(2026, 3, 8), date(2026, 3, 20)])
def test_a_card_never_moves_to_a_day_that_is_over(earliest: date) -> None:
    """A card of a day that is over stays overdue."""
    assert {review.spared(SATURDAY, f"kata_{n}", WEEKEND, earliest) for n in range(40)} == {date(2026, 3, 9)}


def test_no_card_is_lost_to_an_easy_day_and_the_forecast_knows(web: Web) -> None:
    katas = web.site.bank.ids()[:12]
    for n, kata in enumerate(katas):
        graded(web.db, NOON + n * 600, kata=kata)
    refresh(web, NOON + HOUR * 3)
    usual = forecast(web, NOON + HOUR * 3)
    (due,) = [when for when, count in usual if count]
    wishes = Wishes(easy=(due.weekday(),))
    refresh(web, NOON + HOUR * 3, wishes)
    days = dict(forecast(web, NOON + HOUR * 3))
    around = days[due - timedelta(days=1)], days[due], days[due + timedelta(days=1)]
    assert sum(days.values()) == sum(around) == 12
    assert around[1] == 0
    assert min(around[0], around[2]) >= 1
    assert queue(web, at(f"{due - timedelta(days=1)} 12:00"), wishes).waiting == around[0]
    assert queue(web, at(f"{due} 12:00"), wishes).waiting == around[0]
    assert queue(web, at(f"{due + timedelta(days=1)} 12:00"), wishes).waiting == 12
    refresh(web, NOON + HOUR * 3)
    assert forecast(web, NOON + HOUR * 3) == usual  # without easy days all is as it was


def test_the_day_that_a_rating_promises_is_the_day_on_which_the_card_comes_up(web: Web) -> None:
    graded(web.db, NOON)
    now, today = NOON + 20 * DAY, date(2026, 3, 21)  # overdue, which it stays
    for easy in ((), (0, 2, 4), (1, 3, 5), WEEKEND, (0, 1, 2, 3, 4)):
        wishes = Wishes(easy=easy)
        (entry,) = queue(web, now, wishes).entries
        for rating, days in entry.after.items():
            key = f"{easy} {rating}"
            moved = review.answer(web.db, ME, KATA, rating, entry.version, wishes, UTC, now, key)
            when = datetime.fromtimestamp(moved.due, utc).date()
            assert (when - today).days == days
            assert when > today  # not on the day of the answer
            assert when.weekday() not in easy
            review.undo(web.db, ME, key, wishes, UTC, now)


def forecast(web: Web, now: float) -> list[tuple[date, int]]:
    with web.db.reading() as session:
        return review.forecast(session, ME, UTC, now, set(web.site.bank.ids()))


# -- the queue -------------------------------------------------------------------------------------------------------


def test_the_queue_has_the_most_forgotten_first_and_no_more_than_the_day_allows(web: Web) -> None:
    for n, kata in enumerate(("layer_norm", "masked_softmax", "cross_entropy")):
        graded(web.db, NOON + n * DAY, kata=kata)
    now = NOON + 30 * DAY
    full = queue(web, now)
    assert [entry.kata for entry in full.entries] == ["layer_norm", "masked_softmax", "cross_entropy"]
    assert all(0 < entry.retrievability < 1 for entry in full.entries)
    assert [full.entries[0].after[name] for name in review.RATINGS] == sorted(full.entries[0].after.values())
    limited = queue(web, now, Wishes(a_day=2))
    assert (len(limited.entries), limited.waiting) == (2, 3)
    answer(web, "good", full.entries[0].version, now, kata="layer_norm")
    limited = queue(web, now + 60, Wishes(a_day=2))
    assert ([entry.kata for entry in limited.entries], limited.waiting, limited.done_today) == (
        ["masked_softmax"],
        2,
        1,
    )
    assert queue(web, now + DAY, Wishes(a_day=2)).done_today == 0


def test_a_kata_that_was_taken_out_of_the_bank_is_not_asked(web: Web) -> None:
    graded(web.db, NOON, kata="gone")
    assert queue(web, NOON + 30 * DAY).cards == 0


def test_the_forecast_has_thirty_days_and_puts_what_is_overdue_into_today(web: Web) -> None:
    graded(web.db, NOON - 60 * DAY)
    answered(web.db, web.site.bank.kata(CONCEPT), NOON, wrong=8)
    refresh(web, NOON)
    with web.db.reading() as session:
        days = review.forecast(session, ME, UTC, NOON, set(web.site.bank.ids()))
    assert len(days) == 30
    assert days[0] == (date(2026, 3, 1), 1)
    assert days[1] == (date(2026, 3, 2), 1)
    assert sum(count for _, count in days) == 2


# -- answers ---------------------------------------------------------------------------------------------------------


def test_an_answer_moves_the_card_once_however_often_the_form_is_sent(web: Web) -> None:
    graded(web.db, NOON)
    entry = queue(web, NOON + 5 * DAY).entries[0]
    first = answer(web, "good", entry.version, NOON + 5 * DAY, "key")
    second = answer(web, "good", entry.version, NOON + 5 * DAY + 1, "key")
    assert (first.stale, first.repeated) == (False, False)
    assert (second.repeated, second.rating, second.due, second.version) == (True, "good", first.due, first.version)


def test_answers_of_two_tabs_both_count(web: Web) -> None:
    graded(web.db, NOON)
    entry = queue(web, NOON + 5 * DAY).entries[0]
    first = answer(web, "easy", entry.version, NOON + 5 * DAY, "tab 1")
    second = answer(web, "again", entry.version, NOON + 5 * DAY + 60, "tab 2")
    assert (first.stale, second.stale) == (False, True)
    assert second.version == first.version + 1
    assert second.due < first.due
    with web.db.reading() as session:
        said = [event.payload["rating"] for event in happened(session, ME, (Did.REVIEW,))]
    assert said == ["easy", "again"]


def test_no_answer_is_lost_when_many_come_at_the_same_time(web: Web) -> None:
    graded(web.db, NOON)
    entry = queue(web, NOON + 5 * DAY).entries[0]
    keys = [f"tab {n}" for n in range(12)]
    threads = [
        threading.Thread(target=answer, args=(web, "good", entry.version, NOON + 5 * DAY + n, key))
        for n, key in enumerate(keys)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with web.db.reading() as session:
        events = happened(session, ME, (Did.REVIEW,))
    assert sorted(event.form_key or "" for event in events) == sorted(keys)
    assert sum(not event.payload["stale"] for event in events) == 1
    made = card(web)
    assert made is not None
    assert made.version == entry.version + 12


def test_taking_an_answer_back_leaves_the_card_as_if_it_had_never_been_given(web: Web) -> None:
    graded(web.db, NOON)
    entry = queue(web, NOON + 5 * DAY).entries[0]
    before = card(web)
    answer(web, "again", entry.version, NOON + 5 * DAY, "slip")
    for _ in range(2):  # a double click
        assert review.undo(web.db, ME, "slip", Wishes(), UTC, NOON + 5 * DAY + 10) == KATA
    after = card(web)
    assert before is not None
    assert after is not None
    assert after.due == before.due
    assert after.version == entry.version + 2  # the answer and its undoing: old pages stay recognisable
    assert {**after.state, "x": 0}.items() >= {k: before.state[k] for k in ("stability", "difficulty", "due")}.items()
    with web.db.reading() as session:
        assert review.last_answer(session, ME) is None
        assert review.reviews_on(session, ME, UTC, NOON + 5 * DAY + 10) == 0
    redone = answer(web, "good", after.version, NOON + 5 * DAY + 20, "right")
    assert not redone.stale
    with web.db.reading() as session:
        assert (last := review.last_answer(session, ME)) is not None
        assert last.form_key == "right"


def test_an_answer_needs_a_card_and_a_rating(web: Web) -> None:
    with pytest.raises(NotFound):
        answer(web, "good", 0, NOON)
    graded(web.db, NOON)
    refresh(web, NOON)
    with pytest.raises(BadRating):
        answer(web, "perfect", 1, NOON)
    with pytest.raises(NotFound):
        review.undo(web.db, ME, "nothing", Wishes(), UTC, NOON)


def test_the_same_key_with_another_rating_or_card_is_another_answer(web: Web) -> None:
    graded(web.db, NOON)
    graded(web.db, NOON, kata="layer_norm")
    refresh(web, NOON)
    first = answer(web, "good", 1, NOON, "key")
    corrected = answer(web, "again", 2, NOON + 1, "key")
    other = answer(web, "good", 1, NOON + 2, "key", kata="layer_norm")
    assert [one.repeated for one in (first, corrected, other)] == [False] * 3
    assert (corrected.rating, other.kata) == ("again", "layer_norm")
    assert len({one.form_key for one in (first, corrected, other)}) == 3
    assert answer(web, "again", 3, NOON + 3, "key").form_key == corrected.form_key


def test_cards_can_be_forgotten_and_replayed(web: Web) -> None:
    graded(web.db, NOON)
    refresh(web, NOON)
    answer(web, "easy", 1, NOON + 3 * DAY)
    before = card(web)
    with web.db.writing() as session:
        review.forget_all(session, ME)
    refresh(web, NOON + 4 * DAY)
    after = card(web)
    assert before is not None
    assert after is not None
    assert (after.due, after.version) == (before.due, before.version)


def test_hints_and_an_opened_answer_make_the_first_interval_shorter(web: Web) -> None:
    did(web.db, Did.ANSWER, NOON - 60)
    graded(web.db, NOON)
    graded(web.db, NOON, kata="layer_norm")
    refresh(web, NOON + 1)
    helped, alone = card(web), card(web, "layer_norm")
    assert helped is not None
    assert alone is not None
    assert helped.due < alone.due
