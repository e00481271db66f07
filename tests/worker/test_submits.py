"""Jobs that a host hands to a render farm through the worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matteline.contract.client import WorkerClient, follow
from matteline.contract.errors import JobError
from matteline.contract.farm_settings import FarmSettings
from matteline.farm.farm_job import FarmJob


def test_a_submission_writes_farm_jobs_and_what_the_engine_takes(worker, plate, job, tmp_path):
    pytest.importorskip("openjd.model", reason="the farm extra is not installed")
    request = worker.submit([job(plate, frames="1001-1010")], FarmSettings(engine="openjd", chunk=4))
    (answer,) = follow(worker, request)
    assert (answer["event"], answer["jobs"]) == ("submitted", []), "OpenJD has no queue to submit to"
    (clip,) = answer["shots"]
    assert (clip["name"], clip["frames"], clip["tasks"]) == ("sh", 10, 3), "1001-1003, 1004-1007, 1008-1010"
    assert FarmJob.read(Path(clip["farm_job"])).job.output == str(tmp_path / "out")
    assert all(Path(each).is_file() for each in answer["files"])
    assert not list(tmp_path.rglob("*.exr")), "nothing is rendered by submitting"


def test_a_submission_names_the_wrong_setting(worker, plate, job):
    with pytest.raises(JobError, match="Chunk cannot be 0"):
        FarmSettings(chunk=0)
    asked = {"jobs": [json.loads(job(plate).to_json())], "farm": {"chunk": 0}}
    (answer,) = follow(worker, worker.send("submit", **asked))
    assert (answer["event"], answer["where"]) == ("failed", {"field": "chunk"})


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [None, [], {}, "x"])
def test_a_submission_without_jobs_is_refused(worker: WorkerClient, jobs):
    (answer,) = follow(worker, worker.send("submit", jobs=jobs))
    assert (answer["event"], answer["message"]) == ("failed", "No job is named.")
