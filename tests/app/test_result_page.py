"""The fragment that shows a result: what comes first, and that nothing of a submission becomes markup."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import update

from app.models import Kind, State, Submission
from graders.verdict import (
    Diagnosis,
    Environment,
    Isolation,
    Output,
    Picture,
    PolicyFinding,
    Slice,
    Status,
    Text,
    Verdict,
)
from tests.app.history import graded
from tests.app.test_results import a_case, a_report, view
from tests.app.webs import Web

MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
BAD = f"{MARKUP}\u202e\x1b[31m"
WRITTEN = Text(en=MARKUP, zh=MARKUP)  # by an author of katas, who may use any character
SAID = Text(en=BAD, zh=BAD)


def a_picture(name: str = "output") -> Picture:
    """Two rows of three."""
    values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    return Picture(
        kind="difference",
        title=WRITTEN,
        name=name,
        axes=["L", "D"],
        shape=[2, 3],
        step=[1, 1],
        rows=2,
        columns=3,
        slices=[Slice(index=[], expected=values, actual=values, difference=[0.0, 0.0, 0.0, 0.0, 0.0, float("nan")])],
        slice_count=1,
        minimum=0.1,
        maximum=0.6,
        worst=0.0,
        nan_actual=1,
    )


def hostile() -> str:
    """A report in which every text that a submission can reach is an attack."""
    return a_report(
        a_case(
            "one",
            message=SAID,
            where=BAD,
            traceback=[BAD],
            expected=view([0.0], [1]),
            actual=view([1.0], [1], dtype=BAD),
            pictures=[a_picture(BAD)],
        ),
        a_case(MARKUP, Status.PASSED),
        message=SAID,
        output=Output(stdout=BAD, stderr=BAD),
        policy=[PolicyFinding(rule=BAD, line=1, text=BAD)],
        diagnosis=[Diagnosis(id="x", title=WRITTEN, text=WRITTEN, evidence=[MARKUP])],
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("end", ["", "/result"])
def test_nothing_of_a_submission_becomes_markup(web: Web, lang: str, end: str) -> None:
    row = graded(web.db, 1.0, kata="layer_norm", report=hostile())
    page = web.browser(**{"Accept-Language": lang}).get(f"/submissions/{row.id}{end}").text
    assert "<img" not in page
    assert "<script>alert" not in page
    for hidden in ("\u202e", "\x1b"):
        assert hidden not in page
    for data in re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL):
        assert "<" not in data
        assert json.loads(data)["rows"] == 2


def shown(web: Web, report: str, *, kind: Kind = Kind.GRADE, passed: bool = False) -> str:
    """The fragment."""
    row = graded(web.db, 1.0, kata="layer_norm", kind=kind, passed=passed, report=report)
    answer = web.client.get(f"/submissions/{row.id}/result")
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div class="result"')
    return answer.text


def test_the_verdict_then_the_reason_then_the_first_failure_open_then_what_passed(web: Web) -> None:
    page = shown(
        web,
        a_report(
            a_case("the larger one", dims=(9, 9)),
            a_case("the smaller one", dims=(1, 1)),
            a_case("fine", Status.PASSED),
            diagnosis=[Diagnosis(id="x", title=Text(en="Wrong axis", zh="轴"), text=Text(en="Why.", zh="因"))],
        ),
    )
    places = [page.index(text) for text in ("Not passed", "Likely", "the smaller one", "the larger one", "Passed")]
    assert places == sorted(places)
    assert page.count('<details class="case failed" open>') == 1
    assert "1 of 3 cases" in page
    assert ">99.9<" in page


def test_a_picture_has_its_numbers_and_a_table_beside_them(web: Web) -> None:
    page = shown(web, a_report(a_case("one", where="output", pictures=[a_picture()])))
    assert "<figure" in page
    assert "data-picture" in page
    table = page.partition("<table>")[2].partition("</table>")[0]
    assert re.findall(r"<td>([^<]+)</td>", table) == ["0", "0", "0", "0", "0", "NaN"]
    assert re.findall(r'<th scope="\w+">([^<]+)</th>', table) == ["d=0", "d=1", "d=2", "l=0", "l=1"]
    assert "L=2, D=3" in page


def test_shapes_are_named_by_their_axes(web: Web) -> None:
    assert "x B=2, D=3 float32" in shown(web, a_report(a_case("one")))


def test_a_passed_grade_leads_to_the_analysis_and_a_passed_run_to_submitting(web: Web) -> None:
    done = {"verdict": Verdict.PASSED, "judged_cases": 1}
    page = shown(web, a_report(a_case("one", Status.PASSED), **done), passed=True)
    assert 'href="/katas/layer_norm?tab=analysis"' in page
    assert "Submit to be judged on the rest." not in page
    page = shown(web, a_report(a_case("one", Status.PASSED), **{**done, "score": None}), kind=Kind.RUN, passed=True)
    assert "Submit to be judged on the rest." in page
    assert "/100" not in page


def test_a_level_that_is_not_full_is_said_with_what_is_missing(web: Web) -> None:
    place = Environment(
        torch="2", python="3", device="cpu", cpu="x", isolation=Isolation(level="reduced", missing=["user namespaces"])
    )
    page = shown(web, a_report(a_case("one"), environment=place))
    assert "Not fully isolated" in page
    assert "user namespaces" in page


@pytest.mark.parametrize(
    ("attempt", "fault", "sentence", "chinese"),
    [
        (3, "the grader failed", "It was tried three times", "评测了三次"),
        (1, "kata layer_norm: layer_norm", "Its kata was taken out of the bank", "已从题库移除"),
        (1, "kata layer_norm: kata layer_norm: cases.py: missing", "torchkata check layer_norm", "题目的文件有误"),
        (3, "kata layer_norm: kata layer_norm: cases.py: missing", "torchkata check layer_norm", "题目的文件有误"),
        (1, "something else", "another try would not mend", "再试也无法恢复"),
    ],
)
def test_a_fault_of_ours_names_its_reason(web: Web, attempt: int, fault: str, sentence: str, chinese: str) -> None:
    row = graded(web.db, 1.0, kata="layer_norm", state=State.FAULT)
    with web.db.writing() as session:
        session.execute(update(Submission).where(Submission.id == row.id).values(attempt=attempt, fault=fault))
    for lang, words in (("en", sentence), ("zh", chinese)):
        page = web.browser(**{"Accept-Language": lang}).get(f"/submissions/{row.id}/result").text
        assert words in page
        assert "tried three times" not in page or attempt == 3
