"""The people of a plan: told apart in one pass over the plate where they are wanted, and kept beside the results.

The pass goes over the whole plate, whichever frames are rendered, so that ranges, farm tasks and resumed renders
agree on who is who. It reads the same reduced pictures as the first look.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matteline.contract.errors import JobError, MattelineError
from matteline.contract.events import Event, Looking, Notice
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.people import MaskHint
from matteline.contract.record import RECORD_FOLDER
from matteline.engine.fingerprint import PlateFingerprint
from matteline.engine.outputs import people_products
from matteline.engine.people_hints import open_masks
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Plan
from matteline.engine.recipe import look_settings
from matteline.media.plate import open_plate

if TYPE_CHECKING:
    import torch

    from matteline.engine.first_look import LookInput
    from matteline.engine.people_file import FoundPeople
    from matteline.matting.features import FeatureSession
    from matteline.matting.rvm.inference import Network
    from matteline.people import FrameHint, Observation

PASS: Final = 2
"""Raised whenever a release tells people apart in another way."""

PREROLL: Final = 2
"""Mirrored observations before the first one of a shot: cells need no finer alpha."""

OBSERVE_EVERY: Final = 2
"""Frames whose numbers are multiples of this are observed, and the first, last and hinted ones of every shot. People
move by two or three cells from one to the next at most; their shares in between are interpolated."""


def people_file(plan: Plan) -> Path:
    """Return the file of a plan's people; it need not exist."""
    return plan.outputs.folder / RECORD_FOLDER / f"{plan.outputs.name}.people"


def load_people(plan: Plan) -> FoundPeople | None:
    """Return the people beside the results, where they were found from the same plate, network and hints."""
    file = people_file(plan)
    if not file.exists():
        return None
    from matteline.engine.people_file import read_people

    try:
        found = read_people(file)
        return found if dict(found.hashes) == _hashes(plan) else None
    except MattelineError:
        # Damaged, or of another release: they are found again.
        return None


def find_people(
    plan: Plan,
    *,
    network: Network | None = None,
    between_frames: Callable[[], None] = do_nothing,
    save: bool = True,
) -> Generator[Event, None, FoundPeople]:
    """Go over the plate and tell its people apart; returns them.

    Args:
        plan: A plan that wants people, with its first look taken where it needs one.
        network: The plan's network, for callers that keep one loaded; by default it is loaded here.
        between_frames: Called before each frame; what it raises ends the pass.
        save: False keeps nothing on disk.

    Raises:
        ReadError: A frame cannot be read and missing frames are errors.
        WriteError: The people cannot be written.
    """
    import torch

    from matteline.engine.kept_network import prepared_network
    from matteline.engine.look_input import Looker
    from matteline.engine.people_file import FoundPeople, write_people
    from matteline.matting.devices import DTYPES
    from matteline.matting.features import FeatureSession
    from matteline.people import Tracker

    network = prepared_network(plan, network)
    device = torch.device(plan.settings.device)
    session = FeatureSession(network, device, DTYPES[plan.settings.precision])
    looker = Looker(plan, network)
    observations: dict[int, Observation] = {}
    hints = _frame_hints(plan)
    to_observe = [_frames_to_observe(shot, {hint.frame for hint in hints}) for shot in plan.shots]
    steps = sum(map(len, to_observe)) + sum(map(len, plan.shots))
    for numbers in to_observe:
        with looker.inputs(numbers, between_frames) as inputs:
            for observation in _observed(session, device, list(numbers), inputs):
                observations[observation.number] = observation
                yield Looking(len(observations), steps)
    canvas = plan.plate.canvas
    tracker = Tracker(observations, plan.shots, hints, (canvas.width, canvas.height))
    frames: dict[int, bytes] = {}
    for shares in tracker.shares():
        between_frames()
        frames[shares.number] = shares.to_bytes()
        yield Looking(len(observations) + len(frames), steps)
    missed = tuple(
        f"{each.name} in frame {each.frame}" for each in sorted(tracker.missed, key=lambda each: each.frame)
    )
    found = FoundPeople(tracker.people, frames, missed, _hashes(plan))
    if missed:
        yield Notice(f"The network sees nobody at these hints: {', '.join(missed)}.")
    if save:
        write_people(people_file(plan), found)
    return found


