"""What is sent to the API is looked into no further than to its first mistakes: the event loop waits for it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.routes.bodies import Given, NewSubmission, StepsGiven
from app.routes.learning import QuizAnswers

MANY = 5_000
STRANGE = {str(number): 1 for number in range(MANY)}
STEP = {"kind": "edit", "digest": "0" * 64}


@pytest.mark.parametrize(
    ("body", "given"),
    [
        (NewSubmission, STRANGE),
        (NewSubmission, {"\ud800": 1}),
        (StepsGiven, {"base": 0, "device": "d", "steps": [{**STEP, **STRANGE}]}),
        (QuizAnswers, {"quiz": "x", "answers": STRANGE}),
        (QuizAnswers, {"quiz": "x", "answers": {"a": [1] * MANY}}),
    ],
)
def test_a_thousand_mistakes_are_a_few(body: type[Given], given: object) -> None:
    with pytest.raises(ValidationError) as error:
        body.model_validate(given)
    assert error.value.error_count() <= 10


def test_a_name_that_is_not_known_is_named() -> None:
    with pytest.raises(ValidationError, match="'unheard' is not known here"):
        NewSubmission.model_validate({"kata": "k", "code": "x", "unheard": 1})


def test_the_changes_of_a_step_are_not_looked_into() -> None:
    changes = [{}, -1, "x", [None]] * MANY
    given = StepsGiven.model_validate({"base": 0, "device": "d", "steps": [{**STEP, "changes": changes}]})
    assert given.steps[0].changes == changes
