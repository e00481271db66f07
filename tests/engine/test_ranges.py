"""Ranges that grow, shrink, move and split: only what is missing or different is rendered, with the same pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from matteline.contract.errors import JobError
from matteline.contract.events import FrameDone, Preroll
from matteline.contract.frames import FrameSet

AUTO = {"write": ("alpha",), "preroll": "auto"}


def _plate(folder: Path, numbers, picture) -> str:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        pixels = (picture(number) * 255 + 0.5).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"sh010.{number:04d}.png")
    return str(folder / "sh010.####.png")


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.exr")}


def _written(events) -> str:
    return str(FrameSet.of(event.number for event in events if isinstance(event, FrameDone)))


@pytest.fixture
def long_plate(tmp_path, picture):
    """A sequence with two borders of saved states in it, frames 1 to 110."""
    return _plate(tmp_path / "plate", range(1, 111), picture)


@pytest.fixture
def whole(render, long_plate, tmp_path):
    """Every result of the long plate, rendered in one run."""
    render(long_plate, tmp_path / "whole", **AUTO)
    return _files(tmp_path / "whole")


@pytest.mark.slow
def test_a_longer_range_renders_the_frames_it_has_more(render, long_plate, whole, tmp_path):
    out = tmp_path / "out"
    render(long_plate, out, "1-100", **AUTO)
    events = render(long_plate, out, "1-110", existing="resume", **AUTO)
    assert _written(events) == "101-110"
    assert not any(isinstance(event, Preroll) for event in events), "it begins at the state after frame 100"
    assert _files(out) == whole


@pytest.mark.slow
def test_a_range_inside_what_is_there_renders_nothing(render, long_plate, tmp_path):
    render(long_plate, tmp_path / "out", "1-60", **AUTO)
    assert _written(render(long_plate, tmp_path / "out", "10-40", existing="resume", **AUTO)) == ""


@pytest.mark.slow
def test_a_range_that_grows_at_both_ends_has_the_pixels_of_the_whole(render, long_plate, whole, tmp_path):
    out = tmp_path / "out"
    render(long_plate, out, "30-60", **AUTO)
    assert _written(render(long_plate, out, "20-80", existing="resume", **AUTO)) == "20-29,61-80"
    assert _written(render(long_plate, out, existing="resume", **AUTO)) == "1-19,81-110"
    assert _files(out) == whole


@pytest.mark.slow
def test_a_deleted_frame_is_rendered_from_the_state_before_it(render, long_plate, whole, tmp_path):
    out = tmp_path / "out"
    render(long_plate, out, **AUTO)
    (out / "alpha/sh010_alpha.0099.exr").unlink()
    events = render(long_plate, out, existing="resume", **AUTO)
    assert _written(events) == "99"
    assert sum(isinstance(event, Preroll) for event in events) == 99 - 96
    assert _files(out) == whole


@pytest.mark.slow
def test_an_update_renders_again_only_what_another_setting_made(render, long_plate, tmp_path):
    out = tmp_path / "out"
    render(long_plate, out, "1-60", **AUTO)
    with pytest.raises(JobError, match=r"frames 1-60 were made with other settings \(Choke 0\.0, now 1\)"):
        render(long_plate, out, "1-70", existing="resume", **AUTO, choke=1)
    assert _written(render(long_plate, out, "1-30", existing="update", **AUTO, choke=1)) == "1-30"
    events = render(long_plate, out, "1-70", existing="update", **AUTO, choke=1)
    assert _written(events) == "31-70"
    render(long_plate, tmp_path / "fresh", "1-70", **AUTO, choke=1)
    assert _files(out) == _files(tmp_path / "fresh")


@pytest.mark.slow
def test_another_edge_keeps_the_states_of_the_network(render, long_plate, tmp_path):
    out = tmp_path / "out"
    render(long_plate, out, "1-100", **AUTO)
    events = render(long_plate, out, "97-100", existing="update", **AUTO, choke=1)
    assert sum(isinstance(event, Preroll) for event in events) == 1, "it begins at the state before frame 96"


@pytest.mark.slow
def test_a_plate_that_grew_keeps_its_results_and_states(render, tmp_path, picture):
    plate, out = _plate(tmp_path / "plate", range(1, 61), picture), tmp_path / "out"
    render(plate, out, **AUTO)
    _plate(tmp_path / "plate", range(61, 71), picture)
    events = render(plate, out, existing="resume", **AUTO)
    assert _written(events) == "61-70"
    assert not any(isinstance(event, Preroll) for event in events)
    render(plate, tmp_path / "fresh", **AUTO)
    assert _files(out) == _files(tmp_path / "fresh")


@pytest.mark.slow
def test_a_changed_file_of_the_plate_makes_again_what_follows_it(render, tmp_path, picture):
    plate, out = _plate(tmp_path / "plate", range(1, 71), picture), tmp_path / "out"
    render(plate, out, **AUTO)
    Image.fromarray(np.full((46, 70, 3), 99, np.uint8)).save(tmp_path / "plate/sh010.0055.png")
    with pytest.raises(
        JobError, match="frames 55-70 were made of files of the plate that have changed since"
    ):
        render(plate, out, existing="resume", **AUTO)
    assert _written(render(plate, out, existing="update", **AUTO)) == "55-70"
    render(plate, tmp_path / "fresh", **AUTO)
    assert _files(out) == _files(tmp_path / "fresh")


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 110), st.integers(0, 40), st.booleans()), min_size=1, max_size=5))
def test_any_order_of_ranges_and_losses_ends_with_the_pixels_of_the_whole(
    render, long_plate, whole, tmp_path_factory, steps
):
    out = tmp_path_factory.mktemp("steps")
    expected: set[int] = set()
    for first, length, lose in steps:
        asked = set(range(first, min(first + length, 110) + 1))
        events = render(long_plate, out, f"{min(asked)}-{max(asked)}", existing="resume", **AUTO)
        assert _written(events) == str(FrameSet.of(asked - expected))
        expected |= asked
        if lose:
            (out / f"alpha/sh010_alpha.{first:04d}.exr").unlink()
            expected.discard(first)
    # Compared by name: a difference of files would be reported by printing them.
    found = _files(out)
    assert {int(name[-8:-4]) for name in found} == expected
    assert [name for name, content in found.items() if whole[name] != content] == []
