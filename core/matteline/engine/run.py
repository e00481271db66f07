"""`run(plan)`: read, condition, infer, restore and write, all at once, frame after frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator

from matteline.contract.events import Event, Finished, FrameDone, Notice, Preroll, Started
from matteline.engine.checkpoints import StateFiles, state_files
from matteline.engine.make_movies import assemble
from matteline.engine.outputs import prepare_folders, write_record
from matteline.engine.pipeline import do_nothing, each
from matteline.engine.plan import Plan
from matteline.engine.read import beside, read_frames
from matteline.engine.shot import Shot, Step
from matteline.engine.timeline import Span
from matteline.engine.user_mattes import read_user_mattes
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.load import load_network
from matteline.media.plate import Plate, open_plate

READERS = 2
READ_AHEAD_FRAMES = 2
WRITERS = 2
WRITE_BEHIND_FRAMES = 3


def run(
    plan: Plan, *, network: MattingNetwork | None = None, between_frames: Callable[[], None] = do_nothing
) -> Generator[Event, None, None]:
    """Render what the plan says. Closing the iterator stops the render within a frame.

    Complete frames stay on disk however the run ends, and never anything else under a final name.

    Args:
        plan: What to render.
        network: The plan's network, for who keeps one loaded; by default it is loaded here.
        between_frames: Called in the caller's thread before each frame enters the network, also while the
            first event is still far off. What it raises ends the run, as closing does.

    Raises:
        ReadError: A frame cannot be read and missing frames are errors.
        WriteError: A result cannot be written.
        ModelError: The weights changed since the plan was made.
        DeviceError: The device has too little memory even for one frame at a time.
    """
    started = time.perf_counter()
    yield Started(len(plan.render), plan.found.name, plan.device, str(plan.outputs.folder))
    if plan.spans:
        prepare_folders(plan.outputs)
        write_record(plan.outputs, plan.recipe())
        yield from run_spans(plan, network, between_frames, state_files(plan.outputs))
        state_files(plan.outputs).trim(keep=0)
    yield from assemble(plan)
    yield Finished(len(plan.render), time.perf_counter() - started)


def run_spans(
    plan: Plan, network: MattingNetwork | None, between_frames: Callable[[], None], states: StateFiles
) -> Iterator[Event]:
    """Run the network over all spans of a plan, and write what is to be written. Its folders exist."""
    count = _Count(plan)
    with open_plate(plan.job.plate, first_frame=plan.job.first_frame) as plate:
        shot = Shot(plan, network or load_network(plan.found, plan.refiner), between_frames, states)
        for span in plan.spans:
            yield from _span(plan, plate, shot, span, count)


def _span(plan: Plan, plate: Plate, shot: Shot, span: Span, count: _Count) -> Iterator[Event]:
    missing = plan.job.settings.missing
    with read_frames(plate, sorted(set(span.mirrored)), missing, workers=READERS, depth=1) as handles:
        yield from map(count.rolled, shot.begin(span, handles))
    with (
        read_frames(plate, span.frames, missing, workers=READERS, depth=READ_AHEAD_FRAMES) as frames,
        read_user_mattes(
            plan.user_mattes, plan.plate, span.render, workers=READERS, depth=READ_AHEAD_FRAMES
        ) as hands,
        each(
            lambda source: shot.condition(source, span),
            beside(frames, hands, span.render),
            workers=1,
            depth=1,
        ) as takes,
        each(shot.deliver, shot.infer(takes), workers=WRITERS, depth=WRITE_BEHIND_FRAMES) as steps,
    ):
        for step in steps:
            yield from map(Notice, step.notes)
            yield count.after(step)
            shot.keep_state(step)


class _Count:
    """How far the whole run is, over all its spans."""

    def __init__(self, plan: Plan) -> None:
        self._frames, self._frames_total = 0, len(plan.render)
        self._rolled, self._rolled_total = 0, sum(span.preroll_frames for span in plan.spans)

    def rolled(self, _number: int) -> Preroll:
        self._rolled += 1
        return Preroll(self._rolled, self._rolled_total)

    def after(self, step: Step) -> Event:
        if not step.files:
            return self.rolled(step.number)
        self._frames += 1
        return FrameDone(step.number, step.files, self._frames, self._frames_total)
