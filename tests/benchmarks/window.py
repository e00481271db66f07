"""How fast the window is: start to first paint, 4K EXR scrubbing, 1080p playback, and memory.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/window.py [--scratch DIR]

Draws its own footage: 24 frames of 4096x2160 half EXR (zips), and 120 frames of 1920x1080 H.264.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import psutil
from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtWidgets import QApplication

from matteline.contract.plate import Header, Window
from matteline.drawing import draw_people
from matteline.engine.demo import DEMO_SEED
from matteline.media.writer import Encoding, write_image
from matteline.window.main import MainWindow, WindowConfig
from matteline.window.preferences import Preferences
from matteline.window.theme import apply_theme

CACHE_BYTES = 1 << 30


def main() -> None:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=None)
    scratch = parser.parse_args().scratch or Path(tempfile.mkdtemp(prefix="matteline-window-"))
    scratch.mkdir(parents=True, exist_ok=True)
    print(f"start to first paint, whole process: {_start(scratch):.2f} s (the best of five)")
    app = QApplication(["benchmark"])
    apply_theme(app, "dark")
    exr, movie = _draw_4k(scratch / "exr"), _draw_movie(scratch / "hd.mp4")
    window = _window(scratch)
    _open(window, exr, 1001)
    print(f"4K EXR, stepping through frames not in memory: {_step(window, range(1001, 1025)):.1f} fps")
    print(f"4K EXR, stepping through frames in memory: {_step(window, range(1001, 1025)):.1f} fps")
    print(f"4K EXR, dragging over 24 frames in a second, then the frame rested on: {_drag(window):.2f} s")
    _open(window, movie, 1)
    print(f"1080p movie, first time through: {_play(window, 4.5):.1f} of 24 fps on the screen")
    print(f"1080p movie, from memory: {_play(window, 4.5):.1f} of 24 fps on the screen")
    held = window.viewer.cache.bytes / 2**20
    print(f"frames in memory: {held:.0f} MiB of {CACHE_BYTES / 2**20:.0f} MiB allowed")
    print(f"resident memory of the process: {psutil.Process().memory_info().rss / 2**20:.0f} MiB")
    window.close()


def _start(scratch: Path) -> float:
    command = [sys.executable, "-m", "matteline", "view", "--self-test"]
    times = []
    for _ in range(5):
        began = time.monotonic()
        subprocess.run([*command, "--settings", str(scratch / "start.ini")], check=True, capture_output=True)
        times.append(time.monotonic() - began)
    return min(times)


def _draw_4k(folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    drawing = next(iter(draw_people(1024, 540, 1, seed=DEMO_SEED))).plate.astype(np.float16)
    picture = drawing.repeat(4, axis=0).repeat(4, axis=1)
    picture += np.random.default_rng(1).normal(0, 0.01, picture.shape).astype(np.float16)
    window = Window(0, 0, 4096, 2160)
    for number in range(1001, 1025):
        path = folder / f"k4.{number}.exr"
        if not path.exists():
            shifted = np.roll(picture, 16 * (number - 1001), axis=1)
            header = Header(window, window)
            write_image(path, shifted, Encoding("exr", "half"), header, channels=("R", "G", "B"))
    return str(folder / "k4.1001.exr")


def _draw_movie(path: Path) -> str:
    if path.exists():
        return str(path)
    drawing = next(iter(draw_people(960, 540, 1, seed=DEMO_SEED))).plate
    picture = (drawing * 255).astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"preset": "veryfast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for number in range(120):
            frame = av.VideoFrame.from_ndarray(np.roll(picture, 8 * number, axis=1).copy(), format="rgb24")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return str(path)


def _window(scratch: Path) -> MainWindow:
    preferences = Preferences(QSettings(str(scratch / "window.ini"), QSettings.Format.IniFormat))
    preferences.cache_bytes = CACHE_BYTES
    worker = [sys.executable, "-m", "matteline", "worker"]
    window = MainWindow(
        preferences, WindowConfig(worker, dict(os.environ), queue_file=scratch / "queue.sqlite")
    )
    window.resize(1600, 900)
    window.show()
    return window


def _open(window: MainWindow, path: str, first: int) -> None:
    window.opener.open(path, "plate")
    _until(lambda: window.viewer.player.whole.first == first and _on(window) == first)


def _step(window: MainWindow, frames: range) -> float:
    began = time.monotonic()
    for number in frames:
        window.viewer.player.seek(number)
        _until(lambda number=number: _on(window) == number)
    return len(frames) / (time.monotonic() - began)


def _drag(window: MainWindow) -> float:
    store, footage = window.viewer.cache, window.viewer.footages[-1]
    store.forget(footage.main)
    shown: list[int] = []
    window.viewer.controller.shown.connect(shown.append)
    for number in range(1001, 1025):
        window.viewer.player.seek(number)
        end = time.monotonic() + 1 / 24
        _until(lambda end=end: time.monotonic() > end)
    began = time.monotonic()
    _until(lambda: bool(shown) and shown[-1] == 1024)
    window.viewer.controller.shown.disconnect(shown.append)
    return time.monotonic() - began


def _play(window: MainWindow, seconds: float) -> float:
    shown: list[int] = []
    window.viewer.player.seek(window.viewer.player.whole.first)
    window.viewer.controller.shown.connect(shown.append)
    window.viewer.player.play(1)
    end = time.monotonic() + seconds
    _until(lambda: time.monotonic() > end)
    window.viewer.player.stop()
    window.viewer.controller.shown.disconnect(shown.append)
    return len(set(shown)) / seconds


def _on(window: MainWindow) -> int | None:
    return window.viewer.controller.on_screen


def _until(so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not so():
        QCoreApplication.processEvents()
        time.sleep(0.001)
        if time.monotonic() > end:
            raise TimeoutError("the window never came to that")


if __name__ == "__main__":
    main()
