"""Following the worker from job to job. Knows nothing of Blender, and never waits."""

import time
from dataclasses import dataclass

from .contract import errors
from .jobs import Rendered

_HINTS = {
    "existing": "Use Render Missing Frames to finish them, set Existing Results to Overwrite, or choose another "
    "output folder.",
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
        self._ask = client.render if ask == "render" else client.plan
        self._number = None
        self._progress = Progress("Starting the worker", 0.0)
        self._since = 0.0
        self._next()

    @property
    def done(self):
        """Whether nothing more will come."""
        return self.cancelled or self._number is None

    @property
    def progress(self):
        """How far it is."""
        count = len(self._requests)
        index = min(len(self.plans_ended), count - 1)
        prefix = f"{index + 1} of {count}: " if count > 1 else ""
        return Progress(prefix + self._progress.words, (index + self._progress.fraction) / max(count, 1))

    @property
    def plans_ended(self):
        """The requests that have ended well."""
        return self.rendered if self._ask == self._client.render else self.plans

    def step(self):
        """Take in what the worker has said.

        Raises:
            MattelineError: The worker refused or failed, or has ended by itself.
        """
        for message in self._client.poll(self._number):
            self._TAKE.get(message["event"], Render._ignore)(self, message)
            if message.get("last") and not self.cancelled:
                self._next()

    def cancel(self):
        """Give up what is being rendered; `done` once the worker has stopped."""
        if not self.done:
            self._client.cancel(self._number)
            self._progress = Progress("Cancelling", self._progress.fraction)

    def _next(self):
        index = len(self.plans_ended)
        if index < len(self._requests):
            self._number = self._ask(self._requests[index].job)
        else:
            self._number = None

    def _plan(self, message):
        self._now = message
        if message.get("last"):
            self.plans.append(message["summary"])

    def _loading(self, message):
        self._progress = Progress(f"Loading {message['model']}", 0.0)

    def _rolling(self, message):
        self._progress = Progress(f"Settling {message['done']}/{message['total']}", self._progress.fraction)

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
        request = self._requests[len(self.rendered)]
        self.rendered.append(Rendered(request, dict(self._now["outputs"]), tuple(self._now["size"])))

    def _failed(self, message):
        self._number = None
        kind = getattr(errors, message["kind"], errors.MattelineError)
        kind = kind if issubclass(kind, errors.MattelineError) else errors.MattelineError
        hint = _HINTS.get(message.get("where", {}).get("field"), message["hint"])
        raise kind(message["message"], hint=hint)

    def _cancelled(self, _message):
        self.cancelled = True

    def _ignore(self, _message):
        """A message of a later release."""

    _TAKE = {
        "plan": _plan,
        "loading": _loading,
        "rolling": _rolling,
        "frame": _frame,
        "notice": _notice,
        "finished": _finished,
        "failed": _failed,
        "cancelled": _cancelled,
    }
