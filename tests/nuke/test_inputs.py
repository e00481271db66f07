"""Garbage and hold-out mattes that come into the node, people picked by name, the matte's channel, Create Read."""

from __future__ import annotations

import numpy as np
import OpenImageIO as oiio
import pytest

from matteline.contract.job import Job
from matteline.contract.people import PeopleHints
from matteline.contract.plate import Header, Window
from matteline.media.cryptomatte import write_cryptomatte
from tests.nuke import plates
from tests.nuke.comp import alpha_of, assert_shows, fgr_of

pytestmark = pytest.mark.slow

LINEAR = {"colour_space": "lin_rec709"}
FRAMES = range(plates.FIRST, plates.LAST + 1)


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


def drawn(folder, value):
    """A matte of the plate's size, `value` in its left half; its pattern. Another one in each frame."""
    folder.mkdir()
    for number in FRAMES:
        alpha = np.zeros((plates.HEIGHT, plates.WIDTH, 1), np.float32)
        alpha[:, : plates.WIDTH // 2] = value
        alpha[number - plates.FIRST] = 0.5
        spec = oiio.ImageSpec(plates.WIDTH, plates.HEIGHT, 1, oiio.HALF)
        spec.channelnames = ("A",)
        output = oiio.ImageOutput.create("openexr")
        assert output.open(str(folder / f"roto.{number}.exr"), spec) and output.write_image(alpha)
        output.close()
    return str(folder / "roto.####.exr")


@pytest.mark.parametrize("source", ["auto", "always write"])
@pytest.mark.parametrize(("number", "setting"), [(1, "garbage"), (2, "holdout")])
def test_a_matte_that_comes_in_is_the_commands_garbage_or_hold_out_matte(
    comp, plate, tmp_path, number, setting, source
):
    roto = drawn(tmp_path / "roto", 1.0)
    node = comp.node(comp.read(plate), input=source, product="foreground with matte")
    node.setInput(number, comp.read(roto, raw=True))
    comp.render(node)
    direct = comp.direct(plate, **{setting: roto}, **(LINEAR if source == "always write" else {}))
    assert_shows(comp, node, direct)
    assert np.array_equal(comp.shown(node, 1002).rgb(), fgr_of(direct, 1002))
    assert comp.input_files() == []


def test_a_matte_is_written_for_the_frames_of_the_range_and_the_plate_is_still_handed_over(
    comp, plate, tmp_path
):
    roto = comp.read(drawn(tmp_path / "roto", 1.0), raw=True)
    node = comp.node(comp.read(plate), range="custom", first=1002, last=1003, keep_input=True, preroll="auto")
    node.setInput(1, roto)
    comp.render(node)
    assert comp.host.executing.frames == [1002, 1003]
    assert [path.name for path in comp.input_files()] == ["garbage.1002.exr", "garbage.1003.exr"]


def test_a_matte_that_changes_renders_again_and_one_that_does_not_does_not(comp, plate, tmp_path):
    roto = comp.read(drawn(tmp_path / "roto", 1.0), raw=True)
    node = comp.node(comp.read(plate))
    node.setInput(1, roto)
    comp.render(node)
    before = {path: path.stat().st_mtime_ns for path in comp.mattes()}
    comp.render(node)
    assert {path: path.stat().st_mtime_ns for path in comp.mattes()} == before
    other = drawn(tmp_path / "other", 0.25)
    roto["file"].setValue(other)
    comp.render(node)
    assert_shows(comp, node, comp.direct(plate, garbage=other))


def test_frames_below_0_of_a_matte_are_those_of_the_plate(comp, tmp_path):
    plate = plates.write(tmp_path / "plate", range(-1, 3))
    roto = comp.nuke.nodes.Constant(color=0.0, format=comp.nuke.Format(plates.WIDTH, plates.HEIGHT, 1.0))
    node = comp.node(comp.read(plate, -1, 2))
    node.setInput(1, roto)
    assert "-1-2" in comp.render(node)
    assert comp.shown(node, -1).alpha.max() == 0


def test_inputs_are_named_beside_their_arrows_and_come_in_their_order(comp, plate):
    node = comp.node(comp.read(plate))
    found = {each["number"].value(): each.name() for each in node.nodes() if each.Class() == "Input"}
    assert found == {0: "Input1", 1: "Garbage", 2: "Holdout", 3: "Person"}


# People


def test_a_person_who_is_drawn_is_written_along_as_a_hint(comp, plate, tmp_path):
    roto = comp.read(drawn(tmp_path / "roto", 1.0), raw=True)
    node = comp.node(comp.read(plate), person="anna", hints="1001:12,20:ben", keep="anna")
    node.setInput(3, roto)
    comp.press(node, "write_job")
    (path,) = comp.folder.glob("mattes/**/matteline_job.json")
    job = Job.from_json(path.read_text(encoding="utf-8"))
    hints = PeopleHints.parse(job.settings.hints)
    assert hints.names == ("ben", "anna") and job.settings.keep == "anna"
    mask = hints.hints[1].path
    assert [path.name for path in comp.input_files()] == [f"person.{frame}.exr" for frame in FRAMES]
    assert plates.read(mask.replace("####", "1002"))["A"][10, 5] == 1.0


def test_a_render_with_people_fills_in_their_files(comp, plate):
    node = comp.node(comp.read(plate), write=("alpha", "people"), people="*")
    comp.render(node)
    files = node["matteline_people_file"].getText()
    assert files.endswith(".####.exr") and "/people/" in files
    comp.set(node, pick_people=True)
    assert comp.shown(node, 1002).alpha.max() <= 1.0


@pytest.fixture
def crypto(tmp_path):
    """A Cryptomatte sequence of three people beside each other; its pattern."""
    folder = tmp_path / "crypto"
    folder.mkdir()
    window = Window(0, 0, plates.WIDTH, plates.HEIGHT)
    for number in FRAMES:
        coverage = np.zeros((3, plates.HEIGHT, plates.WIDTH), np.float32)
        for index in range(3):
            coverage[index, :, 10 + 15 * index : 20 + 15 * index] = 1 - 0.2 * index
        header = Header(window, window)
        names = ("person1", "person2", "dancer")
        write_cryptomatte(folder / f"people.{number}.exr", coverage, header, names=names)
    return str(folder / "people.####.exr")


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        ("person1", [12]),
        ("person*", [12, 27]),
        ("dancer, person2", [27, 42]),
        ("*", [12, 27, 42]),
        ("nobody", []),
    ],
)
def test_people_are_picked_by_names_and_wildcards(comp, plate, crypto, names, columns):
    node = comp.node(comp.read(plate), people_file=crypto, people=names)
    comp.render(node)
    assert_shows(comp, node, comp.direct(plate))
    comp.set(node, pick_people=True)
    alpha = comp.shown(node, 1002).alpha
    assert [column for column in (12, 27, 42) if alpha[5, column] > 0] == columns
    assert not columns or alpha[5, columns[0]] == pytest.approx({12: 1.0, 27: 0.8, 42: 0.6}[columns[0]])


