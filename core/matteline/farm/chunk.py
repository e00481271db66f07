"""What a farm's workers do: the pass that writes the states, and chunks that begin from them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from matteline.contract.errors import DeviceError
from matteline.contract.events import Event, Notice
from matteline.contract.files import make_folder
from matteline.contract.frames import FrameSet
from matteline.engine.checkpoints import StateFiles, StateHashes
from matteline.engine.chunks import chunk_of, prerolled_chunk, run_part, state_pass
from matteline.engine.existing import examine_results
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Plan
from matteline.farm.clip import Clip

if TYPE_CHECKING:
    from matteline.matting.rvm.network import MattingNetwork

Networks = Callable[[Plan], "MattingNetwork"]
"""Gives the network of a plan, for who keeps one loaded."""


def roll_states(
    clip: Clip,
    frames: FrameSet,
    *,
    overwrite: bool = False,
    networks: Networks | None = None,
    between_frames: Callable[[], None] = do_nothing,
) -> Generator[Event, None, None]:
    """Write the states that chunks of these frames begin from, those that are there already left out.

    Args:
        clip: The clip.
        frames: Frames that will be rendered; the pass ends with the last of them.
        overwrite: Whether states that are there are made again.
        networks: Gives the network; by default it is loaded.
        between_frames: Called before each frame; what it raises ends the pass.

    Raises:
        StateError: A state that is there belongs to something else.
        MattelineError: As `engine.run.run` says.
    """
    if clip.ticket.exact != "states":
        yield Notice(
            f"{clip.ticket.name} needs no pass over its states: it is rendered '{clip.ticket.exact}'."
        )
        return
    states = clip.states
    make_folder(states.folder)
    there = [] if overwrite else states.usable(states.saved(), _hashes(clip), refuse_others=True)
    part = state_pass(clip.plan, clip.wanted(frames).hull, states, there)
    yield from _run(clip, part, states, networks, between_frames)


def render_chunk(
    clip: Clip,
    frames: FrameSet,
    *,
    overwrite: bool = False,
    networks: Networks | None = None,
    between_frames: Callable[[], None] = do_nothing,
) -> Generator[Event, None, None]:
    """Render frames with the pixels of one unbroken run; those that are there and right are left alone.

    Args:
        clip: The clip.
        frames: The chunk; frames that were not submitted are passed over.
        overwrite: Whether frames that are there are made again.
        networks: Gives the network; by default it is loaded.
        between_frames: Called before each frame; what it raises ends the chunk, complete frames stay.

    Raises:
        JobError: None of the frames was submitted.
        StateError: The state it would begin from belongs to something else.
        MattelineError: As `engine.run.run` says.
    """
    wanted = clip.wanted(frames)
    done = FrameSet() if overwrite else examine_results(clip.plan, wanted).current
    if done.ranges:
        yield Notice(f"Frames {done} are there already.")
    states = _saving(clip, wanted)
    if clip.ticket.exact == "none":
        part = prerolled_chunk(clip.plan, wanted, done, clip.ticket.preroll_frames)
    else:
        done = _not_handed_on(clip, wanted, done)
        part = chunk_of(clip.plan, wanted, done, states, _hashes(clip))
        yield from _notes(clip, part)
    yield from _run(clip, part, states, networks, between_frames)


def _saving(clip: Clip, wanted: FrameSet) -> StateFiles:
    """The clip's states, and which of them a chunk saves: in a chain the one after its last frame."""
    if clip.ticket.exact != "chain":
        return replace(clip.states, every_frames=0)
    make_folder(clip.states.folder)
    return replace(clip.states, every_frames=0, also=frozenset(each.last + 1 for each in wanted.ranges))


def _not_handed_on(clip: Clip, wanted: FrameSet, done: FrameSet) -> FrameSet:
    """The frames that need not be rendered again.

    In a chain a frame whose state is to be handed on counts as undone while that state is missing.
    """
    if clip.ticket.exact != "chain":
        return done
    there = {state.next_frame for state in clip.states.saved()}
    last = {each.last for each in clip.ticket.frames.ranges}
    lacking = [each.last for each in wanted.ranges if each.last + 1 not in there and each.last not in last]
    return done.minus(FrameSet.of(lacking))


def _hashes(clip: Clip) -> StateHashes:
    return lambda _state: clip.ticket.hashes


def _notes(clip: Clip, part: Plan) -> Iterator[Event]:
    for span in part.spans:
        rolled = span.render.first - span.frames.first
        expected = clip.ticket.state_frames if clip.ticket.exact == "states" else clip.ticket.chunk_frames
        if rolled > max(expected, 10):
            yield Notice(
                f"No nearer state was found before frame {span.render.first}: rolling over {rolled} frames "
                f"from {span.frames.first}. The pixels are the same; it only takes longer."
            )


def _run(
    clip: Clip,
    part: Plan,
    states: StateFiles,
    networks: Networks | None,
    between_frames: Callable[[], None],
) -> Generator[Event, None, None]:
    _refuse_processor(clip, part)
    from matteline.matting.devices import set_thread_count  # loads torch, so not before it is needed

    set_thread_count(clip.ticket.threads)
    network = networks(part) if networks is not None and part.spans else None
    with closing(
        run_part(part, states, _hashes(clip), network=network, between_frames=between_frames)
    ) as events:
        yield from events


def _refuse_processor(clip: Clip, part: Plan) -> None:
    if clip.ticket.needs_gpu and part.settings.device == "cpu":
        raise DeviceError(
            f"{clip.ticket.name} needs a GPU, and would be rendered on the processor here.",
            hint="Send it to machines with a GPU, or submit it with --device cpu.",
        )


VERBS: Mapping[str, Callable[..., Generator[Event, None, None]]] = MappingProxyType(
    {"states": roll_states, "chunk": render_chunk}
)
"""What a worker can be asked for, by the words of `matteline farm`."""
