"""Cuts and people that the first look has found, on the scrubber and over the plate."""

from __future__ import annotations

from matteline.contract.frames import FrameRange
from matteline.contract.plate import Window
from matteline.contract.shot_notes import LookedFrame, ShotNotes, write_notes
from matteline.window.viewer.first_look import FirstLook
from tests.window.conftest import FIRST, HEIGHT, LAST, WIDTH, settle, shown

NOTES = ShotNotes(
    frames=FrameRange(FIRST, LAST),
    width=WIDTH,
    height=HEIGHT,
    cuts=(1007,),
    looked=(
        LookedFrame(1001, (Window(10, 5, 20, 40),), 0.0),
        LookedFrame(1008, (Window(50, 8, 30, 50),), 0.0),
    ),
)


def test_a_box_lasts_until_the_next_look_or_a_cut():
    look = FirstLook(NOTES, left=2, top=1)
    assert look.people(1004) == [Window(8, 4, 20, 40)]
    assert look.people(1007) == []
    assert look.people(1012) == [Window(48, 7, 30, 50)]


def test_cuts_and_people_of_opened_results_are_shown(window, results):
    write_notes(results / ".matteline" / "sh010.look.json", NOTES)
    window.open([str(results)])
    settle(lambda: window.viewer.timeline.cuts == (1007,))
    assert window.viewer.canvas._people == [], "not over a result"
    window.viewer.toolbar.a.choose_mode("plate")
    settle(lambda: [mark.box.width() for mark in window.viewer.canvas._people] == [20])
    window.viewer.player.seek(1009)
    settle(
        lambda: shown(window, 1009)() and [mark.box.width() for mark in window.viewer.canvas._people] == [30]
    )
    window.viewer.run("people")
    assert window.viewer.canvas._people == []


def test_notes_that_are_none_are_left_out(window, results):
    (results / ".matteline" / "sh010.look.json").write_text("{")
    window.open([str(results)])
    settle(shown(window, FIRST))
    assert window.viewer.timeline.cuts == ()
