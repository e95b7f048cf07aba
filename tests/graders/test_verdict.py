"""The Report's JSON is a public face: its fields and types are pinned here, on purpose a second time."""

from __future__ import annotations

import json
import math

import pytest
from pydantic import TypeAdapter, ValidationError

from graders.verdict import (
    SCHEMA_VERSION,
    CaseResult,
    Diagnosis,
    Environment,
    Isolation,
    Output,
    Picture,
    PolicyFinding,
    Report,
    Score,
    Shape,
    Slice,
    Speed,
    Status,
    TensorView,
    Text,
    Trial,
    TrialStatus,
    Verdict,
)

# Only additions are allowed while schema_version is 1; a field that goes or changes its type raises it.
FIELDS = {
    "Report": {
        "schema_version": "1",
        "grader_version": "string",
        "file": "string",
        "submission_digest": "string",
        "kata": "string",
        "kata_digest": "string",
        "verdict": "Verdict",
        "message": "Text or null",
        "judged_cases": "integer",
        "score": "Score or null",
        "cases": "[CaseResult]",
        "diagnosis": "[Diagnosis]",
        "policy": "[PolicyFinding]",
        "speed": "Speed or null",
        "output": "Output",
        "environment": "Environment or null",
        "seed": "string",
        "started": "string",
        "seconds": "number",
    },
    "CaseResult": {
        "name": "string",
        "title": "Text",
        "group": "string",
        "visible": "boolean",
        "status": "Status",
        "shapes": "[Shape]",
        "message": "Text or null",
        "where": "string or null",
        "check": "string or null",
        "expected": "TensorView or null",
        "actual": "TensorView or null",
        "first_bad_index": "[integer] or null",
        "bad_count": "integer or null",
        "count": "integer or null",
        "max_abs_error": "number or null",
        "max_rel_error": "number or null",
        "tolerance": "number or null",
        "traceback": "[string]",
        "pictures": "[Picture]",
        "seconds": "number",
    },
    "Picture": {
        "kind": "string",
        "title": "Text",
        "name": "string",
        "axes": "[string]",
        "shape": "[integer]",
        "step": "[integer]",
        "rows": "integer",
        "columns": "integer",
        "slices": "[Slice]",
        "slice_count": "integer",
        "minimum": "number or null",
        "maximum": "number or null",
        "worst": "number or null",
        "nan_expected": "integer",
        "nan_actual": "integer",
    },
    "Slice": {
        "index": "[integer]",
        "expected": "[number] or null",
        "actual": "[number] or null",
        "difference": "[number] or null",
    },
    "TensorView": {
        "dtype": "string",
        "shape": "[integer]",
        "start": "[integer]",
        "window": "[integer]",
        "values": "[number]",
        "minimum": "number or null",
        "maximum": "number or null",
        "nan_count": "integer",
        "device": "string",
    },
    "Shape": {"name": "string", "dims": "[integer]", "axes": "[string]", "dtype": "string"},
    "Text": {"en": "string", "zh": "string"},
    "Diagnosis": {"id": "string", "title": "Text", "text": "Text", "evidence": "[string]"},
    "PolicyFinding": {"rule": "string", "line": "integer", "text": "string"},
    "Score": {
        "total": "number",
        "correctness": "number or null",
        "shapes": "number or null",
        "speed": "number or null",
    },
    "Speed": {
        "ratio": "number",
        "low": "number",
        "high": "number",
        "rounds": "integer",
        "sizes": "[integer]",
        "growth": "number or null",
        "peak_memory_ratio": "number or null",
    },
    "Output": {"stdout": "string", "stderr": "string", "truncated": "boolean"},
    "Environment": {
        "torch": "string",
        "python": "string",
        "device": "string",
        "cpu": "string",
        "isolation": "Isolation",
    },
    "Isolation": {"level": "string", "missing": "[string]"},
    "Status": ["passed", "failed", "error", "timeout", "memory", "output_limit", "crashed", "not_run"],
    "Verdict": [
        "passed",
        "failed",
        "error",
        "timeout",
        "memory",
        "output_limit",
        "crashed",
        "invalid",
        "forbidden",
        "fault",
    ],
}
TRIAL_FIELDS = {
    "schema_version": "1",
    "kata": "string",
    "kata_digest": "string",
    "submission_digest": "string",
    "status": "TrialStatus",
    "message": "Text or null",
    "value": "string or null",
    "shapes": "[Shape]",
    "output": "Output",
    "traceback": "[string]",
    "policy": "[PolicyFinding]",
    "environment": "Environment or null",
    "started": "string",
    "seconds": "number",
}
NEEDED = {
    "Report": {
        "file",
        "submission_digest",
        "kata",
        "kata_digest",
        "verdict",
        "judged_cases",
        "seed",
        "started",
        "seconds",
    },
    "CaseResult": {"name", "title", "group", "visible", "status"},
}


