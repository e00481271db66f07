"""The engines' own programs and packages: the one place that calls them and words their absence and refusal."""

from __future__ import annotations

import importlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from matteline.contract.errors import JobError, MattelineError
from matteline.contract.files import write_bytes

LAST_LINES = 12
# `deadline bundle submit` uploads a shot's job attachments within this time.
SUBMIT_SECONDS = 600
STANDARD_ERROR = 2


def import_package(module: str, *, engine: str, install: str) -> ModuleType:
    """Import a package that only one engine needs.

    Raises:
        MattelineError: It is not installed, or not whole.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MattelineError(
            f"The engine {engine} needs the Python package {module.partition('.')[0]}, "
            f"which cannot be imported ({error}).",
            hint=install,
        ) from None


def find_program(name: str, *, engine: str, install: str) -> str:
    """Return the path of a program that only one engine needs: a path as given, or found on PATH.

    Raises:
        MattelineError: It is not there.
    """
    found = shutil.which(name)
    if found is None:
        raise MattelineError(
            f"The engine {engine} needs the program {name}, which was not found.", hint=install
        )
    return found


def run_program(command: Sequence[str], *, engine: str) -> str:
    """Run an engine's program and return what it printed.

    Raises:
        MattelineError: It cannot be started, takes too long, or ends with an error.
    """
    try:
        done = subprocess.run(
            list(command),
            # A program that asks something finds the end of its input, and cannot wait for an answer.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # In one text, since the reason of a refusal may stand in either.
            stderr=subprocess.STDOUT,
            timeout=SUBMIT_SECONDS,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        raise MattelineError(
            f"{engine} has not answered in {SUBMIT_SECONDS} seconds.", hint="Look for the job in its monitor."
        ) from None
    except OSError as error:
        raise MattelineError(f"{command[0]} cannot be started: {error.strerror}.") from None
    if done.returncode:
        raise refusal(engine, f"exit code {done.returncode}", done.stdout)
    return done.stdout


def refusal(engine: str, why: str, output: str) -> MattelineError:
    """Return the error for an engine's refusal, with the end of what it printed."""
    # The end of it: programs print what failed last, after pages of their own.
    lines = output.strip().splitlines()[-LAST_LINES:]
    return MattelineError(f"{engine} refused the submission ({why}).", hint="\n".join(lines))


def write_text(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a text file whole or not at all; makes its folder. Lines end as `text` has them.

    Raises:
        JobError: A name in it is not Unicode.
        WriteError: It cannot be written.
    """
    # A file name that is no Unicode is a surrogate here, which no engine's file could hold.
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        raise JobError(
            f"A name for {path.name} is not Unicode, so that no engine can be told of it.",
            field="folder",
            hint="Rename the file or folder.",
        ) from None
    return write_bytes(path, data)


def follow_program(command: Sequence[str]) -> int:
    """Run a program to its end, with its output shown on standard error; return its exit code.

    Interrupted, it is given the time to end what it has started.

    Raises:
        MattelineError: It cannot be started.
    """
    try:
        # To standard error: standard output is for what `--json` promises.
        process = subprocess.Popen(list(command), stdin=subprocess.DEVNULL, stdout=STANDARD_ERROR)
    except OSError as error:
        raise MattelineError(f"{command[0]} cannot be started: {error.strerror}.") from None
    try:
        return process.wait()
    except (KeyboardInterrupt, SystemExit) as ending:
        # A terminal has told both of us of Ctrl-C.
        if isinstance(ending, SystemExit):
            process.terminate()
        process.wait()
        raise
