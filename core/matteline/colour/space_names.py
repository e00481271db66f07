"""The names that files, streams and people have for colour spaces, and what each of them means."""

from __future__ import annotations

from typing import Final

from matteline.colour.primaries import (
    ACES_AP0,
    ACES_AP1,
    ADOBE_RGB,
    P3_D65,
    REC709,
    REC2020,
    Chromaticities,
)

RECORDED_AS_709: Final = (
    "srgb_rec709_scene",
    "srgb_rec709_display",
    "g22_rec709_scene",
    "g22_rec709_display",
    "g24_rec709_scene",
    "g24_rec709_display",
    "ocio:g24_rec709_scene",
    "ocio:itu709_rec709_scene",
    "sRGB",
    "sRGB - Texture",
    "sRGB - Display",
    "Utility - sRGB - Texture",
    "Output - sRGB",
    "rec709",
    "rec709_camera",
    "rec709_display",
    "camera_rec709",
    "Rec.1886 Rec.709 - Display",
    "Utility - Rec.709 - Camera",
    "Utility - Rec.709 - Display",
    "Output - Rec.709",
)
"""Display-referred spaces with Rec.709 primaries, by interop ID and by the names that configs use. Pictures
in them are shown to the network as they are: the clips it was trained on are a mixture of all of them."""

SRGB_NAMES: Final = ("srgb",)
VIDEO_NAMES: Final = ("rec709", "rec.709", "bt709", "bt.709", "itu-709", "video")
CINEON_NAMES: Final = ("cineon", "kodaklog", "cineon log")
PLAIN_NAMES: Final = (*SRGB_NAMES, *VIDEO_NAMES, *CINEON_NAMES)
"""Names, in lower case, that are understood whatever the config holds."""

OLDER_NAMES: Final = {
    "lin_ap1_scene": ("lin_ap1", "ACEScg", "ACES - ACEScg"),
    "lin_ap0_scene": ("lin_ap0", "ACES2065-1", "ACES - ACES2065-1"),
    "lin_rec709_scene": ("lin_rec709", "lin_srgb", "Utility - Linear - Rec.709", "Utility - Linear - sRGB"),
    "lin_rec2020_scene": ("lin_rec2020", "Utility - Linear - Rec.2020"),
    "lin_p3d65_scene": ("lin_p3d65", "Utility - Linear - P3-D65"),
    "srgb_rec709_scene": ("srgb_tx", "sRGB - Texture", "Utility - sRGB - Texture", "sRGB"),
    "srgb_rec709_display": ("srgb_display", "sRGB - Display", "sRGB"),
    "g24_rec709_display": ("rec1886_rec709_display", "Rec.1886 Rec.709 - Display", "rec709_display"),
    "pq_rec2020_display": ("rec2100_pq_display", "Rec.2100-PQ - Display"),
    "pq_p3d65_display": ("st2084_p3d65_display", "ST2084-P3-D65 - Display"),
    "hlg_rec2020_display": ("rec2100_hlg_display", "Rec.2100-HLG - Display"),
}
"""For each interop ID, the names that configs had for the space before there were such IDs."""

KNOWN_PRIMARIES: Final[tuple[tuple[Chromaticities, str, str], ...]] = (
    (ACES_AP1, "lin_ap1_scene", "ACEScg"),
    (ACES_AP0, "lin_ap0_scene", "ACES2065-1"),
    (REC709, "lin_rec709_scene", "Linear Rec.709"),
    (REC2020, "lin_rec2020_scene", "Linear Rec.2020"),
    (P3_D65, "lin_p3d65_scene", "Linear P3-D65"),
    (ADOBE_RGB, "lin_adobergb_scene", "Linear AdobeRGB"),
)
"""Chromaticities, interop ID and name of linear spaces that files bear."""

STREAM_PRIMARIES: Final[dict[str | None, Chromaticities]] = {
    None: REC709,
    "bt709": REC709,
    # Standard-definition primaries differ from Rec.709 by less than cameras do.
    "bt470bg": REC709,
    "bt470m": REC709,
    "smpte170m": REC709,
    "smpte240m": REC709,
    "ebu3213": REC709,
    "bt2020": REC2020,
    "smpte432": P3_D65,
}
"""Primaries in FFmpeg's words."""

DISPLAY_TRANSFERS: Final = (
    None,
    "bt709",
    "bt470m",
    "bt470bg",
    "smpte170m",
    "smpte240m",
    "gamma22",
    "gamma28",
    "iec61966-2-1",
    "iec61966-2-4",
    "bt1361e",
    "bt2020-10",
    "bt2020-12",
)
"""Transfers, in FFmpeg's words, of pictures that are shown as they are; None is no tag at all."""

HDR_STREAMS: Final[dict[tuple[str | None, str | None], str]] = {
    ("smpte2084", "bt2020"): "pq_rec2020_display",
    ("smpte2084", None): "pq_rec2020_display",
    ("smpte2084", "smpte432"): "pq_p3d65_display",
    ("arib-std-b67", "bt2020"): "hlg_rec2020_display",
    ("arib-std-b67", None): "hlg_rec2020_display",
}
"""Interop ID of a stream's transfer and primaries, both in FFmpeg's words."""
