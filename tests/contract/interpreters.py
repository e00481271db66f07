"""The Pythons of this machine, by version: hosts bring many."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import which

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def interpreters() -> dict[str, str]:
    """Version, such as `3.9`, to a Python that runs."""
    return {version: found for version in VERSIONS for found in _of(version)[:1]}


def _of(version: str) -> list[str]:
    own = [sys.executable] if version == f"{sys.version_info.major}.{sys.version_info.minor}" else []
    pyenv = sorted(map(str, (Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")))
    on_path = [found for found in [which(f"python{version}")] if found]
    return [each for each in [*own, *pyenv, *on_path] if _runs(each, version)]


def _runs(python: str, version: str) -> bool:
    # pyenv leaves commands on PATH for versions that are not active; those do not run.
    done = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.startswith(f"Python {version}.")
