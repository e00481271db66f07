"""Stands in for Thinkbox Deadline 10's `deadlinecommand`, and for a Worker with the CommandLine plug-in.

usage: deadline_double.py job_info.job plugin_info.job

Written from Thinkbox's manual ("Manual Job Submission", "Command Line"). It reads both files as Deadline does
(UTF-16 with its mark, else UTF-8), gives the job an id, and runs its tasks at once and in this place, each as
often as failures are forgiven. Jobs lie in the folder that DEADLINE_DOUBLE names: `<id>.json` with what
became of each task. A job that depends on one that is unknown or has failed is taken, but runs no task.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

KEYS = {
    "Plugin", "Name", "BatchName", "Frames", "ChunkSize", "Priority", "Pool", "Group", "LimitGroups",
    "ConcurrentTasks", "OverrideTaskFailureDetection", "FailureDetectionTaskErrors", "TaskTimeoutMinutes",
    "OutputDirectory0", "JobDependencies",
}  # fmt: skip
PLUGIN_KEYS = {"Executable", "Arguments", "Shell", "ShellExecute", "SingleFramesOnly", "StartupDirectory"}


def read(path: str, known: set[str]) -> dict[str, str]:
    data = Path(path).read_bytes()
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    # As .NET ends lines, so that a stray end of line in a value is noticed.
    pairs = [
        line.partition("=")[::2] for line in re.split("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]", text) if line
    ]
    unknown = {key for key, _ in pairs} - known
    if unknown or len(pairs) != len(dict(pairs)):
        sys.exit(f"Error: keys that are unknown or doubled: {sorted(unknown)}")
    return dict(pairs)


def tasks(frames: str, size: int) -> Iterator[tuple[int, int]]:
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", frames)
    if not match:
        sys.exit(f"Error: the frame list {frames!r} has a gap or is none")
    first, end = int(match[1]), int(match[2] or match[1])
    for start in range(first, end + 1, size):
        yield start, min(start + size - 1, end)


def command(plugin: dict[str, str], first: int, last: int) -> list[str]:
    arguments = plugin["Arguments"].replace("<STARTFRAME>", str(first)).replace("<ENDFRAME>", str(last))
    return [plugin["Executable"], *shlex.split(arguments.replace("<QUOTE>", '"'))]


def attempt(line: list[str], attempts: int) -> dict[str, object]:
    codes: list[int] = []
    while len(codes) < attempts and codes[-1:] != [0]:
        done = subprocess.run(line, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        codes.append(done.returncode)
    return {"command": line, "attempts": len(codes), "code": codes[-1], "log": done.stdout + done.stderr}


def main() -> None:
    farm = Path(os.environ["DEADLINE_DOUBLE"])
    job, plugin = read(sys.argv[1], KEYS), read(sys.argv[2], PLUGIN_KEYS)
    before = [farm / f"{each}.json" for each in job.get("JobDependencies", "").split(",") if each]
    ready = all(each.exists() and json.loads(each.read_text())["complete"] for each in before)
    lines = [command(plugin, *each) for each in tasks(job["Frames"], int(job["ChunkSize"]))]
    ran = [attempt(each, int(job["FailureDetectionTaskErrors"])) for each in lines] if ready else []
    complete = ready and not any(each["code"] for each in ran)
    name = uuid.uuid4().hex[:24]
    (farm / f"{name}.json").write_text(json.dumps({"job": job, "tasks": ran, "complete": complete}))
    print(f"Submitting to Repository\n\nResult=Success\nJobID={name}\n\nThe job was submitted successfully.")


if __name__ == "__main__":
    main()
