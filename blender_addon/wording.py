"""Errors in the add-on's words: their hints name its buttons and properties."""

from .contract.messages import sentence

# Where a button or property of the add-on is not called as the setting is.
_CONTROLS = {
    "existing=resume": "Existing Results: Resume",
    "existing=update": "Existing Results: Update",
    "existing=overwrite": "Existing Results: Overwrite",
    "output": "Output",
    "fetch": "Preferences: List Models, Fetch",
}


def error_text(error):
    """Return an error for people: what is wrong, what to do, and with which controls."""
    return sentence(error, _CONTROLS)
