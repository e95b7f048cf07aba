"""The quiz of a concept kata: the questions, an answer sheet, and what became of it."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from app import catalogue, events, forms, progress, quizzes, review
from app.db import DatabaseTrouble
from app.forms import Form
from app.localtime import day, zone_of
from app.models import Card, Event
from app.quizzes import Blank, EmptySheet, Mark
from app.refusals import NotFound
from app.rendering import html, inline
from app.site import Site, SiteDep
from katas.bank import Kata
from katas.quiz import Quiz, read_quiz, written

router = APIRouter(include_in_schema=False)
FIELD = "q."
Sheet = Annotated[int, Query(ge=1, le=2**63 - 1)]  # the id of an event, as the database can hold it
_html = lru_cache(maxsize=1024)(html)  # of questions and explanations, which are few and asked for often


@router.get("/katas/{kata_id}/quiz")
def show(kata_id: str, request: Request, site: SiteDep, sheet: Sheet | None = None) -> Response:
    """An empty sheet, or with `sheet` one that was handed in, judged."""
    kata, quiz = _quiz(site, kata_id)
    if sheet is None:
        return _empty(site, request, kata)
    with site.db.reading() as session:
        event = session.get(Event, sheet)
        person = site.person(request)
        if event is None or event.holder != person.holder or event.kata != kata.id or event.kind != events.Did.QUIZ:
            raise NotFound(what="sheet")
        card = session.get(Card, (person.holder, kata.id))
    zone = zone_of(site.reader(request).prefs, request.cookies)
    return site.page(
        request,
        "quiz_page.html",
        **_words(site, request, kata),
        event=event,
        result=quizzes.reread(quiz, kata, event),
        due=day(card.due, zone) if card is not None else None,
        today=day(time.time(), zone),
        Mark=Mark,
    )


@router.post("/katas/{kata_id}/quiz")
async def hand_in(kata_id: str, request: Request, site: SiteDep) -> Response:
    """Judges a sheet and remembers it; sent twice, it is one."""
    form = await forms.read(request)
    return await run_in_threadpool(_hand_in, kata_id, request, site, form)


def _hand_in(kata_id: str, request: Request, site: Site, form: Form) -> Response:
    kata, quiz = _quiz(site, kata_id)
    if form.text("quiz") != quizzes.digest(kata):
        return _empty(site, request, kata, status=409, trouble="changed")
    sheet = sheet_of(form, quiz)
    prefs, key = site.reader(request).prefs, form.text("form_key") or events.new_key()
    try:
        event = quizzes.submit(
            site.db,
            site.person(request),
            kata,
            quiz,
            sheet,
            review.wishes_of(prefs),
            zone_of(prefs, request.cookies),
            time.time(),
            key,
        )
    except EmptySheet:
        return _empty(site, request, kata, status=422, trouble="empty")
    except DatabaseTrouble:  # the answers are an hour's work: they come back as they were, ready to be sent again
        return _again(site, request, kata, quizzes.blank(kata, "unkept", key=key, given=sheet), 503)
    return RedirectResponse(f"/katas/{kata.id}/quiz?sheet={event.id}", 303)


def sheet_of(form: Form, quiz: Quiz) -> dict[str, list[str]]:
    """Question -> what was ticked or typed. A box to tick has a field of its own: `q.ID.PLACE`."""
    sheet: dict[str, list[str]] = {}
    for question in quiz.questions:
        if question.kind == "multiple":
            places = [str(n) for n in range(len(question.choices))]
            sheet[question.id] = [n for n in places if form.raw(f"{FIELD}{question.id}.{n}")]
        else:
            sheet[question.id] = [form.text(FIELD + question.id)]
    return sheet


def _quiz(site: Site, kata_id: str) -> tuple[Kata, Quiz]:
    kata = site.bank.kata(kata_id)
    if kata.kind != "concept":
        raise NotFound(what="quiz")
    return kata, read_quiz(kata)


def _empty(site: Site, request: Request, kata: Kata, status: int = 200, trouble: str = "") -> Response:
    return _again(site, request, kata, quizzes.blank(kata, trouble), status)


def _again(site: Site, request: Request, kata: Kata, sheet: Blank, status: int) -> Response:
    words = _words(site, request, kata)
    return site.page(request, "quiz_page.html", status, **words, event=None, sheet=sheet)


def _words(site: Site, request: Request, kata: Kata) -> dict[str, Any]:
    with site.db.reading() as session:
        standing = progress.standing(session, site.person(request), kata.id)
    return {
        "kata": kata,
        "track": catalogue.track_name(kata.track),
        "standing": standing,
        "html": _html,
        "inline": inline,
        "written": written,
        "follow_ups": site.bank.known(kata.follow_ups),
    }
