"""What somebody did, taken out as a file and brought in again."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import func, select

from app import backup, drafts, progress, review, saved
from app.drafts import Step
from app.events import Did
from app.models import Card, DraftEvent, Event, Kind, Preference, State, Submission
from app.people import LOCAL_PERSON as ME
from app.people import Person
from app.preferences import change
from app.review import Wishes
from graders.verdict import Environment, Isolation, Report, Trial, TrialStatus, Verdict
from tests.app.history import DAY, UTC, answered, at, did, graded
from tests.app.webs import Web

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
