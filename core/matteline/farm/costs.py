"""The cost of a submission beside the frames themselves, by which an artist can choose a chunk's length."""

from __future__ import annotations

from dataclasses import dataclass

from matteline.farm.submission import PreparedShot

EXTRA_FRAME_SHARE = 0.3
"""Cost of showing an HD frame to the network against rendering it: reading and encoding it cost the same, the
refiner, the foreground and writing fall away. Measured in docs/farm.md."""


@dataclass(frozen=True)
class Cost:
    """The cost of one shot.

    Attributes:
        frames: Frames to render.
        tasks: Chunks.
        extra_frames: Frames shown to the network without a matte, in all: by the first pass, and by the chunks
            from the state before them to their first frame.
    """

    frames: int
    tasks: int
    extra_frames: int

    @property
    def share(self) -> float:
        """The cost of the extra frames, as a share of rendering the frames."""
        return EXTRA_FRAME_SHARE * self.extra_frames / self.frames if self.frames else 0.0


def cost_of(shot: PreparedShot) -> Cost:
    """Count what rendering a shot takes; only what is missing, where some of it is there."""
    farm_job, frames, chunks = shot.farm_job, shot.frames, shot.chunks
    if farm_job.farm.exact == "none":
        extra = farm_job.farm.chunk_preroll * len(chunks)
    elif farm_job.is_chain or not frames.ranges:
        extra = 0
    else:
        # The pass starts at the shot's first frame, even where only its last ones are missing.
        first_pass = frames.last - farm_job.frames.first + 1
        # From there each chunk goes on from the state at or before its first frame.
        extra = first_pass + sum(each.first % farm_job.farm.state_every for each in chunks)
    return Cost(len(frames), len(chunks), extra)
