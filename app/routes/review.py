"""The daily queue of what is about to be forgotten."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from app import catalogue, events, forms, review
from app.forms import Form
from app.i18n import marked
from app.localtime import WEEKDAYS, day, moment, zone_of
from app.review import Wishes
from app.site import Site, SiteDep
from katas.bank import Kata, KataError

router = APIRouter(include_in_schema=False)
RATINGS = {  # rating -> msgid
    "again": marked("Forgotten"),
    "hard": marked("Hard"),
    "good": marked("Good"),
    "easy": marked("Easy"),
}
RETENTIONS = (0.8, 0.85, 0.9, 0.95)
LIMITS = (3, 5, 10, 20, 50)


@router.get("/review")
def show(request: Request, site: SiteDep, kata: str = "", more: int = 0) -> Response:
    """What is due today, the first of it opened; what was answered last; the days to come."""
    reader, now = site.reader(request), time.time()
    person, wishes, zone = reader.person, review.wishes_of(reader.prefs), zone_of(reader.prefs, request.cookies)
    sound = {one.id: one for one in site.bank.sound()[0]}
    known = set(sound)
    if review.refresh(site.db, person, wishes, zone, now):
        request.state.reader = None  # its count of due cards is of before
    with site.db.reading() as session:
        queue = review.queue(session, person, _asked(wishes, more), zone, now, known, kata)
        days = review.forecast(session, person, zone, now, known)
        last = review.last_answer(session, person)
    katas = {entry.kata: sound[entry.kata] for entry in queue.entries}
    entry = queue.entries[0] if queue.entries else None
    return site.page(
        request,
        "review.html",
        queue=queue,
        katas=katas,
        entry=entry,
        card=_card(site, katas[entry.kata], reader.lang) if entry is not None else None,
        form_key=events.new_key(),
        ratings=RATINGS,
        last=last if last is not None and last.kata in sound and day(last.at, zone) == day(now, zone) else None,
        last_kata=sound[last.kata].title[reader.lang] if last is not None and last.kata in sound else "",
        last_time=f"{moment(last.at, zone):%H:%M}" if last is not None else "",
        next_due=day(queue.next_due, zone) if queue.next_due is not None else None,
        last_seen={one.kata: day(one.last_review, zone) for one in queue.entries},
        forecast=days,
        most=max(count for _, count in days),
        wishes=wishes,
        retentions=_with(RETENTIONS, wishes.retention),
        limits=_with(LIMITS, wishes.a_day),
        week=list(zip(review.EASY_DAYS, WEEKDAYS, strict=True)),
        track_name=catalogue.track_name,
        more=more,
    )


@router.post("/review/{kata}")
async def answer(kata: str, request: Request, site: SiteDep) -> Response:
    """Records an answer, or takes one back (`undo`)."""
    form = await forms.read(request)
    return await run_in_threadpool(_answer, kata, request, site, form)


def _answer(kata: str, request: Request, site: Site, form: Form) -> Response:
    person, prefs, now = site.person(request), site.reader(request).prefs, time.time()
    wishes, zone = review.wishes_of(prefs), zone_of(prefs, request.cookies)
    if form.raw("undo"):
        undone = review.undo(site.db, person, form.text("undo"), wishes, zone, now)
        return RedirectResponse(f"/review?kata={undone}", 303)
    version = _number(form, "version")
    review.answer(
        site.db,
        person,
        site.bank.kata(kata).id,
        form.text("rating"),
        int(version) if version is not None else -1,
        wishes,
        zone,
        now,
        form.text("form_key") or None,
    )
    return RedirectResponse("/review?more=1" if form.raw("more") else "/review", 303)


def _asked(wishes: Wishes, more: int) -> Wishes:
    """With `more` the day's limit does not count."""
    return replace(wishes, a_day=10**6) if more else wishes


def _card(site: Site, kata: Kata, lang: str) -> dict[str, Any]:
    """What a card shows before and after."""
    page = site.renderer.page(kata, lang)
    try:
        source = site.renderer.source(kata)
    except KataError:  # a bank of one's own may lack it; the text alone can be reviewed, and the kata's page says more
        source = None
    return {"question": page.sections["Question"], "answer": page.sections["Answer"], "source": source}


def _with(choices: tuple[Any, ...], own: Any) -> list[Any]:
    return sorted({*choices, own})


def _number(form: Form, name: str) -> float | None:
    try:
        return float(form.text(name))
    except ValueError:
        return None
