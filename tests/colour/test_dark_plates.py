"""Dark plates reach the network bright: real portraits, real weights, known alpha."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .dark_plates import measure


@pytest.mark.footage
@pytest.mark.slow
def test_measured_exposure_saves_dark_plates_as_well_as_the_true_one(
    footage: Path, weights_file: Path
) -> None:
    found = measure(footage, weights_file, 6, (3.0,), ("as it is", "lifted back", "auto exposure"))
    dark, true, auto = (float(np.mean(missed)) for missed in found.values())
    assert auto < 0.5 * dark
    assert auto < 1.25 * true


@pytest.mark.footage
@pytest.mark.slow
def test_taking_the_grain_out_helps_where_there_is_much_of_it(footage: Path, weights_file: Path) -> None:
    found = measure(footage, weights_file, 6, (4.0,), ("auto exposure", "auto, denoised"))
    grainy, denoised = (float(np.mean(missed)) for missed in found.values())
    assert denoised < 0.85 * grainy
