"""Real workers, small real plates, and a check that nothing is left behind."""

from __future__ import annotations

import os
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import psutil
import pytest
from PIL import Image

from matteline.contract.client import WorkerClient
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from tests.lengthened import lengthened
from tests.waiting import PATIENCE_SECONDS

WIDTH, HEIGHT = 160, 90
LONG = 2000

Message = dict[str, Any]


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """A folder with a sequence of forty 8-bit frames, 1001 to 1040."""
    return draw(tmp_path / "plate", range(1001, 1041))


@pytest.fixture
def long_plate(tmp_path: Path) -> Path:
    """The same forty frames again and again, 1001 to 3000: not done yet when a test ends the render."""
    return lengthened(draw(tmp_path / "long", range(1001, 1041)), 1000 + LONG)


def draw(folder: Path, numbers: range) -> Path:
    """Write a sequence of noise."""
    folder.mkdir()
    noise = np.random.default_rng(1)
    for number in numbers:
        picture = noise.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        Image.fromarray(picture).save(folder / f"sh.{number}.png")
    return folder


@pytest.fixture
def job(weights_file: Path, tmp_path: Path) -> Callable[..., Job]:
    """Make a small job on the CPU."""

    def make(plate: Path, output: str = "out", frames: str | None = None, **settings: object) -> Job:
        values = {
            "weights": str(weights_file),
            "device": "cpu",
            "downsample_ratio": 0.5,
            "preroll": 0,
            # Frames of noise look like cuts.
            "cuts": "none",
            **settings,
        }
        wanted = None if frames is None else FrameSet.parse(frames)
        return Job(str(plate), str(tmp_path / output), wanted, settings=MatteSettings(**values))

    return make


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., WorkerClient]]:
    """Start a real worker and its client; afterwards neither process nor thread may be left.

    `before` is Python that runs in the worker's process ahead of the command.
    """
    clients: list[WorkerClient] = []

    def begin(*arguments: str, before: str = "") -> WorkerClient:
        command = worker_command(*arguments, before=before)
        log = str(tmp_path / "worker.log")
        clients.append(WorkerClient(command, environ=os.environ, log_file=log))
        return clients[-1]

    threads, processes = set(threading.enumerate()), set(psutil.Process().children(recursive=True))
    yield begin
    for client in clients:
        client.close()
    assert set(threading.enumerate()) <= threads
    assert set(psutil.Process().children(recursive=True)) <= processes


@pytest.fixture(scope="module")
def worker(weights_folder: Path) -> Iterator[WorkerClient]:
    """One real worker for all tests that do not care what it has loaded."""
    environ = {**os.environ, "MATTELINE_WEIGHTS": str(weights_folder)}
    with WorkerClient(worker_command(), environ=environ) as client:
        yield client


def worker_command(*arguments: str, before: str = "") -> list[str]:
    """The worker's command line."""
    if not before:
        return [sys.executable, "-m", "matteline", "worker", *arguments]
    script = f"{textwrap.dedent(before)}\nfrom matteline.cli.main import main\nmain()"
    return [sys.executable, "-c", script, "worker", *arguments]


def up_to(event: str, messages: Iterator[Message]) -> list[Message]:
    """The next messages, up to one of that event; the rest stays to be heard."""
    heard: list[Message] = []
    for message in messages:
        heard.append(message)
        if message["event"] == event:
            return heard
    raise AssertionError(f"only heard {names(heard)}, at last {heard[-1:]}")


def names(messages: list[Message]) -> list[str]:
    """The events, one of each run of the same."""
    events = [message["event"] for message in messages]
    return [event for event, before in zip(events, [None, *events], strict=False) if event != before]


def results(folder: Path) -> list[Path]:
    """The result files of a folder, in name order; every one must be whole."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and ".matteline" not in path.parts)
    for path in files:
        with OpenEXR.File(str(path), separate_channels=True) as exr:
            assert exr.channels()["R"].pixels.shape == (HEIGHT, WIDTH), path
    return files


def gone(pid: int) -> bool:
    """Wait for a process to end; False if it will not."""
    try:
        psutil.Process(pid).wait(PATIENCE_SECONDS)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True
