"""`matteline farm`: hand clips to a render farm, and what its machines call."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from matteline.cli.farm_lines import Lines, lines_for
from matteline.cli.farm_submit import submit
from matteline.contract.errors import MattelineError, WorkerError
from matteline.contract.events import to_dict
from matteline.contract.frames import FrameSet

START_SECONDS = 60.0

_PATH = click.Path(path_type=Path)
_JOB = click.option(
    "--job",
    "job_file",
    required=True,
    metavar="JOB.json",
    type=_PATH,
    help="The ticket.",
)
_RULES = click.option(
    "--path-rules",
    metavar="FILE",
    type=_PATH,
    help="Path mapping rules of an Open Job Description session, for the paths in the ticket.",
)
_FILE = click.option(
    "--file",
    required=True,
    metavar="FILE",
    type=_PATH,
    help="Says where the session is.",
)


@click.group()
def farm() -> None:
    """Render on a render farm: many machines, the pixels of one unbroken render.

    \b
    matteline farm submit plate.####.exr --engine openjd -o mattes    hand it over
    matteline farm status mattes                                      how far it is
    matteline farm check --job mattes/farm/plate/job.json             is it whole
    matteline farm submit plate.####.exr --engine openjd -o mattes --only-missing

    Engines call 'states', 'chunk' and 'check', and 'session' to load the model once for many chunks.
    """
    _choose_gpus(os.environ)


def _choose_gpus(environ: MutableMapping[str, str]) -> None:
    # OpenCue says which GPUs are booked, but leaves hiding the others to the command. Before torch loads.
    if environ.get("CUE_GPU_CORES") and "CUDA_VISIBLE_DEVICES" not in environ:
        environ["CUDA_VISIBLE_DEVICES"] = environ["CUE_GPU_CORES"]


farm.add_command(submit)


def _over_frames(command: Callable[..., None]) -> Callable[..., None]:
    """The options of what is done to frames: the two verbs take the same."""
    given = (
        _JOB,
        click.option("--frames", required=True, metavar="A-B,…", help="Frames of the clip."),
        click.option("--session", type=_PATH, metavar="FILE", help="A session to work in."),
        click.option(
            "--device", default="", metavar="NAME", help="One of several GPUs, such as cuda:1. [the first]"
        ),
        _RULES,
        click.option("--overwrite", is_flag=True, help="Make again what is there, too."),
        click.option("--json", "as_json", is_flag=True, help="One JSON object a line."),
    )
    for option in reversed(given):
        command = option(command)
    return command


@farm.command()
@_over_frames
def chunk(**asked: Any) -> None:
    """Render frames of a clip; those that are there and right are left alone."""
    _follow("chunk", **asked)


@farm.command()
@_over_frames
def states(**asked: Any) -> None:
    """Write the states that chunks begin from: the first pass, over the reduced picture only."""
    _follow("states", **asked)


def _follow(
    verb: str,
    *,
    job_file: Path,
    frames: str,
    session: Path | None,
    path_rules: Path | None,
    as_json: bool,
    **values: Any,
) -> None:
    lines = lines_for(os.environ, as_json)
    # Whoever does it may have started in another folder.
    rules = str(path_rules.absolute()) if path_rules else ""
    job, wanted = str(job_file.absolute()), str(FrameSet.parse(frames))
    request = {"do": verb, "job": job, "frames": wanted, "path_rules": rules, **values}
    try:
        for message in _messages(request, session, lines):
            lines.message(message)
    except MattelineError as error:
        lines.failed(error)
        raise


def _messages(request: dict[str, Any], session: Path | None, lines: Lines) -> Iterator[dict[str, Any]]:
    from matteline.farm.session import Unreachable, ask

    if session is not None:
        try:
            yield from ask(session, request)
            return
        except Unreachable as why:
            # What it finished stays, and is found done.
            lines.note(f"Loading the model here, because {why}.")
    yield from _here(request)


def _here(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    from matteline.api import resources
    from matteline.farm.asked import begin

    with closing(begin(request, resources())) as events:
        for event in events:
            yield to_dict(event)


@farm.command()
@_JOB
@_RULES
@click.option(
    "--finish/--no-finish", default=None, help="Make the movies again, or not. [where not yet made]"
)
@click.option("--clean", is_flag=True, help="Remove the states of a clip that is whole.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def check(job_file: Path, path_rules: Path | None, finish: bool | None, clean: bool, as_json: bool) -> None:
    """Look whether every frame is there, whole and right; make the movies when all are.

    Prints the missing frames as one range, and ends with 3 when there are any.
    """
    from matteline.api import resources
    from matteline.farm import check as checking
    from matteline.farm.clip import open_finished
    from matteline.farm.paths import rules_in

    lines = lines_for(os.environ, as_json)
    rules = rules_in(path_rules) if path_rules else ()
    clip = open_finished(job_file, resources(), rules=rules)
    verdict = checking.check(clip)
    lines.verdict(verdict)
    verdict.refuse_holes()
    if finish is not False:
        for event in checking.finish(clip, again=finish is True):
            lines.message(to_dict(event))
    if clean:
        lines.note(f"{checking.clean(clip)} states removed.")


@farm.command()
@click.argument("place", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each clip.")
def status(place: Path, as_json: bool) -> None:
    """Say how far the clips below PLACE are, by names alone: 'check' looks inside."""
    from matteline.farm.status import status as look
    from matteline.farm.status import tickets_below

    lines = lines_for(os.environ, as_json)
    for job_file in tickets_below(place):
        lines.status(look(job_file))


@farm.group()
def session() -> None:
    """Keep the model loaded from one chunk to the next, in a process that listens on this machine alone."""


@session.command()
@_FILE
def start(file: Path) -> None:
    """Start a session, and return when it can be used."""
    from matteline.contract.launch import popen_options
    from matteline.farm.session import stop as end
    from matteline.farm.session import wait_for

    end(file)
    file.unlink(missing_ok=True)
    log = file.with_name(file.name + ".log")
    command = [sys.executable, "-m", "matteline", "farm", "session", "serve", "--file", str(file.absolute())]
    # A log of its own: a pipe of the caller that stays open would keep the caller's task from ending.
    with open(log, "wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, **popen_options()
        )
    if not wait_for(file, lambda: process.poll() is None, START_SECONDS):
        words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
        raise WorkerError("The session did not start.", code=process.poll(), hint="\n".join(words))
    click.echo(f"Session {process.pid} is ready.")


@session.command()
@_FILE
def stop(file: Path) -> None:
    """End a session. It is no error when there is none."""
    from matteline.farm.session import stop as end

    click.echo("Session ended." if end(file) else "There was no session.")


@session.command(hidden=True)
@_FILE
@click.option("--idle-seconds", type=click.FloatRange(min=0.1), default=1800, show_default=True)
def serve(file: Path, idle_seconds: float) -> None:
    """Be the session."""
    from matteline.api import resources
    from matteline.engine.kept_network import KeptNetwork
    from matteline.farm.resident import serve as answer

    answer(file, resources(), KeptNetwork().take, idle_seconds)
