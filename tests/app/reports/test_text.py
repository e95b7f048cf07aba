"""The report for a person: all that helps, no wall of text, nothing that could deceive a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from app.reports.text import render, summary
from graders.verdict import (
    CaseResult,
    Diagnosis,
    Environment,
    Isolation,
    Output,
    PolicyFinding,
    Report,
    Score,
    Shape,
    Status,
    TensorView,
    Text,
    Verdict,
)


def view(*values: float, rows: int = 1, dtype: str = "float32", shape: list[int] | None = None) -> TensorView:
    """A window of `rows` rows into a tensor."""
    columns = len(values) // rows
    return TensorView(
        dtype=dtype, shape=shape or [rows, columns], start=[0, 0], window=[rows, columns], values=list(values)
    )


def case(name: str, status: Status = Status.PASSED, **more: Any) -> CaseResult:
    """A case whose Chinese title is its name with 例 before it."""
    fields = {"group": "correctness", "visible": True, **more}
    return CaseResult(name=name, title=Text(en=name, zh=f"例{name}"), status=status, **fields)


def wrong(name: str, **more: Any) -> CaseResult:
    """A case with everything that a report may show of it."""
    return case(
        name,
        Status.FAILED,
        shapes=[Shape(name="query", dims=[2, 5, 8], axes=["B", "L", "D"]), Shape(name="mask", dims=[5])],
        message=Text(en="values differ", zh="数值不同"),
        where="output",
        expected=view(0.5, -1.25, 2.0, float("nan")),
        actual=view(0.25, 1.5, float("-inf"), 1e-7),
        first_bad_index=[0, 1],
        bad_count=4,
        count=80,
        max_abs_error=2.75,
        tolerance=1.9e-6,
        **more,
    )


def report(*cases: CaseResult, verdict: Verdict = Verdict.FAILED, **more: Any) -> Report:
    """A report on softmax."""
    fields: dict[str, Any] = {
        "file": "softmax.py",
        "submission_digest": "0" * 64,
        "kata": "softmax",
        "kata_digest": "1" * 64,
        "judged_cases": len(cases),
        "score": Score(total=41.96, correctness=50.0, shapes=20.0),
        "environment": Environment(
            torch="2.13.0", python="3.11.7", device="cpu", cpu="a cpu", isolation=Isolation(level="full")
        ),
        "seed": "987654321",
        "started": "2026-11-21T07:00:00.000Z",
        "seconds": 0.0612,
    }
    return Report(verdict=verdict, cases=list(cases), **{**fields, **more})


def test_a_failed_case_shows_all_that_helps() -> None:
    text = render(report(wrong("two lengths"), case("one"), case("two")), "en").plain
    for part in (
        "FAILED  softmax  softmax.py",
        "2 of 3 cases passed",
        "41.9 of 100",
        "✗ two lengths",
        "query (B=2, L=5, D=8), mask (5)",
        "output: values differ",
        "first wrong at [0, 1] · worst error 2.8, tolerance 1.9e-06",
        "passed: one; two",
        "seed 987654321 · torch 2.13.0 · cpu · isolation full · 0.06 s",
    ):
        assert part in text


def test_expected_and_actual_stand_in_the_same_columns() -> None:
    lines = render(report(wrong("a")), "en").plain.splitlines()
    expected = lines[next(i for i, line in enumerate(lines) if "expected" in line) + 1]
    actual = lines[next(i for i, line in enumerate(lines) if "actual" in line) + 1]
    assert expected.split() == ["0.5", "-1.25", "2", "nan"]
    assert actual.split() == ["0.25", "1.5", "-inf", "1e-07"]
    assert len(expected) == len(actual)


def test_chinese_reports_are_chinese() -> None:
    text = render(report(wrong("a"), case("b")), "zh").plain
    assert "未通过" in text
    assert "例a" in text
    assert "数值不同" in text
    assert "期望" in text
    assert "例b" in text
    assert "cases passed" not in text


def test_many_failures_are_no_wall_of_text() -> None:
    cases = [wrong(f"case {n}") for n in range(30)] + [case(f"good {n}") for n in range(40)]
    text = render(report(*cases), "en").plain
    assert len(text.splitlines()) < 45
    assert text.count("expected") == 2
    assert "and 20 more" in text
    assert "and 34 more" in text


def test_a_large_window_is_cut() -> None:
    big = view(*[1.0] * 100, rows=10, shape=[10, 10])
    text = render(report(case("a", Status.FAILED, expected=big, actual=big)), "en").plain
    assert "…" in text
    assert len(text.splitlines()) < 25


@pytest.mark.parametrize("shape", [[], [0], [3, 0], [4]])
def test_a_window_of_any_shape_can_be_shown(shape: list[int]) -> None:
    values = [2.0] * (4 if shape == [4] else 0 if 0 in shape else 1)
    tensor = TensorView(dtype="int64", shape=shape, start=[0] * len(shape), window=shape[-2:], values=values)
    text = render(report(case("a", Status.FAILED, expected=tensor, actual=tensor)), "en").plain
    assert f"int64 ({', '.join(map(str, shape))})" in text
    assert "2.0" not in text


def test_a_passed_report_is_a_few_lines() -> None:
    score = Score(total=100.0, correctness=100.0, shapes=100.0)
    text = render(report(*[case(f"c{n}") for n in range(30)], verdict=Verdict.PASSED, score=score), "en").plain
    assert text.startswith("PASSED")
    assert "30 of 30 cases passed" in text
    assert len(text.splitlines()) <= 5


def test_a_score_is_rounded_down() -> None:
    assert "99.9 of 100" in summary(report(score=Score(total=99.99)), "en")


def test_a_run_has_no_score() -> None:
    assert "of 100" not in render(report(case("a"), verdict=Verdict.PASSED, score=None), "en").plain


def test_the_diagnosis_names_the_misunderstanding_and_its_evidence() -> None:
    text = Text(en="It normalises over the queries.", zh="沿查询归一化了。")
    found = Diagnosis(
        id="over_queries", title=Text(en="softmax over queries", zh="softmax 维度"), text=text, evidence=["a"]
    )
    shown = render(report(wrong("a"), diagnosis=[found]), "en").plain
    assert "softmax over queries" in shown
    assert "It normalises over the queries." in shown
    assert "the same numbers in: a" in shown


def test_forbidden_calls_are_shown_with_file_and_line() -> None:
    finding = PolicyFinding(rule="torch.softmax", line=7, text="return torch.softmax(x, -1)")
    message = Text(en="uses torch.softmax", zh="用了 torch.softmax")
    shown = render(report(verdict=Verdict.FORBIDDEN, policy=[finding], message=message), "en").plain
    assert "softmax.py:7: return torch.softmax(x, -1)" in shown
    assert "uses torch.softmax" in shown


def test_printed_text_is_shown_escaped_and_cut() -> None:
    output = Output(
        stdout="\x1b[2Jhello [bold]\n" + "".join(f"line {n}\n" for n in range(100)), stderr="oops\u202e", truncated=True
    )
    shown = render(report(case("a"), verdict=Verdict.PASSED, output=output), "en").plain
    assert "| \\x1b[2Jhello [bold]" in shown
    assert "oops\\u202e" in shown
    assert "89 more lines" in shown
    assert "cut: there was more" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_line_printed_again_and_again_is_shown_once() -> None:
    shown = render(report(case("a"), verdict=Verdict.PASSED, output=Output(stdout="here\n" * 96 + "end\n")), "en").plain
    assert "  | here  (× 96)\n  | end" in shown


def test_nothing_that_a_submission_wrote_reaches_the_terminal_unescaped() -> None:
    evil = "\x1b[31m\r\u202e\x07"
    result = case(
        "a",
        Status.ERROR,
        message=Text(en=evil, zh=evil),
        where=evil,
        traceback=[f"softmax.py:3 in f: {evil}"],
        shapes=[Shape(name=evil, dims=[1])],
        expected=view(1.0),
        actual=view(1.0, dtype=evil),
    )
    finding = PolicyFinding(rule="x", line=1, text=evil)
    whole = report(result, file=evil, policy=[finding], message=Text(en=evil, zh=evil), output=Output(stdout=evil))
    for lang in ("en", "zh"):
        shown = render(whole, lang).plain
        assert not any(char in shown for char in evil if not char.isprintable())


def test_less_than_full_isolation_is_said_with_what_is_missing() -> None:
    isolation = Isolation(level="reduced", missing=["cgroup", "landlock"])
    environment = Environment(torch="2.13.0", python="3.11.7", device="cpu", cpu="a cpu", isolation=isolation)
    text = render(report(case("a"), verdict=Verdict.PASSED, environment=environment), "en").plain
    assert text.splitlines()[-1] == "isolation reduced, without cgroup, landlock"


def test_colour_stays_on_the_words_that_it_is_meant_for() -> None:
    lines = render(report(wrong("a"), case("b"), output=Output(stdout="printed")), "en").split("\n")
    assert [line.plain for line in lines if line.style] == []
    plain = [line for line in lines if line.plain.lstrip().startswith(("called with", "| printed", "expected"))]
    assert len(plain) == 3
    assert not any(line.spans for line in plain)


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_verdict_can_be_rendered(verdict: Verdict, lang: str) -> None:
    assert render(report(verdict=verdict, score=None, environment=None), lang).plain
