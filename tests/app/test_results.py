"""What a page makes of a report."""

from __future__ import annotations

import math

import pytest

from app import results
from app.models import Kind, State, Submission
from app.reports import figures
from graders.verdict import (
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
    Status,
    TensorView,
    Text,
    Trial,
    TrialStatus,
    Verdict,
)


def a_case(name: str, status: Status = Status.FAILED, dims: tuple[int, ...] = (2, 3), **words: object) -> CaseResult:
    """A case called with one tensor."""
    shape = Shape(name="x", dims=list(dims), axes=["B", "D"][: len(dims)], dtype="float32")
    return CaseResult(
        name=name,
        title=Text(en=name, zh=name),
        group="correctness",
        visible=True,
        status=status,
        shapes=[shape],
        **words,  # type: ignore[arg-type]
    )


def a_report(*cases: CaseResult, **words: object) -> str:
    """A report of these cases, as it is stored."""
    base: dict[str, object] = {
        "file": "solution.py",
        "submission_digest": "0" * 64,
        "kata": "layer_norm",
        "kata_digest": "1" * 64,
        "verdict": Verdict.FAILED,
        "judged_cases": len(cases),
        "score": Score(total=99.96, correctness=100.0, shapes=None, speed=None),
        "cases": list(cases),
        "seed": "7",
        "started": "2026-11-28T00:00:00.000Z",
        "seconds": 0.1,
    }
    return Report(**{**base, **words}).to_json()  # type: ignore[arg-type]


def view(values: list[float], shape: list[int], start: list[int] | None = None, dtype: str = "float32") -> TensorView:
    """A window on the last two axes."""
    window = shape[-2:]
    return TensorView(dtype=dtype, shape=shape, start=start or [0] * len(shape), window=window, values=values)


def test_the_smallest_failure_comes_first_and_passed_cases_are_apart() -> None:
    made = results.view_of(
        a_report(
            a_case("large", dims=(20, 30)),
            a_case("fine", Status.PASSED),
            a_case("small", dims=(1, 2)),
            a_case("late", Status.NOT_RUN),
        )
    )
    assert [failure.case.name for failure in made.failures] == ["small", "large"]
    assert [case.name for case in made.passed] == ["fine"]
    assert [case.name for case in made.not_run] == ["late"]
    assert made.failures[0].shapes == ("x B=1, D=2 float32",)


def test_points_are_rounded_down_so_that_nobody_reads_a_hundred_that_is_none() -> None:
    made = results.view_of(a_report(a_case("one")))
    assert made.total == "99.9"
    assert made.parts == (("correctness", "100"),)


def test_cells_that_differ_are_marked_and_the_first_wrong_number_is_said() -> None:
    expected = view([1.0, 2.0, 3.0, 4.0], [2, 2], dtype="float64")
    actual = view([1.0, 2.0, 3.5, math.nan], [2, 2])
    case = a_case("one", expected=expected, actual=actual, first_bad_index=[1, 0], max_abs_error=0.5, tolerance=1e-5)
    failure = results.view_of(a_report(case)).failures[0]
    assert failure.actual is not None
    assert [[cell.differs for cell in row] for row in failure.actual.rows] == [[False, False], [True, True]]
    assert [[cell.text for cell in row] for row in failure.actual.rows] == [["1", "2"], ["3.5", "NaN"]]
    assert (failure.index, failure.here, failure.wanted) == ("i=1, j=0", "3.5", "3")
    assert (failure.error, failure.tolerance) == ("0.5", "1e-05")


def test_a_window_that_does_not_begin_at_zero_finds_its_number() -> None:
    expected = view([1.0, 2.0, 3.0, 4.0], [4, 2, 2], start=[3, 0, 0])
    failure = results.view_of(
        a_report(a_case("one", expected=expected, actual=expected, first_bad_index=[3, 1, 0]))
    ).failures[0]
    assert (failure.here, failure.expected and failure.expected.start) == ("3", "[i=3, j=0, k=0]")
    outside = results.view_of(a_report(a_case("one", expected=expected, actual=expected, first_bad_index=[0, 1, 0])))
    assert outside.failures[0].here == ""


