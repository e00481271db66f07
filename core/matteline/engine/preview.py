"""Previews: one frame at a time, as a render would make it, while an artist looks for settings.

The network's result of the last frames stays in memory. So edges, levels, despill, user mattes and the kind of
foreground are changed without the network, and a frame that follows the one before it needs no preroll.
"""

from __future__ import annotations

import math
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import avg_pool2d

from matteline.colour.picture import PictureTransform
from matteline.contract.errors import JobError
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.plate import Header, Window
from matteline.contract.settings import MatteSettings
from matteline.contract.shot_notes import Segment
from matteline.engine.infer import FrameResult, Inference, SessionShape
from matteline.engine.look import load_notes
from matteline.engine.people import load_people, with_people
from matteline.engine.people_hints import read_hints
from matteline.engine.people_mattes import PeopleMattes
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Plan, Resources, wants_chosen_people
from matteline.engine.planner import plan, with_notes, without_network
from matteline.engine.read import PlateFrame, read_frames
from matteline.engine.recipe import settings_that_affect
from matteline.engine.restore import Restore
from matteline.engine.segments import segment_of
from matteline.engine.timeline import mirror
from matteline.engine.user_mattes import NO_USER_MATTES, UserMattes, check_user_mattes, read_user_mattes
from matteline.matting.devices import DTYPES, with_memory
from matteline.matting.rvm.inference import Network
from matteline.matting.session import Matte
from matteline.media.frame import Frame
from matteline.media.mask import Coverage
from matteline.media.plate import Plate, open_plate
from matteline.media.samples import to_float

HANDLES = 6
"""Frames shown to the network before a preview. Fewer than a render's, since an artist waits for it."""

KEPT_BYTES = 1 << 29
"""Results of the network that are kept: about eight HD frames."""

DECODE_FORWARD_FRAMES = 24
"""Frames of a movie that are decoded to reach one further on, instead of seeking."""

SCALES = (1, 2, 4)
DRAFT_REDUCTIONS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Draft:
    """A coarser preview, while an edge moves: alpha alone, of the part that a screen shows.

    The edge tools work on the network's alpha made smaller, with their radii made smaller. So a draft takes about
    the square of `reduction` less time than the preview, and is near to it, not equal.

    Attributes:
        reduction: Divisor of the preview's sides.
        region: The part, in pixels of the preview; None for all of it.
    """

    reduction: int = 1
    region: Window | None = None

    def __post_init__(self) -> None:
        if self.reduction not in DRAFT_REDUCTIONS:
            raise JobError(
                f"A draft cannot be 1/{self.reduction} of a preview.",
                field="draft",
                hint=f"Choose from: {', '.join(map(str, DRAFT_REDUCTIONS))}.",
            )


@dataclass(frozen=True)
class Preview:
    """One previewed frame.

    Attributes:
        number: The plate's own frame number.
        header: Windows and metadata of the frame, at the preview's size.
        alpha: (H, W) float32, 0..1; of a draft only its region.
        fgr: (H, W, 3), straight, in the plate's own space, as `PictureTransform.restore` gives it; None where
            it was not wanted.
        notes: Sentences for the user.
        from_memory: True where the network's result was in memory already.
        region: Place of a draft's alpha in the whole one of that size; None where the preview is no draft.
    """

    number: int
    header: Header
    alpha: np.ndarray
    fgr: np.ndarray | None
    notes: tuple[str, ...]
    from_memory: bool
    region: Window | None = None


class Previewer:
    """Makes previews of one shot after the other. Not for several threads at once.

    Args:
        network: Gives the network of a plan, loaded already where it is the one used last.
    """

    def __init__(self, network: Callable[[Plan], Network]) -> None:
        self._network = network
        self._plan_key: tuple[object, ...] = ()
        self._plan: Plan | None = None
        self._shot: _Shot | None = None

    def render(
        self,
        job: Job,
        number: int,
        resources: Resources,
        *,
        scale: int = 1,
        want_fgr: bool = True,
        draft: Draft | None = None,
        between_frames: Callable[[], None] = do_nothing,
    ) -> Preview:
        """Preview one frame of a job.

        Args:
            job: Any job; its output folder and frames are ignored.
            number: A frame of the plate.
            resources: As for `planner.plan`.
            scale: 1 for full size, 2 for half, 4 for a quarter; radii of edge tools shrink with it.
            want_fgr: False leaves the foreground out: while an edge moves, alpha alone changes.
            draft: Makes a draft of alpha, without foreground. With mattes of the artist's or chosen people there is
                none, and the preview is made.
            between_frames: Called before each frame enters the network; what it raises ends the preview.

        Raises:
            MattelineError: As `planner.plan` and `run.run`.
        """
        if scale not in SCALES:
            raise JobError(
                f"A preview cannot be 1/{scale} of the plate.", field="scale", hint="Choose 1, 2 or 4."
            )
        key = (*_network_key(job), resources)
        if self._plan is None or key != self._plan_key:
            self.forget()
            self._plan, self._plan_key = _preview_plan(job, resources), key
        if self._shot is None or self._shot.scale != scale:
            self._drop_shot()
            self._shot = _Shot(self._plan, self._network, scale)
        if wants_chosen_people(job.settings) or (job.settings.garbage, job.settings.holdout) != (
            "none",
            "none",
        ):
            draft = None
        return self._shot.preview(job, number, want_fgr and draft is None, draft, between_frames)

    def forget(self) -> None:
        """Drop the results in memory and close the plate."""
        self._drop_shot()
        self._plan = None

    def _drop_shot(self) -> None:
        if self._shot is not None:
            self._shot.close()
        self._shot = None


