"""What an engine cannot do or would misread, said before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from matteline.contract.errors import JobError

if TYPE_CHECKING:
    from matteline.farm.engines.shots import Shot
    from matteline.farm.submission import Submission


def refuse_text(engine: str, texts: Iterable[str], pattern: str, meaning: str) -> None:
    """Refuse paths and arguments that hold what the engine would replace or break.

    Args:
        engine: Its name for people.
        texts: What will be handed to the engine for its command lines.
        pattern: A regular expression of what may not occur.
        meaning: What the engine takes it for, as in "a variable".

    Raises:
        JobError: It occurs.
    """
    for text in texts:
        found = re.search(pattern, text)
        if found:
            raise JobError(
                f"{engine} would take {found[0]!r} in {text!r} for {meaning}.",
                field="folder",
                hint="Choose a folder without it for the ticket.",
            )


def refuse_option(engine: str, submission: Submission, name: str, why: str) -> None:
    """Refuse an option of the submission that the engine does not have.

    Raises:
        JobError: The option is given.
    """
    if getattr(submission, name):
        raise JobError(f"{engine} {why}.", field=name, hint=f"Leave out {name.replace('_', ' ')}.")


def refuse_negative_frames(engine: str, shots: Iterable[Shot]) -> None:
    """Refuse frames below zero for engines whose frame lists have none.

    Raises:
        JobError: A shot begins below zero.
    """
    for shot in shots:
        first = shot.ticket.frames.first
        if first < 0:
            raise JobError(
                f"{engine} has no negative frame numbers, and {shot.name} begins at {first}.",
                field="frames",
                hint="Renumber the plate, or use openjd.",
            )
