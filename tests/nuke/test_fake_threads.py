"""The main thread of the stand-in for Nuke, and what other threads may ask of it."""

from __future__ import annotations

import gc
import threading

import pytest

from tests.nuke.fake import FakeNuke


@pytest.fixture
def host():
    made = FakeNuke()
    yield made
    made.main.close()


@pytest.fixture
def nuke(host):
    return host.module


def in_thread(function):
    caught: list[BaseException] = []

    def run():
        try:
            function()
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, caught


def test_a_knob_set_in_another_thread_raises_and_is_kept(nuke, host):
    node = nuke.nodes.FrameHold()
    thread, caught = in_thread(lambda: node["firstFrame"].setValue(5))
    thread.join()
    assert isinstance(caught[0], RuntimeError) and "firstFrame" in host.offences[0]


def test_with_result_waits_for_the_main_thread(nuke, host):
    node, got = nuke.nodes.FrameHold(name="Hold"), []
    thread, _ = in_thread(lambda: got.append(nuke.executeInMainThreadWithResult(node.name)))
    host.pump(lambda: not thread.is_alive())
    assert got == ["Hold"]


def test_with_result_swallows_exceptions(nuke, host, capsys):
    got = []
    thread, caught = in_thread(lambda: got.append(nuke.executeInMainThreadWithResult(lambda: 1 / 0)))
    host.pump(lambda: not thread.is_alive())
    assert got == [None] and not caught
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_with_result_in_the_main_thread_is_an_offence(nuke, host):
    with pytest.raises(RuntimeError):
        nuke.executeInMainThreadWithResult(lambda: 1)
    assert host.offences


def test_a_terminal_never_answers_other_threads():
    host = FakeNuke(gui=False)
    for ask in (host.module.executeInMainThread, host.module.executeInMainThreadWithResult):
        thread, caught = in_thread(lambda ask=ask: ask(lambda: 1))
        thread.join()
        assert isinstance(caught[0], RuntimeError)
    assert len(host.offences) == 2


def test_a_dialog_while_another_thread_waits_is_an_offence(nuke, host, capsys):
    thread, _ = in_thread(lambda: nuke.executeInMainThreadWithResult(nuke.message, ("hello",)))
    host.pump(lambda: not thread.is_alive())
    assert host.offences and not host.said


def test_a_progress_bar_closes_with_its_object(nuke, host):
    task = nuke.ProgressTask("busy")
    task.setProgress(50)
    host.bars.cancel_when = lambda percentage, message: percentage >= 50
    assert task.isCancelled() and host.bars.open == 1
    del task
    gc.collect()
    assert host.bars.open == 0
