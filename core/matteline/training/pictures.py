"""Pictures for training: found by folder, read as 8-bit RGB, scaled down by averaging."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from matteline.contract.errors import JobError, ReadError
from matteline.media.image import read_image
from matteline.media.movie import MOVIE_EXTENSIONS
from matteline.media.naming import is_image
from matteline.media.source_file import SourceFile
from matteline.training.footage import UInt8Array


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures of one folder, by name; folders below it are not searched.

    Raises:
        JobError: It is no folder, or holds no pictures.
    """
    if not folder.is_dir():
        why = "is not a folder" if folder.exists() else "does not exist"
        hint = "Give a folder of pictures."
        raise JobError(f"The data folder {folder} {why}.", field="pictures", hint=hint)
    found = sorted(filter(_is_picture, folder.iterdir()))
    if not found:
        hint = "Give a folder that holds pictures itself; folders below it are not searched."
        raise JobError(f"The data folder {folder} holds no pictures.", field="pictures", hint=hint)
    return found


def pictures_and_movies_in(folder: Path) -> list[Path]:
    """Return the pictures and movies of one folder, by name.

    Raises:
        JobError: It is no folder, or holds neither.
    """
    movies = [each for each in folder.iterdir() if is_movie(each)] if folder.is_dir() else []
    # A folder of movies alone is as good as one of pictures; one of neither is refused.
    images = [] if movies and not any(map(_is_picture, folder.iterdir())) else pictures_in(folder)
    return sorted([*images, *movies])


def is_movie(path: Path) -> bool:
    """Tell by its name whether a file is a movie."""
    return path.suffix.lower() in MOVIE_EXTENSIONS and path.is_file()


def _is_picture(path: Path) -> bool:
    return is_image(path.name) and path.is_file()


def read_picture(path: Path, longest: int | None = None) -> UInt8Array:
    """Read one picture (H, W, 3), sRGB-encoded, its longer side at most `longest` pixels.

    Raises:
        ReadError: It cannot be read, or is neither 8 nor 16 bit.
    """
    _, pixels = read_image(SourceFile(str(path), str(path)))
    if pixels.dtype == np.uint16:
        # 65535 / 257 = 255: the high byte of what 8-bit files become when they are made 16 bit.
        pixels = (pixels // 257).astype(np.uint8)
    if pixels.dtype != np.uint8:
        hint = "Training reads 8- and 16-bit pictures in sRGB; convert it."
        raise ReadError(f"{path} holds {pixels.dtype} values, not 8 or 16 bit.", path=path, hint=hint)
    picture = np.ascontiguousarray(pixels[..., :3])
    return picture if longest is None else shrink(picture, longest)


def shrink(picture: UInt8Array, longest: int) -> UInt8Array:
    """Return a picture (H, W, C) whose longer side is at most `longest` pixels; the same object where it is."""
    height, width = picture.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return picture
    return resize(picture, (max(1, round(height * scale)), max(1, round(width * scale))))


def resize(picture: UInt8Array, size: Sequence[int]) -> UInt8Array:
    """Return a picture (H, W, C) at another height and width, averaged where it becomes smaller."""
    # Antialiased, as plain interpolation skips pixels where a picture becomes much smaller.
    planes = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    made = functional.interpolate(planes, tuple(size), mode="bilinear", antialias=True, align_corners=False)
    array: UInt8Array = made[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy()
    return array
