"""Movies to make of the results: their files, and what can be wrong with them beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from matteline.contract.errors import JobError
from matteline.contract.plate import PlateInfo
from matteline.contract.settings import MatteSettings
from matteline.engine.outputs import Outputs
from matteline.engine.preview_background import check_background
from matteline.media.movie_kinds import KINDS, MovieKind

FOLDER = "movies"

USUAL_RATE = Fraction(24)
"""Frames per second of a plate that does not say: most image sequences."""


@dataclass(frozen=True)
class MoviePlan:
    """One movie to make: `folder/movies/<name>_<movie>.<extension>`.

    Attributes:
        kind: What it shows, and its codec.
        path: The file.
        rate: Frames per second.
        over: The background of a preview.
    """

    kind: MovieKind
    path: Path
    rate: Fraction
    over: str

    def disk_bytes(self, plate: PlateInfo, frames: int) -> int:
        """Rough size of what will be written."""
        window = plate.display_window
        return round(window.width * window.height * frames * self.kind.bytes_per_pixel)


def plan_movies(outputs: Outputs, plate: PlateInfo, settings: MatteSettings) -> tuple[MoviePlan, ...]:
    """Lay out the movies that the settings ask for.

    Raises:
        JobError: One cannot be encoded here, or there is nothing to lay a preview over.
    """
    kinds = [KINDS[name] for name in dict.fromkeys(settings.movies)]
    for kind in kinds:
        # Builds of FFmpeg differ in their encoders: a missing one is told now, not after the render.
        kind.check()
    if any(kind.shows == "preview" for kind in kinds):
        check_background(settings.over)
    rate = plate.rate or USUAL_RATE
    return tuple(MoviePlan(kind, _path(outputs, kind), rate, settings.over) for kind in kinds)


def _path(outputs: Outputs, kind: MovieKind) -> Path:
    return outputs.folder / FOLDER / f"{outputs.name}_{kind.name}.{kind.extension}"


def refuse_existing_movies(movies: tuple[MoviePlan, ...]) -> None:
    """Keep movies that are there from being replaced unasked.

    Raises:
        JobError: One of them exists.
    """
    for movie in movies:
        if movie.path.exists():
            raise JobError(
                f"{movie.path} exists already.",
                field="existing",
                hint="Resume to make it again, overwrite all results, or choose another output folder.",
                settings=("existing=resume", "existing=overwrite", "output"),
            )
