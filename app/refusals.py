"""What a person's request may be refused for: the sentence's key, what fills it in, and the HTTP status on the class.

The sentences stand with the pages, in both languages; `code` is the same word in the JSON of /api.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Refused(Exception):
    """The request cannot be carried out."""

    status: ClassVar[int] = 400
    key: ClassVar[str] = "refused"

    def __init__(self, **values: Any) -> None:
        super().__init__(self.key, values)
        self.values = values

    @property
    def code(self) -> str:
        """The word for machines."""
        return self.key


class Empty(Refused):
    """There is no code in the submission."""

    status = 422
    key = "submission_empty"


class NoSnippet(Refused):
    """A try without anything to try."""

    status = 422
    key = "snippet_empty"


class TooLarge(Refused):
    """Larger than `limit` KiB."""

    status = 413
    key = "too_large"


class NotText(Refused):
    """Not UTF-8, or with a NUL in it; `line` says where."""

    status = 422
    key = "not_text"


class NoCode(Refused):
    """`kata` is a concept kata: there is nothing to submit."""

    status = 422
    key = "kata_has_no_code"


class TooMany(Refused):
    """`limit` submissions of this person are waiting already."""

    status = 429
    key = "too_many_open"


class Stale(Refused):
    """The form or the state it speaks of is out of date."""

    status = 409
    key = "stale"


class AlreadyOver(Stale):
    """The submission has ended: there is nothing left to cancel."""

    key = "already_over"


class BadStep(Refused):
    """A draft step that is none: `why` says what is wrong with it."""

    status = 422
    key = "bad_step"


class NotFound(Refused):
    """There is no such thing, or it is somebody else's."""

    status = 404
    key = "not_found"
