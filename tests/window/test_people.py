"""The tab of people: who was found, picked, named, merged and kept, and that all of it can be undone."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest

from matteline.contract.plate import Window
from matteline.window.people_choices import (
    FoundPerson,
    as_named,
    is_kept,
    keeping,
    merged,
    people_of,
    renamed,
)
from tests.window.conftest import settle, shown

STATE = {"hints": "none", "keep": "everyone", "leave_out": "nobody"}
BOXES = {"1001": [10, 10, 20, 40], "1002": [8, 10, 30, 40], "1003": [8, 10, 60, 40]}
OTHERS = {"1001": [60, 10, 20, 40], "1003": [50, 10, 40, 40]}
PEOPLE = people_of(
    {
        "people": [
            {"name": "person1", "colour": "red", "boxes": BOXES},
            {"name": "person2", "colour": "green", "boxes": OTHERS},
        ]
    }
)


def test_people_are_named_by_the_largest_box_that_meets_no_other():
    made = renamed({**STATE, "leave_out": "person1"}, "person1", "anna", PEOPLE)
    assert made["hints"] == "1002:8,10,30,40:anna; 1001:60,10,20,40:person2", "the other one keeps its name"
    assert made["leave_out"] == "anna", "who is left out stays so"
    assert list(as_named(made, PEOPLE)) == ["anna", "person2"]
    again = renamed(made, "anna", "eva", as_named(made, PEOPLE).values())
    assert again["hints"] == "1002:8,10,30,40:eva; 1001:60,10,20,40:person2"


def test_two_people_are_made_one_by_the_name_of_the_first():
    made = merged(STATE, ["person1", "person2"], PEOPLE)
    assert made["hints"] == "1002:8,10,30,40:person1; 1001:60,10,20,40:person1"
    assert list(as_named(made, PEOPLE)) == ["person1"]
    assert list(as_named(STATE, PEOPLE)) == ["person1", "person2"]


def test_files_of_hints_stay_as_they_are():
    made = renamed({**STATE, "hints": "hints.json; 1001:4,5:ben"}, "ben", "eva", ())
    assert made["hints"] == "hints.json; 1001:4,5:eva"


def test_whoever_is_not_checked_is_left_out():
    made = keeping({**STATE, "keep": "person1"}, ["person2"], ["person1", "person2"])
    assert (made["keep"], made["leave_out"]) == ("everyone", "person1")
    assert [is_kept(made, name) for name in ("person1", "person2")] == [False, True]
    assert keeping(made, ["person1", "person2"], ["person1", "person2"])["leave_out"] == "nobody"


@pytest.fixture
def people(window, crowd, untrained):
    """The tab, with the plate open and two people in it who were found where they were drawn."""
    window.open([str(crowd / "sh.1001.png")])
    settle(shown(window, 1001))
    window.shot.form.field("weights").set_value(str(untrained))
    window.tabs.setCurrentWidget(window.people)
    shot = window.shots.shots.current
    boxes = {number: Window(20, 30, 100, 140) for number in range(1001, 1005)}
    others = {number: Window(180, 30, 100, 140) for number in range(1001, 1005)}
    shot.people = (
        FoundPerson("person1", "red", boxes, 1001),
        FoundPerson("person2", "green", others, 1001),
    )
    window.people.refresh()
    return window.people


def _click(window, x: int, y: int) -> None:
    canvas = window.viewer.canvas
    place = canvas._target(canvas._rooms()[0], QRectF(x, y, 1, 1)).center().toPoint()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)


def test_a_click_on_the_picture_picks_a_person(window, people):
    _click(window, 200, 100)
    assert people._chosen() == ["person2"]
    assert [mark.chosen for mark in window.viewer.canvas._people] == [False, True]
    _click(window, 150, 10)
    assert people._chosen() == []
    assert window.shot.form.field("hints").text() == "none", "picking says nothing"


def test_pointing_adds_a_hint_that_can_be_undone(window, people):
    form = window.shot.form
    _click(window, 200, 100)
    people.point_button.click()
    _click(window, 210, 110)
    frame, place = form.field("hints").text().split(":")[:2]
    assert frame == "1001" and form.field("hints").text().endswith(":person2")
    assert np.allclose([float(each) for each in place.split(",")], [210.5, 110.5], atol=1)
    people.new_button.click()
    window.viewer.player.seek(1003)
    _click(window, 150, 100)
    assert form.field("hints").text().endswith(":person3")
    assert [people.list.item(row).text() for row in range(3)] == ["person1", "person2", "person3"]
    assert "Hints have changed" in people.words.text()
    assert len(window.viewer.canvas._points) == 1, "those of this frame"
    window.shots.history.group.undo()
    window.shots.history.group.undo()
    assert form.field("hints").text() == "none" and people.list.count() == 2


def test_check_marks_and_names_change_the_form_and_can_be_undone(window, people):
    form = window.shot.form
    people.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert form.field("leave_out").text() == "person1"
    people.list.item(1).setText("ben")
    assert form.field("hints").text() == "1001:20,30,100,140:person1; 1001:180,30,100,140:ben"
    assert [people.list.item(row).text() for row in range(people.list.count())] == ["person1", "ben"]
    people.list.item(0).setText("a/b")
    settle(lambda: "cannot be called" in window.errors.words)
    assert people.list.item(0).text() == "person1"
    for _ in range(2):
        window.shots.history.group.undo()
    assert (form.field("leave_out").text(), form.field("hints").text()) == ("nobody", "none")


@pytest.mark.slow
def test_people_and_cuts_come_from_the_worker(window, crowd, untrained):
    window.open([str(crowd / "sh.1001.png")])
    settle(shown(window, 1001))
    window.shot.form.field("weights").set_value(str(untrained))
    window.shot.form.field("device").set_value("cpu")
    window.tabs.setCurrentWidget(window.people)
    window.people.find_button.click()
    assert window.people.busy
    settle(lambda: not window.people.busy)
    assert window.shots.shots.current.people is not None, window.errors.words
    settle(lambda: window.shots.shots.current.look is not None)
