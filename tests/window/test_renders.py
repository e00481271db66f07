"""Previews and renders by a real worker: live frames, cancelling, errors, and a worker that dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

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


def test_plan_preview_and_render_one_after_another(shot, tmp_path):
    shot.shot.ask_plan()
    settle(lambda: shot.shot.plan.rows)
    assert ("Frames", f"{FIRST}-{LAST} (12)") in shot.shot.plan.rows

    shot.viewer.player.seek(1005)
    _click(shot.shot.preview_button)
    settle(lambda: _ended(shot))
    assert "1 frame in" in _words(shot)
    settle(lambda: shot.viewer.footages[0].folder is not None)
    assert shot.viewer.toolbar.a.choice.mode == "over"
    assert not (tmp_path / "out").exists(), "a preview writes nothing where results go"

    _click(shot.shot.render_button)
    settle(lambda: _ended(shot))
    assert "12 frames in" in _words(shot)
    assert len(list((tmp_path / "out" / "alpha").iterdir())) == 12
    assert shot.viewer.footages[0].folder == tmp_path / "out"
    settle(lambda: shown(shot, LAST)() and not shot.viewer.canvas.message[0])

    _click(shot.shot.render_button)
    settle(lambda: shot.shot.form.existing.error)
    assert "already holds results" in shot.shot.form.existing.error
    assert "'Existing results: Replace'" in shot.shot.form.existing.error
    assert "--" not in shot.shot.form.existing.error


@pytest.mark.slow
def test_a_preview_leaves_no_frame_of_an_earlier_one(shot):
    for number in (1003, 1005):
        shot.viewer.player.seek(number)
        _click(shot.shot.preview_button)
        settle(lambda: _ended(shot) and not shot.shot.renders.previewing)
    settle(lambda: shot.viewer.footages[0].folder is not None)
    assert str(shot.viewer.footages[0].clips["alpha"].frames) == "1005"
    assert len(os.listdir(shot.shot.renders._scratch.name)) == 1


@pytest.mark.slow
def test_a_cancelled_render_says_so_and_keeps_whole_frames(long_shot, tmp_path):
    long_shot.shot.form.field("downsample_ratio").set_value("1")
    _click(long_shot.shot.render_button)
    settle(lambda: f"of {LONG} frames" in _words(long_shot))
    (row,) = long_shot.shot.renders.rows.rows.values()
    row.button_pressed.emit()
    settle(lambda: _ended(long_shot))
    assert "Cancelled" in _words(long_shot)
    assert long_shot.shot.render_button.isEnabled()
    done = len(list((tmp_path / "out" / "alpha").iterdir()))
    assert 0 < done < LONG
    assert len(long_shot.viewer.footages[0].clips["alpha"].frames) == done, (
        "the scrubber shows all that are there"
    )


@pytest.mark.slow
def test_a_plate_that_goes_before_the_render_is_told_at_its_field(shot, plate):
    for name in os.listdir(os.path.dirname(plate)):
        os.remove(os.path.join(os.path.dirname(plate), name))
    _click(shot.shot.render_button)
    settle(lambda: _ended(shot))
    assert shot.shot.form.plate.error
    assert shot.shot.render_button.isEnabled()


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
    settle(lambda: f"of {LONG} frames" in _words(long_shot))
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
