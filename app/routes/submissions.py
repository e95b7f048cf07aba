"""Submitting, the submission page, its result and its stream."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from app import forms, localtime, results, submissions
from app.db import DatabaseTrouble
from app.forms import Form
from app.models import Kind
from app.problems import problem_of, respond, wants_json
from app.refusals import AlreadyOver, Refused
from app.site import Site, SiteDep
from app.streams import EventStream
from katas.bank import KataError, UnknownKata

router = APIRouter(include_in_schema=False)
LONGEST_EVENT_ID = 100


class BadKind(Refused):
    """`kind` is none of grade, run and try."""

    status = 422
    key = "bad_kind"


class KataChanged(Refused):
    """The form was made for another text of the kata."""

    status = 409
    key = "kata_changed"


@router.post("/katas/{kata}/submissions")
async def submit(kata: str, request: Request, site: SiteDep) -> Response:
    """Queues the form's code. Whatever is refused, the answer shows the code again, so that it is never lost."""
    form = await forms.read(request)
    try:
        submission = await run_in_threadpool(_accept, site, request, kata, form)
    except (Refused, UnknownKata, KataError, DatabaseTrouble) as error:
        return await run_in_threadpool(_refuse, site, request, kata, form, error)
    site.hub.wake()
    if wants_json(request):
        return JSONResponse(results.addresses(submission), 202, {"Location": f"/submissions/{submission}"})
    return RedirectResponse(f"/submissions/{submission}", 303)


def _accept(site: Site, request: Request, name: str, form: Form) -> str:
    kata = site.bank.kata(name)
    key = form.text("form_key")[: forms.LONGEST_KEY]
    if forms.is_stale(key, kata):
        raise KataChanged()
    return submissions.accept(
        site.db,
        site.person(request),
        kata,
        form.raw("code"),
        kind=kind_of(form.text("kind") or Kind.GRADE),
        snippet=form.text("snippet"),
        form_key=key or None,
    ).id


def kind_of(word: str) -> Kind:
    """What is asked for. Raises BadKind."""
    try:
        return Kind(word)
    except ValueError:
        raise BadKind(kind=word[:40]) from None


def _refuse(site: Site, request: Request, name: str, form: Form, error: Exception) -> Response:
    kept: dict[str, Any] = {"code": form.text("code"), "snippet": form.text("snippet")}
    try:
        kata = site.bank.kata(name)
        kept |= {"kata": kata, "form_key": forms.new_key(kata), "kind": form.text("kind")}
    except (UnknownKata, KataError):
        pass  # the code is shown all the same, without a button to send it again
    return respond(request, problem_of(error, site), **kept)


@router.get("/katas/{kata}/submissions")
def back(kata: str) -> Response:
    """Where a page that was refused leads when its address is opened again."""
    return RedirectResponse(f"/katas/{quote(kata)}", 303)


@router.get("/submissions/{submission}")
def show(submission: str, request: Request, site: SiteDep) -> Response:
    """The page of one submission."""
    return site.page(request, "submission.html", **_context(site, request, submission))


@router.get("/submissions/{submission}/result")
def result(submission: str, request: Request, site: SiteDep) -> Response:
    """The result alone, for pages that have the rest."""
    return site.page(request, "result.html", **_context(site, request, submission))


def _context(site: Site, request: Request, name: str) -> dict[str, Any]:
    submission = submissions.find(site.db, site.person(request), name)
    kata = None
    try:
        kata = site.bank.kata(submission.kata)
    except (UnknownKata, KataError):
        pass  # a kata that was taken out of the bank, or that is broken now; what was done with it stays readable
    return {
        "submission": submission,
        "kata": kata,
        "follow_ups": site.bank.known(kata.follow_ups) if kata else [],
        "place": submissions.place(site.db, name),
        "zone": localtime.zone_of(site.reader(request).prefs, request.cookies),
        **results.context(submission),
    }


@router.get("/submissions/{submission}/events")
async def events(submission: str, request: Request, site: SiteDep) -> Response:
    """What happens to a submission, as it happens; after a broken connection it goes on where it was."""
    client = request.client.host if request.client else ""
    site.streams.check(client)
    await run_in_threadpool(submissions.find, site.db, site.person(request), submission)
    after = (request.headers.get("last-event-id") or request.query_params.get("after") or "")[:LONGEST_EVENT_ID]
    return EventStream(site.hub.watch(submission, after), site.streams, client)


@router.post("/submissions/{submission}/cancel")
def cancel(submission: str, request: Request, site: SiteDep) -> Response:
    """Takes a submission back."""
    try:
        submissions.cancel(site.db, site.person(request), submission)
        site.hub.cancel(submission)
    except AlreadyOver:
        if wants_json(request):
            raise
        # Somebody who cancels what has just ended wants to see how it ended.
    if wants_json(request):
        return JSONResponse({"id": submission, "state": "cancelled"})
    return RedirectResponse(f"/submissions/{submission}", 303)
