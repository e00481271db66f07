"""Following the worker from job to job. Knows nothing of Blender, and never waits."""

import time
from dataclasses import dataclass

from .contract.errors import JobError
from .contract.events import error_of
from .contract.messages import describe_check, describe_submission
from .jobs import Rendered

CANCEL_SECONDS = 10.0
"""How long a worker may take to stop; then it is ended."""

_HINTS = {
    "existing": "Use Render Missing Frames to finish them, set Existing results to Overwrite, or choose "
    "another output folder.",
    "frames": "Check the strip's or clip's range, and reload it if its file has changed.",
}
"""What to do in Blender, where the worker's own hint speaks of the command line."""


@dataclass(frozen=True)
class Progress:
    """How far things are: words for people, and 0 to 1."""

    words: str
    fraction: float


class Render:
    """Requests given to a worker, one after another. Call `step` a few times a second until `done`.

    Args:
        client: A `WorkerClient`.
        requests: What to render.
        ask: `render`, or `plan` to only hear what it would do.
    """

    def __init__(self, client, requests, ask="render"):
        self.rendered = []
        self.plans = []
        self.notices = []
        self.cancelled = False
        self._client = client
        self._requests = list(requests)
        self._ask = {"render": client.render, "plan": client.plan}[ask]
        self._ended = {"render": self.rendered, "plan": self.plans}[ask]
        self._number = None
        self._progress = Progress("Starting the worker", 0.0)
        self._since = 0.0
        self._give_up_at = None
        self._next()

    @property
    def done(self):
        """Whether nothing more will come."""
        return self.cancelled or self._number is None

    @property
    def progress(self):
        """How far it is."""
        count = len(self._requests)
        index = min(len(self._ended), count - 1)
        prefix = f"{index + 1} of {count}: " if count > 1 else ""
        return Progress(prefix + self._progress.words, (index + self._progress.fraction) / max(count, 1))

    def step(self):
        """Take in what the worker has said.

        Raises:
            MattelineError: The worker refused or failed, or has ended by itself.
        """
        if self._give_up_at is not None and time.monotonic() > self._give_up_at:
            self.cancelled = True
            return
        for message in self._client.poll(self._number):
            _TAKE.get(message["event"], Render._ignore)(self, message)
            if message.get("last") and not self.cancelled:
                self._next()

    def cancel(self):
        """Give up what is being rendered; `done` once the worker has stopped, or has not for long."""
        if not self.done and self._give_up_at is None:
            self._give_up_at = time.monotonic() + CANCEL_SECONDS
            self._client.cancel(self._number)
            self._progress = Progress("Cancelling", self._progress.fraction)

    def _next(self):
        index = len(self._ended)
        if index < len(self._requests):
            self._number = self._ask(self._requests[index].job)
        else:
            self._number = None

    def _plan(self, message):
        self._now = message
        self._check_size(self._requests[len(self._ended)], tuple(message["size"]))
        if message.get("last"):
            self.plans.append(message)

    def _check_size(self, request, size):
        # Blender shows an EXR's data window, and the results of EXR in EXR have the same one.
        same_windows = request.job.settings.format == "exr" and request.job.plate.lower().endswith(".exr")
        if not all(request.size) or request.size == size or same_windows:
            return
        self._client.cancel(self._number)
        raise JobError(
            f"{request.target.name} has {request.size[0]}x{request.size[1]} pixels in Blender, and its matte "
            f"would have {size[0]}x{size[1]}.",
            hint="Its data window or rotation is read in another way: convert it, or use EXR and nodes.",
        )

    def _loading(self, message):
        self._progress = Progress(f"Loading {message['model']}", 0.0)

    def _rolling(self, message):
        self._progress = Progress(f"Preroll {message['done']}/{message['total']}", self._progress.fraction)

    def _frame(self, message):
        done, total = message["done"], message["total"]
        if done == 1 or not self._since:
            self._since = time.monotonic()
        self._progress = Progress(f"Matte {done}/{total}{self._left(done, total)}", done / total)

    def _left(self, done, total):
        seconds = time.monotonic() - self._since
        if done < 3 or seconds <= 0:
            return ""
        rate = (done - 1) / seconds
        minutes, rest = divmod(round((total - done) / rate), 60)
        return f" ({rate:.1f} fps, {minutes}:{rest:02d} left)"

    def _notice(self, message):
        self.notices.append(message["message"])

    def _finished(self, _message):
        self._since = 0.0
        self.rendered.append(as_rendered(self._requests[len(self.rendered)], self._now))

    def _failed(self, message):
        self._number = None
        raise _error(message)

    def _cancelled(self, _message):
        self.cancelled = True

    def _ignore(self, _message):
        """Nothing to do, as for a message of a later release."""


_TAKE = {
    "plan": Render._plan,
    "loading": Render._loading,
    "preroll": Render._rolling,
    "frame": Render._frame,
    "notice": Render._notice,
    "finished": Render._finished,
    "failed": Render._failed,
    "cancelled": Render._cancelled,
}


def as_rendered(request, plan):
    """A request as what its plan says will be on disk."""
    return Rendered(request, dict(plan["outputs"]), tuple(plan["size"]))


def _error(failed):
    error = error_of(failed)
    error.hint = _HINTS.get(failed["where"].get("field"), error.hint)
    return error


class Question:
    """One request and its answer. Stepped as a `Render` is.

    Args:
        client: A `WorkerClient` that has been asked.
        number: The request's id.
        event: What the answer is called.
        words: Turns the answer into a sentence.
        waiting: What to show until it comes.
    """

    def __init__(self, client, number, event, words, waiting):
        self.words = ""
        self.cancelled = False
        self.notices = []
        self.progress = Progress(waiting, 0.0)
        self._client, self._number = client, number
        self._event, self._said = event, words

    @property
    def done(self):
        """Whether it has been answered."""
        return bool(self.words) or self.cancelled

    def step(self):
        """Take in the answer. Raises `MattelineError` as `Render.step` does."""
        for message in self._client.poll(self._number):
            if message["event"] == "failed":
                raise _error(message)
            if message["event"] == self._event:
                self.words = self._said(message)

    def cancel(self):
        """Wait for the answer no longer."""
        self.cancelled = True
        self._client.cancel(self._number)


def check(client):
    """Ask a worker for its versions, devices and model."""
    return Question(client, client.check(), "checked", describe_check, "Asking the worker")


def submit(client, requests, farm):
    """Hand what the requests ask for to a render farm."""
    number = client.submit([each.job for each in requests], farm)
    return Question(client, number, "submitted", _handed, f"Submitting to {farm.engine}")


def _handed(submitted):
    return f"{describe_submission(submitted)} Render Missing Frames brings the mattes in when they are done."
