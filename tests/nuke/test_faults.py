"""What goes wrong on a deadline: in the middle of a render, in the script, on disk, by the artist's own hand."""

from __future__ import annotations

import os
import sys
import tempfile

import numpy as np
import pytest

from tests.nuke import plates
from tests.nuke.comp import alpha_of
from tests.nuke.workers import running

LONG = range(1001, 1061)


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


@pytest.fixture
def long_plate(tmp_path):
    return plates.write(tmp_path / "long", LONG)


@pytest.fixture
def rendering(comp, long_plate):
    """A node whose render of sixty frames has written some of them, and not all."""
    return begun(comp, comp.node(comp.read(long_plate, LONG[0], LONG[-1])))


def begun(comp, node):
    comp.host.bars.percentages.clear()
    comp.press(node, "render")
    comp.wait(lambda: any(comp.host.bars.percentages))
    assert comp.host.bars.open == 1
    return node


def mattes(comp):
    return sorted(comp.folder.glob("mattes/**/alpha/*.exr"))


def refused(comp, node, button="render"):
    """What the artist is told at once, with nothing begun."""
    comp.host.said.clear()
    comp.press(node, button)
    assert comp.host.bars.open == 0
    ((kind, words),) = [each for each in comp.host.said if each[0] != "tprint"]
    assert kind == "message"
    return words


# In the middle of a render


@pytest.mark.parametrize("way", ["bar", "button"])
def test_a_cancel_half_way_keeps_the_old_result(comp, plate, long_plate, way):
    node = comp.node(comp.read(plate))
    comp.render(node)
    comp.nuke.toNode("Read1")["file"].fromUserText(f"{long_plate} 1001-1060")
    begun(comp, node)
    if way == "bar":
        comp.host.bars.cancel_when = lambda percentage, message: True
    else:
        comp.press(node, "cancel")
    comp.wait()
    assert "Cancelled" in comp.status(node)
    assert 4 < len(mattes(comp)) < 4 + 60
    assert np.array_equal(comp.shown(node, 1002).alpha, alpha_of(comp.direct(plate), 1002))


def test_a_cancelled_render_goes_on_where_it_stopped(comp, rendering, long_plate):
    comp.press(rendering, "cancel")
    comp.wait()
    kept = {path: path.stat().st_mtime_ns for path in mattes(comp)}
    assert 0 < len(kept) < 60
    comp.render(rendering, "resume")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    direct = comp.direct(long_plate)
    for frame in (1001, 1030, 1060):
        assert np.array_equal(comp.shown(rendering, frame).alpha, alpha_of(direct, frame))


def test_a_node_deleted_in_the_middle(comp, rendering):
    comp.nuke.delete(rendering)
    comp.wait()
    assert comp.host.root.nodes() == [comp.nuke.toNode("Read1")]


def test_a_deleted_node_that_undo_brings_back_gets_its_result(comp, rendering):
    name = rendering.name()
    comp.nuke.delete(rendering)
    comp.nuke.undo()
    comp.wait()
    again = comp.nuke.toNode(name)
    assert comp.shown(again, 1001).alpha.max() > 0
    assert "1001-1060" in comp.status(again)


def test_a_script_closed_in_the_middle_takes_its_worker_along(comp, rendering):
    assert running()
    comp.nuke.scriptClose()
    comp.wait()
    assert running() == []
    assert comp.host.root.nodes() == []


def test_a_worker_killed_in_the_middle(comp, plate, rendering):
    for process in running():
        process.kill()
    comp.wait()
    assert "ended by itself" in comp.status(rendering)
    assert comp.shown(rendering, 1001).alpha.max() == comp.shown(comp.nuke.toNode("Read1"), 1001).alpha.max()
    after = comp.node(comp.read(plate))
    comp.render(after)
    assert np.array_equal(comp.shown(after, 1001).alpha, alpha_of(comp.direct(plate), 1001))


