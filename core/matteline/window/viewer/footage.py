"""Footage of the viewer: a plate, its results, or both."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from matteline.colour.config import Config
from matteline.colour.space import PlateSpace, choose_space
from matteline.contract.errors import MattelineError, ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.record import read_record, record_file
from matteline.media.naming import NumberedName, is_image
from matteline.media.plate import open_plate
from matteline.window.viewer.clip import PlateClip, ResultClip, ViewerClip, rate_of, size_of
from matteline.window.viewer.frame_cache import CachedFrame

PRODUCTS = ("alpha", "fgr", "rgba", "layers")
# Each takes about 16 MB at HD.
KEPT_PREVIEWS = 12


class PreviewFrames:
    """Previewed frames of a shot in memory: `alpha` and `fgr` by the number of the frame, the latest kept."""

    def __init__(self) -> None:
        self._frames: OrderedDict[int, dict[str, CachedFrame]] = OrderedDict()

    @property
    def frames(self) -> FrameSet:
        """The numbers of the previewed frames."""
        return FrameSet.of(self._frames)

    def of(self, number: int) -> Mapping[str, CachedFrame]:
        """Return the pictures of a frame by role; none where it was not previewed."""
        return self._frames.get(number, {})

    def keep(self, number: int, pictures: Mapping[str, CachedFrame]) -> None:
        """Keep pictures of a frame in place of those it had; a role that is left out stays."""
        self._frames[number] = {**self._frames.pop(number, {}), **pictures}
        while len(self._frames) > KEPT_PREVIEWS:
            self._frames.popitem(last=False)

    def drop(self, number: int) -> None:
        """Drop the pictures of a frame."""
        self._frames.pop(number, None)

    def drop_all_but(self, number: int | None) -> bool:
        """Drop what shows settings of before: all frames but one. Return whether there was any."""
        others = [each for each in self._frames if each != number]
        for each in others:
            del self._frames[each]
        return bool(others)


@dataclass(frozen=True, eq=False)
class Footage:
    """Clips of one shot, by their part in it.

    Attributes:
        name: Name for the artist.
        clips: `plate`, `alpha`, `fgr`, `rgba` and `layers`, as far as they exist.
        space: The colour space of all of them but alpha.
        straight: True if the colour of `rgba` is not multiplied by alpha.
        path: Path that was opened.
        folder: Folder of the results; None without.
        shot: Name that the files of the results begin with; empty where there are none.
        source: Folder and name of the plate, the same in whichever way it was opened; empty without a plate.
        previews: Previewed frames, which take precedence over results. Other forms of the footage share them.
    """

    name: str
    clips: Mapping[str, ViewerClip]
    space: PlateSpace
    straight: bool = False
    path: str = ""
    folder: Path | None = field(default=None)
    shot: str = ""
    source: str = ""
    previews: PreviewFrames = field(default_factory=PreviewFrames)

    @property
    def frames(self) -> FrameSet:
        """The frames of the plate; without a plate those of the results."""
        return self.main.frames

    @property
    def main(self) -> ViewerClip:
        """The clip that gives the shot its size and length."""
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
        path: A path that `open_plate` takes, or a folder that `matteline render -o` was given.
        config: OCIO config to look colour spaces up in.

    Raises:
        ReadError: There is nothing that can be shown.
        ColourError: The colour space is unknown.
    """
    folder = Path(path)
    if folder.is_dir() and (shots := _list_results(folder)):
        return [_results(folder, shot, files, config, alone=len(shots) == 1) for shot, files in shots.items()]
    clip = PlateClip(open_plate(path))
    return [Footage(clip.name, {"plate": clip}, space_of(clip, config), path=path, source=_source_of(clip))]


def _source_of(clip: PlateClip) -> str:
    path = os.path.abspath(clip.info.path)
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    named = clip.info.name if clip.info.kind == "sequence" else os.path.basename(path)
    return os.path.normcase(os.path.join(folder, named))


