"""Contact sheets, and the real network on drawn people."""

from __future__ import annotations

import numpy as np
import pytest

from matteline.drawing import comparison_row, contact_sheet, draw_people
from matteline.pictures.checkerboard import checkerboard


def test_a_contact_sheet_holds_every_picture_in_its_place():
    pictures = [np.full((10, 20), value, np.float32) for value in (0.25, 0.5)]
    colour = np.full((10, 20, 3), (1.0, 0.0, 0.0), np.float32)
    sheet = contact_sheet([pictures, [colour]])
    assert sheet.shape == (2 * 18 + 8, 2 * 28 + 8, 3)
    assert (sheet[8:18, 36:56] == 0.5).all()
    assert (sheet[26:36, 8:28] == (1, 0, 0)).all()


def test_a_comparison_shows_ten_times_the_difference():
    truth = np.full((32, 32), 0.5, np.float32)
    plate = np.zeros((32, 32, 3), np.float32)
    shown, alpha, over, difference = comparison_row(plate, truth + np.float32(0.03), plate + 1, truth)
    assert shown is plate
    np.testing.assert_allclose(alpha, 0.53, rtol=1e-6)
    np.testing.assert_allclose(
        over, np.broadcast_to(0.53 + 0.47 * checkerboard(32, 32, 2), (32, 32, 3)), rtol=1e-5
    )
    np.testing.assert_allclose(difference, 0.3, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.footage
@pytest.mark.parametrize("seed", [61, 222])
def test_the_real_network_finds_the_drawn_person(weights_file, seed):
    import torch
    from safetensors.torch import load_file

    from matteline.matting.rvm.network import MattingNetwork

    network = MattingNetwork("mobilenetv3", "deep_guided_filter").eval()
    network.load_state_dict(load_file(weights_file))
    state, errors = [None] * 4, []
    for drawing in draw_people(480, 270, 12, seed=seed):
        picture = torch.from_numpy(drawing.plate).permute(2, 0, 1)[None]
        with torch.inference_mode():
            _, alpha, *state = network(picture, *state)
        errors.append(np.abs(alpha[0, 0].numpy() - drawing.alpha).mean())
    assert np.mean(errors) < 8e-3
