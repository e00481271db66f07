"""Input of the first look: reduced pictures of a plate, and the network's matte of single ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from matteline.colour.levels import LUMA_709
from matteline.colour.picture import PictureTransform
from matteline.contract.frames import FrameRange, FrameSet
from matteline.engine.first_look import LOOK_LARGER, LookInput
from matteline.engine.kept_network import prepared_network
from matteline.engine.pipeline import each
from matteline.engine.plan import Plan
from matteline.engine.read import PlateFrame, read_frames
from matteline.matting.devices import DTYPES, with_memory
from matteline.matting.rvm.inference import Network
from matteline.matting.rvm.network import reduce
from matteline.matting.session import NetworkInput, Session
from matteline.media.plate import open_plate
from matteline.pictures.srgb import srgb_decode

READERS = 2
READ_AHEAD_FRAMES = 2

_BRIGHTEST = 0.99
_DARKEST_STOPS = -16.0
"""Stops of a frame that is black."""


class Looker:
    """Reads, conditions and reduces the frames of a plan, and mattes single pictures.

    Args:
        plan: The plan.
        network: The plan's network; None to load it when the first picture is matted.
    """

    def __init__(self, plan: Plan, network: Network | None) -> None:
        canvas, conditioning = plan.plate.canvas, plan.conditioning
        self._plan, self._network = plan, network
        self._device = torch.device(plan.settings.device)
        self._ratio = min(1.0, LOOK_LARGER * plan.weights.longer_side / max(canvas.width, canvas.height))
        self._transform = PictureTransform(
            plan.space,
            exposure_stops=conditioning.exposure_stops,
            denoise=conditioning.denoise,
            view=conditioning.view,
        )
        self._session: Session | None = None

    @contextmanager
    def inputs(
        self, frames: FrameRange | FrameSet, between_frames: Callable[[], None]
    ) -> Iterator[Iterator[LookInput]]:
        """Read frames ahead of the consumer, in order.

        Gaps that are errors are left out, and a frame of a sequence that cannot be read is seen as the one before.
        """
        plan = self._plan
        # The look must not end at a frame that is wrong; the render names it where that is an error.
        missing = "black" if plan.settings.missing == "black" else "hold"
        there = [number for part in plan.unbroken for number in part if number in frames]
        with (
            open_plate(plan.job.plate, first_frame=plan.job.first_frame) as plate,
            read_frames(plate, there, missing, workers=READERS, depth=READ_AHEAD_FRAMES) as read,
            each(self._input, _checked(read, between_frames), workers=1, depth=1) as inputs,
        ):
            yield inputs

    def _input(self, frame: PlateFrame) -> LookInput:
        return with_memory(self._device, lambda: self._reduced(frame))

    def _reduced(self, frame: PlateFrame) -> LookInput:
        small = self._transform.to_network(frame.frame.pixels, self._device)
        if self._ratio != 1:
            with torch.no_grad():
                small = reduce(small[None], self._ratio)[0]
        return LookInput(frame.number, small, _bright_stops(small))

    def alpha(self, picture: Tensor) -> Tensor:
        """Return the matte (h, w) of a picture by itself, on the CPU."""
        return with_memory(self._device, lambda: self._alpha(picture))

    def _alpha(self, picture: Tensor) -> Tensor:
        if self._session is None:
            plan = self._plan
            self._session = Session(
                prepared_network(plan, self._network),
                width=picture.shape[2],
                height=picture.shape[1],
                downsample_ratio=1.0,
                device=self._device,
                dtype=DTYPES[plan.settings.precision],
                want_fgr=False,
            )
        # Each picture by itself: the frames looked at are several apart, and a state would carry one into the next.
        self._session.restore(None)
        (matte,) = self._session.advance([NetworkInput(0, picture)])
        return matte.alpha.cpu()


def _checked(frames: Iterator[PlateFrame], between_frames: Callable[[], None]) -> Iterator[PlateFrame]:
    for frame in frames:
        between_frames()
        yield frame


def _bright_stops(picture: Tensor) -> float:
    """Return where the brightest hundredth of a picture begins, in stops from white."""
    # A few pixels of a small picture: not worth a device's while, and the constant need not travel.
    some = picture[:, ::4, ::4].reshape(3, -1).cpu()
    bright = float(srgb_decode(torch.quantile(torch.tensor(LUMA_709) @ some, _BRIGHTEST), torch.where))
    return math.log2(bright) if bright > 2.0**_DARKEST_STOPS else _DARKEST_STOPS
