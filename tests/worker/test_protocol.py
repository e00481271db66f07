"""What the worker makes of lines, good and bad, without any engine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from matteline import __version__
from matteline.contract.errors import LONGEST_SENTENCE
from matteline.contract.events import to_dict
from matteline.contract.wire import LONGEST_LINE_BYTES
from tests.waiting import PATIENCE_SECONDS

from .conftest import worker_command

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "protocol.md"


def say(*lines: bytes | dict[str, object], code: int = 0) -> list[dict[str, object]]:
    """Give a worker these lines and the end of its input; all that it answers."""
    data = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    done = subprocess.run(
        worker_command(), input=data, capture_output=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == code, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_worker_greets_with_its_versions_and_ends_with_its_input():
    (hello,) = say()
    assert (hello["event"], hello["protocol"], hello["job"]) == ("hello", 2, 1)
    assert hello["matteline"] == __version__


def test_quit_ends_the_worker_whatever_follows():
    assert len(say({"request": "quit"}, b"never read\n")) == 1


@pytest.mark.parametrize(
    ("line", "number", "sentence"),
    [
        (b"render it, please\n", None, "is not JSON"),
        (b"\xff\xfe\n", None, "is not JSON"),
        (b"[1, 2]\n", None, "is not a JSON object"),
        (b"[" * 100_000 + b"\n", None, "is not JSON"),
        (b'{"id": 1, "request": "' + b"x" * LONGEST_LINE_BYTES + b'"}\n', None, "is longer than"),
        (b'{"id": 1, "request": "ren', None, "is not JSON"),
        (b'{"request": "check"}\n', None, "no id"),
        (b'{"id": true, "request": "check"}\n', None, "no id"),
        (b'{"id": 1.5, "request": "check"}\n', None, "no id"),
        (b'{"id": 5}\n', 5, "no request None"),
        (b'{"id": "five", "request": "dance"}\n', "five", "no request 'dance'"),
        (b'{"id": 5, "request": ["render"]}\n', 5, "no request"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_line_that_is_no_request_is_answered_and_not_died_of(line, number, sentence):
    _, answer = say(line)
    assert sentence in answer["message"]
    assert (answer["id"], answer["event"], answer["kind"]) == (number, "failed", "JobError")
    assert answer["last"] is True


def converse(jobs: list[dict[str, object]]) -> list[dict[str, object]]:
    """Ask one worker to plan some jobs, one after another; the last answer to each."""
    answers = []
    with subprocess.Popen(worker_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        worker.stdout.readline()
        for number, job in enumerate(jobs):
            line = json.dumps({"id": number, "request": "plan", "job": job}) + "\n"
            worker.stdin.write(line.encode())
            worker.stdin.flush()
            answers.append(json.loads(worker.stdout.readline()))
        worker.stdin.close()
    assert worker.returncode == 0
    return answers


@pytest.fixture
def small_job(tmp_path):
    """Make the JSON of a small job with some of its values changed."""
    Image.new("RGB", (64, 48)).save(tmp_path / "p.0001.png")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "fifo")
        os.mkfifo(tmp_path / "fifo.mov")

    def make(settings=None, **values):
        job = {"version": 1, "plate": str(tmp_path / "p.0001.png"), "output": str(tmp_path / "out")}
        words = json.dumps({**job, **values, "settings": {"device": "cpu", **(settings or {})}})
        return json.loads(words.replace("TMP", str(tmp_path)))

    return make


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_or_a_device_in_place_of_a_file_is_refused_and_not_waited_for(small_job):
    named = [{"plate": "TMP/fifo"}, {"plate": "TMP/fifo.mov"}, {"plate": "/dev/zero"}]
    named += [{"settings": {field: "TMP/fifo"}} for field in ("garbage", "holdout", "ocio", "weights")]
    named += [{"settings": {"garbage": "TMP/fifo.mov"}}]
    for values, answer in zip(named, converse([small_job(**each) for each in named]), strict=True):
        assert answer["event"] == "failed", values
        assert answer["kind"] in ("ReadError", "ColourError", "ModelError"), (values, answer)


@pytest.mark.slow
def test_a_value_that_cannot_be_is_refused_in_a_short_sentence(small_job):
    long = "x" * 5000
    given = [{name: long} for name in ("version", "plate", "output", "frames", "first_frame", "existing")]
    given += [{"settings": {name: long}} for name in ("ocio", "weights", "garbage", "network_view")]
    given += [
        {"frames": ",".join(map(str, range(0, 50_000, 2)))},
        {"frames": "9" * 5000},
        {"output": "a\0b"},
        {"plate": "a\0b"},
        {"output": ""},
        {"output": "y" * 300},
        {"plate": "caf\udce9/p.exr"},
        {"settings": {"garbage": "caf\udce9.exr"}},
        {"settings": {"ocio": "caf\udce9.ocio"}},
        {"settings": {"weights": "caf\udce9"}},
        {"settings": {"ocio": "a\0b"}},
        {"settings": {"weights": "a\0b"}},
        {"settings": {"garbage": "a\0b"}},
    ]
    for values, answer in zip(given, converse([small_job(**each) for each in given]), strict=True):
        words = str(values)[:60]
        assert answer["event"] == "failed" and answer["kind"] != "InternalError", (words, answer)
        assert len(answer["message"]) <= LONGEST_SENTENCE, words
        assert max(map(len, answer["hint"].split("\n"))) <= LONGEST_SENTENCE, words


def test_the_worker_goes_on_after_lines_that_are_none():
    answers = say(b"x" * 3 * LONGEST_LINE_BYTES + b"\n", b"\n", b"   \n", {"id": 7, "request": "dance"})
    assert [answer.get("id") for answer in answers] == [None, None, 7]


def test_cancelling_what_is_not_there_is_no_error():
    assert len(say({"id": 3, "request": "cancel"})) == 1


def test_an_id_in_use_is_not_taken_twice():
    answers = say(*[{"id": 3, "request": "plan", "job": {}}] * 2)
    assert any(answer.get("id", 0) is None and "open request" in str(answer["message"]) for answer in answers)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_worker_with_its_code(number, code):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(worker_command(), **pipes) as process:
        process.stdout.readline()
        process.send_signal(number)
        assert process.wait(PATIENCE_SECONDS) == code
        assert b"Traceback" not in process.stderr.read()


def test_starting_the_worker_does_not_wait_for_torch():
    script = (
        "import sys, matteline.cli.worker; print([n for n in ('torch', 'numpy', 'av') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_example_in_the_document_is_a_message():
    examples = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    messages = [json.loads(line) for example in examples for line in example.splitlines()]
    documented = {message["event"] for message in messages if "event" in message}
    rendered = set(to_dict.__globals__["_NAMES"].values())
    networks = {"networks", "fetching", "fetched"}
    answers = {"hello", "checked", "plan", "preview", "loading", "submitted", "people"}
    assert documented == rendered | networks | answers
    assert {message["request"] for message in messages if "request" in message} == {
        "check", "plan", "preview", "render", "people", "states", "chunk", "submit", "networks", "fetch",
        "cancel", "quit",
    }  # fmt: skip
