"""What is wrong before anything is begun, and places where things lie."""

from __future__ import annotations

import os
import sys
import tempfile

import numpy as np
import pytest

from tests.nuke import plates
from tests.nuke.comp import alpha_of


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


# Found before anything is begun


def test_a_range_that_ends_before_it_begins(comp, plate):
    node = comp.node(comp.read(plate), range="custom", first=1004, last=1001)
    assert "ends before it begins" in comp.refused(node)
    assert not (comp.folder / "mattes").exists()


def test_a_node_without_an_input(comp):
    assert "input" in comp.refused(comp.node())


@pytest.mark.parametrize("source", ["auto", "always write"])
def test_a_plate_with_a_missing_frame_names_it(comp, plate, source):
    os.remove(plate.replace("####", "1003"))
    node = comp.node(comp.read(plate), input=source)
    comp.press(node, "render")
    comp.wait()
    assert "1003" in comp.status(node) + str(comp.host.said)
    assert comp.shown(node, 1001).alpha.max() == comp.shown(comp.nuke.toNode("Read1"), 1001).alpha.max()
    assert comp.input_files() == []


@pytest.mark.slow
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


def test_a_network_that_is_not_installed_is_got_by_a_button(comp, plate):
    node = comp.node(comp.read(plate), weights="rvm_resnet50")
    comp.press(node, "render")
    comp.wait()
    said = comp.status(node) + str(comp.host.said)
    assert "not installed" in said and "'Choose Model: rvm_resnet50'" in said


def test_a_write_that_the_artist_cancels_leaves_nothing_behind(comp, plate):
    comp.host.root["proxy"].setValue(True)
    comp.host.executing.cancel_at = 1003
    node = comp.node(comp.read(plate), input="always write")
    assert "Cancelled" in comp.refused(node)
    assert comp.host.root["proxy"].value()
    assert comp.nuke.toNode(f"{node.name()}.MattelineWrite")["disable"].value()
    assert comp.input_files() == [] and not list(comp.folder.glob("mattes/*/*"))


# Where things lie


@pytest.mark.slow
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
    assert f"{tmp_path}/locked" in comp.refused(node)


@pytest.mark.slow
def test_a_script_and_a_plate_with_names_beyond_ascii(comp, tmp_path):
    folder = tmp_path / "schön 日本 x"
    folder.mkdir()
    comp.host.root["name"].setValue(f"{folder}/Übung eins.nk")
    plate = plates.write(folder / "plate one")
    for source in ("auto", "always write"):
        node = comp.node(comp.read(plate), input=source)
        comp.render(node)
        assert np.array_equal(comp.shown(node, 1001).alpha, alpha_of(comp.direct(plate), 1001))


@pytest.mark.slow
def test_a_plate_in_a_folder_with_brackets_that_were_escaped(comp, tmp_path):
    plate = plates.write(tmp_path / "a [b] {c}")
    read = comp.nuke.nodes.Read(first=1001, last=1004)
    read["file"].setValue(plate.replace("[", "\\[").replace("]", "\\]"))
    node = comp.node(read)
    comp.render(node)
    assert np.array_equal(comp.shown(node, 1001).alpha, alpha_of(comp.direct(plate), 1001))


def test_a_folder_for_results_that_nuke_would_take_for_tcl(comp, plate, tmp_path):
    comp.host.root["name"].setValue(f"{tmp_path}/[old]/sh010.nk")
    words = comp.refused(comp.node(comp.read(plate)))
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
    assert "\\" in comp.refused(node)
