"""Garbage and hold-out mattes, edge tools and despill, from a plate to files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import torch
from PIL import Image

from matteline.contract.errors import JobError, ReadError
from matteline.contract.events import FrameDone
from matteline.contract.frames import FrameSet
from matteline.contract.settings import MatteSettings
from matteline.engine.describe import describe
from matteline.engine.planner import plan
from matteline.engine.user_mattes import UserMattes, check_user_mattes, read_user_mattes
from matteline.matting.edges import EdgeTools
from matteline.media.plate import open_plate

from .conftest import HEIGHT, SURROUNDINGS, WIDTH, Renders, read_exr, write_exr

FLOAT = {"depth": "float", "write": ("alpha", "fgr"), "preroll": 0}


def drawn(shift: int = 0) -> np.ndarray:
    """A matte (46, 70) in 8 bits: 0 at the left, a ramp, 255 at the right."""
    ramp = np.clip((np.arange(WIDTH) - 20 - shift) * 16, 0, 255).astype(np.uint8)
    return np.broadcast_to(ramp, (HEIGHT, WIDTH)).copy()


def png(path: Path, matte: np.ndarray) -> str:
    Image.fromarray(matte).save(path)
    return str(path)


def alpha_of(out: Path, number: int = 1003) -> np.ndarray:
    return read_exr(out / f"alpha/sh010_alpha.{number}.exr")["R"]


def fgr_of(out: Path, number: int = 1003) -> np.ndarray:
    planes = read_exr(out / f"fgr/sh010_fgr.{number}.exr")
    return np.stack([planes[name] for name in "RGB"], axis=2)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    """Frame 1003 of the plate: (46, 70, 3) half, from -0.1 to 8."""
    noise = np.random.default_rng(3).random((HEIGHT, WIDTH, 3)) ** 3
    return (noise * 8 - 0.1).astype(np.float16)


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory, pixels: np.ndarray) -> str:
    """A scene-linear plate of one frame, 1003."""
    path = tmp_path_factory.mktemp("shot") / "sh010.1003.exr"
    write_exr(path, pixels)
    return str(path.with_name("sh010.####.exr"))


@pytest.fixture(scope="module")
def bare(shot: str, untrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frame's results without any tool."""
    out = tmp_path_factory.mktemp("bare")
    Renders(untrained)(shot, out, **FLOAT)
    return out


def test_outside_a_garbage_matte_alpha_and_foreground_are_nothing(render, shot, tmp_path, bare):
    out = tmp_path / "out"
    render(shot, out, garbage=png(tmp_path / "roto.png", drawn()), **FLOAT)
    mask = drawn().astype(np.float32) / 255
    made, own = alpha_of(out), alpha_of(bare)
    assert (made[mask == 0] == 0).all() and (fgr_of(out)[mask == 0] == 0).all()
    assert np.array_equal(made[mask == 1], own[mask == 1])
    assert np.allclose(made, own * mask, atol=1e-6)
    left = made > 0
    assert np.array_equal(fgr_of(out)[left], fgr_of(bare)[left])


def test_inside_a_hold_out_matte_alpha_is_one_and_the_foreground_the_plate(
    render, shot, tmp_path, bare, pixels
):
    out = tmp_path / "out"
    render(shot, out, holdout=png(tmp_path / "roto.png", drawn()), **FLOAT)
    mask = drawn().astype(np.float32) / 255
    made, own = alpha_of(out), alpha_of(bare)
    assert (made[mask == 1] == 1).all() and np.array_equal(made[mask == 0], own[mask == 0])
    assert np.allclose(made, np.maximum(own, mask), atol=1e-6)
    assert np.array_equal(fgr_of(out)[mask == 1], pixels[mask == 1].astype(np.float32))


def test_mattes_without_effect_change_no_bit(render, shot, tmp_path, bare):
    white = png(tmp_path / "white.png", np.full((HEIGHT, WIDTH), 255, np.uint8))
    black = png(tmp_path / "black.png", np.zeros((HEIGHT, WIDTH), np.uint8))
    render(shot, tmp_path / "out", garbage=white, holdout=black, **FLOAT)
    assert np.array_equal(alpha_of(tmp_path / "out"), alpha_of(bare))
    assert np.array_equal(fgr_of(tmp_path / "out"), fgr_of(bare))


