"""What happens in the middle of a render, and between one render and the next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.lengthened import lengthened
from tests.nuke import plates
from tests.nuke.comp import alpha_of
from tests.nuke.workers import running

pytestmark = pytest.mark.slow

LONG = range(1001, 1201)
"""Enough for a render to be under way still when Nuke looks after it, five times a second."""


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


@pytest.fixture
def long_plate(tmp_path):
    return plates.write(tmp_path / "long", LONG)


@pytest.fixture
def rendering(comp, long_plate):
    """A node whose render of two hundred frames has written some of them, and not all."""
    return begun(comp, comp.node(comp.read(long_plate, LONG[0], LONG[-1])))


def begun(comp, node):
    comp.host.bars.percentages.clear()
    comp.press(node, "render")
    comp.wait(lambda: any(comp.host.bars.percentages))
    assert comp.host.bars.open == 1
    return node


# In the middle of a render


@pytest.mark.parametrize("way", ["bar", "button"])
def test_a_cancel_half_way_keeps_the_old_result(comp, plate, long_plate, way):
    node = comp.node(comp.read(plate))
    comp.render(node)
    comp.press(node, "new_version")
    lengthened(Path(long_plate).parent, 3000)
    comp.nuke.toNode("Read1")["file"].fromUserText(f"{long_plate} 1001-3000")
    begun(comp, node)
    if way == "bar":
        comp.host.bars.cancel_when = lambda percentage, message: True
    else:
        comp.press(node, "cancel")
    comp.wait()
    assert "Cancelled" in comp.status(node)
    assert 4 < len(comp.mattes()) < 4 + 2000
    assert np.array_equal(comp.shown(node, 1002).alpha, alpha_of(comp.direct(plate), 1002))


def test_a_cancelled_render_goes_on_where_it_stopped(comp, rendering, long_plate):
    comp.press(rendering, "cancel")
    comp.wait()
    kept = {path: path.stat().st_mtime_ns for path in comp.mattes()}
    assert 0 < len(kept) < len(LONG)
    comp.render(rendering)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    direct = comp.direct(long_plate)
    for frame in (LONG[0], 1030, LONG[-1]):
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
    assert f"{LONG[0]}-{LONG[-1]}" in comp.status(again)


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
    assert f"{LONG[0]}-{LONG[-1]}" in comp.status(rendering)


def test_undo_takes_back_what_the_artist_did_and_nothing_of_the_render(comp, rendering):
    comp.set(rendering, choke=1.0)
    comp.wait()
    comp.nuke.undo()
    assert rendering["matteline_choke"].value() == 0.0
    assert rendering["matteline_use"].value()
    assert f"{LONG[0]}-{LONG[-1]}" in comp.status(rendering)


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
    for path in comp.mattes():
        path.unlink()
    comp.host.decoded.clear()
    with pytest.raises(RuntimeError, match="No such file"):
        comp.shown(node, 1001)
    assert "missing" in comp.refused(node, "show")
