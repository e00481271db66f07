"""`plan(job)`: everything that can be decided before the first frame, so that a user's mistakes are found cheaply.

torch is imported last, and only to learn which devices there are.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from matteline.colour.config import open_config
from matteline.colour.key_colour import parse_key_colour
from matteline.colour.space import PlateSpace, choose_space
from matteline.contract.errors import DeviceError, JobError, ReadError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.plate import PlateInfo, Window
from matteline.contract.settings import MatteSettings, wants_look, wants_regions
from matteline.contract.shot_notes import Segment, ShotNotes
from matteline.engine.checkpoints import begin_from_states, state_files
from matteline.engine.conditioning import measure_conditioning
from matteline.engine.existing import examine_results, refuse_stale
from matteline.engine.look import load_notes
from matteline.engine.movie_plan import plan_movies, refuse_existing_movies
from matteline.engine.outputs import (
    Outputs,
    check_writable,
    existing_frames,
    lay_out_results,
)
from matteline.engine.people import load_people, with_people
from matteline.engine.people_hints import read_hints
from matteline.engine.plan import Plan, Resources, split_at_cuts, wants_people
from matteline.engine.recipe import RunHashes
from matteline.engine.segments import plan_segments
from matteline.engine.timeline import lay_out
from matteline.engine.user_mattes import check_user_mattes
from matteline.matting.weights.find import NO_WEIGHTS, FoundWeights, choose_refiner, find_weights
from matteline.media.plate import open_plate

if TYPE_CHECKING:
    from matteline.engine.people_file import FoundPeople  # loads torch


def plan(job: Job, resources: Resources) -> Plan:
    """Decide everything about a job.

    Raises:
        JobError: The request contradicts itself, the plate or existing results.
        ReadError: The plate cannot be read.
        ModelError: The weights are not there or not usable.
        WriteError: The output folder cannot be written.
        DeviceError: The device asked for is not there.
    """
    if job.settings.alpha != "network":
        job = replace(job, settings=without_network(job.settings))
    with open_plate(job.plate, first_frame=job.first_frame) as plate:
        draft = _draft(job, plate.info, resources)
        # After the draft, because it decodes frames: a mistake in the request is told without that.
        settings = measure_conditioning(plate, draft.space, draft.settings)
    ready = replace(draft, settings=settings)
    if not wants_look(settings):
        return _keep_results(ready)
    notes = load_notes(ready)
    return ready if notes is None else with_notes(ready, notes)


def with_notes(draft: Plan, notes: ShotNotes) -> Plan:
    """Complete a plan that needed a look, by the notes of it.

    Raises:
        JobError: There are results made with other settings, and the job wants to resume them.
    """
    shots = split_at_cuts(draft.unbroken, notes.cuts)
    segments = plan_segments(draft.unbroken, shots, notes, regions=wants_regions(draft.settings))
    spans = lay_out(draft.frames, [segment.frames for segment in segments], draft.settings.preroll, shots)
    return _keep_results(replace(draft, notes=notes, segments=segments, spans=spans))


def with_found_people(draft: Plan, people: FoundPeople) -> Plan:
    """Complete a plan that needed its people.

    Raises:
        JobError: Names in the job are unknown, or there are results made with other settings that the job wants to
            resume.
    """
    return _keep_results(with_people(draft, people))


def portable_plan(job: Job, resources: Resources) -> Plan:
    """Plan a job whose pixels other machines will make: its `job` has the settings resolved here.

    The device may be missing here, as on a workstation that submits to machines with GPUs; its number is left
    out, since another machine counts its own. What follows from the plate's tags stays `auto` and is compared
    where it is rendered.

    Raises:
        As `plan`, but for a device that is not here.
    """
    kind = job.settings.device.partition(":")[0]
    try:
        ready = plan(_on_device(job, kind), resources)
    except DeviceError:
        if kind not in ("cuda", "mps"):
            raise
        here = plan(_on_device(job, "cpu"), resources)
        ready = replace(here, settings=_for_absent_device(here.settings, job.settings, kind))
    settings = replace(
        ready.settings,
        device=ready.settings.device.partition(":")[0],
        # A ratio that is given is that of the whole plate, and would leave no regions to choose.
        downsample_ratio=job.settings.downsample_ratio,
    )
    return replace(ready, job=replace(job, frames=ready.frames, settings=settings))


def choose_ratio(wanted: float | str, canvas: Window, weights: FoundWeights) -> float:
    """Return the downsample ratio for a plate of this size; `auto` is what the weights were trained for.

    But never one that leaves nothing of the shorter side, or that the setting does not allow.
    """
    if wanted != "auto":
        return float(wanted)
    # A little more than one pixel, because the reduced size is rounded down.
    least = max(1.001 / min(canvas.width, canvas.height), 0.02)
    return min(max(weights.longer_side / max(canvas.width, canvas.height), least), 1.0)


def _draft(job: Job, info: PlateInfo, resources: Resources) -> Plan:
    """Make the plan as far as that needs no decoded frame: nothing is measured, and no cut is looked for."""
    frames = _frames(job, info)
    unbroken = _unbroken(job, info, frames)
    shots = split_at_cuts(unbroken, _named_cuts(job, info))
    parse_key_colour(job.settings.despill)
    user_mattes = check_user_mattes(job.settings, info, frames)
    hints = read_hints(job.settings, info)
    given = job.settings.alpha != "network"
    weights = NO_WEIGHTS if given else find_weights(job.settings.weights, folders=resources.weight_folders)
    if given and wants_people(job.settings):
        raise JobError(
            "People are told apart by the network, and with a given alpha there is none.",
            field="alpha",
            hint="Leave the given alpha or the people out.",
            settings=("alpha", "write", "keep", "leave_out"),
        )
    outputs = lay_out_results(Path(job.output), info, job.settings)
    check_writable(outputs.folder)
    movies = plan_movies(outputs, info, job.settings)
    if job.existing == "refuse":
        _refuse_existing(outputs, frames)
        refuse_existing_movies(movies)
    space = _space(job, info, resources)
    return Plan(
        job=job,
        settings=replace(_resolved(job.settings, info, weights, space), hints=hints.words or "none"),
        plate=info,
        frames=frames,
        unbroken=unbroken,
        segments=tuple(map(Segment, shots)),
        spans=lay_out(frames, shots, job.settings.preroll),
        weights=weights,
        outputs=outputs,
        space=space,
        movies=movies,
        user_mattes=user_mattes,
        hints=hints,
    )


def _frames(job: Job, info: PlateInfo) -> FrameSet:
    whole = FrameSet((info.frames.hull,))
    if job.frames is None:
        return whole
    outside = job.frames.minus(whole)
    if outside.ranges:
        raise JobError(
            f"Frames {outside.brief} are outside the plate {info.path}, which has {whole}.",
            field="frames",
            hint="Ask for frames within the plate's range.",
            settings=("frames",),
        )
    return job.frames


def without_network(settings: MatteSettings) -> MatteSettings:
    """Set what concerns the network alone to one value, so that it makes no two recipes."""
    if settings.foreground == "network":
        raise JobError(
            "There is no network's foreground where alpha comes from another tool.",
            field="foreground",
            hint="Leave the foreground to be estimated from the plate.",
            settings=("foreground",),
        )
    usual = MatteSettings()
    names = ("weights", "refiner", "precision", "batch", "exposure", "denoise", "network_view")
    own = {name: getattr(usual, name) for name in names}
    return replace(settings, **own, downsample_ratio=1.0, preroll=0, cuts="none", focus="plate")


def _named_cuts(job: Job, info: PlateInfo) -> tuple[int, ...]:
    cuts = job.settings.cut_frames() or ()
    outside = FrameSet.of(cuts).minus(FrameSet((info.frames.hull,)))
    if outside.ranges:
        raise JobError(
            f"Cuts at frames {outside} are outside the plate {info.path}, which has {info.frames.hull}.",
            field="cuts",
            hint="Name the first frame of each shot after a cut.",
            settings=("cuts",),
        )
    return cuts


def _unbroken(job: Job, info: PlateInfo, frames: FrameSet) -> tuple[FrameRange, ...]:
    """Return the unbroken ranges of the plate; gaps count as frames unless they are to be errors."""
    if job.settings.missing != "error":
        return (info.frames.hull,)
    if info.shortfall:
        raise ReadError(
            info.shortfall,
            path=info.path,
            hint="Copy or export the movie again, or set missing frames to 'hold' to take them as they come.",
            settings=("missing=hold",),
        )
    # A run from the first frame of the shot reads all frames before the range, too.
    needed = (
        frames if job.settings.preroll != "all" else FrameSet((FrameRange(info.frames.first, frames.last),))
    )
    gaps = needed.minus(info.frames)
    if gaps.ranges:
        raise ReadError(
            f"Frames {gaps.brief} of {info.path} are missing.",
            path=info.path,
            frame=gaps.first,
            hint=f"{'Export the movie again' if info.kind == 'movie' else 'Render them'}, "
            "choose frames without them, or set missing frames to 'hold' or 'black'.",
            settings=("frames", "missing=hold", "missing=black"),
        )
    return info.frames.ranges


def _space(job: Job, info: PlateInfo, resources: Resources) -> PlateSpace:
    settings = job.settings
    config = open_config(resources.ocio if settings.ocio == "auto" else settings.ocio)
    return choose_space(
        settings.colour_space,
        tags=info.colour,
        path=info.path,
        pixel_type=info.pixel_type,
        kind=info.kind,
        config=config,
    )


def _resolved(
    settings: MatteSettings, info: PlateInfo, weights: FoundWeights, space: PlateSpace
) -> MatteSettings:
    """Put names and numbers in place of `auto`, where neither a frame nor the plate's tags decide them."""
    # The only place of a plan that loads torch: everything cheaper has been checked by now.
    from matteline.matting.devices import (
        compute_repeatably,
        precision_name,
        resolve_batch,
        resolve_device,
        resolve_precision,
    )

    device = resolve_device(settings.device)
    # Grain is taken out before a network is there.
    compute_repeatably(device)
    return replace(
        settings,
        weights=weights.name if settings.weights == "auto" else settings.weights,
        downsample_ratio=choose_ratio(settings.downsample_ratio, info.canvas, weights),
        focus=settings.focus if settings.downsample_ratio == "auto" else "plate",
        refiner=choose_refiner(weights, settings.refiner),
        ocio=space.config.source,
        device=str(device),
        precision=precision_name(resolve_precision(settings.precision, device)),
        batch=resolve_batch(settings.batch, device),
    )


