"""Drives the real window on a real screen, once, and takes a picture of what it looks like at each step.

python drive.py PLATE WEIGHTS RESULTS PICTURES

The plate must be long enough for a render of it to be cancelled and paused on its way.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from matteline.cli.view import window_config
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.window.app import run
from matteline.window.farm_dialog import FarmDialog
from matteline.window.main import MainWindow

SECONDS = 1500
"""For all steps together."""
ENDS = time.monotonic() + SECONDS


class Drive:
    """The steps, in the order an artist takes them.

    Args:
        window: The window, shown.
        results: Folder for what is rendered.
        pictures: Folder for the pictures.
    """

    def __init__(self, window: MainWindow, results: Path, pictures: Path) -> None:
        self._window, self._results, self._pictures = window, results, pictures

    def take(self, plate: str, weights: str) -> None:
        """All of it."""
        self.picture("empty")
        self._window.tabs.setCurrentWidget(self._window.queue)
        self.picture("queue_empty")
        self._window.tabs.setCurrentWidget(self._window.shot)
        self.open(plate, weights)
        self.preview()
        self.cancel_and_resume()
        self.refuse()
        self.send()
        self.queue()
        self.report()
        self._window.viewer.run("help")
        self.picture("keys")

    def open(self, plate: str, weights: str) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(plate)])
        more = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self._window, QDragEnterEvent(QPoint(300, 300), *more))
        QApplication.sendEvent(self._window, QDropEvent(QPointF(300, 300), *more))
        until("the plate is on the screen", lambda: self._window.viewer.controller.on_screen == 1001)
        form = self._window.shot.form
        form.field("weights").set_value(weights)
        form.field("device").set_value("cpu")
        form.field("preroll").set_value("0")
        form.output.set_value(str(self._results))
        until("there is a plan", lambda: self._window.shot.plan.rows)
        self.picture("shot")
        form.field("downsample_ratio").set_value("much")
        self._window.shot.ask_plan()
        self.picture("wrong_setting")
        form.field("downsample_ratio").set_value("1")

    def preview(self) -> None:
        shot = self._window.shot
        shot.preview_button.click()
        previews = self._window.viewer.footages[0].previews
        until("the viewer has the preview", lambda: previews.frames.ranges)
        self.picture("preview")

    def cancel_and_resume(self) -> None:
        shot = self._window.shot
        shot.render_button.click()
        until("frames are rendered", self.counts)
        rows = shot.renders.rows
        rows.cancel_requested.emit(next(iter(rows.rows)))
        until("the render is given up", lambda: not shot.renders.rendering)
        assert "Cancelled" in self.words(), self.words()
        self.picture("cancelled")
        shot.form.existing.set_value("resume")
        shot.render_button.click()
        until("the other frames are rendered", lambda: self.counts() or not shot.renders.rendering)
        self.picture("rendering")
        until("all of them are", lambda: not shot.renders.rendering)
        assert "frames in" in self.words(), self.words()

    def refuse(self) -> None:
        shot = self._window.shot
        shot.form.existing.set_value("refuse")
        shot.render_button.click()
        until("results are not replaced unasked", lambda: shot.form.existing.error)
        self.picture("refused")

    def send(self) -> None:
        dialog = self._window._send([self._window.shot.form.job()])
        self.picture("farm")
        dialog.fields["engine"].set_value("deadline10")
        dialog._more.unfold()
        dialog.send()
        until("the farm is refused", lambda: dialog.words.property("role") == "wrong")
        self.picture("farm_refused")
        dialog.reject()
        assert isinstance(dialog, FarmDialog)

    def queue(self) -> None:
        queue, job = self._window.queue, self._window.shot.form.job()
        self._window.tabs.setCurrentWidget(queue)
        queue.add(Job(job.plate, str(self._results / "one"), settings=job.settings))
        few = FrameSet.parse("1001-1012")
        queue.add(Job(job.plate, str(self._results / "two"), few, settings=job.settings))
        queue.add(Job("/nowhere/gone.mov", str(self._results / "x"), settings=job.settings))
        until("they are listed", lambda: queue.list.count() == 3)
        queue.runner.start()
        until("two frames are there", lambda: len(list(self._results.glob("one/alpha/*.exr"))) >= 2)
        queue.runner.pause()
        until("the first shot is paused", lambda: queue.shots[0].state == "paused")
        queue.list.setCurrentRow(0)
        queue._buttons["again"].click()
        queue.runner.start()
        until("it goes on", lambda: queue.shots[0].done and queue.shots[0].state in ("running", "done"))
        self.picture("queue")
        ends = ["done", "done", "failed"]
        until("all shots have ended", lambda: [shot.state for shot in queue.shots] == ends)
        queue.list.setCurrentRow(2)
        self.picture("queue_done")

    def report(self) -> None:
        (self._results / "alpha").joinpath("sh010_alpha.1006.exr").unlink()
        window = self._window
        window.open([str(self._results)])
        # They join the shot that has rendered them.
        until("the results are open", lambda: "sh010" in {each.shot for each in window.viewer.footages})
        window.tabs.setCurrentWidget(window.judging)
        self.picture("not_judged")
        window.judging.button.click()
        until("they are judged", lambda: window.judging.list.count() and not window.judging.judge.busy)
        window.judging.list.setCurrentRow(0)
        self.picture("judged")

    def counts(self) -> object:
        """Whether the render under way says how many frames it has written."""
        return re.search(r"Rendering: \d+ of \d+ frames", self.words())

    def words(self) -> str:
        return " ".join(row.words for row in self._window.shot.renders.rows.rows.values())

    def picture(self, name: str) -> None:
        """What the screen shows, in light and in dark."""
        scale = round(self._window.devicePixelRatioF())
        for theme in ("light", "dark"):
            self._window._set_theme(theme)
            rest()
            shown = self._window.screen().grabWindow(0)
            assert shown.save(str(self._pictures / f"{name}_{theme}_{scale}x.png"))


def until(what: str, so: Callable[[], object]) -> None:
    """Let the window live until something is so. Raises `TimeoutError`, which says what, when it never is."""
    while not so():
        QCoreApplication.processEvents()
        time.sleep(0.003)
        if time.monotonic() > ENDS:
            raise TimeoutError(f"The window was given {SECONDS} seconds and did not come so far: {what}.")


def rest(seconds: float = 0.25) -> None:
    """Let it paint."""
    end = time.monotonic() + seconds
    until("it has painted", lambda: time.monotonic() > end)


def main(plate: str, weights: str, results: str, pictures: str) -> int:
    """Open the window, drive it, and close it; 0 where every step came to its end."""
    came_through = []

    def drive(window: MainWindow) -> None:
        window.showMaximized()
        window.setGeometry(window.screen().geometry())
        try:
            Drive(window, Path(results), Path(pictures)).take(plate, weights)
            came_through.append(True)
        except (AssertionError, TimeoutError) as error:
            print(repr(error), file=sys.stderr)
        finally:
            window.close()

    run([], window_config(), settings_file=str(Path(results).parent / "settings.ini"), when_shown=drive)
    return 0 if came_through else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
