"""Threads by the machine's cores, within memory, and the same results whatever their number."""

from __future__ import annotations

import os

import pytest

from matteline.contract.plate import Window
from matteline.engine.workers import Workers, workers_for

HD, UHD, EIGHT_K = Window(0, 0, 1920, 1080), Window(0, 0, 3840, 2160), Window(0, 0, 8192, 4320)


@pytest.mark.parametrize(
    ("cores", "canvas", "expected"),
    [
        (1, HD, Workers(2, 2, 2, 3)),
        (2, HD, Workers(2, 2, 2, 3)),
        (8, HD, Workers(4, 4, 8, 9)),
        (16, HD, Workers(8, 8, 16, 17)),
        (128, HD, Workers(8, 8, 16, 17)),
        (16, UHD, Workers(8, 8, 9, 10)),
        (16, EIGHT_K, Workers(2, 2, 2, 3)),
    ],
)
def test_threads_follow_the_cores_and_the_memory_that_frames_take(cores, canvas, expected):
    assert workers_for(canvas, cores) == expected


@pytest.mark.slow
def test_results_are_the_same_bytes_whatever_the_number_of_threads(render, exr_plate, tmp_path, monkeypatch):
    written = []
    for cores in (1, 16):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)), raising=False)
        render(exr_plate, tmp_path / str(cores), "1003-1008", write=("alpha", "fgr"))
        files = sorted((tmp_path / str(cores)).glob("*/*.exr"))
        written.append([(path.name, path.read_bytes()) for path in files])
    assert len(written[0]) == 12
    assert written[0] == written[1]
