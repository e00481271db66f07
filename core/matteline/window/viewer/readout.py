"""The line below the picture: the values under the pointer, or a description of the footage."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QLabel

from matteline.window.viewer.footage import Footage


class Readout(QLabel):
    """One line in a font of fixed width, so that values stand still while they change."""

    def __init__(self) -> None:
        super().__init__()
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setProperty("role", "faint")
        self.setContentsMargins(12, 4, 12, 2)
        self.setMinimumWidth(100)

    def show_footage(self, footage: Footage) -> None:
        """Describe the footage: size, kind of file, colour space."""
        width, height = footage.size
        self.setText(f"{width} x {height}   {footage.main.info.description}   {footage.space.name}")

    def show_values(self, pixel: tuple[int, int], found: Iterable[tuple[str, list[float], bool]]) -> None:
        """Show the values of a pixel, as `ViewController.values_at` returns them."""
        x, y = pixel
        parts = [f"x {x}  y {y}"]
        for role, values, exact in found:
            numbers = "  ".join(f"{value:.4f}" for value in values)
            parts.append(f"{role} {'' if exact else '~ '}{numbers}")
        self.setText("   ".join(parts))
