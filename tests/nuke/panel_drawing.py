"""A drawing of the node's first tab and its edge tab: `python -m tests.nuke.panel_drawing` writes it.

Drawn from the knobs that the plug-in itself makes in the stand-in, in their order; Nuke lays them out in its own way.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from matteline.packaging.nuke import package_nuke
from tests.nuke.conftest import Installed
from tests.nuke.fake.knobs import FLAGS

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "nuke_panel.svg"
TABS = ("Matteline", "Edge")
_WIDTH, _ROW, _LABEL, _FIELD = 650, 26, 120, 150
_VALUES = {"status": "Rendered 1001-1040.", "use": True, "choke": 1.0, "difference": "Edges live."}
# Width of a letter of the drawing's font, on the average.
_LETTER = 6.4


def text() -> str:
    """The drawing as SVG."""
    with tempfile.TemporaryDirectory() as folder:
        installed = Installed(package_nuke(Path(folder))[0])
        try:
            with installed.current():
                node = installed.plugin.create()
                for name, value in _VALUES.items():
                    node[f"matteline_{name}"].setValue(value)
                panels = [list(_rows(node, tab)) for tab in TABS]
        finally:
            installed.close()
    height = max(map(len, panels)) * _ROW + 60
    shapes = [
        shape
        for number, (tab, rows) in enumerate(zip(TABS, panels, strict=True))
        for shape in _panel(tab, rows, number * (_WIDTH + 20) + 10)
    ]
    width = len(TABS) * (_WIDTH + 20)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
    return "\n".join((f'{head} font-family="sans-serif" font-size="12">', *shapes, "</svg>", ""))


def _rows(node: Any, tab: str) -> Iterator[list[Any]]:
    """Yield the knobs of a tab that are seen, those of one line together."""
    current, row = "", []
    for knob in node.knobs().values():
        if knob.Class() == "Tab_Knob":
            current = knob.label()
        elif current == tab and knob.visible() and not knob._flags & FLAGS["INVISIBLE"]:
            # Buttons and ticks go on in a line, everything else begins one.
            goes_on = (
                knob.Class() in ("PyScript_Knob", "Boolean_Knob") and not knob._flags & FLAGS["STARTLINE"]
            )
            if row and not goes_on:
                yield row
                row = []
            row.append(knob)
    if row:
        yield row


def _panel(tab: str, rows: list[list[Any]], left: int) -> Iterator[str]:
    height = len(rows) * _ROW + 40
    yield f'<rect x="{left}" y="10" width="{_WIDTH}" height="{height}" rx="4" fill="#323232"/>'
    yield _words(left + 12, 30, tab, "#ffffff")
    for number, row in enumerate(rows):
        x, y = left + _LABEL, 44 + number * _ROW
        for knob in row:
            # What shares its line has a short field.
            right = left + _WIDTH - 12 if len(row) == 1 else x + _FIELD
            yield from _knob(knob, x, y, right)
            is_field = knob.Class() not in ("PyScript_Knob", "Boolean_Knob")
            x += _FIELD + 8 if is_field else round(len(knob.label()) * _LETTER) + 26


def _knob(knob: Any, x: int, y: int, right: int) -> Iterator[str]:
    label, kind = knob.label(), knob.Class()
    wide = round(len(label) * _LETTER) + 18
    if kind == "PyScript_Knob":
        yield f'<rect x="{x}" y="{y}" width="{wide}" height="20" rx="3" fill="#555555"/>'
        yield _words(x + 9, y + 14, label, "#eeeeee")
    elif kind == "Boolean_Knob":
        yield f'<rect x="{x}" y="{y + 4}" width="12" height="12" fill="#1e1e1e" stroke="#777777"/>'
        if knob.value():
            yield f'<path d="M{x + 2} {y + 10}l3 4l6 -9" stroke="#f0a030" stroke-width="2" fill="none"/>'
        yield _words(x + 18, y + 14, label, "#cccccc")
    elif kind == "Text_Knob":
        yield _words(x, y + 14, str(knob.value()).split(". ")[0] + ".", "#999999")
    else:
        yield _words(x - 8, y + 14, label, "#cccccc", "end")
        yield f'<rect x="{x}" y="{y}" width="{right - x}" height="20" rx="2" fill="#1e1e1e"/>'
        value = knob.getText() if kind == "File_Knob" else knob.value()
        yield _words(x + 6, y + 14, str(value)[:50], "#eeeeee")
        if kind == "Enumeration_Knob":
            yield f'<path d="M{right - 16} {y + 8}h8l-4 5z" fill="#aaaaaa"/>'


def _words(x: int, y: int, words: str, colour: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}">{escape(words)}</text>'


if __name__ == "__main__":
    PICTURE.write_text(text(), encoding="utf-8")
