"""Farms: mattes before Writes where no artist sits, and jobs for machines elsewhere."""

from __future__ import annotations

import shlex
import subprocess
import sys

import nuke

from .client import ask, worker_command
from .contract.errors import JobError, MattelineError
from .contract.job import Job
from .contract.job_file import write_job_file
from .contract.messages import describe_submission, sentence
from .job import job_of, span_of
from .knobs import farm_settings, value
from .names import WRITE
from .render import last_result, prepare, render
from .results import Result, show_result
from .say import log, shown
from .script import temporary_folder
from .session import say_status, session
from .state import State, mark, nodes_below, write_state

SUBMIT_SECONDS = 300.0


@shown
def write_job(node: nuke.Node) -> None:
    """Write the job that a render would be, and its input where needed; the status says the farm's command.

    Raises:
        MattelineError: Something about the node, its input, its settings or the worker is wrong.
    """
    engine = farm_settings(node).engine
    path, _job = _written_job(node)
    command = [*worker_command()[:-1], "farm", "submit", "--job", path, "--engine", engine]
    say_status(node, f"To submit: {_line(command)}")


@shown
def submit(node: nuke.Node) -> None:
    """Hand the job that a render would be to the farm, its input written where needed.

    Where the engine has no queue, what it takes is written, for others to run.

    Raises:
        MattelineError: As `write_job`, or the farm refuses.
    """
    farm = farm_settings(node)
    path, job = _written_job(node)
    say_status(node, f"Written: {path}")
    with session.door.asking() as client:
        handed = ask(client, client.submit([job], farm), seconds=SUBMIT_SECONDS)
    say_status(
        node, f"{describe_submission(handed)} Press Show Last Render when it is done. Job file: {path}"
    )


def before_render() -> None:
    """For Nuke to call before a Write renders: render mattes that are missing, where nodes ask for it.

    Only without windows, and only nodes with 'Render mattes before Writes' on. Nuke cannot write a node's
    input while it renders, so such a node needs a Read above whose files can be handed over.

    Raises:
        RuntimeError: A matte cannot be rendered; Nuke then gives up the Write.
    """
    if nuke.GUI or nuke.thisNode().name() == WRITE:
        return
    try:
        _render_missing([each for each in nodes_below(nuke.root()) if value(each, "on_demand")])
    except MattelineError as error:
        hint = "Render mattes before that: nuke -t matteline_render.py SCRIPT"
        raise RuntimeError(f"{sentence(error)} {hint}") from None


def render_missing() -> int:
    """Render the mattes that are missing, of every node in the script; returns how many nodes there were.

    For a task of a farm before its renders, as matteline_render.py does. Waits without windows.

    Raises:
        MattelineError: One cannot be rendered; the others before it are done.
    """
    return _render_missing(list(nodes_below(nuke.root())))


def _render_missing(nodes: list[nuke.Node]) -> int:
    lacking = [each for each in nodes if not each["disable"].value() and not _has_matte(each)]
    for node in lacking:
        log(f"{node.fullName()} has no matte yet")
        render(node)
    return len(lacking)


def _has_matte(node: nuke.Node) -> bool:
    """Whether all frames of the node's range are there; then the node shows them."""
    try:
        last, wanted = last_result(node), span_of(node)
        if wanted.first in last.span and wanted.last in last.span:
            show_result(node, last)
            return True
    except MattelineError:
        return False
    return False


def _written_job(node: nuke.Node) -> tuple[str, Job]:
    """The path of the job's file, and the job."""
    session.must_be_free(node)
    _must_be_reachable(job_of(node).output)
    with session.door.asking() as client:
        request = prepare(node, client)
        plan = ask(client, client.plan(request.job))
    result = Result.of(request).planned(plan)
    who = mark(node)
    write_state(node, State(who.token, result.to_data()))
    path = f"{request.job.output}/matteline_job.json"
    write_job_file(path, request.job)
    return path, request.job


def _must_be_reachable(folder: str) -> None:
    if folder.startswith(temporary_folder()):
        raise JobError(
            "The results would go to a temporary folder of this machine, because the script is not saved.",
            field="output",
            hint="Save the script, or choose an Output folder that the farm has too.",
        )


def _line(command: list[str]) -> str:
    """The command as a terminal takes it."""
    if sys.platform == "win32":
        return subprocess.list2cmdline(command)
    return " ".join(shlex.quote(each) for each in command)
