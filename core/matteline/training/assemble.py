"""From a request in the user's words to a run that is ready to start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch

from matteline.contract.errors import JobError
from matteline.matting.devices import precision_name, resolve_device, resolve_precision
from matteline.matting.rvm.architecture import Architecture
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.find import FoundWeights, find_weights
from matteline.matting.weights.load import load_network
from matteline.training.clock import Limit
from matteline.training.distil import Materials, Progress, Syllabus, prepare
from matteline.training.folders import backgrounds, matting_clips, matting_images, segmentation
from matteline.training.footage import MattingFootage, PlainFootage, Several, Source
from matteline.training.joint import JointLessons
from matteline.training.people import DrawnPeople, DrawnPlaces
from matteline.training.presets import Preset, preset_named
from matteline.training.run import Habits, Run
from matteline.training.teacher import Teacher
from matteline.training.team import ALONE, Team
from matteline.training.trainer import Setting, Trainer

LICENCE: Final = "GPL-3.0-or-later"

_BYTES_OF_A_PIXEL: Final = 3000
"""Roughly what training the full width keeps for one pixel of one frame, in float32."""

_CPU_MEMORY_GB: Final = 8.0

_LEAST_LINES: Final = 10
"""Of the table, however short a run is."""


@dataclass(frozen=True)
class Request:
    """A training in the user's words; may be wrong. See `matteline train --help` for each."""

    output: Path
    preset: str = "small-cpu"
    teacher: str | None = None
    begin: str | None = None
    pictures: Sequence[Path] = ()
    stretched: Sequence[Path] = ()
    matting_clips: Path | None = None
    matting_images: Path | None = None
    segmentation: Path | None = None
    backgrounds: Sequence[Path] = ()
    drawn: int = 0
    hold_out: int = 10
    cache: Path | None = None
    width: float | None = None
    minutes: float | None = None
    steps: int | None = None
    device: str = "auto"
    precision: str = "auto"
    memory_gb: float | None = None
    seed: int = 0
    resume: bool = False
    weight_folders: tuple[Path, ...] = ()
    team: Team = ALONE


def assemble(request: Request, device: torch.device, progress: Progress) -> Run:
    """Check a request, prepare what it learns from, and make it a run.

    Args:
        request: What is wanted.
        device: Where to compute, from `device_of`.
        progress: Told while examples are prepared.

    Raises:
        JobError: The request contradicts itself or names data that are not there or do not fit.
        ReadError: A picture cannot be read.
        ModelError: The teacher's weights or a checkpoint cannot be used.
        DeviceError: The device is not there.
        WriteError: The run's folder or the cache cannot be written.
    """
    limit, preset = _limit(request), _fitted(preset_named(request.preset), request, device)
    precision = resolve_precision(request.precision, device)
    begin, teacher = (_found(word, request) for word in (request.begin, request.teacher))
    architecture = _architecture(request, preset, begin)
    syllabus = _syllabus(request, preset, teacher, device, progress)
    thinker = syllabus.teacher.thinker(precision) if syllabus.teacher else None
    network = _network(architecture, begin, request.seed).to(device)
    setting = Setting(preset, limit, device, precision, request.seed, request.team)
    recipe = _recipe(request, architecture, teacher, begin, precision)
    run = Run(
        request.output,
        Trainer(network, syllabus.lessons, setting, thinker),
        syllabus.held_out,
        recipe,
        _card(preset, syllabus, recipe),
        _habits(limit, preset),
        f"{preset.name}, width {architecture.width:g}, on {syllabus.described}, {device}",
        leads=request.team.leads,
    )
    run.begin(resume=request.resume)
    return run


def device_of(request: Request) -> torch.device:
    """Where this process of the request's team computes.

    Raises:
        DeviceError: That device is not there.
        JobError: It is no device.
    """
    return request.team.device(resolve_device(request.device))


def _limit(request: Request) -> Limit:
    if (request.minutes is None) == (request.steps is None):
        hint = "Give one of --minutes and --steps."
        raise JobError("It is not clear how long to train.", field="minutes", hint=hint)
    if request.minutes is not None and not (math.isfinite(request.minutes) and request.minutes > 0):
        raise JobError(f"{request.minutes} is no number of minutes to train.", field="minutes")
    return Limit(request.steps, request.minutes)


def _habits(limit: Limit, preset: Preset) -> Habits:
    usual = Habits(side=preset.longer_side)
    if limit.minutes is None:
        return usual
    return replace(usual, measure_seconds=min(usual.measure_seconds, 60 * limit.minutes / _LEAST_LINES))


def _fitted(preset: Preset, request: Request, device: torch.device) -> Preset:
    gigabytes = request.memory_gb or _memory_gb(device)
    pixels = gigabytes * 1e9 / _BYTES_OF_A_PIXEL
    return replace(preset, stages=tuple(stage.fitted(pixels) for stage in preset.stages))


def _memory_gb(device: torch.device) -> float:
    if device.type != "cuda":
        return _CPU_MEMORY_GB
    return float(torch.cuda.get_device_properties(device).total_memory) / 1e9


