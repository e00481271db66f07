"""The pictures of docs/window.md: the real window over a drawn shot that it renders with the weights named.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/window_pictures.py WEIGHTS [--shot DIR] [--pictures DIR]

The shot's folder receives the plate and its mattes, and its path can be read in the pictures: those in docs/
are of a folder /shots/sh010. Fonts are those of the machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtWidgets import QApplication

from matteline.contract.job import Job
from matteline.drawing import draw_people
from matteline.drawing.crowd import draw_crowd
from matteline.engine.demo import DEMO_SEED, draw_plate
from matteline.window.main import MainWindow, WindowConfig
from matteline.window.preferences import Preferences
from matteline.window.queue.store import DONE, FAILED, PAUSED, RUNNING, QueueStore
from matteline.window.theme import apply_theme
from matteline.window.viewer.canvas import Layout

SIZE = (1440, 860)
PLATE_SIZE, FRAMES = (960, 540), 12
CROWD_SIZE, CROWD_FRAMES, CROWD_SEED = (640, 360), 8, 5
POINTED_AT = (610, 330)
UNDER_WAY, COMPARED, HOLED = 1006, 1008, 1010
BROKEN = "Frame 1042 of plate.####.exr cannot be read: the file is truncated."
QUEUED = (
    ("sh010", DONE, "12 frames in 31 s", 12, 12),
    ("sh020", RUNNING, "96 of 240 frames, 2 min 10 s left", 96, 240),
    ("sh030", PAUSED, "Paused after 12 frames", 12, 118),
    ("sh040", FAILED, BROKEN, 41, 96),
)
WAITING = "sh050"
SOLID, HOLE = 0.95, 10
FAILED_ROW = 3
SMALLEST = 0
"""What Qt calls the quality of a PNG: without loss, and as small as that goes."""


@dataclass(frozen=True)
class Studio:
    """Where the pictures are taken, and of what.

    Attributes:
        app: The application.
        shot: Folder of the plate and its mattes.
        weights: What the mattes are rendered with.
        pictures: Folder for the pictures.
        scratch: Folder for the window's settings and its queue.
    """

    app: QApplication
    shot: Path
    weights: Path
    pictures: Path
    scratch: Path

    @property
    def mattes(self) -> Path:
        """What is rendered."""
        return self.shot / "mattes"

    @property
    def queue(self) -> Path:
        """The queue's file."""
        return self.scratch / "queue.sqlite"

    @contextmanager
    def window(self, theme: str) -> Iterator[MainWindow]:
        """A window that nobody has used before."""
        settings = self.scratch / f"{time.monotonic_ns()}.ini"
        preferences = Preferences(QSettings(str(settings), QSettings.Format.IniFormat))
        preferences.theme = theme
        apply_theme(self.app, theme)
        worker = [sys.executable, "-m", "matteline", "worker"]
        window = MainWindow(preferences, WindowConfig(worker, dict(os.environ), queue_file=self.queue))
        window.resize(*SIZE)
        window.show()
        window.shot.form.field("weights").set_value(str(self.weights.resolve()))
        try:
            yield window
        finally:
            window.close()

    def take(self, window: MainWindow, name: str) -> None:
        """Take a picture, without the blinking of a cursor in it."""
        window.setFocus()
        _rest(0.5)
        window.grab().save(str(self.pictures / f"window_{name}.png"), quality=SMALLEST)


def main() -> None:
    """Draw the plate, and take the pictures."""
    given = _arguments()
    given.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="matteline-pictures-") as scratch:
        shot = given.shot or Path(scratch) / "sh010"
        studio = Studio(QApplication(["pictures"]), shot, given.weights, given.pictures, Path(scratch))
        plate = draw_plate(shot / "plate", *PLATE_SIZE, FRAMES, file_format="exr")
        take_shot(studio, plate)
        take_viewer(studio)
        take_queue(studio)
        take_judging(studio)
        take_people(studio)


def take_shot(studio: Studio, plate: str) -> None:
    """A render under way; afterwards all of the shot is rendered."""
    with studio.window("light") as window:
        window.open([plate])
        _until(lambda: window.viewer.controller.on_screen is not None)
        window.shot.form.output.set_value(str(studio.mattes))
        _until(lambda: window.shot.plan.rows)
        window.shot.start_render()
        # Not exactly this one: on a busy machine the screen passes some frames over.
        _until(lambda: window.viewer.controller.on_screen >= UNDER_WAY)
        studio.take(window, "shot")
        _until(lambda: not window.shot.renders.rendering)


def take_viewer(studio: Studio) -> None:
    """The composite wiped against its alpha."""
    with studio.window("dark") as window:
        _open_mattes(window, studio, COMPARED)
        _until(lambda: window.shot.plan.rows)
        window.viewer.toolbar.set_layout(Layout.WIPE)
        window.viewer.canvas.hovered.emit(POINTED_AT)
        _rest(1)
        studio.take(window, "viewer")


