"""Training data in the layouts that data sets are published in, checked when they are opened.

==================  ==============================================================================
`matting_clips`     `fgr/<clip>/*` and `pha/<clip>/*` as images, or `fgr/<clip>.mp4` and
                    `pha/<clip>.mp4`: VideoMatte240K
`matting_images`    `fgr/*` and `pha/*` of the same names: Distinctions-646, Adobe, and others
`backgrounds`       images, movies and folders of images, mixed as they may be
`segmentation`      `images/*` and `masks/*` of the same names
`pictures`          as `backgrounds`
==================  ==============================================================================

Images and movies are read with `matteline.media`: 8 or 16 bit, sRGB- or Rec. 709-encoded, upright.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from matteline.training.clip_files import ClipFiles, ImageSequence, clips_in, data_error, evenly, images_of
from matteline.training.footage import MattingFootage, PlainFootage, SegmentedFootage, Source, UInt8Array
from matteline.training.pairs import Pair, clip_pairs, folder_named, image_pairs
from matteline.training.pictures import shrink

_CLIPS: Final = "fgr/<clip> and pha/<clip>, each a folder of images or a movie"
_IMAGES: Final = "fgr/ and pha/ with images of the same names"
_SEGMENTATION: Final = "images/ and masks/ with images of the same names"
# Names of folders in published data sets, the usual one first.
_FGR: Final = ("fgr", "fg", "foreground", "foregrounds")
_PHA: Final = ("pha", "alpha", "alphas", "matte", "mattes")
_PICTURES: Final = ("images", "image", "imgs", "img", "photos", "pictures", "jpegimages")
_MASKS: Final = ("masks", "mask", "labels", "segmentation", "segmentationclass", "annotations", "gt")
# Number of images and clips that are opened when a folder is.
_CHECKED: Final = 40


def matting_clips(folder: Path) -> Source[MattingFootage]:
    """Open clips of people with true mattes, such as VideoMatte240K.

    Args:
        folder: Folder with `fgr` and `pha`, each with a folder of images or a movie for every clip.

    Raises:
        JobError: It is laid out in another way, or files do not belong together.
        ReadError: A file that was opened cannot be read.
    """
    return _Mattes(tuple(clip_pairs(folder_named(folder, _FGR, _CLIPS), folder_named(folder, _PHA, _CLIPS))))


def matting_images(folder: Path) -> Source[MattingFootage]:
    """Open pictures of people with true mattes.

    Args:
        folder: Folder with `fgr` and `pha`, which hold images of the same names.

    Raises:
        JobError: As `matting_clips`.
        ReadError: As `matting_clips`.
    """
    return _Mattes(
        tuple(image_pairs(folder_named(folder, _FGR, _IMAGES), folder_named(folder, _PHA, _IMAGES)))
    )


def segmentation(folder: Path) -> Source[SegmentedFootage]:
    """Open pictures with masks of their people; see `people_in_mask` for the values of a mask.

    Args:
        folder: Folder with `images` and `masks`, or folders that end in such words, with images of the same names;
            those of masks may end in `_mask` and the like.

    Raises:
        JobError: As `matting_clips`.
        ReadError: As `matting_clips`.
    """
    return _Masks(tuple(segmentation_pairs(folder)))


def segmentation_pairs(folder: Path) -> list[Pair]:
    """Return the pictures and masks of a folder, as `segmentation` opens them."""
    named = (folder_named(folder, names, _SEGMENTATION) for names in (_PICTURES, _MASKS))
    return image_pairs(*named)


def people_in_mask(values: UInt8Array) -> UInt8Array:
    """Return a mask (..., H, W, C) of any values as (..., H, W) of 0 and 255.

    In a mask with values of 128 and more, those are people; in one of lower values alone, such as numbers of
    classes, all but 0 are.
    """
    # Masks are stored as grey or as RGB; any channel counts.
    highest = values.max(-1)
    return np.where(highest >= (128 if highest.max() >= 128 else 1), np.uint8(255), np.uint8(0))


def backgrounds(folder: Path) -> Source[PlainFootage]:
    """Open pictures and clips without people.

    Args:
        folder: Folder with images, each a still; movies; and folders of images, each a clip.

    Raises:
        JobError: It holds none of them.
        ReadError: A file that was opened cannot be read.
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
        """Read frames, fewer where a clip is shorter; see `Source.load`."""
        pair = self.pairs[index]
        start = _random_start(pair.picture, frames, rng)
        fgr, pha = (files.read(start, frames, longest) for files in (pair.picture, pair.truth))
        _check_shapes(pair, fgr, pha)
        return MattingFootage(fgr, np.ascontiguousarray(pha[..., 0]))


@dataclass(frozen=True)
class _Masks:
    pairs: tuple[Pair, ...]

    def __len__(self) -> int:
        return len(self.pairs)

    def load(
        self, index: int, frames: int, rng: np.random.Generator, longest: int | None = None
    ) -> SegmentedFootage:
        """Read a picture; see `Source.load`."""
        pair = self.pairs[index]
        seen, mask = pair.picture.read(0, 1), people_in_mask(pair.truth.read(0, 1))
        _check_shapes(pair, seen, mask)
        if longest is None:
            return SegmentedFootage(seen, mask)
        scaled = shrink(mask[0, ..., None], longest)[None, ..., 0]
        # A mask that was averaged has greys at its edges.
        halves = np.where(scaled < 128, np.uint8(0), np.uint8(255))
        return SegmentedFootage(shrink(seen[0], longest)[None], halves)


@dataclass(frozen=True)
class _Plain:
    clips: tuple[ClipFiles, ...]

    def __len__(self) -> int:
        return len(self.clips)

    def load(
        self, index: int, frames: int, rng: np.random.Generator, longest: int | None = None
    ) -> PlainFootage:
        """Read frames, fewer where a clip is shorter; see `Source.load`."""
        files = self.clips[index]
        return PlainFootage(files.read(_random_start(files, frames, rng), frames, longest))


def _check_shapes(pair: Pair, picture: UInt8Array, truth: UInt8Array) -> None:
    """Check what the headers of a sample could not show when the folder was opened."""
    if picture.shape[:3] != truth.shape[:3]:
        raise data_error(
            f"{pair.truth.path} and {pair.picture.path} do not have the same frames in the same size",
            "A matte must be of the size of its picture.",
        )


def _random_start(files: ClipFiles, frames: int, rng: np.random.Generator) -> int:
    return int(rng.integers(max(1, files.count - frames + 1)))


def _stills_and_clips(folder: Path) -> tuple[ClipFiles, ...]:
    stills: list[ClipFiles] = [ImageSequence(path, (path,)) for path in images_of(folder)]
    clips = [*stills, *clips_in(folder).values()]
    if not clips:
        raise data_error(
            f"The data folder {folder} holds no images, no movies and no folders of images",
            "Name the folder that holds them.",
        )
    # Reading a header finds a damaged file before training begins.
    for files in evenly(clips, _CHECKED):
        _ = files.size
    return tuple(clips)
