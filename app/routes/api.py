"""The same things as JSON: katas, submissions, syntax, review and progress."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import JSONResponse

from app import results, submissions
from app.models import Kind, Submission
from app.refusals import Refused
from app.routes.bodies import (
    SENDS,
    Accepted,
    Cancelled,
    Checked,
    KataFull,
    KataId,
    KataList,
    KataRow,
    NewSubmission,
    Source,
    Spot,
    SubmissionFull,
    SubmissionList,
    SubmissionRow,
    errors,
    row_values,
)
from app.site import SiteDep
from graders.verdict import Text
from katas.bank import Kata

router = APIRouter(prefix="/api")

PAGE = 50
SubmissionId = Annotated[str, Path(min_length=1, max_length=64)]


class CheckUnavailable(Refused):
    """The code could not be parsed in time."""

    status = 503
    key = "check_unavailable"


# -- katas -----------------------------------------------------------------------------------------------------------


@router.get("/katas", tags=["katas"], summary="All katas", responses=errors())
def katas(site: SiteDep) -> KataList:
    """By level, then by name."""
    sound, broken = site.bank.sound()
    rows = [KataRow(**_row(kata)) for kata in sorted(sound, key=lambda kata: (kata.level, kata.id))]
    return KataList(katas=rows, broken=[error.kata for error in broken])


@router.get("/katas/{kata}", tags=["katas"], summary="A kata", responses=errors(404, 422))
def one_kata(kata: KataId, site: SiteDep) -> KataFull:
    """Question, task and starter; the answer is on its page, behind a deliberate step."""
    found = site.bank.kata(kata)
    pages = {lang: found.page(lang) for lang in ("en", "zh")}
    return KataFull(
        **_row(found),
        question=Text(**{lang: page["Question"] for lang, page in pages.items()}),
        task=Text(**{lang: page["Task"] for lang, page in pages.items()}),
        starter=found.starter if found.kind == "code" else None,
        forbidden=list(found.forbidden),
        dtypes=list(found.dtypes) if found.kind == "code" else [],
        prerequisites=list(found.prerequisites),
        follow_ups=list(found.follow_ups),
        limits=dict(found.limits),
        digest=found.digest,
    )


def _row(kata: Kata) -> dict[str, Any]:
    return {
        "id": kata.id,
        "kind": kata.kind,
        "track": kata.track,
        "level": kata.level,
        "title": Text(**kata.title),
        "entry": kata.entry,
        "url": f"/katas/{kata.id}",
    }


# -- submissions -----------------------------------------------------------------------------------------------------


@router.get("/submissions", tags=["submissions"], summary="The person's submissions", responses=errors(404, 422))
def list_submissions(
    request: Request,
    site: SiteDep,
    kata: Annotated[str | None, Query(max_length=64, description="Of this kata only.")] = None,
    kind: Annotated[Kind | None, Query(description="Of this kind only.")] = None,
    before: Annotated[float | None, Query(ge=0, allow_inf_nan=False, description="Older than this moment.")] = None,
    last: Annotated[
        str | None, Query(max_length=64, description="With `before`: or of this moment, and listed behind this one.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = PAGE,
) -> SubmissionList:
    """The newest first, without code and reports."""
    kinds = (kind,) if kind is not None else tuple(Kind)
    name = site.bank.kata(kata).id if kata is not None else None
    person = site.person(request)
    rows = submissions.history(site.db, person, kata=name, kinds=kinds, before=before, last=last, limit=limit)
    older = rows[-1] if len(rows) == limit else None
    return SubmissionList(
        submissions=[SubmissionRow.of(row) for row in rows],
        before=older.created if older else None,
        last=older.id if older else None,
    )


@router.post(
    "/submissions",
    tags=["submissions"],
    summary="Submit code",
    status_code=202,
    responses=errors(404, 409, *SENDS),
)
def submit(given: NewSubmission, request: Request, response: Response, site: SiteDep) -> Accepted:
    """Queues the code. Its verdict comes over `events`, or by asking for `api` now and then."""
    row = submissions.accept(
        site.db,
        site.person(request),
        site.bank.kata(given.kata),
        _bytes(given.code),
        kind=Kind(given.kind),
        snippet=given.snippet,
        form_key=given.form_key,
    )
    site.hub.wake()
    places = results.addresses(row.id)
    response.headers["Location"] = places["api"]
    return Accepted(**places)


@router.get(
    "/submissions/{submission}",
    tags=["submissions"],
    summary="A submission",
    response_model=SubmissionFull,
    responses=errors(404, 422),
)
def one_submission(submission: SubmissionId, request: Request, site: SiteDep) -> Response:
    """With its code and, once it has ended, its report."""
    row = submissions.find(site.db, site.person(request), submission)
    return _full(row, submissions.place(site.db, row.id))


def _full(row: Submission, place: int | None) -> Response:
    # The report is JSON already, and may be of an older torchkata: it is handed out as it was written.
    report = json.loads(row.report) if row.report is not None else None
    rest = {"code": row.code, "snippet": row.snippet, "place": place, "report": report}
    return JSONResponse({**row_values(row), **rest})


@router.post(
    "/submissions/{submission}/cancel",
    tags=["submissions"],
    summary="Cancel a submission",
    responses=errors(404, 409, 408, 413, 415, 422, 429),
)
def cancel(submission: SubmissionId, request: Request, site: SiteDep) -> Cancelled:
    """From here on no verdict of it is taken. 409 when it has ended."""
    submissions.cancel(site.db, site.person(request), submission)
    site.hub.cancel(submission)
    return Cancelled(id=submission, state="cancelled")


def _bytes(code: str) -> bytes:
    """As they would have come in a form: half a surrogate pair, which JSON can say, is no text there either."""
    return code.encode("utf-8", "surrogatepass")


# -- syntax ----------------------------------------------------------------------------------------------------------


@router.post("/check", tags=["katas"], summary="Syntax errors of a source", responses=errors(404, *SENDS))
def check(given: Source, request: Request, site: SiteDep) -> Checked:
    """The source is parsed, in a process of its own, and never executed."""
    kata = site.code_kata(given.kata)
    limit = kata.limits["source_kib"]
    found = site.checker.check(submissions.source_text(_bytes(given.code), limit))
    if found is None:
        raise CheckUnavailable()
    lang = site.lang(request)
    spots = [Spot(**{**vars(item), "message": item.text(lang)}) for item in found]
    return Checked(ok=not spots, errors=spots)
