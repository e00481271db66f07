"""The buttons that render: everything that can be wrong is found before a long input is written."""

from __future__ import annotations

from dataclasses import replace

import nuke

from . import folders
from .client import ask
from .contract.client import WorkerClient
from .contract.errors import JobError, MattelineError, ReadError
from .contract.frames import FrameRange, FrameSet
from .contract.job import Job
from .contract.messages import sentence
from .job import Request, request_of
from .plate import moved, write_input
from .results import Result, show_result
from .say import shown
from .sequences import is_complete, numbered
from .session import say_status, session
from .state import read_state


@shown
def render(node: nuke.Node) -> None:
    """Render the matte of the node's range, and show it when every frame is there.

    In the background where Nuke has windows; else this waits, and raises what went wrong.

    Raises:
        MattelineError: Something about the node, its input, its settings or the worker is wrong.
    """
    _begin(node, preview=False)


@shown
def render_current(node: nuke.Node) -> None:
    """Render the current frame alone into a temporary folder, and show it. Waits and raises as `render`."""
    _begin(node, preview=True)


@shown
def resume(node: nuke.Node) -> None:
    """Render the frames that the last render has not, with its settings. Waits and raises as `render`.

    Raises:
        JobError: There was none, or the input that was written for it is gone.
    """
    session.must_be_free(node)
    last = last_result(node)
    job = replace(Job.from_json(last.job), existing="resume")
    if last.written and not is_complete(numbered(job.plate, last.first + last.shift)):
        if last.files and not len(last.missing()):
            say_status(node, show_result(node, last))
            return
        raise JobError(
            f"The input that was written for {last.folder} is gone.", hint="Render the whole range again."
        )
    session.run(node, job, last)


@shown
def cancel(node: nuke.Node) -> None:
    """Stop the node's render. Complete frames are kept, and the node shows what it showed."""
    rendering = session.of(node)
    if rendering is None:
        say_status(node, "Nothing is being rendered.")
        return
    rendering.cancel()
    say_status(node, "Cancelling")


@shown
def show(node: nuke.Node) -> None:
    """Show the node's last full render, as after a preview or when a farm has rendered it.

    Raises:
        ReadError: A frame of it is missing.
    """
    say_status(node, show_result(node, last_result(node)))


def last_result(node: nuke.Node) -> Result:
    """The last full render that was begun. Raises `ReadError` where there is none."""
    found = Result.from_data(read_state(node).last)
    if found is None:
        raise ReadError(f"{node.fullName()} has not been rendered.", hint="Press Render Matte.")
    return found


def prepare(node: nuke.Node, client: WorkerClient, preview: bool = False) -> Request:
    """Make the folder of a render, and write its input where it has to be written.

    Raises:
        MattelineError: Something is wrong; then nothing is left behind.
    """
    request = _reserved(node, preview)
    if not request.plate.written:
        return request
    try:
        _write(node, request, client)
    except MattelineError as error:
        folders.drop_input(request.job.output)
        say_status(node, f"Not rendered: {sentence(error)}")
        raise
    return request


def _begin(node: nuke.Node, preview: bool) -> None:
    session.must_be_free(node)
    with session.door.asking() as client:
        request = prepare(node, client, preview)
    session.run(node, request.job, Result.of(request))


def _reserved(node: nuke.Node, preview: bool) -> Request:
    """A request whose folder is its own: two nodes, or two Nukes, never take the same version."""
    if preview:
        request_of(node, "", preview=True)
        return request_of(node, folders.preview_folder(), preview=True)
    while True:
        request = request_of(node, folders.next_folder(node))
        if folders.reserve(request.job.output):
            return request


def _write(node: nuke.Node, request: Request, client: WorkerClient) -> None:
    """One frame first, for the worker to say what is wrong with it before the others are written."""
    job, first = request.job, request.handles.first
    say_status(node, f"Writing input: {request.plate.why}")
    one = FrameRange(first, first)
    write_input(node, job.plate, one, request.view, request.shift)
    trial = replace(job, frames=FrameSet((moved(one, request.shift),)))
    ask(client, client.plan(trial))
    if request.handles.last > first:
        rest = FrameRange(first + 1, request.handles.last)
        write_input(node, job.plate, rest, request.view, request.shift)
