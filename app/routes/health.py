"""Whether web, database and worker are well."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy import text

from app import queue
from app.db import DatabaseTrouble
from app.routes.bodies import errors
from app.site import Site, SiteDep

router = APIRouter(tags=["health"])


class WorkerHealth(BaseModel):
    """What the worker says of itself."""

    alive: bool = Field(description="A worker process is connected.")
    ready: bool = Field(description="It can judge: torch is loaded, the sandbox stands.")
    lanes: int = Field(description="Submissions judged at the same time.")
    isolation: str = Field(description="The level of isolation in force; empty while it is not known.")
    trouble: str = Field(description="isolation, sandbox or database: why it cannot judge; empty when it can.")


class Health(BaseModel):
    """The state of the whole."""

    status: Literal["ok", "degraded", "down"] = Field(
        description="degraded: pages work and submissions are kept, but nothing is judged. down: the database fails."
    )
    version: str
    database: str = Field(description="ok, locked, readonly, full or broken.")
    worker: WorkerHealth
    waiting: int | None = Field(description="Submissions that wait to be judged; null when the database fails.")


@router.get(
    "/api/health",
    summary="Whether web, database and worker are well",
    response_model=Health,
    responses={**errors(), 503: {"model": Health, "description": "The database fails."}},
)
def health(site: SiteDep, response: Response) -> Health:
    """For health checks: 200 while pages can be served, 503 when the database fails. A worker that is gone is `degraded`."""
    database, waiting = _database(site)
    status = site.hub.status
    worker = WorkerHealth(
        alive=site.hub.alive,
        ready=status.ready,
        lanes=status.lanes,
        isolation=status.isolation,
        trouble=status.trouble,
    )
    well: Literal["ok", "degraded", "down"] = "ok" if worker.alive and worker.ready else "degraded"
    if database != "ok":
        well, response.status_code = "down", 503
    return Health(status=well, version=site.version, database=database, worker=worker, waiting=waiting)


def _database(site: Site) -> tuple[str, int | None]:
    try:
        with site.db.reading() as session:
            session.execute(text("SELECT 1"))
        return "ok", queue.waiting(site.db)
    except DatabaseTrouble as error:
        return error.kind, None
