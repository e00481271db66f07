"""Shots as job files, as `matteline farm submit --job` takes them."""

from __future__ import annotations

import os

from matteline.contract.errors import JobError, WriteError
from matteline.contract.job import Job


def write_job(path: str, job: Job) -> None:
    """Write a job as JSON, whole or not at all. Raises `WriteError`."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(job.to_json() + "\n")
        os.replace(temporary, path)
    except OSError as error:
        raise WriteError(
            f"The job file {path} cannot be written: {error.strerror}.",
            path=path,
            hint="Choose another folder.",
        ) from None


def read_job(path: str) -> Job:
    """Read a job file. Raises `JobError`."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(1 << 20)
    except (OSError, UnicodeDecodeError):
        raise JobError(f"The job file {path} cannot be read.", hint="Check that it is a job file.") from None
    return Job.from_json(text)