def test_edge_tools_shape_the_networks_alpha_and_leave_the_foreground_as_it_was(render, shot, tmp_path, bare):
    out, own = tmp_path / "out", alpha_of(bare)
    low, high = (float(each) for each in np.quantile(own, [0.5, 0.9]))
    tools = {"choke": 0.4, "soften": 0.8, "black_point": low, "white_point": high}
    render(shot, out, **tools, **FLOAT)
    made = alpha_of(out)
    assert np.array_equal(made, EdgeTools(0.4, 0.8, low, high).apply(torch.from_numpy(own)).numpy())
    moved = (made > 0) & (made <= own)
    assert moved.any() and not moved.all()
    assert np.array_equal(fgr_of(out)[moved], fgr_of(bare)[moved])
    assert (fgr_of(out)[made == 0] == 0).all()


def test_despill_takes_a_screens_hue_out_of_the_foreground(render, shot, tmp_path, bare):
    out = tmp_path / "out"
    render(shot, out, despill="green", **FLOAT)
    made, own = fgr_of(out), fgr_of(bare)
    red, green, blue = np.moveaxis(made, 2, 0)
    assert (green <= np.maximum((red + blue) / 2, 0) + 1e-3 * np.abs(made).max(2)).all()
    none = own[..., 1] <= (own[..., 0] + own[..., 2]) / 2
    assert none.any() and not none.all() and np.array_equal(made[none], own[none])
    assert np.array_equal(alpha_of(out), alpha_of(bare))


@pytest.mark.slow
def test_a_matte_is_needed_for_rendered_frames_only_and_goes_by_their_numbers(render, exr_plate, tmp_path):
    for number in range(1004, 1008):
        png(tmp_path / f"roto.{number}.png", drawn(number - 1003))
    values = {**FLOAT, "write": ("alpha",), "preroll": 2}
    render(exr_plate, tmp_path / "out", "1004-1005,1007", garbage=str(tmp_path / "roto.####.png"), **values)
    for number in (1004, 1005, 1007):
        assert np.array_equal(alpha_of(tmp_path / "out", number) > 0, drawn(number - 1003) > 0)


def test_an_unreadable_frame_of_a_matte_stops_with_its_name_after_what_came_before(
    render, exr_plate, tmp_path
):
    noise = np.random.default_rng(1).random((HEIGHT, WIDTH, 3), np.float32)
    for number in range(1003, 1009):
        write_exr(tmp_path / f"roto.{number}.exr", noise)
    victim = tmp_path / "roto.1006.exr"
    victim.write_bytes(victim.read_bytes()[:3000])
    out, roto = tmp_path / "out", str(tmp_path / "roto.####.exr")
    with pytest.raises(ReadError, match=r"The garbage matte .*Frame 1006 of roto.####.exr") as caught:
        render(exr_plate, out, "1003-1008", garbage=roto, missing="hold", write=("alpha",))
    assert caught.value.frame == 1006 and "'hold'" not in caught.value.hint
    written = sorted(path.name for path in (out / "alpha").iterdir())
    assert written == [f"sh010_alpha.{number}.exr" for number in (1003, 1004, 1005)]


@pytest.mark.slow
def test_a_stopped_render_resumes_to_the_same_pixels_unless_a_matte_was_changed(render, exr_plate, tmp_path):
    for number in range(1001, 1013):
        png(tmp_path / f"roto.{number}.png", drawn(number - 1001))
    values = {**FLOAT, "write": ("alpha",), "garbage": str(tmp_path / "roto.####.png")}
    render(exr_plate, tmp_path / "whole", "1001-1006", **values)
    events = render.events(exr_plate, tmp_path / "out", "1001-1006", **values)
    for event in events:
        if isinstance(event, FrameDone) and event.number == 1003:
            break
    events.close()
    render(exr_plate, tmp_path / "out", "1001-1006", existing="resume", **values)
    for number in range(1001, 1007):
        assert np.array_equal(alpha_of(tmp_path / "out", number), alpha_of(tmp_path / "whole", number))
    os.utime(tmp_path / "roto.1002.png", ns=(1, 1))
    with pytest.raises(JobError, match="Garbage matte: other files"):
        render(exr_plate, tmp_path / "out", "1001-1006", existing="resume", **values)


def _hands(plate: str, frames: str, **mattes: str) -> list[UserMattes]:
    """The mattes of a plate's frames, as a render reads them."""
    numbers = FrameSet.parse(frames)
    with open_plate(plate) as opened:
        info = opened.info
    checked = check_user_mattes(MatteSettings(**mattes), info, numbers)
    with read_user_mattes(checked, info, numbers, workers=2, depth=2) as hands:
        return [hand for hand, _ in zip(hands, numbers, strict=False)]


