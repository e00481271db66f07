"""People from a plate to files: everyone in one Cryptomatte file a frame, and mattes of chosen people."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from matteline.contract.errors import JobError, ReadError
from matteline.contract.events import FrameDone, Looking, Notice
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.people import PeopleHints, PointHint
from matteline.contract.settings import MatteSettings
from matteline.drawing.crowd import draw_crowd
from matteline.engine.people import people_file
from matteline.engine.people_file import FoundPeople, read_people, write_people
from matteline.engine.people_list import list_people, write_people_sheet
from matteline.engine.planner import plan
from matteline.engine.prepare import prepare
from matteline.engine.run import run
from matteline.people import Person

from .conftest import HEIGHT, SURROUNDINGS, WIDTH, Renders, read_exr

PEOPLE = {"write": ("alpha", "people"), "depth": "float", "preroll": "all", "focus": "plate"}
LEAST = 1 / 255


@pytest.fixture(scope="module")
def seeing(untrained, tmp_path_factory):
    """Untrained weights that see somebody everywhere: the alpha they give is raised."""
    state = load_file(untrained)
    state["project_mat.conv.bias"][3] += 0.4
    path = tmp_path_factory.mktemp("seeing") / "seeing.safetensors"
    save_file(state, path)
    return path


@pytest.fixture
def render(seeing):
    return Renders(seeing)


def picked(path: Path) -> dict[str, np.ndarray]:
    """Everyone's coverage by name, read as the Cryptomatte specification says."""
    with OpenEXR.File(str(path), separate_channels=True) as file:
        manifest = json.loads(dict(file.header())["cryptomatte/3ae39a5/manifest"])
        planes = {name: channel.pixels.copy() for name, channel in file.channels().items()}
    layers = sorted({name[:-2] for name in planes})
    found = {}
    for name, digits in manifest.items():
        wanted = np.array([int(digits, 16)], np.uint32).view(np.float32)[0]
        ranks = [(f"{layer}.{i}", f"{layer}.{c}") for layer in layers for i, c in (("r", "g"), ("b", "a"))]
        found[name] = sum(np.where(planes[i] == wanted, planes[c], 0) for i, c in ranks)
    return found


def people_of(out: Path, number: int) -> Path:
    return out / f"people/sh010_people.{number}.exr"


def test_coverage_of_all_people_is_alpha(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "out", "1003-1004", **PEOPLE)
    for number in (1003, 1004):
        alpha = read_exr(tmp_path / f"out/alpha/sh010_alpha.{number}.exr")["R"]
        total = sum(picked(people_of(tmp_path / "out", number)).values())
        assert alpha.max() > LEAST
        np.testing.assert_allclose(total, np.where(alpha < LEAST, 0, alpha), atol=1e-5)


@pytest.mark.slow
def test_separate_files_are_each_persons_coverage_as_alpha_sequences(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "one", "1003-1004", **PEOPLE)
    separate = {**PEOPLE, "people_as": "separate"}
    render(png_plate, tmp_path / "each", "1003-1004", **separate)
    for number in (1003, 1004):
        everyone = picked(people_of(tmp_path / "one", number))
        for name, coverage in everyone.items():
            alpha = read_exr(tmp_path / f"each/people/{name}/sh010_{name}.{number}.exr")["R"]
            np.testing.assert_array_equal(alpha, coverage)
    assert not people_of(tmp_path / "each", 1003).exists()


def test_separate_files_are_resumed(render, png_plate, tmp_path):
    separate = {**PEOPLE, "people_as": "separate"}
    render(png_plate, tmp_path / "out", "1003-1004", **separate)
    (tmp_path / "out/people/person1/sh010_person1.1004.exr").unlink()
    job = render.job(png_plate, tmp_path / "out", "1003-1004", existing="resume", **separate)
    assert str(plan(job, SURROUNDINGS).render) == "1004"


def test_people_who_are_left_out_get_no_files(render, png_plate, tmp_path):
    without = {**PEOPLE, "people_as": "separate", "leave_out": "person1"}
    render(png_plate, tmp_path / "out", "1003", **without)
    assert not (tmp_path / "out/people/person1").exists()


@pytest.mark.slow
def test_a_range_has_the_same_people_as_the_whole(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "whole", **PEOPLE)
    render(png_plate, tmp_path / "part", "1006-1008", **PEOPLE)
    for number in (1006, 1008):
        assert (
            people_of(tmp_path / "part", number).read_bytes()
            == people_of(tmp_path / "whole", number).read_bytes()
        )


@pytest.mark.slow
def test_progress_is_told_before_anything_is_rendered(render, png_plate, tmp_path):
    events = render(png_plate, tmp_path / "out", "1003", **PEOPLE)
    looked = [each for each in events if isinstance(each, Looking)]
    # Seven of the twelve frames are observed, and all get their shares.
    assert [each.done for each in looked] == list(range(1, 20))
    assert {each.total for each in looked} == {19}
    assert events.index(looked[-1]) < next(n for n, each in enumerate(events) if isinstance(each, FrameDone))


