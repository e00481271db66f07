"""The host's end of the worker, against small programs that behave well, badly, and not at all."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from matteline.contract.client import WorkerClient, follow
from matteline.contract.errors import WorkerError
from matteline.contract.job import Job
from matteline.contract.wire import PROTOCOL
from tests.waiting import PATIENCE_SECONDS, wait_until

from .interpreters import interpreters

CORE = Path(__file__).parent.parent.parent / "core"

PREAMBLE = f"""
import json, os, signal, subprocess, sys, time
def say(**message): print(json.dumps(message), flush=True)
def hello(**more):
    say(**{{"event": "hello", "protocol": {PROTOCOL}, "job": 1, "matteline": "9.9", **more}})
def ask(): return json.loads(sys.stdin.readline() or "null")
"""

Start = Callable[..., WorkerClient]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a client of a program in Python; afterwards neither process nor thread may be left."""
    clients: list[WorkerClient] = []

    def begin(script: str, **options: object) -> WorkerClient:
        command = [sys.executable, "-c", PREAMBLE + textwrap.dedent(script)]
        clients.append(WorkerClient(command, environ=os.environ, **options))
        return clients[-1]

    threads, processes = set(threading.enumerate()), set(psutil.Process().children(recursive=True))
    yield begin
    for client in clients:
        client.close(timeout_seconds=1)
    assert set(threading.enumerate()) <= threads
    assert set(psutil.Process().children(recursive=True)) <= processes


def failure(client: WorkerClient) -> WorkerError:
    """Poll until the client raises."""

    def attempt() -> WorkerError | None:
        try:
            client.poll()
        except WorkerError as error:
            return error
        return None

    found = wait_until(attempt)
    assert isinstance(found, WorkerError)
    return found


@pytest.mark.skipif(os.name == "nt", reason="select on a pipe")
def test_requests_are_held_back_until_the_worker_says_hello(start):
    client = start(
        """
        import select
        time.sleep(0.3)
        early = bool(select.select([sys.stdin], [], [], 0)[0])
        hello()
        say(id=ask()["id"], event="heard", early=early, last=True)
        ask()
        """
    )
    number = client.send("check")
    assert client.hello is None
    (answer,) = follow(client, number)
    assert answer["early"] is False
    assert client.hello["matteline"] == "9.9"


def test_every_request_has_its_own_id_and_hears_only_its_own_answers(start):
    client = start(
        """
        hello()
        first, second = ask(), ask()
        say(id=second["id"], event="done", request=second["request"], last=True)
        say(id=first["id"], event="done", request=first["request"], last=True)
        ask()
        """
    )
    first, second = client.send("check"), client.send("dance")
    assert [message["request"] for message in follow(client, first)] == ["check"]
    assert [message["request"] for message in follow(client, second)] == ["dance"]


def test_a_job_reaches_the_worker_as_it_was_whatever_its_names(start):
    client = start(
        "hello(); request = ask(); say(id=request['id'], event='echo', job=request['job'], last=True); ask()"
    )
    odd = "/shots/\udcff not unicode"
    job = Job(plate=odd, output="/Übung/出力 folder")
    (answer,) = follow(client, client.render(job))
    assert (answer["job"]["plate"], answer["job"]["output"]) == (odd, "/Übung/出力 folder")


def test_polling_never_waits_for_a_worker_that_says_nothing(start):
    client = start("sys.stdin.read()")  # to its end, which comes when the client is closed
    client.send("check")
    assert client.poll() == []
    assert client.alive


def test_sending_never_waits_for_a_worker_that_does_not_read(start):
    client = start("hello(); time.sleep(600)")
    wait_until(lambda: client.poll() == [] and client.hello)
    client.send("render", job={"plate": "x" * 4_000_000})
    assert client.alive


def test_a_worker_that_logs_much_does_not_stall(start):
    client = start(
        """
        hello()
        number = ask()["id"]
        for line in range(20_000):
            print("chatter", line, file=sys.stderr)
        say(id=number, event="done", last=True)
        ask()
        """
    )
    assert [message["event"] for message in follow(client, client.send("check"))] == ["done"]


def test_garbage_on_standard_output_is_kept_in_the_log_and_nowhere_else(start, tmp_path):
    log = tmp_path / "worker.log"
    client = start(
        """
        print("libfoo 1.2 loaded")
        hello()
        number = ask()["id"]
        print("[1, 2]")
        print("{broken")
        os.write(1, b"\\xff\\xfe\\n" + b"x" * 3_000_000 + b"\\n\\n")
        say(id=number, event="done", last=True)
        ask()
        """,
        log_file=str(log),
    )
    assert [message["event"] for message in follow(client, client.send("check"))] == ["done"]
    client.close()
    kept = log.read_text(encoding="utf-8")
    assert "libfoo 1.2 loaded" in kept and "{broken" in kept and len(kept) < 2_000


