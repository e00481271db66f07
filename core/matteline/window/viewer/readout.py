"""The line below the picture: the values under the pointer, or what the footage is."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QLabel

from matteline.window.viewer.footage import Footage


class Readout(QLabel):
    """One line in letters of one width, so that values stand still while they change."""

    def __init__(self) -> None:
        super().__init__()
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setProperty("role", "faint")
        self.setContentsMargins(12, 4, 12, 2)
        self.setMinimumWidth(100)

    def show_footage(self, footage: Footage) -> None:
        """Say what the footage is."""
        width, height = footage.size
        self.setText(f"{width} x {height}   {footage.main.info.description}   {footage.space.name}")

    def show_values(self, pixel: tuple[int, int], found: Iterable[tuple[str, list[float], bool]]) -> None:
        """Say the values of a pixel, as `Projector.values_at` has them."""
        x, y = pixel
        parts = [f"{role} {_numbers(values, own)}" for role, values, own in found]
        self.setText("   ".join([f"x {x}  y {y}", *parts]))


def _numbers(values: list[float], own: bool) -> str:
    return ("" if own else "~ ") + "  ".join(f"{value:.4f}" for value in values)
