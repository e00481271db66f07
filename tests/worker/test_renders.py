"""Real renders through the worker: what hosts hear, what lies on disk, and what stays loaded."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PIL import Image

from matteline import __version__
from matteline.contract.client import follow
from tests.waiting import wait_until

from .conftest import LONG, Message, draw, names, results, up_to

SLOW_WEIGHTS = """
    import os, sys, time
    opened = []
    def slow(event, arguments):
        if event == "open" and str(arguments[0]).endswith(".safetensors"):
            opened.append(event)
            while len(opened) > {quick} and not os.path.exists({there!r}):
                time.sleep(0.01)
    sys.addaudithook(slow)
"""
"""Weights on a slow share: after the first few times, opening them waits until a file is there."""

CHATTER = """
    import ctypes, os, threading, time
    def chatter():
        while not os.path.sameopenfile(1, 2):
            time.sleep(0.001)
        libc = ctypes.cdll.ucrtbase if os.name == "nt" else ctypes.CDLL(None)
        while True:
            os.write(1, b"stray from Python\\n")
            libc.puts(b"stray from C")
            libc.fflush(None)
            time.sleep(0.001)
    threading.Thread(target=chatter, daemon=True).start()
"""
"""A library that prints to standard output all the time, from Python and from C."""


def test_a_check_names_versions_devices_and_the_model(worker, weights_file, weights_folder):
    (checked,) = follow(worker, worker.check())
    assert checked["matteline"] == worker.hello["matteline"] == __version__
    assert "cpu" in [device["name"] for device in checked["devices"]]
    assert Path(checked["model"]["path"]) == weights_folder / weights_file.name
    assert checked["problem"] is None


@pytest.mark.slow
def test_a_check_without_a_model_says_what_is_missing(start, monkeypatch, tmp_path):
    monkeypatch.setenv("MATTELINE_WEIGHTS", str(tmp_path / "none"))
    client = start()
    (checked,) = follow(client, client.check())
    assert checked["model"] is None
    assert checked["problem"]["kind"] == "ModelError"


def test_a_plan_says_what_a_render_would_do_and_does_nothing(worker, plate, job, tmp_path):
    (planned,) = follow(worker, worker.plan(job(plate, frames="1003-1005", write=("alpha",))))
    assert (planned["event"], planned["render"], planned["size"]) == ("plan", "1003-1005", [160, 90])
    assert dict(planned["summary"])["Device"].startswith("cpu")
    assert not (tmp_path / "out").exists()


def test_a_matte_of_another_tool_needs_no_network(worker, plate, job, tmp_path):
    Image.new("L", (160, 90), 128).save(tmp_path / "given.png")
    given = job(
        plate, "given", frames="1003", alpha=str(tmp_path / "given.png"), write=("rgba",), format="png"
    )
    messages = list(follow(worker, worker.render(given)))
    assert names(messages) == ["plan", "started", "frame", "finished"]
    with Image.open(messages[2]["files"][0]) as cut_out:
        assert cut_out.getchannel("A").getextrema() == (128, 128)


def test_a_render_tells_its_story_and_leaves_its_files(worker, plate, job, tmp_path):
    messages = list(follow(worker, worker.render(job(plate, frames="1003-1005", preroll=2))))
    story = [name for name in names(messages) if name != "loading"]
    assert story == ["plan", "started", "preroll", "frame", "finished"]
    frames = [message for message in messages if message["event"] == "frame"]
    assert [message["number"] for message in frames] == [1003, 1004, 1005]
    written = {path for message in frames for path in message["files"]}
    assert written == set(map(str, results(tmp_path / "out")))
    assert [message for message in messages if message.get("last")] == [messages[-1]]


def test_a_first_look_is_told_frame_by_frame(worker, plate, job):
    wanted = job(plate, frames="1003", cuts="auto")
    events = [each for each in follow(worker, worker.render(wanted)) if each["event"] in ("look", "started")]
    assert [each.get("done") for each in events] == [*range(1, 41), None]


def test_names_beyond_ascii_are_only_names(worker, job, tmp_path):
    plate = draw(tmp_path / "schön 日本 %d", range(7, 9))
    *_, finished = follow(worker, worker.render(job(plate, "Übung 出力")))
    assert finished["event"] == "finished"
    assert len(results(tmp_path / "Übung 出力")) == 4


@pytest.mark.parametrize(
    ("request_", "fields", "kind", "code", "where"),
    [
        ("plan", {}, "JobError", 2, {"field": ""}),
        ("plan", {"job": 5}, "JobError", 2, {"field": ""}),
        ("plan", {"job": {"version": 99}}, "JobError", 2, {"field": "version"}),
        ("render", {"job": {"version": 1, "plate": "a"}}, "JobError", 2, {"field": "output"}),
        ("render", {"job": {"version": 1, "plate": "none.mov", "output": "out"}}, "ReadError", 3, None),
    ],
)
def test_a_job_that_cannot_be_done_fails_with_its_kind_and_the_worker_goes_on(
    worker, request_, fields, kind, code, where
):
    for _ in range(2):
        (failed,) = follow(worker, worker.send(request_, **fields))
        assert (failed["event"], failed["kind"], failed["exit_code"]) == ("failed", kind, code)
        assert failed["message"].endswith(".")
        assert where is None or failed["where"] == where


def test_a_frame_that_cannot_be_read_keeps_those_before_it(worker, plate, job, tmp_path):
    (plate / "sh.1006.png").write_bytes((plate / "sh.1006.png").read_bytes()[:5000])
    *_, failed = follow(worker, worker.render(job(plate, write=("alpha",))))
    assert (failed["kind"], failed["where"]["frame"]) == ("ReadError", 1006)
    assert results(tmp_path / "out")[0].name == "sh_alpha.1001.exr"


@pytest.mark.slow
def test_a_second_render_uses_the_model_of_the_first(start, plate, job, weights_file):
    client = start()
    first = list(follow(client, client.render(job(plate, "a", "1001"))))
    second = list(follow(client, client.render(job(plate, "b", "1001"))))
    third = list(follow(client, client.render(job(plate, "c", "1001", refiner="fast"))))
    assert ["loading" in names(each) for each in (first, second, third)] == [True, False, True]
    (checked,) = follow(client, client.check())
    assert checked["loaded"] == weights_file.stem


@pytest.mark.slow
def test_pixels_do_not_depend_on_whether_the_model_was_loaded_already(worker, plate, job, tmp_path):
    for output in ("a", "b"):
        *_, finished = follow(worker, worker.render(job(plate, output, "1001-1004")))
        assert finished["event"] == "finished"
    first, second = (results(tmp_path / output) for output in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.slow
def test_an_idle_worker_lets_the_model_go_and_loads_it_again_when_asked(start, plate, job):
    client = start("--idle-seconds", "0.2")
    list(follow(client, client.render(job(plate, "a", "1001"))))
    wait_until(lambda: not next(iter(follow(client, client.check())))["loaded"])
    again = list(follow(client, client.render(job(plate, "b", "1001"))))
    assert "loading" in names(again) and again[-1]["event"] == "finished"


@pytest.mark.slow
def test_renders_run_one_after_the_other(worker, plate, job):
    first, second = (worker.render(job(plate, output, "1001-1003")) for output in ("a", "b"))
    heard: list[Message] = []
    while len([message for message in heard if message.get("last")]) < 2:
        heard += worker.poll()
        time.sleep(0.01)
    numbers = [message["id"] for message in heard]
    assert numbers == sorted(numbers) and set(numbers) == {first, second}
    assert [message["event"] for message in heard if message.get("last")] == ["finished", "finished"]


@pytest.mark.slow
def test_a_plan_is_answered_while_a_render_runs(worker, plate, long_plate, job):
    request = worker.render(job(long_plate, "a"))
    render = follow(worker, request)
    up_to("frame", render)
    (planned,) = follow(worker, worker.plan(job(plate, "b")))
    assert planned["event"] == "plan"
    worker.cancel(request)
    assert names(list(render))[-1] == "cancelled", "the render was not done when the plan came"


@pytest.mark.slow
def test_a_render_cancelled_at_work_leaves_whole_frames_and_soon_stops(worker, long_plate, job, tmp_path):
    request = worker.render(job(long_plate))
    render = follow(worker, request)
    up_to("frame", render)
    worker.cancel(request)
    assert names(list(render))[-1] == "cancelled"
    at_rest = results(tmp_path / "out")
    assert 2 <= len(at_rest) < 2 * LONG / 4
    assert not [path for path in tmp_path.rglob("*") if ".tmp" in path.name]
    time.sleep(0.3)
    assert results(tmp_path / "out") == at_rest


@pytest.mark.slow
def test_a_cancel_before_the_first_frame_is_not_kept_waiting_for_it(worker, long_plate, job, tmp_path):
    list(follow(worker, worker.render(job(long_plate, "warm", "1001"))))
    request = worker.render(job(long_plate, frames="1901-1910", preroll=900))
    render = follow(worker, request)
    up_to("started", render)
    worker.cancel(request)
    assert names(list(render))[-1] == "cancelled"
    assert results(tmp_path / "out") == []


# A plan opens the weights once, to look at them; loading them is the second time.
@pytest.mark.slow
@pytest.mark.parametrize(("stage", "quick"), [("", 0), ("plan", 1), ("loading", 1)])
def test_a_cancel_while_the_model_loads_is_answered_at_once_and_nothing_is_written(
    start, plate, job, tmp_path, stage, quick
):
    loads = tmp_path / "loads"
    client = start(before=SLOW_WEIGHTS.format(quick=quick, there=str(loads)))
    request = client.render(job(plate))
    render = follow(client, request)
    if stage:
        up_to(stage, render)
    client.cancel(request)
    assert names(list(render)) in (["cancelled"], ["loading", "cancelled"])
    loads.touch()
    *_, finished = follow(client, client.render(job(plate, "b", "1001")))
    assert finished["event"] == "finished"
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_render_that_waits_is_cancelled_at_once(worker, plate, long_plate, job, tmp_path):
    first = worker.render(job(long_plate, "a"))
    second = worker.render(job(plate, "b"))
    running = follow(worker, first)
    up_to("frame", running)
    worker.cancel(second)
    assert names(list(follow(worker, second))) == ["cancelled"]
    worker.cancel(first)
    assert names(list(running))[-1] == "cancelled", "the first was at work all the time"
    assert not (tmp_path / "b").exists()


@pytest.mark.slow
def test_stray_prints_do_not_break_the_protocol(start, plate, job, tmp_path):
    client = start(before=CHATTER)
    messages = list(follow(client, client.render(job(plate, frames="1001-1010"))))
    assert names(messages) == ["plan", "loading", "started", "frame", "finished"]
    client.close()
    log = (tmp_path / "worker.log").read_text()
    assert log.count("stray from Python") > 20 and log.count("stray from C") > 20
    assert "on standard output" not in log