@pytest.mark.slow
def test_a_resume_finds_the_people_and_the_frames_that_are_there(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "out", "1003-1005", **PEOPLE)
    job = render.job(png_plate, tmp_path / "out", "1003-1006", existing="resume", **PEOPLE)
    ready = plan(job, SURROUNDINGS)
    assert not ready.needs_people
    assert str(ready.render) == "1006"


@pytest.mark.slow
def test_other_hints_are_another_render(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "out", "1003", **PEOPLE)
    hinted = {**PEOPLE, "hints": "1003:35,23:anna"}
    with pytest.raises(JobError, match="Hints none, now 1003:35,23:anna"):
        render(png_plate, tmp_path / "out", "1003", existing="resume", **hinted)


@pytest.mark.slow
def test_people_that_cannot_be_read_are_found_again(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "out", "1003", **PEOPLE)
    file = people_file(
        plan(render.job(png_plate, tmp_path / "out", existing="overwrite", **PEOPLE), SURROUNDINGS)
    )
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    render(png_plate, tmp_path / "out", "1003", existing="overwrite", **PEOPLE)
    assert file.read_bytes() == whole


@pytest.mark.slow
def test_a_name_that_nobody_has_is_refused_with_the_names_there_are(render, png_plate, tmp_path):
    with pytest.raises(JobError, match=r"nobody called anna .* there are: person1") as caught:
        render(png_plate, tmp_path / "out", "1003", **{**PEOPLE, "keep": "anna"})
    assert caught.value.field == "keep"


@pytest.mark.slow
def test_a_hint_names_a_person_in_every_frame(render, png_plate, tmp_path):
    hint = hint_on_somebody(render, png_plate, tmp_path)
    render(png_plate, tmp_path / "out", "1005,1012", **{**PEOPLE, "hints": hint.words})
    for number in (1005, 1012):
        assert "anna" in picked(people_of(tmp_path / "out", number))


def hint_on_somebody(render: Renders, plate: str, tmp_path: Path) -> PointHint:
    """A point in frame 1005 where the untrained network sees somebody."""
    ready = plan(render.job(plate, tmp_path / "nowhere", **PEOPLE), SURROUNDINGS)
    events = prepare(ready, save=False)
    try:
        while True:
            next(events)
    except StopIteration as ending:
        box = list_people(ending.value)[0].boxes[1005]
    return PointHint(1005, box.x + box.width / 2, box.y + box.height / 2, "anna")


@pytest.mark.slow
def test_a_mask_is_its_persons_part_of_alpha_exactly(render, png_plate, tmp_path):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[:, 20:50] = 204
    Image.fromarray(mask).save(tmp_path / "roto.1005.png")
    hinted = {**PEOPLE, "hints": f"anna={tmp_path}/roto.####.png"}
    render(png_plate, tmp_path / "out", "1005", **hinted)
    alpha = read_exr(tmp_path / "out/alpha/sh010_alpha.1005.exr")["R"]
    anna = picked(people_of(tmp_path / "out", 1005))["anna"]
    np.testing.assert_allclose(anna, alpha * (mask / 255), atol=LEAST)


@pytest.mark.parametrize(
    ("hints", "message"),
    [
        ("2000:1,1:anna", "outside the plate, which has frames 1001-1012"),
        ("1003:500,1:anna", "outside the plate, which has 70x46 pixels"),
        ("1003:1:anna", "is not a hint"),
        ("absent.json", "cannot be read"),
    ],
)
def test_hints_that_make_no_sense_are_refused(render, png_plate, tmp_path, hints, message):
    with pytest.raises(JobError, match=message):
        render(png_plate, tmp_path / "out", **{**PEOPLE, "hints": hints})


def test_a_hint_in_a_gap_of_the_plate_is_refused(render, png_plate, tmp_path):
    Path(png_plate.replace("####", "1005")).unlink()
    with pytest.raises(JobError, match="outside the plate, which has frames 1001-1004,1006-1012"):
        plan(
            render.job(png_plate, tmp_path / "out", "1001-1004", **{**PEOPLE, "hints": "1005:1,1:anna"}),
            SURROUNDINGS,
        )


def test_masks_in_a_gap_of_the_plate_are_not_used(render, png_plate, tmp_path):
    Path(png_plate.replace("####", "1005")).unlink()
    for number in (1004, 1005):
        Image.new("L", (WIDTH, HEIGHT), 255).save(tmp_path / f"roto.{number}.png")
    hinted = {**PEOPLE, "hints": f"anna={tmp_path}/roto.####.png"}
    render(png_plate, tmp_path / "out", "1004", **hinted)
    assert "anna" in picked(people_of(tmp_path / "out", 1004))


