"""Charts of lines over frames as SVG, small enough to lie in a page, readable on light and on dark."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape

from matteline.contract.frames import NO_FRAMES, FrameRange, FrameSet

# Of middle brightness, so that both white and black paper are far from them.
_COLOURS = ("#4a90d9", "#d9822b", "#3fa66b", "#a55fc0", "#c9505f", "#8a8f3c", "#2f9ea8", "#8c6d5a")
_MARK = "#d64545"
_INK = "#808080"

# Pixels around the plotted area: the widest figure of the scale, the title and the frame numbers fit in.
# Mean width of a letter of 11 px sans-serif, by which the labels of lines stand beside one another.
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 26, 20
_TICKS = 4
# Distances between frame numbers; the first that leaves room for them is taken.
_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000)
_LETTER_WIDTH = 6.5


@dataclass(frozen=True)
class Line:
    """Values over the frames of a chart; None leaves a gap."""

    label: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Chart:
    """One panel: lines over frames.

    Attributes:
        title: Name of the quantity, with its unit.
        frames: The number of each frame, ascending.
        lines: Each with a value for every frame.
        marked: Frames to draw attention to; each is a link to the place `#f` with its number in a page.
        gaps: Frames without a file, which are shaded.
        width: In pixels.
        height: In pixels.
    """

    title: str
    frames: Sequence[int]
    lines: Sequence[Line]
    marked: Collection[int] = ()
    gaps: FrameSet = NO_FRAMES
    width: int = 760
    height: int = 150

    def svg(self) -> str:
        """Return the chart as one `svg` element, to stand in a page or as a file."""
        return stacked([self])

    def panel(self, top: int) -> str:
        """Return the chart as a group, moved down by `top` pixels."""
        mark_ends = f"{_TOP}V{self.height - _BOTTOM}"
        parts = [f'<text x="{_LEFT}" y="16" class="title">{escape(self.title)}</text>', *self._legend()]
        parts += self._scale()
        parts += [self._gap(gap) for gap in self.gaps.ranges]
        parts += [
            f'<a href="#f{frame}"><path d="M{self._x(frame):.1f} {mark_ends}" class="mark">'
            f"<title>Frame {frame}</title></path></a>"
            for frame in sorted(self.marked)
        ]
        parts += [
            f'<path d="{path}" fill="none" stroke="{_COLOURS[index % len(_COLOURS)]}" stroke-width="1.4" '
            'stroke-linecap="round" stroke-linejoin="round"/>'
            for index, line in enumerate(self.lines)
            if (path := self._path(line.values))
        ]
        return f'<g transform="translate(0 {top})">{"".join(parts)}</g>'

    def _gap(self, gap: FrameRange) -> str:
        # Half a frame more on both sides, so that one alone can be seen.
        left = max(self._x(gap.first - 0.5), _LEFT)
        right = min(self._x(gap.last + 0.5), self.width - _RIGHT)
        return (
            f'<a href="#f{gap.first}"><path d="M{left:.1f} {_TOP}H{right:.1f}V{self.height - _BOTTOM}'
            f'H{left:.1f}Z" class="gap"><title>Missing: {gap}</title></path></a>'
        )

    def _x(self, frame: float) -> float:
        first, last = self.frames[0], self.frames[-1]
        # A lone frame spans nothing that could be divided by.
        return _LEFT + (frame - first) / max(last - first, 1) * (self.width - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        inner = self.height - _TOP - _BOTTOM
        return _TOP + inner * (1 - min(max(value / self._ceiling, 0.0), 1.0))

    @property
    def _ceiling(self) -> float:
        """The top of the scale: 1, 2, 2.5 or 5 times a power of ten, at or above the largest value."""
        values = [value for line in self.lines for value in line.values if value is not None]
        largest = max((value for value in values if math.isfinite(value)), default=0.0)
        if largest <= 0:
            return 1.0
        power = 10.0 ** math.floor(math.log10(largest))
        # A little tolerance, so that a largest value of 0.3 does not lie above 3 * 0.1 by rounding.
        return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= largest * (1 - 1e-9))

    def _legend(self) -> list[str]:
        """Return the labels of the lines, from the right edge to the left; a lone line has none."""
        if len(self.lines) < 2:
            return []
        x, labels = float(self.width - _RIGHT), []
        for index, line in reversed(list(enumerate(self.lines))):
            colour = _COLOURS[index % len(_COLOURS)]
            labels.append(_text(x, 16, "end", line.label, f' style="fill:{colour}"'))
            # And a gap between two labels.
            x -= _LETTER_WIDTH * len(line.label) + 14
        return labels

    def _scale(self) -> list[str]:
        """Return the grid with its values, and round frame numbers below it beside the first and the last."""
        right = self.width - _RIGHT
        parts = []
        for tick in range(_TICKS + 1):
            value = self._ceiling * tick / _TICKS
            y = self._y(value)
            parts.append(f'<path d="M{_LEFT} {y:.1f}H{right}" class="grid"/>')
            parts.append(_text(_LEFT - 6, y + 3.5, "end", f"{value:g}"))
        foot, first, last = self.height - 5, self.frames[0], self.frames[-1]
        parts.append(_text(_LEFT, foot, "start", str(first)))
        if last > first:
            parts.append(_text(right, foot, "end", str(last)))
        room = _LETTER_WIDTH * len(str(last)) + 16
        step = next(
            (each for each in _STEPS if self._x(first + each) - self._x(first) >= room), last - first + 1
        )
        # Round numbers, whatever number the shot begins with.
        for frame in range(-(-first // step) * step, last, step):
            x = self._x(frame)
            # The first and the last number stand there already.
            if _LEFT + 1.5 * room <= x <= right - 1.5 * room:
                parts.append(f'<path d="M{x:.1f} {_TOP}V{self.height - _BOTTOM}" class="grid"/>')
                parts.append(_text(x, foot, "middle", str(frame)))
        return parts

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


def stacked(charts: Sequence[Chart]) -> str:
    """Return charts below one another as one `svg` element, which is also a file by itself."""
    width, height = max(chart.width for chart in charts), sum(chart.height for chart in charts)
    panels, top = [], 0
    for chart in charts:
        panels.append(chart.panel(top))
        top += chart.height
    style = (
        f"text{{font:11px sans-serif;fill:{_INK}}}.title{{font-weight:bold}}"
        f".grid{{stroke:{_INK};stroke-opacity:.25}}.mark{{stroke:{_MARK};stroke-opacity:.6;stroke-width:2}}"
        f".gap{{fill:{_MARK};fill-opacity:.15}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><style>{style}</style>{"".join(panels)}</svg>'
    )


def _text(x: float, y: float, anchor: str, words: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'
