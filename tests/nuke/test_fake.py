"""The stand-in for Nuke keeps to fake/SOURCES.md: what tests rely on is tested here."""

from __future__ import annotations

import pytest

from tests.nuke import plates
from tests.nuke.fake import FakeNuke


@pytest.fixture
def host():
    made = FakeNuke()
    yield made
    made.main.close()


@pytest.fixture
def nuke(host):
    return host.module


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


@pytest.fixture
def read(nuke, plate):
    made = nuke.nodes.Read()
    made["file"].fromUserText(f"{plate} 1001-1004")
    return made


# What is unknown raises


def test_an_unknown_class_raises(nuke):
    with pytest.raises(AttributeError):
        _ = nuke.nodes.Readd
    with pytest.raises(RuntimeError):
        nuke.createNode("Readd")


def test_an_unknown_name_of_the_module_raises(nuke):
    with pytest.raises(AttributeError):
        _ = nuke.createNodee


def test_an_unknown_knob_raises_and_asking_gives_none(nuke):
    node = nuke.nodes.Read()
    assert node.knob("fiel") is None
    with pytest.raises(NameError):
        _ = node["fiel"]


def test_a_word_that_an_enumeration_lacks_raises(nuke):
    with pytest.raises(ValueError, match="no item 'zip'"):
        nuke.nodes.Read()["before"].setValue("zip")


@pytest.mark.parametrize(("knob", "value"), [("first", 1.5), ("first", "1"), ("file", 7), ("raw", "true")])
def test_a_value_of_another_type_raises(nuke, knob, value):
    with pytest.raises(TypeError):
        nuke.nodes.Read()[knob].setValue(value)


def test_knobs_of_exr_appear_when_the_file_type_is_set(nuke):
    write = nuke.nodes.Write()
    with pytest.raises(NameError):
        write["compression"].setValue("DWAA")
    write["file_type"].setValue("exr")
    assert write["compression"].value() == "Zip (1 scanline)"


@pytest.mark.parametrize("name", ["name", "disable", "two words", "1st"])
def test_a_user_knob_may_not_shadow_or_have_a_bad_name(nuke, name):
    with pytest.raises(ValueError, match="cannot be added"):
        nuke.nodes.Group().addKnob(nuke.Int_Knob(name))


# Nodes and groups


def test_nodes_are_made_in_the_group_that_was_begun(nuke):
    group = nuke.nodes.Group(name="Outer")
    with group:
        inner = nuke.nodes.Dot(name="Inner")
        assert nuke.toNode("Inner") is inner and nuke.toNode("Outer") is None
    assert inner.fullName() == "Outer.Inner"
    assert nuke.toNode("Outer.Inner") is inner and nuke.toNode("Inner") is None


def test_ending_a_group_that_was_not_begun_last_is_an_offence(nuke, host):
    with pytest.raises(RuntimeError):
        nuke.nodes.Group().end()
    assert host.offences


def test_inputs_do_not_cross_groups(nuke, host):
    outside, group = nuke.nodes.Dot(), nuke.nodes.Group()
    with group, pytest.raises(RuntimeError):
        nuke.nodes.Dot(inputs=[outside])
    assert host.offences


def test_inputs_of_a_group_come_in_the_order_of_their_numbers(nuke, host):
    dark, bright = nuke.nodes.Constant(color=0.25), nuke.nodes.Constant(color=0.75)
    group = nuke.nodes.Group()
    with group:
        nuke.nodes.Input()
        nuke.nodes.Output(inputs=[nuke.nodes.Input()])
    group.setInput(0, dark)
    group.setInput(1, bright)
    assert host.pull(group, 1).rgb().max() == 0.75


def test_a_deleted_node_is_dead_and_so_is_what_was_inside(nuke):
    group = nuke.nodes.Group()
    with group:
        inner = nuke.nodes.Dot()
    nuke.delete(group)
    for each in (group, inner):
        with pytest.raises(ValueError, match="not attached"):
            each.name()


def test_undo_brings_a_deleted_node_back_but_not_its_handle(nuke, host):
    source = nuke.nodes.Constant()
    node = nuke.nodes.Switch(name="Which", inputs=[source])
    nuke.delete(node)
    nuke.undo()
    assert nuke.toNode("Which").input(0) is source
    with pytest.raises(ValueError, match="not attached"):
        node.name()