def test_hints_are_read_from_a_file(render, png_plate, tmp_path):
    hints = PeopleHints((PointHint(1003, 35, 23, "anna"),))
    (tmp_path / "hints.json").write_text(hints.to_json())
    job = render.job(png_plate, tmp_path / "out", **{**PEOPLE, "hints": str(tmp_path / "hints.json")})
    ready = plan(job, SURROUNDINGS)
    assert ready.hints == hints
    assert ready.settings.hints == "1003:35,23:anna"


def test_people_are_written_and_read_back(tmp_path):
    found = FoundPeople((Person("anna", 3, hinted=True),), {3: b"abc"}, ("ben in frame 4",), {"plate": "x"})
    write_people(tmp_path / "sh010.people", found)
    assert read_people(tmp_path / "sh010.people") == found
    with pytest.raises(ReadError, match="people in frame 3"):
        found.shares(3)


@pytest.fixture(scope="module")
def crowd(weights_file, tmp_path_factory):
    """A drawn scene of two people who cross, rendered with real weights, and the truth."""
    folder = tmp_path_factory.mktemp("crowd")
    drawings = list(draw_crowd(384, 216, 24, seed=5, people=2))
    for each in drawings:
        Image.fromarray((each.plate * 255 + 0.5).astype(np.uint8)).save(
            folder / f"sh010.{each.number + 1001}.png"
        )
    settings = MatteSettings(
        weights=str(weights_file), device="cpu", write=("alpha", "people"), depth="float", edges="network"
    )
    job = Job(str(folder / "sh010.####.png"), str(folder / "out"), settings=settings)
    list(run(plan(job, SURROUNDINGS)))
    return drawings, job


def middles(mattes: np.ndarray) -> np.ndarray:
    """Mean column of each matte (N, H, W)."""
    columns = np.arange(mattes.shape[2])
    return (mattes * columns).sum((1, 2)) / mattes.sum((1, 2))


@pytest.mark.slow
def test_two_drawn_people_are_the_same_two_after_crossing(crowd):
    drawings, job = crowd
    for number in (1001, 1024):
        found = np.stack(list(picked(people_of(Path(job.output), number)).values()))
        assert len(found) == 2
        truth = drawings[number - 1001].people
        if number == 1001:
            order = np.argmin(abs(middles(truth)[:, None] - middles(found)), 1)
        np.testing.assert_allclose(middles(found)[order], middles(truth), atol=12)


def rendered_again(job: Job, output: Path, **settings: object) -> None:
    """Render the first frame with other settings, of the people who were found before."""
    shutil.copytree(Path(job.output, ".matteline"), output / ".matteline")
    again = replace(job, output=str(output), frames=FrameSet.parse("1001"))
    list(run(plan(replace(again, settings=replace(job.settings, **settings)), SURROUNDINGS)))


@pytest.mark.slow
def test_a_person_who_is_kept_has_alpha_alone(crowd, tmp_path):
    _, job = crowd
    rendered_again(job, tmp_path, keep="person1", write=("alpha", "fgr"))
    alpha = read_exr(tmp_path / "alpha/sh010_alpha.1001.exr")["R"]
    everyone = picked(people_of(Path(job.output), 1001))
    np.testing.assert_allclose(alpha, everyone["person1"], atol=2 * LEAST)
    fgr = read_exr(tmp_path / "fgr/sh010_fgr.1001.exr")["G"]
    assert not fgr[alpha == 0].any()


@pytest.mark.slow
def test_a_person_who_is_left_out_is_not_in_alpha(crowd, tmp_path):
    _, job = crowd
    rendered_again(job, tmp_path, leave_out="person1", write=("alpha",))
    alpha = read_exr(tmp_path / "alpha/sh010_alpha.1001.exr")["R"]
    np.testing.assert_allclose(alpha, picked(people_of(Path(job.output), 1001))["person2"], atol=2 * LEAST)


@pytest.mark.slow
def test_people_are_listed_with_frames_and_boxes_and_shown_on_a_sheet(crowd, tmp_path):
    drawings, job = crowd
    ready = plan(replace(job, existing="overwrite"), SURROUNDINGS)
    listed = list_people(ready)
    assert [each.name for each in listed] == ["person1", "person2"]
    assert all(str(each.frames) == "1001-1024" for each in listed)
    boxes = sorted(each.boxes[1001].x + each.boxes[1001].width / 2 for each in listed)
    np.testing.assert_allclose(boxes, sorted(middles(drawings[0].people)), atol=12)
    write_people_sheet(tmp_path / "sheet.png", ready)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width == 3 * 480 + 4 * 8


@pytest.mark.slow
def test_a_hint_beside_everybody_is_noted_with_its_frame(crowd, tmp_path):
    _, job = crowd
    hinted = replace(job.settings, hints="1003:192,2:anna")
    ready = plan(replace(job, output=str(tmp_path), settings=hinted), SURROUNDINGS)
    notes = [each.message for each in run(ready) if isinstance(each, Notice)]
    assert notes == ["The network sees nobody at these hints: anna in frame 1003."]
