"""Hints that say who is where: read from words, kept as JSON, refused where they make no sense."""

from __future__ import annotations

import json

import pytest

from matteline.contract.errors import JobError
from matteline.contract.people import BoxHint, MaskHint, PeopleHints, PointHint, check_person_name


def test_hints_are_read_as_they_are_written_on_a_command_line():
    hints = PeopleHints.of(["1060:812,440.5:anna"], ["-3:700,120,240,820:ben"], ["anna=roto=2.####.exr"])
    assert hints.hints == (
        PointHint(1060, 812, 440.5, "anna"),
        BoxHint(-3, 700, 120, 240, 820, "ben"),
        MaskHint("anna", "roto=2.####.exr"),
    )
    assert hints.names == ("anna", "ben")


@pytest.mark.parametrize("text", ["1060:812:anna", "812,440:anna", "f:1,2:anna", "1:nan,2:anna", "", "1:2,3"])
def test_a_point_that_is_none_is_refused_with_an_example(text):
    with pytest.raises(JobError, match="is not a point of a person") as caught:
        PointHint.parse(text)
    assert caught.value.field == "point"
    assert "1060:812,440:anna" in caught.value.hint


@pytest.mark.parametrize("text", ["1:2,3:anna", "1:2,3,4:anna", "x"])
def test_a_box_that_is_none_is_refused(text):
    with pytest.raises(JobError, match="is not a box of a person"):
        BoxHint.parse(text)


def test_an_empty_box_is_refused():
    with pytest.raises(JobError, match="is empty"):
        BoxHint.parse("1:2,3,0,5:anna")


@pytest.mark.parametrize("text", ["anna", "anna="])
def test_a_mask_without_a_path_is_refused(text):
    with pytest.raises(JobError):
        MaskHint.parse(text)


@pytest.mark.parametrize("name", ["", "  ", "a,b", "<1>", "a/b", "a\\b", "..", "a*", "x" * 65, "a\nb", 'a"'])
def test_names_that_pickers_or_file_systems_refuse_are_refused(name):
    with pytest.raises(JobError, match="cannot be called"):
        check_person_name(name)


@pytest.mark.parametrize("name", ["anna", "José Núñez", "person_2", "равнина"])
def test_names_in_any_script_are_taken(name):
    assert check_person_name(f" {name} ") == name


def test_hints_come_back_from_json():
    hints = PeopleHints.of(["1:2,3:José"], ["4:5,6,7,8:ben"], ["ben=/x/roto.####.exr"])
    assert PeopleHints.from_json(hints.to_json()) == hints
    assert "José" in hints.to_json()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"version": 1}',
        '{"version": 2, "hints": []}',
        '{"version": 1, "hints": [3]}',
        '{"version": 1, "hints": [{"kind": "line"}]}',
        '{"version": 1, "hints": [{"kind": "point", "frame": 1, "x": 2, "y": 3}]}',
        '{"version": 1, "hints": [{"kind": "point", "frame": 1, "x": 2, "y": 3, "name": 4}]}',
        '{"version": 1, "hints": [{"kind": "point", "frame": "1", "x": 2, "y": 3, "name": "a"}]}',
        '{"version": 1, "hints": [{"kind": "point", "frame": 1, "x": Infinity, "y": 3, "name": "a"}]}',
        '{"version": 1, "hints": [{"kind": "mask", "name": "a", "path": 3}]}',
        '{"version": 1, "hints": [{"kind": "point", "frame": 1, "x": 1, "y": 3, "name": "a", "z": 1}]}',
    ],
)
def test_damaged_files_of_hints_are_refused(text):
    with pytest.raises(JobError):
        PeopleHints.from_json(text)


def test_the_file_of_hints_says_its_version():
    assert json.loads(PeopleHints().to_json()) == {"version": 1, "hints": []}
