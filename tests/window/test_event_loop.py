"""The window's own thread: it asks no disk, because one that is busy or far away answers late."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from tests.window.conftest import FIRST, LAST, settle, shown

# Python's own calls; those of libraries for pictures come after a folder was listed or a file was looked at.
_ASKED = ("open", "os.listdir", "os.scandir", "glob.glob", "sqlite3.connect")


class _Watch:
    """Notes what the thread it was made in asks the disk for."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._thread = str(folder), threading.get_ident()
        self.found: list[str] = []
        self.on = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.on and event in _ASKED and threading.get_ident() == self._thread:
            path = str(arguments[0])
            if path.startswith(self._folder):
                self.found.append(f"{event} {path}")


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[_Watch]:
    made = _Watch(tmp_path)
    # It cannot be removed again, so it is switched on and off.
    sys.addaudithook(made)
    yield made
    made.on = False


@pytest.mark.slow
def test_the_disk_is_asked_on_other_threads_alone(watch, window, plate, untrained, tmp_path):
    watch.on = True
    window.open([plate])
    settle(shown(window, FIRST))
    settings = MatteSettings(weights=str(untrained), device="cpu", preroll=0, cuts="none", focus="plate")
    window.shot.form.set_settings(settings)
    window.shot.form.output.set_value(str(tmp_path / "out"))
    window.shot.preview_button.click()
    settle(lambda: window.viewer.footages[0].previews.frames)
    window.shot.render_button.click()
    settle(lambda: window.shot.renders.rendering)
    settle(lambda: not window.shot.renders.rendering)
    settle(lambda: window.viewer.footages[0].results and shown(window, LAST)())
    window.tabs.setCurrentWidget(window.judging)
    window.judging.button.click()
    settle(lambda: window.judging.words.text() and not window.judging.judge.busy)
    window.queue.add(Job(plate, str(tmp_path / "queued"), settings=settings))
    window.queue.runner.start()
    settle(lambda: [shot.state for shot in window.queue.shots] == ["done"])
    # The worker's log is opened with the worker, once.
    assert [each for each in watch.found if not each.endswith("worker.log")] == []