def with_people(plan: Plan, people: FoundPeople) -> Plan:
    """Add the people to a plan.

    Raises:
        JobError: The settings name people who are not in the plate.
    """
    settings = plan.settings
    for field, names in (("keep", settings.kept_names() or ()), ("leave_out", settings.left_out_names())):
        unknown = [name for name in names if name not in people.names]
        if unknown:
            raise JobError(
                f"There is nobody called {unknown[0]} in {plan.plate.path}; there are: "
                f"{', '.join(people.names[:20]) or 'no people'}.",
                field=field,
                hint="List the people of the plate, or name them by hints.",
                settings=("hints",),
            )
    # What the plan has of people so far stands in for them: the channels depend on their number.
    products = tuple(each for each in plan.outputs.products if not (each.name == "people" or each.person))
    if "people" in settings.write:
        products += people_products(people.names, settings)
    return replace(plan, people=people, outputs=replace(plan.outputs, products=products))


def _frames_to_observe(shot: FrameRange, hinted: Collection[int]) -> FrameSet:
    numbers = (number for number in shot if number % OBSERVE_EVERY == 0 or number in hinted)
    return FrameSet.of([shot.first, *numbers, shot.last])


def _observed(
    session: FeatureSession, device: torch.device, numbers: Sequence[int], inputs: Iterable[LookInput]
) -> Iterator[Observation]:
    from matteline.engine.timeline import mirror
    from matteline.matting.devices import with_memory
    from matteline.people import observe

    inputs = iter(inputs)
    first = list(islice(inputs, PREROLL + 1))
    # A short shot bounces between its ends, so all that is mirrored is among the first frames.
    session.begin([first[index].picture for index in mirror(FrameRange(0, len(numbers) - 1), PREROLL)])
    for each in chain(first, inputs):
        seen = with_memory(device, partial(session.advance, each.picture))
        yield observe(each.number, each.picture, seen.alpha, seen.features)


def _frame_hints(plan: Plan) -> list[FrameHint]:
    """Hints by frame, in the order in which they were given; of masks only the coarse grid is kept."""
    import numpy as np
    import torch

    from matteline.people import PersonMask, grid_size

    grid = grid_size(plan.plate.canvas.width, plan.plate.canvas.height)
    masks = iter(open_masks(plan.hints, plan.plate))
    hints: list[FrameHint] = []
    for hint in plan.hints.hints:
        if not isinstance(hint, MaskHint):
            hints.append(hint)
            continue
        mask = next(masks)
        for number in (each for shot in plan.shots for each in shot if each in mask.frames):
            coverage = torch.from_numpy(np.ascontiguousarray(mask.coverage(number)))
            coarse = torch.nn.functional.adaptive_avg_pool2d(coverage[None], grid)[0]
            hints.append(PersonMask(number, hint.name, coarse.numpy()))
    return hints


def _hashes(plan: Plan) -> dict[str, str]:
    with open_plate(plan.job.plate, first_frame=plan.job.first_frame) as plate:
        fingerprint = PlateFingerprint(plate).of_frames(number for shot in plan.shots for number in shot)
    # By names, sizes and times of their files: paths differ between machines, and hide that a mask was painted over.
    masks = [[mask.name, mask.identity] for mask in open_masks(plan.hints, plan.plate)]
    words = {
        "pass": PASS,
        "look": look_settings(plan),
        "shots": [[shot.first, shot.last] for shot in plan.shots],
        "hints": [each.words for each in plan.hints.hints if not isinstance(each, MaskHint)],
        "masks": masks,
    }
    settings = hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()
    return {"plate": fingerprint, "weights": plan.weights.sha256, "settings": settings}
