"""Previews through the worker: files that a host can load, and only the latest request answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from matteline.contract.client import follow

from .conftest import LONG


def _preview(worker, request):
    *_, last = follow(worker, request)
    return last


def test_a_preview_is_two_arrays_of_the_size_asked_for(worker, plate, job):
    made = _preview(worker, worker.preview(job(plate), 1003, scale=2))
    alpha, fgr = (np.load(made["files"][name]) for name in ("alpha", "fgr"))
    assert (made["event"], made["frame"], made["size"]) == ("preview", 1003, [80, 45])
    assert (alpha.shape, alpha.dtype, fgr.shape) == ((45, 80), np.float16, (45, 80, 3))


def test_a_draft_is_a_part_of_a_smaller_alpha(worker, plate, job):
    draft = {"reduction": 2, "region": [0, 0, 40, 30]}
    made = _preview(worker, worker.preview(job(plate), 1003, products=("alpha",), draft=draft))
    assert (made["region"], list(made["files"])) == ([0, 0, 20, 15], ["alpha"])
    assert np.load(made["files"]["alpha"]).shape == (15, 20)
    for wrong in ({"reduction": 2, "region": [0, 0, 1]}, {"reduction": 3}, {"reduction": True}):
        refused = _preview(worker, worker.preview(job(plate), 1003, draft=wrong))
        assert refused["event"] == "failed"


def test_a_host_gets_image_files(worker, plate, job):
    made = _preview(worker, worker.preview(job(plate), 1003, file_format="png"))
    with Image.open(made["files"]["alpha"]) as alpha, Image.open(made["files"]["fgr"]) as fgr:
        assert (alpha.mode, alpha.size, fgr.mode) == ("L", (160, 90), "RGB")
    exr = _preview(worker, worker.preview(job(plate), 1003, file_format="exr", products=("alpha",)))
    assert list(exr["files"]) == ["alpha"] and exr["from_memory"]


def test_a_cut_out_is_one_file(worker, plate, job):
    made = _preview(worker, worker.preview(job(plate), 1003, file_format="png", products=("rgba",)))
    with Image.open(made["files"]["rgba"]) as cut_out, Image.open(made["files"]["alpha"]) as alpha:
        assert (cut_out.mode, cut_out.size) == ("RGBA", (160, 90))
        assert np.array_equal(np.asarray(cut_out)[..., 3], np.asarray(alpha))


@pytest.mark.slow
def test_a_preview_comes_while_a_render_runs(worker, long_plate, plate, job):
    rendering = worker.render(job(long_plate, "long"))
    made = _preview(worker, worker.preview(job(plate), 1003))
    assert made["event"] == "preview"
    worker.cancel(rendering)
    assert _preview(worker, rendering)["event"] == "cancelled", (
        f"the render of {LONG} frames was still under way"
    )


@pytest.mark.slow
def test_the_next_preview_cancels_the_one_before(worker, plate, job):
    first = worker.preview(job(plate), 1003)
    second = worker.preview(job(plate), 1004)
    assert _preview(worker, second)["event"] == "preview"
    assert _preview(worker, first)["event"] in ("cancelled", "preview"), "it may have been ready"


@pytest.mark.slow
def test_old_previews_are_deleted_and_all_with_the_worker(start, plate, job):
    client = start()
    folders = [
        Path(_preview(client, client.preview(job(plate), 1001 + n % 4))["files"]["alpha"]).parent
        for n in range(10)
    ]
    assert [folder.exists() for folder in folders] == [False] * 2 + [True] * 8
    client.close()
    assert not folders[-1].parent.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"frame": "x"}, "frame cannot be 'x'"),
        ({"frame": 1003, "scale": 3}, "1/3 of the plate"),
        ({"frame": 1003, "format": "gif"}, "written as 'gif'"),
        ({"frame": 9}, "Frame 9 is outside the plate"),
    ],
)
def test_a_wrong_request_is_a_sentence(worker, plate, job, fields, words):
    import json

    request = worker.send("preview", job=json.loads(job(plate).to_json()), **fields)
    failed = _preview(worker, request)
    assert failed["event"] == "failed" and words in failed["message"]
