"""A thread that does one thing after another, and turns every ending into a last message."""

from __future__ import annotations

import queue
import sys
import threading
import traceback
from collections.abc import Callable

from matteline.contract.errors import MattelineError, memory_error
from matteline.contract.events import Failed, to_dict
from matteline.worker.task import Cancelled, Task

Work = Callable[[Task], None]


class SerialQueue:
    """Works on tasks in the order they come. It lasts as long as the process.

    Args:
        name: Of the thread.
        idle_seconds: How long the queue is empty before it counts as idle; None for never.
        on_idle: Called once each time it does, in the queue's own thread.
    """

    def __init__(
        self, name: str, idle_seconds: float | None = None, on_idle: Callable[[], None] = lambda: None
    ) -> None:
        self._queue: queue.SimpleQueue[tuple[Task, Work]] = queue.SimpleQueue()
        self._idle_seconds = idle_seconds
        self._on_idle = on_idle
        # Daemon: a render that hangs in a library must not keep a process alive that was told to leave.
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def put(self, task: Task, work: Work) -> None:
        """Have `work` done on a task, after those before it; not if the task ends while it waits."""
        self._queue.put((task, work))

    def _run(self) -> None:
        timeout = self._idle_seconds
        while True:
            try:
                task, work = self._queue.get(timeout=timeout)
            except queue.Empty:
                self._on_idle()
                timeout = None  # once, until there is work again
                continue
            try:
                # It may have been given up while it waited.
                task.check()
                work(task)
            except Cancelled:
                # Where nothing was written yet, `Task.cancel` has answered already, and this says nothing.
                task.end({"event": "cancelled"})
            except MattelineError as error:
                task.end(to_dict(Failed.of(error)))
            except Exception as error:
                # The one broad except of the project: a bug costs its request, not the process.
                too_little = memory_error(error)
                # Too little memory is a state of the machine, not a bug: its sentence needs no traceback.
                if too_little is None:
                    traceback.print_exc(file=sys.stderr)
                task.end(to_dict(Failed.of(too_little) if too_little else _internal_error(error)))
            timeout = self._idle_seconds


def _internal_error(error: Exception) -> Failed:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Failed(
        "InternalError",
        f"The worker met an error that it did not foresee: {what}.",
        "Please report it with the worker's log. Start the worker anew before going on.",
        1,
        {},
    )
