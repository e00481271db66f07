"""The first look in a render: shots begin anew at cuts, regions are matted, and notes are kept and extended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from matteline.contract.errors import JobError, ReadError
from matteline.contract.events import FrameDone, Looking
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.shot_notes import Region, Segment, read_notes, write_notes
from matteline.engine.look import notes_file, take_look
from matteline.engine.plan import Resources
from matteline.engine.planner import plan
from tests.engine.conftest import HEIGHT, WIDTH, read_exr

# Exposure is measured over a whole plate, and would differ in a part of it.
AUTO = {"cuts": "auto", "preroll": "auto", "exposure": 0.0, "write": ("alpha",)}


def _scene(which: int, step: int) -> np.ndarray:
    """Draw a frame of one of two scenes that have nothing in common, (46, 70, 3) uint8."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    waves = np.sin(x / 5) if which == 0 else np.sin(y / 3 + x / 9)
    disc = np.hypot(x - 20 - step, y - 23) < 9
    tint = np.array([(0.9, 0.5, 0.2), (0.2, 0.5, 0.9)][which], np.float32)
    picture = (0.5 + 0.4 * waves)[..., None] * tint
    picture[disc] = 1 - tint
    return (picture * 255).astype(np.uint8)


def _plate(folder: Path, frames: dict[int, np.ndarray]) -> str:
    folder.mkdir(exist_ok=True)
    for number, picture in frames.items():
        Image.fromarray(picture).save(folder / f"sh010.{number}.png")
    return str(folder / "sh010.####.png")


def _first(frames=range(1001, 1021)):
    return {number: _scene(0, number - 1001) for number in frames}


def _second(frames=range(1021, 1041)):
    return {number: _scene(1, number - 1021) for number in frames}


@pytest.fixture
def edited(tmp_path):
    """A plate of two shots: 1001-1020 and 1021-1040."""
    return _plate(tmp_path / "edited", {**_first(), **_second()})


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.exr")}


def _pixels(folder: Path) -> dict[str, np.ndarray]:
    return {path.name: read_exr(path)["R"] for path in folder.rglob("*.exr")}


def _looked(events) -> int:
    return sum(isinstance(event, Looking) for event in events)


def _written(events) -> str:
    return str(FrameSet.of(event.number for event in events if isinstance(event, FrameDone)))


@pytest.mark.slow
def test_a_cut_is_found_and_both_shots_are_those_rendered_alone(render, edited, tmp_path):
    render(edited, tmp_path / "out", **AUTO)
    assert read_notes(tmp_path / "out/.matteline/sh010.look.json").cuts == (1021,)
    alone = _plate(tmp_path / "one", _first()), _plate(tmp_path / "two", _second())
    for name, plate in zip("ab", alone, strict=True):
        render(plate, tmp_path / name, **AUTO)
    found = _pixels(tmp_path / "out")
    for name, expected in {**_pixels(tmp_path / "a"), **_pixels(tmp_path / "b")}.items():
        np.testing.assert_array_equal(found[name], expected, err_msg=name)


def test_a_plate_that_is_taken_for_one_shot_carries_its_state_over(render, edited, tmp_path):
    render(edited, tmp_path / "cut", "1021", **AUTO)
    events = render(edited, tmp_path / "whole", "1021", **{**AUTO, "cuts": "none"})
    assert _looked(events) == 0
    assert _files(tmp_path / "cut") != _files(tmp_path / "whole")


@pytest.mark.slow
def test_cuts_that_are_named_are_believed_without_a_look(render, edited, tmp_path):
    events = render(edited, tmp_path / "out", **{**AUTO, "cuts": "1021"})
    assert _looked(events) == 0
    render(edited, tmp_path / "found", **AUTO)
    np.testing.assert_equal(_pixels(tmp_path / "out"), _pixels(tmp_path / "found"))


@pytest.mark.slow
def test_cuts_that_are_named_are_kept_beside_those_that_were_found(render, edited, tmp_path):
    named = {**AUTO, "cuts": "1011,1021", "focus": "auto", "downsample_ratio": "auto"}
    render(edited, tmp_path / "out", **named)
    notes = read_notes(tmp_path / "out/.matteline/sh010.look.json")
    assert (notes.cuts, notes.found_cuts) == ((1011, 1021), (1021,))


@pytest.mark.parametrize("cuts", ["soon", "10,x", ""])
def test_what_names_no_frames_is_refused(render, edited, tmp_path, cuts):
    with pytest.raises(JobError, match="Cuts cannot be"):
        render.job(edited, tmp_path / "out", cuts=cuts)


def test_cuts_outside_the_plate_are_refused(render, edited, tmp_path):
    with pytest.raises(JobError, match="Cuts at frames 2000 are outside the plate"):
        plan(render.job(edited, tmp_path / "out", cuts="1021,2000"), Resources())


@pytest.mark.slow
def test_a_look_is_taken_once(render, edited, tmp_path):
    assert _looked(render(edited, tmp_path / "out", "1001-1010", **AUTO)) == 40
    events = render(edited, tmp_path / "out", "1001-1030", existing="resume", **AUTO)
    assert (_looked(events), _written(events)) == (0, "1011-1030")
    render(edited, tmp_path / "whole", "1001-1030", **AUTO)
    assert _files(tmp_path / "out") == _files(tmp_path / "whole")


