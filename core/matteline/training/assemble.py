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
from matteline.training.drawn import DrawnPeople, DrawnPlaces
from matteline.training.folders import backgrounds, matting_clips, matting_images, segmentation
from matteline.training.footage import MattingFootage, PlainFootage, Several, Source
from matteline.training.joint import JointBatches
from matteline.training.presets import Preset, preset_named
from matteline.training.process_group import SINGLE_PROCESS, ProcessGroup
from matteline.training.run import Run, RunSchedule
from matteline.training.schedule import RunLength
from matteline.training.teacher import Teacher
from matteline.training.trainer import Trainer, TrainerSettings
from matteline.training.training_set import (
    DistillationData,
    Preparing,
    TrainingSet,
    prepare_distillation,
)

LICENCE: Final = "GPL-3.0-or-later"

# Roughly what training the full width keeps for one pixel of one frame, in float32.
_BYTES_OF_A_PIXEL: Final = 3000

_CPU_MEMORY_GB: Final = 8.0

# Lines of the table, however short a run is.
_LEAST_LINES: Final = 10


@dataclass(frozen=True)
class TrainingRequest:
    """A training in the user's words, which may be wrong. See `matteline train --help` for each field."""

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
    processes: ProcessGroup = SINGLE_PROCESS


def assemble(request: TrainingRequest, device: torch.device, progress: Preparing) -> Run:
    """Check a request, prepare its data, and make it a run.

    Args:
        request: The training.
        device: Device to compute on, from `device_of`.
        progress: Called while examples are prepared.

    Raises:
        JobError: The request contradicts itself or names data that are not there or do not fit.
        ReadError: A picture cannot be read.
        ModelError: The teacher's weights or a checkpoint cannot be used.
        DeviceError: The device is not there.
        WriteError: The run's folder or the cache cannot be written.
    """
    if (request.minutes is None) == (request.steps is None):
        hint = "Give a number of minutes or of steps, and not both."
        raise JobError(
            "It is not clear how long to train.", field="minutes", hint=hint, settings=("minutes", "steps")
        )
    if request.minutes is not None and not (math.isfinite(request.minutes) and request.minutes > 0):
        raise JobError(f"{request.minutes} is no number of minutes to train.", field="minutes")
    length = RunLength(request.steps, request.minutes)
    gigabytes = request.memory_gb
    if gigabytes is None and device.type == "cuda":
        gigabytes = float(torch.cuda.get_device_properties(device).total_memory) / 1e9
    pixels = (gigabytes or _CPU_MEMORY_GB) * 1e9 / _BYTES_OF_A_PIXEL
    preset = preset_named(request.preset)
    preset = replace(preset, stages=tuple(stage.fitted(pixels) for stage in preset.stages))
    precision = resolve_precision(request.precision, device)
    begin, teacher = (
        None if name is None else find_weights(name, folders=request.weight_folders)
        for name in (request.begin, request.teacher)
    )
    architecture = _architecture(request, preset, begin)
    training_set = _training_set(request, preset, teacher, device, progress)
    features = training_set.teacher.features(precision) if training_set.teacher else None
    torch.manual_seed(request.seed)  # decides random weights, those of the training's own helpers, too
    if begin is None:
        network = MattingNetwork.of(architecture).to(device)
    else:
        fast = architecture.refiner == "fast_guided_filter"
        network = load_network(begin, "fast" if fast else "auto").requires_grad_(True).to(device)
    settings = TrainerSettings(preset, length, device, precision, request.seed, request.processes)
    recipe = _recipe(request, architecture, teacher, begin, precision)
    begun = "random weights" if begin is None else f"weights {begin.sha256[:12]}"
    card = {
        "name": f"matteline-{preset.name}",
        "licence": LICENCE,
        "trained": (
            f"matteline train --preset {preset.name}, begun from {begun}, on {training_set.described}"
        ),
        "teacher_sha256": teacher.sha256 if teacher else "",
        "longer_side": str(preset.longer_side),
        "seed": str(request.seed),
    }
    schedule = RunSchedule(side=preset.longer_side)
    # A run of a few minutes is measured more often, so that there is something to look at.
    if length.minutes is not None:
        often = min(schedule.measure_seconds, 60 * length.minutes / _LEAST_LINES)
        schedule = replace(schedule, measure_seconds=often)
    run = Run(
        request.output,
        Trainer(network, training_set.batches, settings, features),
        training_set.held_out,
        recipe,
        card,
        schedule,
        f"{preset.name}, width {architecture.width:g}, on {training_set.described}, {device}",
        leads=request.processes.leads,
    )
    # Last, since it makes the run's folder: a mistake above must leave nothing behind.
    run.begin(resume=request.resume)
    return run


def device_of(request: TrainingRequest) -> torch.device:
    """Return the device of this process of the request.

    Raises:
        DeviceError: The device is not there.
        JobError: The request names no device.
    """
    return request.processes.device(resolve_device(request.device))


