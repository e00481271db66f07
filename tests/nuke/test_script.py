"""The node as text: real Tcl reads it, it is wired as meant, and needs no plug-in to show a matte."""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.nuke import plates
from tests.nuke.comp import alpha_of
from tests.nuke.fake import FakeNuke, script
from tests.nuke.fake.tcl import read_script


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


def saved(comp):
    comp.nuke.scriptSave()
    return Path(comp.host.root["name"].value()).read_text(encoding="utf-8")


def group_of(text):
    (found,) = (each for each in read_script(text) if each.kind == "Group")
    return found


# The oracle itself


@pytest.mark.parametrize(
    "text",
    [
        "Dot {\n name Dot1\n",
        "Dot {\n name two words\n}",
        "Dot {\n name\n}",
        "push $nothing\nDot {\n name Dot1\n}",
        "Group {\n name G\n}\n Dot {\n name Dot1\n }\n",
    ],
    ids=["an open brace", "a word too many", "half a knob", "an unset name", "an open group"],
)
def test_a_broken_script_is_refused(text):
    with pytest.raises(ValueError):
        read_script(text)


def test_the_last_pushed_is_input_0():
    text = """
        Read { inputs 0 name A }
        set N1 [stack 0]
        Read { inputs 0 name B }
        push $N1
        Copy { inputs 2 name C }
    """
    copy = read_script(text)[-1]
    assert [each.name for each in copy.sources] == ["A", "B"]


# Our node


def test_a_saved_node_is_wired_as_meant(comp, plate):
    comp.node(comp.read(plate))
    group = group_of(saved(comp))
    assert [each.name for each in group.sources] == ["Read1"]
    wiring = {each.name: [source and source.name for source in each.sources] for each in group.inside}
    assert wiring["Input1"] == wiring["MattelineMatte"] == wiring["MattelineForeground"] == []
    assert wiring["MattelineShift"] == ["Input1"]
    assert wiring["MattelineWrite"] == ["MattelineShift"]
    assert group.child("MattelineShift").value("time_offset") in (None, "0")
    assert wiring["MattelineMatteAlpha"] == ["MattelineMatte", "MattelineMatte"]
    assert wiring["MattelinePicked"] == ["MattelinePeople"]
    assert wiring["MattelineMatteOrPeople"] == ["MattelineMatteAlpha", "MattelinePicked"]
    for which in ("Garbage", "Holdout", "Person"):
        assert wiring[f"MattelineWrite{which}Shift"] == [which]
        assert wiring[f"MattelineWrite{which}"] == [f"MattelineWrite{which}Shift"]
        assert group.child(f"MattelineWrite{which}").value("disable") == "true"
    live = ["MattelineMatteOrPeople", "MattelineLevels", "MattelineChoke", "MattelineSoften"]
    for above, below in itertools.pairwise(live):
        assert wiring[below] == [above]
    assert wiring["MattelinePlateAndMatte"] == ["Input1", "MattelineSoften"]
    assert wiring["MattelinePlatePremult"] == ["MattelinePlateAndMatte"]
    assert wiring["MattelineUnpremult"] == ["MattelineForeground"]
    assert wiring["MattelineForegroundAndMatte"] == ["MattelineUnpremult", "MattelineSoften"]
    assert wiring["MattelinePremult"] == ["MattelineForegroundAndMatte"]
    assert wiring["MattelineMatteAlone"] == ["MattelineSoften", "MattelineSoften"]
    assert wiring["MattelineSwitch"] == [
        "Input1",
        "MattelinePlateAndMatte",
        "MattelineForegroundAndMatte",
        "MattelinePremult",
        "MattelineMatteAlone",
        "MattelinePlatePremult",
    ]
    assert wiring["Output1"] == ["MattelineSwitch"]


def test_a_new_node_renders_nothing_by_itself_and_lets_its_input_through(comp, plate):
    comp.node(comp.read(plate))
    group = group_of(saved(comp))
    assert group.child("MattelineWrite").value("disable") == "true"
    assert "parent.matteline_use" in group.child("MattelineSwitch").value("which")
    assert group.value("matteline_use") is None


@pytest.mark.slow
def test_results_are_not_covered_up_where_a_frame_is_missing(comp, plate):
    comp.render(comp.node(comp.read(plate)))
    group = group_of(saved(comp))
    for name in ("MattelineMatte", "MattelineForeground"):
        assert group.child(name).value("on_error") in (None, "error")


@pytest.mark.slow
def test_what_leaves_or_enters_files_is_raw(comp, plate):
    comp.render(comp.node(comp.read(plate), input="always write"))
    group = group_of(saved(comp))
    for name in (
        *("MattelineWrite", "MattelineWriteGarbage", "MattelineWriteHoldout"),
        *("MattelineMatte", "MattelineForeground", "MattelinePeople"),
    ):
        assert group.child(name).value("raw") == "true"


