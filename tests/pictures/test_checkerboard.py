"""The checkerboard."""

from __future__ import annotations

import numpy as np

from matteline.pictures.checkerboard import DARK, LIGHT, checkerboard


def test_squares_alternate_from_a_dark_one():
    board = checkerboard(4, 6, 2)[..., 0]
    dark, light = np.full((2, 2), DARK, np.float32), np.full((2, 2), LIGHT, np.float32)
    np.testing.assert_array_equal(board, np.block([[dark, light, dark], [light, dark, light]]))


def test_a_part_continues_the_whole_board():
    np.testing.assert_array_equal(checkerboard(9, 7, 3, top=5, left=4), checkerboard(14, 11, 3)[5:, 4:])
