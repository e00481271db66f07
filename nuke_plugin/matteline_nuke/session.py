"""What goes on in this Nuke: the worker, and the renders of all nodes."""

from __future__ import annotations

import atexit
import time
from typing import Optional

import nuke

from .client import ask, start_worker, worker_command
from .contract.errors import JobError, MattelineError, WorkerError
from .contract.job import Job
from .contract.messages import describe_check, sentence
from .contract.worker_holder import WorkerHolder
from .folders import drop_input
from .knobs import set_value, value
from .pump import Pump
from .rendering import Rendering
from .results import Result, show_result
from .say import log, shown
from .state import State, find, mark, not_undone, write_state

WAIT_SECONDS = 0.05
IDLE_SECONDS = 300.0
"""How long the worker stays when nothing is rendered; another one starts in seconds."""


class Session:
    """The renders that go on, and the worker they share. Main thread only."""

    def __init__(self) -> None:
        self.door = WorkerHolder(worker_command, start_worker)
        self.renderings: list[Rendering] = []
        self._pump = Pump(self.tick)
        self._idle_since = time.monotonic()

    def must_be_free(self, node: nuke.Node) -> None:
        """Raise `JobError` where the node renders already."""
        self._idle_since = time.monotonic()
        if self.of(node) is not None:
            raise JobError(f"{node.fullName()} renders already.", hint="Wait for it, or press Cancel.")

    def of(self, node: nuke.Node) -> Optional[Rendering]:
        """The render that goes on for a node."""
        name = node.fullName()
        for each in self.renderings:
            found = find(each.who)
            if found is not None and found.fullName() == name:
                return each
        return None

    def run(self, node: nuke.Node, job: Job, result: Result) -> None:
        """Ask for a render and follow it: in the background where Nuke has windows, else to its end.

        Raises:
            MattelineError: The worker cannot be asked, or, without windows, the render failed.
        """
        who = mark(node)
        if not result.preview:
            write_state(node, State(who.token, result.to_data()))
        with self.door.asking() as client:
            number = client.render(job)
        task = nuke.ProgressTask(f"Matteline {node.fullName()}") if nuke.GUI else None
        rendering = Rendering(who, client, number, result, task)
        self.renderings.append(rendering)
        say_status(node, f"Rendering {result.span} to {result.folder}")
        if nuke.GUI:
            self._pump.start()
        else:
            self._wait(rendering)

    def tick(self) -> None:
        """Take in what has happened to all renders. Not while Nuke renders: nodes are then left alone."""
        if nuke.executing():
            return
        for each in list(self.renderings):
            self._try_step(each)
        if self.renderings:
            self._idle_since = time.monotonic()
        elif time.monotonic() > self._idle_since + IDLE_SECONDS:
            # What a GPU's driver takes for the worker comes back only when it ends.
            self.close()

    def close(self) -> None:
        """Give up all renders and end the worker; complete frames stay."""
        self._pump.stop()
        for each in self.renderings:
            each.close_task()
        self.renderings.clear()
        self.door.close()

    def _wait(self, rendering: Rendering) -> None:
        said = ""
        try:
            while rendering in self.renderings:
                self._step(rendering)
                if said != rendering.words and not rendering.ended:
                    said = rendering.words
                    log(f"{rendering.who.name}: {said}")
                time.sleep(WAIT_SECONDS)
        finally:
            if rendering in self.renderings:
                self.close()
        if rendering.cancelled:
            raise JobError("Cancelled. Complete frames are kept.")

    def _try_step(self, rendering: Rendering) -> None:
        # A message box lets timers run, so that a tick may come within a tick.
        if rendering not in self.renderings:
            return
        try:
            self._step(rendering)
        except MattelineError as error:
            self._tell(sentence(error))

    def _step(self, rendering: Rendering) -> None:
        """Step one render, and see it off when it has ended. Raises what went wrong."""
        try:
            rendering.step()
        except MattelineError as error:
            self._forget(rendering, f"Failed: {sentence(error)}")
            if isinstance(error, WorkerError):
                self.door.close()
            raise
        if rendering.cancelled:
            self._forget(rendering, "Cancelled. Complete frames are kept: Render Missing goes on from them.")
            if rendering.overdue:
                self.door.close()
        elif rendering.finished:
            self._bring_in(rendering)

    def _forget(self, rendering: Rendering, words: str) -> Optional[nuke.Node]:
        """Let a render go and say in its node how it ended; returns the node where it is still there."""
        self.renderings.remove(rendering)
        rendering.words = words
        rendering.close_task()
        log(f"{rendering.who.name}: {words}")
        node = find(rendering.who)
        if node is not None:
            _keep(node, rendering)
            say_status(node, words)
        return node

    def _bring_in(self, rendering: Rendering) -> None:
        node = self._forget(rendering, f"Rendered {rendering.result.span}")
        if node is None:
            log(f"{rendering.who.name} is gone. Its matte is in {rendering.result.folder}.")
            return
        try:
            words = " ".join([f"{show_result(node, rendering.result)}.", *rendering.notices])
        except MattelineError as error:
            say_status(node, sentence(error))
            raise
        say_status(node, words)
        if rendering.result.written and not value(node, "keep_input"):
            drop_input(rendering.result.folder)

    def _tell(self, words: str) -> None:
        if self._pump.may_ask:
            nuke.message(words)


# Nuke keeps no Python objects between presses of a button, so the one session has to live here.
session = Session()


def start() -> None:
    """End the worker with the script that it renders for, and with Nuke."""
    nuke.addOnScriptClose(session.close, nodeClass="Root")
    atexit.register(session.close)


def close() -> None:
    """Give up all renders and end the worker now."""
    session.close()


@shown
def check(node: nuke.Node) -> None:
    """Ask the worker for its version, device and model, and show the answer in the node's status.

    Raises:
        MattelineError: It is not found, or does not answer.
    """
    with session.door.asking() as client:
        say_status(node, describe_check(ask(client, client.check())))


def say_status(node: nuke.Node, words: str) -> None:
    """Write the node's status line, without a step to undo."""
    with not_undone():
        set_value(node, "status", words)


def _keep(node: nuke.Node, rendering: Rendering) -> None:
    """Remember the files that the worker has planned, for Show Last Render and Render Missing."""
    if not rendering.result.preview:
        write_state(node, State(rendering.who.token, rendering.result.to_data()))
