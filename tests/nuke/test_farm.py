"""Jobs for machines elsewhere: what is written for them, and their results in the node."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from matteline.api import Job, plan, run
from tests.nuke import plates
from tests.nuke.comp import alpha_of

pytestmark = pytest.mark.slow


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


def written_job(comp):
    (path,) = comp.folder.glob("mattes/**/matteline_job.json")
    return path, Job.from_json(path.read_text(encoding="utf-8"))


def elsewhere(job):
    """Another machine renders it."""
    for _ in run(plan(job)):
        pass


@pytest.mark.parametrize("source", ["auto", "always write"])
def test_a_job_rendered_elsewhere_is_shown_when_it_is_done(comp, plate, source):
    node = comp.node(comp.read(plate), input=source)
    comp.press(node, "write_job")
    path, job = written_job(comp)
    assert str(path) in comp.status(node) and "farm submit" in comp.status(node)
    assert comp.host.bars.open == 0 and not node["matteline_use"].value()
    assert "missing" in comp.refused(node, "show")
    elsewhere(job)
    comp.press(node, "show")
    direct = comp.direct(plate, colour_space="lin_rec709")
    for frame in (1001, 1004):
        assert np.array_equal(comp.shown(node, frame).alpha, alpha_of(direct, frame))


def test_the_job_says_what_the_node_is_set_to(comp, plate):
    node = comp.node(comp.read(plate), choke=2.0, range="custom", first=1002, last=1003)
    wanted = sys.modules["matteline_nuke.job"].job_of(node)
    comp.press(node, "write_job")
    _, job = written_job(comp)
    assert json.loads(job.to_json()) == json.loads(wanted.to_json())
    assert (job.settings.choke, str(job.frames)) == (2.0, "1002-1003")


def test_a_script_that_was_never_saved_is_not_for_a_farm(comp, plate):
    comp.host.root["name"].setValue("")
    assert "not saved" in comp.refused(comp.node(comp.read(plate)), "write_job")


def test_asking_for_a_job_touches_nothing(comp, plate):
    node = comp.node(comp.read(plate), input="always write")
    before = {name: knob.toScript() for name, knob in node.knobs().items()}
    sys.modules["matteline_nuke.job"].job_of(node)
    assert {name: knob.toScript() for name, knob in node.knobs().items()} == before
    assert not list(comp.folder.glob("mattes*"))