@pytest.mark.parametrize(
    ("hello", "older"),
    [
        (f"hello(protocol={PROTOCOL - 1})", "Update matteline,"),
        (f"hello(protocol={PROTOCOL + 1})", "Update this plug-in,"),
        ("hello(job=99)", "Update this plug-in,"),
    ],
)
def test_a_worker_of_another_protocol_is_refused_and_the_side_to_update_is_named(start, hello, older):
    client = start(f"{hello}; ask()")
    with contextlib.suppress(WorkerError):  # where its hello is quick, the request is refused already
        client.send("check")
    error = failure(client)
    assert "matteline 9.9 speaks" in error.message
    assert error.hint.startswith(older)
    assert not client.alive


@pytest.mark.slow
def test_a_program_that_never_says_hello_is_refused(start, tmp_path):
    log = tmp_path / "worker.log"
    client = start(
        "print('welcome', file=sys.stderr, flush=True); time.sleep(600)",
        greeting_seconds=1,
        log_file=str(log),
    )
    wait_until(lambda: log.exists() and "welcome" in log.read_text())
    error = failure(client)
    assert "says nothing" in error.message
    assert "welcome" in error.hint


def test_a_worker_that_ends_before_hello_costs_one_sentence_with_the_end_of_its_log(start):
    error = failure(start("sys.exit('No such command: worker')"))
    assert error.message == "The matteline worker ended by itself before it was ready: exit code 1."
    assert error.code == 1
    assert error.hint.endswith("No such command: worker")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_killed_worker_costs_one_sentence_with_the_end_of_its_log(start, tmp_path):
    log = tmp_path / "worker.log"
    client = start(
        "hello(); print('frame 7 is hard', file=sys.stderr, flush=True); ask(); os.kill(os.getpid(), 9)",
        log_file=str(log),
    )
    client.send("render", job={})
    error = failure(client)
    assert "ended by itself during 'render': it was killed" in error.message
    assert error.code == -9
    assert "frame 7 is hard" in error.hint and str(log) in error.hint


def test_what_a_worker_said_before_it_ended_is_heard_first(start):
    client = start("hello(); number = ask()['id']; say(id=number, event='frame'); sys.exit(3)")
    number = client.send("render", job={})
    heard = []
    with pytest.raises(WorkerError, match="exit code 3"):
        for message in follow(client, number):
            heard.append(message["event"])
    assert heard == ["frame"]


def test_a_worker_that_leaves_a_request_unanswered_failed_even_with_exit_code_zero(start):
    client = start("hello(); ask()")
    number = client.send("render", job={})
    with pytest.raises(WorkerError, match="exit code 0"):
        list(follow(client, number))
    with pytest.raises(WorkerError):
        client.send("check")


def test_only_the_last_lines_of_a_long_log_are_told(start):
    client = start("[print('line', n, file=sys.stderr) for n in range(500)]; sys.exit(1)")
    hint = failure(client).hint
    assert "line 499" in hint and "line 400" not in hint


@pytest.mark.parametrize("program", ["/no/such/matteline", str(Path(__file__).parent)])
def test_a_program_that_cannot_be_started_costs_one_sentence(program):
    with pytest.raises(WorkerError, match="cannot be started") as caught:
        WorkerClient([program, "worker"], environ=os.environ)
    assert program in caught.value.message and caught.value.hint


def test_cancelling_names_the_request_and_only_an_open_one(start):
    client = start(
        """
        hello()
        first, second = ask(), ask()
        say(id=first["id"], event="done", last=True)
        cancel = ask()
        say(id=cancel["id"], event="cancelled", request=cancel["request"], last=True)
        ask()
        """
    )
    first, second = client.send("check"), client.send("render", job={})
    list(follow(client, first))
    client.cancel(first)
    client.cancel(second)
    (answer,) = follow(client, second)
    assert (answer["request"], answer["event"]) == ("cancel", "cancelled")


def test_leaving_follow_early_cancels_the_request(start):
    client = start(
        """
        hello()
        number = ask()["id"]
        say(id=number, event="frame")
        assert ask()["request"] == "cancel"
        say(id=number, event="cancelled", last=True)
        ask()
        """
    )
    number = client.send("render", job={})
    messages = follow(client, number)
    assert next(messages)["event"] == "frame"
    messages.close()
    (answer,) = wait_until(lambda: client.poll(number))
    assert answer["event"] == "cancelled"


