"""Pairs of mattes and truth: test sets, folders of results, any two sequences or movies.

A test set is a folder of clips, at any depth down to three, and a clip is a folder that holds its matte in
`pha` and, if it has one, its foreground in `fgr`: `videomatte_512x288/videomatte_motion/0000/pha/0000.png`.
Results of `matteline render` are clips too: their matte is in `alpha`, else in `rgba` or `layers`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.plate import PlateInfo, Window
from matteline.media.mask import Mask
from matteline.media.plate import Plate, open_plate

# Folders below a test set in which clips are looked for: data set, kind, clip.
MATTE_FOLDERS = ("pha", "alpha", "rgba", "layers")
FOREGROUND_FOLDER = "fgr"
_DEEPEST = 3


@dataclass(frozen=True)
class MatteClip:
    """The files of one clip: its matte, and its foreground.

    Attributes:
        matte: A folder, a pattern, an image or a movie, with a channel after a colon where one is meant.
        foreground: The same for its straight colour; None where there is none.
    """

    matte: str
    foreground: str | None = None


@dataclass(frozen=True)
class Pairing:
    """One clip held against its truth; both are there, of one size, with as many frames.

    Attributes:
        name: The clip's folders below the test set's, as `videomatte_motion/0000`; empty for a lone clip.
        pred: The mattes.
        truth: The true ones.
        frames: Numbers of the frames that belong together: of the matte, of the truth.
        by: The way in which they were matched, `number` or `order`.
        window: Display window of the mattes.
        truth_window: Display window of the truth, of the same size.
        pred_fgr: The foreground; None where either side has none.
        truth_fgr: The true foreground.
    """

    name: str
    pred: Mask
    truth: Mask
    frames: tuple[tuple[int, int], ...]
    by: str
    window: Window
    truth_window: Window
    pred_fgr: Plate | None = None
    truth_fgr: Plate | None = None


def find_clips(words: str) -> dict[str, MatteClip]:
    """Return the clips that a path stands for, by name.

    Raises:
        ReadError: A folder without images or clips.
    """
    if not os.path.isdir(words):
        return {"": MatteClip(words)}
    root = Path(words)
    found = {
        "" if folder == root else folder.relative_to(root).as_posix(): clip
        for folder, clip in _clips_below(root, _DEEPEST)
    }
    # A folder of pictures alone is a lone clip.
    return found or {"": MatteClip(words)}


def pair_up(pred: str, truth: str, frames: FrameSet | None = None) -> list[Pairing]:
    """Match clips and their frames, and make sure that they can be compared, before any of them is decoded.

    Args:
        pred: The mattes: a test set, a folder of results, or what `Mask` takes.
        truth: The true ones, alike.
        frames: The frames to compare, by their numbers, which both must have; None compares all.

    Raises:
        JobError: Clips, sizes or frames do not fit one another.
        ReadError: Something cannot be read.
    """
    mine, true = find_clips(pred), find_clips(truth)
    # A lone clip on each side needs no common name.
    if len(mine) == len(true) == 1:
        return [_paired(next(iter(true)), next(iter(mine.values())), next(iter(true.values())), frames)]
    if unknown := [name for name in mine if name not in true]:
        raise JobError(
            f"{truth} has no clip {unknown[0] or 'of that kind'}, which {pred} has.",
            field="truth",
            hint="Give both folders the same clips, such as videomatte_motion/0000.",
        )
    return [_paired(name, mine[name], true[name], frames) for name in sorted(mine)]


def _clips_below(folder: Path, depth: int) -> list[tuple[Path, MatteClip]]:
    try:
        # Hidden ones hold no clips: `.matteline` lies beside results.
        folders = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    except OSError as error:
        reason = error.strerror or "the system gives no reason"
        raise ReadError(f"The folder {folder} cannot be read: {reason}.", path=folder) from None
    inside = {each.name: each for each in folders}
    matte = next((inside[name] for name in MATTE_FOLDERS if name in inside), None)
    if matte is not None:
        foreground = inside.get(FOREGROUND_FOLDER)
        return [(folder, MatteClip(str(matte), str(foreground) if foreground else None))]
    if depth == 0:
        return []
    return [found for each in inside.values() for found in _clips_below(each, depth - 1)]


def _paired(name: str, mine: MatteClip, true: MatteClip, frames: FrameSet | None) -> Pairing:
    pred, truth = Mask(mine.matte, first_frame=1), Mask(true.matte, first_frame=1)
    windows = pred.info.display_window, truth.info.display_window
    _same_size(name, *windows)
    matched, by = match_frames(name, pred.info, truth.info, frames)
    colours = _foregrounds(name, mine, true, matched)
    return Pairing(name, pred, truth, matched, by, *windows, *colours)


def _same_size(name: str, mine: Window, true: Window) -> None:
    if (mine.width, mine.height) != (true.width, true.height):
        raise JobError(
            f"The mattes{_of(name)} are {mine.width}x{mine.height}, the truth is {true.width}x{true.height}.",
            field="truth",
            hint="Compare pictures of one size.",
        )


def match_frames(
    name: str, mine: PlateInfo, true: PlateInfo, frames: FrameSet | None
) -> tuple[tuple[tuple[int, int], ...], str]:
    """Match frames by number where both have the same numbers, else by order.

    Returns:
        Numbers that belong together, and `number` or `order`.

    Raises:
        JobError: One has more frames than the other, or lacks those that were asked for.
    """
    if frames is not None:
        for words, info in (("mattes", mine), ("truth", true)):
            if lacking := frames.minus(info.frames):
                raise JobError(
                    f"The {words}{_of(name)} lack frames {lacking.brief}: there are {info.frames.brief}.",
                    field="frames",
                    hint="Ask for frames that both have.",
                )
        return tuple((number, number) for number in frames), "number"
    if len(mine.frames) != len(true.frames):
        raise JobError(
            f"There are {len(mine.frames)} frames of mattes{_of(name)} ({mine.frames.brief}), but "
            f"{len(true.frames)} of the truth ({true.frames.brief}).",
            field="frames",
            hint="Compare only the frames that both have, such as 1001-1020.",
            settings=("frames",),
        )
    by = "number" if mine.frames == true.frames else "order"
    return tuple(zip(mine.frames, true.frames, strict=True)), by


def _foregrounds(
    name: str, mine: MatteClip, true: MatteClip, frames: tuple[tuple[int, int], ...]
) -> tuple[Plate | None, Plate | None]:
    if mine.foreground is None or true.foreground is None:
        return None, None
    pred, truth = open_plate(mine.foreground), open_plate(true.foreground)
    _same_size(name, pred.info.display_window, truth.info.display_window)
    for plate, index in ((pred, 0), (truth, 1)):
        if lacking := FrameSet.of(pair[index] for pair in frames).minus(plate.info.frames):
            raise JobError(f"{plate.info.path} lacks frames {lacking.brief}.", field="frames")
    return pred, truth


def _of(name: str) -> str:
    return f" of {name}" if name else ""
