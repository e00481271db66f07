"""A small clip on a farm of one machine: submitted, rolled and rendered in this process, or in real ones."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import save_file

from matteline.contract.events import Event, FrameDone
from matteline.contract.farm_settings import FarmSettings
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.engine.kept_network import KeptNetwork
from matteline.engine.plan import Resources
from matteline.engine.planner import plan
from matteline.engine.run import run
from matteline.farm.chunk import Networks, render_chunk, save_states
from matteline.farm.open_farm_job import open_to_render
from matteline.farm.request import ShotRequest
from matteline.farm.submission import PreparedShot
from matteline.farm.submit import prepare, write_farm_job
from matteline.matting.rvm.architecture import Architecture
from tests.matting.filling import filled

WIDTH, HEIGHT = 64, 48
NOTHING_AROUND = Resources()


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of the full architecture, filled by rule: they matte nothing, but every value counts."""
    path = tmp_path_factory.mktemp("weights") / "untrained.safetensors"
    save_file(filled(Architecture("mobilenetv3", "deep_guided_filter")).state_dict(), path)
    return path


def draw(folder: Path, numbers: range) -> Path:
    """Write a sequence of noise with something that moves in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        noise = np.random.default_rng(number + 1000).integers(0, 128, (HEIGHT, WIDTH, 3), np.uint8)
        noise[8:40, (3 * number) % 40 : (3 * number) % 40 + 20] += 120
        Image.fromarray(noise).save(folder / f"sh010.{number:04d}.png")
    return folder


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """An 8-bit sequence, frames 1001 to 1030."""
    return draw(tmp_path / "plate", range(1001, 1031))


@dataclass(frozen=True)
class Farm:
    """Submits and renders one plate."""

    plate: Path
    settings: MatteSettings
    output: Path
    networks: Networks

    def request(
        self, output: Path, frames: str | None, existing: str = "refuse", **settings: object
    ) -> ShotRequest:
        """A request to render the plate."""
        wanted = None if frames is None else FrameSet.parse(frames)
        chosen = MatteSettings(**{**vars(self.settings), **settings})
        return ShotRequest(Job(str(self.plate), str(output), wanted, existing=existing, settings=chosen))

    def whole(self, output: Path, frames: str | None = None, **settings: object) -> dict[str, bytes]:
        """The files of one unbroken render."""
        (one,) = prepare([self.request(output, frames, **settings)], FarmSettings(), NOTHING_AROUND)
        ready = plan(one.farm_job.job, NOTHING_AROUND)
        list(run(ready, network=self.networks(ready)))
        return files(output)

    def submit(
        self,
        frames: str | None = None,
        *,
        chunk: int = 8,
        state: int = 4,
        exact: str = "states",
        existing: str = "refuse",
        **settings: object,
    ) -> PreparedShot:
        """Write the farm job."""
        farm = FarmSettings(chunk=chunk, state_every=state, exact=exact)
        request = self.request(self.output, frames, existing, **settings)
        (one,) = prepare([request], farm, NOTHING_AROUND)
        write_farm_job(one)
        return one

    def save_states(self, one: PreparedShot, frames: str = "") -> list[Event]:
        opened = open_to_render(one.folder, NOTHING_AROUND)
        wanted = FrameSet.parse(frames) if frames else one.farm_job.frames
        return list(save_states(opened, wanted, networks=self.networks))

    def chunk(self, one: PreparedShot, frames: object, **how: object) -> list[Event]:
        opened = open_to_render(one.folder, NOTHING_AROUND)
        return list(render_chunk(opened, FrameSet.parse(str(frames)), networks=self.networks, **how))

    @property
    def results(self) -> dict[str, bytes]:
        return files(self.output)


@pytest.fixture(scope="session")
def networks() -> Networks:
    """Loads the network once for all tests."""
    return KeptNetwork().take


@pytest.fixture
def farm(plate: Path, untrained: Path, tmp_path: Path, networks: Networks) -> Farm:
    settings = MatteSettings(
        weights=str(untrained), device="cpu", downsample_ratio=0.5, preroll=3, depth="float", cuts="none"
    )
    return Farm(plate, settings, tmp_path / "mattes", networks)


@pytest.fixture
def edited(farm: Farm) -> Farm:
    """The farm with a plate that is cut before frame 1015."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    scenes = (np.sin(x / 4) + np.sin(y / 9), np.sin(y / 3 + x / 11))
    for number in range(1001, 1031):
        scene = scenes[number >= 1015]
        disc = np.hypot(x - 20 - number % 14, y - 24) < 9
        level = np.where(disc, 1.0, 0.5 + 0.2 * scene)
        picture = (255 * level[..., None] * (1, 0.8, 0.6)).astype(np.uint8)
        Image.fromarray(picture).save(farm.plate / f"sh010.{number:04d}.png")
    return farm


def files(folder: Path) -> dict[str, bytes]:
    """Relative path to content of every result."""
    products = [path for path in folder.rglob("*") if path.suffix in (".exr", ".png", ".mov", ".mp4")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in products}


def rendered(events: list[Event]) -> list[int]:
    """The frames that were written."""
    return [event.number for event in events if isinstance(event, FrameDone)]


def matteline(*arguments: object, **popen: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "matteline", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300, **popen)
