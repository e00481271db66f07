"""Mattes of people: each one's part of a frame's alpha, and the alpha of those who are kept."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from matteline.engine.first_look import LOOK_LARGER
from matteline.engine.people_hints import OpenMask, open_masks
from matteline.engine.plan import Plan, wants_chosen_people
from matteline.matting.rvm.network import reduce
from matteline.media.cryptomatte import LEAST_COVERAGE
from matteline.people import separate


class PeopleMattes:
    """Everyone's matte, frame by frame. Safe to call from several threads at once.

    Args:
        plan: A plan with its people.
    """

    def __init__(self, plan: Plan) -> None:
        assert plan.people is not None
        self._people = plan.people
        self.names = plan.people.names
        # The size of the pictures in which people were told apart.
        self._longer_side = LOOK_LARGER * plan.weights.longer_side
        settings = plan.settings
        self._kept: list[int] | None = None
        if wants_chosen_people(settings):
            self._kept = [index for index, name in enumerate(self.names) if settings.keeps(name)]
        self._masks: list[tuple[int, OpenMask]] = [
            (self.names.index(mask.name), mask)
            for mask in open_masks(plan.hints, plan.plate)
            if mask.name in self.names
        ]

    def of_frame(self, number: int, picture: Tensor, alpha: Tensor) -> Tensor:
        """Return everyone's matte (K, H, W), 0..1; their sum is alpha.

        Args:
            number: Of the frame.
            picture: The network's picture (3, H, W) float32, sRGB-encoded 0..1; smaller ones for previews.
            alpha: (H, W) float32, 0..1, to be shared.
        """
        masks = self._masks_of(number, alpha)
        return _without_traces(separate(self._people.shares(number), self._reduced(picture), alpha, masks))

    def kept(self, number: int, picture: Tensor, alpha: Tensor) -> Tensor:
        """Return the alpha (H, W), 0..1, of the people who are kept; arguments as for `of_frame`."""
        if self._kept is None:
            return alpha
        shares, masks = self._people.shares(number), self._masks_of(number, alpha)
        return separate(shares, self._reduced(picture), alpha, masks, together=self._kept)[0]

    def _masks_of(self, number: int, alpha: Tensor) -> dict[int, Tensor]:
        size = alpha.shape[0], alpha.shape[1]
        return {
            person: adaptive_avg_pool2d(torch.from_numpy(mask.coverage(number)).to(alpha)[None], size)[0]
            for person, mask in self._masks
            if number in mask.frames
        }

    def _reduced(self, picture: Tensor) -> Tensor:
        ratio = min(1.0, self._longer_side / max(picture.shape))
        if ratio == 1:
            return picture
        with torch.no_grad():
            return reduce(picture[None], ratio)[0]


def _without_traces(mattes: Tensor) -> Tensor:
    """Give coverage that is too small for a file of people to whoever has most of the pixel; in place."""
    if len(mattes) < 2:
        return mattes
    there = ((mattes > 0) & (mattes < LEAST_COVERAGE)).any(0)
    here = mattes[:, there]
    traces = torch.where(here < LEAST_COVERAGE, here, 0)
    mattes[:, there] = (here - traces).scatter_add(
        0, here.argmax(0, keepdim=True), traces.sum(0, keepdim=True)
    )
    return mattes
