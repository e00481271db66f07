"""The process that meets the inputs: one line of JSON in, one out; the suite sees whether it lives, and how."""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import numpy as np

from matteline.contract.errors import LONGEST_SENTENCE, MattelineError
from matteline.contract.events import Notice
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.job_file import read_job_file
from matteline.contract.settings import MatteSettings
from matteline.engine.kept_network import KeptNetwork
from matteline.engine.plan import Resources
from matteline.engine.planner import plan
from matteline.engine.run import run
from matteline.farm.farm_job import FarmJob
from matteline.media.complete import is_complete
from matteline.media.plate import open_plate

STEP = 4
"""Pictures are compared at every fourth pixel."""

_NEAR, _FAR = 4.0, 12.0
"""Mean differences of codes below which two pictures are the same, and above which they are not."""


class Victim:
    """Does what it is asked; a request that is refused is answered with the sentence."""

    def __init__(self) -> None:
        self._network = KeptNetwork()

    def render(
        self, plate: str, output: str, frames: str | None, existing: str, settings: dict[str, object]
    ) -> dict:
        """Render, and tell which results are there and whether each is whole."""
        job = Job(plate, output, FrameSet.parse(frames) if frames else None, existing=existing)
        job = replace(
            job, settings=MatteSettings(**{**settings, "write": tuple(settings.get("write", ["alpha"]))})
        )
        ready = plan(job, Resources())
        events = run(ready, network=self._network.take(ready) if ready.spans else None)
        notes = [event.message for event in events if isinstance(event, Notice)]
        canvas, wanted = ready.plate.canvas, len(ready.frames) * len(ready.outputs.products)
        found = [path for number in ready.frames for path in ready.outputs.paths(number) if path.exists()]
        whole = [path for path in found if is_complete(path, canvas=canvas, channels=3)]
        sentences = [*notes, *ready.plate.notes]
        return {"outcome": "done", "sentences": sentences, "whole": len(found) == len(whole) == wanted}

    def read_movie(self, plate: str, reference: str) -> dict:
        """Read a movie; count frames with another frame's picture and frames that are gone, without a word."""
        with open_plate(plate) as opened:
            originals = np.load(reference).astype(np.float32)
            misplaced, concealed, shifts = [], set(), set()
            begins_late = plate.endswith(".ts")
            for frame in opened.attempts(opened.info.frames):
                if isinstance(frame, MattelineError):
                    continue
                distance = distances(frame.pixels, originals)
                at = frame.number - 1
                own = distance[at] if at < len(distance) else np.inf
                if distance.min() < _NEAR:
                    shifts.add(int(distance.argmin()) - at)
                if distance.min() < _NEAR and own > _FAR:
                    misplaced.append(frame.number)
                elif distance.min() > _FAR:
                    concealed.add(frame.number)
        # Where a decoder conceals damage without a word (VP9 has no checksums), it may begin by an older picture.
        misplaced = [number for number in misplaced if number + 1 not in concealed]
        words = ("clock runs", "clock begins", "be decoded:", "does not say how many")
        is_told = opened.info.shortfall or any(each in note for note in opened.info.notes for each in words)
        return {
            "outcome": "done",
            # A stream without a header does not tell how many pictures it had; those that are there are in step.
            "misplaced": [] if is_told or (begins_late and len(shifts) == 1) else misplaced,
            # Frames between others are missing ones, and the plate's notes name them.
            "lost": 0
            if is_told or begins_late
            else max(0, len(originals) - max(opened.info.frames, default=0)),
            "sentences": list(opened.info.notes),
        }

    def read_farm_job(self, path: str) -> dict:
        """Read a farm job."""
        job = FarmJob.read(Path(path))
        safe = not set(job.name) & set("/\\\0:") and job.name not in ("..", ".") and job.threads <= 1024
        return {"outcome": "done", "whole": safe}

    def read_job(self, path: str) -> dict:
        """Read a job file."""
        read_job_file(path)
        return {"outcome": "done"}


def distances(pixels: np.ndarray, originals: np.ndarray) -> np.ndarray:
    """Return the mean difference of a picture from each of the originals, in 8-bit codes."""
    codes = pixels[::STEP, ::STEP, :3].astype(np.float32) * (255 / np.iinfo(pixels.dtype).max)
    if codes.shape != originals.shape[1:]:
        return np.full(len(originals), np.inf)
    return np.abs(originals - codes).mean(axis=(1, 2, 3))


def answer(victim: Victim, line: str) -> dict:
    """Do one request."""
    request = json.loads(line)
    try:
        found = getattr(victim, request.pop("do"))(**request)
    except MattelineError as error:
        found = {
            "outcome": "refused",
            "code": error.exit_code,
            "sentences": [error.message, *error.hint.split("\n")],
        }
    except BaseException:
        found = {"outcome": "traceback", "words": traceback.format_exc()[-1500:]}
    sentences = found.get("sentences", [])
    found["too_long"] = [each[:80] for each in sentences if len(each) > LONGEST_SENTENCE]
    return found


if __name__ == "__main__":
    one = Victim()
    for each in sys.stdin:
        print(json.dumps(answer(one, each)), flush=True)
