"""Lines over frames as SVG, by hand: small enough to lie in a page, readable on light and on dark."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape

_COLOURS = ("#4a90d9", "#d9822b", "#3fa66b", "#a55fc0", "#c9505f", "#8a8f3c", "#2f9ea8", "#8c6d5a")
"""In the middle of the scale of brightness, so that white and black are both far from them."""
_MARK = "#d64545"
_INK = "#808080"

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 26, 20
_TICKS = 4


@dataclass(frozen=True)
class Line:
    """Values over the frames of a chart; None leaves a gap."""

    label: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Chart:
    """One panel: lines over frames.

    Attributes:
        title: What is shown, with its unit.
        frames: The number of each frame, ascending.
        lines: Each with a value for every frame.
        marked: Frames to draw attention to.
        width: In pixels.
        height: In pixels.
    """

    title: str
    frames: Sequence[int]
    lines: Sequence[Line]
    marked: Collection[int] = ()
    width: int = 760
    height: int = 150

    def svg(self) -> str:
        """The chart as one `svg` element, to stand in a page or as a file."""
        return stacked([self])

    def panel(self, top: int) -> str:
        """The chart as a group, to be put below others."""
        parts = [self._title(), *self._grid(), *self._marks(), *self._lines(), *self._ends()]
        return f'<g transform="translate(0 {top})">{"".join(parts)}</g>'

    @property
    def _ceiling(self) -> float:
        """The top of the scale: 1, 2, 2.5 or 5 times a power of ten, at or above the largest value."""
        values = [value for line in self.lines for value in line.values if value is not None]
        largest = max((value for value in values if math.isfinite(value)), default=0.0)
        if largest <= 0:
            return 1.0
        power = 10.0 ** math.floor(math.log10(largest))
        return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= largest * (1 - 1e-9))

    def _x(self, frame: int) -> float:
        first, last = self.frames[0], self.frames[-1]
        return _LEFT + (frame - first) / max(last - first, 1) * (self.width - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        inner = self.height - _TOP - _BOTTOM
        return _TOP + inner * (1 - min(max(value / self._ceiling, 0.0), 1.0))

    def _title(self) -> str:
        words = [f'<text x="{_LEFT}" y="16" class="title">{escape(self.title)}</text>']
        if len(self.lines) > 1:
            x = float(self.width - _RIGHT)
            for index, line in reversed(list(enumerate(self.lines))):
                colour = _COLOURS[index % len(_COLOURS)]
                words.append(_text(x, 16, "end", line.label, f' style="fill:{colour}"'))
                x -= 6.5 * len(line.label) + 14
        return "".join(words)

    def _grid(self) -> list[str]:
        ceiling, right = self._ceiling, self.width - _RIGHT
        parts = []
        for tick in range(_TICKS + 1):
            value = ceiling * tick / _TICKS
            y = self._y(value)
            parts.append(f'<path d="M{_LEFT} {y:.1f}H{right}" class="grid"/>')
            parts.append(_text(_LEFT - 6, y + 3.5, "end", f"{value:g}"))
        return parts

    def _marks(self) -> list[str]:
        line = f"{_TOP}V{self.height - _BOTTOM}"
        return [
            f'<path d="M{self._x(frame):.1f} {line}" class="mark"><title>Frame {frame}</title></path>'
            for frame in sorted(self.marked)
        ]

    def _lines(self) -> list[str]:
        return [
            f'<path d="{path}" fill="none" stroke="{_COLOURS[index % len(_COLOURS)]}" stroke-width="1.4" '
            'stroke-linecap="round" stroke-linejoin="round"/>'
            for index, line in enumerate(self.lines)
            if (path := self._path(line.values))
        ]

    def _path(self, values: Sequence[float | None]) -> str:
        words, pen_down = [], False
        for frame, value in zip(self.frames, values, strict=True):
            if value is None or not math.isfinite(value):
                pen_down = False
                continue
            words.append(f"{'L' if pen_down else 'M'}{self._x(frame):.1f} {self._y(value):.1f}")
            words += [] if pen_down else ["h0"]  # a lone value is a dot
            pen_down = True
        return "".join(words)

    def _ends(self) -> list[str]:
        ends = [_text(_LEFT, self.height - 5, "start", str(self.frames[0]))]
        if len(self.frames) > 1:
            ends.append(_text(self.width - _RIGHT, self.height - 5, "end", str(self.frames[-1])))
        return ends


def stacked(charts: Sequence[Chart]) -> str:
    """Charts below one another as one `svg` element, which is also a file by itself."""
    width, height = max(chart.width for chart in charts), sum(chart.height for chart in charts)
    panels, top = [], 0
    for chart in charts:
        panels.append(chart.panel(top))
        top += chart.height
    style = (
        f"text{{font:11px sans-serif;fill:{_INK}}}.title{{font-weight:bold}}"
        f".grid{{stroke:{_INK};stroke-opacity:.25}}.mark{{stroke:{_MARK};stroke-opacity:.6}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><style>{style}</style>{"".join(panels)}</svg>'
    )


def _text(x: float, y: float, anchor: str, words: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'
