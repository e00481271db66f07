"""The packaged plug-in in a stand-in for Nuke, and a real worker in an environment of its own."""

from __future__ import annotations

import atexit
import importlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest
from safetensors.torch import save_file

from matteline.matting.rvm.architecture import Architecture
from matteline.packaging.nuke import package_nuke
from tests.matting.filling import filled
from tests.nuke.comp import Comp
from tests.nuke.fake import FakeNuke

PACKAGE = "matteline_nuke"


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of the full architecture, filled by rule: they matte nothing, but every value counts."""
    network = filled(Architecture("mobilenetv3", "deep_guided_filter"))
    path = tmp_path_factory.mktemp("weights") / "untrained.safetensors"
    save_file(network.state_dict(), path)
    return path


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plug-in's folder as it is installed."""
    folder, _ = package_nuke(tmp_path_factory.mktemp("package"))
    return folder


class Installed:
    """The plug-in in a session of Nuke, from its start to its end.

    Attributes:
        host: The session.
        plugin: The imported `matteline_nuke`.
    """

    def __init__(self, package: Path, *, gui: bool = True) -> None:
        self._path, self._modules = list(sys.path), set(sys.modules)
        self._threads, self._processes = set(threading.enumerate()), _children()
        self.host = FakeNuke(gui=gui)
        self.host.install()
        self.host.starting = True
        self.host.module.pluginAddPath(str(package))
        if gui:
            self.host.run_menus()
        self.host.starting = False
        self.plugin: ModuleType = importlib.import_module(PACKAGE)

    def close(self) -> None:
        """End Nuke. Neither thread nor process may be left, nor anything wrong that was swallowed."""
        self.plugin.close()
        self.host.main.close()
        for name in set(sys.modules) - self._modules:
            if name == "nuke" or name.startswith(PACKAGE):
                session = sys.modules.pop(name)
                atexit.unregister(getattr(getattr(session, "session", None), "close", None))
        sys.path[:] = self._path
        for thread in set(threading.enumerate()) - self._threads:
            thread.join(5)
        assert set(threading.enumerate()) <= self._threads
        assert _children() <= self._processes


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


@pytest.fixture(scope="session")
def environment(untrained: Path) -> Iterator[None]:
    """The worker is that of the tests' own Python, and finds no weights but those it is told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATTELINE_WORKER", sys.executable)
        patch.setenv("MATTELINE_WEIGHTS", str(untrained.parent))
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.delenv("OCIO", raising=False)
        # No Qt in the stand-in: what has it is tested on its own.
        for name in ("PySide2", "PySide6"):
            patch.setitem(sys.modules, name, None)
        yield


@pytest.fixture(scope="session")
def direct() -> dict[Any, Path]:
    """Renders without Nuke, by what they were made of."""
    return {}


@pytest.fixture(scope="module")
def nuke_session(package: Path, environment: None) -> Iterator[Installed]:
    """One session of Nuke for the tests of a file, so that they share its worker."""
    installed = Installed(package)
    yield installed
    installed.close()


@pytest.fixture
def comp(
    nuke_session: Installed, untrained: Path, tmp_path: Path, direct: dict[Any, Path]
) -> Iterator[Comp]:
    """An empty, saved script in it."""
    made = Comp(nuke_session.host, nuke_session.plugin, untrained, tmp_path, direct)
    made.fresh()
    yield made
    made.must_be_clean()


@pytest.fixture
def terminal(
    package: Path, environment: None, untrained: Path, tmp_path: Path, direct: dict[Any, Path]
) -> Iterator[Comp]:
    """An empty, saved script in `nuke -t`."""
    installed = Installed(package, gui=False)
    made = Comp(installed.host, installed.plugin, untrained, tmp_path, direct)
    made.fresh()
    yield made
    made.must_be_clean()
    installed.close()


def no_host(message: str) -> None:
    """Skip, or fail where hosts are required."""
    if os.environ.get("REQUIRE_HOST") == "1":
        pytest.fail(message)
    pytest.skip(message)