def test_a_cryptomatte_is_read_raw_and_live_edges_act_on_what_is_picked(comp, plate, crypto):
    node = comp.node(comp.read(plate), people_file=crypto, people="person1", edges_live=True)
    comp.render(node)
    comp.set(node, pick_people=True)
    read = comp.host.root.node(f"{node.fullName()}.MattelinePeople")
    assert read["raw"].value()
    wide = (comp.shown(node, 1002).alpha > 0.5).sum()
    comp.set(node, choke=2.0)
    assert (comp.shown(node, 1002).alpha > 0.5).sum() < wide
    assert comp.shown(node, 1005).alpha.max() == 0


def test_names_that_nuke_would_carry_out_are_refused(comp, plate):
    node = comp.node(comp.read(plate))
    comp.set(node, people="[exec rm]")
    assert "cannot be called" in comp.status(node)


# Where the matte goes


def test_the_matte_goes_to_the_channel_that_is_named_and_alpha_stays(comp, plate):
    read = comp.read(plate)
    node = comp.node(read, channel="mask.a")
    comp.render(node)
    shown = comp.shown(node, 1002)
    assert np.array_equal(shown.plane("mask.a"), alpha_of(comp.direct(plate), 1002))
    assert np.array_equal(shown.alpha, comp.shown(read, 1002).alpha)


def test_a_channel_that_cannot_be_one_is_said_at_once(comp, plate):
    node = comp.node(comp.read(plate))
    comp.set(node, channel="matte")
    assert "mask.a" in comp.status(node)


def test_create_read_makes_reads_of_the_result_outside_of_the_node(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    comp.press(node, "create_read")
    made = [each for each in comp.host.root.nodes() if each.Class() == "Read" and each.name() != "Read1"]
    assert len(made) == 2 and all(each.name() in comp.status(node) for each in made)
    direct = comp.direct(plate)
    matte, foreground = made
    assert np.array_equal(comp.shown(matte, 1002).rgb()[..., 0], alpha_of(direct, 1002))
    assert np.array_equal(comp.shown(foreground, 1002).rgb(), fgr_of(direct, 1002))
    assert comp.shown(matte, 1005).rgb().max() == 0
    assert len({(each.xpos(), each.ypos()) for each in (node, *made)}) == 3
