"""Who is asking. `holder` is the one word that rows are found by; owner and session are its parts, later."""

from __future__ import annotations

from dataclasses import dataclass

from app.models import LOCAL


@dataclass(frozen=True)
class Person:
    """Somebody at a page."""

    holder: str  # the key of every row that is his
    owner: str | None = None  # an account
    session: str | None = None  # an interview

    @property
    def columns(self) -> dict[str, str | None]:
        """What a row that is his says of him."""
        return {"holder": self.holder, "owner": self.owner, "session": self.session}


LOCAL_PERSON = Person(LOCAL)  # everybody, in local mode
