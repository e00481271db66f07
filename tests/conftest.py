"""Fixtures that every room's tests share: what lies beside the project, and skipping loudly without it."""

from __future__ import annotations

import os

# As the command does: before torch loads, or its waiting threads spin and starve the others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# The last bit of a sum depends on the number of threads, and renders of several processes are compared.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def _beside(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        message = f"{name} is not beside the project (looked in {path})"
        if os.environ.get("REQUIRE_FOOTAGE") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session")
def weights_file() -> Path:
    """Real RVM MobileNetV3 weights with a deep guided filter."""
    return _beside("weights/rvm_mobilenetv3_u8.safetensors")


@pytest.fixture(scope="session")
def footage() -> Path:
    """The folder of real clips, sequences and photos."""
    return _beside("footage")


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of reference outputs of the network for weights filled by rule."""
    return _beside("golden")


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder with the names and shapes of the authors' checkpoints."""
    return _beside("reference")