@pytest.mark.slow
def test_a_cut_that_is_added_renders_only_its_shot_again(render, edited, tmp_path):
    render(edited, tmp_path / "out", **AUTO)
    with pytest.raises(JobError, match="frames 1034-1040 were made with other cuts or another focus"):
        render(edited, tmp_path / "out", existing="resume", **{**AUTO, "cuts": "1021,1034"})
    events = render(edited, tmp_path / "out", existing="update", **{**AUTO, "cuts": "1021,1034"})
    assert _written(events) == "1034-1040"


@pytest.mark.slow
def test_a_plate_that_grows_is_looked_over_where_it_grew(render, tmp_path):
    plate = _plate(tmp_path / "plate", {**_first(), **_second(range(1021, 1036))})
    render(plate, tmp_path / "out", **AUTO)
    _plate(tmp_path / "plate", _second())
    events = render(plate, tmp_path / "out", existing="resume", **AUTO)
    assert _written(events) == "1036-1040"
    assert 5 <= _looked(events) < 35
    render(plate, tmp_path / "fresh", **AUTO)
    assert _files(tmp_path / "out") == _files(tmp_path / "fresh")
    grown, fresh = (read_notes(tmp_path / name / ".matteline/sh010.look.json") for name in ("out", "fresh"))
    assert (grown.cuts, grown.frames) == (fresh.cuts, fresh.frames)


@pytest.mark.slow
def test_an_interrupted_look_continues(render, tmp_path, monkeypatch):
    monkeypatch.setattr("matteline.engine.look.SAVE_EVERY_FRAMES", 8)
    plate = _plate(tmp_path / "plate", {**_first(), **_second(range(1021, 1101))})
    events = render.events(plate, tmp_path / "out", "1001-1004", **AUTO)
    for event in events:
        if isinstance(event, Looking) and event.done == 90:
            break
    events.close()
    assert not (tmp_path / "out/.matteline/sh010.look.json").exists()
    events = render(plate, tmp_path / "out", "1001-1004", **AUTO)
    assert 0 < _looked(events) < 60
    assert not list((tmp_path / "out/.matteline").glob("*.partial"))
    render(plate, tmp_path / "fresh", "1001-1004", **AUTO)
    for name in ("out", "fresh"):
        assert read_notes(tmp_path / name / ".matteline/sh010.look.json").cuts == (1021,)
    assert _files(tmp_path / "out") == _files(tmp_path / "fresh")


@pytest.mark.slow
def test_a_changed_plate_is_looked_over_again(render, edited, tmp_path):
    render(edited, tmp_path / "out", **AUTO)
    _plate(tmp_path / "edited", {1030: _scene(0, 3)})
    events = render(edited, tmp_path / "out", existing="update", **AUTO)
    assert _looked(events) == 40


# The fine edge reaches some pixels over a region's border where an untrained network ends there.
FOCUS = {**AUTO, "downsample_ratio": "auto", "focus": "auto", "edges": "network"}


@pytest.fixture
def with_regions(render, edited):
    """Write notes by hand whose second shot is seen in two regions, one of which moves."""

    def write(output: Path) -> None:
        ready = plan(render.job(edited, output, **FOCUS), Resources())
        steps = take_look(ready, save=False)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                notes = end.value
                break
        moving = Region(32, 40, 16, ((1021, 0, 0), (1027, 16, 0), (1033, 32, 0)))
        still = Region(20, 30, 16, ((1021, 48, 10),))
        segments = (Segment(FrameRange(1001, 1020)), Segment(FrameRange(1021, 1040), (moving, still)))
        write_notes(notes_file(ready), replace(notes, segments=segments))

    return write


@pytest.mark.slow
def test_outside_its_regions_a_shot_has_no_matte(render, edited, with_regions, tmp_path):
    with_regions(tmp_path / "out")
    assert _looked(render(edited, tmp_path / "out", **FOCUS)) == 0
    pixels = _pixels(tmp_path / "out")
    early, late = pixels["sh010_alpha.1022.exr"], pixels["sh010_alpha.1040.exr"]
    assert early[:, :16].any() and not late[:, :30].any()
    assert not late[40:].any() and pixels["sh010_alpha.1010.exr"][40:].any()


@pytest.mark.slow
def test_regions_that_move_give_the_same_pixels_in_pieces(render, edited, with_regions, tmp_path):
    for name in ("whole", "pieces"):
        with_regions(tmp_path / name)
    render(edited, tmp_path / "whole", **FOCUS)
    for frames in ("1025-1028", "1001-1022", "1036-1040", "1001-1040"):
        render(edited, tmp_path / "pieces", frames, existing="resume", **FOCUS)
    assert _files(tmp_path / "pieces") == _files(tmp_path / "whole")


@pytest.mark.slow
def test_a_ratio_that_is_given_shows_the_whole_plate(render, edited, with_regions, tmp_path):
    with_regions(tmp_path / "out")
    ready = plan(render.job(edited, tmp_path / "out", **{**FOCUS, "downsample_ratio": 0.5}), Resources())
    assert all(not segment.regions for segment in ready.segments)


@pytest.mark.slow
def test_a_damaged_frame_leaves_what_comes_before_it(render, edited, tmp_path):
    damaged = tmp_path / "edited/sh010.1037.png"
    damaged.write_bytes(damaged.read_bytes()[:60])
    with pytest.raises(ReadError, match="1037"):
        render(edited, tmp_path / "out", **AUTO)
    assert len(_files(tmp_path / "out")) == 36
    assert read_notes(tmp_path / "out/.matteline/sh010.look.json").cuts == (1021,)
