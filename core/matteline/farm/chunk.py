"""The work of a farm's machines: the first pass that saves states, and chunks that begin from them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from matteline.contract.errors import DeviceError
from matteline.contract.events import Event, Finished, Notice
from matteline.contract.files import make_folder
from matteline.contract.frames import FrameSet
from matteline.engine.checkpoints import StateFiles, StateHashes
from matteline.engine.chunks import chunk_of, prerolled_chunk, run_part, state_pass
from matteline.engine.existing import examine_results
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Plan
from matteline.engine.prepare import prepare
from matteline.engine.recipe import segment_mark
from matteline.farm.open_farm_job import OpenFarmJob

if TYPE_CHECKING:
    from matteline.matting.rvm.inference import Network

Networks = Callable[[Plan], "Network | None"]
"""Returns the network of a plan, for callers that keep one loaded."""

# Frames that a chunk may always begin before its first one without a word to the user.
_EXPECTED_EXTRA_FRAMES = 10


def save_states(
    opened: OpenFarmJob,
    frames: FrameSet,
    *,
    overwrite: bool = False,
    networks: Networks | None = None,
    between_frames: Callable[[], None] = do_nothing,
) -> Generator[Event, None, None]:
    """Take the first look, and save the states that chunks of these frames begin from, except what is there already.

    Args:
        opened: The farm job.
        frames: Frames that will be rendered; the pass ends with the last of them.
        overwrite: Whether states that are there are made again.
        networks: Returns the network; by default it is loaded.
        between_frames: Called before each frame; an exception from it ends the pass.

    Raises:
        StateError: A state that is there belongs to something else.
        MattelineError: As `engine.run.run` says.
    """
    farm_job = opened.farm_job
    opened = yield from _prepared(opened, networks, between_frames)
    # Engines call the pass for the first look too (`FarmJob.needs_first_pass`), and that is taken by now.
    if not farm_job.needs_states:
        yield Notice(f"{farm_job.name} needs no states: its chunks are exact by '{farm_job.farm.exact}'.")
        # A session's client waits for this event.
        yield Finished(0, 0.0)
        return
    states = opened.states
    make_folder(states.folder)
    # A pass that was interrupted goes on behind its last whole state.
    there = [] if overwrite else states.usable(states.saved(), _hashes(opened), refuse_others=True)
    part = state_pass(opened.plan, opened.submitted(frames).hull, states, there)
    yield from _run(opened, part, states, networks, between_frames)


def render_chunk(
    opened: OpenFarmJob,
    frames: FrameSet,
    *,
    overwrite: bool = False,
    networks: Networks | None = None,
    between_frames: Callable[[], None] = do_nothing,
) -> Generator[Event, None, None]:
    """Render frames with the pixels of one unbroken run; those that are there and right are left alone.

    Args:
        opened: The farm job.
        frames: The chunk; frames that were not submitted are passed over.
        overwrite: Whether frames that are there are made again.
        networks: Returns the network; by default it is loaded.
        between_frames: Called before each frame; an exception from it ends the chunk, complete frames stay.

    Raises:
        JobError: None of the frames was submitted.
        StateError: The state it would begin from belongs to something else.
        MattelineError: As `engine.run.run` says.
    """
    farm_job, wanted = opened.farm_job, opened.submitted(frames)
    opened = yield from _prepared(opened, networks, between_frames)
    # After the first look: results bear a mark of their cuts and regions, which the plan knows only since then.
    done = FrameSet() if overwrite else examine_results(opened.plan, wanted).current
    if done.ranges:
        yield Notice(f"Frames {done.brief} are there already.")
    # A chunk saves no states: the first pass has, and in a chain only the one that the next chunk needs.
    states = replace(opened.states, every_frames=0)
    if farm_job.is_chain:
        make_folder(states.folder)
        states = replace(states, also=frozenset(each.last + 1 for each in wanted.ranges))
        done = done.minus(_without_next_state(opened, wanted))
    if farm_job.farm.exact == "none":
        # Every engine gets exactly these chunks, since here the pixels depend on where one begins.
        part = prerolled_chunk(opened.plan, wanted, done, farm_job.farm.chunk_preroll)
    else:
        part = chunk_of(opened.plan, wanted, done, states, _hashes(opened))
        yield from _warn_of_far_states(opened, part)
    yield from _run(opened, part, states, networks, between_frames)


def _without_next_state(opened: OpenFarmJob, wanted: FrameSet) -> FrameSet:
    """Return last frames of a chain's chunks whose state the next chunk lacks: they are rendered again for it."""
    there = {state.next_frame for state in opened.states.saved()}
    # The last frames of all have no next chunk.
    last = {each.last for each in opened.farm_job.frames.ranges}
    return FrameSet.of(
        each.last for each in wanted.ranges if each.last + 1 not in there and each.last not in last
    )


def _hashes(opened: OpenFarmJob) -> StateHashes:
    # Machines that share a farm job have the same whole plate.
    whole = opened.farm_job.state_hashes
    return lambda state: {**whole, "segment": segment_mark(opened.plan, state.next_frame - 1)}


def _warn_of_far_states(opened: OpenFarmJob, part: Plan) -> Iterator[Event]:
    farm = opened.farm_job.farm
    usual = farm.state_every if farm.exact == "states" else farm.chunk
    for span in part.spans:
        first, start = span.render.first, span.frames.first
        if first - start > max(usual, _EXPECTED_EXTRA_FRAMES):
            yield Notice(
                f"No nearer state was found before frame {first}, so the network starts at frame {start}, "
                f"{first - start} frames earlier. The pixels are the same; it only takes longer."
            )


def _prepared(
    opened: OpenFarmJob, networks: Networks | None, between_frames: Callable[[], None]
) -> Generator[Event, None, OpenFarmJob]:
    """Take the first look and tell people apart, where the shot needs that and no earlier step has left its notes."""
    # The device and its threads first: the look runs the network as well.
    _prepare_device(opened)
    plan = opened.plan
    if not (plan.needs_look or plan.needs_people):
        return opened
    network = networks(plan) if networks is not None else None
    plan = yield from prepare(plan, network=network, between_frames=between_frames)
    return replace(opened, plan=plan)


def _prepare_device(opened: OpenFarmJob) -> None:
    farm_job = opened.farm_job
    if farm_job.needs_gpu and opened.plan.settings.device == "cpu":
        raise DeviceError(
            f"{farm_job.name} needs a GPU, and would be rendered on the processor here.",
            hint="Send it to machines with a GPU, or submit it for the processor.",
            settings=("device=cpu",),
        )
    from matteline.matting.devices import set_thread_count  # loads torch, so not before it is needed

    # Threads share out the sums of a processor, and so decide how they are rounded: all machines take as many.
    set_thread_count(farm_job.threads)


def _run(
    opened: OpenFarmJob,
    part: Plan,
    states: StateFiles,
    networks: Networks | None,
    between_frames: Callable[[], None],
) -> Generator[Event, None, None]:
    # Not where nothing is left to do: a retry of a finished chunk then costs no loading.
    network = networks(part) if networks is not None and part.spans else None
    work = run_part(part, states, _hashes(opened), network=network, between_frames=between_frames)
    # Closed at once where the caller gives up, so that no file is still being written when the task ends.
    with closing(work) as events:
        yield from events


VERBS: Mapping[str, Callable[..., Generator[Event, None, None]]] = MappingProxyType(
    {"states": save_states, "chunk": render_chunk}
)
"""The work that a machine can be asked for, by the verbs of `matteline farm`."""
