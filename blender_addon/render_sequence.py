"""Requests to the worker, followed from one to the next. Knows nothing of Blender, and never waits."""

import time
from typing import ClassVar

from .contract.errors import JobError
from .contract.events import error_of
from .contract.messages import counted, describe_check, describe_submission, progress_text
from .contract.progress import RenderProgress
from .jobs import RenderedJob

# How long a worker may take to stop; then it is ended.
CANCEL_SECONDS = 10.0


class RenderSequence:
    """Jobs given to a worker, one after another. Call `step` a few times a second until `done`.

    A job that fails does not keep those after it from being rendered.

    Args:
        client: A `WorkerClient`.
        request: The `Request` whose jobs to render.
        ask: `render`, or `plan` to only hear what a render would do.

    Attributes:
        rendered: A `RenderedJob` for each job that is done.
        plans: The plan of each job, where plans were asked for.
        notices: Sentences for the user.
        failures: The error of each job that failed, by the name of its target.
        cancelled: True once the worker has stopped, or has been given up, after `cancel`.
    """

    def __init__(self, client, request, ask="render"):
        self.rendered = []
        self.plans = []
        self.notices = list(request.notices)
        self.failures = {}
        self.cancelled = False
        self._client = client
        self._jobs = request.jobs
        self._ask = {"render": client.render, "plan": client.plan}[ask]
        self._place = 0
        self._number = self._ask(self._jobs[0].job)
        self._plan = None
        self._progress = RenderProgress("Starting the worker")
        self._give_up_at = None

    @property
    def done(self):
        """True when nothing more will come."""
        return self.cancelled or self._place == len(self._jobs)

    @property
    def words(self):
        """The progress for people."""
        if self._give_up_at is not None:
            return "Cancelling"
        count = len(self._jobs)
        prefix = f"{min(self._place + 1, count)} of {count}: " if count > 1 else ""
        return prefix + self._progress.words

    @property
    def fraction(self):
        """The part of all jobs that is done, 0..1."""
        within = 0.0 if self.done else self._progress.fraction or 0.0
        return (self._place + within) / len(self._jobs)

    @property
    def rows(self):
        """The name of each job's target, and a word or two on how far it is."""
        states = []
        for index, each in enumerate(self._jobs):
            name = each.target.name
            if index > self._place or (index == self._place and self.cancelled):
                states.append((name, "Cancelled" if self.cancelled else "Waiting"))
            elif index == self._place:
                states.append((name, self._progress.words))
            else:
                states.append((name, "Failed" if name in self.failures else "Done"))
        return states

    def step(self):
        """Take in the worker's messages.

        Raises:
            WorkerError: The worker has ended by itself.
        """
        # Whoever asked ends the worker then.
        if self._give_up_at is not None and time.monotonic() > self._give_up_at:
            self.cancelled = True
            return
        for message in self._client.poll(self._number):
            self._take(message)
            # Messages of a job that was given up may follow its last.
            if self._number != message["id"]:
                return

    def cancel(self):
        """Cancel the job under way; `done` once the worker has stopped, or after `CANCEL_SECONDS`."""
        if not self.done and self._give_up_at is None:
            self._give_up_at = time.monotonic() + CANCEL_SECONDS
            self._client.cancel(self._number)

    def _take(self, message):
        event = message["event"]
        if event == "failed":
            self._fail(error_of(message))
        elif event == "notice":
            self.notices.append(message["message"])
        elif event == "plan":
            self._take_plan(message)
        elif event == "finished":
            self.rendered.append(RenderedJob.planned(self._jobs[self._place], self._plan))
            self._go_on()
        elif event == "cancelled":
            self.cancelled = True
        else:
            self._progress = self._progress.after(message)

    def _take_plan(self, plan):
        self._plan = plan
        # Before the first frame, not after the last.
        error = self._size_error(tuple(plan["size"]))
        if error:
            self._client.cancel(self._number)
            self._fail(error)
        elif plan.get("last"):
            self.plans.append(plan)
            self._go_on()

    def _fail(self, error):
        self.failures[self._jobs[self._place].target.name] = error
        self._go_on()

    def _go_on(self):
        self._place += 1
        self._number = None
        # Not after a cancel: the jobs that follow are not wanted any more.
        if not self.done and self._give_up_at is None:
            self._number = self._ask(self._jobs[self._place].job)
            self._progress = RenderProgress(self._progress.words)
        elif not self.done:
            self.cancelled = True

    def _size_error(self, size):
        """Return an error for a matte that Blender would show in another size than its plate, or None."""
        targeted = self._jobs[self._place]
        # Blender shows an EXR's data window, and the results of EXR in EXR have the same one.
        same_windows = targeted.job.settings.format == "exr" and targeted.job.plate.lower().endswith(".exr")
        if not all(targeted.size) or targeted.size == size or same_windows:
            return None
        return JobError(
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
        message: The worker's message that it was made of.
    """

    failures: ClassVar = {}
    rows = ()

    def __init__(self, client, number, event, describe, waiting):
        self.answer, self.message = "", {}
        self.cancelled = False
        self.notices = []
        self.words, self.fraction = waiting, 0.0
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
                self.answer, self.message = self._describe(message), message
            elif message["event"] == "fetching":
                self.fraction = message["done"] / max(message["total"], 1)
            else:
                self.words = progress_text(message) or self.words

    def cancel(self):
        """Wait for the answer no longer."""
        self.cancelled = True
        self._client.cancel(self._number)


def check(client):
    """Ask a worker for its version, devices and model."""
    return WorkerQuestion(client, client.check(), "checked", describe_check, "Asking the worker")


def submit(client, request, farm):
    """Submit the jobs of a request to a render farm."""
    number = client.submit([each.job for each in request.jobs], farm)

    def describe(submitted):
        return f"{describe_submission(submitted)} Render Matte brings the mattes in when they are done."

    return WorkerQuestion(client, number, "submitted", describe, f"Submitting to {farm.engine}")


def preview(client, targeted, number):
    """Ask a worker for the cut-out of one frame."""
    # As the plate is stored: Blender shows EXR through its view, and PNG as it is.
    linear = targeted.job.plate.lower().endswith(".exr")
    asked = client.preview(targeted.job, number, products=("rgba",), file_format="exr" if linear else "png")
    described = f"Frame {number} of {targeted.target.name} as a render makes it."
    return WorkerQuestion(client, asked, "preview", lambda _message: described, f"Rendering frame {number}")


def networks(client):
    """Ask a worker for the networks that can be used or fetched."""

    def describe(answer):
        installed = sum(each["installed"] for each in answer["networks"])
        return f"{installed} of {counted(len(answer['networks']), 'model')} installed, in {answer['folder']}."

    return WorkerQuestion(client, client.networks(), "networks", describe, "Asking for models")


def fetch(client, network, *, agreed, place):
    """Ask a worker to fetch a network, from a file or a folder where a place is given."""
    number = client.fetch(network, agreed=agreed, place=place or None)

    def describe(answer):
        return f"{network} is in {answer['path']}."

    return WorkerQuestion(client, number, "fetched", describe, f"Fetching {network}")
