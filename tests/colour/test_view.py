"""The network's picture through a view of the config."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from matteline.colour.config import Config
from matteline.colour.picture import PictureTransform
from matteline.colour.space import PlateSpace
from matteline.contract.errors import ColourError

from .conftest import CPU

ACES = "sRGB - Display/ACES 2.0 - SDR 100 nits (Rec.709)"
LIGHT = np.exp2(np.random.default_rng(6).uniform(-6, 5, (24, 40, 1))) * np.array([1.0, 0.8, 0.6])


@pytest.fixture(scope="module")
def transform(space_of: Callable[[str], PlateSpace]) -> PictureTransform:
    return PictureTransform(space_of("ACEScg"), view=ACES)


def test_a_view_is_shown_as_the_config_shows_it(studio: Config, transform: PictureTransform) -> None:
    plate = LIGHT.astype(np.float16)
    made = transform.to_network(plate, CPU).permute(1, 2, 0).reshape(-1, 3).numpy()
    flat = plate.reshape(-1, 3).astype(np.float32)
    wanted = studio.through_view(flat, "ACEScg", *studio.parse_view(ACES), inverse=False).clip(0, 1)
    assert np.abs(made - wanted).mean() < 1e-3
    assert np.abs(made - wanted).max() < 0.01


def test_soft_edges_come_back_through_the_view(transform: PictureTransform) -> None:
    plate = LIGHT.clip(0.03, 4).astype(np.float32)
    alpha = torch.full((24, 40), 0.5)
    made = transform.restore(plate=plate, alpha=alpha, fgr=transform.to_network(plate, CPU))
    assert np.median(np.abs(made - plate) / plate) < 0.02
    assert (np.abs(made - plate) / plate).max() < 0.25


def test_where_alpha_is_one_a_view_changes_nothing(transform: PictureTransform) -> None:
    plate = LIGHT.astype(np.float16)
    made = transform.restore(plate=plate, alpha=torch.ones(24, 40), fgr=torch.zeros(3, 24, 40))
    assert np.array_equal(made, plate)


def test_an_unknown_view_is_an_error_that_lists_the_views(space_of: Callable[[str], PlateSpace]) -> None:
    wrong = PictureTransform(space_of("ACEScg"), view="sRGB - Display/Film")
    with pytest.raises(ColourError, match="no view of 'sRGB - Display' called 'Film'"):
        wrong.to_network(np.zeros((2, 2, 3), np.float16), CPU)
