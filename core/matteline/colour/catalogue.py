"""Colour spaces by the names that people and files give them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from matteline.colour import tags as words
from matteline.colour.codec import Codec, OcioCodec, as_displayed, cineon
from matteline.colour.config import Config, open_config
from matteline.colour.levels import DIFFUSE_WHITE
from matteline.colour.measure import measure
from matteline.contract.errors import ColourError

_HDR_WHITE: Final = 2.03
"""ITU-R BT.2408: diffuse white is 203 nits; OpenColorIO's HDR displays count in hundreds of nits."""

_PQ_WHITE_CODE: Final = 0.58069
"""SMPTE ST 2084: the code of 203 nits."""


@dataclass(frozen=True)
class PlateSpace:
    """The colour space of a plate, and how its values become linear Rec.709.

    Attributes:
        name: The config's name for it where the config has it, else a plain one.
        config: The config it was looked up in.
        encoding: `display` (shown as it is), `scene-linear`, `log`, `pq`, `hlg`, or `other`.
        why: For the plan, one sentence: what was chosen and why.
        interop_id: Its `colorInteropID`; empty where none is known.
        shown: Whether the network's picture is the pixel values themselves, where those are integers.
        codec: How its values become linear Rec.709 and back.
        assumed: Whether nothing says so, and it is only what is usual.
        own_primaries: Whether it is linear light in primaries that only the file's chromaticities tell.
    """

    name: str
    config: Config
    encoding: str
    why: str
    interop_id: str
    shown: bool
    codec: Codec | OcioCodec = field(repr=False, compare=False)
    assumed: bool = False
    own_primaries: bool = False


def named(word: str, config: Config, because: str) -> PlateSpace:
    """A space that the config knows by this word, or `sRGB`, `Rec.709` or `Cineon`, which need no config.

    Args:
        word: A name, alias or role.
        config: The config to look in.
        because: Why it is this one, for the plan.

    Raises:
        ColourError: The word is unknown, stands for data, or its space cannot be converted.
    """
    name = config.find(word)
    if name is not None:
        return _of_config(name, config, because)
    if word.lower() in words.SRGB_WORDS:
        return shown("sRGB", config, because)
    if word.lower() in words.VIDEO_WORDS:
        return shown("Rec.709", config, because)
    if word.lower() in words.CINEON_WORDS:
        return PlateSpace("Cineon", config, "log", f"Cineon: {because}.", "", False, cineon())
    raise _unknown(word, config)


def _unknown(word: str, config: Config) -> ColourError:
    near = config.nearest(word)
    known = config.names()
    some = f"It has: {', '.join(known[:12])}{' and more' if len(known) > 12 else ''}."
    return ColourError(
        f"The OCIO config {config.source} has no colour space called '{word}'.",
        space=word,
        hint=f"Nearest: {', '.join(near)}." if near else some,
    )


def of_interop_id(interop_id: str, config: Config, because: str) -> PlateSpace | None:
    """A space by interop ID: of the config in use, else of the built-in one, which knows most of them."""
    for each in (config, open_config(None)):
        name = each.first(interop_id, *words.OLDER_NAMES.get(interop_id, ()))
        if name is not None and not each.is_data(name):
            return _of_config(name, each, because)
    return None


def shown(plain: str, config: Config, because: str) -> PlateSpace:
    """`sRGB` or `Rec.709`, which the network sees as they are, under the config's name where it has one."""
    interop_id = {"sRGB": "srgb_rec709_scene", "Rec.709": "g24_rec709_display"}[plain]
    name = config.first(interop_id, *words.OLDER_NAMES[interop_id]) or plain
    return PlateSpace(name, config, "display", f"{name}: {because}.", interop_id, True, as_displayed())


def _of_config(name: str, config: Config, because: str) -> PlateSpace:
    if config.is_data(name):
        raise ColourError(
            f"'{name}' holds no colour, so a plate cannot be in it.",
            space=name,
            hint="Name the space its pixels are in; sRGB shows them to the network as they are.",
        )
    interop_id, why = config.interop_id(name), f"{name}: {because}."
    if name in {config.find(word) for word in words.RECORDED_AS_709}:
        return PlateSpace(name, config, "display", why, interop_id, True, as_displayed())
    codec = measure(config, name)
    encoding = _encoding(codec)
    if isinstance(codec, Codec) and encoding in ("pq", "hlg"):
        codec = codec.scaled(DIFFUSE_WHITE / _HDR_WHITE)
    return PlateSpace(name, config, encoding, why, interop_id, False, codec)


def _encoding(codec: Codec | OcioCodec) -> str:
    """What kind of space this is, by what its codes mean rather than by its name."""
    if isinstance(codec, OcioCodec):
        return "other"
    if codec.curve is None:
        return "scene-linear"
    if codec.system_gamma != 1:
        return "hlg"
    at_white = codec.curve.codes[round(_PQ_WHITE_CODE * 65535)]
    if abs(at_white - _HDR_WHITE) < 0.01 and codec.curve.codes[-1] > 99:
        return "pq"
    return "log" if codec.curve.codes[-1] > 1.2 else "display"
