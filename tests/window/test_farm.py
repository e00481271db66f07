"""Handing shots to a render farm, from the form and from the queue, by a real worker."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matteline.contract.farm_settings import FarmSettings, farm_choices
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.window.farm_dialog import FarmDialog
from matteline.window.queue.store import SENT, WAITING, QueueStore
from tests.window.conftest import FIRST, settle, shown

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(untrained) -> MatteSettings:
    return MatteSettings(weights=str(untrained), device="cpu", preroll=0)


def _dialog(window) -> FarmDialog:
    (found,) = window.findChildren(FarmDialog)
    return found


def test_every_farm_setting_has_a_control_and_survives_it(window):
    dialog = window._send([Job("a", "b")])
    assert list(dialog.fields) == list(farm_choices())
    assert dialog.settings() == FarmSettings()
    wanted = FarmSettings("deadline10", chunk=12, gpu_memory=8.5, pool="gpu", after="5f0c", retries=0)
    dialog.set_settings(wanted)
    assert dialog.settings() == wanted
    dialog.reject()


def test_a_shot_is_written_as_a_job_bundle_and_the_settings_are_remembered(window, plate, settings, tmp_path):
    pytest.importorskip("openjd.model", reason="the farm extra is not installed")
    window.open([plate])
    settle(shown(window, FIRST))
    form = window.shot.form
    form.set_job(replace(form.job(), output=str(tmp_path / "out"), settings=settings))
    window.shot.send_to_farm()
    dialog = _dialog(window)
    dialog.fields["chunk"].set_value(4)
    dialog.send()
    assert dialog.close_button.text() == "Cancel"
    settle(lambda: dialog.close_button.text() == "Close")
    assert dialog.words.text().startswith("Written for openjd: sh010 (4 tasks)."), dialog.words.text()
    assert str(tmp_path / "out" / "farm") in dialog.words.text()
    assert list((tmp_path / "out" / "farm").rglob("template.*"))
    assert not (tmp_path / "out" / "alpha").exists(), "nothing is rendered by sending"
    assert window._preferences.farm == FarmSettings(chunk=4)
    dialog.reject()


def test_a_farm_that_is_not_there_costs_a_sentence_and_the_shot_waits_again(
    window, plate, settings, tmp_path, monkeypatch
):
    window.queue.add(Job(plate, str(tmp_path / "out"), settings=settings))
    settle(lambda: window.queue.list.count() == 1)
    window.queue.list.setCurrentRow(0)
    window.queue.farm_button.click()
    dialog = _dialog(window)
    dialog.fields["engine"].set_value("deadline10")
    dialog.send()
    # Not to be begun here meanwhile.
    settle(lambda: window.queue.shots[0].state == "paused")
    settle(lambda: dialog.close_button.text() == "Close")
    assert "deadlinecommand" in dialog.words.text()
    assert dialog.words.property("role") == "wrong"
    settle(lambda: window.queue.shots[0].state == WAITING)
    dialog.reject()


def test_a_queued_shot_that_was_sent_is_left_out(window, plate, settings, tmp_path):
    pytest.importorskip("openjd.model", reason="the farm extra is not installed")
    window.queue.add(Job(plate, str(tmp_path / "out"), settings=settings))
    settle(lambda: window.queue.list.count() == 1)
    window.queue.list.setCurrentRow(0)
    window.queue.farm_button.click()
    dialog = _dialog(window)
    dialog.send()
    settle(lambda: window.queue.shots[0].state == SENT)
    assert "Written for openjd" in window.queue.shots[0].words
    assert QueueStore(tmp_path / "queue.sqlite").claim("me") is None
    dialog.reject()


def test_a_wrong_setting_is_told_at_its_field(window):
    dialog = window._send([Job("a", "b")])
    dialog.fields["command"].set_value(" ")
    dialog.send()
    assert "Command cannot be" in dialog.fields["command"].error
    assert not dialog._more.folded
    dialog.reject()
