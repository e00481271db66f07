#!/usr/bin/env python3
"""Run what every change must pass. CI runs this command, word for word.

python scripts/check.py            everything: about half an hour on two cores
python scripts/check.py --quick    the same with the quick tests only: about two minutes
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "core tests examples scripts blender_addon nuke_plugin"
# More workers are not faster: tests start renders of their own.
MOST_WORKERS = 4

Command = list[str]


def commands(*, quick: bool) -> Iterator[Command]:
    """Yield the commands in order: what takes seconds first, the tests last."""
    yield shlex.split(f"ruff check {PYTHON}")
    yield shlex.split(f"ruff format --check {PYTHON}")
    yield ["mypy"]
    yield ["mypy", "examples", "scripts"]
    yield ["lint-imports"]
    yield ["mkdocs", "build"]
    workers = min(os.cpu_count() or 1, MOST_WORKERS)
    # The slowest are listed, so that whoever adds one sees what it costs everybody.
    chosen = ["-m", "quick"] if quick else ["--durations=40", "--durations-min=5"]
    yield ["pytest", "-n", str(workers), *chosen]


def run(command: Command) -> bool:
    """Run a command of this Python's environment; returns whether it succeeded."""
    # Flushed, since the command's own output does not wait in this process's buffer.
    print(f"\n$ {shlex.join(command)}", flush=True)
    # Also where the environment has not been activated.
    scripts = sysconfig.get_path("scripts")
    environ = {**os.environ, "PATH": os.pathsep.join([scripts, os.environ.get("PATH", "")])}
    # Material for MkDocs announces its successor each time.
    environ["NO_MKDOCS_2_WARNING"] = "1"
    program = shutil.which(command[0], path=environ["PATH"])
    if program is None:
        print(f"{command[0]} is not installed: pip install -c constraints.txt -e '.[dev]'")
        return False
    return subprocess.run([program, *command[1:]], cwd=ROOT, env=environ, check=False).returncode == 0


def main() -> int:
    """Run all commands, also after one failed; returns 1 if any did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="run the quick tests only")
    chosen = parser.parse_args()
    failed, begun = [], time.monotonic()
    for command in commands(quick=chosen.quick):
        if not run(command):
            failed.append(shlex.join(command))
    minutes, seconds = divmod(round(time.monotonic() - begun), 60)
    print(f"\n{minutes} min {seconds} s.", *(f"Failed: {each}" for each in failed), sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
