"""Notes of the first look: a value that survives its file, and refuses whatever is wrong with one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matteline.contract.errors import JobError, ReadError, StateError
from matteline.contract.frames import FrameRange
from matteline.contract.plate import Window
from matteline.contract.shot_notes import (
    LARGEST_BYTES,
    LookedFrame,
    Region,
    Segment,
    ShotNotes,
    read_notes,
    write_notes,
)

NOTES = ShotNotes(
    frames=FrameRange(1001, 1040),
    width=1920,
    height=1080,
    cuts=(1017,),
    found_cuts=(1009, 1017),
    looked=(
        LookedFrame(1001, (Window(10, 20, 300, 500), Window(1700, 0, 220, 1080)), -0.62, 0.013, 0.0),
        LookedFrame(1017, (), -3.5),
    ),
    segments=(
        Segment(FrameRange(1001, 1016), (Region(630, 840, 21, ((1001, 0, 7), (1009, 42, 28))),)),
        Segment(FrameRange(1017, 1040)),
    ),
    hashes=(("plate", "ab12"), ("weights", "cd34")),
)


def _changed(**fields: object) -> str:
    return json.dumps({**json.loads(NOTES.to_json()), **fields})


def _changed_region(**fields: object) -> str:
    data = json.loads(NOTES.to_json())
    data["segments"][0]["regions"][0].update(fields)
    return json.dumps(data)


def test_notes_are_read_back_as_they_were():
    assert ShotNotes.from_json(NOTES.to_json()) == NOTES


def test_equal_notes_have_one_digest_and_others_another():
    assert ShotNotes.from_json(NOTES.to_json()).digest == NOTES.digest
    assert replace(NOTES, edited=True).digest != NOTES.digest


def test_shots_lie_between_cuts():
    assert NOTES.shots == (FrameRange(1001, 1016), FrameRange(1017, 1040))
    assert replace(NOTES, cuts=(), segments=()).shots == (FrameRange(1001, 1040),)


def test_cuts_that_an_artist_changes_mark_the_notes_and_leave_segments_to_be_chosen():
    edited = NOTES.with_cuts([1030, 1005, 1030])
    assert edited.cuts == (1005, 1030)
    assert edited.edited
    assert edited.segments == ()
    assert edited.looked == NOTES.looked


def test_a_region_lies_where_its_last_place_says():
    (region,) = NOTES.segments[0].regions
    assert region.window(1001) == region.window(1008) == Window(0, 7, 630, 840)
    assert region.window(1009) == region.window(1016) == Window(42, 28, 630, 840)


@given(step=st.integers(16, 4000), strides=st.integers(1, 64))
def test_steps_of_a_region_are_whole_strides_of_the_network(step, strides):
    region = Region(step * strides, step, step, ((1, 0, 0),))
    assert int(region.width * region.ratio) == 16 * strides
    assert region.ratio <= 1


def test_a_file_holds_the_notes(tmp_path):
    write_notes(tmp_path / "shot" / "plate.notes.json", NOTES)
    assert read_notes(tmp_path / "shot" / "plate.notes.json", hashes={"plate": "ab12"}) == NOTES


def test_notes_of_another_plate_are_refused(tmp_path):
    write_notes(tmp_path / "notes.json", NOTES)
    with pytest.raises(StateError, match="other plate came in use"):
        read_notes(tmp_path / "notes.json", hashes={"plate": "other", "weights": "cd34"})


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ReadError, match=r"gone\.json cannot be read: No such file"):
        read_notes(tmp_path / "gone.json")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "notes.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(ReadError, match="no text in UTF-8"):
        read_notes(tmp_path / "notes.json")


def test_a_file_that_is_too_large_is_not_parsed(tmp_path):
    with open(tmp_path / "notes.json", "wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    with pytest.raises(ReadError, match="too large"):
        read_notes(tmp_path / "notes.json")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "a JSON object"),
        ("{}", "has no 'format'"),
        (_changed(version=2), "another kind or version"),
        (_changed(format="job"), "another kind or version"),
        (_changed(extra=1), "a field 'extra' that is not known"),
        (_changed(frames=7), "written as 1001-1020"),
        (_changed(frames="1020-1001"), "ends before it begins"),
        (_changed(frames="0-99999999"), "too many frames"),
        (_changed(size=[1920]), "a list of numbers"),
        (_changed(size=[1920, 0]), "no usable size"),
        (_changed(size=[1920, 1e3]), "whole numbers"),
        (_changed(size=[1920, True]), "whole numbers"),
        (_changed(cuts=[1017, 1017]), "cuts are not in order"),
        (_changed(cuts=[1001]), "a cut lies outside"),
        (_changed(cuts=[1041]), "a cut lies outside"),
        (_changed(cuts=[1017, 1020]), "goes across a cut"),
        (_changed(looked={}), "should be a list"),
        (_changed(looked=[{"number": 1001}]), "has no 'people'"),
        (_changed(segments=[{"frames": "1001-1016", "regions": []}]), "do not follow on each other"),
        (_changed(segments=[{"frames": "1001-1040", "regions": []}]), "goes across a cut"),
        (_changed(hashes=["plate"]), "not names with texts"),
        (_changed(edited=1), "neither true nor false"),
        (NOTES.to_json().replace("-3.5", "NaN"), "not JSON"),
        (NOTES.to_json().replace("-3.5", "1e400"), "'bright_stops' of a looked frame cannot be inf"),
        (NOTES.to_json().replace("[10,20,300,500]", "[10,20,300,1500]"), "no place on the canvas"),
        (NOTES.to_json().replace("[10,20,300,500]", "[10,20,0,500]"), "no place on the canvas"),
        (_changed_region(step=7), "no usable step"),
        (_changed_region(places=[]), "no place in the first frame"),
        (_changed_region(places=[[1001, 0, 7], [1017, 0, 7]]), "not in order"),
        (_changed_region(places=[[1001, 0, 7], [1009, 20, 7]]), "moves by parts of its step"),
        (_changed_region(places=[[1001, 1344, 7]]), "no place on the canvas"),
        (_changed_region(size=[-630, 840]), "no place on the canvas"),
        (_changed_region(colour="red"), "a field 'colour' that is not known"),
    ],
)
def test_what_is_wrong_with_notes_is_said(text, reason):
    with pytest.raises(JobError, match=reason):
        ShotNotes.from_json(text)


def test_a_region_may_stick_out_of_the_canvas_by_less_than_a_step():
    assert ShotNotes.from_json(_changed_region(places=[[1001, 1310, 7]])).segments


@pytest.mark.slow
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(sorted(json.loads(NOTES.to_json()))),
)
def test_whatever_a_field_holds_is_taken_or_refused_in_a_sentence(value, field):
    try:
        ShotNotes.from_json(_changed(**{field: value}))
    except JobError as error:
        assert error.message.endswith(".")
