"""`requeue`: an operator's, for submissions that ended in a fault of ours which has been mended since."""

from __future__ import annotations

from typing import Annotated

import typer

from app.errors import UsageError
from app.messages import say
from app.settings import Settings
from app.terminal import visible


def requeue(context: typer.Context, submissions: Annotated[list[str], typer.Argument(metavar="ID")]) -> int:
    settings: Settings = context.obj.settings
    from app import queue
    from app.db import Database

    if not settings.database.is_file():
        raise UsageError("requeue_none", id=submissions[0], file=str(settings.database))
    db = Database.open(settings.database)
    try:
        for name in submissions:
            if not queue.try_again(db, name):
                raise UsageError("requeue_none", id=name, file=str(settings.database))
            print(say(settings.lang, "requeue.done", id=visible(name)))
    finally:
        db.close()
    return 0
