"""The Blender extension as one zip, and the repository from which Blender installs and updates it.

The zip holds a single folder with `blender_manifest.toml` for Blender 4.2 and later and `bl_info` for earlier
ones, so that one file serves them all.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

from matteline.contract.files import write_bytes
from matteline.packaging.archive import zipped
from matteline.packaging.sources import contract_files, plugin_folder

# The folder inside the zip: the add-on's module name before Blender 4.2.
FOLDER = "matteline_blender"

MANIFEST = "blender_manifest.toml"
LICENCE = "LICENSE"


def package_blender(folder: Path) -> list[Path]:
    """Write the extension's zip and the repository's `index.json` to a folder; return their paths.

    The folder can be served by any web server, or used as it is from a shared disk.

    Raises:
        MattelineError: This installation does not have the add-on's files.
        WriteError: The folder cannot be written.
    """
    files = extension_files()
    manifest = tomllib.loads(files[MANIFEST].decode())
    archive = zipped({f"{FOLDER}/{name}": content for name, content in files.items()})
    path = folder / f"{manifest['id']}-{manifest['version']}.zip"
    index = folder / "index.json"
    write_bytes(path, archive)
    # The listing format of Blender's static extension repositories, API version v1.
    entry = {key: value for key, value in manifest.items() if key != "build"} | {
        "archive_url": f"./{path.name}",
        "archive_size": len(archive),
        "archive_hash": f"sha256:{hashlib.sha256(archive).hexdigest()}",
    }
    write_bytes(index, json.dumps({"version": "v1", "blocklist": [], "data": [entry]}, indent=2).encode())
    return [path, index]


def extension_files() -> dict[str, bytes]:
    """Return contents by path inside the extension, the contract included. Raises `MattelineError`."""
    source = plugin_folder("blender_addon", MANIFEST, "Blender")
    # A wheel holds the licence among the plug-in's files; in a checkout it stands at the top.
    licence = next(path for path in (source / LICENCE, source.parent / LICENCE) if path.is_file())
    own = {path.name: path.read_bytes() for path in source.iterdir() if path.suffix in (".py", ".toml")}
    own[LICENCE] = licence.read_bytes()
    return own | {f"contract/{name}": content for name, content in contract_files().items()}
