"""The job specification of one shot for OpenCue's cuebot, as its `cjsl-1.15.dtd` orders the elements."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from matteline.contract.errors import JobError
from matteline.contract.frames import FrameRange
from matteline.farm.engines.shots import (
    Shot,
    check_command,
    chunk_command,
    states_command,
    timeout_minutes,
)

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
    """One layer: its name and kind, what a frame of it runs, its frames, and the layers it waits for."""

    name: str
    kind: str
    command: tuple[str, ...]
    frames: str
    chunk: int
    on: tuple[str, ...]


def spec(submission: Submission, shot: Shot, header: Mapping[str, str]) -> str:
    """The specification's text.

    Args:
        submission: What is asked of the engine.
        shot: The clip.
        header: `facility` (may be left out), `show`, `shot` and `user`.

    Raises:
        JobError: It would have more layers than OpenCue takes.
    """
    layers = tuple(_layers(submission, shot))
    if len(layers) > MOST_LAYERS:
        raise JobError(
            f"{shot.name} has {len(layers)} layers; an OpenCue job has {MOST_LAYERS} at most.",
            field="chunk_frames",
            hint="Choose larger chunks.",
        )
    root = Element("spec")
    for name, text in header.items():
        _add(root, name, text)
    root.append(_job(submission, shot, layers))
    root.append(_depends(submission, shot, layers))
    indent(root)
    return DOCTYPE + tostring(root, encoding="unicode") + "\n"


def _layers(submission: Submission, shot: Shot) -> Iterator[_Layer]:
    file = shot.job_file_on_workers
    before: tuple[str, ...] = ()
    done: list[str] = []
    if shot.needs_states:
        yield _Layer("states", "Util", states_command(submission, file, shot.first_pass), "1", 1, ())
        before = ("states",)
    for frames, size in _ranges(shot):
        # No minus sign in a name: a frame below zero is spelt out.
        name = f"frames_{frames.first}_{frames.last}".replace("-", "minus")
        yield _Layer(name, "Render", chunk_command(submission, file, FRAMES), str(frames), size, before)
        before = (name,) if shot.ticket.ordered else before
        done.append(name)
    waits_for = tuple(done[-1:] if shot.ticket.ordered else done)
    yield _Layer("check", "Util", check_command(submission, file), "1", 1, waits_for)


def _ranges(shot: Shot) -> list[tuple[FrameRange, int]]:
    """Unbroken ranges, because a chunk that spans a gap is told its first and last frame only."""
    if shot.ticket.ordered:
        return [(each, len(each)) for each in shot.chunks]
    return [(each, min(shot.ticket.chunk_frames, len(each))) for each in shot.runs()]


def _job(submission: Submission, shot: Shot, layers: Sequence[_Layer]) -> Element:
    job = Element("job", {"name": shot.label})
    _add(job, "paused", "False")
    _add(job, "priority", str(submission.priority))
    _add(job, "maxretries", str(min(submission.retries, MOST_RETRIES)))
    _add(job, "autoeat", "False")
    group = SubElement(job, "layers")
    for each in layers:
        group.append(_layer(submission, shot, each))
    return job


def _layer(submission: Submission, shot: Shot, layer: _Layer) -> Element:
    element = Element("layer", {"name": layer.name, "type": layer.kind})
    _add(element, "cmd", _line(layer.command, windows=bool(_WINDOWS.match(shot.job_file_on_workers))))
    _add(element, "range", layer.frames)
    _add(element, "chunk", str(layer.chunk))
    _add(element, "threadable", "True")
    if shot.ticket.needs_gpu and layer.name != "check":
        _add(element, "gpus", "1")
        # Cuebot expects a layer with GPUs to ask for memory of theirs too.
        _add(element, "gpu_memory", f"{max(1, ceil(submission.gpu_memory_gib))}g")
    minutes = timeout_minutes(submission, shot, whole=layer.kind == "Util")
    if minutes:
        _add(element, "timeout", str(minutes))
    if submission.pool:
        _add(element, "tags", submission.pool)
    services = SubElement(element, "services")
    _add(services, "service", "shell")
    return element


def _line(command: Sequence[str], *, windows: bool) -> str:
    """The command as one line: the one engine that hands text to the host's own shell."""
    return subprocess.list2cmdline(command) if windows else shlex.join(command)


def _depends(submission: Submission, shot: Shot, layers: Sequence[_Layer]) -> Element:
    depends = Element("depends")
    for layer in layers:
        for on in layer.on:
            _depend(
                depends,
                "LAYER_ON_LAYER",
                depjob=shot.label,
                deplayer=layer.name,
                onjob=shot.label,
                onlayer=on,
            )
    if submission.after:
        _depend(depends, "JOB_ON_JOB", depjob=shot.label, onjob=submission.after)
    return depends


def _depend(depends: Element, kind: str, **names: str) -> None:
    element = SubElement(depends, "depend", {"type": kind, "anyframe": "False"})
    for name, text in names.items():
        _add(element, name, text)


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
