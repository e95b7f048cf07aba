"""What a person has solved; export, import, delete."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from typing import IO

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response, StreamingResponse

from app import backup, catalogue, forms, progress, review, saved
from app.backup import Counts
from app.forms import Form
from app.localtime import WEEKDAYS, day, zone_of
from app.site import Site, SiteDep

router = APIRouter(include_in_schema=False)


@router.get("/progress")
def show(request: Request, site: SiteDep, deleted: bool = False) -> Response:
    """Solved and attempted by track and level, days, streak, best scores, and what to do with all of it."""
    reader, now = site.reader(request), time.time()
    zone = zone_of(reader.prefs, request.cookies)
    katas = catalogue.ordered(site.bank.sound()[0])
    with site.db.reading() as session:
        found = progress.standings(session, reader.person)
        days = progress.practice(session, reader.person, zone, now)
    tracks, levels, whole = progress.shares(katas, found)
    done = sorted(
        (found[kata.id] for kata in katas if kata.id in found), key=lambda standing: standing.last or 0.0, reverse=True
    )
    calendar = days.calendar()
    return site.page(
        request,
        "progress.html",
        whole=whole,
        tracks=tracks,
        levels=levels,
        practice=days,
        weekdays=WEEKDAYS,
        rows=list(zip(*calendar, strict=True)),  # a row a weekday, a column a week
        months=_months([week[0].date for week in calendar]),
        busy=sorted(((when, n) for when, n in days.counts.items() if when >= calendar[0][0].date), reverse=True),
        done=[(standing, next(kata for kata in katas if kata.id == standing.kata)) for standing in done],
        last_day={standing.kata: day(standing.last, zone) for standing in done if standing.last is not None},
        statuses=catalogue.STATUSES,
        track_name=catalogue.track_name,
        zone=zone.key,
        deleted=deleted,
        most=saved.MOST_MIB,
    )


@router.get("/progress/export")
def export(request: Request, site: SiteDep, whole: bool = False) -> Response:
    """Everything as one JSON file; one that no import takes comes at the second time, `whole`."""
    now = time.time()
    name = f"torchkata-{day(now, zone_of(site.reader(request).prefs, request.cookies)).isoformat()}.json"
    file, fits = backup.spooled(site.db, site.person(request), now, site.settings.data)
    if not fits and not whole:
        file.close()
        return site.page(request, "too_large.html", most=saved.MOST_MIB)
    return StreamingResponse(
        _read(file),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(1 << 16):
            yield piece


@router.post("/progress/import")
async def bring_in(request: Request, site: SiteDep) -> Response:
    """Adds what a file holds; twice is once."""
    form = await forms.read(request)
    return await run_in_threadpool(_bring_in, request, site, form)


def _bring_in(request: Request, site: Site, form: Form) -> Response:
    prefs, now = site.reader(request).prefs, time.time()
    found = saved.parse(form.raw("file"), now)
    zone = zone_of(prefs, request.cookies)
    counts = backup.bring_in(site.db, site.person(request), found, review.wishes_of(prefs), zone, now)
    return site.page(request, "imported.html", counts=counts)


@router.post("/progress/delete")
async def delete(request: Request, site: SiteDep) -> Response:
    """Asks first, says what would go, offers the export; deletes at the second time."""
    form = await forms.read(request)
    return await run_in_threadpool(_delete, request, site, form)


def _delete(request: Request, site: Site, form: Form) -> Response:
    person = site.person(request)
    if form.text("sure") != "yes":
        with site.db.reading() as session:
            counts: Counts = backup.held(session, person)
        return site.page(request, "delete.html", counts=counts)
    backup.delete_everything(site.db, person)
    # Drafts that the browser keeps for when the server is away must not come back from the dead.
    return RedirectResponse("/progress?deleted=1", 303, {"Clear-Site-Data": '"storage"'})


def _months(mondays: list[date]) -> list[tuple[date, int]]:
    """(a day of the month, how many of the weeks begin in it), for the heads of the calendar."""
    found: list[tuple[date, int]] = []
    for monday in mondays:
        if found and found[-1][0].month == monday.month:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((monday, 1))
    return found
