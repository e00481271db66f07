"""Sentences of the worker in the form's words: there they name flags of the command line, here controls."""

from __future__ import annotations

import re
from typing import Final

from matteline.contract.settings import choices

_KEEP: Final = "'Existing results: Keep'"
_OWN: Final = {
    "resume": _KEEP,
    "only-missing": _KEEP,
    "overwrite": "'Existing results: Replace'",
    "frames": "'Frames'",
    "first-frame": "'First frame'",
}
_FLAG: Final = re.compile(r"--([a-z][a-z-]*)")


def in_form_words(hint: str) -> str:
    """A hint with the names of controls in place of flags; flags that have no control stay."""
    return _FLAG.sub(_control, hint)


def _control(flag: re.Match[str]) -> str:
    setting = choices().get(flag[1].replace("-", "_"))
    return f"'{setting.label}'" if setting is not None else _OWN.get(flag[1], flag[0])
