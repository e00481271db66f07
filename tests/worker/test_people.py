"""People through the worker: listed before a render, and drawn on a sheet."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from matteline.contract.client import follow


def test_people_are_listed_with_their_frames_and_boxes(worker, crowd, job, tmp_path):
    sheet = tmp_path / "people.png"
    wanted = job(crowd, downsample_ratio="auto", focus="plate")
    *before, last = follow(worker, worker.people(wanted, sheet=str(sheet)))
    assert last["event"] == "people"
    assert [each["name"] for each in last["people"]] == ["person1", "person2"]
    assert last["people"][0]["frames"] == "1001-1004"
    assert all(len(box) == 4 for box in last["people"][0]["boxes"].values())
    assert {each["event"] for each in before} == {"loading", "look"}
    with Image.open(sheet) as picture:
        assert picture.format == "PNG"


@pytest.mark.slow
def test_a_preview_shows_the_people_who_are_kept_once_they_were_listed(worker, crowd, job, tmp_path):
    wanted = job(crowd, downsample_ratio="auto", focus="plate")
    kept = job(crowd, downsample_ratio="auto", focus="plate", keep="person1")
    *_, early = follow(worker, worker.preview(kept, 1002))
    assert early["notes"] == ["Nobody is told apart yet, so everyone is shown: list the people, or render."]
    *_, listed = follow(worker, worker.people(wanted))
    *_, late = follow(worker, worker.preview(kept, 1002))
    everyone, one = (np.load(each["files"]["alpha"]).astype(np.float32) for each in (early, late))
    x, _, width, _ = listed["people"][0]["boxes"]["1002"]
    beside = np.ones(320, bool)
    beside[max(0, x - 12) : x + width + 12] = False
    assert everyone[:, beside].max() > 0.9
    assert one[:, beside].max() < 0.1
    assert one.max() > 0.9


@pytest.mark.slow
def test_a_path_that_is_no_text_is_a_sentence(worker, plate, job):
    request = worker.send("people", job=json.loads(job(plate).to_json()), sheet=3)
    *_, failed = follow(worker, request)
    assert failed["event"] == "failed" and "no text" in failed["message"]
