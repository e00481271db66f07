"""How a worker ends: asked to, killed, crashed, or left behind by its host."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from matteline.contract.client import follow
from matteline.contract.errors import WorkerError
from tests.waiting import PATIENCE_SECONDS

from .conftest import LONG, gone, names, results, up_to, worker_command

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def whenever(event: str, name: str, do: str) -> str:
    """Python that does something each time the process opens or renames a file of that name."""
    return f"""
        import ctypes, sys, time
        bugs = [KeyError("gremlin")]
        def hook(event, arguments):
            if event == {event!r} and any({name!r} in str(each) for each in arguments):
                {do}
        sys.addaudithook(hook)
    """


STUCK_IN_LOADING = whenever("open", ".safetensors", "time.sleep(600)")
STUCK_IN_WRITING = whenever("os.rename", ".exr", "time.sleep(600)")
BUG = whenever("open", ".safetensors", "if bugs: raise bugs.pop()")
CRASH = whenever("os.rename", ".exr", "ctypes.string_at(0)")

HOST = """
import os, sys, time
from matteline.contract.client import WorkerClient
from matteline.contract.job import Job
client = WorkerClient({command!r}, environ=os.environ)
render = client.render(Job.from_json({job!r}))
while client.hello is None:
    assert client.poll() == []
print(client.hello["pid"], "hello", flush=True)
while True:
    for message in client.poll():
        print(client.hello["pid"], message["event"], flush=True)
    time.sleep(0.01)
"""


@pytest.mark.slow
def test_a_worker_that_is_closed_at_work_leaves_whole_frames_and_exit_code_zero(
    start, long_plate, job, tmp_path
):
    client = start()
    render = follow(client, client.render(job(long_plate)))
    up_to("frame", render)
    process = psutil.Process(client.hello["pid"])
    client.close(timeout_seconds=PATIENCE_SECONDS)
    assert not process.is_running()
    assert 2 <= len(results(tmp_path / "out")) < 2 * LONG


@pytest.mark.slow
@pytest.mark.parametrize("until", [b'"plan"', b'"frame"'])
def test_the_end_of_its_input_ends_a_worker_at_work_with_exit_code_zero(long_plate, job, tmp_path, until):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(worker_command(), **pipes) as process:
        request = {"id": 1, "request": "render", "job": json.loads(job(long_plate).to_json())}
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        while until not in process.stdout.readline():
            pass
        process.stdin.close()
        assert process.wait(PATIENCE_SECONDS) == 0
    assert len(results(tmp_path / "out")) < 2 * LONG
    assert not [path for path in tmp_path.rglob("*") if ".tmp" in path.name]


@pytest.mark.slow
@posix
def test_a_killed_worker_is_one_sentence_and_leaves_whole_frames(start, long_plate, job, tmp_path):
    client = start()
    render = follow(client, client.render(job(long_plate)))
    up_to("frame", render)
    os.kill(client.hello["pid"], signal.SIGKILL)
    with pytest.raises(WorkerError, match="ended by itself during 'render': it was killed") as caught:
        list(render)
    assert caught.value.code == -signal.SIGKILL
    names_left = [path.name for path in (tmp_path / "out").rglob("*.exr") if ".tmp" not in path.name]
    assert 2 <= len(names_left) < 2 * LONG
    for path in (tmp_path / "out").rglob("*.tmp*"):
        path.unlink()
    results(tmp_path / "out")


@pytest.mark.slow
@posix
def test_a_native_crash_leaves_its_stack_in_the_sentences_log(start, plate, job):
    client = start(before=CRASH)
    with pytest.raises(WorkerError, match="signal 11") as caught:
        list(follow(client, client.render(job(plate))))
    assert "Segmentation fault" in caught.value.hint


@pytest.mark.slow
def test_a_bug_costs_its_request_and_not_the_worker(start, plate, job, tmp_path):
    client = start(before=BUG)
    (failed,) = follow(client, client.render(job(plate, frames="1001")))
    assert (failed["kind"], failed["exit_code"]) == ("InternalError", 1)
    assert "KeyError: 'gremlin'" in failed["message"]
    *_, finished = follow(client, client.render(job(plate, frames="1001")))
    assert finished["event"] == "finished"
    client.close()
    assert "Traceback" in (tmp_path / "worker.log").read_text()


@posix
@pytest.mark.parametrize(
    ("before", "event"),
    [("", "frame"), (STUCK_IN_LOADING, "hello"), (STUCK_IN_WRITING, "started")],
    ids=["at work", "stuck in loading", "stuck in writing"],
)
def test_a_worker_does_not_outlive_its_host(long_plate, job, tmp_path, before, event):
    command = worker_command(before=before)
    script = HOST.format(command=command, job=job(long_plate).to_json())
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as host:
        worker = _worker_of(host, event)
        time.sleep(0.5)
        host.kill()
        assert gone(worker)
    assert len(results(tmp_path / "out")) < 2 * LONG


def _worker_of(host: subprocess.Popen[str], event: str) -> int:
    """The worker's process id, once it has come as far as the event."""
    for line in host.stdout:
        number, name = line.split()
        if name == event:
            return int(number)
    raise AssertionError("the host ended")


@pytest.mark.slow
@posix
def test_a_signal_at_work_leaves_whole_frames(start, long_plate, job, tmp_path):
    client = start()
    render = follow(client, client.render(job(long_plate)))
    up_to("frame", render)
    os.kill(client.hello["pid"], signal.SIGTERM)
    assert names(list(render))[-1] == "cancelled"
    with pytest.raises(WorkerError) as caught:
        list(follow(client, client.check()))
    assert caught.value.code == 143
    assert len(results(tmp_path / "out")) < 2 * LONG
