"""The recurrent states of one shot on disk: where they lie, when one is saved, and which are of use."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from matteline.contract.errors import ModelError, StateError
from matteline.engine.outputs import RECORD_FOLDER, STATE_EVERY_FRAMES, Outputs


@dataclass(frozen=True)
class StateFiles:
    """Saved states of one shot: `folder/<name>.<next frame>.state`.

    Attributes:
        folder: Where they lie.
        name: The shot's name.
        every_frames: A state is saved before multiples of this; 0 for none.
        also: Frames before which one is saved beside those.
        keep: How many are kept, the latest; None for all.
        hashes: What they were made with, where it is known already; None asks the plan.
    """

    folder: Path
    name: str
    every_frames: int = STATE_EVERY_FRAMES
    also: frozenset[int] = frozenset()
    keep: int | None = 2
    hashes: Mapping[str, str] | None = None

    def file(self, next_frame: int) -> Path:
        """The state before `next_frame`."""
        return self.folder / f"{self.name}.{next_frame}.state"

    def is_due(self, first: int, after: int) -> bool:
        """Whether the state after frames `first` to `after` - 1 is to be saved."""
        crossed = self.every_frames > 0 and first // self.every_frames != after // self.every_frames
        return crossed or after in self.also

    def saved(self) -> list[int]:
        """Frames before which a state lies there, ascending. None of them has been opened."""
        return sorted(number for number, _ in self._files())

    def trim(self, keep: int | None) -> None:
        """Remove all but the `keep` latest; None removes none."""
        if keep is None:
            return
        files = sorted(self._files())
        for _, path in files[: len(files) - keep]:
            path.unlink(missing_ok=True)

    def without_damaged(self, numbers: list[int], hashes: Mapping[str, str]) -> list[int]:
        """Those of the states that can be gone on from.

        Raises:
            StateError: One is whole, but of another plate, model or settings.
        """
        return [number for number in numbers if self._is_whole(number, hashes)]

    def _is_whole(self, number: int, hashes: Mapping[str, str]) -> bool:
        from matteline.matting.state import load_state  # loads torch, so not before it is needed

        try:
            _, saved_for = load_state(self.file(number), hashes=hashes)
        except StateError:
            raise
        except ModelError:
            # Cut short, or dropped since it was listed: the one before it serves as well.
            return False
        return saved_for == number

    def _files(self) -> Iterator[tuple[int, Path]]:
        prefix, suffix = f"{self.name}.", ".state"
        for name in _names(self.folder):
            middle = name[len(prefix) : -len(suffix)]
            if name.startswith(prefix) and name.endswith(suffix) and middle.removeprefix("-").isdigit():
                yield int(middle), self.folder / name


def state_files(outputs: Outputs) -> StateFiles:
    """The states that a render on one machine saves beside its results, and drops when it is done."""
    return StateFiles(outputs.folder / RECORD_FOLDER, outputs.name)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
