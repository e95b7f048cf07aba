"""The keys that an installation makes for itself and keeps in its database."""

from __future__ import annotations

import secrets

from app.db import Database
from app.models import Secret

FORMS = "forms"  # will sign what a form carries, once there are accounts; nothing asks for it yet


def key(db: Database, name: str, given: str = "") -> bytes:
    """The key `name`; made at its first use, unless the operator has given one."""
    if given:
        return given.encode()
    with db.reading() as session:
        known = session.get(Secret, name)
    if known is None:
        with db.writing() as session:
            known = session.get(Secret, name) or Secret(name=name, value=secrets.token_bytes(32))
            session.add(known)
    return known.value
