"""Parts of a render, for machines that share one: the states first, then chunks, then what needs all frames.

A chunk is the same as a resume that finds everything done but its own frames: it continues from the latest
state at or before them, so its pixels are those of one unbroken run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from matteline.contract.events import Event, Finished, Started
from matteline.contract.frames import FrameRange, FrameSet
from matteline.engine.checkpoints import StateFiles
from matteline.engine.outputs import complete_frames, prepare_folders
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Plan
from matteline.engine.recipe import recipe_mark
from matteline.engine.record import write_record
from matteline.engine.timeline import Span, begin_at, lay_out, resume
from matteline.matting.rvm.network import MattingNetwork
from matteline.media.image import read_header
from matteline.media.source_file import SourceFile

MARK = "matteline/recipe"
"""Metadata of every result: the mark of the recipe that it was made by."""


def chunk_of(plan: Plan, frames: FrameSet, done: FrameSet, states: Sequence[int]) -> Plan:
    """Plan some of the frames, from the latest usable state before them.

    Args:
        plan: The plan of the whole.
        frames: The frames of the chunk.
        done: Frames that need not be rendered again.
        states: Frames before which a state was saved.
    """
    others = plan.frames.minus(frames)
    return replace(plan, spans=resume(plan.spans, FrameSet.joined((*others.ranges, *done.ranges)), states))


def prerolled_chunk(plan: Plan, frames: FrameSet, done: FrameSet, preroll_frames: int) -> Plan:
    """Plan some of the frames, settled by a preroll instead: near the whole, but not equal to it."""
    filled = plan.settings.missing != "error"
    there = FrameSet((plan.plate.frames.hull,)) if filled else plan.plate.frames
    return replace(plan, spans=resume(lay_out(frames, there, preroll_frames), done, ()))


def state_pass(plan: Plan, frames: FrameRange, states: StateFiles, there: Sequence[int]) -> Plan:
    """Plan the pass that writes the states which rendering these frames needs, except those already `there`."""
    wanted = (_state_span(span, frames, states, there) for span in plan.spans)
    return replace(plan, spans=tuple(span for span in wanted if span is not None), user_mattes=())


def _state_span(span: Span, frames: FrameRange, states: StateFiles, there: Sequence[int]) -> Span | None:
    if span.render.first > frames.last or span.render.last < frames.first:
        return None
    lacking = [each for each in due(span, states) if each <= frames.last and each not in there]
    if not lacking:
        return None
    return replace(begin_at(span, lacking[0], lacking[-1] - 1, there), render=FrameSet())


def due(span: Span, states: StateFiles) -> list[int]:
    """List the frames before which the states of a span are saved."""
    own, every = span.own, states.every_frames
    if own is None or not every:
        return []
    first = max(own.first, span.frames.first + 1)
    last = min(own.last, span.render.last)
    return [number for number in range(-(-first // every) * every, last + 1, every)]


def run_part(
    plan: Plan,
    states: StateFiles,
    recipe: Mapping[str, object],
    *,
    network: MattingNetwork | None = None,
    between_frames: Callable[[], None] = do_nothing,
) -> Generator[Event, None, None]:
    """Run what `chunk_of`, `prerolled_chunk` or `state_pass` planned. Raises as `run` does.

    Args:
        plan: The part.
        states: Where states are saved; the folder exists. None of them is removed.
        recipe: For the record beside the results, the same whichever machine writes it.
        network: The plan's network, for callers that keep one loaded.
        between_frames: As for `run`.
    """
    started = time.perf_counter()
    yield Started(len(plan.render), plan.weights.name, plan.settings.device, str(plan.outputs.folder))
    if plan.render.ranges:
        prepare_folders(plan.outputs)
        write_record(plan.outputs, recipe)
    if plan.spans:
        yield from _run(plan, states, network, between_frames)
    yield Finished(len(plan.render), time.perf_counter() - started)


def _run(
    plan: Plan, states: StateFiles, network: MattingNetwork | None, between_frames: Callable[[], None]
) -> Iterator[Event]:
    # It loads torch: whether there is anything to do at all is found without.
    from matteline.engine.run import run_spans

    yield from run_spans(plan, network, between_frames, states)


def own_results(plan: Plan, frames: FrameSet) -> FrameSet:
    """Return those of the frames whose every product is whole and was made by this plan's recipe."""
    return marked(plan, complete_frames(plan.outputs, plan.plate, frames))


def marked(plan: Plan, whole: FrameSet) -> FrameSet:
    """Return those of some frames with whole results that were made by this plan's recipe."""
    mark = recipe_mark(plan)
    return FrameSet.of(
        number
        for number in whole
        if all(_words(path, number).get(MARK) == mark for path in plan.outputs.paths(number))
    )


def _words(path: Path, number: int) -> dict[str, object]:
    return dict(read_header(SourceFile(path.name, str(path), number)).header.attributes)
