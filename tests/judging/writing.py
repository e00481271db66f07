"""Small mattes, drawn and written as files, for tests of judging."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
from PIL import Image

from matteline.contract.frames import FrameSet
from matteline.contract.record import Record, RenderRecord, record_file, write_record


def write_png(path: Path, picture: np.ndarray) -> Path:
    """Write 0..1 as 8-bit grey, RGB or RGBA."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(picture * 255).astype(np.uint8)).save(path)
    return path


def write_exr(path: Path, channels: dict[str, np.ndarray]) -> Path:
    """Write half channels by name, with OpenEXR's own binding."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = {"compression": OpenEXR.ZIPS_COMPRESSION, "type": OpenEXR.scanlineimage}
    halves = {name: np.ascontiguousarray(plane, np.float16) for name, plane in channels.items()}
    with OpenEXR.File(header, halves) as file:
        file.write(str(path))
    return path


def blob(number: int, height: int = 48, width: int = 64) -> np.ndarray:
    """A soft body that sways a little, (H, W) float32: alpha of frame `number`."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x0 = width / 2 + 2 * np.sin(number * 0.2)
    distance = np.hypot((x - x0) / 1.0, (y - height * 0.6) / 1.3)
    return np.clip((15 - distance) / 3, 0, 1).astype(np.float32)


def plate(number: int, height: int = 48, width: int = 64) -> np.ndarray:
    """The plate of `blob`, (H, W, 3): a still background, and a body whose texture moves with it."""
    background = np.random.default_rng(5).random((height, width, 3), np.float32) * 0.4
    body = np.random.default_rng(6).random((height, width, 3), np.float32) * 0.3 + 0.6
    body = np.roll(body, number, axis=1)
    alpha = blob(number, height, width)[..., None]
    grain = np.random.default_rng(number).normal(0, 0.001, (height, width, 1))
    return np.clip(alpha * body + (1 - alpha) * background + grain, 0, 1).astype(np.float32)


class Results:
    """Results of a shot as `matteline render` leaves them, frames 1001 on, with record and plate."""

    def __init__(self, folder: Path, count: int = 40, name: str = "sh010", *, fgr: bool = True) -> None:
        self.folder, self.name = folder / "mattes", name
        self.numbers = list(range(1001, 1001 + count))
        self.plate = str(folder / "plate" / "sh010.####.png")
        for number in self.numbers:
            write_png(folder / "plate" / f"sh010.{number}.png", plate(number))
            self.write_alpha(number, blob(number))
            if fgr:
                write_png(self.path(number, "fgr"), plate(number) * 0.9)
        self.record(plate=self.plate, frames=f"{self.numbers[0]}-{self.numbers[-1]}")

    def path(self, number: int, product: str = "alpha") -> Path:
        return self.folder / product / f"{self.name}_{product}.{number}.png"

    def write_alpha(self, number: int, alpha: np.ndarray) -> None:
        write_png(self.path(number), alpha)

    def record(self, *, frames: str, plate: str = "", **recipe: object) -> None:
        made = RenderRecord(FrameSet.parse(frames), {"plate": plate, **recipe}, {})
        write_record(record_file(self.folder, self.name), Record({"mark": made}))
