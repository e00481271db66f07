"""The viewer: what it shows of plates and results, and what it says when it cannot."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from matteline.contract.frames import FrameRange
from matteline.window.viewer.canvas import Layout
from matteline.window.viewer.player import Player
from tests.window.conftest import FIRST, LAST, colour_of, expect, left_of, pixel, rest, settle, shown


@pytest.fixture
def viewing(window, plate):
    window.open([plate])
    settle(shown(window, FIRST))
    return window


@pytest.fixture
def judging(window, results):
    window.open([str(results)])
    settle(shown(window, FIRST))
    return window


def _choose(window, mode: str) -> None:
    window.viewer.toolbar.a.choose_mode(mode)


def test_an_srgb_plate_is_shown_as_it_is(viewing):
    expect(viewing, 10, 10, (20, 20, 10))
    expect(viewing, 80, 10, (255, 255, 127))


def test_keys_step_and_jump_through_the_shot(viewing):
    canvas = viewing.viewer.canvas
    canvas.setFocus()
    for key, modifier, number in (
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, FIRST + 1),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, FIRST + 11),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, FIRST + 10),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, FIRST),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, LAST),
    ):
        QTest.keyClick(canvas, key, modifier)
        settle(shown(viewing, number))
    expect(viewing, 10, 10, left_of(LAST))


def test_playing_stays_between_the_marks(viewing):
    player = viewing.viewer.player
    player.mark(first=1003, last=1006)
    seen: list[int] = []
    player.moved.connect(seen.append)
    player.play(1)
    settle(lambda: len(seen) > 10)
    player.stop()
    assert set(seen[2:]) <= {1003, 1004, 1005, 1006}


@pytest.mark.slow
def test_playing_keeps_time_whatever_the_machine_has_to_do(app):
    player = Player()
    player.load(FrameRange(1, 1_000_000), 24.0)
    seen: list[int] = []
    player.moved.connect(seen.append)
    before = time.monotonic()
    player.play(1)
    after = time.monotonic()
    rest(0.8)
    heard, least = len(seen), int(24 * (time.monotonic() - after))
    settle(lambda: len(seen) > heard)
    player.stop()
    assert least <= seen[-1] - 1 <= 24 * (time.monotonic() - before)


def test_modes_show_alpha_foreground_and_composites(judging):
    _choose(judging, "alpha")
    expect(judging, 10, 10, (128, 128, 128))
    _choose(judging, "fgr")
    expect(judging, 10, 10, pytest.approx((200, 200, 200), abs=1))
    _choose(judging, "premult")
    half = _encoded(0.5 * _linear(200 / 255))
    expect(judging, 10, 10, pytest.approx([half] * 3, abs=1))
    expect(judging, 80, 10, (0, 0, 0))


def test_over_a_colour_is_laid_in_linear_light(judging):
    from matteline.window.viewer.compositor import ViewerBackdrop

    _choose(judging, "over")
    judging.viewer.toolbar.set_backdrop(ViewerBackdrop((0.0, 1.0, 0.0)))
    light = _linear(200 / 255)
    red, green = _encoded(0.5 * light), _encoded(0.5 * light + 0.5)
    expect(judging, 10, 10, pytest.approx((red, green, red), abs=1))
    expect(judging, 80, 10, (0, 255, 0))


def test_over_another_clip(judging, exr_plate):
    _choose(judging, "over")
    judging.opener.open(exr_plate, "backdrop")
    settle(lambda: judging.viewer.toolbar.state.backdrop.footage is not None)
    expect(judging, 80, 10, pytest.approx((_encoded(0.25), 255, 0), abs=2))


def test_a_backdrop_can_be_chosen_again(judging, exr_plate):
    _choose(judging, "over")
    toolbar = judging.viewer.toolbar
    offered = toolbar._over.count()
    for _ in range(2):
        toolbar._over.setCurrentIndex(0)
        before = toolbar.state.backdrop
        judging.opener.open(exr_plate, "backdrop")
        settle(lambda before=before: toolbar.state.backdrop is not before)
        assert toolbar._over.currentText() == toolbar.state.backdrop.footage.name
    assert toolbar._over.currentData() is toolbar.state.backdrop
    assert toolbar._over.count() == offered + 1


def test_the_difference_of_two_sides_is_that_of_their_values(judging):
    toolbar = judging.viewer.toolbar
    toolbar.a.choose_mode("plate")
    toolbar.b.choose_mode("fgr")
    judging.viewer.run("difference")
    assert judging.viewer.canvas.layout_of_sides is Layout.DIFFERENCE
    apart = 255 * abs(_linear(colour_of(FIRST) / 255) - _linear(200 / 255))
    expect(judging, 10, 10, pytest.approx((apart, apart, apart), abs=1))


def test_a_wipe_shows_a_left_and_b_right(judging):
    judging.viewer.toolbar.a.choose_mode("plate")
    judging.viewer.toolbar.b.choose_mode("alpha")
    judging.viewer.run("wipe")
    expect(judging, 10, 10, (20, 20, 10))
    expect(judging, 90, 10, (0, 0, 0))


def test_one_channel_alone_is_grey(viewing):
    QTest.keyClick(viewing.viewer.canvas, Qt.Key.Key_B)
    expect(viewing, 10, 10, (10, 10, 10))
    QTest.keyClick(viewing.viewer.canvas, Qt.Key.Key_B)
    expect(viewing, 10, 10, (20, 20, 10))


def test_the_read_out_has_the_values_of_the_file(window, exr_plate):
    window.open([exr_plate])
    settle(shown(window, 1001))
    window.viewer.canvas.hovered.emit((5, 5))
    assert "plate 0.2500  2.0000  -0.5000" in window.viewer._readout.text()


def test_exposure_brightens_light_and_not_the_file(window, exr_plate):
    window.open([exr_plate])
    settle(shown(window, 1001))
    expect(window, 5, 5, pytest.approx((_encoded(0.25), 255, 0), abs=1))
    window.viewer.run("brighter")
    window.viewer.run("brighter")
    expect(window, 5, 5, pytest.approx((_encoded(0.5), 255, 0), abs=1))


def test_zooming_to_pixels_keeps_the_pixel_under_the_pointer(viewing):
    canvas = viewing.viewer.canvas
    at = QPointF(300, 200)
    before = canvas._pixel(at)
    canvas.set_zoom(20, at)
    after = canvas._pixel(at)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_a_plate_deleted_while_open_costs_a_sentence(viewing, plate):
    for name in os.listdir(os.path.dirname(plate)):
        os.remove(os.path.join(os.path.dirname(plate), name))
    viewing.viewer.player.seek(LAST)
    settle(lambda: viewing.viewer.canvas.message[0])
    message, hint = viewing.viewer.canvas.message
    assert message == f"Frame {LAST} of sh010.####.png cannot be read: the file is missing."
    assert hint


def test_a_truncated_frame_names_itself_and_the_next_one_is_shown(viewing, plate):
    bad = Path(plate).with_name("sh010.1010.png")
    bad.write_bytes(bad.read_bytes()[:120])
    viewing.viewer.player.seek(1010)
    settle(lambda: "1010" in viewing.viewer.canvas.message[0])
    viewing.viewer.player.seek(1011)
    settle(lambda: shown(viewing, 1011)() and not viewing.viewer.canvas.message[0])
    expect(viewing, 10, 10, left_of(1011))


def test_a_frame_written_again_is_read_again_when_it_failed(viewing, plate):
    file = Path(plate).with_name("sh010.1012.png")
    whole = file.read_bytes()
    file.unlink()
    viewing.viewer.player.seek(1012)
    settle(lambda: viewing.viewer.canvas.message[0])
    file.write_bytes(whole)
    viewing.viewer.player.seek(1001)
    viewing.viewer.player.seek(1012)
    settle(lambda: not viewing.viewer.canvas.message[0] and shown(viewing, 1012)())
    expect(viewing, 10, 10, left_of(1012))


def test_what_cannot_be_opened_is_said_in_the_line_below(window, tmp_path):
    window.open([str(tmp_path / "nothing.mov")])
    settle(lambda: window.errors.words)
    assert "nothing.mov does not exist" in window.errors.words


def test_all_keys_of_the_list_are_commands(window):
    from matteline.window.viewer.keys import KEYS

    for key in KEYS:
        window.viewer.run(key.command)


def test_marks_are_found_by_keys(viewing):
    viewing.viewer.set_flags({1004: "A hole.", 1009: "Flicker."})
    viewing.viewer.run("flag_after")
    assert viewing.viewer.player.frame == 1004
    viewing.viewer.run("flag_after")
    viewing.viewer.run("flag_after")
    assert viewing.viewer.player.frame == 1009


def _linear(shown_value: float) -> float:
    return ((shown_value + 0.055) / 1.055) ** 2.4 if shown_value > 0.04045 else shown_value / 12.92


def _encoded(light: float) -> float:
    curved = 1.055 * light ** (1 / 2.4) - 0.055 if light > 0.0031308 else 12.92 * light
    return float(np.clip(255 * curved, 0, 255))


@pytest.mark.slow
def test_frames_are_shown_plainly_while_a_view_is_made_ready(viewing):
    toolbar = viewing.viewer.toolbar
    settle(lambda: toolbar._display.count() > 1)
    heard, go = [], threading.Event()
    viewing.viewer.display_worker.preparing.connect(heard.append)
    viewing.viewer.display_worker._preparer.submit(
        go.wait
    )  # ahead of the view, which then takes as long as we like
    toolbar.choose_view("sRGB - Display/ACES 2.0 - SDR 100 nits (Rec.709)")
    viewing.viewer.player.seek(1004)
    settle(shown(viewing, 1004))
    expect(viewing, 80, 10, (255, 255, 127))
    assert heard == [], "the frame has not waited for the view"
    go.set()
    settle(lambda: heard == [True, False])
    settle(lambda: pixel(viewing, 80, 10) != (255, 255, 127))


def _move_onto(widget) -> None:
    """Move the pointer onto a widget, as the window system tells it."""
    middle = QPointF(widget.rect().center())
    QApplication.sendEvent(widget, QEnterEvent(middle, middle, QPointF(widget.mapToGlobal(middle.toPoint()))))


def test_keys_go_to_the_picture_that_the_pointer_is_over(viewing):
    field = viewing.shot.form.output
    field._edit.setFocus()
    _move_onto(viewing.viewer.canvas)
    assert viewing.viewer.canvas.hasFocus()
    QTest.keyClick(viewing.focusWidget(), Qt.Key.Key_Right)
    settle(shown(viewing, FIRST + 1))


def test_a_letter_typed_in_a_list_of_the_viewer_is_no_command(viewing):
    picker = viewing.viewer.toolbar.a._mode
    picker.setFocus()
    QTest.keyClick(picker, Qt.Key.Key_R)
    assert viewing.viewer.toolbar.state.channel is None


def test_the_zoom_stands_on_the_picture_in_plain_figures(viewing):
    viewing.viewer.canvas.set_zoom(18.6 / viewing.devicePixelRatioF())
    assert viewing.viewer.canvas.tags[-1] == "1860 %"


def test_a_frame_without_a_result_shows_the_plate_and_says_so(judging, results):
    (clip,) = [each for each in judging.viewer.footages[0].results if each.name.startswith("sh010_alpha")]
    clip._numbers.discard(1003)
    judging.viewer.player.seek(1003)
    settle(shown(judging, 1003))
    assert "Not rendered yet: plate" in judging.viewer.canvas.tags
    expect(judging, 10, 10, left_of(1003))
    judging.viewer.player.seek(1004)
    settle(shown(judging, 1004))
    assert "Not rendered yet: plate" not in judging.viewer.canvas.tags


def test_the_rate_counts_frames_and_not_paintings(judging):
    judging.viewer.controller.shown.emit(FIRST)
    judging.viewer.player.play(1)
    for _ in range(40):
        judging.viewer.controller.shown.emit(FIRST)
    assert len(judging.viewer._shown_at) <= 2
    judging.viewer.player.stop()
