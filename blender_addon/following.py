"""The shape of every operator that asks the worker: blocking for scripts and farms, modal for people."""

import time
from contextlib import ExitStack

import bpy

from .contract.errors import MattelineError, WorkerError
from .contract.messages import sentence
from .worker import door

TICK_SECONDS = 0.1
WAIT_SECONDS = 0.02


class Following:
    """Start asking, follow the answers, bring them in. Nothing of Blender's data is held meanwhile.

    A subclass says in `ask` what it asks and in `bring_in` what becomes of the answers.
    """

    _timer = None
    _asked = None

    def ask(self, context, client):
        """Ask a worker; returns a `render.Render` or the like. Raises `MattelineError`."""
        raise NotImplementedError

    def check(self, context):
        """Find what is wrong before a worker is started. Raises `MattelineError`."""

    def bring_in(self, context, asked):
        """Use the answers; returns a sentence for the user. Raises `MattelineError`."""
        raise NotImplementedError

    def keep(self, asked):
        """Remember what was rendered, however it ended. Raises `MattelineError`."""

    def execute(self, context):
        """Ask and wait for the end: for scripts, farms and `blender -b`."""
        if not self._begin(context):
            return {"CANCELLED"}
        with ExitStack() as ending:
            ending.callback(self._end, context)
            said = ""
            while not self._asked.done:
                if not self._step(context):
                    return {"CANCELLED"}
                if said != self._asked.progress.words:
                    said = self._asked.progress.words
                    print(f"Matteline: {said}", flush=True)
                time.sleep(WAIT_SECONDS)
            return self._bring_in(context)

    def invoke(self, context, _event):
        """Ask, and let the artist go on."""
        if not self._begin(context):
            return {"CANCELLED"}
        manager = context.window_manager
        self._timer = manager.event_timer_add(TICK_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        """Take in what the worker has said; Esc cancels."""
        with ExitStack() as ending:
            ending.callback(self._end, context)
            if event.type == "ESC" or context.window_manager.matteline.cancelling:
                context.window_manager.matteline.cancelling = False
                self._asked.cancel()
            if event.type == "TIMER" and not self._step(context):
                return {"CANCELLED"}
            if self._asked.done:
                return self._bring_in(context)
            ending.pop_all()
        return {"RUNNING_MODAL"} if event.type == "ESC" else {"PASS_THROUGH"}

    def cancel(self, context):
        """Blender ends the operator, as when a file is loaded: the worker goes, complete frames stay."""
        self._keep()
        door.close()
        self._end(context)

    def _begin(self, context):
        try:
            self.check(context)
            self._asked = self.ask(context, door.client())
        except MattelineError as error:
            self._refuse(error)
            return False
        context.window_manager.matteline.running = True
        self._show(context)
        return True

    def _step(self, context):
        try:
            self._asked.step()
        except MattelineError as error:
            self._keep()
            self._refuse(error)
            return False
        self._show(context)
        return True

    def _bring_in(self, context):
        self._keep()
        for notice in self._asked.notices:
            self.report({"WARNING"}, notice)
        if self._asked.cancelled:
            door.close()
            self.report(
                {"WARNING"}, "Cancelled. Complete frames are kept: use Render Missing Frames to go on."
            )
            return {"CANCELLED"}
        try:
            self.report({"INFO"}, self.bring_in(context, self._asked))
        except MattelineError as error:
            self._refuse(error)
            return {"CANCELLED"}
        return {"FINISHED"}

    def _keep(self):
        try:
            self.keep(self._asked)
        except MattelineError as error:
            self.report({"WARNING"}, sentence(error))

    def _refuse(self, error):
        if isinstance(error, WorkerError):
            door.close()
        self.report({"ERROR"}, sentence(error))

    def _show(self, context):
        now, progress = context.window_manager.matteline, self._asked.progress
        if (now.words, round(now.fraction, 3)) == (progress.words, round(progress.fraction, 3)):
            return
        now.words, now.fraction = progress.words, progress.fraction
        if not bpy.app.background:
            context.workspace.status_text_set(f"{progress.words}  |  Esc: cancel")
            redraw(context)

    def _end(self, context):
        manager = context.window_manager
        if self._timer is not None:
            manager.event_timer_remove(self._timer)
            self._timer = None
        now = manager.matteline
        now.running, now.cancelling, now.words, now.fraction = False, False, "", 0.0
        if not bpy.app.background:
            context.workspace.status_text_set(None)
            redraw(context)


def redraw(context):
    """Have every editor drawn again, so that panels show what is going on."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            area.tag_redraw()
