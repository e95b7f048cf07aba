"""The report as JSON: one object, or an array when several files were judged."""

from __future__ import annotations

from app.terminal import visible_json
from graders.verdict import Report


def render(reports: list[Report], *, array: bool) -> str:
    """JSON text without a final line end. The model is graders.verdict.Report."""
    texts = [report.to_json() for report in reports]
    if not array:
        return visible_json(texts[0])
    return visible_json("[\n" + ",\n".join(texts) + "\n]")
