"""However a clip is cut and in whatever order its chunks come, its files are those of one unbroken render."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from matteline.contract.errors import ReadError
from matteline.contract.events import Looking, Notice, Preroll
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.shot_notes import read_notes
from matteline.engine.recipe import recipe_mark, whole_plate_hashes
from matteline.farm.open_farm_job import open_to_render
from tests.colour.conftest import FACILITY

from .conftest import HEIGHT, NOTHING_AROUND, WIDTH, draw, rendered


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 7, 24])
def test_chunks_of_any_size_in_any_order_make_the_files_of_the_whole(farm, tmp_path, size):
    whole = farm.whole(tmp_path / "whole")
    one = farm.submit(chunk=size)
    farm.save_states(one)
    chunks = list(one.farm_job.chunks())
    random.Random(size).shuffle(chunks)
    for chunk in chunks:
        farm.chunk(one, chunk)
    assert farm.results == whole
    assert len(whole) == 60


@pytest.mark.slow
def test_people_are_the_same_in_every_chunk_as_in_the_whole(farm, tmp_path):
    state = load_file(farm.settings.weights)
    state["project_mat.conv.bias"][3] += 0.4  # sees somebody
    save_file(state, tmp_path / "seeing.safetensors")
    settings = replace(
        farm.settings, weights=str(tmp_path / "seeing.safetensors"), write=("alpha", "people"), focus="plate"
    )
    crowd = replace(farm, settings=settings)
    whole = crowd.whole(tmp_path / "whole")
    one = crowd.submit(chunk=11)
    crowd.save_states(one)
    for chunk in reversed(one.farm_job.chunks()):
        crowd.chunk(one, chunk)
    people = {name: data for name, data in crowd.results.items() if name.startswith("people/")}
    assert people == {name: data for name, data in whole.items() if name.startswith("people/")}
    assert len(people) == 30


@pytest.mark.slow
@pytest.mark.parametrize("preroll", ["all", 24, 0, "auto"])
@pytest.mark.parametrize("frames", ["1004-1009,1011-1012,1020-1029"])
def test_gaps_and_prerolls_that_overlap_make_no_difference(farm, tmp_path, preroll, frames):
    whole = farm.whole(tmp_path / "whole", frames, preroll=preroll)
    one = farm.submit(frames, chunk=4, preroll=preroll)
    farm.save_states(one)
    for chunk in reversed(one.farm_job.chunks()):
        farm.chunk(one, chunk)
    assert farm.results == whole
    assert len(whole) == 36


@pytest.mark.slow
def test_a_cut_that_an_engine_makes_by_itself_is_as_good(farm, tmp_path):
    whole = farm.whole(tmp_path / "whole")
    one = farm.submit(chunk=8)
    farm.save_states(one)
    left, cut = list(one.farm_job.frames), random.Random(5)
    while left:
        count = min(cut.randint(1, 9), len(left))
        farm.chunk(one, FrameRange(left[0], left[count - 1]))
        left = left[count:]
    assert farm.results == whole


@pytest.mark.slow
@pytest.mark.parametrize(("exact", "has_first_pass"), [("states", True), ("chain", False), ("none", True)])
def test_a_cut_is_found_by_one_machine_for_all(edited, tmp_path, exact, has_first_pass):
    whole = edited.whole(tmp_path / "whole", cuts="auto")
    one = edited.submit(chunk=7, exact=exact, cuts="auto")
    assert one.farm_job.needs_first_pass == has_first_pass
    events = edited.save_states(one) if has_first_pass else []
    for chunk in one.farm_job.chunks():
        events += edited.chunk(one, chunk)
    assert sum(isinstance(event, Looking) for event in events) == 30
    # Chunks that are only prerolled equal the whole where they begin with its own preroll.
    same = [name for name, data in edited.results.items() if data == whole[name]]
    assert len(edited.results) == len(whole) == 60
    assert len(same) == 60 or exact == "none"
    assert read_notes(edited.output / ".matteline/sh010.look.json").cuts == (1015,)


@pytest.mark.slow
def test_other_cuts_make_new_states(edited, tmp_path):
    edited.save_states(edited.submit(cuts="auto"))
    one = edited.submit(cuts="1009")
    edited.save_states(one)
    for chunk in one.farm_job.chunks():
        edited.chunk(one, chunk)
    assert edited.results == edited.whole(tmp_path / "whole", cuts="1009")


@pytest.mark.slow
def test_windows_of_several_frames_are_as_good(farm, tmp_path):
    whole = farm.whole(tmp_path / "whole", batch=4)
    one = farm.submit(chunk=6, state=3, batch=4)
    assert (one.farm_job.farm.chunk, one.farm_job.farm.state_every) == (8, 4)
    farm.save_states(one)
    for chunk in ("1018-1030", "1001-1005", "1006-1017"):
        farm.chunk(one, chunk)
    assert farm.results == whole


@pytest.mark.slow
def test_a_chain_hands_the_state_from_chunk_to_chunk(farm, tmp_path):
    whole = farm.whole(tmp_path / "whole", "1001-1012,1015-1030")
    one = farm.submit("1001-1012,1015-1030", chunk=6, exact="chain")
    assert one.farm_job.is_chain and not one.farm_job.needs_states
    rolled = [_rolled(farm.chunk(one, chunk)) for chunk in one.farm_job.chunks()]
    assert farm.results == whole
    assert rolled == [3, 0, 0, 3, 0, 0]


@pytest.mark.slow
def test_a_chain_that_lost_a_state_makes_it_again(farm, tmp_path):
    whole = farm.whole(tmp_path / "whole")
    one = farm.submit(chunk=12, exact="chain")
    first, *rest = one.farm_job.chunks()
    farm.chunk(one, first)
    (one.folder / "states/sh010.from1001m3.1008.state").unlink()
    assert rendered(farm.chunk(one, first)) == [1007]
    for chunk in rest:
        farm.chunk(one, chunk)
    assert farm.results == whole


@pytest.mark.slow
def test_without_states_a_chunk_starts_at_the_beginning_and_says_so(farm, tmp_path):
    whole = farm.whole(tmp_path / "whole")
    one = farm.submit()
    events = farm.chunk(one, "1025-1030")
    assert any("24 frames earlier" in event.message for event in events if isinstance(event, Notice))
    assert farm.results == {name: whole[name] for name in farm.results} and len(farm.results) == 12


@pytest.mark.slow
def test_with_states_a_chunk_rolls_over_less_than_their_distance(farm):
    one = farm.submit(state=4)
    farm.save_states(one)
    assert _rolled(farm.chunk(one, "1011-1013")) == 3
    assert _rolled(farm.chunk(one, "1016-1018")) == 0


@pytest.mark.slow
def test_a_pass_that_was_cut_short_goes_on_where_it_stopped(farm, tmp_path):
    whole = farm.whole(tmp_path / "whole")
    one = farm.submit()
    farm.save_states(one, "1001-1013")
    assert [int(path.name.split(".")[-2]) for path in _states(one)] == [1004, 1008, 1012]
    assert _rolled(farm.save_states(one)) == 1028 - 1012
    assert _rolled(farm.save_states(one)) == 0
    for chunk in one.farm_job.chunks():
        farm.chunk(one, chunk)
    assert farm.results == whole


@pytest.mark.slow
def test_held_frames_are_held_in_every_chunk(farm, tmp_path):
    for number in (1009, 1016, 1017):
        (farm.plate / f"sh010.{number}.png").unlink()
    whole = farm.whole(tmp_path / "whole", missing="hold")
    one = farm.submit(chunk=8, missing="hold")
    farm.save_states(one)
    for chunk in reversed(one.farm_job.chunks()):
        farm.chunk(one, chunk)
    assert farm.results == whole


@pytest.mark.slow
def test_a_preroll_alone_is_near_the_whole_and_not_equal(farm, tmp_path):
    whole = farm.whole(tmp_path / "whole", preroll=24)
    one = farm.submit(chunk=8, exact="none", preroll=0)
    assert one.farm_job.job.settings.preroll == 24
    for chunk in one.farm_job.chunks():
        farm.chunk(one, chunk)
    assert farm.results.keys() == whole.keys()
    assert farm.results != whole


@pytest.mark.slow
def test_negative_frames_are_frames(farm, tmp_path):
    for path in farm.plate.iterdir():
        path.unlink()
    for path in draw(tmp_path / "drawn", range(0, 12)).iterdir():
        number = int(path.name.split(".")[1]) - 6
        path.rename(farm.plate / f"sh010.{'-' if number < 0 else ''}{abs(number):04d}.png")
    whole = farm.whole(tmp_path / "whole")
    one = farm.submit(chunk=4)
    assert [str(chunk) for chunk in one.farm_job.chunks()] == ["-6--5", "-4--1", "0-3", "4-5"]
    farm.save_states(one)
    for chunk in one.farm_job.chunks():
        farm.chunk(one, chunk)
    assert farm.results == whole


@pytest.mark.slow
def test_the_record_is_that_of_the_whole_whichever_chunk_writes_it(farm, tmp_path):
    one = farm.submit()
    farm.save_states(one)
    records = []
    for chunk in ("1009-1016", "1001-1002"):
        farm.chunk(one, chunk)
        records.append((farm.output / ".matteline/sh010.json").read_text())
    assert records[0] == records[1]
    assert '"frames": "1001-1030"' in records[0]


@pytest.mark.slow
def test_frames_that_are_there_are_left_alone_unless_they_are_to_be_replaced(farm):
    one = farm.submit()
    farm.save_states(one)
    farm.chunk(one, "1001-1004")
    assert rendered(farm.chunk(one, "1003-1006")) == [1005, 1006]
    assert rendered(farm.chunk(one, "1003-1006", overwrite=True)) == [1003, 1004, 1005, 1006]


@pytest.mark.slow
def test_a_task_that_reaches_over_a_gap_renders_what_was_submitted(farm):
    one = farm.submit("1001-1004,1010-1012")
    farm.save_states(one)
    assert rendered(farm.chunk(one, "1003-1011")) == [1003, 1004, 1010, 1011]


def _rolled(events) -> int:
    return max((event.done for event in events if isinstance(event, Preroll)), default=0)


def _states(one):
    return sorted((one.folder / "states").iterdir())


def test_chunks_cover_each_frame_once(farm):
    one = farm.submit("1001-1009,1013-1030", chunk=7)
    chunks = one.farm_job.chunks()
    assert [str(chunk) for chunk in chunks] == [
        "1001-1007",
        "1008-1009",
        "1013-1014",
        "1015-1021",
        "1022-1028",
        "1029-1030",
    ]
    assert FrameSet.joined(chunks) == one.farm_job.frames
    assert sum(map(len, chunks)) == len(one.farm_job.frames)


@pytest.mark.slow
def test_a_clip_in_another_folder_is_the_same_clip_by_the_rules_of_a_session(farm, untrained, tmp_path):
    here, there = tmp_path / "studio", tmp_path / "worker"
    here.mkdir()
    draw(here / "plate", range(1001, 1003))
    for name in ("garbage", "holdout"):
        Image.new("L", (WIDTH, HEIGHT)).save(here / f"{name}.png")
    hand = {"garbage": str(here / "garbage.png"), "holdout": str(here / "holdout.png")}
    config = here / "show.ocio"
    config.write_text(FACILITY)
    weights = shutil.copy(untrained, here)
    moving = replace(farm, plate=here / "plate", output=here / "mattes")
    one = moving.submit(weights=str(weights), ocio=str(config), colour_space="house_log", **hand)
    here.rename(there)
    folder = there / one.folder.relative_to(here)
    with pytest.raises(ReadError):
        open_to_render(folder, NOTHING_AROUND)
    clip = open_to_render(folder, NOTHING_AROUND, rules=((str(here), str(there)),))
    assert (recipe_mark(clip.plan), whole_plate_hashes(clip.plan)) == (
        one.farm_job.recipe_mark,
        one.farm_job.state_hashes,
    )
    settings = clip.plan.job.settings
    named = [getattr(settings, name) for name in ("weights", "ocio", "garbage", "holdout")]
    assert all(
        Path(each).is_relative_to(there) for each in (clip.plan.job.plate, clip.plan.job.output, *named)
    )
