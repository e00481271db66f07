"""Scripts as artists have them: validated Reads, project directories, filters, Non-commercial, macOS."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.nuke import plates
from tests.nuke.comp import Comp, assert_shows, fgr_of
from tests.nuke.conftest import Installed
from tests.nuke.fake import FakeNuke

LINEAR = {"colour_space": "lin_rec709"}


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


def inside(node, name):
    return node.host.root.node(f"{node.fullName()}.{name}")


# Colour spaces


@pytest.mark.slow
def test_a_read_left_on_its_default_colour_space_comes_back_by_the_spaces_own_name(comp, plate):
    read = comp.read(plate)
    assert read["colorspace"].value() == "default (linear)"
    node = comp.node(read, product="foreground with matte")
    assert "1001-1004" in comp.render(node)
    assert comp.host.executing.frames == []
    assert inside(node, "MattelineForeground")["colorspace"]._value == "linear"
    assert np.array_equal(comp.shown(node, 1002).rgb(), fgr_of(comp.direct(plate), 1002))


@pytest.mark.slow
def test_a_read_that_was_never_looked_at_is_validated_before_its_colour_space_is_asked_for(comp, plate):
    read = comp.nuke.nodes.Read(file=plate, first=1001, last=1004)
    assert read["colorspace"].value() == "default"
    node = comp.node(read)
    comp.render(node)
    assert comp.host.executing.frames == []
    assert_shows(comp, node, comp.direct(plate))


@pytest.mark.slow
def test_an_8_bit_read_left_on_its_default_is_handed_over_with_the_space_that_nuke_names(comp, tmp_path):
    png = plates.write_png(tmp_path / "png")
    node = comp.node(comp.read(png))
    comp.render(node)
    assert comp.host.executing.frames == []
    assert inside(node, "MattelineForeground")["colorspace"]._value == "sRGB"
    assert_shows(comp, node, comp.direct(png, colour_space="sRGB"))


@pytest.mark.slow
def test_an_8_bit_read_that_was_never_looked_at_is_handed_over_too(comp, tmp_path):
    png = plates.write_png(tmp_path / "png")
    node = comp.node(comp.nuke.nodes.Read(file=png, first=1001, last=1004))
    comp.render(node)
    assert comp.host.executing.frames == []
    assert_shows(comp, node, comp.direct(png, colour_space="sRGB"))


def test_the_role_of_a_colour_space_is_taken_off_and_a_space_with_brackets_in_its_name_is_not(comp):
    script = sys.modules["matteline_nuke.script"]
    comp.host.root["colorManagement"].setValue("OCIO")
    comp.host.colour_spaces = ["ACEScg", "reference (raw)"]
    found = [script.plain_name(each) for each in ("default (scene_linear (ACEScg))", "reference (raw)")]
    comp.host.colour_spaces = ["linear", "sRGB", "rec709", "Cineon"]
    assert found == ["ACEScg", "reference (raw)"]


@pytest.mark.slow
def test_a_foreground_that_no_read_can_show_is_an_error_before_any_read_is_touched(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    before = {
        name: inside(node, name)["file"].toScript() for name in ("MattelineMatte", "MattelineForeground")
    }
    result = sys.modules["matteline_nuke.render"].last_result(node)
    other = dataclasses.replace(
        result,
        read_as="show space",
        files={name: path.replace("v001", "v009") for name, path in result.files.items()},
    )
    for path in result.files.values():
        for frame in result.span:
            source = Path(path.replace("####", f"{frame:04d}"))
            target = Path(str(source).replace("v001", "v009"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    with pytest.raises(sys.modules["matteline_nuke.contract.errors"].JobError, match="show space"):
        sys.modules["matteline_nuke.results"].show_result(node, other)
    assert before == {name: inside(node, name)["file"].toScript() for name in before}


# Where files are


@pytest.mark.slow
def test_a_relative_plate_is_looked_for_in_the_project_directory(comp, tmp_path):
    plate = plates.write(tmp_path / "project" / "plate")
    comp.host.root["project_directory"].setValue(f"{tmp_path}/project")
    read = comp.nuke.nodes.Read(file="plate/sh010.####.exr", first=1001, last=1004)
    node = comp.node(read)
    comp.render(node)
    assert comp.host.executing.frames == []
    assert_shows(comp, node, comp.direct(plate))


@pytest.mark.slow
def test_the_filters_of_a_studio_change_the_plates_name_as_they_do_in_nuke(comp, plate, tmp_path):
    comp.nuke.addFilenameFilter(lambda path: path.replace("P:/", f"{tmp_path}/"))
    read = comp.nuke.nodes.Read(file="P:/plate/sh010.####.exr", first=1001, last=1004)
    node = comp.node(read, output="P:/out")
    comp.render(node)
    assert comp.host.executing.frames == []
    assert_shows(comp, node, comp.direct(plate))
    assert list((tmp_path / "out").rglob("*.1001.exr"))


@pytest.mark.slow
def test_a_plate_that_lies_elsewhere_than_its_name_says_is_written_by_nuke(
    comp, tmp_path, plate, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    read = comp.nuke.nodes.Read(file="plate/sh010.####.exr", first=1001, last=1004)
    comp.host.root["name"].setValue(str(tmp_path / "elsewhere" / "sh010.nk"))
    node = comp.node(read)
    comp.render(node)
    assert comp.host.executing.frames == [1001, 1002, 1003, 1004]
    assert_shows(comp, node, comp.direct(plate, **LINEAR))


@pytest.mark.slow
def test_a_relative_output_goes_to_the_project_directory(comp, plate, tmp_path):
    comp.host.root["project_directory"].setValue(f"{tmp_path}/project")
    node = comp.node(comp.read(plate), output="mattes/{node}")
    comp.render(node)
    assert list((tmp_path / "project/mattes/MatteLine1").rglob("*.1001.exr"))


@pytest.mark.slow
def test_a_graph_scope_variable_in_the_output_is_filled_in_by_nuke(comp, plate):
    comp.host.graph_variables["shot"] = "sh010"
    node = comp.node(comp.read(plate), output="{script_dir}/%{shot}/{version}")
    comp.render(node)
    assert list((comp.folder / "sh010/v001").rglob("*.1001.exr"))


# Non-commercial, and other platforms


@pytest.fixture
def installed(package, environment, nothing_left, request):
    made = Installed(package, **request.param)
    yield made
    made.close()


def script_of(installed, untrained, folder):
    comp = Comp(installed.host, installed.plugin, untrained, folder, {})
    comp.fresh()
    return comp


@pytest.mark.slow
@pytest.mark.parametrize("installed", [{"non_commercial": True}], indirect=True)
def test_non_commercial_nuke_makes_and_renders_a_node_though_python_sees_ten(installed, untrained, tmp_path):
    with installed.current():
        comp = script_of(installed, untrained, tmp_path)
        plate = plates.write(tmp_path / "plate")
        node = comp.node(comp.nuke.nodes.Grade(inputs=[comp.read(plate)], multiply=1.0))
        comp.render(node)
        assert_shows(comp, node, comp.direct(plate, **LINEAR))
        comp.must_be_clean()


@pytest.mark.parametrize("installed", [{"version": 15}, {"version": 16}], indirect=True)
def test_the_list_of_renders_is_in_the_menu_where_its_qt_is(installed):
    item = installed.host.module.menu("Nodes").findItem("Keyer/MatteLine Renders")
    assert (item is not None) == (installed.host.version >= 16)


@pytest.mark.parametrize("place", ["MacOS/plugins", "Resources/plugins", "Resources"])
def test_a_shipped_config_is_found_where_macos_has_it(comp, tmp_path, place, monkeypatch):
    monkeypatch.setitem(comp.nuke.env, "ExecutablePath", f"{tmp_path}/Nuke.app/Contents/MacOS/Nuke16.0")
    config = tmp_path / "Nuke.app/Contents" / place / "OCIOConfigs/configs/nuke-default/config.ocio"
    config.parent.mkdir(parents=True)
    config.write_text("ocio_profile_version: 2")
    assert sys.modules["matteline_nuke.script"].ocio_config({}) == str(config)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["auto", "always write"])
def test_no_name_of_a_colour_space_is_sent_without_its_config(comp, plate, source):
    comp.host.root["colorManagement"].setValue("OCIO")
    comp.host.root["OCIO_config"].setValue("fn-nuke_cg-config-v1.0.0_aces-v1.3_ocio-v2.1")
    comp.host.root["workingSpaceLUT"].setValue("scene_linear")
    node = comp.node(comp.read(plate), input=source)
    words = comp.refused(node)
    comp.set(node, colour_space="ACEScg", ocio="ocio://studio-config-latest")
    again = comp.render(node)
    assert "fn-nuke_cg-config" in words and "OCIO config" in words
    assert "1001-1004" in again
    assert len(list(comp.folder.glob("mattes/*/*"))) == 1


# The node among others


def test_a_new_node_goes_into_the_pipe_below_the_selected_one_and_is_selected(comp, plate):
    read = comp.read(plate)
    grade = comp.nuke.nodes.Grade(inputs=[read])
    read.setXYpos(200, 300)
    node = comp.node(read)
    assert node.input(0) is read and grade.input(0) is node
    assert node.isSelected() and not read.isSelected()
    assert node.xpos() == 200 and node.ypos() > 300
    other = comp.node()
    assert (other.xpos(), other.ypos()) not in ((0, 0), (node.xpos(), node.ypos()))


@pytest.mark.parametrize("held", [(), ("Input", "Output")])
def test_a_new_node_holds_the_same_whatever_a_new_group_begins_with(comp, plate, held):
    comp.host.group_begins_with = held
    read = comp.read(plate)
    node = comp.node(read)
    comp.host.group_begins_with = ()
    assert node.input(0) is read
    ends = sorted(each.name() for each in node.nodes() if each.Class() in ("Input", "Output"))
    assert ends == ["Garbage", "Holdout", "Input1", "Output1", "Person"]


def test_making_a_node_can_be_undone_and_leaves_the_pipe_as_it_was(comp, plate):
    read = comp.read(plate)
    grade = comp.nuke.nodes.Grade(inputs=[read])
    comp.host.undo.steps.clear()
    read.setSelected(True)
    comp.plugin.create()
    assert len(comp.host.undo.steps) == 1
    comp.nuke.undo()
    assert comp.host.root.nodes() == [read, grade]
    assert grade.input(0) is read


@pytest.mark.slow
def test_a_result_marks_the_script_as_changed(comp, plate):
    node = comp.node(comp.read(plate))
    comp.press(node, "render")
    comp.nuke.scriptSave()
    comp.wait()
    assert comp.host.root.modified()


@pytest.mark.slow
def test_the_status_can_be_copied_and_the_tile_says_what_is_shown(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    assert node["matteline_status"].Class() == "String_Knob"
    assert "1001-1004" in node["label"].evaluate()


@pytest.mark.slow
def test_a_write_keeps_its_file_type_from_one_render_to_the_next(comp, plate):
    node = comp.node(comp.read(plate), input="always write")
    comp.render(node)
    assert inside(node, "MattelineWrite")["file_type"].value() == "exr"
    comp.set(node, choke=1.0)
    assert "1001-1004" in comp.render(node)


# The stand-in itself


def test_a_colour_space_says_what_it_means_only_when_its_node_was_validated():
    host = FakeNuke()
    read = host.module.nodes.Read(file="/a/b.####.dpx")
    assert read["colorspace"].value() == "default"
    read.forceValidate()
    assert read["colorspace"].value() == "default (Cineon)"
    assert read["colorspace"].values()[0] == "default (Cineon)"
    read["colorspace"].setValue("default (Cineon)")
    assert read["colorspace"]._value == "default"
    host.main.close()


def test_non_commercial_nuke_shows_python_ten_nodes():
    host = FakeNuke(non_commercial=True)
    for _ in range(10):
        host.module.nodes.Dot()
    with pytest.raises(RuntimeError, match="Non-commercial"):
        host.module.nodes.Dot()
    host.module.scriptReadText("Dot {\n inputs 0\n name Late\n}")
    assert host.module.exists("Late") and host.module.toNode("Late") is None
    host.main.close()


def test_a_file_knob_gives_hashes_as_printf_writes_them_and_keeps_what_was_typed():
    host = FakeNuke()
    read = host.module.nodes.Read(file="/a/b.####.exr")
    assert read["file"].value() == "/a/b.%04d.exr" and read["file"].toScript() == "/a/b.####.exr"
    host.main.close()


def test_what_cannot_be_undone_leaves_the_script_unmarked():
    host = FakeNuke()
    dot = host.module.nodes.Dot()
    host.module.root().setModified(False)
    host.module.Undo.disable()
    dot["label"].setValue("one")
    host.module.Undo.enable()
    assert not host.module.root().modified()
    dot["label"].setValue("two")
    assert host.module.root().modified()
    host.main.close()
