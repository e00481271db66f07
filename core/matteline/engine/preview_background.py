"""Backgrounds of preview movies, in the user's words. No torch here: they are checked while planning."""

from __future__ import annotations

import re

from matteline.contract.errors import JobError, ReadError
from matteline.media.plate import open_plate

COLOURS = {"green": "#00b140", "black": "#000000", "white": "#ffffff"}
"""The green is that of painted screens, which keyers are set up for."""


def check_background(over: str) -> None:
    """Check that the background of a preview exists.

    Raises:
        JobError: It is no colour, and no clip that can be read.
    """
    if over == "checker" or colour_of(over) is not None:
        return
    hint = "Give checker, green, black, white, #RRGGBB or the path of a clip."
    if over.startswith("#") and "." not in over:
        raise JobError(f"'{over}' is not a colour.", field="over", hint=hint)
    try:
        open_plate(over).close()
    except (ReadError, JobError) as error:
        raise JobError(
            f"The preview cannot be laid over {over}: {error.message}", field="over", hint=hint
        ) from None


def colour_of(over: str) -> tuple[float, ...] | None:
    """Red, green and blue in 0..1 of a named colour or of #RRGGBB; None for anything else."""
    code = COLOURS.get(over, over)
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", code):
        return None
    return tuple(int(code[at : at + 2], 16) / 255 for at in (1, 3, 5))
