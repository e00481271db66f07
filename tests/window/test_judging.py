"""The judging tab: a report made in the background, marks on the scrubber, and going there."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from matteline.window.judging.background_judge import saved_report
from matteline.window.viewer.view_controller import SideChoice
from tests.window.conftest import FIRST, HEIGHT, WIDTH, settle, shown, write_exr


def _open(window, results) -> None:
    window.open([str(results)])
    settle(shown(window, FIRST))
    window.tabs.setCurrentWidget(window.judging)


def test_a_missing_frame_is_marked_and_a_click_goes_there(window, results):
    (results / "alpha" / "sh010_alpha.1006.exr").unlink()
    _open(window, results)
    window.judging.button.click()
    settle(lambda: window.judging.list.count())
    assert "Frame 1006 is missing" in window.judging.list.item(0).text()
    assert 1006 in window.viewer.timeline.flags
    window.judging.list.setCurrentRow(0)
    assert window.viewer.player.frame == 1006
    settle(lambda: window.judging.button.text() == "Judge")


def test_a_report_made_before_is_shown_at_once(open_window, results):
    (results / "alpha" / "sh010_alpha.1006.exr").unlink()
    window = open_window()
    _open(window, results)
    window.judging.button.click()
    settle(lambda: window.judging.list.count() and not window.judging.judge.busy)
    window.close()
    later = open_window()
    _open(later, results)
    settle(lambda: later.judging.list.count() and 1006 in later.viewer.timeline.flags)


def test_without_results_there_is_nothing_to_judge(window, plate):
    window.open([plate])
    settle(shown(window, FIRST))
    window.tabs.setCurrentWidget(window.judging)
    assert not window.judging.button.isEnabled()
    assert "Open a folder of results" in window.judging.words.text()


def test_judging_can_be_given_up(window, results):
    _open(window, results)
    window.judging.button.click()
    window.judging.judge.stop()
    settle(lambda: not window.judging.judge.busy and window.judging.button.text() == "Judge")
    assert window.judging.button.isEnabled()


def test_each_shot_of_a_folder_is_opened_and_judged_by_itself(window, results):
    for number in (1001, 1002, 1004):
        name = f"sh010_alpha.{number}.exr"
        shutil.copy(results / "alpha" / name, results / "alpha" / name.replace("sh010", "sh020"))
    _open(window, results)
    settle(lambda: len(window.viewer.footages) == 2)
    assert window.judging._shot == "sh010"
    second = next(each for each in window.viewer.footages if each.shot == "sh020")
    window.viewer.toolbar.a.choose(SideChoice(second, "alpha"))
    window.judging.button.click()
    settle(lambda: window.judging.list.count())
    listed = [window.judging.list.item(at).text() for at in range(window.judging.list.count())]
    assert any("Frame 1003 is missing" in words for words in listed)
    assert "No record says what the plate is" in window.judging.notes.text()
    settle(lambda: not window.judging.judge.busy)


def test_the_plate_of_the_record_is_compared_with(window, results, plate):
    _open(window, results)
    window.judging.button.click()
    settle(lambda: (results / "report" / "sh010_report.json").exists() and not window.judging.judge.busy)
    assert saved_report(results, "sh010").plate == plate


@pytest.mark.slow
def test_accepted_findings_are_flagged_no_more_and_stay_so(open_window, results):
    for number in (1006, 1008):
        (results / "alpha" / f"sh010_alpha.{number}.exr").unlink()
    window = open_window()
    _open(window, results)
    window.judging.button.click()
    settle(lambda: window.judging.list.count() and not window.judging.judge.busy)
    before = window.judging.list.count()
    window.judging.list.setCurrentRow(0)
    window.judging.accept_button.click()
    assert window.judging.list.count() == before - 1
    assert 1006 not in window.viewer.timeline.flags and 1008 in window.viewer.timeline.flags
    window.close()
    later = open_window()
    _open(later, results)
    settle(lambda: later.judging.list.count() == before - 1)
    assert "1 finding accepted" in later.judging.words.text()


def test_judged_lines_set_the_form_up_to_render_their_frames_again(window, results):
    for number in (1006, 1007):
        (results / "alpha" / f"sh010_alpha.{number}.exr").unlink()
    _open(window, results)
    window.judging.button.click()
    settle(lambda: window.judging.list.count() and not window.judging.judge.busy)
    window.judging.list.selectAll()
    window.judging.render_button.click()
    job = window.shot.form.job()
    assert (str(job.frames), job.existing) == ("1006-1007", "overwrite")
    assert window.tabs.currentWidget() is window.shot
    window.shots.history.group.undo()
    assert window.shot.form.frames.value() is None


def test_broken_frames_are_listed_first(window, results):
    alpha = np.zeros((HEIGHT, WIDTH, 3), np.float16)
    write_exr(results / "alpha" / "sh010_alpha.1004.exr", alpha)
    (results / "alpha" / "sh010_alpha.1009.exr").unlink()
    _open(window, results)
    window.judging.button.click()
    settle(lambda: window.judging.list.count() > 1 and not window.judging.judge.busy)
    assert "Frame 1009 is missing" in window.judging.list.item(0).text()
