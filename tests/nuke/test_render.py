"""From a plate in Nuke to a matte in Nuke, through a real worker: equal to the same render without Nuke."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from matteline.engine.demo import draw_plate
from tests.nuke import plates
from tests.nuke.comp import assert_shows

LINEAR = {"colour_space": "lin_rec709"}


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


# Where the pictures come from


def test_the_files_of_a_read_are_handed_over(comp, plate):
    read = comp.read(plate)
    node = comp.node(read)
    assert "1001-1004" in comp.render(node)
    assert comp.host.executing.frames == []
    assert_shows(comp, node, comp.direct(plate))
    assert np.array_equal(comp.shown(node, 1002).rgb(), comp.shown(read, 1002).rgb())


@pytest.mark.slow
def test_what_was_done_to_the_plate_is_written_and_rendered(comp, plate, tmp_path):
    grade = comp.nuke.nodes.Grade(inputs=[comp.read(plate)], multiply=0.5)
    node = comp.node(grade)
    comp.render(node)
    assert comp.host.executing.frames == [1001, 1002, 1003, 1004]
    graded = plates.write(tmp_path / "graded", gain=0.5)
    assert_shows(comp, node, comp.direct(graded, **LINEAR))
    assert np.array_equal(comp.shown(node, 1002).rgb(), comp.shown(grade, 1002).rgb())


@pytest.mark.slow
def test_preroll_is_written_too_and_only_the_range_is_shown(comp, plate, tmp_path):
    comp.host.root["last_frame"].setValue(1003)
    grade = comp.nuke.nodes.Grade(inputs=[comp.read(plate)], multiply=0.5)
    node = comp.node(grade, range="custom", first=1003, last=1004, preroll=2)
    comp.render(node)
    assert comp.host.executing.frames == [1001, 1002, 1003, 1004]
    graded = plates.write(tmp_path / "graded", gain=0.5)
    assert_shows(comp, node, comp.direct(graded, "1003-1004", preroll=2, **LINEAR), [1003, 1004])
    assert comp.shown(node, 1002).alpha.max() == 0


@pytest.mark.slow
def test_written_input_goes_when_it_is_no_longer_needed_unless_kept(comp, plate):
    read = comp.read(plate)
    comp.render(comp.node(read, input="always write"))
    assert comp.input_files() == []
    comp.render(comp.node(read, input="always write", keep_input=True))
    assert len(comp.input_files()) == 4


@pytest.mark.slow
def test_an_8_bit_plate_gets_the_matte_of_its_light(comp, tmp_path):
    png = plates.write_png(tmp_path / "png")
    node = comp.node(comp.read(png, colorspace="sRGB"))
    comp.render(node)
    assert comp.host.executing.frames == []
    assert_shows(comp, node, comp.direct(png, colour_space="sRGB"))
    written = comp.node(comp.read(png, colorspace="sRGB"), input="always write")
    comp.render(written)
    for frame in (1001, 1004):
        assert np.abs(comp.shown(written, frame).alpha - comp.shown(node, frame).alpha).max() < 0.004


def test_a_person_with_the_real_weights(comp, weights_file, tmp_path):
    draw_plate(tmp_path / "person", 128, 72, 3)
    plate = str(tmp_path / "person/demo.####.png")
    settings = {"weights": str(weights_file), "downsample_ratio": 1.0}
    node = comp.node(comp.read(plate, 1001, 1003, colorspace="sRGB"), **settings)
    comp.render(node)
    direct = comp.direct(plate, colour_space="sRGB", **settings)
    assert_shows(comp, node, direct, range(1001, 1004))
    assert comp.shown(node, 1003).alpha.max() > 0.9 > 0.1 > comp.shown(node, 1003).alpha.min()


# Time


def renumbered(folder, source, numbers):
    """Files of a plate under other numbers: new number to old."""
    folder.mkdir()
    for new, old in numbers.items():
        shutil.copy(source.replace("####", str(old)), folder / f"sh010.{new:04d}.exr")
    return str(folder / "sh010.####.exr")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "frame", "first"),
    [("offset", "100", 901), ("start at", "1", 1), ("expression", "frame + 1000", 1)],
)
def test_a_read_that_moves_frames_is_rendered_by_the_numbers_of_the_script(
    comp, plate, tmp_path, mode, frame, first
):
    read = comp.read(plate, frame_mode=mode, frame=frame)
    node = comp.node(read, range="custom", first=first, last=first + 3)
    comp.render(node)
    moved = renumbered(tmp_path / "moved", plate, {first + step: 1001 + step for step in range(4)})
    assert_shows(comp, node, comp.direct(moved, **LINEAR), range(first, first + 4))


@pytest.mark.slow
def test_a_retimed_plate_is_rendered_as_it_is_retimed(comp, plate, tmp_path):
    warp = comp.nuke.nodes.TimeWarp(inputs=[comp.read(plate)])
    warp["lookup"].setExpression("2005 - frame")
    node = comp.node(warp, range="custom", first=1001, last=1004)
    comp.render(node)
    backwards = renumbered(tmp_path / "back", plate, {frame: 2005 - frame for frame in range(1001, 1005)})
    assert_shows(comp, node, comp.direct(backwards, **LINEAR))


@pytest.mark.slow
def test_the_range_of_a_time_offset_is_that_of_its_output(comp, plate, tmp_path):
    node = comp.node(comp.nuke.nodes.TimeOffset(inputs=[comp.read(plate)], time_offset=10))
    comp.render(node)
    moved = renumbered(tmp_path / "moved", plate, {frame + 10: frame for frame in range(1001, 1005)})
    assert_shows(comp, node, comp.direct(moved, **LINEAR), range(1011, 1015))


@pytest.mark.slow
@pytest.mark.parametrize("source", ["auto", "always write"])
@pytest.mark.parametrize(("first", "last"), [(1001, 1020), (-3, 5)])
def test_a_range(comp, tmp_path, source, first, last):
    plate = plates.write(tmp_path / "plate", range(first, last + 1))
    node = comp.node(comp.read(plate, first, last), input=source)
    assert f"{first}-{last}" in comp.render(node)
    assert_shows(comp, node, comp.direct(plate, **LINEAR), range(first, last + 1))


def test_one_frame(comp, plate):
    node = comp.node(comp.read(plate), range="custom", first=1002, last=1002)
    comp.render(node)
    assert_shows(comp, node, comp.direct(plate, "1002"), [1002])
    assert comp.shown(node, 1003).alpha.max() == 0


@pytest.mark.slow
def test_the_global_range_is_that_of_the_script(comp, plate):
    comp.host.root["first_frame"].setValue(1002)
    comp.host.root["last_frame"].setValue(1003)
    comp.host.root["lock_range"].setValue(True)
    node = comp.node(comp.read(plate), range="global")
    assert "1002-1003" in comp.render(node)
    assert_shows(comp, node, comp.direct(plate, "1002-1003"), [1002, 1003])


@pytest.mark.slow
def test_a_preview_shows_the_current_frame_and_the_last_render_can_be_shown_again(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    comp.host.frame = 1003
    comp.set(node, choke=2.0)
    assert "1003" in comp.render(node, "render_current")
    # A preview is shown six handles, and written as half floats.
    assert_shows(comp, node, comp.direct(plate, "1003", choke=2.0, preroll=6), [1003])
    assert comp.shown(node, 1002).alpha.max() == 0
    comp.press(node, "show")
    assert_shows(comp, node, comp.direct(plate))


# Several nodes, and where they are


@pytest.mark.slow
def test_two_nodes_at_once(comp, plate, tmp_path):
    other = plates.write(tmp_path / "other", gain=0.25)
    first, second = comp.node(comp.read(plate)), comp.node(comp.read(other))
    comp.press(first, "render")
    comp.press(second, "render")
    assert comp.host.bars.open == 2
    comp.wait()
    assert_shows(comp, first, comp.direct(plate))
    assert_shows(comp, second, comp.direct(other))


@pytest.mark.slow
def test_a_node_inside_a_group(comp, plate):
    read, group = comp.read(plate), comp.nuke.nodes.Group(name="Grp")
    with group:
        node = comp.node(comp.nuke.nodes.Input())
        comp.nuke.nodes.Output(inputs=[node])
    group.setInput(0, read)
    comp.render(node)
    assert node.fullName().startswith("Grp.")
    assert_shows(comp, group, comp.direct(plate, **LINEAR))


@pytest.mark.slow
def test_results_get_a_version_of_their_own_when_the_artist_asks_for_one(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    first = comp.shown(node, 1001).alpha
    comp.set(node, choke=3.0)
    comp.press(node, "new_version")
    comp.render(node)
    assert not np.array_equal(comp.shown(node, 1001).alpha, first)
    assert len([path for path in comp.folder.rglob("v0*") if path.is_dir()]) == 2
