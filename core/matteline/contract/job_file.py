"""A job as a file, as `matteline farm submit --job` takes it and every host writes it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Union

from matteline.contract.errors import ReadError
from matteline.contract.files import read_limited, write_bytes
from matteline.contract.job import NO_JOB, Job

LARGEST_BYTES = 1 << 20


def write_job_file(path: Union[str, os.PathLike[str]], job: Job) -> None:
    """Write a job as JSON, whole or not at all, its folder made if needed. Raises `WriteError`."""
    # What of a file name is not Unicode is written as JSON escapes it, and so comes back.
    write_bytes(Path(path), f"{job.to_json()}\n".encode("utf-8", "backslashreplace"))


def read_job_file(path: Union[str, os.PathLike[str]]) -> Job:
    """Read what `write_job_file` wrote.

    Raises:
        ReadError: The file cannot be read, is too large, or is no text in UTF-8.
        JobError: As `Job.from_json` says.
    """
    try:
        data = read_limited(path, LARGEST_BYTES)
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror}") from None
    # `read_limited` returns one byte more than allowed of a file that is too large.
    if len(data) > LARGEST_BYTES:
        raise _unreadable(path, "is too large for a job")
    try:
        return Job.from_json(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise _unreadable(path, "is no text in UTF-8") from None


def _unreadable(path: Union[str, os.PathLike[str]], why: str) -> ReadError:
    return ReadError(f"The job file {os.fspath(path)} {why}.", path=path, hint=NO_JOB)