def _on_device(job: Job, device: str) -> Job:
    return replace(job, settings=replace(job.settings, device=device))


def _for_absent_device(resolved: MatteSettings, wanted: MatteSettings, kind: str) -> MatteSettings:
    """Set device, precision and batch as a machine that has the device would choose them."""
    import torch

    from matteline.matting.devices import precision_name, resolve_batch, resolve_precision

    device, precision = torch.device(kind), wanted.precision
    if precision == "auto":
        precision = precision_name(resolve_precision("auto", device))
    return replace(resolved, device=kind, precision=precision, batch=resolve_batch(wanted.batch, device))


def _refuse_existing(outputs: Outputs, frames: FrameSet) -> None:
    existing = existing_frames(outputs, frames)
    if existing.ranges:
        raise JobError(
            f"{outputs.folder} already holds results of {outputs.name} for frames {existing.brief}.",
            field="existing",
            hint="Resume or update them, overwrite them, or choose another output folder.",
            settings=("existing=resume", "existing=update", "existing=overwrite", "output"),
        )


def _keep_results(draft: Plan) -> Plan:
    """Leave out the frames whose results are there and would come out the same, where the job wants that.

    Which would is known only once the people are, where they are wanted.
    """
    if draft.needs_people:
        people = load_people(draft)
        if people is None:
            return draft
        draft = with_people(draft, people)
    if draft.job.existing not in ("resume", "update"):
        return draft
    # This lists folders; everything below reads results and the plate's files.
    if not existing_frames(draft.outputs, draft.frames).ranges:
        return draft
    found = examine_results(draft, draft.frames)
    if draft.job.existing == "resume":
        refuse_stale(draft, found)
    states = state_files(draft.outputs)
    spans = begin_from_states(draft.spans, found.current, states, RunHashes(draft))
    return replace(draft, spans=spans, stale=found.stale)
