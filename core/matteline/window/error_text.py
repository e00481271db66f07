"""Errors in the window's words: their hints name its controls."""

from __future__ import annotations

from typing import Final

from matteline.contract.errors import MattelineError
from matteline.contract.messages import sentence

# Controls of the shot's form that are not labelled as their setting is.
_CONTROLS: Final = {
    "existing=resume": "Existing results: Keep",
    "existing=update": "Existing results: Update",
    "existing=overwrite": "Existing results: Replace",
    "output": "Output folder",
    "frames": "Frames",
    "first_frame": "First frame",
    "plate": "Plate",
    "fetch": "Networks",
}


def error_text(error: MattelineError) -> str:
    """Return an error for people: what is wrong, what to do, and with which controls."""
    return sentence(error, _CONTROLS)
