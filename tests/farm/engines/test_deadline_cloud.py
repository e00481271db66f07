"""The real `deadline bundle submit` against a server of ours in the place of AWS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from matteline.contract.errors import JobError, MattelineError, ReadError
from matteline.farm.engines import configure_engine
from tests.farm.engines.conftest import submission
from tests.farm.engines.loopback import FARM, QUEUE, DeadlineCloudDouble, Service, serving

OPTIONS = {"farm": FARM, "region": "us-west-2"}


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Twenty small pictures where the farm jobs say."""
    folder = tmp_path / "plate"
    folder.mkdir()
    for number in range(1001, 1021):
        Image.fromarray(np.full((8, 8, 3), number % 256, np.uint8)).save(folder / f"sh010.{number}.png")
    return folder


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Point the AWS tools of this process's children at a server of ours."""

    def point(service: Service) -> None:
        home = tmp_path / "home"
        home.mkdir()
        settings = {
            "AWS_ENDPOINT_URL": service.address,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "y",
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_EC2_METADATA_DISABLED": "true",
            "DEADLINE_CLOUD_TELEMETRY_OPT_OUT": "true",
            "HOME": str(home),
            "USERPROFILE": str(home),
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)

    return point


@pytest.mark.slow
def test_a_submission_arrives_with_its_priority_retries_and_parameters(plate, shot, aws, tmp_path):
    one = submission("deadlinecloud", shot("sh010"), shot("sh 020"), priority=60, retries=3, pool=QUEUE)
    cloud = configure_engine("deadlinecloud", OPTIONS)
    with serving(DeadlineCloudDouble()) as service:
        aws(service)
        cloud.write(one, tmp_path / "out")
        assert cloud.submit(one, tmp_path / "out") == (f"job-{1:032x}", f"job-{2:032x}")
    first, second = service.bodies("/jobs")
    assert (first["priority"], first["maxRetriesPerTask"]) == (60, 3)
    assert first["parameters"]["Frames"] == {"string": "1001-1020"}
    assert first["parameters"]["ChunkSize"] == {"int": "8"}
    assert first["parameters"]["FarmJob"]["path"] == str(tmp_path / "farm" / "sh010" / "farm_job.json")
    assert second["parameters"]["JobName"] == {"string": "sh010 mattes sh 020"}
    assert any(FARM in path and QUEUE in path for _, path, _ in service.asked)


@pytest.mark.slow
def test_job_attachments_carry_the_plate_and_the_farm_job_and_expect_mattes_and_states(
    plate, shot, aws, tmp_path
):
    one = submission("deadlinecloud", shot("sh010"), pool=QUEUE)
    cloud = configure_engine("deadlinecloud", OPTIONS)
    with serving(double := DeadlineCloudDouble(attachments=True)) as service:
        aws(service)
        cloud.write(one, tmp_path / "out")
        cloud.submit(one, tmp_path / "out")
    (sent,) = service.bodies("/jobs")
    (manifest,) = sent["attachments"]["manifests"]
    outputs = {str(Path(manifest["rootPath"], each)) for each in manifest["outputRelativeDirectories"]}
    assert outputs == {str(tmp_path / "farm" / "sh010"), str(tmp_path / "mattes" / "sh010")}
    # Files lie in the bucket under their hashes: twenty pictures and the farm job.
    assert len([path for path in double.uploaded if "/Data/" in path]) == 21


def test_the_assets_are_listed_file_by_file(plate, shot, tmp_path):
    configure_engine("deadlinecloud").write(submission("deadlinecloud", shot()), tmp_path / "out")
    text = (tmp_path / "out" / "sh010" / "asset_references.yaml").read_text()
    listed = yaml.safe_load(text)["assetReferences"]
    assert listed["inputs"]["filenames"][0] == str(tmp_path / "farm" / "sh010" / "farm_job.json")
    assert listed["inputs"]["filenames"][1:] == [str(each) for each in sorted(plate.iterdir())]
    assert listed["outputs"]["directories"] == [
        str(tmp_path / "farm" / "sh010"),
        str(tmp_path / "mattes" / "sh010"),
    ]


def test_a_plate_that_is_not_there_is_found_before_anything_is_sent(shot, tmp_path):
    with pytest.raises(ReadError):
        configure_engine("deadlinecloud").write(submission("deadlinecloud", shot()), tmp_path / "out")


@pytest.mark.slow
def test_the_services_refusal_is_shown(plate, shot, aws, tmp_path):
    one = submission("deadlinecloud", shot(), pool=QUEUE)
    cloud = configure_engine("deadlinecloud", OPTIONS)

    def refuse(method: str, path: str, body: bytes):
        if method == "POST" and path.endswith("/jobs"):
            return 403, {"message": "You shall not render."}
        return DeadlineCloudDouble()(method, path, body)

    with serving(refuse) as service:
        aws(service)
        cloud.write(one, tmp_path / "out")
        with pytest.raises(MattelineError, match="refused the submission") as caught:
            cloud.submit(one, tmp_path / "out")
    assert "You shall not render." in caught.value.hint


def test_waiting_for_another_job_is_refused(plate, shot, tmp_path):
    with pytest.raises(JobError, match="no dependencies between jobs"):
        configure_engine("deadlinecloud").write(
            submission("deadlinecloud", shot(), after="job-1"), tmp_path / "out"
        )


def test_an_option_that_the_engine_does_not_have_is_refused():
    with pytest.raises(JobError, match="no option 'bucket'") as caught:
        configure_engine("deadlinecloud", {"bucket": "x"})
    assert "farm, queue, profile, region" in caught.value.hint
