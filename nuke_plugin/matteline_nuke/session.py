"""The renders and fetches of all nodes in this Nuke, and the worker that they share."""

from __future__ import annotations

import atexit
import time
from typing import Optional, Union

import nuke

from .client import ask, start_worker, worker_command
from .compare import settings_changed, show_difference
from .contract.errors import JobError, MattelineError, WorkerError
from .contract.job import Job
from .contract.messages import describe_check
from .contract.worker_holder import WorkerHolder
from .folders import drop_input
from .knobs import set_value, value
from .names import knob_name
from .report import error_text, log, report_errors
from .results import Result, show_result
from .running_fetch import RunningFetch
from .running_render import RunningRender
from .state import change_state, find, inside, mark, not_undone
from .ticker import Ticker

WAIT_SECONDS = 0.05
# How long the worker stays when nothing is rendered; another one starts in seconds.
IDLE_SECONDS = 300.0


class RenderSession:
    """The renders and fetches under way, and their worker. Main thread only."""

    def __init__(self) -> None:
        self.worker = WorkerHolder(worker_command, start_worker)
        self.renders: list[RunningRender] = []
        self._fetches: list[RunningFetch] = []
        self._ticker = Ticker(self.tick)
        self._idle_since = time.monotonic()

    def must_be_free(self, node: nuke.Node) -> None:
        """Raise `JobError` where the node renders already."""
        self._idle_since = time.monotonic()
        if self.render_of(node) is not None:
            raise JobError(f"{node.fullName()} renders already.", hint="Wait for it, or press Cancel.")

    def render_of(self, node: nuke.Node) -> Optional[RunningRender]:
        """Return the render under way for a node; None where there is none."""
        name = node.fullName()
        for each in self.renders:
            found = find(each.node_ref)
            if found is not None and found.fullName() == name:
                return each
        return None

    def run(self, node: nuke.Node, job: Job, result: Result) -> None:
        """Ask for a render and follow it: in the background where Nuke has windows, else to its end.

        Raises:
            MattelineError: The worker cannot be asked, or, without windows, the render failed.
        """
        node_ref = mark(node)
        if not result.preview:
            change_state(node, token=node_ref.token, last=result.to_data())
        with self.worker.asking() as client:
            if result.preview:
                number = client.preview(job, result.first + result.shift, file_format="exr")
            else:
                number = client.render(job)
        task = nuke.ProgressTask(f"Matteline {node.fullName()}") if nuke.GUI else None
        render = RunningRender(node_ref, client, number, result, task)
        self.renders.append(render)
        set_status(node, f"Rendering {result.span} to {result.folder}")
        if nuke.GUI:
            self._ticker.start()
        else:
            self._wait(render)

    def follow(self, fetch: RunningFetch) -> None:
        """Step a fetch with the renders, until it ends."""
        self._fetches.append(fetch)
        self._ticker.start()

    def tick(self) -> None:
        """Step all renders and fetches. Not while Nuke itself renders: nodes are then left alone."""
        if nuke.executing():
            return
        for each in [*self.renders, *self._fetches]:
            # A message box lets timers run, so that a tick may come within a tick.
            if each not in self.renders and each not in self._fetches:
                continue
            try:
                self._step(each)
            except MattelineError as error:
                if self._ticker.may_ask:
                    nuke.message(error_text(error))
        if self.renders or self._fetches:
            self._idle_since = time.monotonic()
        elif time.monotonic() > self._idle_since + IDLE_SECONDS:
            # What a GPU's driver takes for the worker comes back only when it ends.
            self.close()

    def close(self) -> None:
        """Cancel all renders and fetches, and end the worker; complete frames stay, and what was fetched."""
        self._ticker.stop()
        for render in self.renders:
            render.close_task()
        for fetch in self._fetches:
            fetch.close_task()
        self.renders.clear()
        self._fetches.clear()
        self.worker.close()

    def _wait(self, render: RunningRender) -> None:
        """Step a render to its end, and log its progress. Raises what went wrong."""
        logged = ""
        try:
            while render in self.renders:
                self._step(render)
                if logged != render.words and not render.ended:
                    logged = render.words
                    log(f"{render.node_ref.name}: {logged}")
                time.sleep(WAIT_SECONDS)
        finally:
            # Where Ctrl+C ended the loop.
            if render in self.renders:
                self.close()
        if render.cancelled:
            raise JobError("Cancelled. Complete frames are kept.")

    def _step(self, work: Union[RunningRender, RunningFetch]) -> None:
        """Step a render or a fetch, and use its result when it has ended. Raises what went wrong."""
        if isinstance(work, RunningFetch):
            self._step_fetch(work)
        else:
            self._step_render(work)

    def _step_render(self, render: RunningRender) -> None:
        try:
            render.step()
        except MattelineError as error:
            self._end(render, f"Failed: {error_text(error)}")
            if isinstance(error, WorkerError):
                self.worker.close()
            raise
        if render.cancelled:
            self._end(render, "Cancelled. Complete frames are kept: Render Matte goes on from them.")
            if render.overdue:
                self.worker.close()
        elif render.finished:
            self._show_result(render)

    def _step_fetch(self, fetch: RunningFetch) -> None:
        """Step one fetch, and set its network in its node when it has ended. Raises what went wrong."""
        try:
            if not fetch.step():
                return
        except MattelineError as error:
            self._end_fetch(fetch, f"Failed: {error_text(error)}")
            if isinstance(error, WorkerError):
                self.worker.close()
            raise
        node = self._end_fetch(fetch, f"Model {fetch.network}. {fetch.quality}".rstrip())
        if node is not None:
            set_value(node, "weights", fetch.network)

    def _end_fetch(self, fetch: RunningFetch, words: str) -> Optional[nuke.Node]:
        """Forget a fetch and show in its node how it ended; return the node if it is still there."""
        self._fetches.remove(fetch)
        fetch.close_task()
        log(f"{fetch.network}: {words}")
        with inside(nuke.root()):
            node = nuke.toNode(fetch.node_name)
        # Meanwhile something else may have got the name.
        if node is None or node.knob(knob_name("state")) is None:
            return None
        set_status(node, words)
        return node

    def _end(self, render: RunningRender, words: str) -> Optional[nuke.Node]:
        """Forget a render and show in its node how it ended; return the node if it is still there."""
        self.renders.remove(render)
        # The list of renders takes the last words of a row from here.
        render.words = words
        render.close_task()
        log(f"{render.node_ref.name}: {words}")
        node = find(render.node_ref)
        if node is not None:
            if not render.result.preview:
                # With the files that the worker has planned, for Show Last Render.
                change_state(node, token=render.node_ref.token, last=render.result.to_data())
            set_status(node, words)
            show_difference(node)
        return node

    def _show_result(self, render: RunningRender) -> None:
        node = self._end(render, f"Rendered {render.result.span}")
        if node is None:
            log(f"{render.node_ref.name} is gone. Its matte is in {render.result.folder}.")
            return
        try:
            words = " ".join([f"{show_result(node, render.result)}.", *render.notices])
        except MattelineError as error:
            set_status(node, error_text(error))
            raise
        set_status(node, words)
        show_difference(node)
        if render.result.written and not value(node, "keep_input"):
            drop_input(render.result.folder)


# Nuke keeps no Python objects between presses of a button, so the one session has to live here.
session = RenderSession()


def start() -> None:
    """Watch the knobs of nodes, and end the worker with the script that it renders for, and with Nuke."""
    nuke.addOnScriptClose(session.close, nodeClass="Root")
    nuke.addKnobChanged(settings_changed, nodeClass="Group")
    atexit.register(session.close)


def close() -> None:
    """Cancel all renders and end the worker now."""
    session.close()


@report_errors
def check(node: nuke.Node) -> None:
    """Ask the worker for its version, device and model, and show the answer in the node's status.

    Raises:
        MattelineError: It is not found, or does not answer.
    """
    with session.worker.asking() as client:
        words = describe_check(ask(client, client.check()))
        networks = ask(client, client.networks())["networks"]
    # A newcomer has a small network, and would not know that there is a better one.
    better = [each["name"] for each in networks if each["official"] and not each["installed"]]
    if better and not any(each["official"] and each["installed"] for each in networks):
        words += f". Better models can be fetched: {', '.join(better)}. Press Choose Model"
    set_status(node, words)


def set_status(node: nuke.Node, words: str) -> None:
    """Write the node's status line, without a step to undo."""
    with not_undone():
        set_value(node, "status", words)
