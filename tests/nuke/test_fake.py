"""The stand-in for Nuke keeps to fake/SOURCES.md: what tests rely on is tested here."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest

from tests.nuke import plates
from tests.nuke.fake import FakeNuke, Format


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


def in_thread(function):
    caught: list[BaseException] = []

    def run():
        try:
            function()
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, caught


def writer(nuke, source, pattern, **knobs):
    write = nuke.nodes.Write(inputs=[source], file_type="exr", file=str(pattern))
    for name, value in knobs.items():
        write[name].setValue(value)
    return write


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
    group = nuke.nodes.Group(inputs=[dark, bright])
    with group:
        nuke.nodes.Input()
        nuke.nodes.Output(inputs=[nuke.nodes.Input()])
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


# Threads


def test_a_knob_set_in_another_thread_raises_and_is_kept(nuke, host):
    node = nuke.nodes.FrameHold()
    thread, caught = in_thread(lambda: node["firstFrame"].setValue(5))
    thread.join()
    assert isinstance(caught[0], RuntimeError) and "firstFrame" in host.offences[0]


def test_with_result_waits_for_the_main_thread(nuke, host):
    node, got = nuke.nodes.FrameHold(name="Hold"), []
    thread, _ = in_thread(lambda: got.append(nuke.executeInMainThreadWithResult(node.name)))
    host.pump(lambda: not thread.is_alive())
    assert got == ["Hold"]


def test_with_result_swallows_exceptions(nuke, host, capsys):
    got = []
    thread, caught = in_thread(lambda: got.append(nuke.executeInMainThreadWithResult(lambda: 1 / 0)))
    host.pump(lambda: not thread.is_alive())
    assert got == [None] and not caught
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_with_result_in_the_main_thread_is_an_offence(nuke, host):
    with pytest.raises(RuntimeError):
        nuke.executeInMainThreadWithResult(lambda: 1)
    assert host.offences


def test_a_terminal_never_answers_other_threads():
    host = FakeNuke(gui=False)
    for ask in (host.module.executeInMainThread, host.module.executeInMainThreadWithResult):
        thread, caught = in_thread(lambda ask=ask: ask(lambda: 1))
        thread.join()
        assert isinstance(caught[0], RuntimeError)
    assert len(host.offences) == 2


def test_a_dialog_while_another_thread_waits_is_an_offence(nuke, host, capsys):
    thread, _ = in_thread(lambda: nuke.executeInMainThreadWithResult(nuke.message, ("hello",)))
    host.pump(lambda: not thread.is_alive())
    assert host.offences and not host.said


def test_a_progress_bar_closes_with_its_object(nuke, host):
    task = nuke.ProgressTask("busy")
    task.setProgress(50)
    host.bars.cancel_when = lambda percentage, message: percentage >= 50
    assert task.isCancelled() and host.bars.open == 1
    del task
    gc.collect()
    assert host.bars.open == 0


# Knob values


def test_value_is_raw_and_evaluate_is_not(nuke, host):
    host.root["name"].setValue("/shots/sh010/comp.nk")
    read = nuke.nodes.Read()
    read["file"].setValue("[file dirname [value root.name]]/p.####.exr")
    assert read["file"].value() == "[file dirname [value root.name]]/p.####.exr"
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


# Pixels


def test_a_read_shows_its_files(host, read, tmp_path):
    shown = host.pull(read, 1002)
    assert np.array_equal(shown.rgb()[..., 1], plates.read(tmp_path / "plate/sh010.1002.exr")["G"])


@pytest.mark.parametrize(
    ("knobs", "frame", "file"),
    [
        ({}, 1003, 1003),
        ({}, 900, 1001),
        ({"before": "loop"}, 1000, 1004),
        ({"after": "bounce"}, 1005, 1003),
        ({"frame_mode": "start at", "frame": "1"}, 2, 1002),
        ({"frame_mode": "offset", "frame": "100"}, 902, 1002),
        ({"frame": "frame + 1000"}, 4, 1004),
    ],
)
def test_a_read_maps_frames(host, read, tmp_path, knobs, frame, file):
    for name, value in knobs.items():
        read[name].setValue(value)
    expected = plates.read(tmp_path / f"plate/sh010.{file}.exr")["R"]
    assert np.array_equal(host.pull(read, frame).plane("rgba.red"), expected)


def test_a_missing_frame_is_an_error_unless_told(host, read, tmp_path):
    (tmp_path / "plate/sh010.1002.exr").unlink()
    with pytest.raises(RuntimeError, match="1002"):
        host.pull(read, 1002)
    read["on_error"].setValue("black")
    assert host.pull(read, 1002).rgb().max() == 0


def test_a_read_shows_what_it_has_decoded_until_it_is_reloaded(host, read, tmp_path):
    before = host.pull(read, 1001).rgb()
    plates.write(tmp_path / "plate", [1001], gain=2)
    assert np.array_equal(host.pull(read, 1001).rgb(), before)
    read["reload"].execute()
    assert host.pull(read, 1001).rgb().max() > before.max()


def test_eight_bit_files_become_linear_unless_raw(nuke, host, tmp_path):
    read = nuke.nodes.Read()
    read["file"].fromUserText(f"{plates.write_png(tmp_path / 'png')} 1001-1004")
    linear = host.pull(read, 1001).rgb()
    read["raw"].setValue(True)
    read["reload"].execute()
    raw = host.pull(read, 1001).rgb()
    assert linear.mean() < raw.mean()


def test_a_write_keeps_windows_values_and_pixel_aspect(nuke, host, tmp_path):
    read = nuke.nodes.Read()
    pattern = plates.write(tmp_path / "over", overscan=4, pixel_aspect=2, gain=5)
    read["file"].fromUserText(f"{pattern} 1001-1004")
    (tmp_path / "out").mkdir()
    nuke.execute(writer(nuke, read, tmp_path / "out/o.%04d.exr", raw=True), 1001, 1002, 1)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["o.1001.exr", "o.1002.exr"]
    written, original = tmp_path / "out/o.1002.exr", tmp_path / "over/sh010.1002.exr"
    assert plates.windows(written) == ((-4, -4, 72, 44), (0, 0, 64, 36), 2.0)
    assert np.array_equal(plates.read(written)["R"], plates.read(original)["R"])
    assert plates.read(written)["R"].max() > 5


def test_negative_frames_count_their_sign_as_a_digit(nuke, tmp_path):
    nuke.execute(writer(nuke, nuke.nodes.Constant(), tmp_path / "o.####.exr"), -1, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.-001.exr", "o.0000.exr"]


def test_proxy_halves_what_is_written(nuke, host, read, tmp_path):
    host.root["proxy"].setValue(True)
    nuke.execute(writer(nuke, read, tmp_path / "o.####.exr"), 1001, 1001)
    assert plates.windows(tmp_path / "o.1001.exr")[1] == (0, 0, 32, 18)


def test_a_write_makes_no_folders_unless_told(nuke, read, tmp_path):
    write = writer(nuke, read, tmp_path / "new/o.####.exr")
    with pytest.raises(RuntimeError, match="No such file or directory"):
        nuke.execute(write, 1001, 1001)
    write["create_directories"].setValue(True)
    nuke.execute(write, 1001, 1001)


def test_executing_a_disabled_write_is_an_offence(nuke, host, read, tmp_path):
    write = writer(nuke, read, tmp_path / "o.####.exr", disable=True)
    with pytest.raises(RuntimeError):
        nuke.execute(write, 1001, 1001)
    assert host.offences


def test_a_user_can_cancel_what_is_executed(nuke, host, read, tmp_path):
    host.executing.cancel_at = 1002
    with pytest.raises(RuntimeError, match="Cancelled"):
        nuke.execute(writer(nuke, read, tmp_path / "o.####.exr"), 1001, 1004)
    assert host.executing.frames == [1001] and not nuke.executing()


def test_nothing_can_be_executed_within_an_execution(nuke, read, tmp_path):
    inner = writer(nuke, read, tmp_path / "i.####.exr")
    nuke.addBeforeRender(lambda: nuke.execute(inner, 1001, 1001))
    with pytest.raises(RuntimeError, match="already executing"):
        nuke.execute(writer(nuke, read, tmp_path / "o.####.exr"), 1001, 1001)


def test_each_view_has_files_of_its_own(nuke, host, tmp_path):
    host.views, host.view = ["left", "right"], "left"
    plates.write(tmp_path / "left")
    plates.write(tmp_path / "right", gain=2)
    read = nuke.nodes.Read()
    read["file"].fromUserText(f"{tmp_path}/%V/sh010.####.exr 1001-1004")
    nuke.execute(writer(nuke, read, tmp_path / "o.%v.####.exr"), 1001, 1001)
    left, right = (plates.read(tmp_path / f"o.{eye}.1001.exr")["R"] for eye in "lr")
    assert right.mean() > 1.9 * left.mean()


def test_copy_takes_from_its_second_input_into_its_first(nuke, host):
    below, above = nuke.nodes.Constant(color=0.25), nuke.nodes.Constant(color=0.75)
    copy = nuke.nodes.Copy(inputs=[below, above], from0="rgba.red", to0="rgba.alpha")
    shown = host.pull(copy, 1)
    assert (shown.rgb().max(), shown.alpha.max()) == (0.25, 0.75)


def test_crop_counts_from_below(nuke, host, read):
    crop = nuke.nodes.Crop(inputs=[read], box=(0, 0, 10, 6), reformat=True)
    shown = host.pull(crop, 1001)
    assert (shown.format.width(), shown.format.height()) == (10, 6)
    assert np.array_equal(shown.rgb(), host.pull(read, 1001).rgb()[-6:, :10])


def test_time_moves_with_time_offset(nuke, host, read):
    later = nuke.nodes.TimeOffset(inputs=[read], time_offset=10)
    assert np.array_equal(host.pull(later, 1012).rgb(), host.pull(read, 1002).rgb())
    assert (later.frameRange().first(), later.frameRange().last()) == (1011, 1014)


def test_a_format_is_written_and_read(nuke):
    made = Format.parse(Format(64, 36, 2.0, "squeezed").to_script())
    assert (made.width(), made.height(), made.pixelAspect(), made.name()) == (64, 36, 2.0, "squeezed")
