"""A kata's page, its hints and its answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app import catalogue, drafts, events, forms, progress, quizzes, submissions
from app.events import Did
from app.i18n import marked
from app.progress import Standing
from app.rendering import inline
from app.site import Site, SiteDep
from katas.bank import Kata

router = APIRouter(include_in_schema=False)

HINTS = 3


@dataclass(frozen=True)
class Tab:
    """One part of a kata's text."""

    name: str  # in the address
    title: str  # msgid
    section: str  # in Kata.page
    behind: bool = False  # is read only after giving up or solving


TABS = (
    Tab("question", marked("Question"), "Question"),
    Tab("task", marked("Task"), "Task"),
    Tab("hints", marked("Hints"), "Hints"),
    Tab("answer", marked("Answer"), "Answer", behind=True),
    Tab("analysis", marked("Analysis"), "Analysis", behind=True),
    Tab("pitfalls", marked("Pitfalls"), "Pitfalls", behind=True),
    Tab("followups", marked("Follow-ups"), "Follow-ups", behind=True),
)


@router.get("/katas/{kata_id}")
def show(kata_id: str, request: Request, site: SiteDep, tab: str = "question") -> Response:
    """The page of one kata."""
    return site.page(request, "kata.html", **_context(site, request, site.bank.kata(kata_id), tab))


@router.post("/katas/{kata_id}/hints")
def open_hint(kata_id: str, request: Request, site: SiteDep, n: int = HINTS) -> Response:
    """Opens the next hint, up to the one that was asked for: two clicks on a button open no second one."""
    kata, person = site.bank.kata(kata_id), site.person(request)
    with site.db.writing() as session:
        opened = progress.standing(session, person, kata.id).hints
        if opened < min(n, HINTS):
            opened += 1
            events.record(session, person, Did.HINT, time.time(), kata=kata.id, payload={"n": opened})
    return RedirectResponse(f"/katas/{kata.id}?tab=hints#hint-{min(HINTS, max(1, opened))}", 303)


@router.post("/katas/{kata_id}/answer")
def give_up(kata_id: str, request: Request, site: SiteDep) -> Response:
    """Opens the answer for somebody who has not solved the kata. Solving it later undoes that."""
    kata, person = site.bank.kata(kata_id), site.person(request)
    with site.db.writing() as session:
        if not progress.standing(session, person, kata.id).answer_readable:
            events.record(session, person, Did.ANSWER, time.time(), kata=kata.id)
    return RedirectResponse(f"/katas/{kata.id}?tab=answer", 303)


def _context(site: Site, request: Request, kata: Kata, tab: str) -> dict[str, Any]:
    reader = site.reader(request)
    person = reader.person
    with site.db.reading() as session:
        standing = progress.standing(session, person, kata.id)
    page = site.renderer.page(kata, reader.lang)
    tabs = [one for one in TABS if kata.kind == "code" or one.name != "task" or page.sections.get("Task")]
    opened = next((one for one in tabs if one.name == tab), tabs[0])
    shows_source = opened.name == "answer" and standing.answer_readable
    context: dict[str, Any] = {
        "kata": kata,
        "page": page,
        "source": site.renderer.source(kata) if shows_source else None,
        "tabs": tabs,
        "tab": opened,
        "standing": standing,
        "hints": page.hints[: min(HINTS, standing.hints)],
        "hint_count": len(page.hints),
        "track": catalogue.track_name(kata.track),
        "statuses": catalogue.STATUSES,
        "prerequisites": site.bank.known(kata.prerequisites),
        "follow_ups": site.bank.known(kata.follow_ups),
        "questions": [(name, topic) for name, topic in _questions(site, kata)],
        "code": "",
        "snippet": "",
    }
    if kata.kind == "concept":
        return context | {"sheet": quizzes.blank(kata), "inline": inline}
    return context | _code(site, request, kata, page.names, standing)


def _code(site: Site, request: Request, kata: Kata, names: tuple[str, ...], standing: Standing) -> dict[str, Any]:
    """What the editor's side of the page needs."""
    reader = site.reader(request)
    head = drafts.head(site.db, reader.person, kata.id, kata.starter)
    return {
        "code": head.text,
        "snippet": submissions.last_snippet(site.db, reader.person, kata.id) or kata.snippet,
        "form_key": forms.new_key(kata),
        "last": submissions.latest(site.db, reader.person, kata.id),
        "config": {
            "kata": kata.id,
            "starter": kata.starter,
            "draft": {"version": head.version, "at": head.at},
            "last_passed": submissions.last_passed(site.db, reader.person, kata.id),
            "names": list(names),
            "forbidden": list(kata.forbidden),
            "prefs": {name: reader.prefs[name] for name in ("vim", "font_size", "panes") if name in reader.prefs},
            "solved": standing.solved_at is not None,
        },
    }


def _questions(site: Site, kata: Kata) -> list[tuple[str, dict[str, str]]]:
    """The document questions that the kata answers, with their topics."""
    documents = site.bank.documents() if kata.answers else {}
    return [(name, documents[name]["topic"]) for name in kata.answers if name in documents]