def test_undo_takes_back_a_group_of_changes_at_once(nuke):
    node = nuke.nodes.FrameHold()
    nuke.Undo.begin()
    nuke.Undo.name("both")
    node["firstFrame"].setValue(5)
    node.setXYpos(7, 8)
    nuke.Undo.end()
    nuke.undo()
    assert (node["firstFrame"].value(), node.xpos()) == (0, 0)


def test_changes_while_undo_is_off_are_not_taken_back(nuke):
    node = nuke.nodes.FrameHold()
    nuke.Undo.disable()
    node["firstFrame"].setValue(5)
    nuke.Undo.enable()
    node.setXYpos(7, 8)
    nuke.undo()
    assert node["firstFrame"].value() == 5


def test_a_pasted_node_gets_a_name_of_its_own_and_the_same_values(nuke, tmp_path):
    node = nuke.nodes.FrameHold(name="Hold1", firstFrame=5)
    node.setSelected(True)
    nuke.nodeCopy(str(tmp_path / "clip.nk"))
    pasted = nuke.nodePaste(str(tmp_path / "clip.nk"))
    assert (pasted.name(), pasted["firstFrame"].value()) == ("Hold2", 5)


def test_a_saved_script_opens_again(nuke, read, tmp_path):
    read["label"].setValue('brackets [here] {and} "there" $x \\ end')
    nuke.scriptSaveAs(str(tmp_path / "shot.nk"))
    other = FakeNuke()
    other.module.scriptOpen(str(tmp_path / "shot.nk"))
    assert other.root.name() == str(tmp_path / "shot.nk")
    again = other.module.toNode("Read1")
    for name in ("file", "first", "last", "label"):
        assert again[name].value() == read[name].value()


# Knob values


def test_a_file_is_as_it_was_typed_and_as_it_is_evaluated(nuke, host):
    host.root["name"].setValue("/shots/sh010/comp.nk")
    read = nuke.nodes.Read()
    read["file"].setValue("[file dirname [value root.name]]/p.####.exr")
    assert read["file"].getText() == "[file dirname [value root.name]]/p.####.exr"
    assert read["file"].evaluate(7) == "/shots/sh010/p.0007.exr"


def test_brackets_in_a_path_are_carried_out_as_tcl(nuke):
    read = nuke.nodes.Read()
    read["file"].setValue("/shots/[old]/p.exr")
    with pytest.raises(RuntimeError, match="old"):
        read["file"].evaluate(1)


def test_backslashes_in_a_path_are_escapes(nuke):
    read = nuke.nodes.Read()
    read["file"].setValue(r"C:\temp\new.exr")
    assert read["file"].evaluate(1) == "C:\temp\new.exr"


def test_set_value_does_not_parse_a_range_and_user_text_does(nuke, plate):
    read = nuke.nodes.Read()
    read["file"].setValue(plate)
    assert (read["first"].value(), read["last"].value()) == (1, 1)
    read["file"].fromUserText(f"{plate} 1001-1004")
    assert (read["first"].value(), read["origlast"].value(), read.width()) == (1001, 1004, 64)


def test_an_expression_sees_the_knobs_of_the_group_around(nuke, host):
    group = nuke.nodes.Group()
    group.addKnob(nuke.Boolean_Knob("use"))
    group.addKnob(nuke.Enumeration_Knob("kind", "kind", ["a", "b"]))
    with group:
        switch = nuke.nodes.Switch()
    switch["which"].setExpression("parent.use ? parent.kind + 1 : 0")
    seen = [switch["which"].value()]
    group["use"].setValue(True)
    group["kind"].setValue("b")
    assert [*seen, switch["which"].value()] == [0, 2]


def test_a_button_runs_with_its_node_as_context(nuke):
    node = nuke.nodes.Group(name="G")
    node.addKnob(nuke.PyScript_Knob("go", "Go", "nuke.thisNode()['label'].setValue(nuke.thisKnob().name())"))
    node["go"].execute()
    assert node["label"].value() == "go"


def test_changed_knobs_are_told_and_bad_callbacks_are_printed(nuke, capsys):
    heard = []
    nuke.addKnobChanged(lambda: heard.append((nuke.thisNode().name(), nuke.thisKnob().name())))
    nuke.addKnobChanged(lambda: 1 / 0)
    node = nuke.nodes.FrameHold(name="Hold")
    node["firstFrame"].setValue(5)
    assert heard == [("Hold", "firstFrame")]
    assert "ZeroDivisionError" in capsys.readouterr().err
