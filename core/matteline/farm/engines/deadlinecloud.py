"""AWS Deadline Cloud: the OpenJD bundle of each shot and the files it needs, through `deadline`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matteline.farm.engines.assets import assets
from matteline.farm.engines.openjd import INSTALL, beside_python, bundle, write_bundles
from matteline.farm.engines.refusing import refuse_option
from matteline.farm.engines.shots import Shot, shots
from matteline.farm.engines.tools import program, refusal, say

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

MOST_FAILED_TASKS = 20
_JOB_ID = re.compile(r"\bjob-[0-9a-f]{32}\b")


@dataclass(frozen=True)
class DeadlineCloud:
    """AWS Deadline Cloud. Farm, queue and profile are those of `deadline config` unless named here.

    Attributes:
        farm: Id of the farm, `farm-…`.
        queue: Id of the queue, `queue-…`; a submission's pool is used where this is empty.
        profile: AWS profile.
        region: AWS region of the farm.
    """

    farm: str = ""
    queue: str = ""
    profile: str = ""
    region: str = ""

    def write(self, submission: Submission, folder: Path) -> tuple[Path, ...]:
        """Write each shot's bundle with `asset_references.yaml`, checked by OpenJD's model."""
        refuse_option("Deadline Cloud", submission, "after", "has no dependencies between jobs")
        options = _options(submission)
        bundles = (
            bundle(submission, each, files=_files(each), options=options) for each in shots(submission)
        )
        return write_bundles(bundles, folder)

    def submit(self, submission: Submission, folder: Path) -> tuple[str, ...]:
        """Submit each bundle; the jobs' ids."""
        deadline = program(
            beside_python("deadline"), engine="deadlinecloud", install=f"Install it with: {INSTALL}"
        )
        where = self._where(submission)
        return tuple(
            _submit(deadline, submission, folder / each.label, [*where, *_known(each)])
            for each in shots(submission)
        )

    def _where(self, submission: Submission) -> list[str]:
        named = {
            "--farm-id": self.farm,
            "--queue-id": self.queue or submission.pool,
            "--profile": self.profile,
            "--region": self.region,
        }
        return [word for flag, value in named.items() if value for word in (flag, value)]


def _submit(deadline: str, submission: Submission, folder: Path, where: list[str]) -> str:
    # As flags: the command reads priority and retries from them only, not from the bundle's files.
    numbers = {
        "--priority": submission.priority,
        "--max-retries-per-task": submission.retries,
        "--max-failed-tasks-count": MOST_FAILED_TASKS,
    }
    flags = [word for flag, value in numbers.items() for word in (flag, str(value))]
    said = say(
        [deadline, "bundle", "submit", str(folder), "--yes", "--submitter-name", "matteline", *flags, *where],
        engine="Deadline Cloud",
    )
    found = _JOB_ID.search(said)
    if not found:
        raise refusal("Deadline Cloud", "it named no job", said)
    return found[0]


def _known(shot: Shot) -> list[str]:
    """The folders that files are taken from and brought back to, which the user named by naming the plate."""
    found = assets(shot.ticket, shot.job_file)
    parents = (str(Path(each).parent) for each in found.files)
    folders = dict.fromkeys([*parents, *found.folders, *found.results])
    return [word for each in folders for word in ("--known-asset-path", each)]


def _options(submission: Submission) -> dict[str, int]:
    """What `deadline bundle gui-submit` fills its form with."""
    return {
        "deadline:priority": submission.priority,
        "deadline:maxRetriesPerTask": submission.retries,
        "deadline:maxFailedTasksCount": MOST_FAILED_TASKS,
    }


def _files(shot: Shot) -> dict[str, Any]:
    found = assets(shot.ticket, shot.job_file)
    inputs = {"filenames": list(found.files), "directories": list(found.folders)}
    outputs = {"directories": list(found.results)}
    return {
        "asset_references.yaml": {
            "assetReferences": {"inputs": inputs, "outputs": outputs, "referencedPaths": []}
        }
    }
