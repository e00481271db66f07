"""The light and the dark theme."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

THEMES: Final = ("system", "light", "dark")

# Of what lies over pictures and on the scrubber, in both themes.
ACCENT: Final = QColor(255, 170, 60)

_Roles = dict[QPalette.ColorRole, str]
_R = QPalette.ColorRole

_DARK: Final[_Roles] = {
    _R.Window: "#292929",
    _R.WindowText: "#dedede",
    _R.Base: "#3a3a3a",
    _R.AlternateBase: "#343434",
    _R.Text: "#e2e2e2",
    _R.Button: "#424242",
    _R.ButtonText: "#e2e2e2",
    _R.BrightText: "#ffffff",
    _R.Highlight: "#b56a12",
    _R.HighlightedText: "#ffffff",
    _R.ToolTipBase: "#191919",
    _R.ToolTipText: "#e2e2e2",
    _R.PlaceholderText: "#a2a2a2",
    _R.Link: "#f0a04b",
    _R.Light: "#5a5a5a",
    _R.Midlight: "#4e4e4e",
    _R.Mid: "#5c5c5c",
    _R.Dark: "#1d1d1d",
    _R.Shadow: "#101010",
    _R.Accent: "#d9822b",
}

_LIGHT: Final[_Roles] = {
    _R.Window: "#ececec",
    _R.WindowText: "#1e1e1e",
    _R.Base: "#fbfbfb",
    _R.AlternateBase: "#f3f3f3",
    _R.Text: "#1b1b1b",
    _R.Button: "#f4f4f4",
    _R.ButtonText: "#1b1b1b",
    _R.BrightText: "#ffffff",
    _R.Highlight: "#b4600a",
    _R.HighlightedText: "#ffffff",
    _R.ToolTipBase: "#ffffff",
    _R.ToolTipText: "#1b1b1b",
    _R.PlaceholderText: "#6a6a6a",
    _R.Link: "#9a4f00",
    _R.Light: "#ffffff",
    _R.Midlight: "#e4e4e4",
    _R.Mid: "#d3d3d3",
    _R.Dark: "#b0b0b0",
    _R.Shadow: "#808080",
    _R.Accent: "#c26a10",
}

# Of check boxes: without a tick they have to stand out from the window.
_BOX: Final = {"dark": "#545454", "light": "#ffffff"}
# Of disabled text.
_FAINT = {"dark": "#7a7a7a", "light": "#9a9a9a"}
# Of errors.
_WRONG = {"dark": "#ff8a7a", "light": "#b3261e"}


def apply_theme(app: QApplication, wanted: str) -> None:
    """Give the application its colours: `light`, `dark`, or what the system says."""
    name = wanted
    if wanted == "system":
        name = "light" if app.styleHints().colorScheme() == Qt.ColorScheme.Light else "dark"
    # The one style that takes its colours from the palette on every system.
    app.setStyle("Fusion")
    app.setPalette(_palette(name))
    boxes = _palette(name)
    boxes.setColor(_R.Base, QColor(_BOX[name]))
    # It takes a str, whatever its stub says.
    app.setPalette(boxes, "QCheckBox")  # type: ignore[arg-type]
    # For what a palette cannot say.
    faint = QColor((_DARK if name == "dark" else _LIGHT)[_R.PlaceholderText]).name()
    accent = QColor((_DARK if name == "dark" else _LIGHT)[_R.Link]).name()
    app.setStyleSheet(
        f"""
        QToolTip {{ padding: 4px; border: 1px solid {faint}; }}
        QLabel[role="heading"] {{ font-weight: 600; }}
        QLabel[role="faint"] {{ color: {faint}; }}
        QLabel[role="changed"] {{ color: {accent}; }}
        QLabel[role="wrong"] {{ color: {_WRONG[name]}; }}
        """
    )


def is_dark(palette: QPalette) -> bool:
    """Tell whether a palette is the dark one."""
    return palette.color(QPalette.ColorRole.Window).lightness() < 128


def error_colour(palette: QPalette) -> QColor:
    """Return the colour of errors."""
    return QColor(_WRONG["dark" if is_dark(palette) else "light"])


def _palette(name: str) -> QPalette:
    palette = QPalette()
    for role, colour in (_DARK if name == "dark" else _LIGHT).items():
        palette.setColor(role, QColor(colour))
    # Fusion only greys out what the palette says.
    for role in (_R.WindowText, _R.Text, _R.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(_FAINT[name]))
    return palette
