"""Results that are right are never taken for wrong, whatever their form."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from matteline.contract.events import FrameDone

FORMS = [
    {"format": "png", "depth": "8"},
    {"format": "png", "depth": "16", "write": ("alpha", "rgba")},
    {"format": "exr", "depth": "float", "compression": "piz"},
    {"format": "exr", "compression": "dwaa", "write": ("rgba",)},
    {"format": "exr", "layout": "layered"},
]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_resume_over_whole_results_renders_nothing(render, png_plate, tmp_path, form):
    render(png_plate, tmp_path / "out", "1001-1003", **form)
    again = render(png_plate, tmp_path / "out", "1001-1003", existing="resume", **form)
    assert not [event for event in again if isinstance(event, FrameDone)]


@pytest.mark.slow
def test_a_black_frame_of_the_plate_may_have_a_black_matte(render, tmp_path, picture):
    for number in range(1, 4):
        pixels = np.zeros_like(picture(number)) if number == 2 else picture(number)
        Image.fromarray((pixels * 255).astype(np.uint8)).save(tmp_path / f"p.{number:04d}.png")
    black = Image.new("L", (pixels.shape[1], pixels.shape[0]))
    black.save(tmp_path / "garbage.0002.png")
    Image.new("L", black.size, 255).save(tmp_path / "garbage.0001.png")
    Image.new("L", black.size, 255).save(tmp_path / "garbage.0003.png")
    garbage = str(tmp_path / "garbage.####.png")
    render(str(tmp_path / "p.####.png"), tmp_path / "out", garbage=garbage)
    again = render(str(tmp_path / "p.####.png"), tmp_path / "out", garbage=garbage, existing="resume")
    assert not [event for event in again if isinstance(event, FrameDone)]