def test_what_a_submission_wrote_has_no_hidden_characters() -> None:
    made = results.view_of(
        a_report(
            a_case("one", Status.ERROR, message=Text(en="a\x1b[31m\u202e", zh="b\u200b"), traceback=["f.py:1\x07"]),
            output=Output(stdout="x\x1b[2J\n", stderr="\u2028y"),
            policy=[PolicyFinding(rule="r\x00", line=3, text="t\u202e")],
        )
    )
    failure = made.failures[0]
    assert failure.message == {"en": "a\\x1b[31m\\u202e", "zh": "b\\u200b"}
    assert failure.traceback == ("f.py:1\\x07",)
    assert (made.stdout, made.stderr) == ("x\\x1b[2J", "\\u2028y")
    assert made.policy == ({"line": 3, "text": "t\\u202e", "rule": "r\\x00"},)


def test_a_print_in_a_loop_is_folded_and_a_flood_is_cut() -> None:
    same = results.view_of(a_report(output=Output(stdout="a\n" * 500)))
    assert (same.stdout, same.printed_cut) == ("a  (× 500)", False)
    flood = results.view_of(a_report(output=Output(stdout="".join(f"{n}\n" for n in range(500)))))
    assert flood.printed_cut
    assert len(flood.stdout.splitlines()) == results.PRINTED_LINES


def a_submission(report: str | None, kind: Kind = Kind.GRADE) -> Submission:
    """A row that is done."""
    return Submission(id="x", kata="layer_norm", kind=kind, code="", state=State.DONE, report=report)


@pytest.mark.parametrize("report", ["", "{", "[]", "null", '{"schema_version": 99}'])
@pytest.mark.parametrize("kind", [Kind.GRADE, Kind.TRY])
def test_a_report_that_cannot_be_read_is_no_reason_to_fail(report: str, kind: Kind) -> None:
    made = results.context(a_submission(report, kind))
    assert made["view"] is None
    assert made["trial"] is None


def test_a_try_shows_its_value_and_what_it_printed() -> None:
    report = Trial(
        kata="layer_norm",
        kata_digest="1" * 64,
        submission_digest="0" * 64,
        status=TrialStatus.DONE,
        value="tensor\x1b",
        shapes=[Shape(name="value", dims=[2, 3], dtype="float32")],
        output=Output(stdout="hi\n"),
        policy=[PolicyFinding(rule="r\x00", line=3, text="t\u202e")],
        started="2026-11-28T00:00:00.000Z",
        seconds=0.01,
    ).to_json()
    trial = results.context(a_submission(report, Kind.TRY))["trial"]
    assert (trial.value, trial.shapes, trial.stdout) == ("tensor\\x1b", ("value (2, 3) float32",), "hi")
    assert trial.policy == ({"line": 3, "text": "t\\u202e", "rule": "r\\x00"},)


def test_every_word_of_the_grader_has_a_sentence() -> None:
    assert {str(verdict) for verdict in (*Verdict, *TrialStatus)} <= results.VERDICTS.keys()
    assert set(figures.PARTS) <= Score.model_fields.keys() & results.PARTS.keys()
    assert {str(status) for status in Status} <= results.STATUSES.keys()
    assert {str(state) for state in State} <= results.STATES.keys()
    assert {str(kind) for kind in Kind} <= results.KINDS.keys()


def test_a_diagnosis_and_a_reduced_level_are_kept() -> None:
    environment = Environment(
        torch="2", python="3", device="cpu", cpu="c", isolation=Isolation(level="reduced", missing=["cgroup"])
    )
    found = Diagnosis(id="d", title=Text(en="t", zh="t"), text=Text(en="t: x", zh="t"), evidence=["one"])
    made = results.view_of(a_report(a_case("one"), diagnosis=[found], environment=environment))
    assert made.report.diagnosis[0].id == "d"
    assert made.titles["one"].en == "one"


