"""Real workers that are killed, doubled, misled or starved: nothing wrong is ever delivered as done."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import OpenImageIO as oiio
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from matteline.contract.errors import DeviceError, JobError, ModelError, ReadError, StateError
from matteline.contract.frames import FrameSet
from matteline.farm.check import check
from matteline.farm.open_farm_job import open_to_check, open_to_render
from tests.waiting import wait_until

from .conftest import HEIGHT, NOTHING_AROUND, WIDTH, draw, matteline, rendered

pytestmark = pytest.mark.slow


def _begun(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "matteline", "farm", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def submitted(farm):
    """A clip whose first pass is done."""
    one = farm.submit()
    farm.save_states(one)
    return one


def test_a_chunk_killed_on_its_way_and_tried_again_is_that_of_the_whole(farm, submitted, tmp_path):
    whole = farm.whole(tmp_path / "whole")
    arguments = ("chunk", "--farm-job", submitted.folder, "--frames=1001-1030")
    process = _begun(*arguments)
    wait_until(lambda: len(farm.results) > 3 or process.poll() is not None)
    assert process.poll() is None
    process.kill()
    process.communicate()
    left = farm.results
    assert 3 < len(left) < 60
    assert all(whole[name] == content for name, content in left.items())
    done = matteline("farm", *arguments)
    assert done.returncode == 0, done.stderr
    assert "are there already" in done.stdout
    assert farm.results == whole


def test_two_workers_given_the_same_chunk_make_it_once_as_well(farm, submitted, tmp_path):
    whole = farm.whole(tmp_path / "whole")
    pair = [_begun("chunk", "--farm-job", submitted.folder, "--frames=1001-1030") for _ in range(2)]
    assert [process.communicate()[1] for process in pair] == ["", ""]
    assert [process.returncode for process in pair] == [0, 0]
    assert farm.results == whole
    assert not [path for path in farm.output.rglob("*.tmp")]


@pytest.mark.parametrize("damage", ["cut short", "emptied", "garbled"])
def test_a_damaged_state_costs_time_and_no_pixels(farm, submitted, tmp_path, damage):
    whole = farm.whole(tmp_path / "whole")
    for number in (1016, 1020):
        path = submitted.folder / f"states/sh010.from1001m3.{number}.state"
        data = path.read_bytes()
        path.write_bytes(
            {"cut short": data[: len(data) // 2], "emptied": b"", "garbled": b"x" * len(data)}[damage]
        )
    assert rendered(farm.chunk(submitted, "1021-1023")) == [1021, 1022, 1023]
    assert farm.results == {name: whole[name] for name in farm.results}


def test_a_plate_that_changed_since_the_submission_is_refused(farm, submitted):
    victim = farm.plate / "sh010.1020.png"
    content = victim.read_bytes()
    Image.fromarray(np.zeros((HEIGHT, WIDTH, 3), np.uint8)).save(victim)
    done = matteline("farm", "chunk", "--farm-job", submitted.folder, "--frames=1001-1004")
    assert done.returncode == 6
    assert "another plate" in done.stderr
    assert farm.results == {}
    victim.write_bytes(content)
    assert rendered(farm.chunk(submitted, "1001-1004")) == [1001, 1002, 1003, 1004]


def test_a_plate_that_was_copied_is_the_same_plate(farm, submitted, tmp_path):
    copy = tmp_path / "elsewhere"
    shutil.copytree(farm.plate, copy, copy_function=shutil.copyfile)
    shutil.rmtree(farm.plate)
    data = json.loads((submitted.folder / "farm_job.json").read_text())
    data["path_map"] = [[str(farm.plate), str(copy)]]
    (submitted.folder / "farm_job.json").write_text(json.dumps(data))
    assert rendered(farm.chunk(submitted, "1001-1002")) == [1001, 1002]


def test_a_model_that_changed_since_the_submission_is_refused(farm, submitted, untrained, tmp_path):
    other = load_file(untrained)
    other["project_mat.conv.bias"] = other["project_mat.conv.bias"] + 1
    save_file(other, tmp_path / "other.safetensors")
    data = json.loads((submitted.folder / "farm_job.json").read_text())
    data["job"]["settings"]["weights"] = str(tmp_path / "other.safetensors")
    (submitted.folder / "farm_job.json").write_text(json.dumps(data))
    with pytest.raises(StateError, match="another weights"):
        farm.chunk(submitted, "1001-1004")


@pytest.mark.parametrize(("name", "value"), [("choke", 2.0), ("downsample_ratio", 0.25), ("batch", 2)])
def test_settings_that_were_edited_since_the_submission_are_refused(farm, submitted, name, value):
    data = json.loads((submitted.folder / "farm_job.json").read_text())
    data["job"]["settings"][name] = value
    (submitted.folder / "farm_job.json").write_text(json.dumps(data))
    with pytest.raises(StateError, match="cannot be rendered as it was submitted"):
        farm.chunk(submitted, "1001-1004")


def test_frames_that_were_edited_since_the_submission_are_refused(farm, submitted):
    data = json.loads((submitted.folder / "farm_job.json").read_text())
    data["job"]["frames"] = "1003-1030"
    (submitted.folder / "farm_job.json").write_text(json.dumps(data))
    with pytest.raises(StateError, match=r"frames \(1001-1030, here 1003-1030\)"):
        farm.chunk(submitted, "1003-1004")


def test_states_of_other_settings_are_refused(farm, submitted, tmp_path):
    state = submitted.folder / "states/sh010.from1001m3.1008.state"
    kept = state.read_bytes()
    other = farm.submit(existing="overwrite", downsample_ratio=0.25)
    assert not state.exists(), "a new submission drops the states of the one before"
    farm.save_states(other)
    state.write_bytes(kept)
    with pytest.raises(StateError, match="other settings came in use"):
        farm.chunk(other, "1008-1009")
    with pytest.raises(StateError):
        farm.save_states(other)
    assert farm.results == {}


@pytest.mark.skipif(sys.platform == "win32", reason="a limit of POSIX")
def test_a_full_disk_ends_with_5_and_leaves_a_hole_that_the_check_finds(farm, submitted):
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000));"
        "from matteline.cli.main import main; sys.argv[0] = 'matteline'; main()"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            limited,
            "farm",
            "chunk",
            "--farm-job",
            submitted.folder,
            "--frames=1001-1030",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 5, done.stderr
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert not [path for path in farm.output.rglob("*.tmp")]
    verdict = check(open_to_check(submitted.folder, NOTHING_AROUND))
    assert verdict.missing.ranges and not verdict.damaged.ranges


@pytest.mark.skipif(os.environ.get("REQUIRE_GPU") == "1", reason="there is a GPU")
def test_a_worker_without_a_gpu_refuses_a_clip_that_needs_one(farm):
    one = farm.submit(device="cuda")
    assert (one.farm_job.needs_gpu, one.farm_job.job.settings.precision, one.farm_job.threads) == (
        True,
        "fp16",
        0,
    )
    with pytest.raises(DeviceError):
        farm.chunk(one, "1001")
    done = matteline("farm", "states", "--farm-job", one.folder, "--frames=1001-1030")
    assert done.returncode == 4
    assert farm.results == {}


def test_a_clip_that_needs_a_gpu_can_be_checked_without_one(farm):
    one = farm.submit(device="cuda")
    assert check(open_to_check(one.folder, NOTHING_AROUND)).absent == one.farm_job.frames


def test_the_check_finds_every_kind_of_hole(farm, submitted):
    farm.chunk(submitted, "1001-1030")
    alpha = farm.output / "alpha"
    (alpha / "sh010_alpha.1003.exr").unlink()
    cut = alpha / "sh010_alpha.1007.exr"
    cut.write_bytes(cut.read_bytes()[:-40])
    other = farm.output.with_name("other")
    farm.whole(other, choke=3.0)
    shutil.copyfile(other / "fgr/sh010_fgr.1011.exr", farm.output / "fgr/sh010_fgr.1011.exr")
    verdict = check(open_to_check(submitted.folder, NOTHING_AROUND))
    assert (str(verdict.absent), str(verdict.damaged), str(verdict.foreign)) == ("1003", "1007", "1011")
    done = matteline("farm", "check", "--farm-job", submitted.folder / "farm_job.json")
    assert done.returncode == 3
    assert done.stdout.splitlines() == ["1003,1007,1011"]
    pick_up = farm.submit(existing="resume")
    assert str(pick_up.missing) == "1003,1007,1011"
    for chunk in pick_up.farm_job.chunks_of(pick_up.missing):
        farm.chunk(pick_up, chunk)
    assert not check(open_to_check(submitted.folder, NOTHING_AROUND)).missing.ranges


def rewritten(path, change, **storage):
    """Write an EXR again, its metadata kept, with other pixels or stored in another way."""
    buffer = oiio.ImageBuf(str(path))
    assert buffer.read(0, 0, True, oiio.FLOAT)
    pixels = change(buffer.get_pixels(oiio.FLOAT))
    spec = oiio.ImageSpec(buffer.spec())
    spec.set_format(oiio.FLOAT)
    spec.width, spec.full_width = pixels.shape[1], pixels.shape[1]
    for name, value in storage.items():
        spec.attribute(name, value)
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec) and output.write_image(np.ascontiguousarray(pixels))
    output.close()


def test_the_check_finds_results_that_are_whole_and_wrong(farm, submitted, tmp_path):
    farm.chunk(submitted, "1001-1030")
    whole = farm.results

    def path(number, product="alpha"):
        return farm.output / product / f"sh010_{product}.{number}.exr"

    def with_nan(pixels):
        pixels[5, 5] = np.nan
        return pixels

    rewritten(path(1002), lambda pixels: pixels[:, :-1])
    rewritten(path(1004), with_nan)
    rewritten(path(1006, "fgr"), with_nan)
    rewritten(path(1008), np.zeros_like)
    rewritten(path(1010), np.ones_like)
    rewritten(path(1012, "fgr"), np.zeros_like)
    rewritten(path(1014), lambda pixels: pixels, compression="piz")
    rewritten(path(1016), lambda pixels: pixels * 3)
    shutil.copyfile(path(1018), tmp_path / "swapped")
    shutil.copyfile(path(1018, "fgr"), path(1018))
    shutil.copyfile(tmp_path / "swapped", path(1018, "fgr"))
    verdict = check(open_to_check(submitted.folder, NOTHING_AROUND))
    assert {fault: str(frames) for fault, frames in verdict.wrong.items()} == {
        "has another size than the plate": "1002",
        "holds values that are no numbers": "1004,1006",
        "is of one colour and its neighbours are not": "1008,1010,1012",
        "is stored as EXR float, piz, not EXR float, zips": "1014",
        "holds a matte that is not from 0 to 1": "1016",
        "is no matte: its channels differ": "1018",
    }
    done = matteline("farm", "check", "--farm-job", submitted.folder / "farm_job.json")
    assert done.returncode == 3
    pick_up = farm.submit(existing="resume")
    assert pick_up.missing == verdict.missing
    for chunk in pick_up.farm_job.chunks_of(pick_up.missing):
        farm.chunk(pick_up, chunk)
    assert farm.results == whole


def test_the_check_finds_a_copy_of_the_neighbour_and_knows_a_plate_that_stands_still(farm, submitted):
    farm.chunk(submitted, "1001-1030")
    for product in ("alpha", "fgr"):
        own, neighbour = (farm.output / product / f"sh010_{product}.{number}.exr" for number in (1005, 1006))
        neighbour_pixels = oiio.ImageBuf(str(neighbour)).get_pixels(oiio.FLOAT)
        rewritten(own, lambda _, pixels=neighbour_pixels: pixels)
    verdict = check(open_to_check(submitted.folder, NOTHING_AROUND))
    assert {fault: str(frames) for fault, frames in verdict.wrong.items()} == {
        "has the picture of its neighbour": "1005-1006"
    }


def test_a_smaller_picture_in_place_of_a_result_is_a_hole(farm, submitted):
    farm.chunk(submitted, "1001-1004")
    small = farm.output.with_name("small")
    shutil.rmtree(farm.plate)
    draw(farm.plate, range(1001, 1031))
    for path in farm.plate.iterdir():
        Image.open(path).resize((32, 24)).save(path)
    farm.whole(small, "1001-1004")
    for path in small.rglob("*.exr"):
        shutil.copyfile(path, farm.output / path.relative_to(small))
    shutil.rmtree(farm.plate)
    draw(farm.plate, range(1001, 1031))
    assert check(open_to_check(submitted.folder, NOTHING_AROUND)).missing == submitted.farm_job.frames


def test_results_of_other_settings_are_not_taken_for_done(farm):
    one = farm.submit()
    farm.save_states(one)
    farm.chunk(one, "1001-1008")
    before = farm.results
    other = farm.submit(existing="overwrite", choke=2.0)
    farm.save_states(other)
    assert rendered(farm.chunk(other, "1001-1008")) == list(range(1001, 1009))
    assert all(farm.results[name] != content for name, content in before.items())


def test_existing_results_are_not_replaced_unasked(farm, submitted):
    farm.chunk(submitted, "1001-1002")
    with pytest.raises(JobError, match=r"already holds results of sh010 for frames 1001-1002"):
        farm.submit()


def test_frames_that_were_not_submitted_are_refused(farm):
    one = farm.submit("1001-1010")
    with pytest.raises(JobError, match="none of sh010"):
        farm.chunk(one, "1011-1012")


def test_missing_weights_are_missing_weights(farm, submitted, tmp_path):
    data = json.loads((submitted.folder / "farm_job.json").read_text())
    data["job"]["settings"]["weights"] = str(tmp_path / "gone.safetensors")
    (submitted.folder / "farm_job.json").write_text(json.dumps(data))
    with pytest.raises(ModelError) as caught:
        open_to_render(submitted.folder, NOTHING_AROUND)
    assert caught.value.exit_code == 3


def test_a_plate_that_is_not_mounted_is_an_error_of_reading(farm, submitted):
    shutil.rmtree(farm.plate)
    with pytest.raises(ReadError):
        farm.chunk(submitted, "1001")


def test_states_stay_until_a_clip_is_whole(farm, submitted):
    clean = ("farm", "check", "--farm-job", submitted.folder, "--clean")
    farm.chunk(submitted, "1001-1029")
    assert matteline(*clean).returncode == 3
    assert len(list((submitted.folder / "states").iterdir())) == 7
    farm.chunk(submitted, "1030")
    done = matteline(*clean)
    assert done.returncode == 0, done.stderr
    assert not (submitted.folder / "states").exists()


def test_movies_are_made_once_when_all_frames_are_there(farm):
    one = farm.submit("1001-1004", movies=("matte",))
    farm.save_states(one)
    farm.chunk(one, "1001-1002")
    movie = farm.output / "movies/sh010_matte.mov"
    check_it = ("farm", "check", "--farm-job", one.folder)
    assert matteline(*check_it).returncode == 3
    farm.chunk(one, "1003-1004")
    assert not list(farm.output.rglob("*.mov"))
    done = matteline(*check_it)
    assert done.returncode == 0, done.stderr
    (movie,) = farm.output.rglob("*.mov")
    made = movie.stat().st_mtime_ns
    assert matteline(*check_it).returncode == 0
    assert movie.stat().st_mtime_ns == made


def test_the_hull_of_the_frames_is_not_what_was_asked_for(farm):
    one = farm.submit("1001-1004,1010-1012")
    farm.save_states(one)
    farm.chunk(one, "1001-1012")
    verdict = check(open_to_check(one.folder, NOTHING_AROUND))
    assert not verdict.missing.ranges and verdict.frames == FrameSet.parse("1001-1004,1010-1012")
