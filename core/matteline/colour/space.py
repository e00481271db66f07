"""Which colour space a plate is in: what the artist named, or what its tags, its name and its format say.

No torch here: a space is chosen while planning, and everything that can be wrong with it is found then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from matteline.colour import tags as words
from matteline.colour.catalogue import PlateSpace, named, of_interop_id, shown
from matteline.colour.codec import as_displayed, linear
from matteline.colour.config import Config
from matteline.colour.primaries import REC709, Chromaticities, same
from matteline.contract.errors import ColourError
from matteline.contract.plate import ColourTags

__all__ = ["PlateSpace", "choose_space"]

_HINT: Final = "Name the plate's colour space instead of 'auto'."


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
        wanted: A space, alias or role of the config, `sRGB`, `Rec.709` or `Cineon`; or `auto`, which
            believes, in this order: colorInteropID, chromaticities, the stream's primaries and transfer, the
            config's file rules, what the reader of the format says, and then what is usual.
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
        return named(wanted.strip(), config, f"'{wanted.strip()}' was asked for")
    return _automatic(_Asked(tags, path, is_float, kind == "movie", config))


def _automatic(asked: _Asked) -> PlateSpace:
    ignored: list[str] = []
    for look in (_by_interop_id, _by_chromaticities, _by_stream, _by_file_rules, _by_reader):
        found = look(asked)
        if isinstance(found, PlateSpace):
            return _noting(found, ignored)
        if found is not None:
            ignored.append(found)
    return _noting(replace(_by_habit(asked), assumed=True), ignored)


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
    found = of_interop_id(interop_id, asked.config, f"the file's colorInteropID is {interop_id}")
    return found or f"its colorInteropID {interop_id} is unknown"


def _by_chromaticities(asked: _Asked) -> PlateSpace | str | None:
    given = asked.tags.chromaticities
    if given is None or not asked.is_float:
        return None
    for chromaticities, interop_id, plain in words.KNOWN_PRIMARIES:
        if same(given, chromaticities):
            name = asked.config.first(interop_id, *words.OLDER_NAMES.get(interop_id, ())) or plain
            why = "the file is in floating point and has these chromaticities"
            return _linear(name, chromaticities, asked.config, why, interop_id)
    return _by_own_primaries(given, asked.config)


def _by_own_primaries(given: tuple[float, ...], config: Config) -> PlateSpace | str:
    why = "the file is in floating point and has chromaticities of no common space"
    try:
        space = _linear("Linear, the file's own primaries", given, config, why)
    except ValueError as error:
        return f"its chromaticities cannot be used: {error}"
    return replace(space, own_primaries=True)


def _linear(
    name: str, chromaticities: Chromaticities, config: Config, because: str, interop_id: str = ""
) -> PlateSpace:
    codec = linear(chromaticities)
    return PlateSpace(name, config, "scene-linear", f"{name}: {because}.", interop_id, False, codec)


def _by_stream(asked: _Asked) -> PlateSpace | str | None:
    primaries, transfer = asked.tags.primaries, asked.tags.transfer
    if primaries is None and transfer is None:
        return None
    said = f"the stream says {' and '.join(each for each in (transfer, primaries) if each)}"
    if interop_id := words.HDR_STREAMS.get((transfer, primaries)):
        return of_interop_id(interop_id, asked.config, said)
    if transfer in ("smpte2084", "arib-std-b67"):
        raise ColourError(
            f"The plate is tagged {transfer} with primaries {primaries}, which is not usual.", hint=_HINT
        )
    chromaticities = words.STREAM_PRIMARIES.get(primaries)
    if chromaticities is None or transfer not in (*words.DISPLAY_TRANSFERS, "linear"):
        return f"{said}, which is not supported"
    if transfer == "linear":
        return _linear("Linear", chromaticities, asked.config, said)
    if chromaticities != REC709:
        name = f"Video with {primaries} primaries"
        codec = as_displayed(chromaticities)
        return PlateSpace(name, asked.config, "display", f"{name}: {said}.", "", False, codec)
    return shown("sRGB" if transfer == "iec61966-2-1" else "Rec.709", asked.config, said)


def _by_file_rules(asked: _Asked) -> PlateSpace | str | None:
    name = asked.config.space_of_path(asked.path)
    if name is None:
        return None
    if asked.config.is_data(name):
        return f"the file rules say '{name}', which holds no colour"
    return named(name, asked.config, "the config's file rules say so")


def _by_reader(asked: _Asked) -> PlateSpace | str | None:
    said = asked.tags.colour_space
    if not said or said.lower() in ("unknown", "data", "raw"):
        return None
    why = f"the reader of this format says {said}"
    if said.lower() in words.PLAIN_WORDS or asked.config.find(said):
        return named(said, asked.config, why)
    return of_interop_id(said, asked.config, why) or f"its colour space {said} is unknown"


def _by_habit(asked: _Asked) -> PlateSpace:
    if asked.is_movie:
        return shown("Rec.709", asked.config, "the movie says nothing of its colour")
    if not asked.is_float:
        return shown("sRGB", asked.config, "the file says nothing of its colour and holds integers")
    untagged = "the file says nothing of its colour and is in floating point"
    if not asked.config.is_built_in and asked.config.find("scene_linear"):
        return named("scene_linear", asked.config, f"{untagged}, so it is in the config's working space")
    why = f"{untagged}, which OpenEXR defines so"
    return _linear("Linear Rec.709", REC709, asked.config, why, "lin_rec709_scene")