def test_many_failures_are_folded_and_a_few_are_not() -> None:
    few = results.view_of(a_report(*(a_case(str(n)) for n in range(results.SHOWN + 1))))
    assert (len(few.first), few.others) == (results.SHOWN + 1, ())
    many = results.view_of(a_report(*(a_case(str(n)) for n in range(30))))
    assert (len(many.first), len(many.others)) == (results.SHOWN, 30 - results.SHOWN)
    assert (*many.first, *many.others) == many.failures


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("raised RuntimeError: x", "Raised RuntimeError: x"),
        ("q_proj.weight is missing", "q_proj.weight is missing"),
        ("3 of 8 values differ", "3 of 8 values differ"),
        ("结果不对", "结果不对"),
        ("output is float64", "Output is float64"),
        ("", ""),
    ],
)
def test_a_message_begins_as_a_sentence_does_unless_with_a_name(text: str, sentence: str) -> None:
    failure = results.view_of(a_report(a_case("one", message=Text(en=text, zh=text)))).failures[0]
    assert failure.message["en"] == sentence


@pytest.mark.parametrize(
    ("where", "en", "zh", "said"),
    [
        (
            "gradient of query",
            "2 of 8 values differ",
            "8 个值里有 2 个不对",
            {"en": "gradient of query: 2 of 8 values differ", "zh": "query 的梯度：8 个值里有 2 个不对"},
        ),
        ("output", "output is float64", "output 是 float64", {"en": "Output is float64", "zh": "output 是 float64"}),
    ],
)
def test_a_sentence_that_does_not_name_the_result_gets_its_name(
    where: str, en: str, zh: str, said: dict[str, str]
) -> None:
    failure = results.view_of(a_report(a_case("one", message=Text(en=en, zh=zh), where=where))).failures[0]
    assert failure.message == said


def test_leading_axes_without_a_letter_are_i_j_k() -> None:
    shape = Shape(name="query", dims=[2, 5, 8], axes=["", "L", "E"], dtype="float32")
    made = results.view_of(a_report(a_case("one").model_copy(update={"shapes": [shape]})))
    assert made.failures[0].shapes == ("query i=2, L=5, E=8 float32",)


def test_a_table_is_headed_by_the_letters_of_its_axes_and_a_picture_by_indices_at_its_edges() -> None:
    values = [0.0, 1.0, 2.0, 3.0]
    picture = Picture(
        kind="difference",
        title=Text(en="it", zh="它"),
        name="output",
        axes=["", "L", "D"],
        shape=[2, 4, 2],
        step=[2, 1],
        rows=2,
        columns=2,
        slices=[Slice(index=[1], expected=values, actual=values, difference=values)],
        slice_count=2,
    )
    case = a_case("one", where="output", pictures=[picture], expected=view(values, [2, 4, 2], start=[0, 2, 0]))
    failure = results.view_of(a_report(case)).failures[0]
    assert failure.expected is not None
    assert (failure.expected.head, failure.expected.start) == ("i=2, L=4, D=2", "[i=0, l=2, d=0]")
    assert failure.pictures[0]["dims"] == "i=2, L=4, D=2"
    assert failure.pictures[0]["table"] == {
        "slice": "i=1",
        "head": ["d=0", "d=1"],
        "rows": [("l=0", ["0", "1"]), ("l=2", ["2", "3"])],
    }


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("gradient of q_proj.weight", "q_proj.weight 的梯度"),
        ("output of call 2[1]", "第 2 次调用的 output[1]"),
        ("attention weights", "注意力权重"),
        ("output", "output"),
    ],
)
def test_the_name_of_a_result_is_chinese_in_a_chinese_sentence(where: str, said: str) -> None:
    told = Text(en=f"3 of 8 values of {where} differ", zh=f"{where} 的 8 个值里有 3 个不对")
    failure = results.view_of(a_report(a_case("one", where=where, message=told))).failures[0]
    assert failure.message == {"en": told.en, "zh": f"{said} 的 8 个值里有 3 个不对"}