def kind(schema: dict[str, object]) -> str:
    """A short word for the type of a field in a JSON schema."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        options = schema["anyOf"]
        assert isinstance(options, list)
        return " or ".join(kind(option) for option in options)
    if schema["type"] == "array":
        items = schema["items"]
        assert isinstance(items, dict)
        return f"[{kind(items)}]"
    return str(schema["type"])


def test_fields_and_types_are_those_that_are_promised() -> None:
    schema = TypeAdapter(Report).json_schema()
    found = {
        name: model["enum"] if "enum" in model else {key: kind(field) for key, field in model["properties"].items()}
        for name, model in {"Report": schema, **schema["$defs"]}.items()
    }
    assert found == FIELDS
    assert {name: set({"Report": schema, **schema["$defs"]}[name]["required"]) for name in NEEDED} == NEEDED
    assert SCHEMA_VERSION == 1


def test_fields_of_a_trial_are_those_that_are_promised() -> None:
    schema = TypeAdapter(Trial).json_schema()
    assert {key: kind(field) for key, field in schema["properties"].items()} == TRIAL_FIELDS
    words = ["done", "error", "timeout", "memory", "output_limit", "crashed", "invalid", "forbidden", "fault"]
    assert schema["$defs"]["TrialStatus"]["enum"] == words == [str(status) for status in TrialStatus]
    for name in ("Shape", "Text", "Output", "PolicyFinding", "Environment", "Isolation"):
        assert {key: kind(field) for key, field in schema["$defs"][name]["properties"].items()} == FIELDS[name]


def report() -> Report:
    """A report in which every field is filled."""
    nan, inf = float("nan"), float("inf")
    text = Text(en="it \x1b[31m is <b>", zh="它 是")
    seen = TensorView(
        dtype="float32",
        shape=[1, 3],
        start=[0, 0],
        window=[1, 3],
        values=[nan, inf, -inf],
        minimum=-inf,
        maximum=0.1,
        nan_count=1,
    )
    case = CaseResult(
        name="one",
        title=text,
        group="shapes",
        visible=True,
        status=Status.FAILED,
        shapes=[Shape(name="x", dims=[1, 3], axes=["B", "D"], dtype="float32")],
        message=text,
        where="output",
        check="value",
        expected=seen,
        actual=seen,
        first_bad_index=[0, 2],
        bad_count=1,
        count=3,
        max_abs_error=inf,
        max_rel_error=nan,
        tolerance=1e-6,
        traceback=["a.py:1 in f: x"],
        pictures=[
            Picture(
                kind="attention",
                title=text,
                name="attention weights",
                axes=["L", "S"],
                shape=[1, 2],
                step=[1, 1],
                rows=1,
                columns=2,
                slices=[Slice(index=[], expected=[0.5, 0.5], actual=[nan, 1.0], difference=[nan, 0.5])],
                slice_count=1,
                minimum=0.5,
                maximum=1.0,
                worst=0.5,
                nan_actual=1,
            )
        ],
        seconds=0.25,
    )
    return Report(
        file="a.py",
        submission_digest="0" * 64,
        kata="toy",
        kata_digest="f" * 64,
        verdict=Verdict.FAILED,
        message=text,
        judged_cases=1,
        score=Score(total=99.9, correctness=None, shapes=0.0),
        cases=[case],
        diagnosis=[Diagnosis(id="x", title=text, text=text, evidence=["one"])],
        policy=[PolicyFinding(rule="torch.softmax", line=3, text="torch.softmax")],
        speed=Speed(ratio=0.5, low=0.4, high=0.6, rounds=9, sizes=[8], growth=1.5, peak_memory_ratio=2.0),
        output=Output(stdout="\0\x1b", stderr="\ufffd", truncated=True),
        environment=Environment(
            torch="2.13", python="3.11", device="cpu", cpu="a", isolation=Isolation(level="full", missing=["pids"])
        ),
        seed=str(2**61 + 1),
        started="2026-01-01T00:00:00.000Z",
        seconds=0.05,
    )


def test_a_report_survives_the_round_trip() -> None:
    made = report()
    text = made.to_json()
    again = Report.model_validate_json(text)
    assert again.to_json() == text
    assert again.seed == made.seed
    assert again.cases[0].actual is not None
    assert math.isnan(again.cases[0].actual.values[0])


def test_numbers_that_json_lacks_are_words() -> None:
    def never(constant: str) -> object:
        raise AssertionError(constant)

    (case,) = json.loads(report().to_json(), parse_constant=never)["cases"]
    assert case["actual"]["values"] == ["NaN", "Infinity", "-Infinity"]
    assert case["pictures"][0]["slices"][0]["difference"] == ["NaN", 0.5]
    assert (case["max_abs_error"], case["max_rel_error"]) == ("Infinity", "NaN")


def test_a_report_is_frozen_and_knows_its_fields() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        report().verdict = Verdict.PASSED
    with pytest.raises(ValidationError, match="Extra inputs"):
        Text.model_validate({"en": "a", "zh": "b", "de": "c"})
    with pytest.raises(ValidationError):
        Report.model_validate({**report().model_dump(), "schema_version": 2})


def test_every_status_but_not_run_is_a_verdict_too() -> None:
    assert {status.value for status in Status} - {verdict.value for verdict in Verdict} == {"not_run"}


def test_a_text_falls_back_to_english() -> None:
    text = Text(en="yes", zh="是")
    assert (text.get("zh"), text.get("en"), text.get("de")) == ("是", "yes", "yes")
