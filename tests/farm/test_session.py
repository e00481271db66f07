"""A session keeps the model for many chunks, and nothing is lost without one."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from matteline.contract.errors import MattelineError
from matteline.worker.model_client import SessionUnreachable, ask
from tests.waiting import PATIENCE_SECONDS, wait_until

from .conftest import matteline

pytestmark = pytest.mark.slow


@pytest.fixture
def session(tmp_path):
    file = tmp_path / "matteline.session"
    started = matteline("farm", "session", "start", "--file", file)
    assert started.returncode == 0, started.stderr
    yield file
    matteline("farm", "session", "stop", "--file", file)


def test_a_session_renders_chunks_one_after_another_and_ends_when_told(farm, session, tmp_path):
    whole = farm.whole(tmp_path / "whole")
    one = farm.submit()
    if os.name != "nt":
        assert stat.S_IMODE(session.stat().st_mode) == 0o600
    pid = json.loads(session.read_text())["pid"]
    rolled = list(ask(session, _request(one, "states", "1001-1030")))
    assert rolled[-1]["event"] == "finished"
    for frames in ("1017-1030", "1001-1016"):
        done = matteline(
            "farm", "chunk", "--farm-job", one.folder, f"--frames={frames}", "--session", session
        )
        assert done.returncode == 0, done.stderr
        assert "Loading the model here" not in done.stdout
    assert farm.results == whole
    assert "Session ended." in matteline("farm", "session", "stop", "--file", session).stdout
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=PATIENCE_SECONDS)
    assert not psutil.pid_exists(pid)
    assert not session.exists()
    assert not list(tmp_path.rglob("*.sock"))


def test_who_asks_a_session_loads_neither_torch_nor_openimageio(farm, session):
    one = farm.submit()
    asked = _imports("chunk", "--farm-job", one.folder, "--frames=1001-1002", "--session", session)
    ended = _imports("session", "stop", "--file", session)
    assert len(farm.results) == 4
    assert "matteline.worker.model_client" in asked & ended
    assert not (asked | ended) & {"torch", "OpenImageIO", "numpy", "av"}


def _imports(*arguments: object) -> set[str]:
    """The modules that `matteline farm` loads."""
    command = [sys.executable, "-X", "importtime", "-m", "matteline", "farm", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr
    assert "Loading the model here" not in done.stdout
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}


def test_what_a_session_refuses_is_refused_with_its_code(farm, session):
    one = farm.submit()
    (farm.plate / "sh010.1020.png").write_bytes((farm.plate / "sh010.1019.png").read_bytes())
    done = matteline("farm", "chunk", "--farm-job", one.folder, "--frames=1001-1002", "--session", session)
    assert done.returncode == 6
    assert "another plate" in done.stderr
    with pytest.raises(MattelineError, match="another plate"):
        list(ask(session, _request(one, "states", "1001-1030")))


def test_without_a_session_a_chunk_loads_the_model_by_itself(farm, tmp_path):
    one = farm.submit()
    for said in ("{}", "", '{"address": "/nowhere", "key": "00"}'):
        (tmp_path / "old.session").write_text(said)
        with pytest.raises(SessionUnreachable):
            list(ask(tmp_path / "old.session", _request(one, "chunk", "1001")))
    done = matteline(
        "farm", "chunk", "--farm-job", one.folder, "--frames=1001", "--session", tmp_path / "none.session"
    )
    assert done.returncode == 0, done.stderr
    assert "Loading the model here" in done.stdout
    assert len(farm.results) == 2


def test_a_session_that_dies_on_the_way_costs_no_frame(farm, session, tmp_path):
    whole = farm.whole(tmp_path / "whole")
    one = farm.submit()
    farm.save_states(one)
    process = _begun(one, session)
    wait_until(lambda: len(farm.results) > 3)
    psutil.Process(json.loads(session.read_text())["pid"]).kill()
    out, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, errors
    assert "the session ended" in out and "are there already" in out
    assert farm.results == whole


def test_a_chunk_that_is_given_up_frees_the_session(farm, session):
    one = farm.submit()
    farm.save_states(one)
    process = _begun(one, session)
    wait_until(lambda: len(farm.results) > 3)
    process.terminate()
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode in (143, -15)
    done = list(ask(session, _request(one, "chunk", "1001")))
    assert done[-1]["event"] == "finished"
    assert len(farm.results) < 60


def test_a_session_that_nobody_asks_ends_by_itself(tmp_path):
    file = tmp_path / "idle.session"
    command = [sys.executable, "-m", "matteline", "farm", "session", "serve"]
    done = subprocess.run([*command, "--file", file, "--idle-seconds", "0.5"], timeout=PATIENCE_SECONDS)
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def _begun(one, session: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "matteline",
        "farm",
        "chunk",
        "--farm-job",
        one.folder,
        "--frames=1001-1030",
    ]
    return subprocess.Popen(
        [*map(str, command), "--session", str(session)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _request(one, verb: str, frames: str) -> dict[str, object]:
    return {"request": verb, "farm_job": str(one.folder), "frames": frames, "device": "", "overwrite": False}
