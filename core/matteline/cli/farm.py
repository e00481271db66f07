"""`matteline farm`: shots for a render farm, and the commands that its machines call."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from matteline.cli.farm_lines import TextLines, lines_for
from matteline.cli.farm_submit import submit
from matteline.contract.errors import MattelineError, WorkerError
from matteline.contract.events import to_dict
from matteline.contract.frames import FrameSet

START_SECONDS = 60.0

_PATH = click.Path(path_type=Path)
_FARM_JOB = click.option(
    "--farm-job",
    required=True,
    metavar="FILE",
    type=_PATH,
    help="The shot's farm_job.json, which 'farm submit' has written.",
)
_PATH_RULES = click.option(
    "--path-rules",
    metavar="FILE",
    type=_PATH,
    help="Path mapping rules of an Open Job Description session, for the paths in the farm job.",
)
_SESSION_FILE = click.option(
    "--file",
    required=True,
    metavar="FILE",
    type=_PATH,
    help="The session's file: written when it starts, and by it the other commands find the session.",
)


@click.group()
def farm() -> None:
    """Render on a render farm: many machines, the pixels of one unbroken render.

    \b
    matteline farm submit plate.####.exr --engine openjd -o mattes    submit a shot
    matteline farm status mattes                                      see its progress
    matteline farm check --farm-job mattes/farm/plate/farm_job.json   check its results
    matteline farm submit plate.####.exr --engine openjd -o mattes --only-missing

    Engines call 'states', 'chunk' and 'check', and 'session' to load the model once for many chunks.
    """
    _choose_gpus(os.environ)


def _choose_gpus(environ: MutableMapping[str, str]) -> None:
    # OpenCue says which GPUs are booked, but leaves hiding the others to the command. Before torch loads.
    if environ.get("CUE_GPU_CORES") and "CUDA_VISIBLE_DEVICES" not in environ:
        environ["CUDA_VISIBLE_DEVICES"] = environ["CUE_GPU_CORES"]


farm.add_command(submit)


def _task_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of tasks: `states` and `chunk` take the same."""
    options = (
        _FARM_JOB,
        click.option("--frames", required=True, metavar="A-B,…", help="Frames of the shot."),
        click.option(
            "--session", type=_PATH, metavar="FILE", help="File of a session, which has the model loaded."
        ),
        click.option(
            "--device", default="", metavar="NAME", help="One of several GPUs, such as cuda:1. [the first]"
        ),
        _PATH_RULES,
        click.option("--overwrite", is_flag=True, help="Replace results that are there already."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@farm.command()
@_task_options
def chunk(**options: Any) -> None:
    """Render frames of a shot; frames that are there and right are left alone."""
    _run_task("chunk", **options)


@farm.command()
@_task_options
def states(**options: Any) -> None:
    """Save the states that chunks begin from: the first pass, over the reduced picture only."""
    _run_task("states", **options)


def _run_task(
    verb: str,
    *,
    farm_job: Path,
    frames: str,
    session: Path | None,
    path_rules: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    lines = lines_for(os.environ, as_json)
    request = {
        "request": verb,
        # From the root: the session may have been started in another folder.
        "farm_job": str(farm_job.absolute()),
        # Parsed here, so that a wrong range is refused before a session is asked or torch is loaded.
        "frames": str(FrameSet.parse(frames)),
        "path_rules": str(path_rules.absolute()) if path_rules else "",
        **options,
    }
    try:
        for message in _messages(request, session, lines):
            lines.message(message)
    except MattelineError as error:
        lines.failed(error)
        raise


def _messages(
    request: Mapping[str, Any], session: Path | None, lines: TextLines
) -> Iterator[Mapping[str, Any]]:
    """Yield the messages of a task, done by the session where there is one, else in this process."""
    from matteline.worker.model_client import SessionUnreachable, ask

    if session is not None:
        try:
            yield from ask(session, request)
            return
        except SessionUnreachable as error:
            # What it finished stays, and is found done.
            lines.note(f"Loading the model here, because {error}.")
    from matteline.api import resources
    from matteline.farm.chunk_request import run_chunk_request

    with closing(run_chunk_request(request, resources())) as events:
        for event in events:
            yield to_dict(event)


@farm.command()
@_FARM_JOB
@_PATH_RULES
@click.option(
    "--finish/--no-finish",
    default=None,
    help="Make the movies even if they are there, or make none. [those that are not there yet]",
)
@click.option("--clean", is_flag=True, help="Remove the states of a shot that is whole.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def check(farm_job: Path, path_rules: Path | None, finish: bool | None, clean: bool, as_json: bool) -> None:
    """Check that every frame is there, whole and right; then make the movies.

    Prints the missing frames as one range, and ends with exit code 3 when there are any.
    """
    from matteline.api import resources
    from matteline.farm import check as checking
    from matteline.farm.open_farm_job import open_to_check
    from matteline.farm.paths import read_path_rules

    lines = lines_for(os.environ, as_json)
    rules = read_path_rules(path_rules) if path_rules else ()
    opened = open_to_check(farm_job, resources(), rules=rules)
    result = checking.check(opened)
    # Before anything is refused: scripts read the missing frames from standard output, whatever the exit code.
    lines.check_result(result)
    result.refuse_missing()
    if finish is not False:
        for event in checking.make_missing_movies(opened, again=finish is True):
            lines.message(to_dict(event))
    if clean:
        lines.note(f"{checking.remove_states(opened)} states removed.")


@farm.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each shot.")
def status(folder: Path, as_json: bool) -> None:
    """Show the progress of the shots below FOLDER, by file names alone: 'check' looks inside."""
    from matteline.farm.status import find_farm_jobs, shot_status

    lines = lines_for(os.environ, as_json)
    for farm_job in find_farm_jobs(folder):
        lines.status(shot_status(farm_job))


@farm.group()
def session() -> None:
    """Keep the model loaded from one chunk to the next, in a process that listens on this machine alone."""


@session.command()
@_SESSION_FILE
def start(file: Path) -> None:
    """Start a session, and return when it can be used."""
    from matteline.contract.launch import popen_options
    from matteline.worker.model_client import stop as stop_session
    from matteline.worker.model_client import wait_for

    # A session of before would be asked in place of the new one, and its file would pass for the new one's.
    stop_session(file)
    file.unlink(missing_ok=True)
    log = file.with_name(file.name + ".log")
    # The Python of this command, and so the same release, whatever PATH leads to.
    command = [sys.executable, "-m", "matteline", "farm", "session", "serve", "--file", str(file.absolute())]
    # A log of its own: a pipe of the caller that stays open would keep the caller's task from ending.
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **popen_options()
        )
    if not wait_for(file, lambda: process.poll() is None, START_SECONDS):
        words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
        raise WorkerError("The session did not start.", code=process.poll(), hint="\n".join(words))
    click.echo(f"Session {process.pid} is ready.")


@session.command()
@_SESSION_FILE
def stop(file: Path) -> None:
    """End a session. It is no error when there is none."""
    from matteline.worker.model_client import stop as stop_session

    click.echo("Session ended." if stop_session(file) else "There was no session.")


@session.command(hidden=True)
@_SESSION_FILE
@click.option("--idle-seconds", type=click.FloatRange(min=0.1), default=1800, show_default=True)
def serve(file: Path, idle_seconds: float) -> None:
    """Keep the model loaded and answer requests, until told to stop or nobody asks for long."""
    from matteline.worker.model_server import serve_session

    serve_session(file, idle_seconds)
