"""How far a render is, by the worker's messages, as every host shows it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from matteline.contract.messages import duration, progress_step, progress_text
from matteline.contract.progress import RenderProgress


def frame(done: int, total: int = 40) -> dict[str, object]:
    return {"event": "frame", "number": 1000 + done, "files": [], "done": done, "total": total}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"event": "loading", "model": "rvm_mobilenetv3"}, "Loading the model rvm_mobilenetv3"),
        ({"event": "started", "frames": 40}, "Rendering"),
        ({"event": "preroll", "done": 3, "total": 10}, "Preroll: 3 of 10 frames"),
        (frame(1, 1), "Rendering: 1 of 1 frame"),
        ({"event": "assembling", "name": "matte", "done": 2, "total": 40}, "Movie matte: 2 of 40 frames"),
        ({"event": "finished", "frames": 1, "seconds": 61.0}, "1 frame in 1 min 01 s"),
        ({"event": "failed", "message": "The disk is full."}, "The disk is full."),
        ({"event": "cancelled"}, "Cancelled. Complete frames are kept."),
        ({"event": "notice", "message": "Frame 7 is missing."}, ""),
        ({"event": "of_a_later_release"}, ""),
    ],
)
def test_each_message_of_a_render_is_told_in_the_same_words(message, words):
    assert progress_text(message) == words


def test_a_step_is_named_without_its_frames():
    assert progress_step(frame(3)) == "Rendering"
    assert progress_step({"event": "assembling", "name": "matte", "done": 2, "total": 40}) == "Movie matte"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.4, "59 s"), (3599, "59 min 59 s"), (7800, "2 h 10 min")]
)
def test_a_duration_is_told_in_two_units(seconds, words):
    assert duration(seconds) == words


def test_the_length_is_known_once_the_render_has_started():
    waiting = RenderProgress()
    assert waiting.fraction is None
    assert waiting.after({"event": "started", "frames": 40}).fraction == 0


def test_speed_and_time_left_are_known_from_the_second_frame_on():
    first = RenderProgress().after({"event": "started", "frames": 40}).after(frame(9))
    assert first.frames_per_second == 0 and "left" not in first.words
    progress = replace(first, first_at=time.monotonic() - 2).after(frame(10))
    assert progress.frames_per_second > 0 and progress.words.startswith("Rendering: 10 of 40 frames, ")
    assert progress.words.endswith(" left")


def test_a_message_that_tells_of_no_progress_leaves_the_words():
    progress = RenderProgress().after(frame(3))
    assert progress.after({"event": "notice", "message": "Frame 7 is missing."}) == progress


@pytest.mark.parametrize("event", ["finished", "failed", "cancelled"])
def test_the_last_message_says_how_it_ended(event):
    message = {"event": event, "message": "", "frames": 3, "seconds": 1.0}
    assert RenderProgress().after(frame(3)).after(message).ended == event
