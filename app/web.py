"""The web application: one Site, routers listed by hand, static files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

from app.routes import (
    about,
    api,
    drafts,
    health,
    history,
    home,
    katas,
    preferences,
    progress,
    quiz,
    review,
    submissions,
)
from app.settings import Settings
from app.site import Site
from katas.bank import Bank

if TYPE_CHECKING:
    from app.db import Database
    from app.hub import Hub

ROUTERS = (home, katas, submissions, drafts, quiz, review, progress, history, about, preferences, api, health)


def create_app(settings: Settings, db: Database, hub: Hub) -> FastAPI:
    """The application. The caller opens `db` and `hub` before and closes them after."""
    app = FastAPI(title="torchkata", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.state.site = site = Site(settings=settings, bank=Bank.open(settings.bank), db=db, hub=hub)
    for module in ROUTERS:
        app.include_router(module.router)
    app.mount("/static", site.assets)
    return app
