"""What a submission costs beside the frames themselves, so that a chunk size can be chosen with open eyes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from matteline.contract.frames import FrameSet
from matteline.farm.ticket import Ticket

ROLLED_SHARE = 0.3
"""What rolling over an HD frame costs against rendering it, about: reading and showing it cost the same, the
refiner, the foreground and writing fall away. Measured in docs/farm.md."""


@dataclass(frozen=True)
class Costs:
    """Of one clip.

    Attributes:
        frames: To render.
        tasks: Chunks.
        rolled: Frames shown to the network without a matte, in all: by the first pass, and by the chunks
            from the state before them to their first frame.
    """

    frames: int
    tasks: int
    rolled: int

    @property
    def share(self) -> float:
        """What rolling costs, as a share of rendering the frames."""
        return ROLLED_SHARE * self.rolled / self.frames if self.frames else 0.0


def costs_of(ticket: Ticket, frames: Iterable[int] | None = None) -> Costs:
    """Count what rendering a ticket takes; of `frames` only where some are missing."""
    wanted = ticket.frames if frames is None else FrameSet.of(frames)
    chunks = ticket.chunks_of(wanted)
    if ticket.exact == "none":
        rolled = ticket.preroll_frames * len(chunks)
    elif ticket.exact == "chain":
        rolled = 0
    else:
        passed = wanted.last - ticket.frames.first + 1 if wanted.ranges else 0
        rolled = passed + sum(each.first % ticket.state_frames for each in chunks)
    return Costs(len(wanted), len(chunks), rolled)
