"""The official network gives in our code what the authors' own graph gave (scripts/make_golden.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from matteline.matting.session import Session
from matteline.matting.weights.find import inspect
from matteline.matting.weights.load import load_network

GOLDEN = Path(__file__).parent / "golden"
TOLERANCE = 3e-5
"""The graph's own rounding, 1e-5, the file's, 8e-6, and a little."""


@pytest.fixture(params=["trees", "shop"])
def golden_clip(request: pytest.FixtureRequest) -> dict[str, np.ndarray]:
    """Six frames, (6, H, W, 3) uint8, the ratio, and alpha and the last foreground of the authors' graph."""
    with np.load(GOLDEN / f"official_{request.param}.npz") as held:
        return dict(held)


@pytest.mark.footage
def test_six_frames_get_the_mattes_of_the_authors_graph(
    golden_clip: dict[str, np.ndarray], official_file: Path
) -> None:
    height, width = golden_clip["frames"].shape[1:3]
    session = Session(
        load_network(inspect(official_file), "deep"),
        width=width,
        height=height,
        downsample_ratio=float(golden_clip["ratio"]),
        device=torch.device("cpu"),
    )
    mattes = list(session.mattes(golden_clip["frames"]))

    expected = golden_clip["alpha"] / 65535
    assert 0.1 < expected.mean() < 0.5
    assert np.abs(np.stack([each.alpha for each in mattes]) - expected).max() <= TOLERANCE
    assert np.abs(mattes[-1].fgr.numpy() - golden_clip["fgr"] / 65535).max() <= TOLERANCE
