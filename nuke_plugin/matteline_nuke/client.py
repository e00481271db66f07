"""The worker as this Nuke has it: started when first needed, shared by all nodes, ended with Nuke."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Optional

import nuke

from .contract.client import Message, WorkerClient
from .contract.errors import (
    DeviceError,
    JobError,
    MattelineError,
    ModelError,
    ReadError,
    WorkerError,
    WriteError,
)
from .contract.launch import find_worker
from .folders import private_folder

VARIABLE = "MATTELINE_WORKER"
CHOICE_FILE = "worker.txt"
ANSWER_SECONDS = 120.0

_KINDS: dict[str, type[MattelineError]] = {
    each.__name__: each for each in (DeviceError, JobError, ModelError, ReadError, WriteError)
}


class Door:
    """Holds at most one worker, so that its model stays loaded from one render to the next."""

    def __init__(self) -> None:
        self._client: Optional[WorkerClient] = None
        self._command: list[str] = []

    def client(self) -> WorkerClient:
        """The worker that runs, or a new one where none does or another one was chosen.

        Raises:
            WorkerError: It is not found, or cannot be started.
        """
        command = worker_command()
        if self._client is None or not self._client.alive or command != self._command:
            self.close()
            self._client, self._command = _start(command), command
        return self._client

    @contextmanager
    def asking(self) -> Iterator[WorkerClient]:
        """The worker, for requests; one that cannot be asked is ended, so that the next try starts another.

        Raises:
            WorkerError: As `client` says.
        """
        try:
            yield self.client()
        except WorkerError:
            self.close()
            raise

    def close(self) -> None:
        """End the worker; what it renders is given up, its complete frames stay."""
        if self._client is not None:
            self._client.close()
            self._client = None


def worker_command() -> list[str]:
    """The command that starts the worker.

    The environment variable `MATTELINE_WORKER` names it, else the file `worker.txt` in the plug-in's folder,
    else it is looked for in the usual places.

    Raises:
        WorkerError: Nothing that can be run is there.
    """
    try:
        return find_worker(os.environ, os.environ.get(VARIABLE) or _chosen_for_all())
    except WorkerError as error:
        raise WorkerError(
            error.message,
            hint=f"Install matteline, or name the program, or the folder of its virtual environment, in the "
            f"environment variable {VARIABLE} or in the file {_choice_file()}.",
        ) from None


def host_folders() -> list[str]:
    """Nuke's own folders, to be kept out of the worker's search paths."""
    program = os.path.dirname(str(nuke.env["ExecutablePath"]))
    return [each for each in (program, sys.prefix) if each]


def ask(client: WorkerClient, number: int, *, seconds: float = ANSWER_SECONDS) -> Message:
    """Wait for the last answer to a request.

    Raises:
        MattelineError: The worker refused, failed, or does not answer.
    """
    due = time.monotonic() + seconds
    while time.monotonic() < due:
        for message in client.poll(number):
            raise_failure(message)
            if message.get("last"):
                return message
        time.sleep(0.02)
    client.cancel(number)
    raise WorkerError("The matteline worker does not answer.", hint="Try again; its log may say more.")


def raise_failure(message: Message) -> None:
    """Raise what a `failed` message says, as the error it was in the worker; others pass."""
    if message.get("event") != "failed":
        return
    if message["kind"] == "InternalError":
        # After an error that it did not foresee the worker is not to be trusted with another job.
        raise WorkerError(message["message"], hint=message["hint"])
    where: dict[str, Any] = {name: known for name, known in message["where"].items() if known is not None}
    kind = _KINDS.get(message["kind"])
    if kind is None:
        raise MattelineError(message["message"], hint=message["hint"])
    raise kind(message["message"], hint=message["hint"], **where)


def words_of_check(checked: Message) -> str:
    """What the worker said of itself, for people."""
    model, problem = checked["model"], checked["problem"]
    what = f"model {model['name']}" if model else f"{problem['message']} {problem['hint']}"
    return f"matteline {checked['matteline']}, {checked['device']}, {what}"


def _start(command: list[str]) -> WorkerClient:
    folder = private_folder()
    return WorkerClient(
        command,
        environ=os.environ,
        host_dirs=host_folders(),
        cwd=folder,
        log_file=os.path.join(folder, f"worker-{os.getpid()}.log"),
    )


def _choice_file() -> str:
    return os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), CHOICE_FILE)


def _chosen_for_all() -> str:
    try:
        with open(_choice_file(), encoding="utf-8") as file:
            return file.readline().strip()
    except (OSError, UnicodeDecodeError):
        return ""
