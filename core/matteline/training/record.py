"""What a training leaves to look at: a table of figures, and pictures of how well it does."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from matteline.contract.files import make_folder
from matteline.contract.plate import Header, Window
from matteline.drawing.sheet import comparison_row, contact_sheet
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.files import writing
from matteline.media.encoding import Encoding
from matteline.media.writer import write_image
from matteline.training.evaluation import Score
from matteline.training.pack import Examples
from matteline.training.trainer import Step

_COLUMNS = (
    "step",
    "seconds",
    "progress",
    "stage",
    "rate",
    "loss",
    "alpha",
    "fgr",
    "seg",
    "hints",
    "waited",
    "iou",
    "mad",
)
_SHOWN = 6


class Figures:
    """The table `progress.csv` of a run's folder: a line whenever there is something to tell.

    Args:
        path: The file; lines are appended to what is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._since: list[Step] = []

    @property
    def waiting(self) -> bool:
        """Whether there were steps since the last line."""
        return bool(self._since)

    def count(self, step: Step) -> None:
        """Take a step into the next line's means."""
        self._since.append(step)

    def write(self, score: Score | None) -> dict[str, object]:
        """Append a line: means of the losses since the last one, and the score where there is one.

        Raises:
            WriteError: The file cannot be written.
        """
        line = _line(self._since, score)
        with writing(self._path):
            begun = self._path.exists()
            with self._path.open("a", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, _COLUMNS)
                if not begun:
                    writer.writeheader()
                writer.writerow(line)
        self._since = []
        return line


def _line(steps: Sequence[Step], score: Score | None) -> dict[str, object]:
    last = steps[-1]
    means = {name: _mean(steps, name) for name in ("loss", "alpha", "fgr", "seg", "hints")}
    return {
        "step": last.number,
        "seconds": round(last.seconds),
        "progress": f"{last.progress:.4f}",
        "stage": last.stage,
        "rate": f"{last.rate:.4f}",
        **means,
        "waited": f"{np.mean([each.waited for each in steps]):.2f}",
        "iou": f"{score.iou:.4f}" if score else "",
        "mad": f"{score.mad:.5f}" if score else "",
    }


def _mean(steps: Sequence[Step], name: str) -> str:
    values = [each.losses[name] for each in steps if name in each.losses]
    return f"{np.mean(values):.5f}" if values else ""


def write_sheet(path: Path, network: MattingNetwork, pack: Examples, side: int) -> None:
    """Draw how a network mattes examples: picture, alpha, foreground, truth and ten times the error.

    Raises:
        WriteError: The file cannot be written.
    """
    network.eval()
    numbers = np.linspace(0, len(pack) - 1, min(_SHOWN, len(pack))).astype(int)
    batch = pack.take(numbers.tolist())
    pictures, truth = _small(batch.pictures, side), _small(batch.pha, side)
    with torch.inference_mode():
        fgr, alpha, *_ = network(pictures.to(next(network.parameters()).device))
    rows = [_row(*(each.cpu() for each in four)) for four in zip(pictures, alpha, fgr, truth, strict=True)]
    sheet = contact_sheet(rows)
    window = Window(0, 0, sheet.shape[1], sheet.shape[0])
    make_folder(path.parent)
    write_image(path, sheet, Encoding("png", "8"), Header(window, window), channels=("R", "G", "B"))


def _row(picture: Tensor, alpha: Tensor, fgr: Tensor, truth: Tensor) -> list[np.ndarray]:
    plate, colour = picture.permute(1, 2, 0).numpy(), fgr.permute(1, 2, 0).numpy()
    row = comparison_row(plate, alpha[0].numpy(), colour, truth[0].numpy())
    return [*row[:3], truth[0].numpy(), row[3]]


def _small(planes: Tensor, side: int) -> Tensor:
    return (
        functional.interpolate(planes.float(), (side, side), mode="bilinear", antialias=True).clamp(0, 255)
        / 255
    )
