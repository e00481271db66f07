"""Results that are whole and bear the right marks, and yet cannot be what the plan makes."""

from __future__ import annotations

import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from matteline.contract.errors import ReadError
from matteline.contract.frames import FrameSet
from matteline.engine.outputs import Product
from matteline.engine.plan import Plan
from matteline.media.file_faults import ExpectedFile, FileFacts, find_neighbour_faults, read_file_facts
from matteline.media.plate import open_plate


def find_wrong_results(plan: Plan, frames: FrameSet) -> dict[str, FrameSet]:
    """Read the results of some frames, and return what is wrong with files, with the frames that have each fault."""
    faults: dict[str, set[int]] = {}
    beside_others: dict[str, set[int]] = {}
    for product in plan.outputs.products:
        if product.name == "people" or product.person:
            continue  # ids and coverages are no picture, and a person may be absent in frame after frame
        numbers, facts = _facts(plan, product, frames)
        for number, each in zip(numbers, facts, strict=True):
            if each is not None and each.fault and number in frames:
                faults.setdefault(each.fault, set()).add(number)
        for index, fault in find_neighbour_faults(facts).items():
            if numbers[index] in frames:
                beside_others.setdefault(fault, set()).add(numbers[index])
    # The plate is decoded for suspected frames alone.
    meant = _meant_by_the_plate(plan, set().union(*beside_others.values()))
    for fault, found in beside_others.items():
        faults.setdefault(fault, set()).update(found - meant)
    return {fault: FrameSet.of(found) for fault, found in faults.items() if found}


def _facts(plan: Plan, product: Product, frames: FrameSet) -> tuple[list[int], list[FileFacts | None]]:
    """Read the files of a product, those right beside the frames included; None stands for what is not there."""
    encoding = product.encoding
    expected = ExpectedFile(
        product.name,
        plan.plate.display_window,
        encoding.file_format,
        encoding.depth,
        encoding.compression,
    )

    def read(number: int) -> FileFacts | None:
        path = plan.outputs.path(product, number)
        is_wanted = number in frames
        is_beside = not is_wanted and (number - 1 in frames or number + 1 in frames) and path.exists()
        facts = read_file_facts(path, number, expected) if is_wanted or is_beside else None
        # A neighbour that is faulty itself says nothing of the frame beside it.
        return None if is_beside and facts is not None and facts.fault else facts

    numbers = list(range(frames.first - 1, frames.last + 2)) if frames.ranges else []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return numbers, list(pool.map(read, numbers))


def _meant_by_the_plate(plan: Plan, numbers: Collection[int]) -> set[int]:
    """Return the frames whose plate is of one colour, stands still or was filled in: results may be so, too."""
    if not numbers:
        return set()
    with open_plate(plan.job.plate, first_frame=plan.job.first_frame) as plate:

        def is_meant(number: int) -> bool:
            try:
                own = plate.frame(number).pixels
                near = [each for each in (number - 1, number + 1) if each in plate.info.frames]
                beside = [plate.frame(each).pixels for each in near]
            except ReadError:
                # What the plate shows there cannot be told, so the result is not called wrong.
                return True
            return bool((own == own[:1, :1]).all()) or any(np.array_equal(own, each) for each in beside)

        return {number for number in sorted(numbers) if is_meant(number)}
