"""Everything that can be decided before the first frame: `plan(job)` finds the user's mistakes, cheaply.

torch is imported last, and only to learn which devices there are.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from matteline import __version__
from matteline.colour.config import open_config
from matteline.colour.screen import screen_of
from matteline.colour.space import PlateSpace, choose_space
from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.plate import PlateInfo, Window
from matteline.engine.checkpoints import state_files
from matteline.engine.conditioning import Conditioning, choose_conditioning
from matteline.engine.describe import rows
from matteline.engine.fingerprint import fingerprint, of_config
from matteline.engine.movie_plan import MoviePlan, movies_of, refuse_existing_movies
from matteline.engine.outputs import (
    Outputs,
    Product,
    check_record,
    check_writable,
    complete_frames,
    existing_frames,
    outputs_of,
)
from matteline.engine.provenance import attributes
from matteline.engine.timeline import Span, lay_out, resume
from matteline.engine.user_mattes import UserMatte, check_user_mattes
from matteline.matting.rvm.reduction import reduced_size
from matteline.matting.weights.find import FoundWeights, choose_refiner, find_weights
from matteline.media.plate import open_plate
from matteline.media.writer import estimate_bytes

_DELIVERY = (
    "foreground",
    "choke",
    "soften",
    "black_point",
    "white_point",
    "despill",
    "garbage",
    "holdout",
    "format",
    "depth",
    "compression",
    "rgba_alpha",
    "layout",
)
"""Settings that reach the pixels or files as they are, without a decision of the plan."""


@dataclass(frozen=True)
class Surroundings:
    """What the doors know of the machine and hand down: nothing below them reads the environment.

    Attributes:
        weight_folders: Where weights are looked for, in this order.
        ocio: The OCIO config named by the environment, None for the built-in one.
    """

    weight_folders: tuple[Path, ...] = ()
    ocio: str | None = None


@dataclass(frozen=True)
class Plan:
    """A job with every choice made.

    Attributes:
        job: The request this answers.
        plate: The plate as found.
        frames: The frames that were asked for; all lie in the plate's range.
        spans: What the network will run over; empty when a resume finds everything done.
        found: The weights.
        refiner: `deep` or `fast`.
        downsample_ratio: What the plate is scaled by for the network.
        device: The device's name, such as `cpu` or `cuda:0`.
        precision: `fp32`, `fp16` or `bf16`.
        batch: Frames the network encodes at once.
        outputs: Where results go.
        space: The plate's colour space, and why it was chosen.
        showing: How the shot is shown to the network.
        movies: What is made of the results when all of them are complete.
        user_mattes: The artist's garbage and hold-out mattes.
    """

    job: Job
    plate: PlateInfo
    frames: FrameSet
    spans: tuple[Span, ...]
    found: FoundWeights
    refiner: str
    downsample_ratio: float
    device: str
    precision: str
    batch: int
    outputs: Outputs
    space: PlateSpace
    showing: Conditioning
    movies: tuple[MoviePlan, ...] = ()
    user_mattes: tuple[UserMatte, ...] = ()

    @property
    def render(self) -> FrameSet:
        """The frames that will be written by this run."""
        return FrameSet.joined(each for span in self.spans for each in span.render.ranges)

    @property
    def reduced_size(self) -> tuple[int, int]:
        """Width and height of the picture that the network works on."""
        canvas = self.plate.canvas
        return reduced_size(canvas.width, canvas.height, self.downsample_ratio)

    @property
    def disk_bytes(self) -> int:
        """Rough size of what will be written."""
        canvas = self.plate.canvas
        frame = sum(
            estimate_bytes(
                canvas.width,
                canvas.height,
                len(product.channels),
                product.encoding,
                matte=product.name == "alpha",
            )
            for product in self.outputs.products
        )
        movies = sum(movie.disk_bytes(self.plate, len(self.frames)) for movie in self.movies)
        return frame * len(self.render) + movies

    def describe(self) -> list[tuple[str, str]]:
        """Label and words for every choice made, for people."""
        return rows(self)

    def to_dict(self) -> dict[str, object]:
        """The plan for programs: plain JSON values."""
        return {
            **self.recipe(),
            "render": str(self.render),
            "size": [self.plate.canvas.width, self.plate.canvas.height],
            "reduced_size": list(self.reduced_size),
            "colour_space": self.space.name,
            "model": self.found.name,
            "outputs": {
                each.name: str(self.outputs.path(each, self.frames.first)) for each in self.outputs.products
            },
            "movies": {movie.kind.name: str(movie.path) for movie in self.movies},
            "disk_bytes": self.disk_bytes,
        }

    def attributes(self, product: Product) -> dict[str, object]:
        """What every file of a product says of itself beside its pixels."""
        return attributes(self, product)

    def hashes(self) -> dict[str, str]:
        """What a saved recurrent state must agree on to be used for this plan, the same on all machines.

        Reads pieces of the plate's files. Raises `ReadError`.
        """
        with open_plate(self.job.plate, first_frame=self.job.first_frame) as plate:
            marks = fingerprint(plate)
        hand = [f"{matte.field}_files" for matte in self.user_mattes]
        settings = _digest(self.portable_recipe("frames", "weights", *hand))
        return {"plate": marks, "weights": self.found.sha256, "settings": settings}

    @property
    def mark(self) -> str:
        """A short word for the recipe that every result carries, the same on all machines."""
        return _digest(self.portable_recipe())[:16]

    def portable_recipe(self, *without: str) -> dict[str, object]:
        """The recipe without paths, which differ between machines, and without some of its words."""
        recipe = {**self.recipe(), "ocio": of_config(self.space.config.source)}
        left_out = ("plate", "garbage", "holdout", *without)
        return {name: value for name, value in recipe.items() if name not in left_out}

    def recipe(self) -> dict[str, object]:
        """What decides the pixels, for the record beside the results. Plain JSON values only."""
        return {
            "matteline": __version__,
            "plate": self.plate.path,
            "frames": str(self.frames),
            # Which picture of a movie a number means; images carry their own.
            "first_frame": self.plate.frames.first if self.plate.kind == "movie" else None,
            "preroll": self.job.settings.preroll,
            "missing": self.job.settings.missing,
            "weights": self.found.sha256,
            "refiner": self.refiner,
            "ratio": self.downsample_ratio,
            "device": self.device.partition(":")[0],
            "precision": self.precision,
            "batch": self.batch,
            "colour": self.space.name,
            "ocio": self.space.config.source,
            "exposure": self.showing.exposure_stops,
            "denoise": self.showing.denoise,
            "view": self.showing.view,
            **{name: getattr(self.job.settings, name) for name in _DELIVERY},
            **{f"{matte.field}_files": matte.identity for matte in self.user_mattes},
        }


def _digest(data: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def plan(job: Job, surroundings: Surroundings) -> Plan:
    """Decide everything about a job.

    Raises:
        JobError: The request contradicts itself, the plate or existing results.
        ReadError: The plate cannot be read.
        ModelError: The weights are not there or not usable.
        WriteError: The output folder cannot be written.
        DeviceError: The device asked for is not there.
    """
    with open_plate(job.plate, first_frame=job.first_frame) as plate:
        draft = _draft(job, plate.info, surroundings)
        ready = replace(draft, showing=choose_conditioning(plate, draft.space, job.settings))
    return _resumed(ready) if job.existing == "resume" else ready


def _draft(job: Job, info: PlateInfo, surroundings: Surroundings) -> Plan:
    """The plan as far as it can be made without decoding a frame."""
    frames = _frames(job, info)
    spans = _spans(job, info, frames)
    screen_of(job.settings.despill)
    user_mattes = check_user_mattes(job.settings, info, frames)
    found = find_weights(job.settings.weights, folders=surroundings.weight_folders)
    outputs = outputs_of(Path(job.output), info, job.settings)
    check_writable(outputs.folder)
    movies = movies_of(outputs, info, job.settings)
    if job.existing == "refuse":
        _refuse_existing(outputs, frames)
        refuse_existing_movies(movies)
    return Plan(
        job=job,
        plate=info,
        frames=frames,
        spans=spans,
        found=found,
        refiner=choose_refiner(found, job.settings.refiner),
        downsample_ratio=choose_ratio(job.settings.downsample_ratio, info.canvas, found),
        outputs=outputs,
        space=_space(job, info, surroundings),
        showing=Conditioning(0.0, 0.0, None),
        movies=movies,
        user_mattes=user_mattes,
        **_machine(job),
    )


def choose_ratio(wanted: float | str, canvas: Window, found: FoundWeights) -> float:
    """The downsample ratio for a plate of this size; `auto` is what the weights were trained for."""
    if wanted != "auto":
        return float(wanted)
    return min(found.longer_side / max(canvas.width, canvas.height), 1.0)


def _frames(job: Job, info: PlateInfo) -> FrameSet:
    whole = FrameSet((info.frames.hull,))
    if job.frames is None:
        return whole
    outside = job.frames.minus(whole)
    if outside.ranges:
        raise JobError(
            f"Frames {outside} are outside the plate {info.path}, which has {whole}.",
            field="frames",
            hint="Ask for frames within the plate's range.",
        )
    return job.frames


def _spans(job: Job, info: PlateInfo, frames: FrameSet) -> tuple[Span, ...]:
    """The spans to run; gaps of the plate count as frames unless they are to be errors."""
    filled = job.settings.missing != "error"
    wanted = (
        frames if job.settings.preroll != "all" else FrameSet((FrameRange(info.frames.first, frames.last),))
    )
    gaps = wanted.minus(info.frames)
    if gaps.ranges and not filled:
        raise ReadError(
            f"Frames {gaps} of {info.path} are missing.",
            path=info.path,
            frame=gaps.first,
            hint="Render them, leave them out with --frames, or set missing frames to 'hold' or 'black'.",
        )
    plate = FrameSet((info.frames.hull,)) if filled else info.frames
    return lay_out(frames, plate, job.settings.preroll)


def _space(job: Job, info: PlateInfo, surroundings: Surroundings) -> PlateSpace:
    settings = job.settings
    config = open_config(surroundings.ocio if settings.ocio == "auto" else settings.ocio)
    return choose_space(
        settings.colour_space,
        tags=info.colour,
        path=info.path,
        pixel_type=info.pixel_type,
        kind=info.kind,
        config=config,
    )


def _refuse_existing(outputs: Outputs, frames: FrameSet) -> None:
    existing = existing_frames(outputs, frames)
    if existing.ranges:
        raise JobError(
            f"{outputs.folder} already holds results of {outputs.name} for frames {existing}.",
            field="existing",
            hint="Finish them with --resume, replace them with --overwrite, or choose another folder.",
        )


def _machine(job: Job) -> dict[str, Any]:
    # The only place of a plan that loads torch: everything cheaper has been checked by now.
    from matteline.matting.devices import precision_name, resolve_batch, resolve_device, resolve_precision

    settings = job.settings
    device = resolve_device(settings.device)
    precision = precision_name(resolve_precision(settings.precision, device))
    batch = resolve_batch(settings.batch, device)
    return {"device": str(device), "precision": precision, "batch": batch}


def _resumed(draft: Plan) -> Plan:
    existing = existing_frames(draft.outputs, draft.frames)
    if not existing.ranges and not draft.outputs.record.exists():
        return draft
    check_record(draft.outputs, draft.recipe())
    done = complete_frames(draft.outputs, draft.plate, draft.frames)
    return replace(draft, spans=resume(draft.spans, done, state_files(draft.outputs).saved()))
