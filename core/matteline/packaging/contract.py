"""The contract as a plug-in carries it: the same files, importing each other wherever they are put."""

from __future__ import annotations

import re
from pathlib import Path

import matteline.contract

_IMPORT = re.compile(r"^(\s*)from matteline\.contract\.(\w+) import", re.MULTILINE)


def contract_files() -> dict[str, bytes]:
    """File name to content of each module, for a package of any name: its imports are relative."""
    folder = Path(matteline.contract.__file__).parent
    return {path.name: _relative(path).encode() for path in sorted(folder.glob("*.py"))}


def _relative(path: Path) -> str:
    return _IMPORT.sub(r"\1from .\2 import", path.read_text(encoding="utf-8"))
