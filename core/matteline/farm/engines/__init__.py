"""The farm engines: what each is given, and how it is submitted.

An engine gets a submission's farm jobs, and calls four commands only: `matteline farm states`, `chunk`, `check`
and `session`. Nothing of a render is decided here, so a frame's pixels cannot depend on the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from matteline.contract.errors import JobError
from matteline.farm.engines.deadline10 import Deadline10
from matteline.farm.engines.deadlinecloud import DeadlineCloud
from matteline.farm.engines.flamenco import Flamenco
from matteline.farm.engines.opencue import OpenCue
from matteline.farm.engines.openjd import OpenJD

if TYPE_CHECKING:
    from matteline.farm.submission import Submission


class Engine(Protocol):
    """A farm engine: a frozen dataclass whose fields are its own options, all text."""

    def write(self, submission: Submission, folder: Path) -> tuple[Path, ...]:
        """Write what the engine takes below `folder`, each file whole or not at all.

        Raises:
            JobError: The engine cannot do what is asked, or would misread a name or path.
            WriteError: A file cannot be written.
        """
        ...

    def submit(self, submission: Submission, folder: Path) -> tuple[str, ...]:
        """Submit what `write` wrote; return the jobs' ids in the engine.

        Raises:
            MattelineError: The engine's tools are missing, or refuse.
        """
        ...


ENGINES: Mapping[str, Engine] = {
    "openjd": OpenJD(),
    "deadlinecloud": DeadlineCloud(),
    "deadline10": Deadline10(),
    "opencue": OpenCue(),
    "flamenco": Flamenco(),
}


def configure_engine(name: str, options: Mapping[str, str] | None = None) -> Engine:
    """Return the engine of a name, with options of its own such as `address` of flamenco.

    Raises:
        JobError: There is no such engine, or it has no such option.
    """
    if name not in ENGINES:
        raise JobError(
            f"There is no farm engine '{name}'.", field="engine", hint=f"Choose from: {', '.join(ENGINES)}."
        )
    chosen: Any = ENGINES[name]
    known = [each.name for each in fields(chosen)]
    for option in options or {}:
        if option not in known:
            raise JobError(
                f"The engine {name} has no option '{option}'.",
                field=option,
                hint=f"It has: {', '.join(known)}." if known else "It has none.",
            )
    configured: Engine = replace(chosen, **(options or {}))
    return configured
