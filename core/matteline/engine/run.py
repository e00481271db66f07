"""`run(plan)`: read, condition, infer, restore and write, all at once, frame after frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from matteline.contract.events import Event, Finished, FrameDone, Notice, Preroll, Started
from matteline.engine.checkpoints import StateFiles, StateHashes, state_files
from matteline.engine.infer import FrameResult
from matteline.engine.kept_network import prepared_network
from matteline.engine.make_movies import make_movies
from matteline.engine.output_claim import claim_outputs
from matteline.engine.outputs import prepare_folders
from matteline.engine.pipeline import do_nothing, each
from matteline.engine.plan import Plan
from matteline.engine.prepare import prepare
from matteline.engine.read import add_user_mattes, read_frames
from matteline.engine.record import record_plan
from matteline.engine.shot import Shot
from matteline.engine.timeline import Span
from matteline.engine.user_mattes import read_user_mattes
from matteline.engine.workers import workers_for
from matteline.matting.rvm.inference import Network
from matteline.media.plate import Plate, open_plate


def run(
    plan: Plan, *, network: Network | None = None, between_frames: Callable[[], None] = do_nothing
) -> Generator[Event, None, None]:
    """Render a plan. Closing the iterator stops the render within a frame.

    Complete frames stay on disk however the run ends, and never anything else under a final name.

    Args:
        plan: The plan to render.
        network: The plan's network, for callers that keep one loaded; by default it is loaded here.
        between_frames: Called in the caller's thread before each frame enters the network, also while the
            first event is still far off. What it raises ends the run, as closing does.

    Raises:
        ReadError: A frame cannot be read and missing frames are errors.
        WriteError: A result cannot be written.
        ModelError: The weights changed since the plan was made.
        DeviceError: The device has too little memory even for one frame at a time.
        JobError: Another render is writing the same results with other settings.
    """
    started = time.perf_counter()
    if plan.needs_look or plan.needs_people:
        network = prepared_network(plan, network)
        plan = yield from prepare(plan, network=network, between_frames=between_frames)
    yield Started(len(plan.render), plan.weights.name, plan.settings.device, str(plan.outputs.folder))
    with claim_outputs(plan) as claim:
        if plan.spans:
            prepare_folders(plan.outputs)
            # Before the first frame: results name their recipe by its mark alone, also those of a render that is
            # killed.
            record_plan(plan)
            # A state after the last frame of each span lets a range that grows begin there.
            ends = frozenset(span.frames.last + 1 for span in plan.spans)
            states = replace(state_files(plan.outputs), also=ends)
            for event in run_spans(plan, network, between_frames, states):
                claim.keep()
                yield event
        for event in make_movies(plan):
            claim.keep()
            yield event
    yield Finished(len(plan.render), time.perf_counter() - started)


def run_spans(
    plan: Plan,
    network: Network | None,
    between_frames: Callable[[], None],
    states: StateFiles,
    hashes: StateHashes | None = None,
) -> Iterator[Event]:
    """Run the network over all spans of a plan, and write what is to be written. Its folders exist."""
    progress = _Progress(plan)
    with open_plate(plan.job.plate, first_frame=plan.job.first_frame) as plate:
        if plan.uses_network:
            network = prepared_network(plan, network)
        shot = Shot(plan, network, between_frames, states, hashes)
        for span in plan.spans:
            yield from _run_span(plan, plate, shot, span, progress)


def _run_span(plan: Plan, plate: Plate, shot: Shot, span: Span, progress: _Progress) -> Iterator[Event]:
    missing, workers = plan.settings.missing, workers_for(plan.plate.canvas)
    readers, ahead = workers.readers, workers.read_ahead
    with read_frames(plate, sorted(set(span.mirrored)), missing, workers=readers, depth=ahead) as mirrored:
        for _ in shot.begin(span, mirrored):
            yield progress.preroll()
    with (
        read_frames(plate, span.frames, missing, workers=readers, depth=ahead) as frames,
        read_user_mattes(plan.user_mattes, plan.plate, span.render, workers=readers, depth=ahead) as mattes,
        each(shot.condition, add_user_mattes(frames, mattes, span.render), workers=1, depth=1) as conditioned,
        each(
            shot.restore_and_write,
            shot.infer(conditioned),
            workers=workers.writers,
            depth=workers.write_behind,
        ) as results,
    ):
        for result in results:
            yield from map(Notice, result.notes)
            yield progress.frame_done(result) if result.files else progress.preroll()
            # Only now are this frame and all before it on disk: a resume from the state begins behind them.
            if result.states:
                shot.save_states(result.number + 1, result.states)


class _Progress:
    """Counts of the whole run, over all its spans."""

    def __init__(self, plan: Plan) -> None:
        self._frames, self._frames_total = 0, len(plan.render)
        self._preroll, self._preroll_total = 0, sum(span.preroll_frames for span in plan.spans)

    def preroll(self) -> Preroll:
        self._preroll += 1
        return Preroll(self._preroll, self._preroll_total)

    def frame_done(self, result: FrameResult) -> FrameDone:
        self._frames += 1
        return FrameDone(result.number, result.files, self._frames, self._frames_total)