def test_frames_of_both_mattes_come_together(exr_plate, tmp_path):
    for number in range(1001, 1013):
        png(tmp_path / f"roto.{number}.png", drawn(number - 1001))
    hold = png(tmp_path / "hold.png", drawn(9))
    hands = _hands(exr_plate, "1002,1005-1012", garbage=str(tmp_path / "roto.####.png"), holdout=hold)
    assert len(hands) == 9
    for number, hand in zip((1002, *range(1005, 1013)), hands, strict=True):
        assert np.array_equal(hand.garbage, drawn(number - 1001).astype(np.float32) / 255)
        assert np.array_equal(hand.holdout, drawn(9).astype(np.float32) / 255)


@pytest.mark.parametrize("size", ["display", "canvas"])
def test_a_plate_with_overscan_takes_mattes_of_either_size(tmp_path, size):
    pixels = np.zeros((HEIGHT, WIDTH), np.float16)
    words = {
        "type": OpenEXR.scanlineimage,
        "dataWindow": (np.array([-10, -6], np.int32), np.array([WIDTH - 11, HEIGHT - 7], np.int32)),
        "displayWindow": (np.array([0, 0], np.int32), np.array([WIDTH - 21, HEIGHT - 13], np.int32)),
    }
    with OpenEXR.File(words, dict.fromkeys("RGB", pixels)) as file:
        file.write(str(tmp_path / "sh010.exr"))
    wanted = drawn().astype(np.float32) / 255
    if size == "display":
        inside = np.zeros_like(wanted)
        inside[6:-6, 10:-10] = 1
        wanted *= inside
    matte = png(tmp_path / "roto.png", drawn() if size == "canvas" else drawn()[6:-6, 10:-10])
    (hand,) = _hands(str(tmp_path / "sh010.exr"), "1", garbage=matte)
    assert np.array_equal(hand.garbage, wanted)


def test_a_matte_of_another_size_is_refused_before_the_first_frame(render, exr_plate, tmp_path):
    path = png(tmp_path / "roto.png", np.zeros((20, 30), np.uint8))
    sentence = rf"garbage matte .* is 30x20, but the plate is {WIDTH}x{HEIGHT}"
    with pytest.raises(JobError, match=sentence) as caught:
        plan(render.job(exr_plate, tmp_path / "out", garbage=path), SURROUNDINGS)
    assert caught.value.field == "garbage"


def test_a_sequence_that_lacks_frames_is_refused_with_their_numbers(render, exr_plate, tmp_path):
    for number in (1001, 1002, 1003, 1006, 1007):
        png(tmp_path / f"roto.{number}.png", drawn())
    job = render.job(exr_plate, tmp_path / "out", holdout=str(tmp_path / "roto.####.png"))
    with pytest.raises(
        JobError, match=r"hold-out matte .* does not have frames 1004-1005,1008-1012"
    ) as caught:
        plan(job, SURROUNDINGS)
    assert caught.value.field == "holdout"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("gone.png", r"The garbage matte cannot be used: .*gone.png does not exist"),
        ("roto.png:mask.A", r"no channel mask.A, only Y"),
        ("text.png", r"The garbage matte cannot be used: text.png"),
    ],
)
def test_a_matte_that_cannot_be_read_is_found_before_the_first_frame(
    render, exr_plate, tmp_path, words, sentence
):
    png(tmp_path / "roto.png", drawn())
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ReadError, match=sentence):
        plan(render.job(exr_plate, tmp_path / "out", garbage=str(tmp_path / words)), SURROUNDINGS)


def test_a_matte_without_a_name_is_refused(render, exr_plate, tmp_path):
    with pytest.raises(JobError, match=r"The garbage matte is not named") as caught:
        plan(render.job(exr_plate, tmp_path / "out", garbage=" "), SURROUNDINGS)
    assert caught.value.field == "garbage"


def test_a_word_that_is_no_screen_colour_is_refused_before_the_first_frame(render, exr_plate, tmp_path):
    with pytest.raises(JobError, match=r"The screen colour cannot be 'grean'") as caught:
        plan(render.job(exr_plate, tmp_path / "out", despill="grean"), SURROUNDINGS)
    assert caught.value.field == "despill"


def test_a_plan_names_the_mattes(render, exr_plate, tmp_path):
    path = png(tmp_path / "roto.png", drawn())
    ready = plan(render.job(exr_plate, tmp_path / "out", garbage=path), SURROUNDINGS)
    assert dict(describe(ready))["Garbage matte"] == f"{path} (PNG 8-bit, for all frames)"
