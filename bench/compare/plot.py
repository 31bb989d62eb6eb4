"""A picture of a run: for each workload the rates of all targets, as parts of the fastest."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from bench.compare.goals import RACES, Line, Race, lines
from bench.compare.results import Report
from bench.compare.targets import TARGETS
from bench.compare.workloads import WORKLOADS

WIDTH, LEFT, RIGHT = 760, 250, 90
BAR, GAP, GROUP, HEADING = 15, 3, 14, 46
COLOURS = {"ours": "#0b6e4f", "first": "#8fa3b0", "second": "#c2ccd3"}
FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"


def drawn(report: Report) -> str:
    """Return an SVG document."""
    parts: list[str] = []
    y = 8
    for race in RACES:
        measured = [line for line in lines(report, race) if line.ratio is not None]
        if measured:
            parts += _heading(race, y)
            y += HEADING
            for line in measured:
                parts += _group(line, race, y)
                y += len(line.summaries) * (BAR + GAP) + GROUP
            y += GROUP
    size = f'width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}" font-size="13">'
    body = [head, f'<rect width="{WIDTH}" height="{y}" rx="6" fill="#ffffff"/>', *parts, "</svg>"]
    return "\n".join(body) + "\n"


def _heading(race: Race, y: int) -> Iterator[str]:
    yield _text(f"On {race.store}: operations a second", 16, y + 20, size=15, weight="600")
    x = LEFT
    for target in (race.ours, *race.peers):
        name = TARGETS[target].title.split(" on ")[0]
        yield f'<rect x="{x}" y="{y + 28}" width="11" height="11" fill="{_colour(race, target)}"/>'
        yield _text(name, x + 16, y + 38, size=12)
        x += 16 + 7 * len(name) + 24


def _group(line: Line, race: Race, y: int) -> Iterator[str]:
    fastest = max(one.rate for one in line.summaries.values())
    middle = y + len(line.summaries) * (BAR + GAP) / 2
    yield _text(WORKLOADS[line.workload].title, LEFT - 12, middle + 3, anchor="end")
    for number, (target, one) in enumerate(line.summaries.items()):
        top = y + number * (BAR + GAP)
        width = (WIDTH - LEFT - RIGHT) * one.rate / fastest if fastest else 0
        shape = f'x="{LEFT}" y="{top}" width="{width:.1f}" height="{BAR}" rx="2"'
        yield f'<rect {shape} fill="{_colour(race, target)}"/>'
        weight = "600" if target == race.ours else "400"
        yield _text(f"{one.rate:,.0f}", LEFT + width + 6, top + 12, size=12, weight=weight)


def _colour(race: Race, target: str) -> str:
    if target == race.ours:
        return COLOURS["ours"]
    return COLOURS["first" if target == race.peers[0] else "second"]


def _text(
    words: str, x: float, y: float, size: int = 13, weight: str = "400", anchor: str = "start"
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}"'
    return f'<text {place} text-anchor="{anchor}" fill="#1f2933">{escape(words)}</text>'
