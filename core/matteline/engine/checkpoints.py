"""Checkpoints: the recurrent states of one shot on disk, when one is saved, and which are usable."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matteline.contract.errors import ModelError, StateError
from matteline.contract.frames import FrameSet
from matteline.contract.record import RECORD_FOLDER
from matteline.engine.outputs import Outputs
from matteline.engine.timeline import NetworkRun, SavedState, Span, resume

STATE_EVERY_FRAMES = 48
"""Frames between saved states: a resume advances over at most this many again; a state takes a few megabytes."""

StateHashes = Callable[[SavedState], Mapping[str, str]]
"""Gives what a state must have been saved with: hashes of plate, weights and settings."""

# Frame numbers may be negative, as those of some sequences are; a count of mirrored frames is not.
_NUMBERS = re.compile(r"from(-?\d+)m(\d+)\.(-?\d+)")


@dataclass(frozen=True)
class StateFiles:
    """Saved states of one shot: `folder/<name>.from<run start>m<mirrored frames>.<next frame>.state`.

    Attributes:
        folder: Their folder.
        name: The shot's name.
        every_frames: A state is saved before multiples of this; 0 for none.
        also: Further frames before which one is saved.
    """

    folder: Path
    name: str
    every_frames: int = STATE_EVERY_FRAMES
    also: frozenset[int] = frozenset()

    def file(self, state: SavedState) -> Path:
        """Return the file of a state; it need not exist."""
        run = f"from{state.run.start}m{state.run.mirrored}"
        return self.folder / f"{self.name}.{run}.{state.next_frame}.state"

    def is_due(self, first: int, after: int) -> bool:
        """Tell if the state after frames `first` to `after` - 1 is to be saved."""
        crossed = self.every_frames > 0 and first // self.every_frames != after // self.every_frames
        return crossed or after in self.also

    def due(self, span: Span) -> list[SavedState]:
        """List the states that running a whole span saves, but for those of `also`."""
        every = self.every_frames
        if not every:
            return []
        # Multiples of `every`, not counted from the span: ranges that overlap then share their states.
        first = -(-(span.frames.first + 1) // every) * every
        return [SavedState(span.run, number) for number in range(first, span.render.last + 1, every)]

    def saved(self) -> list[SavedState]:
        """List the states on disk, ascending. None of the files has been opened."""
        try:
            names = os.listdir(self.folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
        prefix, suffix = f"{self.name}.", ".state"
        middles = (
            name[len(prefix) : -len(suffix)]
            for name in names
            if name.startswith(prefix) and name.endswith(suffix)
        )
        found = (_NUMBERS.fullmatch(middle) for middle in middles)
        return sorted(
            SavedState(NetworkRun(int(match[1]), int(match[2])), int(match[3])) for match in found if match
        )

    def remove(self, states: Iterable[SavedState]) -> None:
        """Delete the files of states, as far as they exist."""
        for state in states:
            self.file(state).unlink(missing_ok=True)

    def usable(
        self, states: Iterable[SavedState], hashes: StateHashes, *, refuse_others: bool = False
    ) -> list[SavedState]:
        """Return those of the states that can be read and were saved with these hashes.

        Args:
            states: States on disk.
            hashes: What a state must have been saved with; see `save_state`.
            refuse_others: Raise where a whole state was saved with others, instead of leaving it out.

        Raises:
            StateError: One is whole, but of another plate, model or settings.
        """
        return [state for state in states if self._is_usable(state, hashes(state), refuse_others)]

    def _is_usable(self, state: SavedState, hashes: Mapping[str, str], refuse_others: bool) -> bool:
        from matteline.matting.state import load_state  # loads torch, so not before it is needed

        try:
            _, saved_for = load_state(self.file(state), hashes=hashes)
        except StateError:
            if refuse_others:
                raise
            return False
        except ModelError:
            # Cut short, or removed since it was listed: the one before it serves as well.
            return False
        # A state that was copied or renamed by hand would be continued with at the wrong frame.
        return saved_for == state.next_frame


def state_files(outputs: Outputs) -> StateFiles:
    """Return the states that a render on one machine saves beside its results."""
    return StateFiles(outputs.folder / RECORD_FOLDER, outputs.name)


def begin_from_states(
    spans: Sequence[Span],
    done: FrameSet,
    states: StateFiles,
    hashes: StateHashes,
    *,
    refuse_others: bool = False,
) -> tuple[Span, ...]:
    """Lay out the spans of what is not done, from the latest saved states that can be used.

    A state that cannot be used is passed over: going back further costs time, never pixels.

    Raises:
        StateError: Only with `refuse_others`: a state is whole, but of another plate, model or settings.
    """
    there = states.saved()
    while True:
        parts = resume(spans, done, there)
        # Only states that a span would begin from are read, not all that are there.
        begins = [SavedState(part.run, part.frames.first) for part in parts if part.from_state]
        usable = states.usable(begins, hashes, refuse_others=refuse_others)
        if usable == begins:
            return parts
        # Without its states there is nothing that can be begun from, and the next round finds another way.
        there = [state for state in there if state in usable or state not in begins]
