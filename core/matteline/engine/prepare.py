"""Preparation of a plan: the passes over the plate that must come before its first frame is rendered."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from matteline.contract.events import Event
from matteline.engine.look import take_look
from matteline.engine.people import find_people
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Plan
from matteline.engine.planner import with_found_people, with_notes

if TYPE_CHECKING:
    from matteline.matting.rvm.inference import Network


def prepare(
    plan: Plan,
    *,
    network: Network | None = None,
    between_frames: Callable[[], None] = do_nothing,
    save: bool = True,
) -> Generator[Event, None, Plan]:
    """Take the first look and tell people apart, where a plan needs that; returns the complete plan.

    Args:
        plan: The plan.
        network: The plan's network, for callers that keep one loaded; by default it is loaded here.
        between_frames: Called before each frame; what it raises ends the pass.
        save: False keeps nothing on disk.

    Raises:
        MattelineError: As `take_look`, `find_people` and `planner.plan`.
    """
    if plan.needs_look:
        notes = yield from take_look(plan, network=network, between_frames=between_frames, save=save)
        plan = with_notes(plan, notes)
    if plan.needs_people:
        people = yield from find_people(plan, network=network, between_frames=between_frames, save=save)
        plan = with_found_people(plan, people)
    return plan
