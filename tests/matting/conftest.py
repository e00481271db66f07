"""What the tests of the network, the session and its state share."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file

from matteline.matting.rvm.architecture import Architecture
from matteline.matting.rvm.network import MattingNetwork
from tests.matting.filling import filled


@pytest.fixture(scope="session")
def trained(weights_file: Path) -> MattingNetwork:
    """The network with real weights."""
    network = MattingNetwork("mobilenetv3", "deep_guided_filter")
    network.load_state_dict(load_file(weights_file), strict=True)
    return network.eval()


@pytest.fixture(scope="session")
def untrained() -> MattingNetwork:
    """A network filled by rule: it mattes nothing, but every weight counts."""
    return filled(Architecture("mobilenetv3", "deep_guided_filter"))
