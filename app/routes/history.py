"""What was submitted, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import localtime, results, submissions
from app.models import Kind
from app.site import SiteDep

router = APIRouter(include_in_schema=False)
PAGE = 50


@dataclass(frozen=True)
class Wish:
    """What is looked for."""

    kata: str = ""
    kind: str = ""
    verdict: str = ""


@router.get("/history")
def history(
    request: Request,
    site: SiteDep,
    kata: str = "",
    kind: str = "",
    verdict: str = "",
    before: float | None = None,
    last: str = "",
) -> Response:
    """The person's submissions, a page at a time."""
    wish = Wish(kata, kind if kind in set(Kind) else "", verdict if verdict in results.VERDICTS else "")
    rows = submissions.history(
        site.db,
        site.person(request),
        kata=wish.kata or None,
        kinds=(Kind(wish.kind),) if wish.kind else tuple(Kind),
        verdict=wish.verdict or None,
        before=before,
        last=last,
        limit=PAGE + 1,
    )
    katas, _ = site.bank.sound()  # the first page names what is broken
    lang = site.lang(request)
    older = ""
    if len(rows) > PAGE:
        rows = rows[:PAGE]
        asked = {"kata": wish.kata, "kind": wish.kind, "verdict": wish.verdict}
        asked |= {"before": repr(rows[-1].created), "last": rows[-1].id}
        older = urlencode({name: value for name, value in asked.items() if value})
    return site.page(
        request,
        "history.html",
        rows=rows,
        older=older,
        wish=wish,
        katas=katas,
        titles={one.id: one.title[lang] for one in katas},
        kinds=results.KINDS,
        verdicts={name: word for name, word in results.VERDICTS.items() if name != "not_run"},
        states=results.STATES,
        zone=localtime.zone_of(site.reader(request).prefs, request.cookies),
    )
