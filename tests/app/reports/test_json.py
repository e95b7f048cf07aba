"""The report as JSON is the model's own, and safe to print."""

from __future__ import annotations

import json

from app.reports.json import render
from graders.verdict import Output, Report
from tests.app.reports.test_text import case, report, wrong


def test_one_report_is_an_object_and_several_are_an_array() -> None:
    one = json.loads(render([report(case("a"))], array=False))
    assert one["kata"] == "softmax"
    assert json.loads(render([report(case("a"))], array=True)) == [one]
    assert json.loads(render([report(case("a"))] * 2, array=True)) == [one, one]
    assert json.loads(render([], array=True)) == []


def test_a_report_comes_back_from_its_json() -> None:
    whole = report(wrong("a"), case("b"))
    back = Report.model_validate_json(render([whole], array=False))
    assert back.model_dump_json() == whole.model_dump_json()


def test_control_characters_are_escaped_and_keep_their_meaning() -> None:
    printed = "\x1b[31m\x7f\x9b\u202e\U000e0041 中文\n"
    text = render([report(case("a"), output=Output(stdout=printed))], array=False)
    assert json.loads(text)["output"]["stdout"] == printed
    assert "中文" in text
    assert all(char.isprintable() or char == "\n" for char in text)
