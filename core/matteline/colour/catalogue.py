"""Colour spaces by the names that people and files give them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from matteline.colour import space_names as names
from matteline.colour.codec import Codec, OcioCodec, cineon_codec, display_codec
from matteline.colour.config import Config, open_config
from matteline.colour.levels import DIFFUSE_WHITE
from matteline.colour.measure import measure_codec
from matteline.contract.errors import ColourError

# ITU-R BT.2408: diffuse white is 203 nits; OpenColorIO's HDR displays count in hundreds of nits.
_HDR_WHITE: Final = 2.03

# SMPTE ST 2084: the code of 203 nits.
_PQ_WHITE_CODE: Final = 0.58069


@dataclass(frozen=True)
class PlateSpace:
    """The colour space of a plate, and how its values become linear Rec.709.

    Attributes:
        name: The config's name for it where the config has it, else a plain one.
        config: The config it was looked up in.
        encoding: `display` (shown as it is), `scene-linear`, `log`, `pq`, `hlg`, or `other`.
        why: For the plan, one sentence: which space was chosen and why.
        interop_id: Its `colorInteropID`; empty where none is known.
        is_picture: Whether the network's picture is the pixel values themselves, where those are integers.
        codec: How its values become linear Rec.709 and back.
        assumed: Whether nothing says so, and it is only convention.
        own_primaries: Whether it is linear light in primaries that only the file's chromaticities tell.
    """

    name: str
    config: Config
    encoding: str
    why: str
    interop_id: str
    is_picture: bool
    codec: Codec | OcioCodec = field(repr=False, compare=False)
    assumed: bool = False
    own_primaries: bool = False


def space_by_name(name: str, config: Config, because: str) -> PlateSpace:
    """Return the space that the config knows by a name; `sRGB`, `Rec.709` and `Cineon` need no config.

    Args:
        name: A name, alias or role, in any case.
        config: The config to look in.
        because: Why it is this one, for the plan.

    Raises:
        ColourError: The name is unknown, stands for data, or its space cannot be converted.
    """
    found = config.find(name)
    if found is not None:
        return _space_of_config(found, config, because)
    if name.lower() in names.SRGB_NAMES:
        return display_space("sRGB", config, because)
    if name.lower() in names.VIDEO_NAMES:
        return display_space("Rec.709", config, because)
    if name.lower() in names.CINEON_NAMES:
        return PlateSpace("Cineon", config, "log", f"Cineon: {because}.", "", False, cineon_codec())
    near, known = config.nearest(name), config.names()
    # Configs have hundreds of spaces, of which a dozen show how they are called.
    some = f"It has: {', '.join(known[:12])}{' and more' if len(known) > 12 else ''}."
    raise ColourError(
        f"The OCIO config {config.source} has no colour space called '{name}'.",
        space=name,
        hint=f"Nearest: {', '.join(near)}." if near else some,
        settings=("colour_space",),
    )


def space_by_interop_id(interop_id: str, config: Config, because: str) -> PlateSpace | None:
    """Return a space by interop ID: of the config in use, else of the built-in one, which knows most of them."""
    for each in (config, open_config(None)):
        name = each.first(interop_id, *names.OLDER_NAMES.get(interop_id, ()))
        if name is not None and not each.is_data(name):
            return _space_of_config(name, each, because)
    return None


def display_space(plain: str, config: Config, because: str) -> PlateSpace:
    """Return `sRGB` or `Rec.709`, which the network sees as they are, under the config's name where it has one."""
    interop_id = {"sRGB": "srgb_rec709_scene", "Rec.709": "g24_rec709_display"}[plain]
    name = config.first(interop_id, *names.OLDER_NAMES[interop_id]) or plain
    return PlateSpace(name, config, "display", f"{name}: {because}.", interop_id, True, display_codec())


def _space_of_config(name: str, config: Config, because: str) -> PlateSpace:
    if config.is_data(name):
        raise ColourError(
            f"'{name}' holds no colour, so a plate cannot be in it.",
            space=name,
            hint="Name the space its pixels are in; sRGB shows them to the network as they are.",
            settings=("colour_space",),
        )
    interop_id, why = config.interop_id(name), f"{name}: {because}."
    if name in {config.find(each) for each in names.RECORDED_AS_709}:
        return PlateSpace(name, config, "display", why, interop_id, True, display_codec())
    codec = measure_codec(config, name)
    encoding = _encoding(codec)
    # HDR video counts in hundreds of nits; its diffuse white belongs where other plates have theirs.
    if isinstance(codec, Codec) and encoding in ("pq", "hlg"):
        codec = codec.scaled(DIFFUSE_WHITE / _HDR_WHITE)
    return PlateSpace(name, config, encoding, why, interop_id, False, codec)


def _encoding(codec: Codec | OcioCodec) -> str:
    """Tell the kind of a space by what its codes mean, since names differ from config to config."""
    if isinstance(codec, OcioCodec):
        return "other"
    if codec.curve is None:
        return "scene-linear"
    if codec.system_gamma != 1:
        return "hlg"
    at_white = codec.curve.codes[round(_PQ_WHITE_CODE * 65535)]
    # PQ's last code is 10,000 nits, a hundred times the unit.
    if abs(at_white - _HDR_WHITE) < 0.01 and codec.curve.codes[-1] > 99:
        return "pq"
    # A log curve has room above white, a display's curve ends there.
    return "log" if codec.curve.codes[-1] > 1.2 else "display"
