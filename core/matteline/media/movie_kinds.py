"""The kinds of movies that results are made into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import av

from matteline.contract.errors import JobError
from matteline.media.ycbcr import PlaneFormat


@dataclass(frozen=True)
class MovieKind:
    """The picture, codec and container of a movie.

    Attributes:
        name: Its name in the settings.
        shows: `cutout` (colour and alpha), `matte` (alpha as grey) or `preview` (the person over a background).
        codec: The codec's common name.
        encoder: FFmpeg's name of the encoder.
        extension: Of the file, without the dot; also FFmpeg's name of the container.
        planes: The picture planes that the encoder takes.
        bytes_per_pixel: Size of a pixel in the file, measured on a person with grain, and rather too much.
        options: Of the encoder.
        tag: The container's name for the codec, where FFmpeg's own choice is not understood everywhere.
    """

    name: str
    shows: str
    codec: str
    encoder: str
    extension: str
    planes: PlaneFormat
    bytes_per_pixel: float
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tag: str = ""

    def check(self) -> None:
        """Check that this build of FFmpeg has the encoder.

        Raises:
            JobError: It has not.
        """
        try:
            av.codec.Codec(self.encoder, "w")
        except av.codec.codec.UnknownCodecError:
            raise JobError(
                f"The movie '{self.name}' cannot be made: this build of FFmpeg has no encoder for "
                f"{self.codec} ({self.encoder}).",
                field="movies",
                hint="Leave the movie out, or install PyAV as it is on PyPI.",
            ) from None


_KINDS = (
    MovieKind(
        "prores4444",
        "cutout",
        "ProRes 4444",
        "prores_ks",
        "mov",
        PlaneFormat("yuva444p10le", 10, 1, 1),
        0.8,
        # The vendor that Apple's own encoder writes.
        MappingProxyType({"profile": "4444", "alpha_bits": "16", "vendor": "apl0"}),
    ),
    MovieKind(
        "matte",
        "matte",
        "ProRes 422 HQ",
        "prores_ks",
        "mov",
        PlaneFormat("yuv422p10le", 10, 2, 1),
        0.1,
        MappingProxyType({"profile": "hq", "vendor": "apl0"}),
    ),
    MovieKind(
        "matte_full",
        "matte",
        "H.264",
        "libx264",
        "mp4",
        PlaneFormat("yuv420p", 8, 2, 2, full_range=True),
        0.1,
        # Nearly lossless, because a matte is used by its codes, not looked at.
        MappingProxyType({"crf": "4", "preset": "fast"}),
    ),
    MovieKind(
        "preview",
        "preview",
        "H.264",
        "libx264",
        "mp4",
        PlaneFormat("yuv420p", 8, 2, 2),
        0.05,
        MappingProxyType({"crf": "16", "preset": "fast"}),
    ),
    MovieKind(
        "preview_hevc",
        "preview",
        "HEVC",
        "libx265",
        "mp4",
        PlaneFormat("yuv420p10le", 10, 2, 2),
        0.04,
        # x265 prints its settings by itself, past the log of FFmpeg.
        MappingProxyType({"crf": "18", "preset": "fast", "x265-params": "log-level=error"}),
        tag="hvc1",  # QuickTime does not open FFmpeg's own 'hev1'
    ),
)
KINDS: Mapping[str, MovieKind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""By the names of `contract.settings.MOVIES`."""
