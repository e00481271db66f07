"""The buttons that render. Mistakes are found before a long input is written."""

from __future__ import annotations

from dataclasses import replace

import nuke

from . import folders, names
from .client import ask
from .contract.client import WorkerClient
from .contract.errors import JobError, MattelineError, ReadError
from .contract.frames import FrameRange, FrameSet
from .job import RenderRequest, request_of
from .knobs import set_value
from .plate import shifted, write_input
from .report import error_text, report_errors
from .results import Result, create_reads, show_result
from .session import session, set_status
from .state import nodes_below, one_undo, read_state


@report_errors
def render(node: nuke.Node) -> None:
    """Render the frames of the node's range that are missing or were made otherwise, and show the range.

    In the background where Nuke has windows; else this waits, and raises what went wrong.

    Raises:
        MattelineError: Something about the node, its input, its settings or the worker is wrong.
    """
    _begin(node)


@report_errors
def render_all(node: nuke.Node) -> None:
    """Render every frame of the node's range again. Waits and raises as `render`."""
    _begin(node, existing="overwrite")


# The button of an older release's nodes: what is missing is rendered by every render now.
resume = render


@report_errors
def new_version(node: nuke.Node) -> None:
    """Let the next render begin a version of its own, and keep the results of this one.

    Raises:
        JobError: The output knob is empty or cannot be used.
    """
    version = folders.next_version(node)
    with one_undo("New Version"):
        set_value(node, "version", version)
    set_status(node, f"The next render goes to {folders.results_folder(node)}")


@report_errors
def render_current(node: nuke.Node) -> None:
    """Render the current frame alone into a temporary folder, and show it. Waits and raises as `render`."""
    session.must_be_free(node)
    with session.worker.asking() as client:
        request = prepare(node, client, preview=True)
    session.run(node, request.job, Result.of(request))


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


@report_errors
def create_read(node: nuke.Node) -> None:
    """Make Reads of the node's last full render beside it.

    Raises:
        ReadError: A frame of it is missing.
    """
    made = create_reads(node, last_result(node))
    set_status(node, f"Made {', '.join(each.name() for each in made)}")


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
    if not request.writes:
        return request
    try:
        _write_plate(node, request, client)
    except MattelineError as error:
        # Nothing was rendered, so that nothing is kept of it.
        folders.drop_input(request.job.output)
        set_status(node, f"Not rendered: {error_text(error)}")
        raise
    return request


def _begin(node: nuke.Node, existing: str = "update") -> None:
    session.must_be_free(node)
    with session.worker.asking() as client:
        request = prepare(node, client)
    session.run(node, replace(request.job, existing=existing), Result.of(request))


def _reserved(node: nuke.Node, preview: bool) -> RenderRequest:
    """Return a request whose folder is there, and is this node's alone."""
    if preview:
        # Once without making a folder, so that a mistake leaves none behind.
        request_of(node, folders.private_folder(), preview=True)
        return request_of(node, folders.preview_folder(), preview=True)
    folder = folders.results_folder(node)
    request = request_of(node, folder)
    _must_be_only(node, folder)
    while folders.holds_another_plate(folder, request.job.plate):
        # Results of another script's node, or of a plate that was here before: they are kept.
        set_value(node, "version", folders.next_version(node))
        folder = folders.results_folder(node)
        request = request_of(node, folder)
    folders.make(folder)
    return request


def _must_be_only(node: nuke.Node, folder: str) -> None:
    """Raise `JobError` where another node of the script has the same folder for its results."""
    for other in nodes_below(nuke.root()):
        if other.fullName() != node.fullName() and _folder_of(other) == folder:
            raise JobError(
                f"{other.fullName()} renders to {folder} too.",
                field="output",
                hint="Put {node} into Output, or choose another folder for one of them.",
            )


def _folder_of(node: nuke.Node) -> str:
    try:
        return folders.results_folder(node)
    except MattelineError:
        # What is wrong with another node's folder is said when that one renders.
        return ""


def _write_plate(node: nuke.Node, request: RenderRequest, client: WorkerClient) -> None:
    """Write one frame for the worker to check, then the others."""
    job, first = request.job, request.handles.first
    # Of an earlier range, and perhaps of another picture.
    folders.drop_input(job.output)
    for name, pattern in request.mattes.items():
        # The frames that are rendered; the preroll needs none.
        set_status(node, f"Writing the {name} matte")
        write_input(node, pattern, request.span, request.view, request.shift, names.MATTE_WRITES[name])
    if not request.plate.written:
        return
    set_status(node, f"Writing input: {request.plate.why}")
    one = FrameRange(first, first)
    write_input(node, job.plate, one, request.view, request.shift)
    # The worker looks at size, channels and colour of the one frame.
    trial = replace(job, frames=FrameSet((shifted(one, request.shift),)))
    ask(client, client.plan(trial))
    if request.handles.last > first:
        rest = FrameRange(first + 1, request.handles.last)
        write_input(node, job.plate, rest, request.view, request.shift)
