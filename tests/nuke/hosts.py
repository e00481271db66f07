"""What is missing on a machine is skipped loudly, or fails where it is required."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def no_host(message: str) -> NoReturn:
    """Skip, or fail with REQUIRE_HOST=1."""
    if os.environ.get("REQUIRE_HOST") == "1":
        pytest.fail(message)
    pytest.skip(message)
