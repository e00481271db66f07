"""Blender as a Python module, in environments of its own, with the packaged add-on registered in it."""

from __future__ import annotations

import json
import os
import queue
import shlex
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matteline.engine.demo import draw_plate
from matteline.packaging.blender import FOLDER, package_blender
from tests.blender import plates
from tests.waiting import PATIENCE_SECONDS

NEWEST = "5.0.1"
OLDER = ("4.2.23", "4.5.15")
INSTALLED = "installed"
INSTALL_SECONDS = 600
PERSON_SIZE = (128, 72)


class Blender:
    """A process with bpy and the add-on in it; `blender.call(...)` calls a function of `inside.py`."""

    def __init__(self, command: list[str], package: Path, folder: Path, **environ: str) -> None:
        self.folder = folder
        self._log = (folder / "blender.log").open("w")
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
            # One thread each: these pictures are too small to share, and so may the machine be.
            env={**_plain_environment(), **own_folders(folder), "OMP_NUM_THREADS": "1", **environ},
            cwd=folder,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.call("register", folder=str(package))

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(self, name: str, /, **values: Any) -> Any:
        """Call a function inside; its result as JSON has it."""
        self.start(name, **values)
        return self.result(name)

    def start(self, name: str, /, **values: Any) -> None:
        """Call a function inside without waiting for it; `result` does."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"call": name, "values": values}) + "\n")
        self._process.stdin.flush()

    def result(self, name: str = "") -> Any:
        line = self._answers.get(timeout=PATIENCE_SECONDS)
        assert line, f"Blender ended in {name}:\n{self.log()[-2000:]}"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def log(self) -> str:
        """What Blender and the add-on printed."""
        return (self.folder / "blender.log").read_text(errors="replace")

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(PATIENCE_SECONDS)
        self._log.close()
        self._reader.join(PATIENCE_SECONDS)

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            # What Blender prints before the script begins is no answer.
            if line.startswith("{"):
                self._answers.put(line)
        self._answers.put("")
        self._process.stdout.close()


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the add-on as its zip does."""
    folder = tmp_path_factory.mktemp("package")
    archive, _ = package_blender(folder)
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    assert (folder / FOLDER / "__init__.py").is_file()
    return folder


def _releases(*more: str) -> list[Any]:
    # Releases for another Python than this one: their environments have to be there already.
    asked_for = os.environ.get("MATTELINE_BPY", "").split()
    return [NEWEST, *(pytest.param(each, marks=pytest.mark.slow) for each in (*OLDER, *more, *asked_for))]


@pytest.fixture(scope="session", params=_releases())
def bpy_python(request: pytest.FixtureRequest) -> Path:
    """The Python of an environment with one release of bpy."""
    return python_with_bpy(request.config, request.param)


@pytest.fixture(scope="session", params=_releases(INSTALLED))
def command(request: pytest.FixtureRequest) -> list[str]:
    """What starts `inside.py` in one release of Blender."""
    script = str(Path(__file__).with_name("inside.py"))
    if request.param == INSTALLED:
        return [*installed_blender(), "-b", "--factory-startup", "--python", script]
    return [str(python_with_bpy(request.config, request.param)), script]


@pytest.fixture(scope="session")
def start_blender(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Blender]:
    """Start Blender with the add-on registered; whoever starts it closes it."""

    def start(command: list[str], **environ: str) -> Blender:
        return Blender(command, package, tmp_path_factory.mktemp("blender"), **environ)

    return start


@pytest.fixture(scope="session")
def shared_blender(command: list[str], start_blender: Callable[..., Blender]) -> Iterator[Blender]:
    """One Blender for all tests that leave it usable."""
    blender = start_blender(command, MATTELINE_WORKER=sys.executable)
    yield blender
    blender.close()


@pytest.fixture
def blender(shared_blender: Blender) -> Blender:
    """Blender with an empty file open."""
    shared_blender.call("fresh")
    return shared_blender


@pytest.fixture
def person(tmp_path: Path) -> dict[int, np.ndarray]:
    """A drawn person in `plate/demo.1001.png` to `.1003.png`: number to picture (72, 128, 3), 0 to 255."""
    draw_plate(tmp_path / "plate", *PERSON_SIZE, 3)
    return {
        number: plates.read(tmp_path / "plate" / f"demo.{number}.png")[..., :3]
        for number in (1001, 1002, 1003)
    }


def installed_blender() -> list[str]:
    """The command of a Blender that is no Python module: MATTELINE_BLENDER, or the one on PATH."""
    command = shlex.split(os.environ.get("MATTELINE_BLENDER", "blender"))
    if not shutil.which(command[0]):
        no_host(f"there is no program {command[0]}")
    return command


def own_folders(folder: Path) -> dict[str, str]:
    """Environment that keeps Blender out of the user's own files."""
    for name in ("scripts", "config"):
        (folder / name).mkdir(exist_ok=True)
    return {
        "BLENDER_USER_RESOURCES": str(folder),
        # Before 4.2 there is no variable for all of them.
        "BLENDER_USER_SCRIPTS": str(folder / "scripts"),
        "BLENDER_USER_CONFIG": str(folder / "config"),
    }


def python_with_bpy(config: pytest.Config, version: str) -> Path:
    """Find or make an environment with a release of bpy: below MATTELINE_BPY_DIR, or in pytest's cache."""
    base = os.environ.get("MATTELINE_BPY_DIR")
    folder = (Path(base) if base else config.cache.mkdir("bpy")) / version  # type: ignore[union-attr]
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists() or not _imports_bpy(python):
        shutil.rmtree(folder, ignore_errors=True)
        _install(folder, python, version)
    return python


def _install(folder: Path, python: Path, version: str) -> None:
    commands = (
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"bpy=={version}"],
    )
    for command in commands:
        try:
            subprocess.run(
                command, check=True, timeout=INSTALL_SECONDS, capture_output=True, env=_plain_environment()
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            shutil.rmtree(folder, ignore_errors=True)
            said = (error.stderr or b"").decode(errors="replace").strip().splitlines()[-1:]
            no_host(f"bpy {version} cannot be installed here ({' '.join(said) or error})")


def _imports_bpy(python: Path) -> bool:
    found = subprocess.run([str(python), "-c", "import bpy"], capture_output=True, env=_plain_environment())
    return found.returncode == 0


def no_host(message: str) -> None:
    if os.environ.get("REQUIRE_HOST") == "1":
        pytest.fail(message)
    pytest.skip(message)


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