def take_judging(studio: Studio) -> None:
    """The hole that was cut into one frame's matte, as judging finds it."""
    _cut_hole(studio)
    with studio.window("dark") as window:
        _open_mattes(window, studio, HOLED)
        window.tabs.setCurrentWidget(window.judging)
        window.judging.button.click()
        _until(lambda: window.judging.list.count() and not window.judging.judge.busy)
        window.judging.list.setCurrentRow(0)
        window.viewer.canvas.hovered.emit(POINTED_AT)
        _rest(1)
        studio.take(window, "judging")


def _cut_hole(studio: Studio) -> None:
    """Make a small square of one matte empty, in the middle of the body."""
    [file] = (studio.mattes / "alpha").glob(f"*.{HOLED}.exr")
    picture = oiio.ImageBuf(str(file))
    alpha = picture.get_pixels(oiio.HALF)
    rows, columns = np.nonzero(alpha[..., 0] > SOLID)
    row, column = int(np.median(rows)), int(np.median(columns))
    alpha[row : row + HOLE, column : column + HOLE] = 0
    picture.set_pixels(picture.roi, alpha)
    picture.write(str(file))


def take_queue(studio: Studio) -> None:
    """Shots in every state."""
    shots = studio.shot.parent
    for seed, name in enumerate((*(shot for shot, *_ in QUEUED), WAITING)):
        _draw(shots / name / "plate", f"{name}_plate", draw_people(320, 180, 1, seed=DEMO_SEED + seed))
    _fill(QueueStore(studio.queue), shots)
    with studio.window("light") as window:
        _open_mattes(window, studio, COMPARED)
        window.tabs.setCurrentWidget(window.queue)
        window.queue.list.setCurrentRow(FAILED_ROW)
        _rest(1)
        studio.take(window, "queue")


def take_people(studio: Studio) -> None:
    """Two people who were told apart, one of them named and chosen."""
    plate = studio.shot.parent / "sh060" / "plate"
    _draw(plate, "sh060_plate", draw_crowd(*CROWD_SIZE, CROWD_FRAMES, seed=CROWD_SEED, people=2))
    with studio.window("dark") as window:
        window.open([str(plate)])
        _until(lambda: window.viewer.controller.on_screen is not None)
        window.tabs.setCurrentWidget(window.people)
        window.people.find_people()
        _until(lambda: not window.people.busy)
        window.people.list.item(0).setText("anna")
        window.people.find_people()
        _until(lambda: not window.people.busy)
        window.people.list.setCurrentRow(0)
        studio.take(window, "people")


def _draw(folder: Path, name: str, frames: Iterable[Any]) -> None:
    """Write drawn frames as a sequence from frame 1001 on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(frames, 1001):
        codes = (255 * np.clip(frame.plate, 0, 1)).astype(np.uint8)
        picture = oiio.ImageBuf(np.ascontiguousarray(codes))
        picture.write(str(folder / f"{name}.{number}.png"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path)
    parser.add_argument("--shot", type=Path, help="must not exist; a temporary folder without it")
    parser.add_argument("--pictures", type=Path, default=Path("docs/pictures"))
    given = parser.parse_args()
    if not given.weights.is_file():
        parser.error(f"there are no weights at {given.weights}")
    if given.shot is not None and given.shot.exists():
        parser.error(f"{given.shot} is there already")
    return given


def _open_mattes(window: MainWindow, studio: Studio, frame: int) -> None:
    window.open([str(studio.mattes)])
    _until(lambda: window.viewer.controller.on_screen is not None)
    window.viewer.player.seek(frame)
    _until(lambda: window.viewer.controller.on_screen == frame)


def _fill(store: QueueStore, shots: Path) -> None:
    """As another window would, which renders the one that runs."""
    for shot in (*(shot for shot, *_ in QUEUED), WAITING):
        store.add(Job(f"{shots}/{shot}/plate/{shot}_plate.####.png", f"{shots}/{shot}/mattes"))
    for _, state, words, done, total in QUEUED:
        claimed = store.claim("another window")
        number, owner = claimed.number, claimed.owner
        store.add_log_line(number, f"Run 1: {claimed.job.plate} to {claimed.job.output}")
        store.add_log_line(number, words)
        store.report(number, owner, words, done, total, 1.1)
        if state != RUNNING:
            store.end(number, owner, state, words)


def _until(so: Callable[[], object]) -> None:
    end = time.monotonic() + 1200
    while not so():
        QCoreApplication.processEvents()
        time.sleep(0.003)
        if time.monotonic() > end:
            raise TimeoutError("the window never came to that")


def _rest(seconds: float) -> None:
    end = time.monotonic() + seconds
    _until(lambda: time.monotonic() > end)


if __name__ == "__main__":
    main()
