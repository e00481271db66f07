"""Contact sheets: pictures side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matteline.drawing.shapes.arrays import Floats
from matteline.pictures.checkerboard import checkerboard

_GAP = 8
_PAPER = np.float32(0.18)  # dark enough that neither black nor white mattes run into it
_CHECKS_DOWN = 16  # squares from top to bottom


def contact_sheet(rows: Sequence[Sequence[Floats]]) -> Floats:
    """Return rows of pictures of one size on one sheet.

    Args:
        rows: Pictures (H, W, 3), or (H, W) for grey, 0..1; rows may differ in length.

    Returns:
        (H', W', 3) float32, 0..1, dark between the pictures.
    """
    # Shorter rows leave paper on their right.
    height, width = rows[0][0].shape[:2]
    columns = max(len(row) for row in rows)
    size = (len(rows) * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3)
    sheet = np.full(size, _PAPER)
    for down, row in enumerate(rows):
        for across, picture in enumerate(row):
            top, left = _GAP + down * (height + _GAP), _GAP + across * (width + _GAP)
            # Mattes are shown as grey pictures.
            grey = picture.ndim == 2
            sheet[top : top + height, left : left + width] = picture[..., None] if grey else picture
    return sheet


def comparison_row(plate: Floats, alpha: Floats, fgr: Floats, truth: Floats) -> list[Floats]:
    """Return plate, matte, foreground over a checkerboard, and ten times the error of the matte.

    Args:
        plate: (H, W, 3), 0..1.
        alpha: (H, W), 0..1, as matted.
        fgr: (H, W, 3), 0..1, straight.
        truth: (H, W), the true alpha.
    """
    cover = alpha[..., None]
    height, width = alpha.shape
    squares = checkerboard(height, width, max(height // _CHECKS_DOWN, 1))
    over = cover * fgr + (1 - cover) * squares
    return [plate, alpha, over, np.clip(10 * np.abs(alpha - truth), 0, 1)]
