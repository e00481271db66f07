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
from matteline.farm.engines.engine_limits import refuse_setting, refuse_text
from matteline.farm.engines.shot_tasks import ShotTasks, plain, tasks_of
from matteline.farm.engines.tools import refusal, write_text

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

JOB_TYPE = "matteline-render"
SCRIPT = "matteline_render.js"
"""The manager names a job type after its file, with `-` for `_`."""

ANSWER_SECONDS = 30
# What answers at a wrong address may send anything, and must not fill the memory.
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
        shots = tasks_of(submission)
        # Not the program: it may be a variable of the manager's.
        texts = [*submission.command[1:], *(each.file_on_workers for each in shots)]
        refuse_text("Flamenco", texts, _VARIABLE, "a variable")
        for setting, value, why in (
            ("after", submission.after, "has no dependencies between jobs"),
            ("target_seconds", submission.farm.target_seconds, "does not fit tasks to a time"),
            (
                "timeout_minutes",
                submission.farm.timeout_minutes,
                "has one timeout for all, set in the manager",
            ),
        ):
            refuse_setting("Flamenco", setting, value, why)
        script = write_text(folder / SCRIPT, job_type())
        jobs = [write_text(_path(folder, each), self._job_json(submission, each)) for each in shots]
        return (script, *jobs)

    def submit(self, submission: Submission, folder: Path) -> tuple[str, ...]:
        """Post each shot to the manager; return the jobs' ids."""
        parts = urllib.parse.urlsplit(self.address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise JobError(
                f"'{self.address}' is not the address of a Flamenco manager.",
                field="address",
                hint="Give the option address, such as http://farm.studio:8080.",
            )
        # Before the first post, so that the sentence can name the remedy and nothing of the batch has been sent.
        self._check_job_type()
        tag = {"worker_tag": self._tag_id(submission.pool)} if submission.pool else {}
        ids = []
        for shot in tasks_of(submission):
            # Read back rather than made again: what is posted is what a dry run shows.
            path = _path(folder, shot)
            try:
                job = _json_object(path.read_bytes())
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or error
                raise ReadError(f"{path} cannot be read: {reason}.", path=path) from None
            try:
                answer = self._ask("/api/v3/jobs", {**job, **tag})
            except _ManagerRefusal as refused:
                raise refused.as_error() from None
            ids.append(str(answer.get("id") or ""))
        return tuple(ids)

    def _job_json(self, submission: Submission, shot: ShotTasks) -> str:
        settings = {
            "farm_job": shot.file_on_workers,
            "chunks": ",".join(str(each) for each in shot.chunks),
            "first_pass": str(shot.first_pass) if shot.farm_job.needs_first_pass else "",
            "ordered": shot.farm_job.is_chain,
            "command": json.dumps(submission.command),
            "task_type": self.task_type,
        }
        job = {
            "name": shot.name,
            "type": JOB_TYPE,
            "priority": submission.farm.priority,
            "submitter_platform": _PLATFORMS.get(sys.platform, "linux"),
            "settings": settings,
            "metadata": {"project": plain(submission.batch_name)},
        }
        return json.dumps(job, indent=1) + "\n"

    def _check_job_type(self) -> None:
        try:
            self._ask(f"/api/v3/jobs/type/{JOB_TYPE}")
        except _ManagerRefusal as refused:
            if refused.status != 404:
                raise refused.as_error() from None
            raise MattelineError(
                f"The Flamenco manager at {self.address} does not know the job type {JOB_TYPE}.",
                hint=f"Put {SCRIPT}, as it was written, into the folder scripts beside flamenco-manager.",
            ) from None

    def _tag_id(self, name: str) -> str:
        """Return the id of a worker tag, which the manager wants in place of its name."""
        try:
            tags = self._ask("/api/v3/worker-mgt/tags").get("tags") or []
        except _ManagerRefusal as refused:
            raise refused.as_error() from None
        ids = {str(each.get("name")): str(each.get("id")) for each in tags if isinstance(each, dict)}
        if name not in ids:
            raise JobError(
                f"The Flamenco manager has no worker tag '{name}'.",
                field="pool",
                hint=f"It has: {', '.join(sorted(ids))}." if ids else "It has none.",
                settings=("pool",),
            )
        return ids[name]

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the manager's answer to a question, or to something posted.

        Raises:
            _ManagerRefusal: It refuses.
            MattelineError: It cannot be reached, or does not answer as a manager does.
        """
        data = None if body is None else json.dumps(body).encode()
        # Flamenco's interface is described by OpenAPI in its source: pkg/api/flamenco-openapi.yaml.
        request = urllib.request.Request(
            self.address.rstrip("/") + path, data, {"Content-Type": "application/json"}
        )
        # No proxy: the manager is a machine of the studio's own network.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=ANSWER_SECONDS) as response:
                return _json_object(response.read(LONGEST_ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise _ManagerRefusal(error.code, error.read(LONGEST_ANSWER_BYTES)) from None
        except (OSError, ValueError) as error:
            # urllib wraps the system's error in its own.
            reason = getattr(error, "reason", error)
            words = getattr(reason, "strerror", None) or reason
            raise MattelineError(
                f"The Flamenco manager at {self.address} gives no answer: {words}.",
                hint="Check the option address, and that the manager is running.",
            ) from None


class _ManagerRefusal(Exception):
    """A refusal of the manager: its status and its reasons."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body

    def as_error(self) -> MattelineError:
        """Return the refusal as an error for the user."""
        text = self.body.decode("utf-8", "replace")
        # What is no manager refuses with a page of its own, which is then shown as it came.
        with contextlib.suppress(ValueError, KeyError, TypeError):
            text = str(json.loads(text)["message"])
        return refusal("The Flamenco manager", f"HTTP {self.status}", text)


def job_type() -> str:
    """Return the text of the job type's script."""
    # Package data, so that it is there in a zip file too.
    return (resources.files(__package__) / "flamenco_job_type.js").read_text(encoding="utf-8")


def _path(folder: Path, shot: ShotTasks) -> Path:
    return folder / f"{shot.label}.json"


def _json_object(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("the answer is not a JSON object")
    return found
