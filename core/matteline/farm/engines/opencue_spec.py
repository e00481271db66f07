"""The job specification of one shot for OpenCue's cuebot, as its `cjsl-1.15.dtd` orders the elements."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from matteline.contract.errors import JobError
from matteline.farm.engines.shot_tasks import ShotTasks, group_command, task_groups, timeout_minutes

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

DOCTYPE = (
    '<?xml version="1.0"?>\n<!DOCTYPE spec PUBLIC "SPI Cue Specification Language" '
    '"http://localhost:8080/spcue/dtd/cjsl-1.15.dtd">\n'
)
FRAMES = "#FRAME_START#-#FRAME_END#"
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
MOST_LAYERS = 2000
MOST_RETRIES = 1
"""Cuebot takes no more."""


@dataclass(frozen=True)
class _Layer:
    """One layer: its name and kind, the command of a frame, its frames, and the layers it waits for."""

    name: str
    kind: str
    command: tuple[str, ...]
    frames: str
    chunk: int
    waits_for: tuple[str, ...]


def job_specification(submission: Submission, shot: ShotTasks, header: Mapping[str, str]) -> str:
    """Return the specification's text.

    Args:
        submission: Command and options.
        shot: The shot.
        header: `facility` (may be left out), `show`, `shot` and `user`.

    Raises:
        JobError: It would have more layers than OpenCue takes.
    """
    layers = _layers(submission, shot)
    if len(layers) > MOST_LAYERS:
        raise JobError(
            f"{shot.name} has {len(layers)} layers; an OpenCue job has {MOST_LAYERS} at most.",
            field="chunk",
            hint="Choose larger chunks.",
            settings=("chunk",),
        )
    root = Element("spec")
    _add(root, **header)
    job = SubElement(root, "job", {"name": shot.label})
    _add(
        job,
        paused="False",
        priority=str(submission.farm.priority),
        maxretries=str(min(submission.farm.retries, MOST_RETRIES)),
        # Eaten frames count as done: the check would begin though frames have failed.
        autoeat="False",
    )
    group = SubElement(job, "layers")
    for each in layers:
        group.append(_layer_element(submission, shot, each))
    depends = SubElement(root, "depends")
    for layer in layers:
        for name in layer.waits_for:
            # With `anyframe` one frame of the other layer would be enough to begin.
            depend = SubElement(depends, "depend", {"type": "LAYER_ON_LAYER", "anyframe": "False"})
            _add(depend, depjob=shot.label, deplayer=layer.name, onjob=shot.label, onlayer=name)
    if submission.after:
        depend = SubElement(depends, "depend", {"type": "JOB_ON_JOB", "anyframe": "False"})
        _add(depend, depjob=shot.label, onjob=submission.after)
    # For people who open the file; cuebot does not mind.
    indent(root)
    return DOCTYPE + tostring(root, encoding="unicode") + "\n"


def _layers(submission: Submission, shot: ShotTasks) -> tuple[_Layer, ...]:
    groups = task_groups(shot)
    # No minus sign in a name: a frame below zero is spelt out.
    names = [
        f"frames_{each.frames.first}_{each.frames.last}".replace("-", "minus")
        if each.verb == "chunk"
        else each.verb
        for each in groups
    ]
    return tuple(
        _Layer(
            name,
            "Render" if group.verb == "chunk" else "Util",
            group_command(submission, shot, group, FRAMES),
            str(group.frames) if group.verb == "chunk" else "1",
            # The first pass and the check have 0, which stands for one task.
            min(group.chunk, len(group.frames)) or 1,
            tuple(names[index] for index in group.waits_for),
        )
        for name, group in zip(names, groups, strict=True)
    )


def _layer_element(submission: Submission, shot: ShotTasks, layer: _Layer) -> Element:
    element = Element("layer", {"name": layer.name, "type": layer.kind})
    # OpenCue is the one engine that hands text to the host's own shell, so the text is quoted for that.
    on_windows = _WINDOWS.match(shot.file_on_workers)
    _add(
        element,
        cmd=subprocess.list2cmdline(layer.command) if on_windows else shlex.join(layer.command),
        range=layer.frames,
        chunk=str(layer.chunk),
        threadable="True",
    )
    if shot.farm_job.needs_gpu and layer.name != "check":
        # Cuebot expects a layer with GPUs to ask for memory of theirs too.
        _add(element, gpus="1", gpu_memory=f"{max(1, ceil(submission.farm.gpu_memory))}g")
    # The first pass and the check are utilities, and go over the whole shot.
    minutes = timeout_minutes(submission, shot, whole=layer.kind == "Util")
    if minutes:
        _add(element, timeout=str(minutes))
    if submission.pool:
        _add(element, tags=submission.pool)
    _add(SubElement(element, "services"), service="shell")
    return element


def _add(parent: Element, **texts: str) -> None:
    """Add elements that hold text, in this order, which the DTD prescribes."""
    for name, text in texts.items():
        SubElement(parent, name).text = text
