"""From a plate in Nuke to a matte in Nuke, through a real worker: equal to the same render without Nuke."""

from __future__ import annotations

import numpy as np
import pytest

from tests.nuke import plates
from tests.nuke.comp import alpha_of, fgr_of


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


def assert_shows(comp, node, folder, frames=(1001, 1004)):
    """The node gives the plate with the mattes of a folder."""
    for frame in frames:
        assert np.array_equal(comp.shown(node, frame).alpha, alpha_of(folder, frame)), frame


def test_the_files_of_a_read_are_handed_over(comp, plate):
    read = comp.read(plate)
    node = comp.node(read)
    assert "Showing 1001-1004" in comp.render(node)
    assert comp.host.executing.frames == []
    assert_shows(comp, node, comp.direct(plate))
    assert np.array_equal(comp.shown(node, 1002).rgb(), comp.shown(read, 1002).rgb())