_NOT_OF_THE_NETWORK: dict[str, Any] = {
    # The network's result is kept meanwhile, so that an artist can compare the two.
    "alpha": "network",
    "garbage": "none",
    "holdout": "none",
    "keep": "everyone",
    "leave_out": "nobody",
    "hints": "none",
    "movies": (),
    "write": ("alpha", "fgr"),
}
"""Settings that a plan is made without: they are looked at frame by frame."""


def _network_key(job: Job) -> tuple[object, ...]:
    """Return everything of a job that decides the network's result."""
    settings = [getattr(job.settings, name) for name in settings_that_affect("network")]
    return job.plate, job.first_frame, job.settings.refiner, *settings


def _preview_plan(job: Job, resources: Resources) -> Plan:
    # Nothing is written, so neither the folder nor results in it matter; user mattes are checked by frame.
    settings = replace(job.settings, **_NOT_OF_THE_NETWORK)
    draft = plan(
        replace(job, output=tempfile.gettempdir(), frames=None, existing="overwrite", settings=settings),
        resources,
    )
    # A look takes too long for a preview, but where one was taken its cuts and regions count.
    beside_results = replace(draft, outputs=replace(draft.outputs, folder=Path(job.output)))
    notes = load_notes(beside_results) if draft.needs_look else None
    return draft if notes is None else with_notes(draft, notes)


