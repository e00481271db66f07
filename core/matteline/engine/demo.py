"""The demo: a drawn clip with known alpha, rendered like any plate and held against the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from matteline.contract.files import make_folder
from matteline.contract.plate import Header, Window
from matteline.drawing import comparison_row, contact_sheet, draw_people
from matteline.drawing.shapes.light import decode
from matteline.engine.outputs import Outputs
from matteline.media.plate import open_plate
from matteline.media.writer import Encoding, frame_path, write_image

DEMO_SEED = 222  # one person from the chest up, with loose hair, before trees; never learned from
FIRST_FRAME = 1001
PADDING = 4
SHEET_FRAMES = 4


@dataclass(frozen=True)
class Verdict:
    """Error of the mattes of a drawn clip.

    Attributes:
        mad: Mean absolute difference of alpha over all frames, times 1000.
        mad_first: The same of the first frame alone.
        sheet: The contact sheet to look at.
    """

    mad: float
    mad_first: float
    sheet: Path


def draw_plate(folder: Path, width: int, height: int, count: int, *, file_format: str = "png") -> str:
    """Draw a clip, write it as a sequence from frame 1001 on, and return its pattern.

    PNG frames hold the drawing as it is, sRGB-encoded; EXR frames hold it scene-linear.

    Raises:
        WriteError: The folder cannot be written.
    """
    make_folder(folder)
    encoding = Encoding(file_format, "8" if file_format == "png" else "half")
    for drawing in draw_people(width, height, count, seed=DEMO_SEED):
        path = folder / f"demo.{FIRST_FRAME + drawing.number:0{PADDING}d}.{file_format}"
        # Readers take an EXR without tags for scene-linear.
        pixels = drawing.plate if file_format == "png" else decode(drawing.plate)
        _write(path, pixels, encoding)
    return str(folder / f"demo.{'#' * PADDING}.{file_format}")


def judge(outputs: Outputs, folder: Path, width: int, height: int, count: int) -> Verdict:
    """Compare rendered mattes with the drawn clip's alpha, and write a contact sheet.

    Args:
        outputs: Files that a render of `draw_plate`'s clip wrote; its products include alpha and fgr.
        folder: Receives `contact_sheet.png`.
        width: Of the clip.
        height: Of the clip.
        count: Frames of the clip.
    """
    shown = set(np.linspace(0, count - 1, SHEET_FRAMES).astype(int))
    errors, rows = [], []
    for drawing, alpha, fgr in zip(
        draw_people(width, height, count, seed=DEMO_SEED),
        read_results(outputs, "alpha"),
        read_results(outputs, "fgr"),
        strict=True,
    ):
        errors.append(float(np.abs(alpha[..., 0] - drawing.alpha).mean()))
        if drawing.number in shown:
            rows.append(comparison_row(drawing.plate, alpha[..., 0], fgr, drawing.alpha))
    sheet = folder / "contact_sheet.png"
    _write(sheet, contact_sheet(rows), Encoding("png", "8"))
    return Verdict(1000 * float(np.mean(errors)), 1000 * errors[0], sheet)


def read_results(outputs: Outputs, product: str) -> Iterator[np.ndarray]:
    """Read the PNG frames of a product of the demo's clip in order, (H, W, C) float32, 0..1."""
    first = frame_path(outputs.folder, product, outputs.name, f"{FIRST_FRAME:0{PADDING}d}", "png")
    with open_plate(str(first)) as plate:
        for frame in plate.read(plate.info.frames):
            yield frame.pixels.astype(np.float32) / np.iinfo(frame.pixels.dtype).max


def _write(path: Path, pixels: np.ndarray, encoding: Encoding) -> None:
    window = Window(0, 0, pixels.shape[1], pixels.shape[0])
    write_image(path, pixels, encoding, Header(window, window), channels=("R", "G", "B"))
