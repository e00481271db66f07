"""Flamenco: a job type for the manager, and each shot submitted over the manager's HTTP interface."""

from __future__ import annotations

import contextlib
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matteline.contract.errors import JobError, MattelineError, ReadError
from matteline.farm.engines.refusing import refuse_option, refuse_text
from matteline.farm.engines.shots import Shot, plain, shots
from matteline.farm.engines.tools import refusal, write_text

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

JOB_TYPE = "matteline-render"
SCRIPT = "matteline_render.js"
"""The manager names a job type after its file, with `-` for `_`."""

ANSWER_SECONDS = 30
LONGEST_ANSWER_BYTES = 4 << 20
# The manager puts its variables' values in place of these.
_VARIABLE = r"\{[^{}]*\}"
_PLATFORMS = {"win32": "windows", "darwin": "darwin"}


@dataclass(frozen=True)
class Flamenco:
    """Flamenco 3.3 or later. A submission's pool is the worker tag; retries are set in the manager.

    Attributes:
        address: The manager's, such as `http://farm.studio:8080`.
        task_type: Workers that list it in their configuration render the tasks.
    """

    address: str = ""
    task_type: str = "misc"

    def write(self, submission: Submission, folder: Path) -> tuple[Path, ...]:
        """Write the job type, and for each shot the JSON that the manager takes."""
        found = shots(submission)
        texts = [*submission.command[1:], *(each.job_file_on_workers for each in found)]
        refuse_text("Flamenco", texts, _VARIABLE, "a variable")
        refuse_option("Flamenco", submission, "after", "has no dependencies between jobs")
        refuse_option("Flamenco", submission, "target_seconds", "does not fit tasks to a time")
        refuse_option(
            "Flamenco", submission, "timeout_minutes", "has one timeout for all, set in the manager"
        )
        script = write_text(folder / SCRIPT, job_type())
        jobs = [write_text(_path(folder, each), self._job(submission, each)) for each in found]
        return (script, *jobs)

    def submit(self, submission: Submission, folder: Path) -> tuple[str, ...]:
        """Post each shot to the manager; the jobs' ids."""
        _check_address(self.address)
        self._check_job_type()
        tag = {"worker_tag": self._tag(submission.pool)} if submission.pool else {}
        return tuple(self._post(_path(folder, shot), tag) for shot in shots(submission))

    def _job(self, submission: Submission, shot: Shot) -> str:
        settings = {
            "job_file": shot.job_file_on_workers,
            "chunks": ",".join(str(each) for each in shot.chunks),
            "first_pass": str(shot.first_pass) if shot.needs_states else "",
            "ordered": shot.ticket.ordered,
            "command": json.dumps(submission.command),
            "task_type": self.task_type,
        }
        job = {
            "name": shot.name,
            "type": JOB_TYPE,
            "priority": submission.priority,
            "submitter_platform": _PLATFORMS.get(sys.platform, "linux"),
            "settings": settings,
            "metadata": {"project": plain(submission.batch_name)},
        }
        return json.dumps(job, indent=1) + "\n"

    def _check_job_type(self) -> None:
        try:
            self._ask(f"/api/v3/jobs/type/{JOB_TYPE}")
        except _Answer as answer:
            if answer.status != 404:
                raise answer.refusal() from None
            raise MattelineError(
                f"The Flamenco manager at {self.address} does not know the job type {JOB_TYPE}.",
                hint=f"Put {SCRIPT}, as it was written, into the folder scripts beside flamenco-manager.",
            ) from None

    def _tag(self, name: str) -> str:
        try:
            tags = self._ask("/api/v3/worker-mgt/tags").get("tags") or []
        except _Answer as answer:
            raise answer.refusal() from None
        ids = {str(each.get("name")): str(each.get("id")) for each in tags if isinstance(each, dict)}
        if name not in ids:
            raise JobError(
                f"The Flamenco manager has no worker tag '{name}'.",
                field="pool",
                hint=f"It has: {', '.join(sorted(ids))}." if ids else "It has none.",
            )
        return ids[name]

    def _post(self, path: Path, more: dict[str, str]) -> str:
        try:
            answer = self._ask("/api/v3/jobs", {**_read(path), **more})
        except _Answer as refused:
            raise refused.refusal() from None
        return str(answer.get("id") or "")

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The manager's answer to a question, or to something posted.

        Raises:
            _Answer: It refuses.
            MattelineError: It cannot be reached, or does not answer as a manager does.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address.rstrip("/") + path, data, {"Content-Type": "application/json"}
        )
        # No proxy: the manager is a machine of the studio's own network.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=ANSWER_SECONDS) as response:
                return _object(response.read(LONGEST_ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise _Answer(error.code, error.read(LONGEST_ANSWER_BYTES)) from None
        except (OSError, ValueError) as error:
            raise MattelineError(
                f"The Flamenco manager at {self.address} gives no answer: {_reason(error)}.",
                hint="Check the option address, and that the manager is running.",
            ) from None


class _Answer(Exception):
    """A refusal of the manager: its status and what it says."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body

    def refusal(self) -> MattelineError:
        """The refusal in the user's words."""
        text = self.body.decode("utf-8", "replace")
        with contextlib.suppress(ValueError, KeyError, TypeError):
            text = str(json.loads(text)["message"])
        return refusal("The Flamenco manager", f"HTTP {self.status}", text)


def job_type() -> str:
    """The text of the job type's script."""
    return (resources.files(__package__) / "flamenco_job_type.js").read_text(encoding="utf-8")


def _path(folder: Path, shot: Shot) -> Path:
    return folder / f"{shot.label}.json"


def _check_address(address: str) -> None:
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise JobError(
            f"'{address}' is not the address of a Flamenco manager.",
            field="address",
            hint="Give the option address, such as http://farm.studio:8080.",
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        return _object(path.read_bytes())
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror}.", path=path) from None
    except ValueError as error:
        raise ReadError(f"{path} cannot be read: {error}.", path=path) from None


def _object(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("the answer is not a JSON object")
    return found


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason)
