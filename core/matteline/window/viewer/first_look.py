"""What the first look learnt of a plate, as the viewer shows it: cuts, and boxes round people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matteline.contract.errors import MattelineError
from matteline.contract.plate import Window
from matteline.contract.record import RECORD_FOLDER
from matteline.contract.shot_notes import ShotNotes, read_notes
from matteline.window.viewer.footage import Footage

# Frames for which a box is shown after the frame that it was found in; the look sees every eighth.
LASTS_FRAMES: Final = 8


@dataclass(frozen=True)
class FirstLook:
    """Cuts and people of a plate.

    Attributes:
        notes: The notes beside the results.
        left: Left edge of the display window in the canvas, in pixels.
        top: Upper edge of the display window in the canvas, in pixels.
    """

    notes: ShotNotes
    left: int = 0
    top: int = 0

    @property
    def cuts(self) -> tuple[int, ...]:
        """Frames that begin a shot."""
        return self.notes.cuts

    def people(self, number: int) -> list[Window]:
        """Return the boxes round people in a frame, in pixels of the display window."""
        began = max((cut for cut in self.cuts if cut <= number), default=self.notes.frames.first)
        seen = [
            each
            for each in self.notes.looked
            if max(began, number - LASTS_FRAMES + 1) <= each.number <= number
        ]
        if not seen:
            return []
        return [Window(box.x - self.left, box.y - self.top, box.width, box.height) for box in seen[-1].people]


def read_first_look(footage: Footage, folder: Path | None = None, shot: str = "") -> FirstLook | None:
    """Return what lies beside results; None without, or with notes that cannot be read.

    Args:
        footage: Footage with the plate.
        folder: Folder of results, which need not be shown yet; None for that of the footage.
        shot: Name of the shot in that folder; empty for that of the footage.
    """
    plate, folder = footage.clips.get("plate"), folder or footage.folder
    if folder is None or plate is None:
        return None
    path = folder / RECORD_FOLDER / f"{shot or footage.shot}.look.json"
    if not path.is_file():
        return None
    try:
        notes = read_notes(path)
    except MattelineError:
        # Of another release, or being written by a host that does not rename.
        return None
    canvas, shown = plate.info.canvas, plate.info.display_window
    return FirstLook(notes, shown.x - canvas.x, shown.y - canvas.y)
