"""The number of threads that read and write frames, by the machine's cores and the size of a frame."""

from __future__ import annotations

import os
from dataclasses import dataclass

from matteline.contract.plate import Window

# Beside a GPU all cores are free to decode and encode, and even beside a network on the CPU two threads would leave
# most of a large machine idle. More than these are not needed: disks and the network are then what is waited for.
_MAX_READERS = 8
_MAX_WRITERS = 16

# Memory for frames in flight. Machines have some gigabytes for each core, and a quarter of one is little of it.
_BYTES_PER_CORE = 256 << 20

# Plate, network picture, foreground and a product of four channels as floats, and alpha.
_BYTES_PER_PIXEL = 4 * (3 + 3 + 3 + 4 + 1)


@dataclass(frozen=True)
class Workers:
    """Threads at both ends of the network. Results are the same whatever their number.

    Attributes:
        readers: Threads that decode a sequence; a movie is decoded by one.
        read_ahead: Frames decoded ahead of the network.
        writers: Threads that restore, encode and write results.
        write_behind: Frames that may wait behind the network for their files.
    """

    readers: int
    read_ahead: int
    writers: int
    write_behind: int


def workers_for(canvas: Window, cores: int | None = None) -> Workers:
    """Return the threads for frames of a size: two at each end at least, more where cores and memory allow.

    Args:
        canvas: The pixels of a frame.
        cores: Cores to use; None for all that this process may use.
    """
    cores = cores or usable_cores()
    fit = cores * _BYTES_PER_CORE // (canvas.width * canvas.height * _BYTES_PER_PIXEL)
    readers = max(2, min(cores // 2, _MAX_READERS, fit))
    writers = max(2, min(cores, _MAX_WRITERS, fit))
    # One more than write, so that a writer never waits for the network to hand over the next frame.
    return Workers(readers, readers, writers, writers + 1)


def usable_cores() -> int:
    """Return the number of cores that this process may use: fewer than there are inside a farm's limits."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
