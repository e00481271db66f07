"""Pictures as they travel from node to node: named channels, a data window and a format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

RGB = ("rgba.red", "rgba.green", "rgba.blue")
RGBA = (*RGB, "rgba.alpha")


@dataclass(frozen=True)
class Window:
    """A rectangle in the picture's own coordinates, y downwards as in EXR files."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    def union(self, other: Window) -> Window:
        left, top = min(self.x, other.x), min(self.y, other.y)
        width = max(self.right, other.right) - left
        return Window(left, top, width, max(self.bottom, other.bottom) - top)

    def intersection(self, other: Window) -> Window:
        left, top = max(self.x, other.x), max(self.y, other.y)
        width = max(min(self.right, other.right) - left, 0)
        return Window(left, top, width, max(min(self.bottom, other.bottom) - top, 0))

    def halved(self) -> Window:
        """As proxy mode sees it."""
        return Window(self.x // 2, self.y // 2, -(-self.width // 2), -(-self.height // 2))


class Format:
    """`nuke.Format`: a size with a pixel aspect and a name."""

    def __init__(self, width: int, height: int, pixel_aspect: float = 1.0, name: str = "") -> None:
        self._width, self._height, self._aspect, self._name = width, height, float(pixel_aspect), name

    def width(self) -> int:
        return self._width

    def height(self) -> int:
        return self._height

    def pixelAspect(self) -> float:
        return self._aspect

    def name(self) -> str:
        return self._name

    @property
    def display(self) -> Window:
        return Window(0, 0, self._width, self._height)

    def halved(self) -> Format:
        return Format(-(-self._width // 2), -(-self._height // 2), self._aspect, self._name)

    def to_script(self) -> str:
        size = f"{self._width} {self._height}"
        return f"{size} 0 0 {size} {self._aspect:g} {self._name}".rstrip()

    @classmethod
    def parse(cls, text: str) -> Format:
        """`1920 1080 1 HD` or `1920 1080 0 0 1920 1080 1 HD`."""
        words = text.split()
        if len(words) >= 7:
            words = [*words[:2], *words[6:]]
        aspect = float(words[2]) if len(words) > 2 else 1.0
        return cls(int(words[0]), int(words[1]), aspect, " ".join(words[3:]))


@dataclass(frozen=True)
class Picture:
    """One frame.

    Attributes:
        channels: `rgba.red` and so on to planes (window.height, window.width), float32.
        window: Where the planes lie. What is outside of it is black.
        format: The display window, which begins at 0, 0.
        metadata: As `Node.metadata()` gives it.
    """

    channels: Mapping[str, np.ndarray]
    window: Window
    format: Format
    metadata: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def black(cls, size: Format, channels: tuple[str, ...] = RGBA) -> Picture:
        plane = np.zeros((size.height(), size.width()), np.float32)
        return cls(dict.fromkeys(channels, plane), size.display, size)

    def plane(self, name: str, window: Window | None = None) -> np.ndarray:
        """A channel over a window; black where the picture has none, or none of that name."""
        wanted = window or self.window
        plane = np.zeros((wanted.height, wanted.width), np.float32)
        shared = wanted.intersection(self.window)
        if name in self.channels and shared.width and shared.height:
            plane[_part(shared, wanted)] = self.channels[name][_part(shared, self.window)]
        return plane

    def rgb(self) -> np.ndarray:
        """(height, width, 3) over the data window."""
        return np.stack([self.plane(each) for each in RGB], -1)

    @property
    def alpha(self) -> np.ndarray:
        return self.plane("rgba.alpha")

    def moved_to(self, window: Window) -> Picture:
        """The same over another data window."""
        return replace(
            self, window=window, channels={name: self.plane(name, window) for name in self.channels}
        )

    def mapped(self, function: Callable[[np.ndarray], np.ndarray], names: tuple[str, ...] = RGB) -> Picture:
        """With a function over some channels."""
        changed = {name: function(self.channels[name]) for name in names if name in self.channels}
        return replace(self, channels={**self.channels, **changed})

    def halved(self) -> Picture:
        """As proxy mode shows it."""
        window = self.window.halved()
        channels = {name: plane[::2, ::2] for name, plane in self.channels.items()}
        return replace(self, channels=channels, window=window, format=self.format.halved())


def _part(part: Window, whole: Window) -> tuple[slice, slice]:
    x, y = part.x - whole.x, part.y - whole.y
    return slice(y, y + part.height), slice(x, x + part.width)
