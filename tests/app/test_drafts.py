"""Drafts: every keystroke is kept, whoever types where, and a step of another text is found at once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app import drafts
from app.db import Database
from app.drafts import Conflict, Head, Misfit, Step, append, apply, digest_of, head, normal, text_at, versions
from app.models import DraftEvent
from app.people import LOCAL_PERSON, Person
from app.refusals import BadStep, NotFound, NotText, TooLarge

KATA = "masked_softmax"
STARTER = "def f(x):\n    raise NotImplementedError\n"


def write(db: Database, base: int, *steps: Step, device: str = "tab", starter: str = STARTER) -> Head | Conflict:
    return append(db, LOCAL_PERSON, KATA, starter, base, device, steps)


def whole(text: str, kind: str = "edit") -> Step:
    return Step(kind, digest_of(normal(text)), text=text)


def insert(text: str, at: int, what: str) -> tuple[str, Step]:
    """The text with `what` at a unit, and the step that puts it there."""
    units = text.encode("utf-16-le")
    after = (units[: 2 * at] + what.encode("utf-16-le") + units[2 * at :]).decode("utf-16-le")
    rest = len(units) // 2 - at
    changes = [*([at] if at else []), [0, *what.split("\n")], *([rest] if rest else [])]
    return after, Step("edit", digest_of(after), changes=changes)


def stored(answer: Head | Conflict) -> Head:
    assert isinstance(answer, Head), answer
    return answer


def test_before_the_first_keystroke_the_draft_is_the_starter(db: Database) -> None:
    assert head(db, LOCAL_PERSON, KATA, "a\r\nb") == Head(0, "a\nb")
    assert versions(db, LOCAL_PERSON, KATA) == []


def test_each_step_is_a_version_that_can_be_read_again(db: Database) -> None:
    texts, text, steps = [], STARTER, []
    for number in range(5):
        text, step = insert(text, number, "x")
        texts.append(text)
        steps.append(step)
    assert stored(write(db, 0, *steps)).version == 5
    assert [text_at(db, LOCAL_PERSON, KATA, number) for number in range(1, 6)] == texts
    now = head(db, LOCAL_PERSON, KATA, STARTER)
    assert (now.version, now.text, now.device) == (5, text, "tab")
    assert [line.version for line in versions(db, LOCAL_PERSON, KATA)] == [5, 4, 3, 2, 1]


def test_versions_that_are_not_there_are_not_found(db: Database) -> None:
    write(db, 0, whole("x"))
    for version in (0, 2, -1):
        with pytest.raises(NotFound):
            text_at(db, LOCAL_PERSON, KATA, version)


def test_drafts_of_katas_and_people_are_apart(db: Database) -> None:
    write(db, 0, whole("mine"))
    assert head(db, LOCAL_PERSON, "another", STARTER).version == 0
    assert head(db, Person("other"), KATA, STARTER).version == 0


def test_the_whole_text_is_kept_every_so_often_and_steps_in_between(db: Database) -> None:
    text, base = STARTER, 0
    for _ in range(3 * drafts.WHOLE_EVERY):
        text, step = insert(text, 0, "y")
        base = stored(write(db, base, step)).version
    assert head(db, LOCAL_PERSON, KATA, "another starter").text == text
    with db.reading() as session:
        kept = session.execute(select(DraftEvent.version).where(DraftEvent.text.is_not(None)))
        assert [row[0] for row in kept] == [1, 51, 101]


def test_a_starter_that_changes_later_does_not_change_what_was_typed(db: Database) -> None:
    text, step = insert(STARTER, 0, "# mine\n")
    write(db, 0, step)
    assert head(db, LOCAL_PERSON, KATA, "new starter").text == text


def test_who_builds_on_an_old_version_is_told_the_text_now_and_loses_nothing(db: Database) -> None:
    write(db, 0, whole("theirs"), device="other")
    answer = write(db, 0, whole("mine"))
    assert isinstance(answer, Conflict)
    assert (answer.reason, answer.head.version, answer.head.text, answer.head.device) == (
        "version", 1, "theirs", "other",
    )  # fmt: skip
    assert stored(write(db, 1, whole("mine"))).version == 2
    assert [text_at(db, LOCAL_PERSON, KATA, number) for number in (1, 2)] == ["theirs", "mine"]


def test_who_builds_on_a_version_that_is_not_there_yet_is_told_so(db: Database) -> None:
    assert isinstance(write(db, 7, whole("mine")), Conflict)


def test_a_step_of_another_text_is_found_by_its_digest_and_nothing_of_its_batch_is_kept(db: Database) -> None:
    text, first = insert(STARTER, 0, "a")
    _, second = insert("another text of the same length as"[: len(text)].ljust(len(text)), 0, "b")
    answer = write(db, 0, first, second)
    assert isinstance(answer, Conflict)
    assert (answer.reason, answer.head) == ("digest", Head(0, STARTER))
    assert versions(db, LOCAL_PERSON, KATA) == []


def test_a_step_of_a_text_of_another_length_is_a_conflict_too(db: Database) -> None:
    for changes in ([3], [[0, "x"], 1000]):
        answer = write(db, 0, Step("edit", "0" * 64, changes=changes))
        assert isinstance(answer, Conflict)
        assert answer.reason == "digest"


def test_steps_whose_answer_was_lost_are_stored_once_when_they_are_sent_again(db: Database) -> None:
    text, first = insert(STARTER, 0, "a")
    text, second = insert(text, 1, "b")
    before = write(db, 0, first, second)
    again = stored(write(db, 0, first, second))
    assert again == before == Head(2, text, again.at, "tab")
    assert len(versions(db, LOCAL_PERSON, KATA)) == 2


def test_steps_sent_again_after_somebody_else_wrote_are_a_conflict(db: Database) -> None:
    first = whole("mine")
    write(db, 0, first)
    write(db, 1, whole("theirs"), device="other")
    assert isinstance(write(db, 0, first), Conflict)


def test_the_same_steps_of_another_tab_are_not_taken_for_its_own(db: Database) -> None:
    write(db, 0, whole("same"), device="other")
    assert isinstance(write(db, 0, whole("same")), Conflict)


def test_no_steps_change_nothing(db: Database) -> None:
    assert write(db, 0) == Head(0, STARTER)
    assert isinstance(write(db, 1), Conflict)


def test_line_ends_are_made_newlines_with_either_digest(db: Database) -> None:
    crlf = "a\r\nb\rc\n"
    assert stored(write(db, 0, Step("paste", digest_of(crlf), text=crlf))).text == "a\nb\nc\n"
    assert stored(write(db, 1, Step("paste", digest_of("d\ne"), text="d\r\ne"))).text == "d\ne"


@pytest.mark.parametrize(
    "step",
    [
        Step("nonsense", digest_of("x"), text="x"),
        Step("edit", digest_of("x")),
        Step("edit", digest_of("x"), text="x", changes=[]),
        Step("edit", digest_of("x"), changes=[[-1]]),
        Step("edit", digest_of("x"), changes=[True]),
        Step("edit", digest_of("x"), changes=["x"]),
        Step("edit", digest_of("x"), changes=[[0, 1]]),
        Step("edit", digest_of("x"), changes=[[]]),
        Step("edit", digest_of("x"), changes=[0.5]),
        Step("edit", digest_of("x"), changes=[float("inf")]),
        Step("edit", digest_of("x"), changes=[None]),
        Step("edit", digest_of("\r" + STARTER), changes=[[0, "\r"], len(STARTER)]),
    ],
)
def test_a_step_that_is_none_is_refused(step: Step, db: Database) -> None:
    with pytest.raises(BadStep):
        write(db, 0, step)
    assert versions(db, LOCAL_PERSON, KATA) == []


def test_what_is_no_text_or_too_large_or_too_much_is_refused(db: Database) -> None:
    with pytest.raises(NotText):
        write(db, 0, Step("edit", "0" * 64, text="a\n\ud83d"))
    with pytest.raises(NotText):
        write(db, 0, whole("a\0"))
    with pytest.raises(NotText):
        write(db, 0, Step("edit", "0" * 64, changes=[[0, "\ude00"], len(STARTER)]))
    with pytest.raises(TooLarge):
        write(db, 0, whole("注" * ((256 + drafts.SLACK_KIB) * 1024 // 3 + 1)))
    with pytest.raises(BadStep):
        write(db, 0, *[whole("x")] * (drafts.MOST_STEPS + 1))


@pytest.mark.parametrize(
    ("text", "changes", "after"),
    [
        ("abc", [3], "abc"),
        ("", [], ""),
        ("", [[0, "a", "b"]], "a\nb"),
        ("abc", [1, [1], 1], "ac"),
        ("abc", [[3, ""]], ""),
        ("a\nb", [1, [1, "-"], 1], "a-b"),
        ("a😀b", [1, [2], 1], "ab"),
        ("a😀b", [3, [0, "注"], 1], "a😀注b"),
        ("😀", [1, [0, "x"], 1], "\ud83dx\ude00"),
        ("ab", [1, [0, "", ""], 1], "a\nb"),
        ("abc", [1.0, [1.0, "x"], 1], "axc"),
    ],
)
def test_changes_are_read_as_codemirror_writes_them(text: str, changes: object, after: str) -> None:
    assert apply(changes, text) == after


@pytest.mark.parametrize("changes", [[2], [4], [[4]], [3, [1]], []])
def test_changes_of_a_text_of_another_length_do_not_fit(changes: object) -> None:
    with pytest.raises(Misfit):
        apply(changes, "abc")


# Whatever an editor can hold: no carriage returns, no halves of surrogate pairs, no NUL.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=40)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, list[tuple[list[object], str]]]:
    """A text, and ChangeSets with what stands after each."""
    text = start = draw(TEXTS)
    steps = []
    for _ in range(draw(st.integers(0, 8))):
        changes: list[object] = []
        after, left = "", text
        while left:
            size = draw(st.integers(1, len(left)))
            part, left = left[:size], left[size:]
            units = len(part.encode("utf-16-le")) // 2
            if draw(st.booleans()):
                changes.append(units)
                after += part
            else:
                new = draw(TEXTS)
                changes.append([units, *new.split("\n")] if new else [units])
                after += new
        steps.append((changes, after))
        text = after
    return start, steps


@contextmanager
def fresh() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(Path(folder) / "drafts.db")
        yield db
        db.close()


@given(edits())
def test_any_changes_give_the_text_that_the_editor_had(case: tuple[str, list[tuple[list[object], str]]]) -> None:
    text, steps = case
    for changes, after in steps:
        text = apply(changes, text)
        assert text == after


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits(), st.data())
def test_any_typing_cut_into_any_batches_can_be_played_back(
    case: tuple[str, list[tuple[list[object], str]]], data: st.DataObject
) -> None:
    starter, steps = case
    todo = [Step("edit", digest_of(after), changes=list(changes)) for changes, after in steps]
    with fresh() as db:
        base = 0
        while base < len(todo):
            size = data.draw(st.integers(1, len(todo) - base))
            batch = todo[base : base + size]
            for _ in range(data.draw(st.integers(1, 2))):  # sent twice at times
                assert isinstance(write(db, base, *batch, starter=starter), Head)
            base += size
        for number, (_, after) in enumerate(steps, 1):
            assert text_at(db, LOCAL_PERSON, KATA, number) == after


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=False) | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=4),
        max_leaves=8,
    ),
    TEXTS,
)
def test_anything_else_in_place_of_changes_is_refused_and_never_more(changes: object, text: str) -> None:
    try:
        apply(changes, text)
    except (BadStep, Misfit):
        pass


def test_a_draft_may_be_a_little_larger_than_what_the_kata_takes(db: Database) -> None:
    def write_kib(kib: float) -> Head | Conflict:
        text = whole("x" * int(kib * 1024))
        return append(db, LOCAL_PERSON, KATA, STARTER, 0, "tab", [text], source_kib=8)

    with pytest.raises(TooLarge) as caught:
        write_kib(8 + drafts.SLACK_KIB + 1)
    assert caught.value.values == {"limit": str(8 + drafts.SLACK_KIB)}
    assert stored(write_kib(8 + drafts.SLACK_KIB)).version == 1


def test_steps_are_carried_out_while_nobody_waits_and_another_tab_that_is_quicker_wins(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, quick = drafts._made, list[bool]()

    def slowly(now: Head, steps: Sequence[Step], most_kib: float) -> list[tuple[str, str]] | None:
        if not quick:
            quick.append(True)
            stored(write(db, 0, whole("quick"), device="other"))  # it would wait for ever were the database locked
        return make(now, steps, most_kib)

    monkeypatch.setattr(drafts, "_made", slowly)
    slow = write(db, 0, whole("slow"))
    assert isinstance(slow, Conflict)
    assert (slow.reason, slow.head.text, slow.head.device) == ("version", "quick", "other")
    assert len(versions(db, LOCAL_PERSON, KATA)) == 1
