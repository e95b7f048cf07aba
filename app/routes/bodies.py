"""What goes in and out of /api, as types: the OpenAPI document follows from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from app.models import Kind, State, Submission
from graders.verdict import Report, Text, TrialStatus, Verdict

LARGEST = 2**31 - 1  # of a version
KataId = Annotated[str, StringConstraints(min_length=1, max_length=64), Field(examples=["masked_softmax"])]
Moment = Annotated[float, Field(description="Seconds since the epoch, UTC.")]


class Given(BaseModel):
    """A body that is sent: strict, and nothing in it that is not known."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        # The first finding is all that anybody is told; a hundred thousand would hold the event loop for seconds.
        if isinstance(value, dict) and (
            strange := next((name for name in value if name not in cls.model_fields), None)
        ):
            raise PydanticCustomError("extra_forbidden", "{name} is not known here", {"name": ascii(strange[:40])})
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _whole(cls, value: object) -> object:
        return whole(value)


def whole(value: object) -> object:
    """In JSON 2.0 is the same number as 2; strict types do not think so."""
    return int(value) if type(value) is float and value.is_integer() else value


def at_most(most: int) -> BeforeValidator:
    """Counts before anything is looked at: pydantic looks at every member of an object that has too many."""

    def count(value: object) -> object:
        if isinstance(value, dict) and len(value) > most:
            raise PydanticCustomError("too_long", "there are more than {most}", {"most": most})
        return value

    return BeforeValidator(count)


