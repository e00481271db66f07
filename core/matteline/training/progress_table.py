"""Records of a run to look at: a table of figures, and pictures of its mattes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch

from matteline.contract.files import make_folder
from matteline.contract.plate import Header, Window
from matteline.drawing import comparison_row, contact_sheet
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.files import writing
from matteline.media.encoding import Encoding
from matteline.media.writer import write_image
from matteline.training.evaluation import Score, shrink_planes
from matteline.training.pack import Examples
from matteline.training.trainer import StepResult

_LOSSES = ("loss", "alpha", "fgr", "seg", "features")
_COLUMNS = ("step", "seconds", "progress", "stage", "rate", *_LOSSES, "waited", "iou", "mad")
_SHOWN = 6  # examples on a sheet


class ProgressTable:
    """The table `progress.csv` of a run's folder.

    Args:
        path: The file; lines are appended to it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._since: list[StepResult] = []

    @property
    def waiting(self) -> bool:
        """There were steps since the last line."""
        return bool(self._since)

    def count(self, step: StepResult) -> None:
        """Take a step into the next line's means."""
        self._since.append(step)

    def write(self, score: Score | None) -> dict[str, object]:
        """Append a line: means of the losses since the last one, and the score where there is one.

        Raises:
            WriteError: The file cannot be written.
        """
        last = self._since[-1]
        means: dict[str, str] = {}
        for name in _LOSSES:
            # Not every kind of step has every loss.
            values = [each.losses[name] for each in self._since if name in each.losses]
            means[name] = f"{np.mean(values):.5f}" if values else ""
        line = {
            "step": last.number,
            "seconds": round(last.seconds),
            "progress": f"{last.progress:.4f}",
            "stage": last.stage,
            "rate": f"{last.rate:.4f}",
            **means,
            "waited": f"{np.mean([each.waited for each in self._since]):.2f}",
            "iou": f"{score.iou:.4f}" if score else "",
            "mad": f"{score.mad:.5f}" if score else "",
        }
        # Opened for each line: a run that is killed loses none, and the file may be read meanwhile.
        with writing(self._path):
            begun = self._path.exists()
            # The csv module ends lines itself; `newline` keeps Windows from adding to that.
            with self._path.open("a", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, _COLUMNS)
                if not begun:
                    writer.writeheader()
                writer.writerow(line)
        self._since = []
        return line


def write_sheet(path: Path, network: MattingNetwork, pack: Examples, side: int) -> None:
    """Draw a network's mattes of examples: picture, alpha, foreground, truth and ten times the error.

    Args:
        path: PNG to write; its folder is made if needed.
        network: Left in evaluation mode.
        pack: Examples, some of which are shown.
        side: Side in pixels of the squares that the network is shown.

    Raises:
        WriteError: The file cannot be written.
    """
    network.eval()
    numbers = np.linspace(0, len(pack) - 1, min(_SHOWN, len(pack))).astype(int)
    batch = pack.take(numbers.tolist())
    pictures, truth = shrink_planes(batch.pictures, side), shrink_planes(batch.pha, side)
    with torch.inference_mode():
        fgr, alpha, *_ = network(pictures.to(next(network.parameters()).device))
    rows = []
    for four in zip(pictures, alpha, fgr, truth, strict=True):
        plate, matte, colour, wanted = (each.cpu().permute(1, 2, 0).numpy() for each in four)
        *shown, error = comparison_row(plate, matte[..., 0], colour, wanted[..., 0])
        rows.append([*shown, wanted[..., 0], error])
    sheet = contact_sheet(rows)
    window = Window(0, 0, sheet.shape[1], sheet.shape[0])
    make_folder(path.parent)
    write_image(path, sheet, Encoding("png", "8"), Header(window, window), channels=("R", "G", "B"))
