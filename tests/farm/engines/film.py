"""A small real clip with small real weights, submitted to engines and compared with one unbroken render."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenEXR
from PIL import Image

from matteline.contract.farm_settings import FarmSettings
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.engine.plan import Resources
from matteline.farm.engines import configure_engine
from matteline.farm.request import ShotRequest
from matteline.farm.submission import Submission
from matteline.farm.submit import prepare, write_farm_job
from tests.farm.engines.conftest import MATTELINE

WIDTH, HEIGHT = 64, 48
FIRST, LAST = 1001, 1024


def draw_plate(folder: Path) -> str:
    """Frames 1001 to 1024 in which something moves; the sequence's pattern."""
    folder.mkdir(parents=True)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    for number in range(FIRST, LAST + 1):
        blob = np.exp(-((x - 32 - 15 * np.sin(number * 0.7)) ** 2 + (y - 24) ** 2) / 200)
        noise = np.random.default_rng(number).random((HEIGHT, WIDTH, 3), np.float32)
        picture = np.clip(0.6 * blob[..., None] + 0.3 * noise, 0, 1)
        Image.fromarray((picture * 255 + 0.5).astype(np.uint8)).save(folder / f"sh010.{number}.png")
    return str(folder / "sh010.####.png")


@dataclass(frozen=True)
class Film:
    """A plate, how it is matted, and where `whole` lies: the results of one unbroken render."""

    plate: str
    weights: Path
    whole: Path

    def settings(self) -> MatteSettings:
        return MatteSettings(weights=str(self.weights), device="cpu", downsample_ratio=0.5, preroll=3)

    def render_whole(self) -> None:
        """`matteline render` of all frames."""
        given = (
            "--weights",
            str(self.weights),
            "--device",
            "cpu",
            "--downsample-ratio",
            "0.5",
            "--preroll",
            "3",
        )
        command = [*MATTELINE, "render", self.plate, "-o", str(self.whole), *given]
        subprocess.run(command, check=True, capture_output=True)

    def submission(
        self, name: str, output: Path, *, chunk: int = 7, exact: str = "states", missing: bool = False
    ) -> Submission:
        """Farm jobs written, as `matteline farm submit` does it."""
        existing = "resume" if missing else "refuse"
        farm = FarmSettings(
            engine=name,
            chunk=chunk,
            state_every=4,
            exact=exact,
            chunk_preroll=3,
            retries=0,
            command=shlex.join(MATTELINE),
        )
        job = Job(self.plate, str(output), existing=existing, settings=self.settings())
        shots = prepare([ShotRequest(job)], farm, Resources())
        for each in shots:
            write_farm_job(each)
        return Submission(farm, shots, "sh010 mattes")

    def submit(self, name: str, output: Path, *, options: dict[str, str] | None = None, **values):
        """Write and hand over; the submission, and the folder that the engine's files are in."""
        one = self.submission(name, output, **values)
        folder = output / "farm" / f"submit.{name}"
        chosen = configure_engine(name, options)
        chosen.write(one, folder)
        chosen.submit(one, folder)
        return one, folder

    def assert_same(self, output: Path) -> None:
        """All results are those of the unbroken render, byte for byte."""
        assert results(output) == results(self.whole)


def results(folder: Path) -> dict[str, bytes]:
    """Path below the folder to content, of every picture."""
    return {str(each.relative_to(folder)): each.read_bytes() for each in sorted(folder.rglob("*.exr"))}


def pixels(picture: Path) -> bytes:
    """All channels of a result, read to their last line."""
    with OpenEXR.File(str(picture), separate_channels=True) as exr:
        return b"".join(channel.pixels.tobytes() for _, channel in sorted(exr.channels().items()))
