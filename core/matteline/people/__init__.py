"""Telling people apart, from the matte and the network's own features.

::

    for every frame, in any order:     observe(number, picture, alpha, features)     -> Observation
    once, with all observations:       Tracker(observations, scenes, hints, size)    -> people
                                       Tracker.shares()                              -> FrameShares, in order
    for every frame that is rendered:  separate(frame_shares, picture, alpha)        -> each person's matte

An observation is made of its frame alone, and a frame's shares depend on all observations and hints. So a frame
gets the same mattes whichever range is rendered. This room reads and writes no files.
"""

from matteline.people.hinted import FrameHint, PersonMask
from matteline.people.observation import Observation, Observations, grid_size, observe
from matteline.people.separation import separate
from matteline.people.shares import FrameShares
from matteline.people.tracking import Person, Tracker

__all__ = [
    "FrameHint",
    "FrameShares",
    "Observation",
    "Observations",
    "Person",
    "PersonMask",
    "Tracker",
    "grid_size",
    "observe",
    "separate",
]
