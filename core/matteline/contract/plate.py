"""The description of a plate: windows, rate, colour tags and the header that travels with each frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Optional

from matteline.contract.frames import FrameSet


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels: its top-left corner in the image's own coordinates, and its size."""

    x: int
    y: int
    width: int
    height: int

    def union(self, other: Window) -> Window:
        """The smallest window that holds both."""
        left, top = min(self.x, other.x), min(self.y, other.y)
        right = max(self.x + self.width, other.x + other.width)
        bottom = max(self.y + self.height, other.y + other.height)
        return Window(left, top, right - left, bottom - top)

    def intersection(self, other: Window) -> Optional[Window]:
        """Return the part that both windows have, None where they do not meet."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        width = min(self.x + self.width, other.x + other.width) - left
        height = min(self.y + self.height, other.y + other.height) - top
        return Window(left, top, width, height) if width > 0 and height > 0 else None

    def contains(self, other: Window) -> bool:
        """Tell if the other window lies wholly inside this one."""
        return self.union(other) == self

    def __str__(self) -> str:
        return f"{self.width}x{self.height}{self.x:+d}{self.y:+d}"


@dataclass(frozen=True)
class Header:
    """The metadata of one frame.

    Attributes:
        data_window: Where this frame's own pixels lie.
        display_window: What the audience is meant to see.
        pixel_aspect: Width of a pixel divided by its height.
        timecode: `01:00:10:05`, with `;` before the frames where they are dropped; None when there is none.
        attributes: Other metadata of the file, in the file's order; values are str, int, float or tuples.
    """

    data_window: Window
    display_window: Window
    pixel_aspect: float = 1.0
    timecode: Optional[str] = None
    attributes: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class ColourTags:
    """The colour tags of a file or stream; None where there is none.

    Attributes:
        primaries: FFmpeg's word, such as `bt709` or `bt2020`.
        transfer: FFmpeg's word, such as `bt709`, `smpte2084` (PQ) or `arib-std-b67` (HLG).
        matrix: FFmpeg's word, such as `bt709` or `bt2020nc`.
        full_range: True for full-range codes, False for video range.
        interop_id: The `colorInteropID` of an EXR or of OpenImageIO's reading.
        chromaticities: Red, green, blue and white x, y as in an EXR header.
        colour_space: The colour space OpenImageIO read from the file, such as `sRGB` or `lin_rec709`.
    """

    primaries: Optional[str] = None
    transfer: Optional[str] = None
    matrix: Optional[str] = None
    full_range: Optional[bool] = None
    interop_id: Optional[str] = None
    chromaticities: Optional[tuple[float, ...]] = None
    colour_space: Optional[str] = None


@dataclass(frozen=True)
class PlateInfo:
    """A plate found on disk, before any of its frames is decoded.

    Attributes:
        path: As the user gave it.
        kind: `sequence`, `movie` or `still`.
        name: What results are named after: the sequence's prefix, or the file's stem.
        frames: The numbers that exist; gaps of a sequence are gaps here.
        padding: Digits of a frame number in file names, at least 4.
        canvas: The pixels that every frame is delivered on: display window and data windows together.
        display_window: What the audience is meant to see.
        pixel_aspect: Width of a pixel divided by its height.
        pixel_type: `uint8`, `uint10`, `uint12`, `uint16`, `half` or `float`, as stored.
        rate: Frames per second, None where the plate does not say.
        colour: What the plate says of its colour.
        description: For the plan, such as `EXR half, zips` or `h264 8-bit, bt709, video range`.
        layer: The layer or view that the user named; empty for the file's own choice.
        notes: Sentences for the user on what the files are like, and what helps.
        shortfall: Why the frames' numbers cannot be trusted, empty where they can: less came than was promised.
        counts_sign: Whether the minus of a number is one of its `padding` characters, as in C.
    """

    path: str
    kind: str
    name: str
    frames: FrameSet
    padding: int
    canvas: Window
    display_window: Window
    pixel_aspect: float
    pixel_type: str
    rate: Optional[Fraction] = None
    colour: ColourTags = field(default_factory=ColourTags)
    description: str = ""
    layer: str = ""
    notes: tuple[str, ...] = ()
    shortfall: str = ""
    counts_sign: bool = True
