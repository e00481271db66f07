"""The levers of the benchmark: each has settings that exist, and solved edges are nearer to the truth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.engine.demo import draw_plate
from matteline.engine.levers import LEVER_SIZE, LEVERS, measure_lever
from matteline.engine.plan import Resources


def test_the_last_lever_is_what_a_render_does_by_itself():
    assert replace(MatteSettings(), **LEVERS["all"]) == MatteSettings()


@pytest.mark.slow
def test_solved_edges_are_nearer_to_the_drawn_truth(weights_file, tmp_path):
    plate = draw_plate(tmp_path / "plate", *LEVER_SIZE, 4)
    found = {}
    for lever in ("preroll", "edges"):
        settings = MatteSettings(
            **LEVERS[lever], weights=str(weights_file), device="cpu", write=("alpha",), format="png"
        )
        _, found[lever] = measure_lever(Job(plate, str(tmp_path / lever), settings=settings), 4, Resources())
    assert found["edges"] < 0.95 * found["preroll"]
