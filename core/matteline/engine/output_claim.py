"""Claims on results: two renders that would mix files of two recipes in one folder find out, and the later one ends.

A claim is a small file beside the record. It names the process and the recipe, and is touched while the render goes
on, so that a claim of a machine that went down is not kept for ever. Renders with one recipe may share a folder: they
write the same bytes.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from matteline.contract.errors import JobError
from matteline.contract.files import is_running, read_limited, remove_stale, write_text
from matteline.engine.outputs import Outputs
from matteline.engine.plan import Plan
from matteline.engine.recipe import recipe_mark

_MAX_BYTES = 4096
_SILENT_SECONDS = 3600
"""Time after which the claim of another machine no longer counts: longer than any frame takes."""

_TOUCH_SECONDS = 60


class Claim:
    """The claim of a render under way."""

    def __init__(self, file: Path) -> None:
        self._file = file
        # Monotonic, because a clock that is set back would stop the touching.
        self._touched = time.monotonic()

    def keep(self) -> None:
        """Show that the render goes on; costs nothing most of the time."""
        if time.monotonic() - self._touched > _TOUCH_SECONDS:
            self._touched = time.monotonic()
            with suppress(OSError):
                os.utime(self._file)


@contextmanager
def claim_outputs(plan: Plan) -> Iterator[Claim]:
    """Claim a plan's results for its recipe while the block lasts, and clear away what killed renders left there.

    Raises:
        JobError: A render with another recipe is writing them.
        WriteError: The folder cannot be written.
    """
    folder = _folder(plan.outputs)
    # Padded, so that names sort by time; the random part keeps apart two of the same instant.
    own = folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}.json"
    words = {"host": platform.node(), "pid": os.getpid(), "recipe": recipe_mark(plan)}
    # Written before the others are looked at: of two that begin together at least one sees the other.
    write_text(own, json.dumps(words))
    try:
        for file in sorted(folder.glob("*.json")):
            # By name, which begins with the time: of two that see each other the earlier one goes on.
            if file.name < own.name and (other := _other_recipe(file, words["recipe"])):
                raise JobError(
                    f"Another render with other settings is writing {plan.outputs.name} in {plan.outputs.folder} "
                    f"(process {other['pid']} on {other['host']}).",
                    field="output",
                    hint="Wait until it is done, or choose another output folder.",
                    settings=("output",),
                )
        remove_leftovers(plan.outputs)
        yield Claim(own)
    finally:
        with suppress(OSError):
            own.unlink(missing_ok=True)
        with suppress(OSError):
            # The system refuses it while another render has a claim in the folder.
            folder.rmdir()


def remove_leftovers(outputs: Outputs) -> int:
    """Remove temporary files that killed renders left beside the results; return how many."""
    beside = [outputs.folder, outputs.record.parent, _folder(outputs)]
    states = [each for each in outputs.record.parent.glob("*") if each.is_dir()] if beside[1].is_dir() else []
    products = [outputs.folder / product.name for product in outputs.products]
    return sum(map(remove_stale, dict.fromkeys([*beside, *products, *states])))


def _folder(outputs: Outputs) -> Path:
    return outputs.record.with_suffix(".rendering")


def _other_recipe(file: Path, recipe: object) -> dict[str, str] | None:
    """Return who holds a claim, shortened for a sentence; None where it is of the same recipe or no longer holds."""
    try:
        found = json.loads(read_limited(file, _MAX_BYTES))
        host, pid, held = str(found["host"]), int(found["pid"]), str(found["recipe"])
        silent = time.time() - file.stat().st_mtime
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    # A process of another machine cannot be asked for, so its claim holds for as long as it is touched.
    is_alive = is_running(pid) if host == platform.node() else silent < _SILENT_SECONDS
    if held == recipe or not is_alive:
        if not is_alive:
            with suppress(OSError):
                file.unlink()
        return None
    return {"host": host[:60], "pid": str(pid)}
