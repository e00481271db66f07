"""Workers that are missing, foreign, deaf or lie: the artist is told, and the old result stays."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tests.nuke import plates
from tests.nuke.comp import alpha_of
from tests.nuke.workers import BROKEN, CHATTER, DEAF, LIAR, STRANGER, program, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="the stand-ins are scripts with a first line for Unix"),
]


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


@pytest.fixture
def with_worker(monkeypatch, tmp_path):
    """Have the plug-in start another program as its worker."""

    def use(script: str) -> None:
        monkeypatch.setenv("MATTELINE_WORKER", program(tmp_path, script))

    return use


def told(comp, node):
    """Everything the artist can read after pressing Render Matte."""
    comp.press(node, "render")
    comp.wait()
    return " ".join([comp.status(node), *(words for _, words in comp.host.said)])


def test_a_worker_that_is_not_there(comp, plate, monkeypatch, tmp_path):
    monkeypatch.setenv("MATTELINE_WORKER", str(tmp_path / "nowhere/matteline"))
    node = comp.node(comp.read(plate), input="always write")
    words = told(comp, node)
    assert "was not found" in words and "MATTELINE_WORKER" in words
    assert comp.host.executing.frames == []
    assert not (tmp_path / "mattes").exists()


def test_prints_of_a_library_do_not_break_the_protocol(comp, plate, with_worker):
    with_worker(CHATTER)
    node = comp.node(comp.read(plate))
    comp.render(node)
    assert np.array_equal(comp.shown(node, 1001).alpha, alpha_of(comp.direct(plate), 1001))


def test_a_worker_that_says_it_is_done_and_has_written_nothing(comp, plate, with_worker):
    with_worker(LIAR)
    node = comp.node(comp.read(plate))
    assert "missing" in told(comp, node)
    assert not node["matteline_use"].value()


def test_a_worker_that_lies_does_not_take_the_old_result_away(comp, plate, with_worker):
    node = comp.node(comp.read(plate))
    comp.render(node)
    before = comp.shown(node, 1002).alpha
    with_worker(LIAR)
    told(comp, node)
    assert node["matteline_use"].value()
    assert np.array_equal(comp.shown(node, 1002).alpha, before)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (STRANGER, "matteline 9.0 speaks protocol 99"),
        (BROKEN, "ended by itself before it was ready: exit code 1"),
    ],
    ids=["of another release", "that does not start"],
)
def test_a_worker(comp, plate, with_worker, script, sentence):
    with_worker(script)
    node = comp.node(comp.read(plate))
    assert sentence in told(comp, node)
    assert not node["matteline_use"].value()
    assert running() == []


@pytest.mark.slow
def test_a_worker_that_does_not_hear_a_cancel_is_ended(comp, plate, with_worker):
    with_worker(DEAF)
    node = comp.node(comp.read(plate))
    comp.press(node, "render")
    comp.wait(lambda: any(comp.host.bars.percentages))
    comp.press(node, "cancel")
    comp.wait()
    assert "Cancelled" in comp.status(node)
    assert running() == []


def test_the_worker_can_be_checked_from_the_node(comp, plate, untrained):
    node = comp.node(comp.read(plate))
    comp.press(node, "check")
    assert "matteline" in comp.status(node) and "cpu" in comp.status(node)
