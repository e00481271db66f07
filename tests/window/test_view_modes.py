"""Every way to look at a frame, pixel by pixel against NumPy, on pictures of noise."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QRectF

from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.record import Record, RenderRecord, record_file, write_record
from matteline.pictures.checkerboard import checkerboard
from matteline.window.viewer.canvas import Layout
from matteline.window.viewer.compositor import MODES, ViewerBackdrop
from matteline.window.viewer.display_worker import filling
from tests.window.conftest import settle, shown, write_exr

WIDTH, HEIGHT = 120, 80
GREEN = (0.0, 0.5, 0.25)
CODES = 1.01
"""Codes of the screen by which a picture may be off, by rounding in half floats."""


class Noise:
    """Codes of a plate, and the results made of it."""

    def __init__(self) -> None:
        noise = np.random.default_rng(5)
        self.codes = noise.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        self.alpha = noise.uniform(0, 1, (HEIGHT, WIDTH, 1)).astype(np.float16)
        self.fgr = noise.uniform(0, 1, (HEIGHT, WIDTH, 3)).astype(np.float16)

    def picture(self, mode: str, ground: np.ndarray) -> np.ndarray:
        """What the screen shows, 0..255; `ground` is linear light behind the person."""
        alpha, light = self.alpha.astype(float), linear(self.fgr.astype(float))
        return {
            "plate": self.codes.astype(float),
            "alpha": 255 * np.repeat(alpha, 3, axis=2),
            "fgr": 255 * self.fgr.astype(float),
            "premult": 255 * encoded(light * alpha),
            "over": 255 * encoded(light * alpha + ground * (1 - alpha)),
        }[mode]

    def values(self, mode: str) -> np.ndarray:
        """What a difference is taken of: alpha, or light."""
        alpha, light = self.alpha.astype(float), linear(self.fgr.astype(float))
        plate = linear(self.codes / 255)
        return {
            "plate": plate,
            "alpha": alpha,
            "fgr": light,
            "premult": light * alpha,
            "over": light * alpha,
        }[mode]


@pytest.fixture
def noisy(window, tmp_path):
    """The window with results of noise, one screen pixel for each of the picture, and the noise."""
    noise, plate, folder = Noise(), tmp_path / "plate", tmp_path / "mattes"
    plate.mkdir()
    Image.fromarray(noise.codes).save(plate / "sh010.1001.png")
    Image.fromarray(noise.codes).save(plate / "sh010.1002.png")
    for product, pixels in (("alpha", np.repeat(noise.alpha, 3, axis=2)), ("fgr", noise.fgr)):
        (folder / product).mkdir(parents=True)
        for number in (1001, 1002):
            write_exr(folder / product / f"sh010_{product}.{number}.exr", pixels)
    recipe = {"plate": str(plate / "sh010.####.png"), "colour_space": "sRGB - Texture"}
    made = RenderRecord(FrameSet((FrameRange(1001, 1002),)), recipe, {})
    write_record(record_file(folder, "sh010"), Record({"mark": made}))
    window.open([str(folder)])
    settle(shown(window, 1001))
    window.viewer.run("pixels")
    return window, noise


def linear(shown_value):
    return np.where(shown_value > 0.04045, ((shown_value + 0.055) / 1.055) ** 2.4, shown_value / 12.92)


def encoded(light):
    return np.where(light > 0.0031308, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055, 12.92 * light).clip(
        0, 1
    )


def screen(window, room: int = 0) -> np.ndarray:
    """The screen where the whole plate is shown, (H, W, 3), at this moment."""
    canvas = window.viewer.canvas
    image = canvas.grab().toImage().convertToFormat(canvas.grab().toImage().Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    place = canvas._target(canvas._rooms()[room], QRectF(0, 0, WIDTH, HEIGHT))
    left, top = round(place.left()), round(place.top())
    return pixels[top : top + HEIGHT, left : left + WIDTH].astype(float)


def expect_picture(window, wanted: np.ndarray, room: int = 0, columns: slice = slice(None)) -> None:
    """Let the window live until the screen shows a picture."""
    away = [np.inf]

    def so() -> bool:
        seen = screen(window, room)
        away[0] = np.abs(seen - wanted)[:, columns].max() if seen.shape == wanted.shape else np.inf
        return away[0] <= CODES

    try:
        settle(so)
    except AssertionError as error:
        raise AssertionError(f"The screen is {away[0]:.1f} codes off.") from error


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_shown_as_numpy_makes_it(noisy, mode):
    window, noise = noisy
    window.viewer.toolbar.a.choose_mode(mode)
    squares = linear(checkerboard(HEIGHT, WIDTH, 24).astype(float))
    expect_picture(window, noise.picture(mode, squares))


def test_over_a_colour_is_made_in_light_at_every_pixel(noisy):
    window, noise = noisy
    window.viewer.toolbar.a.choose_mode("over")
    window.viewer.toolbar.set_backdrop(ViewerBackdrop(GREEN))
    expect_picture(window, noise.picture("over", linear(np.array(GREEN))))


@pytest.mark.slow
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(MODES, 2)))
def test_the_difference_is_that_of_every_pixel(noisy, one, other):
    window, noise = noisy
    toolbar = window.viewer.toolbar
    toolbar.a.choose_mode(one)
    toolbar.b.choose_mode(other)
    toolbar.set_layout(Layout.DIFFERENCE)
    apart = np.abs(noise.values(one) - noise.values(other))
    expect_picture(window, 255 * np.broadcast_to(apart, (HEIGHT, WIDTH, 3)))


def test_exposure_amplifies_the_difference(noisy):
    window, noise = noisy
    toolbar = window.viewer.toolbar
    toolbar.a.choose_mode("plate")
    toolbar.b.choose_mode("premult")
    toolbar.set_layout(Layout.DIFFERENCE)
    toolbar.expose(1)
    apart = np.abs(noise.values("plate") - noise.values("premult"))
    expect_picture(window, 255 * (2 * apart).clip(0, 1))


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_a_channel_alone_is_that_of_every_pixel(noisy, channel):
    window, noise = noisy
    window.viewer.toolbar.a.choose_mode("fgr")
    window.viewer.toolbar.set_channel(channel)
    alone = noise.picture("fgr", np.zeros(3))[..., channel, None]
    expect_picture(window, np.repeat(alone, 3, axis=2))
    assert window.viewer.canvas.tags[0] == ("Red", "Green", "Blue")[channel]


def test_a_wipe_shows_each_side_on_its_own_side_of_the_line(noisy):
    window, noise = noisy
    window.viewer.toolbar.a.choose_mode("plate")
    window.viewer.toolbar.b.choose_mode("alpha")
    window.viewer.toolbar.set_layout(Layout.WIPE)
    # The line and its handle lie over some columns in the middle.
    expect_picture(window, noise.picture("plate", np.zeros(3)), columns=slice(0, WIDTH // 2 - 6))
    expect_picture(window, noise.picture("alpha", np.zeros(3)), columns=slice(WIDTH // 2 + 6, None))


def test_side_by_side_shows_both_whole(noisy):
    window, noise = noisy
    window.viewer.toolbar.a.choose_mode("plate")
    window.viewer.toolbar.b.choose_mode("premult")
    window.viewer.toolbar.set_layout(Layout.SIDE_BY_SIDE)
    expect_picture(window, noise.picture("plate", np.zeros(3)), room=0)
    expect_picture(window, noise.picture("premult", np.zeros(3)), room=1)


def test_a_backdrop_of_another_shape_covers_the_plate_and_keeps_its_own():
    # A square of 40 with a bright bar in the middle, below a plate of 80 by 40: it is doubled, and of its 80
    # rows the middle 40 are seen.
    behind = np.zeros((40, 40, 3), np.float32)
    behind[:, 18:22] = 1
    behind[:10] = 5
    seen = filling(behind, (80, 40), (40, 80), QRectF(0, 0, 80, 40))
    assert seen.shape == (40, 80, 3)
    assert seen.max() <= 5 and seen[1:, :30].max() == 0 and (seen[2:, 37:43] == 1).all()


def test_a_backdrop_between_its_pixels_is_interpolated():
    ramp = np.repeat(np.arange(8, dtype=np.float32)[None, :, None], 4, axis=0).repeat(3, axis=2)
    seen = filling(ramp, (16, 8), (8, 16), QRectF(0, 0, 16, 8))
    np.testing.assert_allclose(np.diff(seen[4, 1:-1, 0]), 0.5, atol=1e-6)
