"""Which colour space a plate is in: what the artist named, or what its tags, its name and its format say.

No torch here: a space is chosen while planning, and everything that can be wrong with it is found then.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from matteline.colour import tags as words
from matteline.colour.codec import Codec, OcioCodec, as_displayed, cineon, linear, measure
from matteline.colour.config import Config, open_config
from matteline.colour.levels import DIFFUSE_WHITE
from matteline.colour.primaries import REC709, same
from matteline.contract.errors import ColourError
from matteline.contract.plate import ColourTags

_HDR_WHITE: Final = 2.03
"""ITU-R BT.2408: diffuse white is 203 nits; OpenColorIO's HDR displays count in hundreds of nits."""

_PQ_WHITE_CODE: Final = 0.58069
"""SMPTE ST 2084: the code of 203 nits."""

_HINT: Final = "Name the plate's colour space instead of 'auto'."


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


@dataclass(frozen=True)
class _Asked:
    tags: ColourTags
    path: str
    is_float: bool
    is_movie: bool
    config: Config


def choose_space(
    wanted: str, *, tags: ColourTags, path: str, pixel_type: str, kind: str, config: Config
) -> PlateSpace:
    """Find the colour space of a plate.

    Args:
        wanted: A space, alias or role of the config, `sRGB`, `Rec.709` or `Cineon`; or `auto`, which believes, in
            this order: colorInteropID, chromaticities, the stream's primaries and transfer, the config's file
            rules, what the reader of the format says, and then what is usual for the pixel type.
        tags: What the plate says of its colour. Matrix and range are already undone in its pixels.
        path: The plate's path, for the config's file rules.
        pixel_type: `half` and `float` are float plates; all others are integers.
        kind: `sequence`, `movie` or `still`.
        config: The config to look names up in.

    Raises:
        ColourError: The name is unknown, the space holds no colour, or the config cannot convert it.
    """
    is_float = pixel_type in ("half", "float")
    if wanted.strip().lower() != "auto":
        return _named(wanted.strip(), config, f"'{wanted.strip()}' was asked for")
    return _automatic(_Asked(tags, path, is_float, kind == "movie", config))


def _automatic(asked: _Asked) -> PlateSpace:
    ignored: list[str] = []
    for look in (_by_interop_id, _by_chromaticities, _by_stream, _by_file_rules, _by_reader):
        found = look(asked)
        if isinstance(found, PlateSpace):
            return _noting(found, ignored)
        if found is not None:
            ignored.append(found)
    return _noting(replace(_by_custom(asked), assumed=True), ignored)


def _noting(space: PlateSpace, ignored: list[str]) -> PlateSpace:
    if not ignored:
        return space
    why = f"{space.why.rstrip('.')} ({'; '.join(ignored)})."
    return replace(space, why=why)


# Each look answers with a space, with a remark on a tag that it could not use, or with None.


def _by_interop_id(asked: _Asked) -> PlateSpace | str | None:
    interop_id = asked.tags.interop_id
    if not interop_id or interop_id == "unknown":
        return None
    if interop_id == "data":
        return "its colorInteropID says that it holds no colour"
    found = _of_interop_id(interop_id, asked.config, f"the file's colorInteropID is {interop_id}")
    return found or f"its colorInteropID {interop_id} is unknown"


def _by_chromaticities(asked: _Asked) -> PlateSpace | str | None:
    given = asked.tags.chromaticities
    if given is None or not asked.is_float:
        return None
    for chromaticities, interop_id, plain in words.KNOWN_PRIMARIES:
        if same(given, chromaticities):
            name = asked.config.first(interop_id, *words.OLDER_NAMES.get(interop_id, ())) or plain
            why = f"{name}: the file is in floating point and has these chromaticities."
            return PlateSpace(name, asked.config, "scene-linear", why, interop_id, False, linear(chromaticities))
    return _by_own_primaries(given, asked.config)


