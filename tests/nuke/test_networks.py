"""Previews by the worker's own queue, and networks that are listed, chosen and fetched."""

from __future__ import annotations

import os
import shutil
import sys

import numpy as np
import pytest

from tests.nuke import plates

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def nothing_fetched(environment):
    # All tests of this process share the folder, and others fetch networks into it.
    shutil.rmtree(os.environ["XDG_DATA_HOME"], ignore_errors=True)


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


@pytest.fixture
def node(comp, plate):
    return comp.node(comp.read(plate), edges_live=True)


def test_a_preview_leaves_the_versions_folder_alone_and_outlives_the_worker(comp, node):
    comp.host.frame = 1002
    assert "Preview of frame 1002" in comp.render(node, "render_current")
    assert comp.mattes() == [] and not (comp.folder / "mattes").exists()
    sys.modules["matteline_nuke.session"].session.worker.client().close()
    comp.host.decoded.clear()
    assert comp.shown(node, 1002).alpha.max() > 0
    assert comp.shown(node, 1003).alpha.max() == 0
    assert "preview 1002" in node["label"].evaluate()


def test_a_preview_of_what_nuke_writes_writes_the_frame_and_its_handles_only(comp, tmp_path):
    plate = plates.write(tmp_path / "plate", range(1001, 1021))
    grade = comp.nuke.nodes.Grade(inputs=[comp.read(plate, 1001, 1020)], multiply=0.5)
    node = comp.node(grade)
    comp.host.frame = 1015
    assert "1015" in comp.render(node, "render_current")
    assert comp.host.executing.frames == list(range(1009, 1016))
    assert comp.shown(node, 1015).alpha.max() > 0
    assert comp.input_files() == []


def test_live_edges_act_on_a_preview(comp, node):
    comp.host.frame = 1002
    comp.render(node, "render_current")
    before = comp.shown(node, 1002).alpha
    comp.set(node, choke=3.0)
    assert not np.array_equal(comp.shown(node, 1002).alpha, before)


def test_a_preview_that_fails_says_why_and_shows_what_was_there(comp, node):
    comp.render(node)
    before = comp.shown(node, 1002).alpha
    comp.set(node, weights="/nowhere.safetensors")
    comp.host.frame = 1002
    assert "/nowhere.safetensors" in comp.render(node, "render_current") + str(comp.host.said)
    assert np.array_equal(comp.shown(node, 1002).alpha, before)


def test_networks_are_listed_with_quality_and_licence_and_a_chosen_one_is_set(comp, node):
    comp.host.answers = [None]
    comp.press(node, "choose_model")
    (options,) = comp.host.choices
    official = next(each for each in options if each.startswith("rvm_mobilenetv3 "))
    assert "MAD" in official and "GPL-3.0" in official and "to fetch, 15 MB" in official
    number = next(index for index, each in enumerate(options) if "installed" in each)
    comp.host.answers = [number]
    comp.press(node, "choose_model")
    assert node["matteline_weights"].value() == options[number].split(" · ")[0]


def test_nothing_is_fetched_without_consent_to_the_licence(comp, node):
    comp.host.answers = [None]
    comp.press(node, "choose_model")
    number = next(index for index, each in enumerate(comp.host.choices[0]) if "to fetch" in each)
    before = node["matteline_weights"].value()
    comp.host.answers = [number, False]
    comp.press(node, "choose_model")
    kind, words = comp.host.said[-1]
    assert kind == "ask" and "GPL-3.0" in words and "Fetch" in words
    assert node["matteline_weights"].value() == before


def test_a_network_of_a_folder_is_fetched_with_a_bar_and_what_fails_is_a_sentence(comp, tmp_path):
    networks = sys.modules["matteline_nuke.networks"]
    errors = sys.modules["matteline_nuke.contract.errors"]
    with pytest.raises(errors.MattelineError, match="agree"):
        networks.fetch_model("rvm_mobilenetv3", agreed=False)
    (tmp_path / "empty").mkdir()
    with pytest.raises(errors.MattelineError, match=r"rvm_mobilenetv3|empty"):
        networks.fetch_model("rvm_mobilenetv3", agreed=True, place=str(tmp_path / "empty"))
    assert comp.host.bars.shown >= 2


@pytest.mark.parametrize("there", [True, False], ids=["there", "not there"])
def test_nuke_goes_on_while_a_network_is_fetched(comp, node, there, official_file, tmp_path):
    before = node["matteline_weights"].value()
    place = str(official_file) if there else str(tmp_path)
    sys.modules["matteline_nuke.networks"].fetch_for(node, "rvm_mobilenetv3", agreed=True, place=place)
    assert comp.host.bars.open == 1 and comp.status(node) == "Fetching rvm_mobilenetv3"
    comp.wait()
    assert node["matteline_weights"].value() == ("rvm_mobilenetv3" if there else before)
    assert comp.status(node).startswith("Model rvm_mobilenetv3." if there else "Failed: ")
    assert comp.host.bars.open == 0


def test_the_check_tells_newcomers_that_there_are_better_models(comp, node):
    comp.press(node, "check")
    assert "Choose Model" in comp.status(node) and "rvm_mobilenetv3" in comp.status(node)
