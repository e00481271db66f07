"""Drives the real window on a real screen, once, and takes a picture of what it looks like at each step.

python drive.py PLATE WEIGHTS RESULTS PICTURES
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from matteline.cli.view import surroundings
from matteline.contract.job import Job
from matteline.window.app import run
from matteline.window.farm import FarmDialog
from matteline.window.main import MainWindow

SECONDS = 240


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
        until(lambda: self._window.viewer.projector.on_screen == 1001)
        form = self._window.shot.form
        form.field("weights").set_value(weights)
        form.field("device").set_value("cpu")
        form.field("preroll").set_value("0")
        form.output.set_value(str(self._results))
        until(lambda: self._window.shot.plan.rows)
        self.picture("shot")
        form.field("downsample_ratio").set_value("much")
        self._window.shot.ask_plan()
        self.picture("wrong_setting")
        form.field("downsample_ratio").set_value("1")

    def preview(self) -> None:
        shot = self._window.shot
        shot.preview_button.click()
        until(lambda: not shot.runs.previewing)
        until(lambda: self._window.viewer.footages[0].folder is not None)
        self.picture("preview")

    def cancel_and_resume(self) -> None:
        shot = self._window.shot
        shot.render_button.click()
        until(lambda: "of 12 frames" in self.words())
        rows = shot.runs.rows
        rows.cancel_requested.emit(next(iter(rows.rows)))
        until(lambda: not shot.runs.rendering)
        assert "Cancelled" in self.words(), self.words()
        self.picture("cancelled")
        shot.form.existing.set_value("resume")
        shot.render_button.click()
        until(lambda: " frames" in self.words() or not shot.runs.rendering)
        self.picture("rendering")
        until(lambda: not shot.runs.rendering)
        assert "frames in" in self.words(), self.words()

    def refuse(self) -> None:
        shot = self._window.shot
        shot.form.existing.set_value("refuse")
        shot.render_button.click()
        until(lambda: shot.form.existing.error)
        self.picture("refused")

    def send(self) -> None:
        dialog = self._window._send([self._window.shot.form.job()])
        self.picture("farm")
        dialog.fields["engine"].set_value("deadline10")
        dialog._more.unfold()
        dialog.send()
        until(lambda: dialog.words.property("role") == "wrong")
        self.picture("farm_refused")
        dialog.reject()
        assert isinstance(dialog, FarmDialog)

    def queue(self) -> None:
        window, job = self._window, self._window.shot.form.job()
        window.tabs.setCurrentWidget(window.queue)
        for name in ("one", "two"):
            window.queue.add(Job(job.plate, str(self._results / name), settings=job.settings))
        window.queue.add(Job("/nowhere/gone.mov", str(self._results / "x"), settings=job.settings))
        window.queue.runner.start()
        until(lambda: window.queue.shots[0].done >= 2)
        window.queue.runner.pause()
        until(lambda: window.queue.shots[0].state == "paused")
        window.queue.list.setCurrentRow(0)
        window.queue._buttons["again"].click()
        window.queue.runner.start()
        until(lambda: window.queue.runner.current is not None)
        self.picture("queue")
        until(lambda: [shot.state for shot in window.queue.shots] == ["done", "done", "failed"])
        window.queue.list.setCurrentRow(2)
        self.picture("queue_done")

    def report(self) -> None:
        (self._results / "alpha").joinpath("sh010_alpha.1006.exr").unlink()
        window = self._window
        window.open([str(self._results)])
        until(lambda: window.viewer.footages[-1].shot == "sh010")
        window.tabs.setCurrentWidget(window.judging)
        self.picture("not_judged")
        window.judging.button.click()
        until(lambda: window.judging.list.count() and not window.judging.judge.busy)
        window.judging.list.setCurrentRow(0)
        self.picture("judged")

    def words(self) -> str:
        return " ".join(row.words for row in self._window.shot.runs.rows.rows.values())

    def picture(self, name: str) -> None:
        """What the screen shows, in light and in dark."""
        scale = round(self._window.devicePixelRatioF())
        for theme in ("light", "dark"):
            self._window._set_theme(theme)
            rest()
            shown = self._window.screen().grabWindow(0)
            assert shown.save(str(self._pictures / f"{name}_{theme}_{scale}x.png"))


def until(so: Callable[[], object]) -> None:
    """Let the window live until something is so."""
    end = time.monotonic() + SECONDS
    while not so():
        QCoreApplication.processEvents()
        time.sleep(0.003)
        if time.monotonic() > end:
            raise TimeoutError("the window never came to that")


def rest(seconds: float = 0.25) -> None:
    """Let it paint."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end)


def main(plate: str, weights: str, results: str, pictures: str) -> int:
    """Open the window, drive it, and close it; 0 where every step came to its end."""
    failed = []

    def drive(window: MainWindow) -> None:
        window.showMaximized()
        window.setGeometry(window.screen().geometry())
        try:
            Drive(window, Path(results), Path(pictures)).take(plate, weights)
        except (AssertionError, TimeoutError) as error:
            failed.append(repr(error))
        window.close()

    run([], surroundings(), settings_file=str(Path(results).parent / "settings.ini"), when_shown=drive)
    print("\n".join(failed), file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
