"""The people of a plate as a list and as a contact sheet, without a render."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.people import PERSON_COLOURS
from matteline.contract.plate import Header, Window
from matteline.drawing import contact_sheet
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Plan
from matteline.media.writer import Encoding, write_image

if TYPE_CHECKING:
    from matteline.matting.rvm.inference import Network

SHEET_FRAMES: Final = 12
_ACROSS: Final = 3
_WIDTH: Final = 480
_TINT: Final = 0.55


@dataclass(frozen=True)
class ListedPerson:
    """Somebody in a plate.

    Attributes:
        name: Of the person.
        hinted: True for those whom the artist named.
        colour: Name of the person's colour on the contact sheet.
        boxes: Frame number to the box round the person, in pixels of the canvas; only frames in which the person
            is seen.
    """

    name: str
    hinted: bool
    colour: str
    boxes: dict[int, Window]

    @property
    def frames(self) -> FrameSet:
        """Frames in which the person is seen."""
        return FrameSet.of(self.boxes)

    @property
    def best_frame(self) -> int | None:
        """Frame in which the person's box is largest; None where the person is never seen."""
        sizes = {number: box.width * box.height for number, box in self.boxes.items()}
        return max(sizes, key=lambda number: sizes[number], default=None)

    def data(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        boxes = {str(number): [box.x, box.y, box.width, box.height] for number, box in self.boxes.items()}
        return {
            "name": self.name,
            "hinted": self.hinted,
            "colour": self.colour,
            "frames": str(self.frames),
            "boxes": boxes,
        }


def listing_job(job: Job) -> Job:
    """Return a job that finds the people whom a render of this one would find, and renders nothing."""
    settings = replace(
        job.settings,
        write=("people",),
        keep="everyone",
        leave_out="nobody",
        people_as="cryptomatte",
        movies=(),
        layout="separate",
        format="exr",
        depth="auto",
    )
    # Nothing is written, so results that are there, of whatever settings, are no obstacle.
    return replace(job, frames=None, existing="overwrite", settings=settings)


def list_people(plan: Plan) -> list[ListedPerson]:
    """List the people of a plan that has them."""
    assert plan.people is not None
    canvas, words = plan.plate.canvas, list(PERSON_COLOURS)
    boxes: list[dict[int, Window]] = [{} for _ in plan.people.people]
    for number in plan.people.frames:
        shares = plan.people.shares(number)
        for index, found in enumerate(boxes):
            box = shares.box(index)
            if box is not None:
                left, right = (round(each * canvas.width) for each in (box[0], box[2]))
                top, bottom = (round(each * canvas.height) for each in (box[1], box[3]))
                found[number] = Window(left, top, right - left, bottom - top)
    return [
        ListedPerson(person.name, person.hinted, words[index % len(words)], boxes[index])
        for index, person in enumerate(plan.people.people)
    ]


def write_people_sheet(path: Path, plan: Plan, network: Network | None = None) -> None:
    """Write a PNG of frames spread over the plate, everyone tinted in their colour.

    Raises:
        ReadError: A frame cannot be read.
        WriteError: The file cannot be written.
    """
    pictures = list(_pictures(plan, network))
    rows = [pictures[first : first + _ACROSS] for first in range(0, len(pictures), _ACROSS)]
    sheet = contact_sheet(rows)
    window = Window(0, 0, sheet.shape[1], sheet.shape[0])
    write_image(path, sheet, Encoding("png", "8"), Header(window, window), channels=("R", "G", "B"))


def _pictures(plan: Plan, network: Network | None) -> Iterator[np.ndarray]:
    from torch.nn.functional import interpolate

    from matteline.engine.look_input import Looker
    from matteline.people import separate

    assert plan.people is not None
    looker, numbers = Looker(plan, network), sorted(plan.people.frames)
    # In a plate of fewer frames some places coincide.
    chosen = np.unique(np.linspace(0, len(numbers) - 1, SHEET_FRAMES).round().astype(int))
    tints = np.array(list(PERSON_COLOURS.values()), np.float32)
    for number in (numbers[index] for index in chosen):
        with looker.inputs(FrameRange(number, number), do_nothing) as inputs:
            (frame,) = inputs
        alpha = looker.alpha(frame.picture)
        picture = frame.picture.cpu()
        mattes = separate(plan.people.shares(number), picture, alpha)
        height = round(_WIDTH * alpha.shape[0] / alpha.shape[1])
        small = interpolate(picture[None], size=(height, _WIDTH), mode="area")[0].permute(1, 2, 0).numpy()
        parts = interpolate(mattes[None], size=(height, _WIDTH), mode="area")[0].numpy()
        grey = small.mean(2, keepdims=True)
        shown = small * (1 - parts.sum(0)[..., None]) * 0.6
        for index, part in enumerate(parts):
            tint = tints[index % len(tints)] * (0.35 + 0.9 * grey)
            shown = shown + part[..., None] * ((1 - _TINT) * small + _TINT * tint)
        yield np.clip(shown, 0, 1).astype(np.float32)
