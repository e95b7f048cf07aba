"""The web application: one Site, the guard before everything, routers listed by hand, static files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from app import problems
from app.db import Database, DatabaseTrouble
from app.guard import Guard, Hosts, Rates
from app.hub import Hub
from app.refusals import Refused
from app.routes import (
    about,
    api,
    drafts,
    health,
    history,
    home,
    katas,
    learning,
    preferences,
    progress,
    quiz,
    review,
    submissions,
)
from app.settings import Settings
from app.shelf import Shelf
from app.site import Site
from katas.bank import KataError, UnknownKata

ROUTERS = (home, katas, submissions, drafts, quiz, review, progress, history, about, preferences, api, learning, health)
HANDLED: tuple[type[Exception], ...] = (
    Refused,
    UnknownKata,
    KataError,
    DatabaseTrouble,
    RequestValidationError,
    HTTPException,
)


def allowed(path: str) -> list[str]:
    """The methods that an address takes. The framework names those of the first route of a path alone."""
    found: set[str] = set()
    for module in ROUTERS:
        for route in module.router.routes:
            if isinstance(route, APIRoute) and route.path_regex.match(path):
                found |= route.methods or set()
    return sorted(found | {"HEAD"} if "GET" in found else found)


def create_app(settings: Settings, db: Database, hub: Hub, *, rates: Rates | None = None) -> FastAPI:
    """The application. The caller opens `db` and `hub` before, and closes them after; `app.state.site` is the Site."""
    site = Site(settings=settings, bank=Shelf.open(settings.bank), db=db, hub=hub)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        hub.stop_watching()
        site.checker.close()

    app = FastAPI(
        title="torchkata",
        version=site.version,
        summary="Coding katas for Transformer interviews, judged in a sandbox.",
        docs_url=None,  # its pages come from another server
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
        exception_handlers=dict.fromkeys(HANDLED, problems.handle),
    )
    app.state.site = site
    app.state.allowed = allowed
    for module in ROUTERS:
        app.include_router(module.router)
    app.mount("/static", site.assets)
    # The outermost: what goes wrong further in is answered by it, with its headers on.
    app.add_middleware(Guard, hosts=Hosts.of(settings.host, settings.hosts), answer=problems.answer, rates=rates)
    return app
