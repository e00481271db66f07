"""Zip files that are the same, byte for byte, whenever and wherever they are built."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

# The earliest time that a zip file can hold, in place of the time of the build.
EPOCH = (1980, 1, 1, 0, 0, 0)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip file of contents by path, in the order of the paths."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16  # Unix permissions lie in the upper half
            archive.writestr(entry, files[name])
    return buffer.getvalue()