def _architecture(request: TrainingRequest, preset: Preset, begin: FoundWeights | None) -> Architecture:
    if begin is None:
        return Architecture(refiner=preset.refiner, width=request.width or preset.width)
    if request.width not in (None, begin.architecture.width):
        raise JobError(
            f"{begin.path} is {begin.architecture.width:g} wide and cannot begin a network that is "
            f"{request.width:g} wide.",
            field="width",
            hint="Give no width, or begin from other weights.",
            settings=("width", "begin"),
        )
    # A learned refiner is dropped where the preset has none; one that is not there cannot be added.
    fast = preset.refiner == "fast_guided_filter"
    return replace(begin.architecture, refiner=preset.refiner) if fast else begin.architecture


def _training_set(
    request: TrainingRequest,
    preset: Preset,
    teacher: FoundWeights | None,
    device: torch.device,
    progress: Preparing,
) -> TrainingSet:
    # Masks alone are packed where the preset learns from packs, and read at every step where it does not.
    mattes = request.matting_clips or request.matting_images
    if not mattes and (preset.packed or not request.segmentation):
        return _distillation_set(request, preset, teacher, device, progress)
    if teacher is not None or request.pictures or request.stretched:
        hint = "Give a teacher and pictures, or folders of true mattes and masks, and not both."
        raise JobError(
            "A network learns from a teacher or from true mattes.",
            field="teacher",
            hint=hint,
            settings=("teacher", "pictures", "stretched"),
        )
    return _joint_set(request, preset)


def _distillation_set(
    request: TrainingRequest,
    preset: Preset,
    teacher: FoundWeights | None,
    device: torch.device,
    progress: Preparing,
) -> TrainingSet:
    shown = bool(request.pictures or request.stretched)
    if teacher is None and (shown or not (request.drawn or request.segmentation)):
        raise JobError(
            "There is nothing to learn from.",
            field="teacher",
            hint="Name a teacher and folders of pictures, or folders of true mattes, or people to draw.",
            settings=("teacher", "pictures", "matting_clips", "drawn"),
        )
    if teacher is not None and not shown:
        hint = "Name a folder of pictures with people."
        raise JobError(
            "The teacher has no pictures to look at.", field="pictures", hint=hint, settings=("pictures",)
        )
    data = DistillationData(
        tuple(request.pictures),
        tuple(request.stretched),
        request.segmentation,
        tuple(request.backgrounds),
        request.drawn,
        request.hold_out,
        preset.kept_side,
        preset.agreement,
    )
    loaded = None if teacher is None else Teacher(teacher, device)
    cache = request.cache or request.output / "cache"
    if not request.processes.leads:
        request.processes.wait()  # the leading process fills the cache, once for all
    training_set = prepare_distillation(data, loaded, cache, progress)
    if request.processes.leads:
        request.processes.wait()
    return training_set


def _joint_set(request: TrainingRequest, preset: Preset) -> TrainingSet:
    drawn = request.drawn
    people: list[Source[MattingFootage]] = []
    if request.matting_clips is not None:
        people.append(matting_clips(request.matting_clips))
    places: list[Source[PlainFootage]] = [backgrounds(folder) for folder in request.backgrounds]
    if drawn:
        people.append(DrawnPeople(drawn))
        places.append(DrawnPlaces(drawn))
    if not places:
        hint = "Give a folder of backgrounds, or a number of people to draw."
        raise JobError(
            "People with true mattes need backgrounds.",
            field="backgrounds",
            hint=hint,
            settings=("backgrounds", "drawn"),
        )
    batches = JointBatches(
        Several(tuple(people)) if people else None,
        None if request.matting_images is None else matting_images(request.matting_images),
        Several(tuple(places)),
        None if request.segmentation is None else segmentation(request.segmentation),
    )
    batches.check(preset.stages)
    there = [(batches.clips, "clips"), (batches.stills, "mattes"), (batches.segments, "segmented pictures")]
    words = [f"{len(source)} {name}" for source, name in there if source is not None]
    return TrainingSet(batches, None, ", ".join(words) + (f", {drawn} of them drawn" if drawn else ""))


def _recipe(
    request: TrainingRequest,
    architecture: Architecture,
    teacher: FoundWeights | None,
    begin: FoundWeights | None,
    precision: torch.dtype,
) -> dict[str, Any]:
    """Return the settings that must be the same for a run to be resumed. Its length may change."""
    return {
        **asdict(architecture),
        "preset": request.preset,
        "teacher": teacher.sha256 if teacher else None,
        "begin": begin.sha256 if begin else None,
        "precision": precision_name(precision),
        "processes": request.processes.processes,
        "drawn": request.drawn,
        "hold_out": request.hold_out,
        "seed": request.seed,
    }