@pytest.mark.slow
def test_paths_and_state_hold_nothing_that_tcl_would_carry_out(comp, plate):
    comp.render(comp.node(comp.read(plate), input="always write"))
    group = group_of(saved(comp))
    for node in (group, *group.inside):
        for knob, value in node.lines:
            if knob not in ("addUserKnob", "matteline_output", "label"):
                assert not re.search(r"[\[\]\\$]", value), (node.name, knob, value)


def test_buttons_are_one_line_that_imports_the_plug_in(comp, plate):
    comp.node(comp.read(plate))
    buttons = [value for knob, value in group_of(saved(comp)).lines if value.startswith("22 ")]
    assert len(buttons) >= 5
    for each in buttons:
        assert re.search(r'T "import nuke, matteline_nuke; matteline_nuke\.\w+\(nuke\.thisNode\(\)\)"', each)


def test_every_knob_has_our_prefix_and_a_label_or_is_hidden(comp, plate):
    node = comp.node(comp.read(plate))
    user = [knob for knob in node.allKnobs() if knob.is_user]
    assert all(knob.name().startswith("matteline_") for knob in user)
    assert len({knob.name() for knob in user}) == len(user) > 30


@pytest.mark.slow
def test_a_saved_script_says_the_same_when_it_is_opened_and_saved_again(comp, plate):
    comp.render(comp.node(comp.read(plate)))
    text = saved(comp)
    other = FakeNuke()
    other.load_text(text, other.root)
    assert script.script(other.root) == text


@pytest.mark.slow
def test_a_script_without_the_plug_in_shows_the_matte_and_only_its_buttons_fail(comp, plate, monkeypatch):
    comp.render(comp.node(comp.read(plate)))
    saved(comp)
    for name in ("matteline_nuke", "nuke"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("sys.path", [each for each in sys.path if "matteline-nuke" not in each])
    bare = FakeNuke()
    monkeypatch.setitem(sys.modules, "nuke", bare.module)
    bare.module.scriptOpen(comp.host.root["name"].value())
    node = bare.module.toNode("MatteLine1")
    assert np.array_equal(bare.pull(node, 1002).alpha, alpha_of(comp.direct(plate), 1002))
    with pytest.raises(ImportError):
        node["matteline_do_render"].execute()
    assert bare.offences == []


@pytest.mark.slow
def test_a_node_of_an_opened_script_renders_and_shows_what_it_had(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    comp.set(node, use=False)
    saved(comp)
    comp.host.root.children.clear()
    comp.nuke.scriptOpen(comp.host.root["name"].value())
    again = comp.nuke.toNode("MatteLine1")
    comp.press(again, "show")
    assert np.array_equal(comp.shown(again, 1002).alpha, alpha_of(comp.direct(plate), 1002))
    comp.set(again, choke=3.0)
    comp.render(again)
    assert np.array_equal(comp.shown(again, 1002).alpha, alpha_of(comp.direct(plate, choke=3.0), 1002))


def test_a_node_of_a_later_release_is_refused_and_left_as_it_is(comp, plate):
    node = comp.node(comp.read(plate))
    node["matteline_form"].setValue(99)
    comp.press(node, "upgrade")
    assert "later release" in comp.host.said[-1][1]
    assert node["matteline_form"].value() == 99


@pytest.mark.slow
def test_a_node_of_an_older_release_gets_this_ones_inside_and_keeps_its_settings_and_its_matte(comp, plate):
    node = comp.node(comp.read(plate), choke=2.0)
    comp.render(node)
    for name in ("edges_live", "baked", "tile"):
        node.removeKnob(node[f"matteline_{name}"])
    for each in node.nodes():
        if each.name() in ("MattelineLevels", "MattelineChoke"):
            comp.nuke.delete(each)
    node["matteline_form"].setValue(1)
    comp.press(node, "upgrade")
    assert "Upgraded" in comp.status(node)
    assert node["matteline_choke"].value() == 2.0 and node["matteline_form"].value() > 1
    assert node.input(0) is comp.nuke.toNode("Read1")
    for frame in (1001, 1004):
        assert np.array_equal(comp.shown(node, frame).alpha, alpha_of(comp.direct(plate, choke=2.0), frame))


def test_making_a_node_is_one_step_to_undo(comp, plate):
    read = comp.read(plate)
    comp.host.undo.steps.clear()
    read.setSelected(True)
    made = comp.plugin.create()
    assert made.input(0) is read and made.panel_shown
    assert len(comp.host.undo.steps) == 1
    comp.nuke.undo()
    assert comp.host.root.nodes() == [read]


def test_the_menu_makes_a_node(comp):
    item = comp.nuke.menu("Nodes").findItem("Keyer/MatteLine")
    item.invoke()
    assert comp.nuke.toNode("MatteLine1") is not None


def test_a_damaged_node_says_what_is_missing(comp, plate):
    node = comp.node(comp.read(plate))
    with node:
        comp.nuke.delete(comp.nuke.toNode("MattelineWrite"))
    comp.set(node, input="always write")
    comp.press(node, "render")
    assert "damaged" in comp.host.said[-1][1] and "MattelineWrite" in comp.host.said[-1][1]
