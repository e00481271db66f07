"""The buttons that render. Mistakes are found before a long input is written."""

from __future__ import annotations

from dataclasses import replace

import nuke

from . import folders
from .client import ask
from .contract.client import WorkerClient
from .contract.errors import JobError, MattelineError, ReadError
from .contract.frames import FrameRange, FrameSet
from .contract.job import Job
from .job import RenderRequest, request_of
from .plate import shifted, write_input
from .report import error_text, report_errors
from .results import Result, show_result
from .sequences import is_complete, numbered
from .session import session, set_status
from .state import read_state


@report_errors
def render(node: nuke.Node) -> None:
    """Render the matte of the node's range, and show it when every frame is there.

    In the background where Nuke has windows; else this waits, and raises what went wrong.

    Raises:
        MattelineError: Something about the node, its input, its settings or the worker is wrong.
    """
    _begin(node, preview=False)


@report_errors
def render_current(node: nuke.Node) -> None:
    """Render the current frame alone into a temporary folder, and show it. Waits and raises as `render`."""
    _begin(node, preview=True)


@report_errors
def resume(node: nuke.Node) -> None:
    """Render the frames that the last render has not, with its settings. Waits and raises as `render`.

    Raises:
        JobError: There was none, or the input that was written for it is gone.
    """
    session.must_be_free(node)
    last = last_result(node)
    job = replace(Job.from_json(last.job), existing="resume")
    # A written input is removed when its render is complete, so there may be nothing to resume.
    if last.written and not is_complete(numbered(job.plate, last.first + last.shift)):
        if last.files and not len(last.missing()):
            set_status(node, show_result(node, last))
            return
        raise JobError(
            f"The input that was written for {last.folder} is gone.", hint="Render the whole range again."
        )
    session.run(node, job, last)


@report_errors
def cancel(node: nuke.Node) -> None:
    """Stop the node's render. Complete frames are kept, and the node shows what it showed."""
    render = session.render_of(node)
    if render is None:
        set_status(node, "Nothing is being rendered.")
        return
    render.cancel()
    set_status(node, "Cancelling")


@report_errors
def show(node: nuke.Node) -> None:
    """Show the node's last full render, for instance after a preview or when a farm has rendered it.

    Raises:
        ReadError: A frame of it is missing.
    """
    set_status(node, show_result(node, last_result(node)))


def last_result(node: nuke.Node) -> Result:
    """Return the last full render that was begun. Raises `ReadError` where there is none."""
    found = Result.from_data(read_state(node).last)
    if found is None:
        raise ReadError(f"{node.fullName()} has not been rendered.", hint="Press Render Matte.")
    return found


def prepare(node: nuke.Node, client: WorkerClient, preview: bool = False) -> RenderRequest:
    """Make the folder of a render, and write its input where it has to be written.

    Raises:
        MattelineError: Something is wrong; then nothing is left behind.
    """
    request = _reserved(node, preview)
    if not request.plate.written:
        return request
    try:
        _write_plate(node, request, client)
    except MattelineError as error:
        # Nothing was rendered, so that nothing is kept of it.
        folders.drop_input(request.job.output)
        set_status(node, f"Not rendered: {error_text(error)}")
        raise
    return request


def _begin(node: nuke.Node, preview: bool) -> None:
    session.must_be_free(node)
    with session.worker.asking() as client:
        request = prepare(node, client, preview)
    session.run(node, request.job, Result.of(request))


def _reserved(node: nuke.Node, preview: bool) -> RenderRequest:
    """Return a request with a folder of its own: two nodes, or two Nukes, never take the same version."""
    if preview:
        # Once without a folder, so that a mistake leaves none behind.
        request_of(node, "", preview=True)
        return request_of(node, folders.preview_folder(), preview=True)
    # Another node, or another Nuke, may take the version between the two calls.
    while True:
        request = request_of(node, folders.next_folder(node))
        if folders.reserve(request.job.output):
            return request


def _write_plate(node: nuke.Node, request: RenderRequest, client: WorkerClient) -> None:
    """Write one frame for the worker to check, then the others."""
    job, first = request.job, request.handles.first
    set_status(node, f"Writing input: {request.plate.why}")
    one = FrameRange(first, first)
    write_input(node, job.plate, one, request.view, request.shift)
    # The worker looks at size, channels and colour of the one frame.
    trial = replace(job, frames=FrameSet((shifted(one, request.shift),)))
    ask(client, client.plan(trial))
    if request.handles.last > first:
        rest = FrameRange(first + 1, request.handles.last)
        write_input(node, job.plate, rest, request.view, request.shift)