@dataclass(frozen=True)
class Results:
    """Products of a render that are open.

    Attributes:
        clips: By product.
        straight: As `Footage` has it.
        shot: As `Footage` has it.
    """

    clips: Mapping[str, ViewerClip]
    straight: bool
    shot: str


def open_results(files: Iterable[str]) -> Results:
    """Open the products that these files are frames of; any thread may do so.

    Raises:
        ReadError: A file cannot be read.
    """
    paths = {Path(file).parent.name: Path(file) for file in files}
    clips: dict[str, ViewerClip] = {product: ResultClip(file) for product, file in paths.items()}
    shot = next((_shot_of(file, product) for product, file in paths.items()), "")
    return Results(clips, _is_straight(clips), shot)


def with_results(footage: Footage, results: Results, folder: Path) -> Footage:
    """Return the footage with other results, those of a folder; no file is touched."""
    plate = {"plate": footage.clips["plate"]} if "plate" in footage.clips else {}
    clips = {**plate, **results.clips}
    return replace(footage, clips=clips, straight=results.straight, folder=folder, shot=results.shot)


def space_of(clip: ViewerClip, config: Config, wanted: str = "auto") -> PlateSpace:
    """Return the colour space of a clip. Raises `ColourError`."""
    info = clip.info
    return choose_space(
        wanted, tags=info.colour, path=info.path, pixel_type=info.pixel_type, kind=info.kind, config=config
    )


def _list_results(folder: Path) -> dict[str, dict[str, Path]]:
    """Return, by shot and product, one of the files in a folder of results."""
    found: dict[str, dict[str, Path]] = {}
    for product in PRODUCTS:
        try:
            names = sorted(os.listdir(folder / product))
        except OSError:
            continue
        for file in (folder / product / name for name in names if is_image(name)):
            # The first file of each product; its clip finds the others.
            found.setdefault(_shot_of(file, product), {}).setdefault(product, file)
    return dict(sorted(found.items()))


def _shot_of(file: Path, product: str) -> str:
    """Return `sh010` of `sh010_alpha.1001.exr`."""
    numbered = NumberedName.parse(file.name)
    stem = numbered.prefix if numbered else file.stem
    return stem.removesuffix(".").removesuffix(f"_{product}")


def _results(
    folder: Path, shot: str, products: Mapping[str, Path], config: Config, *, alone: bool
) -> Footage:
    clips: dict[str, ViewerClip] = {product: ResultClip(path) for product, path in products.items()}
    straight = _is_straight(clips)
    source, record = "", read_record(record_file(folder, shot)).latest
    # A relative path counts from a folder that the record does not name.
    if record is not None and os.path.isabs(record.plate):
        # Where it has been moved away, the results are shown without it.
        with suppress(MattelineError):
            clips["plate"] = opened = PlateClip(open_plate(record.plate, first_frame=record.first_frame))
            source = _source_of(opened)
    # Alpha last: its files say nothing of colour.
    coloured = next(clips[role] for role in ("plate", "fgr", "rgba", "layers", "alpha") if role in clips)
    wanted = (record.colour_space if record else "") or "auto"
    try:
        space = space_of(coloured, config, wanted)
    except MattelineError:
        # The record's name is of another config than the one here.
        space = space_of(coloured, config)
    name = folder.name if alone else f"{folder.name} {shot}"
    path = str(folder) if alone else str(folder / shot)
    return Footage(name, clips, space, straight, path, folder, shot, source)


def _is_straight(clips: Mapping[str, ViewerClip]) -> bool:
    """Tell whether the colour of `rgba` is straight: by its own words, else by what a render writes."""
    clip = clips.get("rgba")
    if clip is None:
        return False
    try:
        words = dict(clip.frame(clip.frames.first).header.attributes)
    except ReadError:
        return False
    stated = words.get("matteline/alpha")
    return stated == "straight" if stated else "PNG" in clip.info.description.upper()
