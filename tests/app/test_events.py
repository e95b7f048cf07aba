"""Events are added and never changed."""

from __future__ import annotations

from app.events import Did, bounded, happened, new_key, record
from app.people import LOCAL_PERSON, Person
from tests.app.webs import Web


def test_the_same_form_sent_twice_is_one_event(web: Web) -> None:
    with web.db.writing() as session:
        first, new = record(session, LOCAL_PERSON, Did.HINT, 1.0, kata="a", payload={"n": 1}, form_key="key")
        again, repeated = record(session, LOCAL_PERSON, Did.HINT, 2.0, kata="a", payload={"n": 2}, form_key="key")
        other, _ = record(session, Person("somebody"), Did.HINT, 2.0, kata="a", form_key="key")
    assert (new, repeated) == (True, False)
    assert first.id == again.id != other.id
    assert again.payload == {"n": 1}


def test_a_key_with_another_kata_kind_or_content_is_another_event(web: Web) -> None:
    def said(kind: Did, kata: str, n: int) -> tuple[int, bool]:
        event, new = record(
            session, LOCAL_PERSON, kind, 1.0, kata=kata, payload={"n": n, "at": n}, form_key="key", says=("n",)
        )
        assert (event.kind, event.kata, event.payload["n"]) == (kind, kata, n)
        return event.id, new

    told = [(Did.QUIZ, "a", 1), (Did.QUIZ, "a", 2), (Did.QUIZ, "b", 1), (Did.REVIEW, "a", 1)]
    with web.db.writing() as session:
        first = [said(*one) for one in told]
        again = [said(*one) for one in told]
    assert [new for _, new in first] == [True] * 4
    assert again == [(number, False) for number, _ in first]
    assert len({number for number, _ in first}) == 4


def test_events_come_in_the_order_of_time_and_of_one_person(web: Web) -> None:
    with web.db.writing() as session:
        for when in (3.0, 1.0, 2.0):
            record(session, LOCAL_PERSON, Did.HINT, when, kata="a")
        record(session, LOCAL_PERSON, Did.QUIZ, 0.0, kata="b")
        record(session, Person("somebody"), Did.HINT, 1.5, kata="a")
    with web.db.reading() as session:
        assert [event.at for event in happened(session, LOCAL_PERSON, (Did.HINT,))] == [1.0, 2.0, 3.0]
        assert [event.at for event in happened(session, LOCAL_PERSON, kata="b")] == [0.0]


def test_a_long_key_is_hashed_so_that_two_never_become_one() -> None:
    assert bounded("a" * 64) == "a" * 64
    assert bounded("a" * 65) != bounded("a" * 66)
    assert len(bounded("a" * 1000)) == 64
    assert new_key() != new_key()
