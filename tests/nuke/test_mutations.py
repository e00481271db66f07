"""The tests can fail: each mistake, put into a copy of the plug-in, makes a test that is named fail."""

from __future__ import annotations

import importlib
import inspect
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from matteline.contract.worker_holder import WorkerHolder
from tests.nuke import plates
from tests.nuke.comp import Comp
from tests.nuke.conftest import PACKAGE, Installed
from tests.nuke.workers import program

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Mistake:
    """One text of one file replaced by another, and the test that must see it."""

    file: str
    right: str
    wrong: str
    test: str
    given: dict[str, Any] = field(default_factory=dict)


MISTAKES = {
    "proxy is not switched off": Mistake(
        "plate.py",
        "    proxy.setValue(False)\n",
        "",
        "test_shown.test_proxy_mode_changes_nothing_and_stays_on",
        {"source": "always write"},
    ),
    "proxy is not restored": Mistake(
        "plate.py",
        "        proxy.setValue(before)\n",
        "        pass\n",
        "test_refusals.test_a_write_that_the_artist_cancels_leaves_nothing_behind",
    ),
    "the inner Write stays enabled": Mistake(
        "plate.py",
        "        set_inner(node, names.WRITE, disable=True)\n",
        "        pass\n",
        "test_refusals.test_a_write_that_the_artist_cancels_leaves_nothing_behind",
    ),
    "knobs are set from a thread": Mistake(
        "ticker.py",
        "nuke.executeInMainThread(self._call)",
        "self._call()",
        "test_render.test_the_files_of_a_read_are_handed_over",
    ),
    "Copy's inputs are swapped": Mistake(
        "inside.py",
        "push $MattelineMatteLive\npush $MattelinePlate\n",
        "push $MattelinePlate\npush $MattelineMatteLive\n",
        "test_script.test_a_saved_node_is_wired_as_meant",
    ),
    "the Write is not raw": Mistake(
        "inside.py",
        ' compression "Zip (1 scanline)"\n raw true\n',
        ' compression "Zip (1 scanline)"\n',
        "test_script.test_what_leaves_or_enters_files_is_raw",
    ),
    "results are shown a frame off": Mistake(
        "results.py",
        "first=files.first,\n        last",
        "first=files.first + 1,\n        last",
        "test_render.test_the_files_of_a_read_are_handed_over",
    ),
    "the switch flips before frames are looked for": Mistake(
        "results.py",
        "    _must_be_whole(result)\n",
        "",
        "test_workers.test_a_worker_that_says_it_is_done_and_has_written_nothing",
    ),
    "frames of before show beyond the range": Mistake(
        "results.py",
        'before="black"',
        'before="hold"',
        "test_render.test_preroll_is_written_too_and_only_the_range_is_shown",
    ),
    "the node is not found again": Mistake(
        "state.py",
        "def _has(node: nuke.Node, token: str) -> bool:\n",
        "def _has(node: nuke.Node, token: str) -> bool:\n    return False\n",
        "test_render.test_the_files_of_a_read_are_handed_over",
    ),
    "the state goes stale": Mistake(
        "state.py",
        'set_value(node, "state",',
        "str(",
        "test_script.test_a_node_of_an_opened_script_renders_and_shows_what_it_had",
    ),
    "what happens by itself can be undone": Mistake(
        "state.py",
        "    nuke.Undo.disable()\n    try:\n        yield\n    finally:\n        nuke.Undo.enable()\n",
        "    yield\n",
        "test_faults.test_undo_takes_back_what_the_artist_did_and_nothing_of_the_render",
    ),
}


class Lent(WorkerHolder):
    """The worker of another session, which ends it."""

    def __init__(self, lender: Any) -> None:
        super().__init__(find=list, start=lambda _command: lender.client())

    def close(self) -> None:
        return


@pytest.fixture
def lent(with_windows):
    """The holder of the worker that all tests share."""
    with with_windows.current():
        return Lent(sys.modules[f"{PACKAGE}.session"].session.worker)


@pytest.fixture
def attempt(package, lent, untrained, tmp_path, direct, monkeypatch):
    """Run a test of another file against a plug-in with some of its text replaced."""

    def run(mistake: Mistake) -> None:
        copy = shutil.copytree(package, tmp_path / "plugin", ignore=shutil.ignore_patterns("__pycache__"))
        changed = copy / PACKAGE / mistake.file
        text = changed.read_text(encoding="utf-8")
        assert text.count(mistake.right) == 1, f"{mistake.file} no longer says {mistake.right!r} once"
        changed.write_text(text.replace(mistake.right, mistake.wrong), encoding="utf-8")
        module, name = mistake.test.split(".")
        test = getattr(importlib.import_module(f"tests.nuke.{module}"), name)
        folder = tmp_path / "work"
        folder.mkdir()
        _tried(Installed(copy), lent, test, mistake.given, Settings(untrained, folder, direct, monkeypatch))

    return run


@dataclass(frozen=True)
class Settings:
    weights: Any
    folder: Any
    direct: Any
    monkeypatch: Any

    def given(self, comp: Comp) -> dict[str, Callable[[], Any]]:
        """What tests ask for by name."""

        from tests.nuke.test_faults import LONG, begun

        def with_worker(script: str) -> None:
            self.monkeypatch.setenv("MATTELINE_WORKER", program(self.folder, script))

        def rendering() -> Any:
            long = plates.write(self.folder / "long", LONG)
            return begun(comp, comp.node(comp.read(long, LONG[0], LONG[-1])))

        return {
            "comp": lambda: comp,
            "tmp_path": lambda: self.folder,
            "with_worker": lambda: with_worker,
            "rendering": rendering,
            "plate": lambda: plates.write(self.folder / "plate"),
        }


def _tried(
    installed: Installed, worker: WorkerHolder, test: Any, given: dict[str, Any], settings: Settings
) -> None:
    with installed.current():
        session = sys.modules[f"{PACKAGE}.session"].session
        own, uses_own = session.worker, test.__name__.startswith("test_a_worker")
        session.worker = own if uses_own else worker
        comp = Comp(installed.host, installed.plugin, settings.weights, settings.folder, settings.direct)
        comp.fresh()
        makes = settings.given(comp)
        try:
            asked = [name for name in inspect.signature(test).parameters if name not in given]
            test(**given, **{name: makes[name]() for name in asked})
            comp.must_be_clean()
        finally:
            installed.plugin.close()
            own.close()
    installed.close()


def test_the_plug_in_as_it_is_passes_this_way_too(attempt):
    attempt(
        Mistake("ticker.py", "def run(self)", "def run(self)", MISTAKES["knobs are set from a thread"].test)
    )


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_seen(attempt, mistake, monkeypatch):
    # What a thread dies of is one of the things that are looked for.
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    with pytest.raises((AssertionError, RuntimeError)) as caught:
        attempt(mistake)
    assert "no longer says" not in str(caught.value)
