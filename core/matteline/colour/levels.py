"""The few levels on which everything in this room agrees."""

from __future__ import annotations

from typing import Final

SHOULDER_START: Final = 0.9
"""sRGB-encoded: below it the network's picture is the plain encoding, above it highlights are rolled off."""

DIFFUSE_WHITE: Final = 0.7874
"""Linear: where the shoulder starts (0.9 decoded by the sRGB curve), and where HDR video has white paper."""

OPAQUE_ALPHA: Final = 254.5 / 255
"""Alpha that every file format Matteline writes rounds to 1: from here on the foreground is the plate."""

LUMA_709: Final = (0.2126, 0.7152, 0.0722)
"""Luminance of linear Rec.709 (ITU-R BT.709)."""
