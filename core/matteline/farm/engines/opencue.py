"""OpenCue: one job specification for each shot, through pycue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from matteline.contract.errors import JobError, MattelineError, ReadError
from matteline.farm.engines.engine_limits import refuse_setting, refuse_text
from matteline.farm.engines.opencue_spec import job_specification
from matteline.farm.engines.shot_tasks import identifier, plain, tasks_of
from matteline.farm.engines.tools import import_package, refusal, write_text

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

INSTALL = "Install it with: pip install opencue-pycue"
# Cuebot puts a frame's own words in place of these wherever they stand in a command.
_TOKEN = r"#(ZFRAME|IFRAME|FRAME_START|FRAME_END|FRAME_CHUNK|LAYER|JOB|FRAMESPEC|FRAME)#"
# XML 1.0 has no form for most of these, not even an escaped one.
_NOT_XML = r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]"


@dataclass(frozen=True)
class OpenCue:
    """OpenCue. A submission's pool is the tag that hosts must have.

    Attributes:
        show: The show the jobs belong to; cuebot must know it.
        shot: The shot they are listed under; empty takes the batch's name.
        user: Login name of whoever submits; empty takes who is logged in.
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
        shots = tasks_of(submission)
        words = [*submission.command, *(each.file_on_workers for each in shots)]
        refuse_text("OpenCue", words, _TOKEN, "a frame's number")
        refuse_text("OpenCue", [*words, submission.pool, submission.after], _NOT_XML, "the end of the file")
        refuse_setting(
            "OpenCue", "target_seconds", submission.farm.target_seconds, "does not fit tasks to a time"
        )
        header = self._header(submission)
        # All of them before any is written, so that a refusal leaves nothing behind.
        texts = [job_specification(submission, each, header) for each in shots]
        paths = [folder / f"{each.label}.xml" for each in shots]
        return tuple(write_text(path, text) for path, text in zip(paths, texts, strict=True))

    def submit(self, submission: Submission, folder: Path) -> tuple[str, ...]:
        """Launch each specification; return the jobs' names, by which OpenCue knows them."""
        # Only here: specifications are written without pycue, whose protobuf may disturb other packages.
        cue = import_package("opencue", engine="opencue", install=INSTALL)
        # Else the host of pycue's own configuration, which artists at a studio have.
        if self.cuebot:
            cue.Cuebot.setHosts([each.strip() for each in self.cuebot.split(",")])
        names: list[str] = []
        for shot in tasks_of(submission):
            path = folder / f"{shot.label}.xml"
            try:
                launched = cue.api.launchSpecAndWait(path.read_text(encoding="utf-8"))
            except OSError as error:
                raise ReadError(f"{path} cannot be read: {error.strerror}.", path=path) from None
            except cue.CueException as error:
                raise refusal("OpenCue", "cuebot", str(error)) from None
            if not launched:
                raise MattelineError(
                    f"Cuebot has launched nothing for {path}.", hint="Look into cuebot's log."
                )
            names += [str(job.data.name) for job in launched]
        return tuple(names)

    def _header(self, submission: Submission) -> dict[str, str]:
        user = self.user or submission.user
        if not user:
            raise JobError(
                "This machine does not say who is submitting.",
                field="user",
                hint="Name the user with the engine's option user.",
            )
        header = {
            "facility": plain(self.facility),
            "show": plain(self.show),
            "shot": identifier(self.shot or submission.batch_name),
            # As it is: rqd may run frames as this user.
            "user": plain(user),
        }
        return {name: value for name, value in header.items() if value}
