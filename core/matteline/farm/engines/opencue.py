"""OpenCue: one job specification for each shot, through pycue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matteline.contract.errors import JobError, MattelineError, ReadError
from matteline.farm.engines.opencue_spec import spec
from matteline.farm.engines.refusing import refuse_option, refuse_text
from matteline.farm.engines.shots import Shot, identifier, plain, shots
from matteline.farm.engines.tools import package, refusal, write_text

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

INSTALL = "pip install opencue-pycue"
# Cuebot puts a frame's own words in place of these wherever they stand in a command.
_TOKEN = r"#(ZFRAME|IFRAME|FRAME_START|FRAME_END|FRAME_CHUNK|LAYER|JOB|FRAMESPEC|FRAME)#"
_NOT_XML = r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]"


@dataclass(frozen=True)
class OpenCue:
    """OpenCue. A submission's pool is the tag that hosts must have.

    Attributes:
        show: The show the jobs belong to; cuebot must know it.
        shot: The shot they are listed under; empty takes the batch's name.
        user: Who submits; empty takes who is logged in.
        facility: Where to render; empty takes cuebot's default.
        cuebot: Host names, separated by commas; empty takes pycue's own configuration.
    """

    show: str = "testing"
    shot: str = ""
    user: str = ""
    facility: str = ""
    cuebot: str = ""

    def write(self, submission: Submission, folder: Path) -> tuple[Path, ...]:
        """Write `<shot>.xml` for each shot: what cuebot takes, as `cjsl-1.15.dtd` describes it."""
        found = shots(submission)
        words = [*submission.command, *(each.job_file_on_workers for each in found)]
        refuse_text("OpenCue", words, _TOKEN, "a frame's number")
        refuse_text("OpenCue", [*words, submission.pool, submission.after], _NOT_XML, "the end of the file")
        refuse_option("OpenCue", submission, "target_seconds", "does not fit tasks to a time")
        header = self._header(submission)
        texts = [spec(submission, each, header) for each in found]
        return tuple(write_text(_path(folder, shot), text) for shot, text in zip(found, texts, strict=True))

    def submit(self, submission: Submission, folder: Path) -> tuple[str, ...]:
        """Launch each specification; the jobs' names, by which OpenCue knows them."""
        cue = package("opencue", engine="opencue", install=INSTALL)
        if self.cuebot:
            cue.Cuebot.setHosts([each.strip() for each in self.cuebot.split(",")])
        return tuple(name for shot in shots(submission) for name in _launch(cue, _path(folder, shot)))

    def _header(self, submission: Submission) -> dict[str, str]:
        header = {
            "facility": plain(self.facility),
            "show": plain(self.show),
            "shot": identifier(self.shot or submission.batch_name),
            # As it is: rqd may run frames as this user.
            "user": plain(self.user or _known(submission.user)),
        }
        return {name: value for name, value in header.items() if value}


def _path(folder: Path, shot: Shot) -> Path:
    return folder / f"{shot.label}.xml"


def _known(user: str) -> str:
    if not user:
        raise JobError(
            "This machine does not say who is submitting.",
            field="user",
            hint="Name the user with --engine-option user=NAME.",
        )
    return user


def _launch(cue: Any, path: Path) -> list[str]:
    text = _read(path)
    try:
        launched = cue.api.launchSpecAndWait(text)
    except cue.CueException as error:
        raise refusal("OpenCue", "cuebot", str(error)) from None
    names = [str(job.data.name) for job in launched]
    if not names:
        raise MattelineError(f"Cuebot has launched nothing for {path}.", hint="Look into cuebot's log.")
    return names


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror}.", path=path) from None
