"""A real window on no screen, small plates, results, and a worker with a network that was filled by rule."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import OpenEXR
import pytest
from PIL import Image

pytest.importorskip("PySide6", reason="PySide6 is not installed")

from matteline.cli.view import check_qt, version_of_qt
from matteline.contract.errors import MattelineError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.record import Record, RenderRecord, record_file, write_record
from tests.lengthened import lengthened
from tests.waiting import wait_until

WIDTH, HEIGHT = 96, 64
FIRST, LAST = 1001, 1012
LONG = 200


@pytest.fixture(scope="session", autouse=True)
def usable() -> None:
    """Skip where this release of PySide6 would end the whole test run."""
    try:
        check_qt(version_of_qt(), sys.version_info[:2])
    except MattelineError as error:
        pytest.skip(f"{error.message} {error.hint}")


@pytest.fixture(scope="session")
def app(usable: None) -> object:
    """The one application, with the window's theme."""
    from PySide6.QtWidgets import QApplication

    from matteline.window.theme import apply_theme

    made = QApplication.instance() or QApplication(["matteline"])
    apply_theme(made, "dark")
    return made


def settle(until: Callable[[], object]) -> None:
    """Let the window live until something is so."""
    wait_until(until, _live)


def rest(seconds: float) -> None:
    """Let the window live for a while: for what must not happen. What must is waited for by `settle`."""
    end = time.monotonic() + seconds
    settle(lambda: time.monotonic() > end)


def _live() -> None:
    from PySide6.QtCore import QCoreApplication

    QCoreApplication.processEvents()
    time.sleep(0.003)


def colour_of(number: int) -> int:
    """The grey code that a frame of the plate is filled with, at its left half; the right half is white."""
    return 20 + 10 * (number - FIRST)


def left_of(number: int) -> tuple[int, int, int]:
    """Codes of red, green and blue in a frame's left half."""
    return colour_of(number), colour_of(number), colour_of(number) // 2


def picture(number: int) -> np.ndarray:
    """A frame of the plate, (64, 96, 3) uint8."""
    made = np.full((HEIGHT, WIDTH, 3), colour_of(number), np.uint8)
    made[:, WIDTH // 2 :] = 255
    made[:, :, 2] //= 2
    return made


@pytest.fixture
def plate(tmp_path: Path) -> str:
    """An 8-bit sequence, 1001 to 1012, each frame of another grey on its left."""
    folder = tmp_path / "plate"
    folder.mkdir()
    for number in range(FIRST, LAST + 1):
        Image.fromarray(picture(number)).save(folder / f"sh010.{number}.png")
    return str(folder / f"sh010.{FIRST}.png")


@pytest.fixture
def long_plate(plate: str) -> str:
    """The same twelve frames again and again, 1001 to 1200: long enough to be stopped on any machine."""
    lengthened(Path(plate).parent, FIRST + LONG - 1)
    return plate


@pytest.fixture
def exr_plate(tmp_path: Path) -> str:
    """A scene-linear half sequence, 1001 to 1004: red 0.25, green 2, blue -0.5."""
    folder = tmp_path / "exr"
    folder.mkdir()
    for number in range(1001, 1005):
        pixels = np.full((HEIGHT, WIDTH, 3), (0.25, 2.0, -0.5), np.float16)
        write_exr(folder / f"lin.{number}.exr", pixels)
    return str(folder / "lin.1001.exr")


def write_exr(path: Path, pixels: np.ndarray) -> None:
    """Write an RGB EXR with OpenEXR's own binding."""
    header = {"compression": OpenEXR.ZIPS_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, {"RGB": np.ascontiguousarray(pixels)}) as file:
        file.write(str(path))


@pytest.fixture
def results(plate: str, tmp_path: Path) -> Path:
    """Results of the plate: alpha 0.5 on the left and 0 on the right, and a foreground of grey 200."""
    folder = tmp_path / "mattes"
    for product in ("alpha", "fgr"):
        (folder / product).mkdir(parents=True)
    alpha = np.zeros((HEIGHT, WIDTH, 3), np.float16)
    alpha[:, : WIDTH // 2] = 0.5
    for number in range(FIRST, LAST + 1):
        write_exr(folder / "alpha" / f"sh010_alpha.{number}.exr", alpha)
        fgr = np.full((HEIGHT, WIDTH, 3), 200 / 255, np.float16)
        write_exr(folder / "fgr" / f"sh010_fgr.{number}.exr", fgr)
    recipe = {"plate": plate, "colour_space": "sRGB - Texture"}
    made = RenderRecord(FrameSet((FrameRange(FIRST, LAST),)), recipe, {})
    write_record(record_file(folder, "sh010"), Record({"mark": made}))
    return folder


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of the full architecture, filled by rule."""
    from safetensors.torch import save_file

    from matteline.matting.rvm.architecture import Architecture
    from tests.matting.filling import filled

    path = tmp_path_factory.mktemp("weights") / "untrained.safetensors"
    save_file(filled(Architecture("mobilenetv3", "deep_guided_filter")).state_dict(), path)
    return path


WORKER = [sys.executable, "-m", "matteline", "worker"]


@pytest.fixture
def open_window(app: object, tmp_path: Path) -> Iterator[Callable[..., object]]:
    """Open a real window; afterwards it is closed, and no thread may be left."""
    from PySide6.QtCore import QCoreApplication, QEvent, QSettings

    from matteline.window.main import MainWindow, WindowConfig
    from matteline.window.preferences import Preferences

    windows: list[MainWindow] = []
    before = set(threading.enumerate())

    def begin(**more: object) -> MainWindow:
        window_config = WindowConfig(
            worker=WORKER,
            environ={**os.environ, "OMP_NUM_THREADS": "1"},
            queue_file=tmp_path / "queue.sqlite",
            log_file=str(tmp_path / "worker.log"),
        )
        settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        window = MainWindow(Preferences(settings), window_config)
        window.resize(1200, 800)
        window.show()
        window.activateWindow()
        windows.append(window)
        return window

    yield begin
    for window in windows:
        window.close()
        window.deleteLater()
    rest(0.05)
    # Outside of an event loop it would live on, and be painted, until all tests are done.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert set(threading.enumerate()) <= before


@pytest.fixture
def window(open_window: Callable[..., object]) -> object:
    """A window."""
    return open_window()


def shown(window: object, number: int) -> Callable[[], bool]:
    """Whether a frame is on the screen."""
    return lambda: window.viewer.controller.on_screen == number  # type: ignore[attr-defined]


def pixel(window: object, x: int, y: int) -> tuple[int, int, int]:
    """What the screen shows at a pixel of the plate, at this moment."""
    canvas = window.viewer.canvas  # type: ignore[attr-defined]
    image = canvas.grab().toImage()
    place = canvas._target(canvas._rooms()[0], _rect(x, y))
    at = place.center().toPoint() * image.devicePixelRatio()
    colour = image.pixelColor(at)
    return colour.red(), colour.green(), colour.blue()


def expect(window: object, x: int, y: int, colour: object) -> None:
    """Let the window live until the screen shows a colour, or an `approx` of one, at a pixel of the plate."""
    seen: list[object] = []

    def so() -> bool:
        seen.append(pixel(window, x, y))
        return seen[-1] == colour

    try:
        settle(so)
    except AssertionError as error:
        raise AssertionError(f"Pixel {x}, {y} shows {seen[-1]} and never {colour}.") from error


def _rect(x: int, y: int) -> object:
    from PySide6.QtCore import QRectF

    return QRectF(x, y, 1, 1)