class _Shot:
    """Plate, session and the network's last results of one shot at one scale."""

    def __init__(self, plan: Plan, network: Callable[[Plan], Network], scale: int) -> None:
        self._plan, self.scale = plan, scale
        # Regions are cut out of the plate at full size; there the picture is made smaller afterwards.
        self._inner_scale = 1 if any(segment.regions for segment in plan.segments) else scale
        self._segment: Segment | None = None
        self._plate: Plate = open_plate(plan.job.plate, first_frame=plan.job.first_frame)
        self._device = torch.device(plan.settings.device)
        conditioning, canvas = plan.conditioning, plan.plate.canvas
        self._transform = PictureTransform(
            plan.space,
            exposure_stops=conditioning.exposure_stops,
            denoise=conditioning.denoise,
            view=conditioning.view,
        )
        width, height = canvas.width // self._inner_scale, canvas.height // self._inner_scale
        shape = SessionShape(
            width=width,
            height=height,
            # The network works on a picture of the same size, however large the preview is.
            plate_ratio=min(plan.downsample_ratio * self._inner_scale, 1.0),
            device=self._device,
            dtype=DTYPES[plan.settings.precision],
            want_fgr=True,
        )
        self._shape, self._network = shape, network
        self._inference: Inference | None = None
        self._next_frame: int | None = None
        self._decoded: Iterator[Frame] | None = None
        self._decoded_next = 0
        self._results: OrderedDict[int, FrameResult] = OrderedDict()
        self._refined: dict[int, Matte] = {}
        self._people_key: tuple[str, ...] = ()
        self._people_mattes: PeopleMattes | None = None

    def preview(
        self,
        job: Job,
        number: int,
        want_fgr: bool,
        draft: Draft | None,
        between_frames: Callable[[], None],
    ) -> Preview:
        if number not in self._plan.plate.frames.hull:
            raise JobError(
                f"Frame {number} is outside the plate {self._plan.plate.path}, which has "
                f"{self._plan.plate.frames.hull}.",
                field="frame",
                hint="Choose a frame within the plate's range.",
            )
        known = number in self._results
        result = self._results[number] if known else self._infer(number, between_frames)
        # `_keep` drops from the front, so what was used last goes last.
        self._results.move_to_end(number)
        assert result.frame is not None
        inner = self._inner_scale
        edges = {name: getattr(job.settings, name) / inner for name in ("choke", "soften")}
        is_given = job.settings.alpha != "network"
        settings = replace(without_network(job.settings) if is_given else job.settings, **edges)
        restore = Restore(settings, self._plan.space, self._transform, self._device)
        # A draft is of the edge alone, and waits for no file that it does not show.
        user_mattes = self._user_mattes(job, number) if draft is None or is_given else NO_USER_MATTES
        matte = self._matte(restore, result, user_mattes.alpha, settings.edges)
        if draft is not None:
            return self._drafted(job.settings, result, matte, draft, known)
        alpha = restore.alpha(matte, user_mattes)
        notes = result.notes
        if wants_chosen_people(job.settings):
            people = self._people(job)
            if people is None:
                notes = (
                    *notes,
                    "Nobody is told apart yet, so everyone is shown: list the people, or render.",
                )
            else:
                alpha = people.kept(number, _picture(result.frame), alpha)
        fgr = restore.fgr(result.frame.frame.pixels, matte, alpha) if want_fgr else None
        smaller = self.scale // inner
        return Preview(
            number,
            _reduced_header(result.frame.frame.header, smaller),
            _box_reduced(alpha.cpu().numpy(), smaller),
            None if fgr is None else _box_reduced(fgr, smaller),
            notes,
            known,
        )

    def _matte(self, restore: Restore, result: FrameResult, given: Coverage | None, edges: str) -> Matte:
        """Return the network's matte or the given one, with its edges as they are asked for."""
        assert result.matte is not None and result.frame is not None
        number, picture = result.number, _picture(result.frame)
        if given is not None:
            # Not kept: the next preview may name another file.
            matte = Matte(number, torch.from_numpy(given).to(self._device), None)
            return restore.refine_edges(matte, picture, 1)
        if edges != "fine":
            return result.matte
        if number not in self._refined:
            self._refined[number] = restore.refine_edges(result.matte, picture, result.ratio)
        return self._refined[number]

    def _drafted(
        self, settings: MatteSettings, result: FrameResult, matte: Matte, draft: Draft, known: bool
    ) -> Preview:
        # A preview that is made smaller afterwards is drafted from what it is made of.
        smaller = self.scale // self._inner_scale
        by = draft.reduction * smaller
        height, width = (side // by for side in matte.alpha.shape)
        asked = draft.region or Window(0, 0, width * draft.reduction, height * draft.reduction)
        left, top = (
            min(max(at // draft.reduction, 0), end - 1) for at, end in ((asked.x, width), (asked.y, height))
        )
        right, bottom = (
            min(max(-(-at // draft.reduction), begin + 1), end)
            for at, begin, end in (
                (asked.x + asked.width, left, width),
                (asked.y + asked.height, top, height),
            )
        )
        # Edges are moved by what lies beside the part: as far as both tools reach, a Gaussian to 1.5 radii.
        reach = math.ceil((abs(settings.choke) + 1.5 * settings.soften) / (by * self._inner_scale)) + 3
        first_row, first_column = max(top - reach, 0), max(left - reach, 0)
        wide = matte.alpha[
            first_row * by : min(bottom + reach, height) * by,
            first_column * by : min(right + reach, width) * by,
        ]
        small = wide if by == 1 else avg_pool2d(wide[None, None], by)[0, 0]
        edges = {name: getattr(settings, name) / (by * self._inner_scale) for name in ("choke", "soften")}
        restore = Restore(replace(settings, **edges), self._plan.space, self._transform, self._device)
        alpha = restore.alpha(replace(matte, alpha=small), NO_USER_MATTES)
        alpha = alpha[top - first_row : bottom - first_row, left - first_column : right - first_column]
        return Preview(
            result.number,
            _reduced_header(_frame(result).header, by),
            alpha.cpu().numpy(),
            None,
            result.notes,
            known,
            Window(left, top, right - left, bottom - top),
        )

    def _people(self, job: Job) -> PeopleMattes | None:
        """Return the mattes of the people who were found beside the results; None where none were."""
        plan, settings = self._plan, job.settings
        chosen = replace(
            plan,
            settings=replace(
                plan.settings, keep=settings.keep, leave_out=settings.leave_out, hints=settings.hints
            ),
            hints=read_hints(settings, plan.plate),
            outputs=replace(plan.outputs, folder=Path(job.output)),
        )
        key = job.output, settings.keep, settings.leave_out, settings.hints
        if self._people_key != key:
            found = load_people(chosen)
            # Not remembered: a listing or a render may find them at any time.
            if found is None:
                return None
            self._people_key, self._people_mattes = key, PeopleMattes(with_people(chosen, found))
        return self._people_mattes

    def _infer(self, number: int, between_frames: Callable[[], None]) -> FrameResult:
        """Run the network up to a frame: from the one before it where that was the last, else over handles."""
        segment = segment_of(self._plan.segments, number)
        shot = next(each for each in self._plan.shots if number in each)
        if self._inference is None or self._next_frame != number or segment != self._segment:
            # A batch of one: of the frames behind it none is wanted yet.
            self._inference = Inference(self._network(self._plan), self._shape, segment, 1)
            self._segment = segment
            first = max(shot.first, number - HANDLES)
            mirrored = mirror(shot, HANDLES - (number - first))
        else:
            first, mirrored = number, ()
        # Until the end is reached, the state is nobody's.
        self._next_frame = None
        handles = self._read(sorted(set(mirrored)), between_frames)
        reduced = {frame.number: self._inference.reduce(_picture(frame), first) for frame in handles}
        self._inference.preroll([reduced[handle] for handle in mirrored], first)
        frames = self._read(FrameRange(first, number), between_frames)
        (result,) = (
            result
            for batch in self._inference.run(frames, FrameSet((FrameRange(number, number),)))
            for result in batch
            if result.matte is not None
        )
        self._next_frame = number + 1
        self._keep(result)
        return result

    def _read(
        self, numbers: FrameRange | list[int], between_frames: Callable[[], None]
    ) -> Iterator[PlateFrame]:
        for frame in self._decode(numbers):
            between_frames()
            small = replace(frame, frame=_reduced(frame.frame, self._inner_scale))
            yield replace(small, picture=self._network_picture(small.frame.pixels))

    def _network_picture(self, pixels: np.ndarray) -> torch.Tensor:
        return with_memory(self._device, lambda: self._transform.to_network(pixels, self._device))

    def _decode(self, numbers: FrameRange | list[int]) -> Iterator[PlateFrame]:
        if self._plate.random_access:
            # A preview shows something of a gap as well; refusing it is for the plan of a render.
            missing = "hold" if self._plan.settings.missing == "error" else self._plan.settings.missing
            with read_frames(self._plate, numbers, missing, workers=2, depth=2) as frames:
                yield from frames
            return
        for number in numbers:
            # Decoding goes on where it stopped, unless that is far away: from a key frame it could take longer.
            if self._decoded is None or not 0 <= number - self._decoded_next <= DECODE_FORWARD_FRAMES:
                self._decoded = self._plate.read(FrameRange(number, self._plan.plate.frames.last))
                self._decoded_next = number
            frame = next(self._decoded)
            while frame.number < number:
                frame = next(self._decoded)
            self._decoded_next = number + 1
            yield PlateFrame(frame)

    def _keep(self, result: FrameResult) -> None:
        self._results[result.number] = result
        matte = result.matte
        assert matte is not None
        # Picture, foreground and alpha in float32, and about as much again for the plate's pixels.
        size = matte.alpha.numel() * 4 * 9
        while len(self._results) > max(1, KEPT_BYTES // size):
            dropped, _ = self._results.popitem(last=False)
            self._refined.pop(dropped, None)

    def _user_mattes(self, job: Job, number: int) -> UserMattes:
        info, frames = self._plan.plate, FrameSet((FrameRange(number, number),))
        mattes = check_user_mattes(job.settings, info, frames)
        if not mattes:
            return NO_USER_MATTES
        with ExitStack() as stack:
            read = stack.enter_context(read_user_mattes(mattes, info, frames, workers=1, depth=1))
            found = next(read)
        garbage, holdout, alpha = (
            None if each is None else _box_reduced(each, self._inner_scale)
            for each in (found.garbage, found.holdout, found.alpha)
        )
        return UserMattes(garbage=garbage, holdout=holdout, alpha=alpha)

    def close(self) -> None:
        self._decoded = None
        self._plate.close()


def _frame(result: FrameResult) -> Frame:
    assert result.frame is not None
    return result.frame.frame


def _picture(frame: PlateFrame) -> torch.Tensor:
    assert frame.picture is not None
    return frame.picture


def _reduced(frame: Frame, scale: int) -> Frame:
    if scale == 1:
        return frame
    pixels = _box_reduced(to_float(frame.pixels, np.float32), scale)
    if frame.pixels.dtype.kind == "u":
        full = np.iinfo(frame.pixels.dtype).max
        pixels = np.rint(pixels * full).astype(frame.pixels.dtype)
    return Frame(frame.number, pixels.astype(frame.pixels.dtype), _reduced_header(frame.header, scale))


def _box_reduced(pixels: np.ndarray, scale: int) -> np.ndarray:
    """Average blocks of `scale` by `scale` pixels, (H, W) or (H, W, C); what is over at the end is left out."""
    if scale == 1:
        return pixels
    height, width = pixels.shape[0] // scale, pixels.shape[1] // scale
    blocks = pixels[: height * scale, : width * scale].reshape(height, scale, width, scale, *pixels.shape[2:])
    return np.ascontiguousarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def _reduced_header(header: Header, scale: int) -> Header:
    def smaller(window: Window) -> Window:
        return Window(window.x // scale, window.y // scale, window.width // scale, window.height // scale)

    return replace(
        header, data_window=smaller(header.data_window), display_window=smaller(header.display_window)
    )
