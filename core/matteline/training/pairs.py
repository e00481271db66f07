"""Two folders whose files belong together by name: foregrounds and mattes, pictures and masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from matteline.training.clip_files import (
    ClipFiles,
    ImageSequence,
    clips_in,
    data_error,
    evenly,
    image_size,
    images_of,
    list_folder,
)

_CHECKED_CLIPS: Final = 24
# Number of clips and images that are opened when a folder is; names are compared for all.
_CHECKED_IMAGES: Final = 200
# Data sets name the mask of "a.jpg" "a.png", "a_mask.png" and the like.
_MASK_ENDINGS: Final = ("_mask", "_masks", "_seg", "_matte", "_alpha", "_gt", "_label")

T = TypeVar("T")


@dataclass(frozen=True)
class Pair:
    """Frames with their mattes or masks.

    Attributes:
        picture: Foregrounds or pictures.
        truth: Mattes or masks, as many and as large.
    """

    picture: ClipFiles
    truth: ClipFiles

    def check(self) -> None:
        """Refuse files that cannot belong together, from headers alone.

        Raises:
            JobError: Different numbers of frames, or different sizes.
            ReadError: A file cannot be read.
        """
        if self.picture.count != self.truth.count:
            raise data_error(
                f"{self.picture.path} has {self.picture.count} frames, "
                f"{self.truth.path} has {self.truth.count}",
                "Both must show the same frames; export the clip again.",
            )
        samples = [(self.picture.path, self.picture.size, self.truth.path, self.truth.size)]
        if isinstance(self.picture, ImageSequence) and isinstance(self.truth, ImageSequence):
            # First, middle and last: opening all frames of a large data set would take minutes.
            files = evenly(list(zip(self.picture.files, self.truth.files, strict=True)), 3)
            samples = [(one, image_size(one), other, image_size(other)) for one, other in files]
        for picture, size, truth, truth_size in samples:
            if size != truth_size:
                raise data_error(
                    f"{truth} is {_size(truth_size)}, and {picture} is {_size(size)}",
                    "A matte must be of the size of its picture.",
                )


def clip_pairs(pictures: Path, truths: Path) -> list[Pair]:
    """Return the clips that lie in two folders under the same names: movies or folders of images.

    Raises:
        JobError: A clip or a frame of one has no counterpart, or there are none.
        ReadError: A file that was looked into cannot be read.
    """
    pairs = [
        Pair(one, other) for one, other in _matched(pictures, truths, clips_in(pictures), clips_in(truths))
    ]
    for pair in pairs:
        if isinstance(pair.picture, ImageSequence) and isinstance(pair.truth, ImageSequence):
            names = _stems(pair.picture.files), _stems(pair.truth.files)
            _matched(pair.picture.path, pair.truth.path, *names)
    for pair in evenly(pairs, _CHECKED_CLIPS):
        pair.check()
    return pairs


def image_pairs(pictures: Path, truths: Path) -> list[Pair]:
    """Return the images that lie in two folders under the same names, whatever their formats.

    Raises:
        JobError: As `clip_pairs`.
        ReadError: As `clip_pairs`.
    """
    matched = _matched(pictures, truths, _stems(images_of(pictures)), _stems(images_of(truths)))
    pairs = [Pair(ImageSequence(one, (one,)), ImageSequence(other, (other,))) for one, other in matched]
    for pair in evenly(pairs, _CHECKED_IMAGES):
        pair.check()
    return pairs


def folder_named(parent: Path, names: tuple[str, ...], wanted: str) -> Path:
    """Return the folder below `parent` whose name is, or ends with, one of `names`.

    Args:
        parent: Folder that the user named.
        names: Words, the likelier first.
        wanted: Expected layout, for the error's hint.

    Raises:
        JobError: There is none.
    """
    folders = [path for path in list_folder(parent) if path.is_dir()]
    # The likelier words first, so that "images" is taken where there are "labels_images" as well.
    for name in names:
        for path in folders:
            if path.name.lower().replace("-", "_").split("_")[-1] == name:
                return path
    held = ", ".join(path.name for path in folders[:5]) or "no folders"
    raise data_error(
        f"The data folder {parent} has no folder {names[0]}, but {held}", f"Expected is {wanted}."
    )


def _matched(
    pictures: Path, truths: Path, ones: Mapping[str, T], others: Mapping[str, T]
) -> list[tuple[T, T]]:
    """Return items of the same name on both sides, in the order of names; each must have a counterpart."""
    for folder, there, here in ((truths, ones, others), (pictures, others, ones)):
        alone = [name for name in there if name not in here]
        if alone:
            more = f", nor for {len(alone) - 1} more" if len(alone) > 1 else ""
            first = there[alone[0]]
            path = first if isinstance(first, Path) else first.path  # type: ignore[attr-defined]
            raise data_error(
                f"{folder} holds nothing for {path}{more}",
                "Both folders must hold the same names; add what is missing or remove the rest.",
            )
    if not ones:
        raise data_error(
            f"{pictures} and {truths} hold no images and no clips", "Name the folder above the right ones."
        )
    return [(ones[name], others[name]) for name in sorted(ones)]


def _stems(files: tuple[Path, ...]) -> dict[str, Path]:
    """Return files by the part of their names that their counterparts share."""
    found: dict[str, Path] = {}
    for file in files:
        stem = file.stem
        for ending in _MASK_ENDINGS:
            stem = stem.removesuffix(ending)
        if stem in found:
            raise data_error(f"{found[stem]} and {file} have the same name", "Keep one of the two.")
        found[stem] = file
    return found


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