@pytest.mark.slow
def test_a_worker_that_is_asked_to_leave_leaves(start):
    client = start("hello(); assert ask() == {'request': 'quit'}; time.sleep(0.5); sys.exit(7)")
    wait_until(lambda: client.poll() == [] and client.hello)
    client.close(timeout_seconds=PATIENCE_SECONDS)
    assert client._process.exit_code == 7, "it left by itself and was not made to"
    with pytest.raises(WorkerError, match="was closed"):
        client.poll()


def test_closing_twice_is_closing_once(start):
    client = start("hello(); ask()")
    client.close()
    client.close()
    assert not client.alive


@pytest.mark.slow
@pytest.mark.parametrize("said", ["", "hello(); "])
def test_a_worker_that_will_not_leave_is_made_to(start, said):
    client = start(f"signal.signal(signal.SIGTERM, signal.SIG_IGN); {said}time.sleep(600)")
    time.sleep(0.3)
    client.close(timeout_seconds=0.2)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX process groups")
@pytest.mark.parametrize("end", ["sys.exit(0)", "time.sleep(600)"])
def test_what_a_worker_started_goes_with_it(start, tmp_path, end):
    pid_file = tmp_path / "pid"
    client = start(
        f"""
        hello()
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open({str(pid_file)!r}, "w").write(str(child.pid))
        ask()
        {end}
        """
    )
    wait_until(lambda: client.poll() == [] and pid_file.exists() and pid_file.read_text())
    client.close(timeout_seconds=0.5)
    wait_until(lambda: not psutil.pid_exists(int(pid_file.read_text())))


def test_the_worker_gets_a_clean_environment_and_the_given_folder(start, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONHOME", "/opt/host/python")
    client = start(
        """
        hello()
        say(id=ask()["id"], event="seen", home=os.environ.get("PYTHONHOME"), cwd=os.getcwd(), last=True)
        ask()
        """,
        cwd=str(tmp_path),
    )
    (answer,) = follow(client, client.send("check"))
    assert (answer["home"], answer["cwd"]) == (None, str(tmp_path))


@pytest.mark.skipif(os.name == "nt", reason="POSIX sessions")
def test_the_worker_does_not_hear_the_hosts_interrupt_key(start):
    client = start("hello(group=os.getpgid(0)); ask()")
    wait_until(lambda: client.poll() == [] and client.hello)
    assert client.hello["group"] != os.getpgid(0)


def test_a_log_that_cannot_be_kept_is_no_reason_to_fail(start, tmp_path):
    client = start(
        "hello(); say(id=ask()['id'], event='done', last=True)", log_file=str(tmp_path / "no" / "log")
    )
    assert [message["event"] for message in follow(client, client.send("check"))] == ["done"]


ROUND_TRIP = """
import os, sys
sys.path.insert(0, {core!r})
before = set(sys.modules)
from matteline.contract.client import WorkerClient, follow
from matteline.contract.job import Job
from matteline.contract.launch import clean_environment, find_worker, standard_places
worker = "import sys; print('{{\\"event\\":\\"hello\\",\\"protocol\\":{protocol},\\"job\\":1}}', flush=True);" \\
    "print('{{\\"id\\":1,\\"event\\":\\"done\\",\\"last\\":true}}', flush=True); sys.stdin.read()"
with WorkerClient([sys.executable, "-c", worker], environ=os.environ) as client:
    print([each["event"] for each in follow(client, client.render(Job("a.mov", "out")))])
try:
    find_worker({{"PATH": ""}}, chosen="/no/such/place")
except Exception as error:
    print(type(error).__name__)
foreign = {{name.partition(".")[0] for name in set(sys.modules) - before}} - {{"matteline"}}
known = getattr(sys, "stdlib_module_names", foreign)
print(sorted(name for name in foreign if name not in known))
"""


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])
def test_the_client_runs_on_every_hosts_python_with_the_standard_library_alone(version):
    found = interpreters().get(version)
    if found is None:
        pytest.skip(f"no Python {version} on this machine")
    command = [
        found,
        "-B",
        "-W",
        "error",
        "-X",
        "dev",
        "-I",
        "-S",
        "-c",
        ROUND_TRIP.format(core=str(CORE), protocol=PROTOCOL),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["['done']", "WorkerError", "[]"]
    assert done.stderr == ""


def test_the_contract_uses_nothing_newer_than_python_3_9():
    contract = CORE / "matteline" / "contract"
    command = [
        sys.executable,
        "-c",
        "import vermin; vermin.main()",
        "--target=3.9-",
        "--no-tips",
        str(contract),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stdout
