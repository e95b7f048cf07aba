"""Every keystroke, kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from app import drafts
from app.problems import Problem, error_body
from app.routes.bodies import (
    LARGEST,
    SENDS,
    DraftConflict,
    DraftHead,
    DraftText,
    DraftVersion,
    DraftVersions,
    KataId,
    Kept,
    StepsGiven,
    errors,
)
from app.site import SiteDep

router = APIRouter(prefix="/api/drafts", tags=["drafts"])


@router.get("/{kata}", summary="A kata's draft", responses=errors(404, 422))
def head(kata: KataId, request: Request, site: SiteDep) -> DraftHead:
    """The text now; version 0 and the starter when nothing was typed."""
    found = site.code_kata(kata)
    now = drafts.head(site.db, site.person(request), found.id, found.starter)
    return DraftHead(**asdict(now))


@router.post(
    "/{kata}",
    summary="Append steps of typing",
    response_model=Kept,
    responses={**errors(404, *SENDS), 409: {"model": DraftConflict, "description": "The draft has moved on."}},
)
def append(kata: KataId, given: StepsGiven, request: Request, site: SiteDep) -> Response | Kept:
    """All steps or none. Sent twice they are kept once. 409 has the draft as it is now: build on it, or send it whole."""
    found = site.code_kata(kata)
    steps = [drafts.Step(step.kind, step.digest, step.changes, step.text, step.typed_at) for step in given.steps]
    now = drafts.append(
        site.db,
        site.person(request),
        found.id,
        found.starter,
        given.base,
        given.device,
        steps,
        source_kib=found.limits["source_kib"],
    )
    if isinstance(now, drafts.Conflict):
        problem = Problem(409, "draft_moved", {"reason": now.reason})
        return JSONResponse({**error_body(problem, site.lang(request)), **asdict(now.head)}, 409)
    return Kept(version=now.version, at=now.at)


@router.get("/{kata}/versions", summary="The log of a draft", responses=errors(404, 422))
def versions(
    kata: KataId, request: Request, site: SiteDep, limit: Annotated[int, Query(ge=1, le=1000)] = 1000
) -> DraftVersions:
    """Every step, without its text, the newest first."""
    log = drafts.versions(site.db, site.person(request), site.code_kata(kata).id, limit=limit)
    return DraftVersions(versions=[DraftVersion(**asdict(line)) for line in log])


@router.get("/{kata}/versions/{version}", summary="A draft as it was", responses=errors(404, 422))
def version(
    kata: KataId, version: Annotated[int, Path(ge=1, le=LARGEST)], request: Request, site: SiteDep
) -> DraftText:
    """The text after one step."""
    text = drafts.text_at(site.db, site.person(request), site.code_kata(kata).id, version)
    return DraftText(version=version, text=text)
