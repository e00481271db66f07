"""Rendering on farms: mattes before Writes where there are no windows, and jobs for a farm's machines."""

from __future__ import annotations

import shlex
import subprocess
import sys

import nuke

from .client import ask, worker_command
from .contract.errors import JobError, MattelineError
from .contract.job import Job
from .contract.job_file import write_job_file
from .contract.messages import describe_submission
from .job import job_of, span_of
from .knobs import farm_settings, value
from .names import MATTE_WRITES, WRITE
from .render import last_result, prepare, render
from .report import error_text, log, report_errors
from .results import Result, show_result
from .script import temporary_folder
from .session import session, set_status
from .state import change_state, mark, nodes_below

# A submission reads the plate, and asks an engine over the network.
SUBMIT_SECONDS = 300.0


@report_errors
def write_job(node: nuke.Node) -> None:
    """Write the job of a render, and its input where needed; the status shows the command that submits it.

    Raises:
        MattelineError: Something about the node, its input, its settings or the worker is wrong.
    """
    engine = farm_settings(node).engine
    path, _job = _write_job(node)
    # The command ends with `worker`; the rest of it starts matteline.
    command = [*worker_command()[:-1], "farm", "submit", "--job", path, "--engine", engine]
    # As a terminal of this system takes it.
    quote = subprocess.list2cmdline if sys.platform == "win32" else shlex.join
    set_status(node, f"To submit: {quote(command)}")


@report_errors
def submit(node: nuke.Node) -> None:
    """Submit the job of a render to the farm, its input written where needed.

    For an engine without a queue its files are written, for others to run.

    Raises:
        MattelineError: As `write_job`, or the farm refuses.
    """
    farm = farm_settings(node)
    path, job = _write_job(node)
    set_status(node, f"Written: {path}")
    with session.worker.asking() as client:
        submitted = ask(client, client.submit([job], farm), seconds=SUBMIT_SECONDS)
    set_status(
        node, f"{describe_submission(submitted)} Press Show Last Render when it is done. Job file: {path}"
    )


def before_render() -> None:
    """Render missing mattes before a Write renders, for the nodes that ask for it. Nuke calls this.

    Only without windows, and only nodes with 'Render mattes before Writes' on. Nuke cannot write a node's
    input while it renders, so such a node needs a Read above whose files can be submitted over.

    Raises:
        RuntimeError: A matte cannot be rendered; Nuke then gives up the Write.
    """
    # Our own inner Writes render the inputs of a node: they need no matte.
    if nuke.GUI or nuke.thisNode().name() in (WRITE, *MATTE_WRITES.values()):
        return
    try:
        _render_missing([each for each in nodes_below(nuke.root()) if value(each, "on_demand")])
    except MattelineError as error:
        # A failed Write of a farm is read in its log, where no panel says more.
        hint = "Render mattes before that: nuke -t matteline_render.py SCRIPT"
        raise RuntimeError(f"{error_text(error)} {hint}") from None


def render_missing() -> int:
    """Render the missing mattes of every node in the script; return how many nodes there were.

    For a task of a farm before its renders, as matteline_render.py does. Waits without windows.

    Raises:
        MattelineError: One cannot be rendered; the others before it are done.
    """
    return _render_missing(list(nodes_below(nuke.root())))


def _render_missing(nodes: list[nuke.Node]) -> int:
    # A disabled node lets its input through, so its matte is not needed.
    lacking = [each for each in nodes if not each["disable"].value() and not _has_matte(each)]
    for node in lacking:
        log(f"{node.fullName()} has no matte yet")
        render(node)
    return len(lacking)


def _has_matte(node: nuke.Node) -> bool:
    """Tell whether all frames of the node's range are there; then the node shows them."""
    try:
        last, wanted = last_result(node), span_of(node)
        if wanted.first in last.span and wanted.last in last.span:
            show_result(node, last)
            return True
    except MattelineError:
        return False
    return False


def _write_job(node: nuke.Node) -> tuple[str, Job]:
    """Write the job of a render; return the path of its file, and the job."""
    session.must_be_free(node)
    if job_of(node).output.startswith(temporary_folder()):
        raise JobError(
            "The results would go to a temporary folder of this machine, because the script is not saved.",
            field="output",
            hint="Save the script, or choose an Output folder that the farm has too.",
        )
    with session.worker.asking() as client:
        # Written before the plan, which reads the plate.
        request = prepare(node, client)
        plan = ask(client, client.plan(request.job))
    result = Result.of(request).planned(plan)
    node_ref = mark(node)
    change_state(node, token=node_ref.token, last=result.to_data())
    path = f"{request.job.output}/matteline_job.json"
    write_job_file(path, request.job)
    return path, request.job
