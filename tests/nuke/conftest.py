"""The packaged plug-in in a stand-in for Nuke, and a real worker in an environment of its own."""

from __future__ import annotations

import atexit
import contextlib
import importlib
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
from tests.waiting import PATIENCE_SECONDS

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
    """The plug-in in a session of Nuke, from its start to its end. Several may be there, one at a time.

    Attributes:
        host: The session.
        plugin: The imported `matteline_nuke`.
    """

    def __init__(self, package: Path, *, gui: bool = True, **host: Any) -> None:
        self._modules: dict[str, ModuleType] = {}
        self._package = str(package)
        self.host = FakeNuke(gui=gui, **host)
        with self.current():
            self.host.starting = True
            self.host.module.pluginAddPath(str(package))
            if gui:
                self.host.run_menus()
            self.host.starting = False
            self.plugin = importlib.import_module(PACKAGE)

    @contextlib.contextmanager
    def current(self) -> Iterator[None]:
        """Be the Nuke whose modules are imported."""
        path = list(sys.path)
        sys.modules.update({**self._modules, "nuke": self.host.module})
        sys.path.insert(0, self._package)
        try:
            yield
        finally:
            ours = [name for name in sys.modules if name == "nuke" or name.startswith(PACKAGE)]
            self._modules = {name: sys.modules.pop(name) for name in ours}
            sys.path[:] = path

    def close(self) -> None:
        """End Nuke."""
        with self.current():
            self.plugin.close()
        self.host.main.close()
        session = self._modules[f"{PACKAGE}.session"]
        atexit.unregister(session.session.close)


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


@pytest.fixture(scope="session")
def environment(untrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The worker is that of the tests' own Python, and finds no weights but those it is told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATTELINE_WORKER", sys.executable)
        patch.setenv("MATTELINE_WEIGHTS", str(untrained.parent))
        # Whoever runs the tests may have fetched networks.
        for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp("data")))
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


@pytest.fixture(scope="session")
def nothing_left() -> Iterator[None]:
    """After the sessions of Nuke neither thread nor process is left of them."""
    threads, processes = set(threading.enumerate()), _children()
    yield
    for thread in set(threading.enumerate()) - threads:
        thread.join(PATIENCE_SECONDS)
    assert set(threading.enumerate()) <= threads
    assert _children() <= processes


@pytest.fixture(scope="session")
def with_windows(package: Path, environment: None, nothing_left: None) -> Iterator[Installed]:
    """One session of Nuke for all tests, so that they share its worker."""
    installed = Installed(package)
    yield installed
    installed.close()


@pytest.fixture(scope="module")
def without_windows(package: Path, environment: None, nothing_left: None) -> Iterator[Installed]:
    """The same for `nuke -t`, ended with its module: others count workers."""
    installed = Installed(package, gui=False)
    yield installed
    installed.close()


@pytest.fixture
def comp(with_windows: Installed, untrained: Path, tmp_path: Path, direct: dict[Any, Path]) -> Iterator[Comp]:
    """An empty, saved script."""
    yield from _script(with_windows, untrained, tmp_path, direct)


@pytest.fixture
def terminal(
    without_windows: Installed, untrained: Path, tmp_path: Path, direct: dict[Any, Path]
) -> Iterator[Comp]:
    """An empty, saved script in `nuke -t`."""
    yield from _script(without_windows, untrained, tmp_path, direct)


def _script(installed: Installed, weights: Path, folder: Path, direct: dict[Any, Path]) -> Iterator[Comp]:
    with installed.current():
        made = Comp(installed.host, installed.plugin, weights, folder, direct)
        made.fresh()
        yield made
        made.must_be_clean()
