"""Free memory, asked before a picture is read whose header claims very many pixels."""

from __future__ import annotations

import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def free_memory_bytes() -> int | None:
    """Return the bytes that this process may still take; None where the system does not say.

    On Linux what is free or can be freed, and no more than a container allows; elsewhere all memory of the machine.
    """
    found = [each for each in (_available(), _left_in_container()) if each is not None]
    if found:
        return min(found)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    # Windows has no `sysconf`.
    except (AttributeError, ValueError, OSError):
        return None


def _available() -> int | None:
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    # Not MemFree, which leaves out what the system keeps of files and gives up when asked.
    kilobytes = (line.split()[1] for line in lines if line.startswith("MemAvailable:"))
    return next((int(each) * 1024 for each in kilobytes), None)


def _left_in_container() -> int | None:
    try:
        # The names of control groups version 2; in a container its own group is at the root.
        limit, used = (
            (_CGROUP / name).read_text(encoding="ascii") for name in ("memory.max", "memory.current")
        )
        return int(limit) - int(used)
    except (OSError, ValueError):
        return None  # no container, or one without a limit, which says "max"
