"""Pictures of a kata's page as HTML: curves as SVG, which needs no script; tables as numbers, of which one draws heat maps."""

from __future__ import annotations

import json
import math

from markupsafe import Markup

from app.i18n import translate
from katas.pictures import Growth, Heat

WIDTH, HEIGHT = 360, 210  # units of the drawing
LEFT, RIGHT, TOP, BOTTOM = 34, 8, 22, 24
TABLE_CELLS = 8  # rows and columns of a heat map that are also written out
BASE = Markup('<line class="base" x1="{}" x2="{}" y1="{}" y2="{}"/>')
CURVE = Markup('<polyline class="curve c{}" points="{}"/>')
LEGEND = Markup(
    '<span><svg viewBox="0 0 28 8" aria-hidden="true"><line class="curve c{}" x1="0" x2="28" y1="4" y2="4"/></svg>{}</span>'
)
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def figure(picture: Heat | Growth, caption: Markup, lang: str) -> Markup:
    """The figure with its caption, and with its numbers in a table."""
    return heat(picture, caption, lang) if isinstance(picture, Heat) else growth(picture, caption, lang)


def heat(picture: Heat, caption: Markup, lang: str) -> Markup:
    """A table of values: the script of the results draws it."""
    row, column = picture.axes
    values = [float(f"{value:.4g}") for value in picture.values]
    numbers = {
        "kind": "values",
        "name": picture.name,
        "axes": [row, column],
        "shape": [picture.rows, picture.columns],
        "step": [1, 1],
        "rows": picture.rows,
        "columns": picture.columns,
        "slices": [{"index": [], "expected": None, "actual": values}],
    }
    shown = range(min(TABLE_CELLS, picture.columns))
    head = [f"{column.lower()}={c}" for c in shown]
    rows = [
        [f"{row.lower()}={r}", *(f"{values[r * picture.columns + c]:.4g}" for c in shown)]
        for r in range(min(TABLE_CELLS, picture.rows))
    ]
    cut = picture.rows > TABLE_CELLS or picture.columns > TABLE_CELLS
    note = translate(lang, "The first rows and columns.") if cut else ""
    # Inside a script element nothing is text but `</`, and JSON may write its slash with a backslash.
    source = Markup(json.dumps(numbers, separators=(",", ":")).replace("</", "<\\/"))
    return Markup(
        '<figure class="picture" data-picture><figcaption class="small">{}</figcaption>'
        '<script type="application/json">{}</script>{}</figure>\n'
    ).format(caption, source, _table(head, rows, note, lang))


def growth(picture: Growth, caption: Markup, lang: str) -> Markup:
    """Curves on two logarithmic scales."""
    low = math.floor(math.log10(min(min(curve.values) for curve in picture.curves)))
    high = math.ceil(math.log10(max(max(curve.values) for curve in picture.curves)))
    first, last = picture.points[0], picture.points[-1]

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / first) / math.log(last / first)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(value) - low) / max(1, high - low)

    parts = [_word(0, 10, "start", picture.unit[lang]), _word(WIDTH, HEIGHT - BOTTOM - 4, "end", picture.axis)]
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(BASE.format(LEFT, WIDTH, f"{at:.1f}", f"{at:.1f}"))
        if (high - power) % max(1, (high - low) // 4) == 0:
            parts.append(_word(LEFT - 4, at + 4, "end", f"10{str(power).translate(SUPERSCRIPT)}"))
    for point in picture.points[:: max(1, len(picture.points) // 5)]:
        outside = x(point) > WIDTH - 24
        parts.append(_word(WIDTH if outside else x(point), HEIGHT - 6, "end" if outside else "middle", f"{point:,}"))
    for n, curve in enumerate(picture.curves):
        line = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in zip(picture.points, curve.values, strict=True))
        parts.append(CURVE.format(n, line))
    names = [curve.name[lang] for curve in picture.curves]
    label = translate(lang, "Curves against {axis}; the table below has the numbers.").format(axis=picture.axis)
    rows = [
        [f"{point:,}", *(short(curve.values[n]) for curve in picture.curves)] for n, point in enumerate(picture.points)
    ]
    return Markup(
        '<figure class="picture"><svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
        '<p class="curves">{}</p><figcaption class="small">{}</figcaption>{}</figure>\n'
    ).format(
        WIDTH,
        HEIGHT,
        label,
        Markup("").join(parts),
        Markup("").join(LEGEND.format(n, name) for n, name in enumerate(names)),
        caption,
        _table([picture.axis, *names], rows, "", lang),
    )


def _word(x: float, y: float, anchor: str, text: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(f"{x:.1f}", f"{y:.1f}", anchor, text)


def short(value: float) -> str:
    """The digits that matter: 4,096 or 1.37 × 10¹¹."""
    if 1 <= abs(value) < 1e6:
        return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"
    digits, _, power = f"{value:.2e}".partition("e")
    return f"{digits} × 10{str(int(power)).translate(SUPERSCRIPT)}"


def _table(head: list[str], rows: list[list[str]], note: str, lang: str) -> Markup:
    """The alternative for everybody who cannot see the drawing, or wants the number. The first cell of a row names it."""
    corner = Markup("<td></td>") if len(head) < len(rows[0]) else Markup("")
    heads = Markup("").join(Markup('<th scope="col">{}</th>').format(cell) for cell in head)
    body = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            name, Markup("").join(Markup("<td>{}</td>").format(cell) for cell in cells)
        )
        for name, *cells in rows
    )
    said = Markup('<p class="muted">{}</p>').format(note) if note else Markup("")
    return Markup(
        '<details class="small"><summary>{}</summary><div class="wide" tabindex="0"><table>'
        "<thead><tr>{}{}</tr></thead><tbody>{}</tbody></table></div>{}</details>"
    ).format(translate(lang, "In numbers"), corner, heads, body, said)
