"""Refusals of what an engine cannot do or would misread, before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from matteline.contract.errors import JobError
from matteline.contract.farm_settings import farm_choices

if TYPE_CHECKING:
    from matteline.farm.engines.shot_tasks import ShotTasks


def refuse_text(engine: str, texts: Iterable[str], pattern: str, meaning: str) -> None:
    """Refuse paths and arguments that hold what the engine would replace or break.

    Args:
        engine: Its name for people.
        texts: Texts for the engine's command lines.
        pattern: A regular expression of what may not occur.
        meaning: What the engine takes it for, as in "a variable".

    Raises:
        JobError: It occurs.
    """
    # Refused rather than escaped: engines have no escapes for these, or other ones in each release.
    for text in texts:
        found = re.search(pattern, text)
        if found:
            raise JobError(
                f"{engine} would take {found[0]!r} in {text!r} for {meaning}.",
                field="output",
                hint="Choose an output folder without it.",
                settings=("output",),
            )


def refuse_setting(engine: str, setting: str, value: object, why: str) -> None:
    """Refuse a farm setting that the engine does not have.

    Args:
        engine: Its name for people.
        setting: The field of `FarmSettings`.
        value: Its value; empty or 0 where it leaves the choice to the engine.
        why: The engine's lack, as in "has no pools".

    Raises:
        JobError: The setting is given.
    """
    if value:
        label = farm_choices()[setting].label.lower()
        raise JobError(f"{engine} {why}.", field=setting, hint=f"Leave out {label}.", settings=(setting,))


def refuse_negative_frames(engine: str, shots: Iterable[ShotTasks]) -> None:
    """Refuse frames below zero for engines whose frame lists have none.

    Raises:
        JobError: A shot begins below zero.
    """
    for shot in shots:
        first = shot.farm_job.frames.first
        if first < 0:
            raise JobError(
                f"{engine} has no negative frame numbers, and {shot.name} begins at {first}.",
                field="frames",
                hint="Renumber the plate, or use openjd.",
            )