def _found(word: str | None, request: Request) -> FoundWeights | None:
    return None if word is None else find_weights(word, folders=request.weight_folders)


def _architecture(request: Request, preset: Preset, begin: FoundWeights | None) -> Architecture:
    if begin is None:
        return Architecture(refiner=preset.refiner, width=request.width or preset.width)
    if request.width not in (None, begin.architecture.width):
        raise JobError(
            f"{begin.path} is {begin.architecture.width:g} wide and cannot begin a network that is "
            f"{request.width:g} wide.",
            field="width",
            hint="Leave --width out, or begin from other weights.",
        )
    fast = preset.refiner == "fast_guided_filter"
    return replace(begin.architecture, refiner=preset.refiner) if fast else begin.architecture


def _network(architecture: Architecture, begin: FoundWeights | None, seed: int) -> MattingNetwork:
    torch.manual_seed(seed)
    if begin is None:
        return MattingNetwork.of(architecture)
    fast = architecture.refiner == "fast_guided_filter"
    return load_network(begin, "fast" if fast else "auto").requires_grad_(True)


def _syllabus(
    request: Request, preset: Preset, teacher: FoundWeights | None, device: torch.device, progress: Progress
) -> Syllabus:
    if not (request.matting_clips or request.matting_images or request.segmentation):
        return _distilled(request, preset, teacher, device, progress)
    if teacher is not None or request.pictures or request.stretched:
        hint = "Leave out --teacher, --pictures and --stretched, or the folders of true mattes and masks."
        raise JobError("A network learns from a teacher or from true mattes.", field="teacher", hint=hint)
    return _joint(request, preset)


def _distilled(
    request: Request, preset: Preset, teacher: FoundWeights | None, device: torch.device, progress: Progress
) -> Syllabus:
    shown = bool(request.pictures or request.stretched)
    if teacher is None and (shown or not request.drawn):
        hint = "Name a --teacher and --pictures, or folders of true mattes, or a number of people to draw."
        raise JobError("There is nothing to learn from.", field="teacher", hint=hint)
    if teacher is not None and not shown:
        hint = "Name a folder with --pictures."
        raise JobError("The teacher has no pictures to look at.", field="pictures", hint=hint)
    materials = Materials(
        tuple(request.pictures),
        tuple(request.stretched),
        tuple(request.backgrounds),
        request.drawn,
        request.hold_out,
        preset.kept_side,
        preset.agreement,
    )
    looking = None if teacher is None else Teacher(teacher, device)
    cache = request.cache or request.output / "cache"
    if not request.team.leads:
        request.team.wait()  # the leading process fills the cache, once for all
    syllabus = prepare(materials, looking, cache, progress)
    if request.team.leads:
        request.team.wait()
    return syllabus


def _joint(request: Request, preset: Preset) -> Syllabus:
    clips, stills, marked = request.matting_clips, request.matting_images, request.segmentation
    drawn = request.drawn
    people: list[Source[MattingFootage]] = [] if clips is None else [matting_clips(clips)]
    places: list[Source[PlainFootage]] = [backgrounds(folder) for folder in request.backgrounds]
    if drawn:
        people.append(DrawnPeople(drawn))
        places.append(DrawnPlaces(drawn))
    if not places:
        hint = "Give a folder with --backgrounds, or --drawn."
        raise JobError("People with true mattes need backgrounds.", field="backgrounds", hint=hint)
    lessons = JointLessons(
        Several(tuple(people)) if people else None,
        None if stills is None else matting_images(stills),
        Several(tuple(places)),
        None if marked is None else segmentation(marked),
    )
    lessons.check(preset.stages)
    there = [(lessons.clips, "clips"), (lessons.stills, "mattes"), (lessons.segments, "segmented pictures")]
    words = [f"{len(source)} {name}" for source, name in there if source is not None]
    return Syllabus(lessons, None, ", ".join(words) + (f", {drawn} of them drawn" if drawn else ""))


def _recipe(
    request: Request,
    architecture: Architecture,
    teacher: FoundWeights | None,
    begin: FoundWeights | None,
    precision: torch.dtype,
) -> dict[str, Any]:
    return {
        **asdict(architecture),
        "preset": request.preset,
        "teacher": teacher.sha256 if teacher else None,
        "begin": begin.sha256 if begin else None,
        "precision": precision_name(precision),
        "processes": request.team.processes,
        "drawn": request.drawn,
        "hold_out": request.hold_out,
        "seed": request.seed,
    }


def _card(preset: Preset, syllabus: Syllabus, recipe: dict[str, Any]) -> dict[str, str]:
    begun = "random weights" if recipe["begin"] is None else f"weights {recipe['begin'][:12]}"
    return {
        "name": f"matteline-{preset.name}",
        "licence": LICENCE,
        "trained": f"matteline train --preset {preset.name}, begun from {begun}, on {syllabus.described}",
        "teacher_sha256": recipe["teacher"] or "",
        "longer_side": str(preset.longer_side),
        "seed": str(recipe["seed"]),
    }
