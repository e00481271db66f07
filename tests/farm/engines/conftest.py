"""Farm jobs and submissions for engines, and what the engines' own tools need."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from matteline.contract.farm_settings import FarmSettings
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.farm.farm_job import FarmJob
from matteline.farm.submission import PreparedShot, Submission
from tests.waiting import PATIENCE_SECONDS

MATTELINE = (sys.executable, "-m", "matteline")
"""How the workers of these tests call matteline."""

HOSTILE = (
    "a shot",
    'say "cut"',
    "it's",
    "schön 日本",
    "100%d %s",
    "{{Param.JobName}}",
    "$(touch owned); touch owned",
    "`touch owned` & touch owned | x",
    "two\nlines",
    "-frames",
    "{jobs}",
    "#FRAME_START#",
    "<STARTFRAME>",
    "a\\b",
    "</cmd><x/>",
)
"""Names that some engine's syntax gives a meaning to."""

Submit = Callable[..., Submission]


@pytest.fixture
def shot(tmp_path: Path) -> Callable[..., PreparedShot]:
    """Write the farm job of a shot that need not exist, in a folder of its own."""

    def make(
        name: str = "sh010", frames: str = "1001-1020", *, within: str = "", look: bool = True, **values: Any
    ) -> PreparedShot:
        # A shot's own name holds no separators; the folders around it may.
        own_name = name.replace("/", "_").replace("\\", "_")
        output = str(tmp_path / "mattes" / name)
        settings = MatteSettings() if look else MatteSettings(cuts="none", focus="plate")
        plate = str(tmp_path / "plate" / "sh010.####.png")
        job = Job(plate, output, FrameSet.parse(frames), settings=settings)
        one = PreparedShot(farm_job(job, own_name, **values), tmp_path / "farm" / (within or name))
        one.farm_job.write(one.folder)
        return one

    return make


def farm_job(job: Job, name: str, **values: Any) -> FarmJob:
    """A farm job in which fields of its settings may be given by themselves."""
    cut = {
        each: values.pop(each)
        for each in ("chunk", "state_every", "exact", "chunk_preroll")
        if each in values
    }
    farm = FarmSettings(**{"chunk": 8, "exact": "states", **cut})
    hashes = dict.fromkeys(("weights_hash", "plate_hash", "settings_hash", "recipe_mark"), "")
    defaults = {"needs_gpu": False, "threads": 0, "path_map": (), "recipe": {}, **hashes}
    return FarmJob(job, name, farm, **{**defaults, **values})


def submission(
    engine: str,
    *shots: PreparedShot,
    batch_name: str = "sh010 mattes",
    user: str = "",
    command: Sequence[str] = MATTELINE,
    missing: Sequence[FrameSet | None] = (),
    **farm: Any,
) -> Submission:
    """The shots on their way to an engine whose workers run this very matteline."""
    settings = FarmSettings(engine=engine, command=shlex.join(command), **farm)
    if missing:
        shots = tuple(replace(each, missing=frames) for each, frames in zip(shots, missing, strict=True))
    return Submission(settings, shots, batch_name, user)


OPENCUE = "1.37.0"
OPENCUE_PACKAGES = (
    *(f"opencue-{each}=={OPENCUE}" for each in ("proto", "pycue", "pyoutline", "rqd")),
    "packaging",  # pyoutline imports it and does not say so
    "lxml",
)
INSTALL_SECONDS = 600


@pytest.fixture(scope="session")
def cue_python(request: pytest.FixtureRequest) -> Path:
    """The Python of an environment of its own with OpenCue's packages, which pin what torch's would not bear.

    Below MATTELINE_OPENCUE_DIR, else in pytest's cache.
    """
    base = os.environ.get("MATTELINE_OPENCUE_DIR")
    folder = (Path(base) if base else request.config.cache.mkdir("opencue")) / OPENCUE
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists() or _run(str(python), "-c", "import opencue, outline, rqd, lxml").returncode:
        shutil.rmtree(folder, ignore_errors=True)
        _install(folder, python)
    return python


def _install(folder: Path, python: Path) -> None:
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    for command in ((sys.executable, "-m", "venv", str(folder)), (*pip, *OPENCUE_PACKAGES)):
        done = _run(*command)
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            said = " ".join(done.stderr.strip().splitlines()[-1:])
            no_host(f"OpenCue {OPENCUE} cannot be installed here ({said})")


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no end after {INSTALL_SECONDS} seconds")


def no_host(message: str) -> None:
    """Skip, saying why; fail instead where hosts are required."""
    if os.environ.get("REQUIRE_HOST") == "1":
        pytest.fail(message)
    pytest.skip(message)


class Recorder:
    """A command in the place of matteline's that keeps what it was called with."""

    def __init__(self, log: Path, failures: int = 0) -> None:
        self._log = log
        self.command = (sys.executable, str(Path(__file__).with_name("recorder.py")), str(log), str(failures))

    def calls(self) -> list[list[str]]:
        """The arguments of each call, in order."""
        return (
            [json.loads(line) for line in self._log.read_text("utf-8").splitlines()]
            if self._log.exists()
            else []
        )


@pytest.fixture
def node() -> str:
    """The JavaScript engine that stands in for Flamenco's."""
    found = shutil.which("node")
    if not found:
        no_host("there is no node to run Flamenco's job type with")
    return found


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path / "calls.jsonl")


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory, untrained: Path):
    """A clip of 24 small frames and one unbroken render of it, in folders whose names are not plain."""
    from tests.farm.engines.film import Film, draw_plate

    folder = tmp_path_factory.mktemp("film") / "it's 100% schön #1"
    film = Film(draw_plate(folder / "plate"), untrained, folder / "whole")
    film.render_whole()
    return film


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder for results whose name is not plain."""
    return tmp_path / "it's 100% schön #2"


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where OpenJD's sessions lie; afterwards neither a process nor a session is left of them."""
    # A short name: the path of a socket in it may not be long.
    folder = Path(tempfile.mkdtemp(prefix="ojd"))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    # Told to end, a process has yet to put away its libraries.
    named = [each for each in psutil.process_iter(["cmdline"]) if _names(each, folder)]
    _, left = psutil.wait_procs(named, timeout=PATIENCE_SECONDS)
    shutil.rmtree(folder)
    assert left == []


def _names(process: psutil.Process, folder: Path) -> bool:
    return any(str(folder) in word for word in process.info["cmdline"] or ())