def _by_own_primaries(given: tuple[float, ...], config: Config) -> PlateSpace | str:
    try:
        codec = linear(given)
    except ValueError as error:
        return f"its chromaticities cannot be used: {error}"
    name = "Linear, the file's own primaries"
    why = f"{name}: the file is in floating point and has chromaticities of no common space."
    return PlateSpace(name, config, "scene-linear", why, "", False, codec, own_primaries=True)


def _by_stream(asked: _Asked) -> PlateSpace | str | None:
    primaries, transfer = asked.tags.primaries, asked.tags.transfer
    if primaries is None and transfer is None:
        return None
    said = f"the stream says {' and '.join(each for each in (transfer, primaries) if each)}"
    if interop_id := words.HDR_STREAMS.get((transfer, primaries)):
        return _of_interop_id(interop_id, asked.config, said)
    if transfer in ("smpte2084", "arib-std-b67"):
        raise ColourError(f"The plate is tagged {transfer} with primaries {primaries}, which is not usual.", hint=_HINT)
    chromaticities = words.STREAM_PRIMARIES.get(primaries)
    if chromaticities is None or transfer not in (*words.DISPLAY_TRANSFERS, "linear"):
        return f"{said}, which is not supported"
    if transfer == "linear":
        return PlateSpace("Linear", asked.config, "scene-linear", f"Linear: {said}.", "", False, linear(chromaticities))
    if chromaticities != REC709:
        name = f"Video with {primaries} primaries"
        codec = as_displayed(chromaticities)
        return PlateSpace(name, asked.config, "display", f"{name}: {said}.", "", False, codec)
    return _shown("sRGB" if transfer == "iec61966-2-1" else "Rec.709", asked.config, said)


def _by_file_rules(asked: _Asked) -> PlateSpace | str | None:
    name = asked.config.space_of_path(asked.path)
    if name is None:
        return None
    if asked.config.is_data(name):
        return f"the file rules say '{name}', which holds no colour"
    return _named(name, asked.config, "the config's file rules say so")


def _by_reader(asked: _Asked) -> PlateSpace | str | None:
    said = asked.tags.colour_space
    if not said or said.lower() in ("unknown", "data", "raw"):
        return None
    why = f"the reader of this format says {said}"
    if said.lower() in (*words.SRGB_WORDS, *words.VIDEO_WORDS, *words.CINEON_WORDS) or asked.config.find(said):
        return _named(said, asked.config, why)
    return _of_interop_id(said, asked.config, why) or f"its colour space {said} is unknown"


def _by_custom(asked: _Asked) -> PlateSpace:
    if asked.is_movie:
        return _shown("Rec.709", asked.config, "the movie says nothing of its colour")
    if not asked.is_float:
        return _shown("sRGB", asked.config, "the file says nothing of its colour and holds integers")
    untagged = "the file says nothing of its colour and is in floating point"
    if not asked.config.is_built_in and asked.config.find("scene_linear"):
        return _named("scene_linear", asked.config, f"{untagged}, so it is taken to be in the config's working space")
    why = f"Linear Rec.709: {untagged}, which OpenEXR defines so."
    return PlateSpace("Linear Rec.709", asked.config, "scene-linear", why, "lin_rec709_scene", False, linear(REC709))


def _named(word: str, config: Config, because: str) -> PlateSpace:
    name = config.find(word)
    if name is not None:
        return _of_config(name, config, because)
    if word.lower() in words.SRGB_WORDS:
        return _shown("sRGB", config, because)
    if word.lower() in words.VIDEO_WORDS:
        return _shown("Rec.709", config, because)
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


def _of_interop_id(interop_id: str, config: Config, because: str) -> PlateSpace | None:
    """A space by interop ID: of the config in use, else of the built-in one, which knows most of them."""
    for each in (config, open_config(None)):
        name = each.first(interop_id, *words.OLDER_NAMES.get(interop_id, ()))
        if name is not None and not each.is_data(name):
            return _of_config(name, each, because)
    return None


def _shown(plain: str, config: Config, because: str) -> PlateSpace:
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
