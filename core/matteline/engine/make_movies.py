"""Make movies of results that are complete on disk, however they were rendered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from matteline.colour.rec709_transform import Rec709Transform
from matteline.contract.events import Assembling, Event, Notice
from matteline.contract.files import make_folder
from matteline.contract.plate import Header
from matteline.engine.backdrop import backdrop
from matteline.engine.movie_plan import MoviePlan
from matteline.engine.outputs import Outputs, Product
from matteline.engine.pipeline import each
from matteline.engine.plan import Plan
from matteline.engine.provenance import provenance
from matteline.media.frame import Frame
from matteline.media.movie_writer import MovieFile, MovieMetadata, writing_movie
from matteline.media.plate import open_plate
from matteline.media.result import read_result
from matteline.media.samples import to_float
from matteline.media.sound import Sound, sound_for_frames

# Encoders have threads of their own: more readers would take their cores.
READERS = 2
READ_AHEAD_FRAMES = 2


@dataclass(frozen=True)
class Cutout:
    """The person of one frame, ready to be composited.

    Attributes:
        header: Of the result it was read from.
        alpha: (H, W) float32, 0..1, of the display window.
        colour: (H, W, 3) float32, 0..1, straight, in Rec.709; None where it was not wanted.
    """

    header: Header
    alpha: np.ndarray
    colour: np.ndarray | None = None


def make_movies(plan: Plan) -> Iterator[Event]:
    """Make all movies of a plan whose frames are complete on disk.

    Raises:
        ReadError: A result, the plate's sound or what a preview lies over cannot be read.
        WriteError: A movie cannot be written.
    """
    if not plan.movies:
        return
    # One call of the sound for all movies: they show the same frames at the same rate.
    sound = _sound(plan)
    cutter = CutoutReader(plan.outputs, Rec709Transform(plan.space))
    for movie in plan.movies:
        make_folder(movie.path.parent)
        yield from _movie(plan, movie, cutter, sound)


def _movie(plan: Plan, movie: MoviePlan, cutter: CutoutReader, sound: Sound | None) -> Iterator[Event]:
    colour = movie.kind.shows != "matte"
    total = len(plan.frames)
    # Read alone before all others: its header holds the timecode, which the container wants before any picture.
    first = cutter.cut(plan.frames.first, colour=False).header
    with (
        each(
            lambda n: cutter.cut(n, colour=colour), plan.frames, workers=READERS, depth=READ_AHEAD_FRAMES
        ) as cutouts,
        _pictures(plan, movie, cutouts) as pictures,
        writing_movie(movie.path, movie.kind, _header(plan, movie, first), sound) as file,
    ):
        for done, picture in enumerate(pictures, 1):
            file.add(picture)
            yield Assembling(movie.kind.name, done, total)
    yield from map(Notice, _notes(movie, file))


@contextmanager
def _pictures(plan: Plan, movie: MoviePlan, cutouts: Iterator[Cutout]) -> Iterator[Iterator[np.ndarray]]:
    """Make the pictures of a movie as `MovieFile.add` takes them."""
    if movie.kind.shows == "matte":
        yield (cutout.alpha[..., None] for cutout in cutouts)
    elif movie.kind.shows == "cutout":
        yield (np.concatenate([_colour(cutout), cutout.alpha[..., None]], axis=2) for cutout in cutouts)
    else:
        with backdrop(movie.over, plan.plate, plan.frames, plan.space.config) as behind:
            yield map(_laid_over, cutouts, behind)


def _laid_over(cutout: Cutout, behind: np.ndarray) -> np.ndarray:
    alpha = cutout.alpha[..., None]
    picture: np.ndarray = behind + alpha * (_colour(cutout) - behind)
    return picture


def _colour(cutout: Cutout) -> np.ndarray:
    assert cutout.colour is not None
    return cutout.colour


class CutoutReader:
    """Reader of cutouts from the products of a shot. Any thread may call it at any time.

    Args:
        outputs: Products among which are alpha and fgr, or one with alpha as its fourth channel.
        transform: Shows the plate's colour.
    """

    def __init__(self, outputs: Outputs, transform: Rec709Transform) -> None:
        self._outputs = outputs
        self._transform = transform
        self._products = {product.name: product for product in outputs.products}

    def cut(self, number: int, *, colour: bool) -> Cutout:
        """Read one frame; its colour only where that is wanted. Raises `ReadError`."""
        if "alpha" in self._products and (not colour or "fgr" in self._products):
            matte = self._read("alpha", number)
            shown = self._transform.apply(self._read("fgr", number).pixels) if colour else None
            return Cutout(matte.header, to_float(matte.pixels, np.float32)[..., 0], shown)
        together = next(product for product in self._outputs.products if "A" in product.channels)
        return self._cut_together(together, number, colour)

    def _cut_together(self, product: Product, number: int, colour: bool) -> Cutout:
        frame = self._read(product.name, number)
        alpha = to_float(frame.pixels[..., 3:], np.float32)
        if not colour:
            return Cutout(frame.header, alpha[..., 0])
        straight = frame.pixels if product.encoding.straight_alpha else _divided(frame.pixels, alpha)
        return Cutout(frame.header, alpha[..., 0], self._transform.apply(straight))

    def _read(self, name: str, number: int) -> Frame:
        return read_result(self._outputs.path(self._products[name], number), number)


def _divided(premultiplied: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    colour = to_float(premultiplied[..., :3], np.float32)
    # Where alpha is 0 the colour is not known any more, and black is what premultiplied pixels say of it.
    straight: np.ndarray = np.divide(colour, alpha, out=np.zeros_like(colour), where=alpha > 0)
    return straight


def _sound(plan: Plan) -> Sound | None:
    if plan.plate.kind != "movie":
        return None
    with open_plate(plan.job.plate, first_frame=plan.job.first_frame) as plate:
        return sound_for_frames(plate, plan.frames, plan.movies[0].rate)


def _header(plan: Plan, movie: MoviePlan, first: Header) -> MovieMetadata:
    words = {name: str(value) for name, value in provenance(plan).items()}
    if movie.kind.shows == "cutout":
        words["matteline/alpha"] = "straight"
    return MovieMetadata(movie.rate, first.timecode, plan.plate.pixel_aspect, words)


def _notes(movie: MoviePlan, file: MovieFile) -> Iterator[str]:
    if file.left_out:
        yield (
            f"{movie.path.name} lacks some of the plate's sound: a {movie.kind.extension.upper()} file "
            f"cannot hold {' and '.join(dict.fromkeys(file.left_out))}."
        )
