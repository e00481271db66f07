"""The output of `matteline farm`: a line for each frame, in a form that the engine around it understands."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from matteline.contract.errors import MattelineError
from matteline.contract.events import Failed, to_dict
from matteline.contract.messages import progress_text

if TYPE_CHECKING:
    from matteline.farm.check import CheckResult
    from matteline.farm.status import ShotStatus


def lines_for(environ: Mapping[str, str], as_json: bool) -> TextLines:
    """Choose the form of output: for programs, for the engine that the environment tells of, or for people."""
    if as_json:
        return JsonLines()
    if "OPENJD_SESSION_WORKING_DIR" in environ:
        return OpenJDLines()
    if "AF_TASK_ID" in environ:
        return AfanasyLines()
    return TextLines()


class TextLines:
    """Lines for people, and for engines that end tasks which print nothing for long: every frame is a line."""

    def message(self, message: Mapping[str, Any]) -> None:
        """Print an event, as `contract.events.to_dict` has it."""
        line = _line(message)
        if line:
            self.write(line)
        if message["event"] in ("frame", "look", "preroll", "assembling") and message["total"]:
            self.progress(100 * message["done"] / message["total"])

    def progress(self, percent: float) -> None:
        """Print how far the task is; nothing here, since every frame has a line."""

    def note(self, words: str) -> None:
        """Print something that is no error."""
        self.write(f"note: {words}")

    def failed(self, error: MattelineError) -> None:
        """Print for an engine why the task fails; nothing here, since the command itself tells people."""

    def check_result(self, result: CheckResult) -> None:
        """Print which frames are missing, as one range on a line of its own."""
        if result.missing.ranges:
            self.write(str(result.missing))
        else:
            self.write(f"{result.name}: all {len(result.frames)} frames are there and whole.")

    def status(self, status: ShotStatus) -> None:
        """Print the progress of a shot."""
        self.write(
            f"{status.name}: {len(status.done)} of {len(status.frames)} frames, {len(status.states)} states"
        )
        for each in status.chunks:
            if each.done != len(each.frames):
                self.write(f"  {each.frames}: {each.done} of {len(each.frames)}")

    def write(self, words: str) -> None:
        """Print a line at once: engines count the time since the last one."""
        sys.stdout.write(words + "\n")
        sys.stdout.flush()


class OpenJDLines(TextLines):
    """Lines with those that Open Job Description reads among them."""

    def progress(self, percent: float) -> None:
        self.write(f"openjd_progress: {percent:.1f}")

    def failed(self, error: MattelineError) -> None:
        self.write(f"openjd_fail: {error.message}")


class AfanasyLines(TextLines):
    """Lines with those that Afanasy's generic parser reads among them."""

    def progress(self, percent: float) -> None:
        self.write(f"PROGRESS: {percent:.0f}%")


class JsonLines(TextLines):
    """JSON objects, one a line, as `matteline render --progress json` has them."""

    def message(self, message: Mapping[str, Any]) -> None:
        self.write(json.dumps(message))

    def note(self, words: str) -> None:
        self.write(json.dumps({"event": "notice", "message": words}))

    def failed(self, error: MattelineError) -> None:
        self.write(json.dumps(to_dict(Failed.of(error))))

    def check_result(self, result: CheckResult) -> None:
        self.write(
            json.dumps(
                {
                    "event": "checked",
                    "shot": result.name,
                    "frames": str(result.frames),
                    "missing": str(result.missing),
                    "absent": str(result.absent),
                    "damaged": str(result.damaged),
                    "foreign": str(result.foreign),
                    "wrong": {fault: str(frames) for fault, frames in result.wrong.items()},
                }
            )
        )

    def status(self, status: ShotStatus) -> None:
        self.write(json.dumps(status.to_dict()))


def _line(message: Mapping[str, Any]) -> str:
    """Return the line for an event, empty where there is none."""
    event = message["event"]
    if event == "started":
        return f"{message['frames']} frames to render on {message['device']} with {message['model']}"
    if event == "frame":
        # With its number, because a log is searched for it.
        return f"frame {message['number']} ({message['done']} of {message['total']})"
    if event == "notice":
        return f"note: {message['message']}"
    return progress_text(message)
