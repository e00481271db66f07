"""Training data in the layouts that data sets are published in, checked when they are opened.

==================  ==============================================================================
`matting_clips`     `fgr/<clip>/*` and `pha/<clip>/*` as images, or `fgr/<clip>.mp4` and
                    `pha/<clip>.mp4`: VideoMatte240K
`matting_images`    `fgr/*` and `pha/*` of the same names: Distinctions-646, Adobe, and others
`backgrounds`       images, movies and folders of images, mixed as they may be
`segmentation`      `images/*` and `masks/*` of the same names
`pictures`          as `backgrounds`
==================  ==============================================================================

Images and movies are read through the media room: 8 or 16 bit, sRGB- or Rec. 709-encoded, upright.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from matteline.training.footage import MattingFootage, PlainFootage, SegmentedFootage, Source, UInt8Array
from matteline.training.pairs import Pair, clip_pairs, folder_named, image_pairs
from matteline.training.stacks import Images, Stack, images_of, sampled, stacks_in, wrong
from matteline.training.stills import shrunk

_CLIPS: Final = "fgr/<clip> and pha/<clip>, each a folder of images or a movie"
_IMAGES: Final = "fgr/ and pha/ with images of the same names"
_SEGMENTATION: Final = "images/ and masks/ with images of the same names"
_FGR: Final = ("fgr", "fg", "foreground", "foregrounds")
_PHA: Final = ("pha", "alpha", "alphas", "matte", "mattes")
_PICTURES: Final = ("images", "image", "imgs", "img", "photos", "pictures", "jpegimages")
_MASKS: Final = ("masks", "mask", "labels", "segmentation", "segmentationclass", "annotations", "gt")
_CHECKED: Final = 40
"""How many images and clips are looked into when a folder is opened."""


def matting_clips(folder: Path) -> Source[MattingFootage]:
    """Open clips of people cut out, such as VideoMatte240K.

    Args:
        folder: Holds `fgr` and `pha`, each with a folder of images or a movie for every clip.

    Raises:
        JobError: It is laid out in another way, or files do not belong together.
        ReadError: A file that was looked into cannot be read.
    """
    return _Mattes(tuple(clip_pairs(folder_named(folder, _FGR, _CLIPS), folder_named(folder, _PHA, _CLIPS))))


def matting_images(folder: Path) -> Source[MattingFootage]:
    """Open pictures of people cut out.

    Args:
        folder: Holds `fgr` and `pha` with images of the same names.

    Raises:
        JobError: As `matting_clips`.
        ReadError: As `matting_clips`.
    """
    return _Mattes(
        tuple(image_pairs(folder_named(folder, _FGR, _IMAGES), folder_named(folder, _PHA, _IMAGES)))
    )


def segmentation(folder: Path) -> Source[SegmentedFootage]:
    """Open pictures with masks of their people.

    Where a mask holds values of 128 and more, those are people; where it holds lower ones alone, as numbers
    of classes are, all but 0 are.

    Args:
        folder: Holds `images` and `masks`, or folders that end in such words, with images of the same names;
            those of masks may end in `_mask` and the like.

    Raises:
        JobError: As `matting_clips`.
        ReadError: As `matting_clips`.
    """
    pictures_, masks = (folder_named(folder, names, _SEGMENTATION) for names in (_PICTURES, _MASKS))
    return _Masks(tuple(image_pairs(pictures_, masks)))


def backgrounds(folder: Path) -> Source[PlainFootage]:
    """Open pictures and clips without people.

    Args:
        folder: Holds images, each a still; movies; and folders of images, each a clip.

    Raises:
        JobError: It holds none of them.
        ReadError: A file that was looked into cannot be read.
    """
    return _Plain(_stills_and_clips(folder))


def pictures(folder: Path) -> Source[PlainFootage]:
    """Open pictures and clips of which nothing is known, as `backgrounds`."""
    return _Plain(_stills_and_clips(folder))


@dataclass(frozen=True)
class _Mattes:
    pairs: tuple[Pair, ...]

    def __len__(self) -> int:
        return len(self.pairs)

    def load(
        self, index: int, frames: int, rng: np.random.Generator, longest: int | None = None
    ) -> MattingFootage:
        """As `Source.load`; a clip with fewer frames gives those it has."""
        fgr, pha = _both(self.pairs[index], frames, rng, longest)
        return MattingFootage(fgr, np.ascontiguousarray(pha[..., 0]))


@dataclass(frozen=True)
class _Masks:
    pairs: tuple[Pair, ...]

    def __len__(self) -> int:
        return len(self.pairs)

    def load(
        self, index: int, frames: int, rng: np.random.Generator, longest: int | None = None
    ) -> SegmentedFootage:
        """As `Source.load`."""
        pair = self.pairs[index]
        seen, mask = pair.picture.read(0, 1), _mask(pair.truth.read(0, 1))
        _check_shapes(pair, seen, mask)
        if longest is None:
            return SegmentedFootage(seen, mask)
        scaled = shrunk(mask[0, ..., None], longest)[None, ..., 0]
        halves = np.where(scaled < 128, np.uint8(0), np.uint8(255))
        return SegmentedFootage(shrunk(seen[0], longest)[None], halves)


@dataclass(frozen=True)
class _Plain:
    stacks: tuple[Stack, ...]

    def __len__(self) -> int:
        return len(self.stacks)

    def load(
        self, index: int, frames: int, rng: np.random.Generator, longest: int | None = None
    ) -> PlainFootage:
        """As `Source.load`; a clip with fewer frames gives those it has."""
        stack = self.stacks[index]
        return PlainFootage(stack.read(_start(stack, frames, rng), frames, longest))


def _both(
    pair: Pair, frames: int, rng: np.random.Generator, longest: int | None
) -> tuple[UInt8Array, UInt8Array]:
    """The same frames of picture and truth."""
    start = _start(pair.picture, frames, rng)
    picture, truth = (stack.read(start, frames, longest) for stack in (pair.picture, pair.truth))
    _check_shapes(pair, picture, truth)
    return picture, truth


def _check_shapes(pair: Pair, picture: UInt8Array, truth: UInt8Array) -> None:
    """What headers of a sample did not show when the folder was opened."""
    if picture.shape[:3] != truth.shape[:3]:
        raise wrong(
            f"{pair.truth.path} and {pair.picture.path} do not have the same frames in the same size",
            "A matte must be of the size of its picture.",
        )


def _start(stack: Stack, frames: int, rng: np.random.Generator) -> int:
    return int(rng.integers(max(1, stack.count - frames + 1)))


def _mask(values: UInt8Array) -> UInt8Array:
    """(1, H, W, C) of any values as (1, H, W) of 0 and 255."""
    highest = values.max(-1)
    people = highest >= (128 if highest.max() >= 128 else 1)
    return np.where(people, np.uint8(255), np.uint8(0))


def _stills_and_clips(folder: Path) -> tuple[Stack, ...]:
    stills: list[Stack] = [Images(path, (path,)) for path in images_of(folder)]
    stacks = [*stills, *stacks_in(folder).values()]
    if not stacks:
        raise wrong(
            f"The data folder {folder} holds no images, no movies and no folders of images",
            "Name the folder that holds them.",
        )
    for stack in sampled(stacks, _CHECKED):
        _ = stack.size
    return tuple(stacks)
