"""Sentences for people, made of the worker's messages and errors: the same in every host."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from matteline.contract.choices import choices_of
from matteline.contract.errors import MattelineError
from matteline.contract.farm_settings import farm_choices
from matteline.contract.job import Job
from matteline.contract.settings import choices

_NO_CONTROLS: Mapping[str, str] = {}


def how_to_install(part: str = "") -> str:
    """Return what to run to install matteline, or one of its optional parts with it, such as `farm`."""
    what = f"'.[{part}]'" if part else "."
    return f"Run in the folder of matteline's source: pip install -c constraints.txt {what}"


def sentence(error: MattelineError, controls: Mapping[str, str] = _NO_CONTROLS) -> str:
    """Return an error for people: what is wrong, what to do, and with which controls.

    Args:
        error: Its hint names no controls, because every host has others; its settings say which are meant.
        controls: A host's own names for controls, by setting (`output`) or by setting and value
            (`existing=resume`). Other settings are named by their labels.
    """
    names = dict.fromkeys(f"'{_control(each, controls)}'" for each in error.settings)
    where = f"({', '.join(names)})" if error.hint and names else ""
    return " ".join(part for part in (error.message, error.hint, where) if part)


def _control(setting: str, controls: Mapping[str, str]) -> str:
    name, _, value = setting.partition("=")
    if setting in controls:
        return controls[setting]
    described = {**choices_of(Job), **farm_choices(), **choices()}
    # The name of a setting comes from the host if it has one, else from the setting's own label: one word everywhere.
    label = controls.get(name) or (described[name].label if name in described else name.replace("_", " "))
    return f"{label}: {value}" if value else label


def describe_check(checked: Mapping[str, Any]) -> str:
    """Return the worker's answer `checked` as words: version, device, and model or why it has none."""
    model, problem, device = checked["model"], checked["problem"], checked["device"]
    known = [each["description"] for each in checked["devices"] if each["name"] == device]
    where = f"{device} ({known[0]})" if known else device
    what = f"model {model['name']}" if model else f"{problem['message']} {problem['hint']}".strip()
    return f"matteline {checked['matteline']}, {where}, {what}"


def describe_submission(submitted: Mapping[str, Any]) -> str:
    """Return the worker's answer `submitted` as a sentence: the shots, and their ids or the files written."""
    shots, engine, ids = submitted["shots"], submitted["engine"], submitted["jobs"]
    tasks = sum(shot["tasks"] for shot in shots)
    names = ", ".join(shot["name"] for shot in shots)
    what = f"{names} ({counted(tasks, 'task')})"
    if ids:
        return f"Sent to {engine}: {what}. {'Job' if len(ids) == 1 else 'Jobs'} {', '.join(ids)}."
    return f"Written for {engine}: {what}. {_places(submitted['files'])}"


def progress_step(message: Mapping[str, Any]) -> str:
    """Return the name of the step of a render that a message of the worker tells of; empty for others."""
    event = message.get("event")
    if event == "assembling":
        return f"Movie {message['name']}"
    if event == "loading":
        return f"Loading the model {message['model']}"
    return _STEPS.get(str(event), "")


_STEPS = {
    "plan": "Planned",
    "look": "First look",
    "started": "Rendering",
    "preroll": "Preroll",
    "frame": "Rendering",
}


def progress_text(message: Mapping[str, Any]) -> str:
    """Return how far a render is, by a message of the worker; empty where that says nothing of it.

    Such as `Preroll: 3 of 10 frames`, `Rendering: 12 of 40 frames`, and how it ended.
    """
    event, step = message.get("event"), progress_step(message)
    if event == "finished":
        return f"{counted(message['frames'], 'frame')} in {duration(message.get('seconds', 0))}"
    if event == "failed":
        return str(message["message"])
    if event == "cancelled":
        return CANCELLED
    if step and "done" in message:
        return f"{step}: {message['done']} of {counted(message['total'], 'frame')}"
    return step


CANCELLED = "Cancelled. Complete frames are kept."


def duration(seconds: float) -> str:
    """Return a length of time for people: `12 s`, `3 min 05 s`, `2 h 10 min`."""
    # Rounded before it is split, or 59.6 s would read "60 s" and 3599.7 s "59 min 60 s".
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def counted(number: int, what: str) -> str:
    """Return a number of things: `1 frame`, `12 frames`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _places(files: Sequence[str]) -> str:
    if len(files) == 1:
        return f"File {files[0]}."
    return f"{len(files)} files in {os.path.commonpath(files) if files else ''}."
