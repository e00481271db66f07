"""The Nuke plug-in as a folder for NUKE_PATH, and the same folder as a zip."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from matteline.contract.errors import MattelineError, WriteError
from matteline.contract.files import write_bytes
from matteline.packaging.archive import zipped
from matteline.packaging.icon import icon
from matteline.packaging.sources import contract_files, plugin_folder

# The folder's name has a hyphen, so that no Python takes it for the package inside it.
FOLDER = "matteline-nuke"

# A widget that needs nothing but Qt; read as a file, because nothing but the window may load Qt.
PACKAGE = "matteline_nuke"
ICON = "Matteline.png"
PROGRESS_LIST = Path(__file__).resolve().parents[1] / "window" / "progress_list.py"

_VERSION = re.compile(r'^VERSION = "([^"]+)"$', re.MULTILINE)


def package_nuke(folder: Path) -> list[Path]:
    """Write the plug-in to `folder`, once to put on NUKE_PATH and once as a zip; return both paths.

    A folder that an earlier call wrote is replaced as a whole, so no module of an older release stays. A
    studio's `worker.txt` in it is kept.

    Raises:
        MattelineError: This installation does not have the plug-in's files.
        WriteError: The folder cannot be written, or holds something that is not the plug-in.
    """
    files = plugin_files()
    target = folder / FOLDER
    version = _VERSION.search(files[f"{PACKAGE}/version.py"].decode())
    if version is None:
        raise MattelineError("The Nuke plug-in does not say its version.")
    archive = folder / f"{FOLDER}-{version[1]}.zip"
    _replace(target, files)
    write_bytes(archive, zipped({f"{FOLDER}/{name}": content for name, content in files.items()}))
    return [target, archive]


def plugin_files() -> dict[str, bytes]:
    """Return contents by path inside the plug-in, contract and icon included. Raises `MattelineError`."""
    source = plugin_folder("nuke_plugin", f"{PACKAGE}/version.py", "Nuke")
    own = {
        path.relative_to(source).as_posix(): path.read_bytes()
        for path in sorted(source.rglob("*"))
        if path.suffix in (".py", ".md", ".nk") and "__pycache__" not in path.parts
    }
    contract = {f"{PACKAGE}/contract/{name}": content for name, content in contract_files().items()}
    return own | contract | {f"{PACKAGE}/{PROGRESS_LIST.name}": PROGRESS_LIST.read_bytes(), ICON: icon()}


def _replace(target: Path, files: Mapping[str, bytes]) -> None:
    """Write the files beside the target first, so that a failure leaves the target as it was."""
    if target.exists() and not (target / PACKAGE / "version.py").is_file():
        raise WriteError(
            f"{target} is there and is not the Nuke plug-in.",
            path=target,
            hint="Choose another folder.",
            settings=("output",),
        )
    fresh = target.with_name(f".{FOLDER}.{os.getpid()}.tmp")
    old = target.with_name(f".{FOLDER}.{os.getpid()}.old")
    try:
        for name, content in files.items():
            write_bytes(fresh / PurePosixPath(name), content)
        if (choice := target / "worker.txt").is_file():
            write_bytes(fresh / choice.name, choice.read_bytes())
        _exchange(fresh, target, old)
    except OSError as error:
        raise WriteError(f"{target} cannot be written: {error.strerror}.", path=target) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _exchange(fresh: Path, target: Path, old: Path) -> None:
    """Put one folder in the place of another, which comes back if that fails."""
    if not target.exists():
        os.replace(fresh, target)
        return
    os.replace(target, old)
    try:
        os.replace(fresh, target)
    except OSError:
        os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
