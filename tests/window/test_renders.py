"""Previews and renders by a real worker: live frames, cancelling, errors, and a worker that dies."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from matteline.contract.frames import FrameSet
from matteline.window.form.shot_renders import WrittenFrame
from tests.window.conftest import FIRST, LAST, LONG, settle, shown


@pytest.fixture
def shot(window, plate, untrained, tmp_path):
    """A window with a plate, ready to render."""
    return _ready(window, plate, untrained, tmp_path)


@pytest.fixture
def long_shot(window, long_plate, untrained, tmp_path):
    """The same with a plate that is rendered for a while."""
    return _ready(window, long_plate, untrained, tmp_path)


def _ready(window, plate, untrained, tmp_path):
    window.open([plate])
    settle(shown(window, FIRST))
    form = window.shot.form
    form.field("weights").set_value(str(untrained))
    form.field("device").set_value("cpu")
    form.field("preroll").set_value("0")
    form.output.set_value(str(tmp_path / "out"))
    return window


def _ended(window) -> bool:
    rows = window.shot.renders.rows.rows.values()
    return bool(rows) and all(row.ended for row in rows)


def _words(window) -> str:
    return " ".join(row.words for row in window.shot.renders.rows.rows.values())


def _click(button) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.mark.slow
def test_plan_preview_and_render_one_after_another(shot, tmp_path):
    shot.shot.ask_plan()
    settle(lambda: shot.shot.plan.rows)
    assert ("Frames", f"{FIRST}-{LAST} (12)") in shot.shot.plan.rows

    shot.viewer.player.seek(1005)
    _click(shot.shot.preview_button)
    settle(lambda: "Preview" in shot.viewer.canvas.tags)
    assert str(shot.viewer.footages[0].previews.frames) == "1005"
    assert shot.viewer.toolbar.a.choice.mode == "over"
    assert not (tmp_path / "out").exists(), "a preview writes nothing where results go"

    _click(shot.shot.render_button)
    settle(lambda: _ended(shot))
    assert "12 frames in" in _words(shot)
    assert len(list((tmp_path / "out" / "alpha").iterdir())) == 12
    assert shot.viewer.footages[0].folder == tmp_path / "out"
    settle(lambda: shown(shot, LAST)() and not shot.viewer.canvas.message[0])

    assert shot.shot.form.existing.value() == "update", "what was rendered here is updated by the next render"
    shot.shot.form.existing.set_value("refuse")
    _click(shot.shot.render_button)
    settle(lambda: shot.shot.form.existing.error)
    assert "already holds results" in shot.shot.form.existing.error
    assert "'Existing results: Replace'" in shot.shot.form.existing.error
    assert "--" not in shot.shot.form.existing.error


@pytest.mark.slow
def test_previews_with_settings_of_before_are_dropped(shot):
    previews = shot.viewer.footages[0].previews
    shot.viewer.player.seek(1003)
    _click(shot.shot.preview_button)
    settle(lambda: str(previews.frames) == "1003")
    shot.viewer.player.seek(1005)
    _click(shot.shot.preview_button)
    settle(lambda: str(previews.frames) == "1003,1005")
    shot.shot.form.field("downsample_ratio").set_value("1")
    assert not previews.frames.ranges, "what the network makes now is another picture"


@pytest.mark.slow
def test_an_edge_that_moves_is_seen_at_once_and_other_frames_are_forgotten(shot):
    previews = shot.viewer.footages[0].previews
    for number in (1003, 1005):
        shot.viewer.player.seek(number)
        _click(shot.shot.preview_button)
        settle(lambda number=number: number in previews.frames and not shot.live.busy)
    before = previews.of(1005)["alpha"].pixels
    shot.shot.form.field("white_point").set_value(0.3)
    assert str(previews.frames) == "1005"
    settle(lambda: previews.of(1005)["alpha"].pixels is not before and not shot.live.busy)
    after = previews.of(1005)["alpha"].pixels
    wanted = np.clip(before.astype(float) / 0.3, 0, 1)
    assert np.abs(after - wanted).max() < 0.01


@pytest.mark.slow
def test_live_previews_follow_the_scrubber_when_it_rests(shot):
    previews = shot.viewer.footages[0].previews
    _click(shot.shot.live_button)
    settle(lambda: str(previews.frames) == "1001")
    shot.viewer.player.seek(1004)
    settle(lambda: str(previews.frames) == "1001,1004")
    settle(lambda: "Preview" in shot.viewer.canvas.tags)
    _click(shot.shot.live_button)
    shot.viewer.player.seek(1008)
    settle(shown(shot, 1008))
    assert "Not rendered yet: plate" in shot.viewer.canvas.tags


def test_a_written_frame_lets_the_next_render_update_before_its_file_is_opened(shot):
    assert shot.shot.form.existing.value() == "refuse"
    shot.shots.note_written(WrittenFrame(shot.shot.form.job(), 1001, ()))
    assert shot.shot.form.existing.value() == "update"


@pytest.mark.slow
def test_a_render_and_its_stale_frames_are_told_apart(shot, tmp_path):
    shot.shot.form.frames.set_value(FrameSet.parse("1001-1004"))
    _click(shot.shot.render_button)
    settle(lambda: _ended(shot))
    settle(lambda: str(shot.viewer.timeline._rendered) == "1001-1004")
    shot.shot.form.field("choke").set_value(1)
    settle(lambda: str(shot.viewer.timeline._stale) == "1001-1004")
    shot.viewer.player.seek(1002)
    settle(lambda: "Made with other settings" in shot.viewer.canvas.tags)
    _click(shot.shot.render_button)
    settle(lambda: _ended(shot) and "4 frames in" in _words(shot))
    settle(lambda: not shot.viewer.timeline._stale.ranges)


@pytest.mark.slow
def test_a_cancelled_render_says_so_and_keeps_whole_frames(long_shot, tmp_path):
    long_shot.shot.form.field("downsample_ratio").set_value("1")
    _click(long_shot.shot.render_button)
    settle(lambda: re.search(rf"Rendering: \d+ of {LONG} frames", _words(long_shot)))
    (row,) = long_shot.shot.renders.rows.rows.values()
    row.button_pressed.emit()
    settle(lambda: _ended(long_shot))
    assert "Cancelled" in _words(long_shot)
    assert long_shot.shot.render_button.isEnabled()
    done = len(list((tmp_path / "out" / "alpha").iterdir()))
    assert 0 < done < LONG
    # The scrubber shows all that are there.
    settle(lambda: len(long_shot.viewer.footages[0].clips["alpha"].frames) == done)


@pytest.mark.slow
def test_a_plate_that_goes_before_the_render_is_told_at_its_field(shot, plate):
    for name in os.listdir(os.path.dirname(plate)):
        os.remove(os.path.join(os.path.dirname(plate), name))
    _click(shot.shot.render_button)
    settle(lambda: _ended(shot))
    assert shot.shot.form.plate.error
    assert shot.shot.render_button.isEnabled()


@pytest.mark.slow
def test_weights_that_are_not_there_are_told_at_the_model(shot):
    shot.shot.form.field("weights").set_value("nobody")
    shot.shot.ask_plan()
    settle(lambda: shot.shot.form.field("weights").error)
    assert "nobody" in shot.shot.form.field("weights").error


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on this system")
def test_a_killed_worker_costs_a_sentence_and_the_next_render_goes_on(long_shot, tmp_path):
    long_shot.shot.form.field("downsample_ratio").set_value("1")
    _click(long_shot.shot.render_button)
    settle(lambda: re.search(rf"Rendering: \d+ of {LONG} frames", _words(long_shot)))
    os.kill(long_shot.connection.pid, signal.SIGKILL)
    settle(lambda: _ended(long_shot))
    assert "ended by itself" in _words(long_shot)
    assert "killed" in _words(long_shot)

    long_shot.shot.form.existing.set_value("resume")
    _click(long_shot.shot.render_button)
    settle(lambda: _ended(long_shot))
    assert " frames in " in _words(long_shot)
    assert len(list((tmp_path / "out" / "alpha").glob("*.exr"))) == LONG


def test_a_worker_that_cannot_be_started_costs_a_sentence(app, tmp_path):
    from matteline.contract.job import Job
    from matteline.window.worker_connection import WorkerConnection

    renders = WorkerConnection([str(Path(tmp_path / "nothing"))], {})
    heard: list[dict] = []
    renders.message_received.connect(lambda _number, message: heard.append(message))
    renders.plan(Job("a", "b"))
    settle(lambda: heard)
    assert heard[0]["event"] == "failed" and "cannot be started" in heard[0]["message"]
    renders.close()
