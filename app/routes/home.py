"""The list of katas."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app import catalogue, progress, review
from app.catalogue import Wish
from app.localtime import zone_of
from app.site import SiteDep

router = APIRouter(include_in_schema=False)


@router.get("/katas")
def katas(request: Request) -> Response:
    """Where somebody looks for the list who shortens a kata's address."""
    query = request.url.query
    return RedirectResponse(f"/?{query}" if query else "/", 308)


@router.get("/")
def home(
    request: Request, site: SiteDep, q: str = "", track: str = "", level: str = "", status: str = "", kind: str = ""
) -> Response:
    """Every kata that fits what is asked for, with where the person stands, and what to do next."""
    reader, now = site.reader(request), time.time()
    person, zone = reader.person, zone_of(reader.prefs, request.cookies)
    if review.refresh(site.db, person, review.wishes_of(reader.prefs), zone, now):
        request.state.reader = None  # its count of due cards is of before
    wish = Wish(q[: catalogue.LONGEST_QUERY], track, level, status, kind)
    katas, broken = site.bank.sound()
    with site.db.reading() as session:
        found = progress.standings(session, person)
    shares, _, whole = progress.shares(katas, found)
    return site.page(
        request,
        "home.html",
        katas=katas,
        broken=broken,
        tracks=catalogue.find(katas, found, wish),
        all_tracks=sorted({kata.track for kata in katas}, key=lambda name: [*catalogue.TRACKS, name].index(name)),
        levels=sorted({kata.level for kata in katas}),
        statuses=catalogue.STATUSES,
        kinds=catalogue.KINDS,
        track_name=catalogue.track_name,
        wish=wish,
        shares=shares,
        whole=whole,
        following=progress.next_up(katas, found),
        found=found,
    )
