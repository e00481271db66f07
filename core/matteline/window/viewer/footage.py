"""What is opened together: a plate, its results, or both."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from matteline.colour.config import Config
from matteline.colour.space import PlateSpace, choose_space
from matteline.contract.errors import MattelineError, ReadError
from matteline.contract.frames import FrameSet
from matteline.media.naming import NumberedName, is_image
from matteline.media.plate import open_plate
from matteline.window.viewer.clip import Clip, PlateClip, ResultClip, rate_of, size_of

RECORD_FOLDER = ".matteline"
LONGEST_RECORD_BYTES = 1 << 20
PRODUCTS = ("alpha", "fgr", "rgba", "layers")


@dataclass(frozen=True, eq=False)
class Footage:
    """Clips of one shot, by their part in it.

    Attributes:
        name: What an artist calls it.
        clips: `plate`, `alpha`, `fgr`, `rgba` and `layers`, as far as they are there.
        space: The colour space of all of them but alpha.
        straight: Whether the colour of `rgba` is not multiplied by alpha.
        path: What was opened.
        folder: Of the results; None without.
        shot: What the results are named after; empty where their files do not say.
    """

    name: str
    clips: Mapping[str, Clip]
    space: PlateSpace
    straight: bool = False
    path: str = ""
    folder: Path | None = field(default=None)
    shot: str = ""

    @property
    def frames(self) -> FrameSet:
        """The frames of the plate; without one those of the results."""
        return self.main.frames

    @property
    def main(self) -> Clip:
        """The clip that says how large and how long the shot is."""
        return next(self.clips[role] for role in ("plate", *PRODUCTS) if role in self.clips)

    @property
    def results(self) -> list[ResultClip]:
        """Products of a render, which may still be growing."""
        found = (self.clips.get(product) for product in PRODUCTS)
        return [clip for clip in found if isinstance(clip, ResultClip)]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return size_of(self.main)

    @property
    def rate(self) -> float:
        """Frames per second."""
        return rate_of(self.main)

    def close(self) -> None:
        """Close all clips."""
        for clip in self.clips.values():
            clip.close()


def open_footages(path: str, config: Config) -> list[Footage]:
    """Open a plate, or a folder of results: one footage for each shot, with the plate it was made of.

    Args:
        path: What `open_plate` takes, or a folder that `matteline render -o` wrote.
        config: To look colour spaces up in.

    Raises:
        ReadError: Nothing there that can be shown.
        ColourError: The colour space is unknown.
    """
    folder = Path(path)
    if folder.is_dir() and (shots := _shots(folder)):
        return [_results(folder, shot, files, config, alone=len(shots) == 1) for shot, files in shots.items()]
    clip = PlateClip(open_plate(path))
    return [Footage(clip.name, {"plate": clip}, space_of(clip, config), path=path)]


def with_results(footage: Footage, files: Iterable[str], folder: Path) -> Footage:
    """The footage with the products that these files are frames of.

    Raises:
        ReadError: A file cannot be read.
    """
    paths = {Path(file).parent.name: Path(file) for file in files}
    found = {product: ResultClip(file) for product, file in paths.items()}
    shot = next((_shot_of(file, product) for product, file in paths.items()), "")
    straight = _is_straight(found)
    clips = {**{role: footage.clips[role] for role in ("plate",) if role in footage.clips}, **found}
    return replace(footage, clips=clips, straight=straight, folder=folder, shot=shot)


def space_of(clip: Clip, config: Config, wanted: str = "auto") -> PlateSpace:
    """The colour space of a clip. Raises `ColourError`."""
    info = clip.info
    return choose_space(
        wanted, tags=info.colour, path=info.path, pixel_type=info.pixel_type, kind=info.kind, config=config
    )


def _shots(folder: Path) -> dict[str, dict[str, Path]]:
    """By shot a file of each of its products, of what lies below a folder of results."""
    found: dict[str, dict[str, Path]] = {}
    for product in PRODUCTS:
        for file in _images(folder / product):
            found.setdefault(_shot_of(file, product), {}).setdefault(product, file)
    return dict(sorted(found.items()))


def _shot_of(file: Path, product: str) -> str:
    """`sh010` of `sh010_alpha.1001.exr`."""
    numbered = NumberedName.parse(file.name)
    stem = numbered.prefix if numbered else file.stem
    return stem.removesuffix(".").removesuffix(f"_{product}")


def _images(folder: Path) -> list[Path]:
    try:
        return [folder / name for name in sorted(os.listdir(folder)) if is_image(name)]
    except OSError:
        return []


def _results(
    folder: Path, shot: str, products: Mapping[str, Path], config: Config, *, alone: bool
) -> Footage:
    results: dict[str, Clip] = {product: ResultClip(path) for product, path in products.items()}
    record = _record(folder / RECORD_FOLDER / f"{shot}.json")
    plate = _plate_of(record)
    clips = {**({"plate": plate} if plate else {}), **results}
    coloured = next(clips[role] for role in ("plate", "fgr", "rgba", "layers", "alpha") if role in clips)
    wanted = str(record.get("colour", "auto"))
    try:
        space = space_of(coloured, config, wanted)
    except MattelineError:
        space = space_of(coloured, config)
    name = folder.name if alone else f"{folder.name} {shot}"
    path = str(folder) if alone else str(folder / shot)
    return Footage(name, clips, space, _is_straight(results), path, folder, shot)


def _plate_of(record: Mapping[str, object]) -> Clip | None:
    """The plate that the results were made of; None where it is not said or has gone."""
    path = record.get("plate")
    if not isinstance(path, str) or not os.path.isabs(path):
        return None
    try:
        return PlateClip(open_plate(path))
    except MattelineError:
        return None


def _record(file: Path) -> Mapping[str, object]:
    try:
        if file.stat().st_size > LONGEST_RECORD_BYTES:
            return {}
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_straight(clips: Mapping[str, Clip]) -> bool:
    clip = clips.get("rgba")
    if clip is None:
        return False
    try:
        words = dict(clip.frame(clip.frames.first).header.attributes)
    except ReadError:
        return False
    said = words.get("matteline/alpha")
    return said == "straight" if said else "PNG" in clip.info.description.upper()