# Text with something in it, and without NUL: said in the document, refused with a better sentence in app/submissions.py.
SOMETHING: JsonDict = {"pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}
A_TRY_HAS_A_SNIPPET: JsonDict = {
    "if": {"required": ["kind"], "properties": {"kind": {"const": "try"}}},
    "then": {"required": ["snippet"], "properties": {"snippet": {"type": "string", **SOMETHING}}},
}
LENGTH: JsonDict = {"type": "integer", "minimum": 0, "maximum": LARGEST}
CHANGES: JsonDict = {
    "type": "array",
    "items": {
        "anyOf": [
            LENGTH,
            {
                "type": "array",
                "prefixItems": [LENGTH],
                "items": {"type": "string", "pattern": r"^[^\x00\r]*$"},
                "minItems": 1,
            },
        ]
    },
}
CHANGES_OR_TEXT: JsonDict = {
    "oneOf": [
        {
            "required": ["text"],
            "properties": {"text": {"type": "string", "pattern": r"^[^\x00]*$"}, "changes": {"type": "null"}},
        },
        {"required": ["changes"], "properties": {"changes": CHANGES, "text": {"type": "null"}}},
    ]
}


# -- errors ----------------------------------------------------------------------------------------------------------


class ErrorDetail(BaseModel):
    """What went wrong."""

    code: str = Field(description="A word for programs, in snake_case.", examples=["kata_unknown"])
    message: str = Field(description="A sentence for people, in the language of the preferences or of Accept-Language.")
    details: dict[str, Any] = Field(description="What fills in the sentence, as the nearest names or the limit.")


class ErrorBody(BaseModel):
    """The one shape of every error."""

    error: ErrorDetail


EXAMPLE = {
    "error": {
        "code": "kata_unknown",
        "message": "There is no kata softmx. Perhaps you mean one of the katas below.",
        "details": {"name": "softmx", "nearest": ["softmax", "masked_softmax"]},
    }
}
SAID = {
    400: "The request is malformed.",
    403: "A page of another site asks.",
    404: "There is no such thing.",
    405: "The address does not take this method.",
    408: "The body did not arrive in time.",
    409: "The state that the request builds on is out of date.",
    413: "Too large.",
    414: "The address is too long.",
    415: "The body is no JSON.",
    422: "The request is not right.",
    429: "Too often; Retry-After says when to come back.",
    431: "More headers, or longer ones, than a browser sends.",
    500: "A file of the kata is broken, or something else went wrong on our side.",
    503: "The database is locked, read-only, full or broken.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: the statuses that it may end with, beside those that every route may."""
    return {
        status: {
            "model": ErrorBody,
            "description": SAID[status],
            "content": {"application/json": {"example": EXAMPLE}},
        }
        for status in sorted({400, 403, 414, 431, 500, 503, *statuses})
    }


SENDS = (408, 413, 415, 422, 429)  # for every route that takes a body

# -- katas -----------------------------------------------------------------------------------------------------------


class KataRow(BaseModel):
    """A kata in the list."""

    id: str
    kind: Literal["code", "concept"]
    track: str
    level: int
    title: Text
    entry: str = Field(description="The function or class that a submission defines; empty for a concept kata.")
    url: str = Field(description="The kata's page.")


class KataFull(KataRow):
    """A kata, without its answer."""

    question: Text = Field(description="Markdown.")
    task: Text = Field(description="Markdown.")
    starter: str | None = Field(description="The file that a learner begins with; null for a concept kata.")
    forbidden: list[str] = Field(description="Qualified names that the code must not use.")
    dtypes: list[str]
    prerequisites: list[str]
    follow_ups: list[str]
    limits: dict[str, float]
    digest: str = Field(description="SHA-256 of the kata's files; a report names the one that it was judged by.")


class KataList(BaseModel):
    """All katas, by level and name."""

    katas: list[KataRow]
    broken: list[str] = Field(description="Names of those that cannot be read; whoever keeps the bank can mend them.")


# -- submissions -----------------------------------------------------------------------------------------------------


class NewSubmission(Given):
    """Code to be judged."""

    model_config = ConfigDict(
        json_schema_extra={
            **A_TRY_HAS_A_SNIPPET,
            "examples": [
                {
                    "kata": "masked_softmax",
                    "code": "import torch\n\n\ndef masked_softmax(scores, mask, dim=-1):\n    ...\n",
                }
            ],
        }
    )

    kata: KataId
    code: str = Field(description="Python source, at most 256 KiB.", json_schema_extra=SOMETHING)
    kind: Literal["grade", "run", "try"] = Field(
        "grade", description="grade: all cases and a score. run: the visible cases. try: the snippet, no case."
    )
    snippet: str | None = Field(None, description="For a try: what is run behind the code, at most 64 KiB.")
    form_key: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None,
        description="A name of your own for this submission: the same name with the same content is one submission.",
    )


class Accepted(BaseModel):
    """A submission is queued."""

    id: str
    url: str = Field(description="Its page.")
    events: str = Field(description="Its events, as text/event-stream: state, case, end.")
    result: str = Field(description="Its result as a fragment of HTML.")
    api: str = Field(description="The submission as JSON.")


class SubmissionRow(BaseModel):
    """A submission in the list."""

    id: str
    kata: str
    kind: Kind
    state: State
    verdict: Verdict | TrialStatus | None = Field(description="Of a try, how it ended.")
    score: float | None = Field(description="0 to 100; null for runs, tries and what is not judged.")
    created: Moment
    finished: Moment | None
    url: str

    @classmethod
    def of(cls, row: Submission) -> SubmissionRow:
        """From the table's row."""
        return cls(**row_values(row))


class SubmissionFull(SubmissionRow):
    """A submission with its code and its report."""

    code: str
    snippet: str | None
    place: int | None = Field(description="Submissions that are judged before it; null when it does not wait.")
    report: Report | dict[str, Any] | None = Field(description="The report of a grade or run, or what a try gave.")


class SubmissionList(BaseModel):
    """The person's submissions, the newest first."""

    submissions: list[SubmissionRow]
    before: Moment | None = Field(description="Ask with this `before` for older ones; null when there are none.")
    last: str | None = Field(description="Ask with this `last` too, so that none of the same moment is missed.")


class Cancelled(BaseModel):
    """Nothing will be judged any more."""

    id: str
    state: Literal["cancelled"]


def row_values(row: Submission) -> dict[str, Any]:
    """The part of a submission that lists and details share."""
    return {
        "id": row.id,
        "kata": row.kata,
        "kind": row.kind,
        "state": row.state,
        "verdict": row.verdict,
        "score": row.score,
        "created": row.created,
        "finished": row.finished,
        "url": f"/submissions/{row.id}",
    }


# -- syntax ----------------------------------------------------------------------------------------------------------


class Source(Given):
    """Code to be parsed, never executed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kata": "masked_softmax", "code": "def f(:\n"}]})

    kata: KataId
    code: str = Field(description="Python source, at most 256 KiB.", json_schema_extra={"pattern": r"^[^\x00]*$"})


class Spot(BaseModel):
    """A syntax error. Lines and columns count from 1, columns in units of UTF-16."""

    line: int
    column: int
    end_line: int
    end_column: int
    message: str


class Checked(BaseModel):
    """What the parser says."""

    ok: bool
    errors: list[Spot]


# -- drafts ----------------------------------------------------------------------------------------------------------


class StepGiven(Given):
    """One step of typing: either changes or the whole text."""

    model_config = ConfigDict(json_schema_extra=CHANGES_OR_TEXT)

    kind: Literal["edit", "paste", "reset", "restore", "theirs"]
    digest: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] = Field(
        description="SHA-256 of the text after the step, in UTF-8."
    )
    # Looked into by app/drafts.py, in a thread: there may be a million of them.
    changes: Annotated[list[Any], WithJsonSchema(CHANGES)] | None = Field(
        None, description="CodeMirror's ChangeSet.toJSON(); positions count units of UTF-16."
    )
    text: str | None = None
    typed_at: Moment | None = None


class StepsGiven(Given):
    """Steps behind a version."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "base": 0,
                    "device": "b1946ac92492d2347c6235b4d2611184",
                    "steps": [
                        {
                            "kind": "paste",
                            "text": "x = 1\n",
                            "digest": "a4a31f0beb0361c9b42bd5a0a9efe6e7d23a0acaf1f6d0b9f1ea2c3a0e6c1d11",
                        }
                    ],
                }
            ]
        }
    )

    base: int = Field(ge=0, le=LARGEST, description="The version that the first step builds on.")
    device: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(
        description="A random name of the browser's tab."
    )
    steps: list[StepGiven] = Field(max_length=500)


class DraftHead(BaseModel):
    """The draft now. Version 0 is the starter."""

    version: int
    text: str
    at: Moment | None
    device: str | None


class Kept(BaseModel):
    """The steps are kept."""

    version: int
    at: Moment | None


class DraftConflict(DraftHead):
    """The steps build on another text: nothing was kept, and this is the draft now."""

    error: ErrorDetail


class DraftVersion(BaseModel):
    """A line of the log."""

    version: int
    kind: str
    at: Moment
    device: str


class DraftText(BaseModel):
    """A draft as it was."""

    version: int
    text: str


class DraftVersions(BaseModel):
    """The log without its texts, the newest first."""

    versions: list[DraftVersion]
