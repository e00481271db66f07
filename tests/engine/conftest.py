"""Small real plates, small real weights, and a check that nothing is left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image
from safetensors.torch import save_file

from matteline.contract.events import Event
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.engine.plan import Resources
from matteline.engine.planner import plan
from matteline.engine.run import run
from matteline.matting.rvm.architecture import Architecture
from tests.matting.filling import filled

WIDTH, HEIGHT = 70, 46
SURROUNDINGS = Resources()


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of the full architecture, filled by rule: they matte nothing, but every value counts."""
    network = filled(Architecture("mobilenetv3", "deep_guided_filter"))
    path = tmp_path_factory.mktemp("weights") / "untrained.safetensors"
    save_file(network.state_dict(), path)
    return path


@pytest.fixture
def picture() -> Callable[[int], np.ndarray]:
    """Frame number to a picture (46, 70, 3) float32 in 0..1 that differs from frame to frame."""

    def draw(number: int) -> np.ndarray:
        y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
        angle = number * 0.7
        blob = np.exp(-((x - 35 - 15 * np.sin(angle)) ** 2 + (y - 23) ** 2) / 200)
        noise = np.random.default_rng(number + 1000).random((HEIGHT, WIDTH, 3), np.float32)
        return np.clip(0.6 * blob[..., None] + 0.3 * noise, 0, 1).astype(np.float32)

    return draw


@pytest.fixture
def png_plate(tmp_path: Path, picture: Callable[[int], np.ndarray]) -> str:
    """An 8-bit sequence, frames 1001 to 1012."""
    folder = tmp_path / "plate"
    folder.mkdir()
    for number in range(1001, 1013):
        Image.fromarray((picture(number) * 255 + 0.5).astype(np.uint8)).save(folder / f"sh010.{number}.png")
    return str(folder / "sh010.####.png")


@pytest.fixture
def exr_plate(tmp_path: Path, picture: Callable[[int], np.ndarray]) -> str:
    """A scene-linear half sequence, frames 1001 to 1012."""
    folder = tmp_path / "exr"
    folder.mkdir()
    for number in range(1001, 1013):
        write_exr(folder / f"sh010.{number}.exr", (picture(number) * 4).astype(np.float16))
    return str(folder / "sh010.####.exr")


def write_exr(path: Path, pixels: np.ndarray) -> None:
    """Write an RGB EXR with OpenEXR's own binding."""
    header = {"compression": OpenEXR.ZIPS_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, {"RGB": np.ascontiguousarray(pixels)}) as file:
        file.write(str(path))


def read_exr(path: Path) -> dict[str, np.ndarray]:
    """Channel name to pixels, read by OpenEXR's own binding."""
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {name: channel.pixels.copy() for name, channel in file.channels().items()}


class Renders:
    """Renders small plates on the CPU with the untrained weights."""

    def __init__(self, weights: Path) -> None:
        self.settings = {"weights": str(weights), "device": "cpu", "downsample_ratio": 0.5, "preroll": 3}
        # Frames of noise look like cuts.
        self.settings["cuts"] = "none"

    def job(self, plate: str, output: Path, frames: str | None = None, **values: object) -> Job:
        fields = {name: values.pop(name) for name in ("existing", "first_frame") if name in values}
        settings = MatteSettings(**{**self.settings, **values})
        return Job(
            plate,
            str(output),
            None if frames is None else FrameSet.parse(frames),
            settings=settings,
            **fields,
        )

    def events(
        self, plate: str, output: Path, frames: str | None = None, **values: object
    ) -> Iterator[Event]:
        return run(plan(self.job(plate, output, frames, **values), SURROUNDINGS))

    def __call__(self, plate: str, output: Path, frames: str | None = None, **values: object) -> list[Event]:
        return list(self.events(plate, output, frames, **values))


@pytest.fixture
def render(untrained: Path) -> Renders:
    return Renders(untrained)


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(tmp_path: Path) -> Iterator[None]:
    before = {thread.name for thread in threading.enumerate()}
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name not in before]
    assert left == []
    assert [path for path in tmp_path.rglob("*") if ".tmp" in path.name] == []
