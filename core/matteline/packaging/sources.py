"""Sources that a plug-in is built of: its own folder, and the contract, which it carries a copy of."""

from __future__ import annotations

import re
from pathlib import Path

import matteline.contract
from matteline.contract.errors import MattelineError

_IMPORT = re.compile(r"^(\s*)from matteline\.contract\.(\w+) import", re.MULTILINE)


def contract_files() -> dict[str, bytes]:
    """Return the content of each contract module by its file name.

    Imports among them are made relative, so that they work in a package of any name.
    """
    folder = Path(matteline.contract.__file__).parent
    return {
        path.name: _IMPORT.sub(r"\1from .\2 import", path.read_text(encoding="utf-8")).encode()
        for path in sorted(folder.glob("*.py"))
    }


def plugin_folder(name: str, known_by: str, host: str) -> Path:
    """Return the folder of a plug-in's sources.

    Args:
        name: Name of the folder. The wheel puts it beside this file; in a checkout it stands at the top.
        known_by: A file in it that tells the plug-in from another folder of that name.
        host: Name of the host program, for the message.

    Raises:
        MattelineError: This installation does not have the plug-in's files.
    """
    here = Path(__file__).resolve()
    for parent in (here.parent, here.parents[3]):
        if (parent / name / known_by).is_file():
            return parent / name
    raise MattelineError(
        f"This installation of matteline does not have the files of the plug-in for {host}.",
        hint="Install matteline from its wheel or source archive again.",
    )
