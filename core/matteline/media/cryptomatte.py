"""Cryptomatte EXR files: one object per person, as the pickers of Nuke and Blender read them.

The format is that of the Cryptomatte specification 1.2.0 (Friedman and Jones, Psyop).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from matteline.contract.files import replacing
from matteline.contract.plate import Header, Window
from matteline.media.encoding import Encoding
from matteline.media.exr_writer import write_exr
from matteline.media.frame import Pixels
from matteline.media.samples import crop_or_pad

LAYER: Final = "CryptoObject"
"""Prefix of all channels; artists know it, although pickers find any name through the metadata."""

# First seven hexadecimal digits of the hash of `LAYER`: how metadata of several layers is told apart.
_KEY: Final = "3ae39a5"

_MAX_LAYERS: Final = 12  # the Cryptomatte gizmo for Nuke reads no more

LEAST_COVERAGE: Final = 1 / 255
"""Coverage below this is written as 0: invisible, yet noise of that size makes a file 16 times larger."""

# Half floats cannot hold the ids, and lossy compression destroys them.
_ENCODING: Final = Encoding("exr", "float", "zip")


def write_cryptomatte(
    path: Path,
    coverage: Pixels,
    header: Header,
    *,
    names: Sequence[str],
    canvas: Window | None = None,
    attributes: Mapping[str, object] | None = None,
) -> None:
    """Write one frame of people as a Cryptomatte EXR. Until it is whole, nothing changes at `path`.

    The file covers the display window, because Blender centres a smaller data window instead of placing it.
    It is tagged as data, because Blender 5 would convert the ids of a file that is tagged as colour.

    Args:
        path: The file; its folder must exist.
        coverage: (N, H, W) float32, 0..1, the whole canvas: each person's share of alpha, in the order of
            `names`. Shares of one pixel should add up to 1 at most: pickers add coverages without a limit.
        header: Of the plate's frame: windows, pixel aspect, timecode, metadata.
        names: Everyone in the whole shot, also those absent in this frame, in one order for all frames:
            Blender reads the names of a sequence from its first file, and the number of layers follows from
            them, which must not change within a sequence.
        canvas: Where the pixels lie; None when they begin at the data window's corner.
        attributes: Further metadata of the file.

    Raises:
        ValueError: Two names have the same id, or coverage is not that of as many people.
        WriteError: The file cannot be written: disk full, permission, folder gone, name too long.
    """
    if coverage.shape[0] != len(names):
        raise ValueError(f"Coverage of {coverage.shape[0]} people came with {len(names)} names.")
    if canvas is None:
        canvas = replace(header.data_window, width=coverage.shape[2], height=coverage.shape[1])
    window = header.display_window
    # A plate that was rendered may have objects of its own, whose channels this file does not hold.
    words = tuple(each for each in header.attributes if not each[0].lower().startswith("cryptomatte/"))
    channels = cryptomatte_channels(len(names))
    ids = {name: object_id(name) for name in names}
    if len(set(ids.values())) != len(names):
        raise ValueError("Two names have the same Cryptomatte id.")
    pixels = _ranked(coverage, list(ids.values()), len(channels) // 4)
    with replacing(path) as temporary:
        write_exr(
            temporary,
            crop_or_pad(pixels, canvas, window),
            window,
            _ENCODING,
            replace(header, attributes=words),
            channels=channels,
            attributes={
                **(attributes or {}),
                f"cryptomatte/{_KEY}/name": LAYER,
                f"cryptomatte/{_KEY}/hash": "MurmurHash3_32",
                f"cryptomatte/{_KEY}/conversion": "uint32_to_float32",
                f"cryptomatte/{_KEY}/manifest": _manifest(ids),
                "colorInteropID": "data",
            },
        )


def cryptomatte_channels(people: int) -> tuple[str, ...]:
    """Return the channels of a file of so many people: two of them in each layer, as many as may share a pixel."""
    layers = min(max(1, (people + 1) // 2), _MAX_LAYERS)
    return tuple(f"{LAYER}{layer:02d}.{each}" for layer in range(layers) for each in "rgba")


def object_id(name: str) -> int:
    """Return the 32 bits that stand for a name: its hash, altered where it would be no finite float."""
    bits = murmur3(name.encode("utf-8"))
    exponent = bits >> 23 & 255
    return bits ^ 1 << 23 if exponent in (0, 255) else bits


def murmur3(data: bytes) -> int:
    """Return MurmurHash3_x86_32 with seed 0 (Austin Appleby, public domain)."""
    mask, state = 0xFFFFFFFF, 0
    for start in range(0, len(data), 4):
        block = data[start : start + 4]
        mixed = int.from_bytes(block, "little") * 0xCC9E2D51 & mask
        state ^= (mixed << 15 | mixed >> 17) * 0x1B873593 & mask
        if len(block) == 4:
            state = ((state << 13 | state >> 19) * 5 + 0xE6546B64) & mask
    state ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        state = (state ^ state >> shift) * factor & mask
    return state ^ state >> 16


def _manifest(ids: dict[str, int]) -> str:
    """Names and their ids as JSON. Not escaped: Blender drops backslashes, and with them the name."""
    entries = {name: f"{bits:08x}" for name, bits in ids.items()}
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":"))


def _ranked(coverage: Pixels, ids: Sequence[int], layers: int) -> Pixels:
    """Id and coverage of each pixel's people, the largest first: (H, W, 4 * layers) float32."""
    pixels = np.zeros((*coverage.shape[1:], 4 * layers), np.float32)
    someone = (coverage >= LEAST_COVERAGE).any(0)
    if not someone.any():
        return pixels
    # Only pixels with somebody are sorted, and most have nobody.
    here = coverage[:, someone].astype(np.float32)
    here[here < LEAST_COVERAGE] = 0
    ranks = min(2 * layers, len(ids))
    # Stable, so that equal shares come in the same order everywhere.
    order = np.argsort(-here, axis=0, kind="stable")[:ranks]
    covered = np.take_along_axis(here, order, 0)
    # By their bits, not as numbers: the conversion that the metadata names.
    as_floats = np.array(ids, np.uint32).view(np.float32)
    chosen = np.zeros((covered.shape[1], 4 * layers), np.float32)
    chosen[:, 0 : 2 * ranks : 2] = np.where(covered > 0, as_floats[order], 0).T
    chosen[:, 1 : 2 * ranks : 2] = covered.T
    pixels[someone] = chosen
    return pixels
