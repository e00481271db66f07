"""The base of every operator that asks the worker: blocking for scripts and farms, modal for people."""

import sys
import time
from contextlib import ExitStack

import bpy

from .contract.errors import MattelineError, WorkerError
from .contract.messages import CANCELLED
from .wording import error_text
from .worker import worker

TICK_SECONDS = 0.1
WAIT_SECONDS = 0.02


class WorkerOperator:
    """Sends requests, follows the answers, and uses them. Nothing of Blender's data is held meanwhile.

    A subclass sends its requests in `ask`, and uses the answers in `bring_in`.
    """

    # Both belong to one run of the operator.
    _timer = None
    _asked = None

    def ask(self, context, client):
        """Send the requests; return a `RenderSequence` or a `WorkerQuestion`. Raises `MattelineError`."""
        raise NotImplementedError

    # Sentences about what was asked for and cannot be done, beside what can.
    refused = ()

    def check(self, context):
        """Check what can be checked before a worker is started. Raises `MattelineError`."""

    def bring_in(self, context, asked):
        """Use the answers; return a sentence for the user. Raises `MattelineError`."""
        raise NotImplementedError

    def keep(self, asked):
        """Remember what was rendered, however it ended. Raises `MattelineError`."""

    def execute(self, context):
        """Ask and wait for the end: for scripts, farms and `blender -b`."""
        if not self._begin(context):
            return {"CANCELLED"}
        with ExitStack() as ending:
            ending.callback(self._end, context)
            shown = ""
            while not self._asked.done:
                if not self._step(context):
                    return {"CANCELLED"}
                # The log of a farm, where nobody sees a panel.
                if bpy.app.background and shown != self._asked.words:
                    shown = self._asked.words
                    sys.stdout.write(f"Matteline: {shown}\n")
                    sys.stdout.flush()
                time.sleep(WAIT_SECONDS)
            return self._finish(context)

    def invoke(self, context, _event):
        """Ask, and let the artist go on."""
        if not self._begin(context):
            return {"CANCELLED"}
        manager = context.window_manager
        self._timer = manager.event_timer_add(TICK_SECONDS, window=context.window)
        # From here on Blender calls `modal` for every event, the timer's among them.
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        """Take in the worker's messages at each tick.

        No key cancels: Esc also stops playback, closes menus and ends tools, in any editor of the window.
        """
        with ExitStack() as ending:
            ending.callback(self._end, context)
            if context.window_manager.matteline.cancelling:
                context.window_manager.matteline.cancelling = False
                self._asked.cancel()
            # Other operators' timers come here, too, which does no harm.
            if event.type == "TIMER" and not self._step(context):
                return {"CANCELLED"}
            if self._asked.done:
                return self._finish(context)
            # It goes on: nothing is to be ended yet.
            ending.pop_all()
        return {"PASS_THROUGH"}

    def cancel(self, context):
        """End the worker where Blender ends the operator, as when a file is loaded; complete frames stay."""
        self._keep_rendered()
        worker.close()
        self._end(context)

    def _begin(self, context):
        try:
            self.check(context)
            self._asked = self.ask(context, worker.client())
        except MattelineError as error:
            self._report_error(error)
            return False
        # Panels and other operators look at this.
        context.window_manager.matteline.running = True
        self._show_progress(context)
        return True

    def _step(self, context):
        """Take in the worker's messages; return False if the request has failed, which is reported."""
        try:
            self._asked.step()
        except MattelineError as error:
            self._keep_rendered()
            self._report_error(error)
            return False
        self._show_progress(context)
        return True

    def _finish(self, context):
        self._keep_rendered()
        for notice in self._asked.notices:
            self.report({"WARNING"}, notice)
        if self._asked.cancelled:
            # What a GPU's driver takes for the worker comes back only when it ends.
            worker.close()
            self.report({"WARNING"}, f"{CANCELLED} Render Matte goes on from them.")
            return {"CANCELLED"}
        refused = [*self.refused, *(f"{name}: {error_text(each)}" for name, each in self._failures())]
        done = ""
        try:
            if not self._failures() or self._asked.rendered or self._asked.plans:
                done = self.bring_in(context, self._asked)
        except MattelineError as error:
            refused.append(error_text(error))
        if not refused:
            self.report({"INFO"}, done)
            return {"FINISHED"}
        if not done and len(refused) == 1 and self._failures():
            # The one that was asked for: its name says nothing new.
            refused = [error_text(each) for _, each in self._failures()]
        # As an error, so that scripts and farms learn of it, too.
        self.report({"ERROR"}, " ".join(part for part in (done, *refused) if part))
        return {"FINISHED"} if done else {"CANCELLED"}

    def _failures(self):
        return list(self._asked.failures.items())

    def _keep_rendered(self):
        try:
            self.keep(self._asked)
        except MattelineError as error:
            self.report({"WARNING"}, error_text(error))

    def _report_error(self, error):
        if isinstance(error, WorkerError):
            worker.close()
        self.report({"ERROR"}, error_text(error))

    def _show_progress(self, context):
        now, words, fraction = context.window_manager.matteline, self._asked.words, self._asked.fraction
        # Every editor is drawn again when a property changes, so none changes without need.
        if (now.words, round(now.fraction, 3)) == (words, round(fraction, 3)):
            return
        now.words, now.fraction = words, fraction
        now.queue.clear()
        for name, state in self._asked.rows if len(self._asked.rows) > 1 else ():
            row = now.queue.add()
            row.name, row.words = name, state
        redraw(context)

    def _end(self, context):
        manager = context.window_manager
        if self._timer is not None:
            manager.event_timer_remove(self._timer)
            self._timer = None
        now = manager.matteline
        # However it ended, or nothing could be rendered again.
        now.running, now.cancelling, now.words, now.fraction = False, False, "", 0.0
        now.queue.clear()
        redraw(context)


def redraw(context):
    """Have every editor and the status bar drawn again, so that they show the progress."""
    if not bpy.app.background:
        # No text of ours: this is the one call that has the status bar drawn again.
        context.workspace.status_text_set(None)
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            area.tag_redraw()
