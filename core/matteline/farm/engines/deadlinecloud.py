"""AWS Deadline Cloud: the OpenJD bundle of each shot and the files it needs, through `deadline`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matteline.farm.engines.assets import assets
from matteline.farm.engines.engine_limits import refuse_setting
from matteline.farm.engines.openjd import INSTALL, beside_python, bundle, write_bundles
from matteline.farm.engines.shot_tasks import ShotTasks, tasks_of
from matteline.farm.engines.tools import find_program, refusal, run_program

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
        refuse_setting("Deadline Cloud", "after", submission.after, "has no dependencies between jobs")
        # The values that `deadline bundle gui-submit` fills its form with.
        options = {
            "deadline:priority": submission.farm.priority,
            "deadline:maxRetriesPerTask": submission.farm.retries,
            "deadline:maxFailedTasksCount": MOST_FAILED_TASKS,
        }
        bundles = (
            bundle(submission, each, files=_asset_references(each), options=options)
            for each in tasks_of(submission)
        )
        return write_bundles(bundles, folder)

    def submit(self, submission: Submission, folder: Path) -> tuple[str, ...]:
        """Submit each bundle; return the jobs' ids."""
        deadline = find_program(beside_python("deadline"), engine="deadlinecloud", install=INSTALL)
        flags = {
            "--submitter-name": "matteline",
            # As flags: the command reads priority and retries from them only, not from the bundle's files.
            "--priority": str(submission.farm.priority),
            "--max-retries-per-task": str(submission.farm.retries),
            "--max-failed-tasks-count": str(MOST_FAILED_TASKS),
            "--farm-id": self.farm,
            "--queue-id": self.queue or submission.pool,
            "--profile": self.profile,
            "--region": self.region,
        }
        given = [word for flag, value in flags.items() if value for word in (flag, value)]
        ids = []
        for shot in tasks_of(submission):
            # --yes, since nobody is there to be asked.
            command = [deadline, "bundle", "submit", str(folder / shot.label), "--yes"]
            output = run_program([*command, *given, *_known_folders(shot)], engine="Deadline Cloud")
            found = _JOB_ID.search(output)
            if not found:
                raise refusal("Deadline Cloud", "it named no job", output)
            ids.append(found[0])
        return tuple(ids)


def _known_folders(shot: ShotTasks) -> list[str]:
    """Return as flags the folders that files are taken from and brought back to.

    The user named them by naming the plate, so the client need not ask whether they may be read.
    """
    found = assets(shot.shot)
    parents = (str(Path(each).parent) for each in found.files)
    folders = dict.fromkeys([*parents, *found.folders, *found.results])
    return [word for each in folders for word in ("--known-asset-path", each)]


def _asset_references(shot: ShotTasks) -> dict[str, Any]:
    found = assets(shot.shot)
    # Job attachments upload the inputs, and bring back whatever appears in the outputs.
    inputs = {"filenames": list(found.files), "directories": list(found.folders)}
    outputs = {"directories": list(found.results)}
    references = {"inputs": inputs, "outputs": outputs, "referencedPaths": []}
    return {"asset_references.yaml": {"assetReferences": references}}
