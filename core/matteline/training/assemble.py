"""From a request in the user's words to a run that is ready to start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from matteline.contract.errors import JobError
from matteline.matting.devices import precision_name, resolve_device, resolve_precision
from matteline.matting.rvm.architecture import Architecture
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.find import find_weights
from matteline.training.clock import Limit
from matteline.training.distil import Materials, Progress, Syllabus, prepare
from matteline.training.presets import Preset, preset_named
from matteline.training.run import Habits, Run
from matteline.training.teacher import Teacher
from matteline.training.trainer import Setting, Trainer

LICENCE = "GPL-3.0-or-later"


@dataclass(frozen=True)
class Request:
    """A training in the user's words; may be wrong. See `matteline train --help` for each."""

    output: Path
    preset: str
    teacher: str | None
    pictures: Sequence[Path]
    stretched: Sequence[Path]
    backgrounds: Sequence[Path]
    drawn: int
    hold_out: int
    cache: Path | None
    width: float | None
    minutes: float | None
    steps: int | None
    device: str
    precision: str
    seed: int
    resume: bool
    weight_folders: tuple[Path, ...] = ()
    rank: int = 0
    local_rank: int = 0
    processes: int = 1


def assemble(request: Request, progress: Progress) -> Run:
    """Check a request, prepare what it learns from, and make it a run.

    Raises:
        JobError: The request contradicts itself or names data that are not there.
        ModelError: The teacher's weights or a checkpoint cannot be used.
        DeviceError: The device is not there.
        WriteError: The run's folder cannot be written.
    """
    preset, limit = preset_named(request.preset), _limit(request)
    architecture = Architecture(width=request.width or preset.width)
    device = resolve_device(request.device)
    precision = resolve_precision(request.precision, device)
    if request.teacher is None:
        raise JobError("There is no teacher.", field="teacher", hint="Name its weights with --teacher.")
    found = find_weights(request.teacher, folders=request.weight_folders)
    syllabus = _syllabus(request, Teacher(found, device), progress)
    torch.manual_seed(request.seed)
    setting = Setting(preset, limit, device, precision, request.seed, request.rank)
    trainer = Trainer(MattingNetwork.of(architecture).to(device), syllabus.lessons, setting)
    recipe = _recipe(request, preset, architecture, found.sha256, precision_name(precision))
    card = _card(request, preset, syllabus, found.sha256)
    described = f"{preset.name}, width {architecture.width:g}, on {syllabus.described}, {device}"
    run = Run(request.output, trainer, syllabus.held_out, recipe, card, Habits(), described)
    if request.resume:
        run.go_on()
    return run


def _limit(request: Request) -> Limit:
    if (request.minutes is None) == (request.steps is None):
        hint = "Give one of --minutes and --steps."
        raise JobError("It is not clear how long to train.", field="minutes", hint=hint)
    if request.minutes is not None and not (math.isfinite(request.minutes) and request.minutes > 0):
        raise JobError(f"{request.minutes} is no number of minutes to train.", field="minutes")
    return Limit(request.steps, request.minutes)


def _syllabus(request: Request, teacher: Teacher, progress: Progress) -> Syllabus:
    materials = Materials(
        tuple(request.pictures),
        tuple(request.stretched),
        tuple(request.backgrounds),
        request.drawn,
        request.hold_out,
    )
    return prepare(materials, teacher, request.cache or request.output / "cache", progress)


def _recipe(
    request: Request, preset: Preset, architecture: Architecture, teacher: str, precision: str
) -> dict[str, Any]:
    return {
        "network": asdict(architecture),
        "preset": preset.name,
        "teacher": teacher,
        "precision": precision,
        "drawn": request.drawn,
        "hold_out": request.hold_out,
        "seed": request.seed,
        "steps": request.steps,
        "minutes": request.minutes,
    }


def _card(request: Request, preset: Preset, syllabus: Syllabus, teacher: str) -> dict[str, str]:
    return {
        "name": f"matteline-{preset.name}",
        "licence": LICENCE,
        "trained": f"matteline train --preset {preset.name}, from random weights, on {syllabus.described}",
        "teacher_sha256": teacher,
        "longer_side": str(preset.longer_side),
        "seed": str(request.seed),
    }
