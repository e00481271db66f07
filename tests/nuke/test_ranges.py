"""Ranges that grow, shrink and change: only what is missing or different is rendered, and nothing stale is shown."""

from __future__ import annotations

import numpy as np
import pytest

from tests.nuke import plates
from tests.nuke.comp import alpha_of, assert_shows

pytestmark = pytest.mark.slow

LINEAR = {"colour_space": "lin_rec709"}


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


def times(comp):
    return {path: path.stat().st_mtime_ns for path in comp.mattes()}


def rendered(comp, before):
    """The frames whose mattes are new since."""
    return sorted(
        int(path.name.split(".")[-2]) for path, time in times(comp).items() if before.get(path) != time
    )


def test_a_range_that_grows_costs_its_new_frames(comp, plate):
    node = comp.node(comp.read(plate), range="custom", first=1001, last=1002)
    comp.render(node)
    before = times(comp)
    comp.set(node, last=1004)
    assert "1003-1004 are not rendered" in node["matteline_difference"].value()
    comp.render(node)
    assert rendered(comp, before) == [1003, 1004]
    assert_shows(comp, node, comp.direct(plate))
    assert node["matteline_difference"].value() == "As rendered."


def test_a_range_that_shrinks_costs_nothing_and_is_empty_outside(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    before = times(comp)
    comp.set(node, range="custom", first=1002, last=1003)
    comp.render(node)
    assert rendered(comp, before) == []
    assert_shows(comp, node, comp.direct(plate), [1002, 1003])
    assert comp.shown(node, 1001).alpha.max() == comp.shown(node, 1004).alpha.max() == 0
    assert "1002-1003" in comp.status(node)


def test_other_settings_render_the_range_again_and_no_old_frame_is_left_in_it(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    assert comp.shown(node, 1003).alpha.max() > 0
    comp.set(node, choke=3.0)
    assert "Different from the result: Choke" in node["matteline_difference"].value()
    comp.render(node)
    assert_shows(comp, node, comp.direct(plate, choke=3.0))
    assert len(comp.mattes()) == 4


def test_a_part_with_other_settings_and_then_all_of_it_leaves_nothing_stale(comp, plate):
    # With a preroll of 0 a frame would depend on the range that it was rendered with.
    node = comp.node(comp.read(plate), preroll="auto")
    comp.render(node)
    comp.set(node, choke=3.0, range="custom", first=1002, last=1002)
    comp.render(node)
    before = times(comp)
    comp.set(node, range="input")
    comp.render(node)
    assert rendered(comp, before) == [1001, 1003, 1004]
    assert_shows(comp, node, comp.direct(plate, choke=3.0, preroll="auto"))


def test_a_lost_frame_alone_is_rendered_again(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    lost = next(path for path in comp.mattes() if ".1002." in path.name)
    lost.unlink()
    before = times(comp)
    comp.render(node)
    assert rendered(comp, before) == [1002]
    assert_shows(comp, node, comp.direct(plate))


def test_all_is_rendered_again_where_the_artist_asks_for_it(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    before = times(comp)
    comp.render(node, "render_all")
    assert rendered(comp, before) == [1001, 1002, 1003, 1004]


def test_a_grade_above_that_changes_is_rendered_again_and_one_that_does_not_is_not(comp, plate, tmp_path):
    grade = comp.nuke.nodes.Grade(inputs=[comp.read(plate)], multiply=0.5)
    node = comp.node(grade)
    comp.render(node)
    before = times(comp)
    comp.host.said.clear()
    comp.render(node)
    assert rendered(comp, before) == [] and comp.host.said == []
    grade["multiply"].setValue(0.25)
    assert "1001-1004" in comp.render(node)
    graded = plates.write(tmp_path / "graded", gain=0.25)
    assert_shows(comp, node, comp.direct(graded, **LINEAR))


def test_a_setting_that_was_changed_back_is_as_rendered(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    comp.set(node, choke=3.0)
    comp.set(node, choke=0.0)
    assert node["matteline_difference"].value() == "As rendered."


def test_live_edges_are_named_and_are_no_difference(comp, plate):
    node = comp.node(comp.read(plate), edges_live=True)
    comp.render(node)
    comp.set(node, choke=2.0)
    assert node["matteline_difference"].value() == "Edges live."
    comp.set(node, despill="green")
    words = node["matteline_difference"].value()
    assert "Edges live." in words and "Despill" in words and "Render Matte updates" in words


def test_a_setting_that_is_not_allowed_is_said_when_it_is_set(comp, plate):
    node = comp.node(comp.read(plate))
    comp.render(node)
    comp.set(node, despill="purple")
    comp.set(node, black_point=0.9, white_point=0.2)
    assert "not below" in node["matteline_difference"].value()


def test_a_knob_of_another_group_is_left_alone(comp):
    group = comp.nuke.nodes.Group()
    group.addKnob(comp.nuke.String_Knob("matteline_like"))
    group["matteline_like"].setValue("x")
    group["label"].setValue("x")
    assert comp.host.said == []


def test_two_nodes_do_not_share_a_folder(comp, plate):
    first = comp.node(comp.read(plate), output="{script_dir}/mattes/hero/{version}")
    second = comp.node(comp.read(plate), output="{script_dir}/mattes/hero/{version}")
    words = comp.refused(first)
    assert second.name() in words and "{node}" in words
    comp.set(second, version=2)
    comp.render(first)
    assert_shows(comp, first, comp.direct(plate))


def test_results_of_another_plate_are_kept_and_the_version_counts_up(comp, plate, tmp_path):
    node = comp.node(comp.read(plate), output="{script_dir}/mattes/hero/{version}")
    comp.render(node)
    before = times(comp)
    comp.nuke.delete(node)
    other = plates.write(tmp_path / "other", gain=0.25)
    again = comp.node(comp.read(other), output="{script_dir}/mattes/hero/{version}")
    comp.render(again)
    assert again["matteline_version"].value() == 2
    assert {path: times(comp)[path] for path in before} == before
    assert_shows(comp, again, comp.direct(other))


def test_a_script_saved_under_its_next_version_goes_on_with_the_same_results(comp, plate):
    comp.host.root["name"].setValue(f"{comp.folder}/sh010_comp_v001.nk")
    node = comp.node(comp.read(plate))
    comp.render(node)
    before = times(comp)
    comp.nuke.scriptSaveAs(f"{comp.folder}/sh010_comp_v002.nk")
    comp.render(node)
    assert rendered(comp, before) == []


def test_a_cancelled_update_says_so_and_is_finished_by_the_next_render(comp, tmp_path):
    plate = plates.write(tmp_path / "long", range(1001, 1121))
    node = comp.node(comp.read(plate, 1001, 1120))
    comp.render(node)
    comp.set(node, choke=3.0)
    comp.host.bars.percentages.clear()
    comp.press(node, "render")
    comp.wait(lambda: any(comp.host.bars.percentages))
    comp.press(node, "cancel")
    comp.wait()
    assert "Cancelled" in comp.status(node)
    assert "Choke" in node["matteline_difference"].value()
    comp.render(node)
    direct = comp.direct(plate, choke=3.0)
    for frame in (1001, 1060, 1120):
        assert np.array_equal(comp.shown(node, frame).alpha, alpha_of(direct, frame))
