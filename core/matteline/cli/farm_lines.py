"""What `matteline farm` prints: a line for each frame, in words that the engine around it understands."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from matteline.contract.errors import MattelineError
from matteline.contract.events import Failed, to_dict

if TYPE_CHECKING:
    from matteline.farm.check import Verdict
    from matteline.farm.status import Status


def lines_for(environ: Mapping[str, str], as_json: bool) -> Lines:
    """The lines for who reads them: programs, the engine that the environment tells of, or people."""
    if as_json:
        return JsonLines()
    if "OPENJD_SESSION_WORKING_DIR" in environ:
        return OpenJDLines()
    if "AF_TASK_ID" in environ:
        return AfanasyLines()
    return Lines()


class Lines:
    """Words for people. Engines that end silent tasks are content with them too: every frame is a line."""

    def message(self, message: Mapping[str, Any]) -> None:
        """Tell of an event, as `contract.events.to_dict` has it."""
        words = _words(message)
        if words:
            self.say(words)
        if message["event"] in ("frame", "preroll", "assembling") and message["total"]:
            self.progress(100 * message["done"] / message["total"])

    def progress(self, percent: float) -> None:
        """Tell how far the task is."""

    def note(self, words: str) -> None:
        """Tell something that is no error."""
        self.say(f"note: {words}")

    def failed(self, error: MattelineError) -> None:
        """Tell an engine why the task fails; people are told by the command itself."""

    def verdict(self, verdict: Verdict) -> None:
        """Tell which frames are missing, as one range on a line of its own."""
        if verdict.missing.ranges:
            self.say(str(verdict.missing))
        else:
            self.say(f"{verdict.name}: all {len(verdict.frames)} frames are there and whole.")

    def status(self, status: Status) -> None:
        """Tell how far a clip is."""
        self.say(
            f"{status.name}: {len(status.done)} of {len(status.frames)} frames, {len(status.states)} states"
        )
        for each in status.chunks:
            if each.done != len(each.frames):
                self.say(f"  {each.frames}: {each.done} of {len(each.frames)}")

    def say(self, words: str) -> None:
        """Print a line at once: engines count the time since the last one."""
        sys.stdout.write(words + "\n")
        sys.stdout.flush()


class OpenJDLines(Lines):
    """As Open Job Description reads them."""

    def progress(self, percent: float) -> None:
        self.say(f"openjd_progress: {percent:.1f}")

    def failed(self, error: MattelineError) -> None:
        self.say(f"openjd_fail: {error.message}")


class AfanasyLines(Lines):
    """As Afanasy's generic parser reads them."""

    def progress(self, percent: float) -> None:
        self.say(f"PROGRESS: {percent:.0f}%")


class JsonLines(Lines):
    """One JSON object a line, as `matteline render --progress json` has them."""

    def message(self, message: Mapping[str, Any]) -> None:
        self.say(json.dumps(message))

    def note(self, words: str) -> None:
        self.say(json.dumps({"event": "notice", "message": words}))

    def failed(self, error: MattelineError) -> None:
        self.say(json.dumps(to_dict(Failed.of(error))))

    def verdict(self, verdict: Verdict) -> None:
        self.say(
            json.dumps(
                {
                    "event": "checked",
                    "clip": verdict.name,
                    "frames": str(verdict.frames),
                    "missing": str(verdict.missing),
                    "absent": str(verdict.absent),
                    "damaged": str(verdict.damaged),
                    "foreign": str(verdict.foreign),
                }
            )
        )

    def status(self, status: Status) -> None:
        self.say(json.dumps(status.to_dict()))


def _words(message: Mapping[str, Any]) -> str:
    event = message["event"]
    if event == "started":
        return f"{message['frames']} frames to render on {message['device']} with {message['model']}"
    if event == "frame":
        return f"frame {message['number']} ({message['done']} of {message['total']})"
    if event == "preroll":
        return f"preroll ({message['done']} of {message['total']})"
    if event == "assembling":
        return f"movie {message['name']} ({message['done']} of {message['total']})"
    if event == "notice":
        return f"note: {message['message']}"
    if event == "finished":
        return f"done: {message['frames']} frames in {message['seconds']:.1f} s"
    return ""
