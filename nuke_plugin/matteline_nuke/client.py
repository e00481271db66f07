"""The worker of this Nuke: started when first needed, shared by all nodes, ended with Nuke."""

from __future__ import annotations

import os
import sys
import time

import nuke

from .contract.client import Message, WorkerClient
from .contract.errors import WorkerError
from .contract.events import error_of
from .contract.launch import find_worker
from .folders import private_folder

VARIABLE = "MATTELINE_WORKER"
CHOICE_FILE = "worker.txt"
# Loading torch from a slow disk takes most of it.
ANSWER_SECONDS = 120.0


def worker_command() -> list[str]:
    """Return the command that starts the worker.

    The environment variable `MATTELINE_WORKER` names it, else the file `worker.txt` in the plug-in's folder,
    else it is looked for in the usual places.

    Raises:
        WorkerError: Nothing that can be run is there.
    """
    choice_file = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), CHOICE_FILE)
    chosen = os.environ.get(VARIABLE) or ""
    try:
        # The file is for everyone who uses the folder, as on a share; the variable is for one of them.
        if not chosen:
            with open(choice_file, encoding="utf-8") as file:
                chosen = file.readline().strip()
    except (OSError, UnicodeDecodeError):
        chosen = ""
    try:
        return find_worker(os.environ, chosen)
    except WorkerError as error:
        raise WorkerError(
            error.message,
            hint=f"Install matteline, or name the program, or the folder of its virtual environment, in the "
            f"environment variable {VARIABLE} or in the file {choice_file}.",
        ) from None


def start_worker(command: list[str]) -> WorkerClient:
    """Start the worker, free of Nuke's own libraries, with its log in the temporary folder.

    Raises:
        WorkerError: It cannot be started.
        WriteError: There is no temporary folder.
    """
    folder = private_folder()
    return WorkerClient(
        command,
        environ=os.environ,
        host_dirs=host_folders(),
        # Not the folder that Nuke was started from: it may be a share that cannot be written.
        cwd=folder,
        log_file=os.path.join(folder, f"worker-{os.getpid()}.log"),
    )


def host_folders() -> list[str]:
    """Return Nuke's own folders, which are kept out of the worker's search paths."""
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
        # Short beside what any answer takes, and long enough to leave the processor alone.
        time.sleep(0.02)
    # Or the answer would come while the next one is waited for.
    client.cancel(number)
    raise WorkerError("The matteline worker does not answer.", hint="Try again; its log may say more.")


def raise_failure(message: Message) -> None:
    """Raise the error that a `failed` message tells of; other messages pass."""
    if message.get("event") == "failed":
        raise error_of(message)
