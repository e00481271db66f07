"""The kinds of movies that results are assembled to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import av

from matteline.contract.errors import JobError
from matteline.media.ycbcr import Planes


@dataclass(frozen=True)
class MovieKind:
    """How a movie is stored.

    Attributes:
        name: What the settings call it.
        shows: `cutout` (colour and alpha), `matte` (alpha as grey) or `preview` (the person over something).
        codec: What people call its codec.
        encoder: FFmpeg's name of the encoder.
        extension: Of the file, without the dot; also FFmpeg's name of the container.
        planes: How the encoder takes pictures.
        bytes_per_pixel: About what a pixel takes, measured on a person with grain, and rather too much.
        options: Of the encoder.
        tag: What the container calls the codec, where FFmpeg's own choice is not understood everywhere.
    """

    name: str
    shows: str
    codec: str
    encoder: str
    extension: str
    planes: Planes
    bytes_per_pixel: float
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tag: str = ""

    def check(self) -> None:
        """Make sure that this build of FFmpeg has the encoder.

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
        Planes("yuva444p10le", 10, 1, 1),
        0.8,
        MappingProxyType({"profile": "4444", "alpha_bits": "16", "vendor": "apl0"}),
    ),
    MovieKind(
        "matte",
        "matte",
        "ProRes 422 HQ",
        "prores_ks",
        "mov",
        Planes("yuv422p10le", 10, 2, 1),
        0.1,
        MappingProxyType({"profile": "hq", "vendor": "apl0"}),
    ),
    MovieKind(
        "matte_full",
        "matte",
        "H.264",
        "libx264",
        "mp4",
        Planes("yuv420p", 8, 2, 2, full_range=True),
        0.1,
        MappingProxyType({"crf": "4", "preset": "fast"}),
    ),
    MovieKind(
        "preview",
        "preview",
        "H.264",
        "libx264",
        "mp4",
        Planes("yuv420p", 8, 2, 2),
        0.05,
        MappingProxyType({"crf": "16", "preset": "fast"}),
    ),
    MovieKind(
        "preview_hevc",
        "preview",
        "HEVC",
        "libx265",
        "mp4",
        Planes("yuv420p10le", 10, 2, 2),
        0.04,
        MappingProxyType({"crf": "18", "preset": "fast", "x265-params": "log-level=error"}),
        tag="hvc1",
    ),
)
KINDS: Mapping[str, MovieKind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""By the names of `contract.settings.MOVIES`."""
