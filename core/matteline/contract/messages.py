"""What the worker and its errors say, as sentences for people: the same in every host."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from matteline.contract.errors import MattelineError


def sentence(error: MattelineError) -> str:
    """An error for people: what is wrong, and what to do."""
    return f"{error.message} {error.hint}".strip()


def describe_check(checked: Mapping[str, Any]) -> str:
    """The worker's answer `checked`: its version, its device, and its model or why it has none."""
    model, problem, device = checked["model"], checked["problem"], checked["device"]
    known = [each["description"] for each in checked["devices"] if each["name"] == device]
    where = f"{device} ({known[0]})" if known else device
    what = f"model {model['name']}" if model else f"{problem['message']} {problem['hint']}".strip()
    return f"matteline {checked['matteline']}, {where}, {what}"


def describe_submission(submitted: Mapping[str, Any]) -> str:
    """The worker's answer `submitted`: what was handed over, and its ids or the files written."""
    clips, engine, ids = submitted["clips"], submitted["engine"], submitted["jobs"]
    tasks = sum(clip["tasks"] for clip in clips)
    names = ", ".join(clip["name"] for clip in clips)
    what = f"{names} ({counted(tasks, 'task')})"
    if ids:
        return f"Sent to {engine}: {what}. {'Job' if len(ids) == 1 else 'Jobs'} {', '.join(ids)}."
    return f"Written for {engine}: {what}. {_places(submitted['files'])}"


def counted(number: int, what: str) -> str:
    """A number of things: `1 frame`, `12 frames`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _places(files: Sequence[str]) -> str:
    if len(files) == 1:
        return f"File {files[0]}."
    return f"{len(files)} files in {os.path.commonpath(files) if files else ''}."