def test_a_copy_made_in_the_middle_is_a_node_of_its_own(comp, rendering, plate, tmp_path):
    rendering.setSelected(True)
    comp.nuke.toNode("Read1").setSelected(False)
    comp.nuke.nodeCopy(str(tmp_path / "clip.nk"))
    copy = comp.nuke.nodePaste(str(tmp_path / "clip.nk"))
    copy.setInput(0, comp.read(plate))
    comp.press(copy, "render")
    assert comp.host.bars.open == 2
    comp.wait()
    assert np.array_equal(comp.shown(copy, 1001).alpha, alpha_of(comp.direct(plate), 1001))
    assert comp.shown(copy, 1030).alpha.max() == 0
    assert comp.shown(rendering, 1030).alpha.max() > 0


def test_a_copy_that_is_left_alone_gets_nothing_of_the_render(comp, rendering, tmp_path):
    rendering.setSelected(True)
    comp.nuke.toNode("Read1").setSelected(False)
    comp.nuke.nodeCopy(str(tmp_path / "clip.nk"))
    copy = comp.nuke.nodePaste(str(tmp_path / "clip.nk"))
    comp.wait()
    assert rendering["matteline_use"].value() and not copy["matteline_use"].value()


def test_a_node_renamed_in_the_middle_gets_its_result(comp, rendering):
    rendering.setName("Hero")
    comp.wait()
    assert rendering["matteline_use"].value()
    assert "1001-1060" in comp.status(rendering)


def test_undo_takes_back_what_the_artist_did_and_nothing_of_the_render(comp, rendering):
    comp.set(rendering, choke=1.0)
    comp.wait()
    comp.nuke.undo()
    assert rendering["matteline_choke"].value() == 0.0
    assert rendering["matteline_use"].value()
    assert "1001-1060" in comp.status(rendering)


def test_a_node_renders_once_at_a_time(comp, rendering):
    comp.press(rendering, "render")
    assert comp.host.said[-1][0] == "message" and "renders already" in comp.host.said[-1][1]
    assert comp.host.bars.open == 1
    comp.press(rendering, "cancel")
    comp.wait()


# A second render


