"""The icon of a host's button, drawn by code: a person as a matte, over black and over a checkerboard."""

from __future__ import annotations

import numpy as np

from matteline.media.png_chunks import encode_png

# Width and height in pixels, those of Nuke's own icons.
SIZE = 24
# Samples along a pixel's side, to smooth the edge of the person.
_SAMPLES = 4
# Centre x, centre y and radius, in icon widths.
_HEAD = (0.5, 0.34, 0.2)
# Centre x, centre y, and both radii of an ellipse, in icon widths.
_SHOULDERS = (0.5, 1.02, 0.4, 0.42)
# Greys of the checkerboard, lighter than a viewer's to stand out from Nuke's dark toolbar.
_SQUARE = 4
_DARK, _LIGHT = 120, 200


def icon() -> bytes:
    """Return the icon as an 8-bit RGBA PNG."""
    places = (np.arange(SIZE * _SAMPLES) + 0.5) / (SIZE * _SAMPLES)
    x, y = places[None, :], places[:, None]
    head_x, head_y, radius = _HEAD
    middle, bottom, width, height = _SHOULDERS
    head = (x - head_x) ** 2 + (y - head_y) ** 2 <= radius**2
    shoulders = ((x - middle) / width) ** 2 + ((y - bottom) / height) ** 2 <= 1
    samples = (head | shoulders).reshape(SIZE, _SAMPLES, SIZE, _SAMPLES)
    alpha = samples.mean(axis=(1, 3))
    rows, columns = np.indices((SIZE, SIZE))
    checks = np.where((columns // _SQUARE + rows // _SQUARE) % 2, _DARK, _LIGHT)
    behind = np.where(columns < SIZE // 2, 0, checks)
    grey = np.rint(alpha * 255 + (1 - alpha) * behind).astype(np.uint8)
    codes = np.full((SIZE, SIZE, 4), 255, np.uint8)
    codes[..., :3] = grey[..., None]
    return encode_png(codes, level=9)
