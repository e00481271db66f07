"""Tickets and submissions for engines, and what the engines' own tools need."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.farm.submission import Submission
from matteline.farm.ticket import Ticket

MATTELINE = (sys.executable, "-m", "matteline")
"""How the workers of these tests call matteline."""

HOSTILE = (
    "a shot",
    'say "cut"',
    "it's",
    "schön 日本",
    "100%d %s",
    "{{Param.JobName}}",
    "$(touch owned); touch owned",
    "`touch owned` & touch owned | x",
    "two\nlines",
    "-frames",
    "{jobs}",
    "#FRAME_START#",
    "<STARTFRAME>",
    "a\\b",
    "</cmd><x/>",
)
"""Names that some engine's syntax gives a meaning to."""

Submit = Callable[..., Submission]


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., tuple[Ticket, Path]]:
    """Write the ticket of a clip that need not exist, in a folder of its own: ticket and folder."""

    def make(name: str = "sh010", frames: str = "1001-1020", *, within: str = "", **values: Any):
        folder = tmp_path / "farm" / (within or name)
        folder.mkdir(parents=True)
        output = str(tmp_path / "mattes" / name)
        job = Job(str(tmp_path / "plate" / "sh010.####.png"), output, FrameSet.parse(frames))
        ticket = Ticket(job, name, **{"chunk_frames": 8, **values})
        ticket.write(folder)
        return ticket, folder

    return make


def submission(engine: str, *clips: tuple[Ticket, Path], **values: Any) -> Submission:
    """The clips on their way to an engine whose workers run this very matteline."""
    tickets, folders = zip(*clips, strict=True)
    return Submission(engine, tickets, folders, **{"batch_name": "sh010 mattes", "command": MATTELINE, **values})


def no_host(message: str) -> None:
    """Skip, saying why; fail instead where hosts are required."""
    if os.environ.get("REQUIRE_HOST") == "1":
        pytest.fail(message)
    pytest.skip(message)


class Recorder:
    """A command in the place of matteline's that keeps what it was called with."""

    def __init__(self, log: Path, failures: int = 0) -> None:
        self._log = log
        self.command = (sys.executable, str(Path(__file__).with_name("recorder.py")), str(log), str(failures))

    def calls(self) -> list[list[str]]:
        """The arguments of each call, in order."""
        return [json.loads(line) for line in self._log.read_text("utf-8").splitlines()] if self._log.exists() else []


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path / "calls.jsonl")
