"""What the first look notes of a plate, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from matteline.contract.frames import FrameRange
from matteline.contract.plate import Window
from matteline.engine.first_look import (
    LEAD_IN_FRAMES,
    LookInput,
    LookStep,
    gather_notes,
    look_over,
    looked_frame,
)
from matteline.engine.segments import keep_segments

from .edited_clips import Material, drawn_photos

SIDE = 96
PHOTOS = drawn_photos(8, seed=11)


def _shot(length: int, seed: int) -> list[Tensor]:
    """A shot in which somebody, who is what is blue, walks to the right."""
    frames = Material({}, PHOTOS, seed).shot(length)
    pictures = torch.from_numpy(frames).permute(0, 3, 1, 2) / 255
    pictures[:, 2] *= 0.4
    for number, picture in enumerate(pictures):
        picture[:, 30:80, 10 + number : 30 + number] = torch.tensor([0.1, 0.1, 1.0])[:, None, None]
    return list(pictures)


def _inputs(pictures: list[Tensor], first: int = 1) -> Iterator[LookInput]:
    return (LookInput(number, picture, -0.611) for number, picture in enumerate(pictures, first))


def _blue(picture: Tensor) -> Tensor:
    return (picture[2] > 0.9).float()


def _steps(pictures: list[Tensor], first: int = 1) -> list[LookStep]:
    return list(look_over(_inputs(pictures, first), _blue, 2 * SIDE, 2 * SIDE))


TWO_SHOTS = [*_shot(21, seed=1), *_shot(30, seed=2)]


def test_every_frame_is_noted_and_the_cut_is_found():
    steps = _steps(TWO_SHOTS)
    assert [step.number for step in steps] == [*range(1, 52)]
    assert [step.number for step in steps if step.begins_shot] == [1, 22]


def test_every_eighth_frame_and_both_ends_of_every_shot_are_looked_at():
    looked = [step.number for step in _steps(TWO_SHOTS) if step.looked]
    assert looked == [1, 8, 16, 21, 22, 24, 32, 40, 48, 51]


def test_boxes_are_of_the_canvas():
    (person,) = next(step.looked.people for step in _steps(TWO_SHOTS) if step.looked)
    assert person == Window(20, 60, 40, 100)


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [20, 22, 26, 33, 40])
def test_a_part_of_the_plate_is_noted_as_the_whole_is(wanted):
    begin = max(1, wanted - LEAD_IN_FRAMES)
    part = _steps(TWO_SHOTS[begin - 1 :], begin)
    assert part[wanted - begin :] == _steps(TWO_SHOTS)[wanted - 1 :]


def test_notes_hold_what_was_learnt():
    notes = gather_notes(_steps(TWO_SHOTS), 2 * SIDE, 2 * SIDE)
    notes = replace(notes, segments=keep_segments((), notes, 64, always=False))
    assert notes.frames == FrameRange(1, 51)
    assert notes.cuts == notes.found_cuts == (22,)
    assert len(notes.looked) == 10
    assert notes.looked[0].bright_stops == -0.61
    assert [segment.frames for segment in notes.segments] == list(notes.shots)
    assert all(segment.regions for segment in notes.segments)


def _looked(alpha: Tensor, before: tuple[LookInput, Tensor] | None = None, picture: Tensor | None = None):
    shown = torch.zeros(3, SIDE, SIDE) if picture is None else picture
    return looked_frame(LookInput(2, shown, 0.0), alpha, before, SIDE, SIDE)


def test_a_body_that_is_half_there_is_unsure_and_a_soft_edge_is_not():
    alpha = torch.zeros(SIDE, SIDE)
    alpha[20:80, 20:60] = 1
    alpha[20:80, 60:64] = 0.5
    assert _looked(alpha).unsure == 0
    alpha[40:60, 30:50] = 0.5
    assert 0.05 < _looked(alpha).unsure < 0.2


def test_alpha_that_changes_where_the_picture_stands_still_flickers():
    alpha = torch.zeros(SIDE, SIDE)
    alpha[20:80, 20:60] = 1
    still = LookInput(1, torch.zeros(3, SIDE, SIDE), 0.0)
    assert _looked(alpha, (still, alpha)).flicker == 0
    assert _looked(alpha, (still, 0.75 * alpha)).flicker == 0.25


def test_alpha_that_follows_a_movement_does_not_flicker():
    before, after = torch.zeros(3, SIDE, SIDE), torch.zeros(3, SIDE, SIDE)
    before[:, 20:80, 20:60] = after[:, 20:80, 30:70] = 1
    assert _looked(after[0], (LookInput(1, before, 0.0), before[0]), after).flicker == 0


def test_nobody_is_neither_unsure_nor_flickers():
    looked = _looked(
        torch.zeros(SIDE, SIDE), (LookInput(1, torch.zeros(3, SIDE, SIDE), 0.0), torch.zeros(SIDE, SIDE))
    )
    assert (looked.people, looked.unsure, looked.flicker) == ((), 0.0, 0.0)
