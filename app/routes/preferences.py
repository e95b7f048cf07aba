"""How a person likes the pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from app import forms, preferences
from app.problems import wants_json
from app.site import SiteDep

router = APIRouter(include_in_schema=False)

YEAR = 365 * 24 * 3600


@router.post("/preferences")
async def change(request: Request, site: SiteDep) -> Response:
    """Keeps what the form names, and goes back to the page that it stood on."""
    form = await forms.read(request)
    new = preferences.read({name: form.text(name) for name in form.fields})
    values = await run_in_threadpool(preferences.change, site.db, site.person(request), new)
    response: Response
    if wants_json(request):
        response = JSONResponse({"preferences": values})
    else:
        response = RedirectResponse(local_path(form.text("next") or request.headers.get("referer", "")), 303)
    if "lang" in new:
        # Beside the row in the database: the page that says that the database cannot be read has a language, too.
        response.set_cookie("lang", str(new["lang"]), max_age=YEAR, httponly=True, samesite="lax")
    return response


def local_path(address: str) -> str:
    """Path and query of an address of ours; the first page for anything that could lead elsewhere."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if (
        not path.startswith("/")
        or path.startswith("//")
        or "\\" in path
        or not path.isascii()
        or not path.isprintable()
    ):
        return "/"
    return path
