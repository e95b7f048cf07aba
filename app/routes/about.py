"""What torchkata is, and its keys."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.i18n import marked
from app.site import SiteDep

router = APIRouter(include_in_schema=False)

KEYS = (
    (
        marked("Everywhere"),
        (
            (("?",), marked("shows these keys")),
            (("/",), marked("goes to the search")),
            (("g", "h"), marked("goes to the katas; g r to the review, g s to the history, g p to the progress")),
            (("Tab",), marked("goes to the next thing, with Shift to the one before")),
        ),
    ),
    (
        marked("On a kata page"),
        (
            (("Ctrl", "Enter"), marked("runs the visible cases")),
            (("Ctrl", "Shift", "Enter"), marked("submits for all cases and a score")),
        ),
    ),
    (
        marked("In the editor"),
        (
            (("Esc", "Tab"), marked("leaves the editor; Tab alone indents")),
            (("Ctrl", "F"), marked("searches and replaces")),
            (("Ctrl", "Space"), marked("completes the word")),
            (("Ctrl", "/"), marked("comments lines out, and in again")),
            (("Alt", "↑"), marked("moves a line up, with ↓ down")),
            (("Ctrl", "Z"), marked("takes back, with Shift does again")),
        ),
    ),
    (
        marked("Between the panes"),
        (
            (("←", "→"), marked("moves the border that has the focus; ↑ and ↓ too")),
            (("Enter",), marked("folds a pane away, and opens it again")),
        ),
    ),
    (
        marked("In a picture"),
        (
            (("←", "→"), marked("goes from cell to cell; ↑ and ↓ too")),
            (("w",), marked("goes to the worst cell")),
            (("PgUp", "PgDn"), marked("goes to another slice")),
        ),
    ),
)


@router.get("/about")
def about(request: Request, site: SiteDep) -> Response:
    """What this is, how it judges, what it keeps."""
    return site.page(
        request,
        "about.html",
        version=version("torchkata"),
        kata_count=len(site.bank.ids()),
    )


@router.get("/keys")
def keys(request: Request, site: SiteDep) -> Response:
    """All keys."""
    return site.page(request, "keys.html", groups=KEYS)
