"""Requests to the worker, followed from one to the next. Knows nothing of Blender, and never waits."""

import time

from .contract.errors import JobError
from .contract.events import error_of
from .contract.messages import describe_check, describe_submission
from .contract.progress import RenderProgress
from .jobs import RenderedJob

# How long a worker may take to stop; then it is ended.
CANCEL_SECONDS = 10.0


class RenderSequence:
    """Jobs given to a worker, one after another. Call `step` a few times a second until `done`.

    Args:
        client: A `WorkerClient`.
        jobs: The `TargetedJob`s to render.
        ask: `render`, or `plan` to only hear what a render would do.

    Attributes:
        rendered: A `RenderedJob` for each job that is done.
        plans: The plan of each job, where plans were asked for.
        notices: Sentences for the user.
        cancelled: True once the worker has stopped, or has been given up, after `cancel`.
    """

    def __init__(self, client, jobs, ask="render"):
        self.rendered = []
        self.plans = []
        self.notices = []
        self.cancelled = False
        self._client = client
        self._jobs = list(jobs)
        self._ask = {"render": client.render, "plan": client.plan}[ask]
        self._ended = {"render": self.rendered, "plan": self.plans}[ask]
        self._number = None
        self._plan = None
        self._progress = RenderProgress("Starting the worker")
        self._give_up_at = None
        self._next()

    @property
    def done(self):
        """True when nothing more will come."""
        return self.cancelled or self._number is None

    @property
    def words(self):
        """The progress for people."""
        if self._give_up_at is not None:
            return "Cancelling"
        count = len(self._jobs)
        prefix = f"{self._index + 1} of {count}: " if count > 1 else ""
        return prefix + self._progress.words

    @property
    def fraction(self):
        """The part of all jobs that is done, 0..1."""
        return (self._index + (self._progress.fraction or 0.0)) / max(len(self._jobs), 1)

    @property
    def _index(self):
        return min(len(self._ended), len(self._jobs) - 1)

    def step(self):
        """Take in the worker's messages.

        Raises:
            MattelineError: The worker refused or failed, or has ended by itself.
        """
        # Whoever asked ends the worker then.
        if self._give_up_at is not None and time.monotonic() > self._give_up_at:
            self.cancelled = True
            return
        for message in self._client.poll(self._number):
            self._take(message)
            # Not after a cancel: the jobs that follow are not wanted any more.
            if message.get("last") and not self.cancelled:
                self._next()

    def cancel(self):
        """Cancel the job under way; `done` once the worker has stopped, or after `CANCEL_SECONDS`."""
        if not self.done and self._give_up_at is None:
            self._give_up_at = time.monotonic() + CANCEL_SECONDS
            self._client.cancel(self._number)

    def _next(self):
        index = len(self._ended)
        self._number = self._ask(self._jobs[index].job) if index < len(self._jobs) else None

    def _take(self, message):
        event = message["event"]
        if event == "failed":
            self._number = None
            raise error_of(message)
        if event == "notice":
            self.notices.append(message["message"])
        elif event == "plan":
            self._plan = message
            # Before the first frame, not after the last.
            self._check_size(self._jobs[len(self._ended)], tuple(message["size"]))
            if message.get("last"):
                self.plans.append(message)
        elif event == "finished":
            self.rendered.append(RenderedJob.planned(self._jobs[len(self.rendered)], self._plan))
            self._progress = RenderProgress(self._progress.words)
        elif event == "cancelled":
            self.cancelled = True
        else:
            self._progress = self._progress.after(message)

    def _check_size(self, targeted, size):
        """Cancel a render whose mattes Blender would show in another size than the plate."""
        # Blender shows an EXR's data window, and the results of EXR in EXR have the same one.
        same_windows = targeted.job.settings.format == "exr" and targeted.job.plate.lower().endswith(".exr")
        if not all(targeted.size) or targeted.size == size or same_windows:
            return
        self._client.cancel(self._number)
        raise JobError(
            f"{targeted.target.name} has {targeted.size[0]}x{targeted.size[1]} pixels in Blender, and its "
            f"matte would have {size[0]}x{size[1]}.",
            hint="Its data window or rotation is read in another way: convert it, or use EXR and nodes.",
        )


class WorkerQuestion:
    """One request and its answer. Stepped as a `RenderSequence` is.

    Args:
        client: A `WorkerClient` that has been asked.
        number: The request's id.
        event: Name of the message that is the answer.
        describe: Turns the answer into a sentence.
        waiting: Words to show until it comes.

    Attributes:
        answer: The sentence; empty until the answer has come.
    """

    fraction = 0.0

    def __init__(self, client, number, event, describe, waiting):
        self.answer = ""
        self.cancelled = False
        self.notices = []
        self.words = waiting
        self._client, self._number = client, number
        self._event, self._describe = event, describe

    @property
    def done(self):
        """True once it has been answered or cancelled."""
        return bool(self.answer) or self.cancelled

    def step(self):
        """Take in the answer. Raises `MattelineError` as `RenderSequence.step` does."""
        for message in self._client.poll(self._number):
            if message["event"] == "failed":
                raise error_of(message)
            if message["event"] == self._event:
                self.answer = self._describe(message)

    def cancel(self):
        """Wait for the answer no longer."""
        self.cancelled = True
        self._client.cancel(self._number)


def check(client):
    """Ask a worker for its version, devices and model."""
    return WorkerQuestion(client, client.check(), "checked", describe_check, "Asking the worker")


def submit(client, jobs, farm):
    """Submit jobs to a render farm."""
    number = client.submit([each.job for each in jobs], farm)

    def describe(submitted):
        return (
            f"{describe_submission(submitted)} Render Missing Frames brings the mattes in when they are done."
        )

    return WorkerQuestion(client, number, "submitted", describe, f"Submitting to {farm.engine}")
