"""The checkpoints that matteline knows by name, with the hashes that prove them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matteline.matting.rvm.architecture import Architecture

RELEASE: Final = "https://github.com/PeterL1n/RobustVideoMatting/releases/download/v1.0.0"

LICENCE: Final = (
    "The authors of RVM published their code under GPL-3.0. They were asked in 2022 which licence the "
    "weights have, and never answered: judge for yourself whether your use is allowed."
)


@dataclass(frozen=True)
class Checkpoint:
    """A published weights file.

    Attributes:
        name: What a user types; the file is called this plus `.pth`.
        variant: The encoder, as in `Architecture`.
        refiner: The guided filter it was published with, as in `Architecture`.
        url: Where its authors publish it.
        size: Bytes.
        sha256: Of the whole file, lower-case hexadecimal.
        licence: What to tell a user before fetching it.
        note: When to choose it.
    """

    name: str
    variant: str
    refiner: str
    url: str
    size: int
    sha256: str
    licence: str
    note: str

    @property
    def file_name(self) -> str:
        """What the file is called once installed."""
        return f"{self.name}.pth"

    @property
    def architecture(self) -> Architecture:
        """The network that the file holds."""
        return Architecture(self.variant, self.refiner)


CHECKPOINTS: Final = (
    Checkpoint(
        name="rvm_mobilenetv3",
        variant="mobilenetv3",
        refiner="deep_guided_filter",
        url=f"{RELEASE}/rvm_mobilenetv3.pth",
        size=15_217_721,
        sha256="3c7c1d92033f7c38d6577c481d13a195d7d80a159b960f4f3119ac7b534cf4f8",
        licence=LICENCE,
        note="fast; the authors' default",
    ),
    Checkpoint(
        name="rvm_resnet50",
        variant="resnet50",
        refiner="deep_guided_filter",
        url=f"{RELEASE}/rvm_resnet50.pth",
        size=107_905_875,
        sha256="c191a807251164c073dce5fa408e7a816070d539b882b2a3150330a9fec112ce",
        licence=LICENCE,
        note="slightly better, larger and slower",
    ),
)
"""Every known checkpoint, the one that 'auto' prefers first."""


def checkpoint_named(name: str) -> Checkpoint | None:
    """The known checkpoint of this name, or None."""
    return next((each for each in CHECKPOINTS if each.name == name), None)


def checkpoint_hashed(sha256: str) -> Checkpoint | None:
    """The known checkpoint whose file has this SHA-256, or None."""
    return next((each for each in CHECKPOINTS if each.sha256 == sha256), None)
