"""How live the window is: previews, edges that move, and the longest wait of its event loop meanwhile.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/window_live.py WEIGHTS [--size 1920x1080]

Draws its own footage: 12 frames of half EXR (zips).
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from PySide6.QtCore import QCoreApplication, QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from matteline.engine.demo import draw_plate
from matteline.window.main import MainWindow, WindowConfig
from matteline.window.preferences import Preferences

EDGE_SECONDS = 4.0
# Width in pixels; larger plates are enlarged from drawings of this size or less.
LARGEST_DRAWN = 960
# A wait that an artist notices, and the most that the event loop is allowed.
LATE_SECONDS = 0.05


class LoopDelay:
    """The longest time that the event loop let a timer of five milliseconds wait, and what it did meanwhile."""

    def __init__(self) -> None:
        self.longest = 0.0
        # Waits of more than `LATE_SECONDS`, and the places in our code where the loop was then.
        self.late: list[float] = []
        self.places: Counter[str] = Counter()
        self._last = time.monotonic()
        self._timer = QTimer(interval=5)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._watched = threading.get_ident()
        threading.Thread(target=self._watch, daemon=True).start()

    def begin(self) -> None:
        """Forget what was before."""
        self.longest, self._last = 0.0, time.monotonic()
        self.late.clear()
        self.places.clear()

    def _tick(self) -> None:
        now = time.monotonic()
        waited = now - self._last - 0.005
        self.longest, self._last = max(self.longest, waited), now
        if waited > LATE_SECONDS:
            self.late.append(waited)

    def _watch(self) -> None:
        """Note the stack of the event loop whenever it is late, once every hundredth of a second."""
        while True:
            time.sleep(0.01)
            if time.monotonic() - self._last > LATE_SECONDS:
                if (frame := sys._current_frames().get(self._watched)) is None:
                    return
                stack = traceback.extract_stack(frame)
                ours = [each for each in stack if f"{os.sep}matteline{os.sep}" in each.filename]
                self.places[" < ".join(f"{each.name}:{each.lineno}" for each in reversed(ours[-4:]))] += 1


def main() -> None:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--no-render", action="store_true", help="leave the render at the end out")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    scratch = Path(tempfile.mkdtemp(prefix="matteline-live-"))
    times = max(width // LARGEST_DRAWN, 1)
    plate = draw_plate(scratch / "plate", width // times, height // times, 12, file_format="exr")
    enlarge(scratch / "plate", times)
    QApplication(["benchmark"])
    preferences = Preferences(QSettings(str(scratch / "settings.ini"), QSettings.Format.IniFormat))
    worker = [sys.executable, "-m", "matteline", "worker"]
    window = MainWindow(
        preferences, WindowConfig(worker, dict(os.environ), queue_file=scratch / "queue.sqlite")
    )
    window.resize(1440, 860)
    window.show()
    window.shot.form.field("weights").set_value(str(given.weights.resolve()))
    delay = LoopDelay()
    window.open([plate])
    until(lambda: window.viewer.controller.on_screen is not None and window.shot.plan.rows)
    for words, frame in (("first preview", 1001), ("preview of the next frame", 1002), ("far frame", 1010)):
        window.viewer.player.seek(frame)
        until(lambda frame=frame: window.viewer.controller.on_screen == frame)
        delay.begin()
        before = used(window)
        seconds = preview(window, frame)
        print(
            f"{words}: {seconds:.2f} s, {used(window) - before:.2f} s of processor",
            longest(delay),
            flush=True,
        )
    print("edge changes:", edges(window, 1010), longest(delay), flush=True)
    if given.no_render:
        window.close()
        return
    window.shot.form.field("choke").set_value(0)
    until(lambda: not window.live.busy)
    delay.begin()
    window.shot.start_render()
    until(lambda: window.shot.renders.rendering)
    until(lambda: not window.shot.renders.rendering)
    print("a render under way, followed in the viewer:", longest(delay))
    window.close()


def enlarge(folder: Path, times: int) -> None:
    """Repeat the pixels of pictures: drawing large ones takes minutes."""
    for path in folder.iterdir() if times > 1 else ():
        pixels = oiio.ImageBuf(str(path)).get_pixels(oiio.HALF)
        larger = oiio.ImageBuf(np.ascontiguousarray(pixels.repeat(times, 0).repeat(times, 1)))
        larger.set_write_format(oiio.HALF)
        larger.write(str(path))


def preview(window: MainWindow, frame: int) -> float:
    """Preview a frame; return the seconds from the click to the picture."""
    begun = time.monotonic()
    window.shot.preview_button.click()
    until(lambda: "Preview" in window.viewer.canvas.tags and window.viewer.footages[0].previews.of(frame))
    return time.monotonic() - begun


def edges(window: MainWindow, frame: int) -> str:
    """Move the choke as a slider does; return the different mattes shown a second, and what each of them took."""
    shown: list[int] = []
    window.viewer.controller.shown.connect(
        lambda _number: shown.append(id(window.viewer.footages[0].previews.of(frame).get("alpha")))
    )
    before = processor_seconds("self"), processor_seconds(str(window.connection.pid))
    choke, begun, value = window.shot.form.field("choke"), time.monotonic(), 0.0
    while time.monotonic() - begun < EDGE_SECONDS:
        value = (value + 0.1) % 5
        choke.set_value(value)
        live(0.01)
    changes = sum(one != other for one, other in itertools.pairwise(shown))
    after = processor_seconds("self"), processor_seconds(str(window.connection.pid))
    ours, workers = (
        1000 * (late - early) / max(changes, 1) for early, late in zip(before, after, strict=True)
    )
    rate = changes / (time.monotonic() - begun)
    return (
        f"{rate:.1f} a second, each {ours:.0f} ms of processor in the window and {workers:.0f} in the worker"
    )


def used(window: MainWindow) -> float:
    """Return the processor time of window and worker together, in seconds."""
    return processor_seconds("self") + processor_seconds(str(window.connection.pid))


def processor_seconds(process: str) -> float:
    """Return the processor time that a process has used, on Linux; elsewhere 0."""
    try:
        fields = Path("/proc", process, "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def longest(delay: LoopDelay) -> str:
    """Return the longest wait in words, and forget it."""
    late = f", {len(delay.late)} above {1000 * LATE_SECONDS:.0f} ms" if delay.late else ""
    words = f"(longest wait of the event loop {1000 * delay.longest:.0f} ms{late})"
    places = "".join(f"\n    {count} x {place}" for place, count in delay.places.most_common(5))
    delay.begin()
    return words + places


def live(seconds: float) -> None:
    """Let the window live."""
    ends = time.monotonic() + seconds
    until(lambda: time.monotonic() > ends)


def until(so: Callable[[], object]) -> None:
    """Let the window live until something is so."""
    while not so():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)
        time.sleep(0.001)


if __name__ == "__main__":
    main()
