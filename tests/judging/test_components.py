"""Connected areas, on masks that can be checked by eye."""

from __future__ import annotations

import numpy as np

from matteline.contract.plate import Window
from matteline.judging.components import components_of


def _mask(*rows: str) -> np.ndarray:
    return np.array([[character == "#" for character in row] for row in rows])


def test_pixels_that_touch_by_corners_are_apart():
    assert list(components_of(_mask("#.", ".#")).areas) == [1, 1]


def test_areas_are_numbered_by_their_first_pixels():
    areas = components_of(_mask("..##", "#...", "#.##"))
    assert list(areas.areas) == [2, 2, 2]
    assert areas.box(0) == Window(2, 0, 2, 1)
    assert areas.box(1) == Window(0, 1, 1, 2)


def test_a_spiral_is_one_area():
    spiral = _mask("#######", "......#", "#####.#", "#...#.#", "#.###.#", "#.....#", "#######")
    areas = components_of(spiral)
    assert len(areas) == 1
    assert np.array_equal(areas.painted(0), spiral)


def test_rows_do_not_run_over_into_the_next():
    assert list(components_of(_mask("..#", "#..")).areas) == [1, 1]
    assert list(components_of(_mask("###", "###")).areas) == [6]


def test_an_area_can_be_painted_by_itself():
    mask = _mask("##.#", "#..#", "...#")
    assert np.array_equal(components_of(mask).painted(1), _mask("...#", "...#", "...#"))


def test_areas_at_the_border_are_told():
    areas = components_of(_mask("#....", "..#..", "....."))
    assert list(areas.at_border()) == [True, False]


def test_an_empty_mask_has_no_areas():
    assert len(components_of(np.zeros((4, 5), bool))) == 0


def test_a_comb_of_many_runs_joins_at_last():
    comb = np.zeros((40, 400), bool)
    comb[:, ::2] = True
    comb[-1] = True
    assert list(components_of(comb).areas) == [int(comb.sum())]