def test_a_shorter_range_leaves_no_frames_of_the_longer_one_to_be_seen(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    comp.set(node, range="custom", first=1002, last=1003, choke=3.0)
    comp.render(node)
    direct = comp.direct(plate, "1002-1003", choke=3.0)
    assert np.array_equal(comp.shown(node, 1002).alpha, alpha_of(direct, 1002))
    for frame in (1001, 1004):
        assert comp.shown(node, frame).alpha.max() == 0


def test_a_changed_plate_under_the_same_name_is_seen(comp, plate, tmp_path):
    node = comp.node(comp.read(plate))
    comp.render(node)
    before = comp.shown(node, 1001).alpha
    plates.write(tmp_path / "plate", gain=0.1)
    comp.render(node)
    assert not np.array_equal(comp.shown(node, 1001).alpha, before)
    assert np.array_equal(comp.shown(node, 1001).alpha, alpha_of(comp.direct(plate), 1001))


def test_a_result_that_goes_missing_is_an_error_and_not_black(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    for path in mattes(comp):
        path.unlink()
    comp.host.decoded.clear()
    with pytest.raises(RuntimeError, match="No such file"):
        comp.shown(node, 1001)
    assert "missing" in refused(comp, node, "show")


# Found before anything is begun


def test_a_range_that_ends_before_it_begins(comp, plate):
    node = comp.node(comp.read(plate), range="custom", first=1004, last=1001)
    assert "ends before it begins" in refused(comp, node)
    assert not (comp.folder / "mattes").exists()


def test_a_node_without_an_input(comp):
    assert "input" in refused(comp, comp.node())


@pytest.mark.parametrize("source", ["auto", "always write"])
def test_a_plate_with_a_missing_frame_names_it(comp, plate, source):
    os.remove(plate.replace("####", "1003"))
    node = comp.node(comp.read(plate), input=source)
    comp.press(node, "render")
    comp.wait()
    assert "1003" in comp.status(node) + str(comp.host.said)
    assert comp.shown(node, 1001).alpha.max() == comp.shown(comp.nuke.toNode("Read1"), 1001).alpha.max()
    assert comp.input_files() == []


def test_a_plate_that_is_damaged_names_its_frame_and_keeps_the_old_result(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    damaged = plate.replace("####", "1003")
    with open(damaged, "rb+") as file:
        file.truncate(400)
    comp.render(node)
    assert "1003" in comp.status(node)
    assert comp.shown(node, 1001).alpha.max() > 0


def test_weights_that_are_not_there(comp, plate):
    node = comp.node(comp.read(plate), weights="/nowhere/weights.safetensors")
    comp.press(node, "render")
    comp.wait()
    assert "/nowhere/weights.safetensors" in comp.status(node) + str(comp.host.said)


def test_a_write_that_the_artist_cancels_leaves_nothing_behind(comp, plate):
    comp.host.root["proxy"].setValue(True)
    comp.host.executing.cancel_at = 1003
    node = comp.node(comp.read(plate), input="always write")
    assert "Cancelled" in refused(comp, node)
    assert comp.host.root["proxy"].value()
    assert comp.nuke.toNode(f"{node.name()}.MattelineWrite")["disable"].value()
    assert comp.input_files() == [] and not list(comp.folder.glob("mattes/*/*"))


# Where things lie


def test_a_script_that_was_never_saved(comp, plate, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    comp.host.root["name"].setValue("")
    node = comp.node(comp.read(plate))
    comp.render(node)
    assert np.array_equal(comp.shown(node, 1001).alpha, alpha_of(comp.direct(plate), 1001))
    assert list((tmp_path / "temporary").rglob("alpha/*.1001.exr"))


def test_a_script_in_a_folder_that_cannot_be_written(comp, plate, tmp_path):
    (tmp_path / "locked").write_text("a file, so that no folder can be made in it even by root")
    comp.host.root["name"].setValue(f"{tmp_path}/locked/sh010.nk")
    node = comp.node(comp.read(plate))
    assert f"{tmp_path}/locked" in refused(comp, node)


def test_a_script_and_a_plate_with_names_beyond_ascii(comp, tmp_path):
    folder = tmp_path / "schön 日本 x"
    folder.mkdir()
    comp.host.root["name"].setValue(f"{folder}/Übung eins.nk")
    plate = plates.write(folder / "plate one")
    for source in ("auto", "always write"):
        node = comp.node(comp.read(plate), input=source)
        comp.render(node)
        assert np.array_equal(comp.shown(node, 1001).alpha, alpha_of(comp.direct(plate), 1001))


def test_a_plate_in_a_folder_with_brackets_that_were_escaped(comp, tmp_path):
    plate = plates.write(tmp_path / "a [b] {c}")
    read = comp.nuke.nodes.Read(first=1001, last=1004)
    read["file"].setValue(plate.replace("[", "\\[").replace("]", "\\]"))
    node = comp.node(read)
    comp.render(node)
    assert np.array_equal(comp.shown(node, 1001).alpha, alpha_of(comp.direct(plate), 1001))


def test_a_folder_for_results_that_nuke_would_take_for_tcl(comp, plate, tmp_path):
    comp.host.root["name"].setValue(f"{tmp_path}/[old]/sh010.nk")
    words = refused(comp, comp.node(comp.read(plate)))
    assert "[" in words and "Output" in words
    assert not (tmp_path / "[old]").exists()


def test_an_output_with_tcl_of_the_artists_own(comp, plate):
    node = comp.node(comp.read(plate), output="[file dirname [value root.name]]/here/{version}")
    comp.render(node)
    assert list(comp.folder.glob("here/v001/alpha/*.exr"))


def test_windows_backslashes_in_the_output_never_reach_a_knob(comp, plate):
    slashed = sys.modules["matteline_nuke.script"].slashed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "sep", "\\")
        assert slashed(r"C:\new\temp\a.exr") == "C:/new/temp/a.exr"
    node = comp.node(comp.read(plate), output=r"C:\new\temp")
    assert "\\" in refused(comp, node)
