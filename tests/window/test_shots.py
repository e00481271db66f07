"""Shots as things: each with its own folder, settings, undo and place; continued, restored and closed."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from matteline.contract.errors import JobError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.record import Record, RenderRecord, record_file, write_record
from matteline.contract.settings import MatteSettings
from matteline.window.shot_paths import bare_name, output_claim, suggested_output
from tests.window.conftest import FIRST, LAST, expect, left_of, settle, shown


def _plate(folder: Path, name: str, grey: int = 60) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for number in (1, 2, 3):
        Image.fromarray(np.full((32, 48, 3), grey, np.uint8)).save(folder / f"{name}.000{number}.png")
    return str(folder / f"{name}.0001.png")


@pytest.fixture
def three(tmp_path):
    """Three plates: two of the same name in folders beside each other, and another one."""
    return [
        _plate(tmp_path / "a" / "plate", "plate"),
        _plate(tmp_path / "a" / "witness", "plate", 90),
        _plate(tmp_path / "b" / "plate", "sh020", 120),
    ]


def _open(window, path: str) -> None:
    before = len(window.shots.shots.shots)
    window.open([path])
    settle(lambda: len(window.shots.shots.shots) > before)


@pytest.fixture
def recorded(results, plate):
    """Results whose record has settings and frames to go on with."""
    job = Job(plate, str(results), FrameSet.parse("1003-1008"), settings=MatteSettings(choke=1.5, soften=2))
    recipe = {"plate": plate, "colour_space": "sRGB - Texture"}
    made = RenderRecord(FrameSet((FrameRange(1003, 1008),)), recipe, json.loads(job.to_json()))
    write_record(record_file(results, "sh010"), Record({"mark": made}))
    return results


def test_each_shot_keeps_its_own_form_and_frame(window, three):
    for path in (three[0], three[2]):
        _open(window, path)
    form, shots = window.shot.form, window.shots
    form.field("choke").set_value(3)
    window.viewer.player.seek(2)
    first, second = shots.shots.shots
    shots.show(first)
    assert form.plate.value() == three[0] and form.field("choke").value() == 0
    assert window.viewer.player.frame == 1
    shots.show(second)
    assert form.plate.value() == three[2] and form.field("choke").value() == 3
    assert window.viewer.player.frame == 2


def test_choosing_footage_on_side_a_brings_its_form(window, three):
    for path in (three[0], three[2]):
        _open(window, path)
    window.viewer.toolbar.a._footage.setCurrentIndex(0)
    assert window.shot.form.plate.value() == three[0]
    assert window.windowTitle().startswith("plate")


def test_plates_of_one_name_get_folders_of_their_own(window, three):
    for path in three[:2]:
        _open(window, path)
    one, other = (shot.claim for shot in window.shots.shots.shots)
    assert one != other


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_two_shots_never_write_into_one_folder(window, three, tmp_path, seed):
    """Whatever is opened, switched, edited and rendered, in whichever order."""
    chance = random.Random(seed)
    wrote: dict[tuple[str, str], str] = {}
    folders = [str(tmp_path / "out"), str(tmp_path / "a" / "plate_mattes")]
    window.shot.renders.render = lambda job: _note(wrote, job)
    for _ in range(14):
        step = chance.choice(("open", "switch", "edit", "plate", "render", "render"))
        shots = window.shots.shots.shots
        if step == "open":
            path = chance.choice(three)
            window.open([path])
            settle(
                lambda path=path: (
                    window.shots.shots.current is not None and window.shot.form.plate.value() == path
                )
            )
        elif step == "switch" and shots:
            window.shots.show(chance.choice(shots))
        elif step == "edit":
            window.shot.form.output.set_value(chance.choice(folders))
        elif step == "plate":
            # As if it were typed and Render pressed before the focus is left.
            window.shot.form.plate.set_value(chance.choice(three))
        elif step == "render":
            window.shot.start_render()
            if window.shots.shots.current is not None:
                plate = window.shots.shots.current.footage.clips["plate"]
                window.shot.form.plate.set_value(plate.info.path)


def _note(wrote: dict[tuple[str, str], str], job: Job) -> None:
    plate = wrote.setdefault(output_claim(job.output, job.plate), job.plate)
    assert plate == job.plate, f"{plate} and {job.plate} both write into {job.output}"


def test_a_folder_with_results_of_another_plate_is_not_suggested(tmp_path, three):
    taken = tmp_path / "a" / "plate_mattes"
    made = RenderRecord(FrameSet((FrameRange(1, 3),)), {"plate": three[0]}, {})
    write_record(record_file(taken, "plate"), Record({"mark": made}))
    assert suggested_output(three[0]) == str(taken)
    assert suggested_output(three[1]) == f"{taken}_2"


@pytest.mark.parametrize(
    ("plate", "name"),
    [("/s/plate.####.exr", "plate"), ("/s/plate_v002.1001.exr", "plate_v002"), ("/s/take_02.mov", "take_02")],
)
def test_the_number_is_no_part_of_the_name(plate, name):
    assert bare_name(plate) == name


def test_opened_results_bring_their_settings_and_frames(window, recorded, plate):
    window.open([str(recorded)])
    settle(shown(window, FIRST))
    job = window.shot.form.job()
    assert (job.plate, job.output, str(job.frames)) == (plate, str(recorded), "1003-1008")
    assert (job.settings.choke, job.settings.soften, job.existing) == (1.5, 2, "update")


def test_results_of_a_plate_that_is_open_join_it_where_it_writes_there(window, recorded, plate):
    _open(window, plate)
    window.shot.form.output.set_value(str(recorded))
    window.open([str(recorded)])
    settle(lambda: window.shots.shots.current.footage.folder == recorded)
    assert len(window.shots.shots.shots) == 1
    assert window.shot.form.field("choke").value() == 1.5


def test_undo_and_redo_go_through_the_steps_of_each_shot(window, three):
    _open(window, three[0])
    _open(window, three[2])
    form, group = window.shot.form, window.shots.history.group
    choke = form.field("choke")
    for value in (1, 2, 3):
        choke.set_value(value)
    window.shots.history.end_step()
    choke.set_value(9)
    group.undo()
    assert choke.value() == 3
    group.undo()
    assert choke.value() == 0, "a slider that is moved is one step"
    group.redo()
    assert choke.value() == 3
    window.shots.show(window.shots.shots.shots[0])
    assert not group.canUndo(), "the other shot has a history of its own"


def test_undo_never_brings_another_plate(window, three):
    _open(window, three[0])
    window.shot.form.plate.set_value(three[2])
    window.shot.form.plate.committed.emit()
    settle(lambda: window.shot.form.plate.value() == three[2])
    first, second = window.shots.shots.shots
    assert (first.form["plate"], second.form["plate"]) == (three[0], three[2])
    assert not first.history.canUndo()


@pytest.mark.slow
def test_settings_are_copied_and_presets_are_kept(open_window, three):
    window = open_window()
    _open(window, three[0])
    window.shot.form.field("choke").set_value(4)
    window.shots.save_preset("tight")
    window.shots.copy_settings()
    _open(window, three[2])
    window.shots.paste_settings()
    assert window.shot.form.field("choke").value() == 4
    assert window.shot.form.plate.value() == three[2]
    window.shots.reset_settings()
    assert window.shot.form.field("choke").value() == 0
    window.close()
    later = open_window()
    _open(later, three[1])
    later.shots.use_preset("tight")
    assert later.shot.form.field("choke").value() == 4


@pytest.mark.slow
def test_the_next_session_begins_with_the_shots_of_the_last(open_window, three, recorded):
    window = open_window()
    _open(window, three[2])
    window.shot.form.field("soften").set_value(5)
    _open(window, str(recorded))
    window.viewer.player.seek(1006)
    window.viewer.player.mark(first=1004, last=1010)
    _open(window, three[0])
    window.shots.show(window.shots.shots.shots[1])
    names = [shot.name for shot in window.shots.shots.shots]
    window.close()
    later = open_window()
    later.restore_session()
    settle(lambda: len(later.shots.shots.shots) == 3)
    assert [shot.name for shot in later.shots.shots.shots] == names
    assert later.shot.form.output.value() == str(recorded)
    settle(shown(later, 1006))
    assert later.viewer.player.range == FrameRange(1004, 1010)
    later.shots.show(later.shots.shots.shots[0])
    assert later.shot.form.field("soften").value() == 5


@pytest.mark.slow
def test_a_session_whose_files_are_gone_still_opens(open_window, three):
    window = open_window()
    _open(window, three[0])
    window.close()
    for file in Path(three[0]).parent.iterdir():
        file.unlink()
    later = open_window()
    later.restore_session()
    settle(lambda: later.errors.words)
    assert later.shots.shots.shots == []


def test_recent_shots_are_listed_the_latest_first(window, three):
    for path in (three[0], three[2]):
        _open(window, path)
    assert window._preferences.recent[:2] == [three[2], three[0]]


def test_a_closed_shot_leaves_the_one_beside_it(window, three):
    for path in (three[0], three[2]):
        _open(window, path)
    window.shots.close_current()
    assert window.shot.form.plate.value() == three[0]
    settle(shown(window, 1))
    window.shots.close_current()
    assert window.shot.form.plate.value() == ""
    assert window.viewer.canvas.message[0] == "Drop a plate here"


def test_a_plate_opened_again_goes_to_its_shot(window, three, plate):
    _open(window, plate)
    _open(window, three[0])
    window.open([plate.replace(str(FIRST), str(LAST))])
    settle(lambda: window.shot.form.plate.value().endswith(".png") and "sh010" in window.windowTitle())
    assert len(window.shots.shots.shots) == 2
    settle(shown(window, FIRST))
    expect(window, 10, 10, left_of(FIRST))


def test_every_shot_has_a_thumbnail(window, three):
    _open(window, three[0])
    settle(lambda: window.shots.shots.current.thumbnail is not None)
    colour = window.shots.shots.current.thumbnail.pixelColor(5, 5)
    assert (colour.red(), colour.green(), colour.blue()) == (60, 60, 60)


def test_a_job_of_another_plate_than_the_open_one_is_refused(window, three):
    _open(window, three[0])
    job = replace(window.shot.form.job(), plate=three[2])
    with pytest.raises(JobError, match="not open yet"):
        window.shots.check_job(job)
