"""The colour space of a plate: as the artist named it, or by its tags, its name and its format.

No torch here: a space is chosen while planning, and everything that can be wrong with it is found then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from matteline.colour import space_names as names
from matteline.colour.catalogue import PlateSpace, display_space, space_by_interop_id, space_by_name
from matteline.colour.codec import display_codec, linear_codec
from matteline.colour.config import Config
from matteline.colour.primaries import REC709, Chromaticities, same_chromaticities
from matteline.contract.errors import ColourError
from matteline.contract.plate import ColourTags

__all__ = ["PlateSpace", "choose_space"]

_HINT: Final = "Name the plate's colour space instead of 'auto'."


@dataclass(frozen=True)
class _TaggedPlate:
    """Everything that tells of a plate's colour."""

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
        wanted: A space, alias or role of the config, `sRGB`, `Rec.709` or `Cineon`; or `auto`, which goes by,
            in this order: colorInteropID, chromaticities, the stream's primaries and transfer, the config's
            file rules, what the reader of the format says, and then convention.
        tags: The plate's own tags. Matrix and range are already undone in its pixels.
        path: The plate's path, for the config's file rules.
        pixel_type: `half` and `float` are float plates; all others are integers.
        kind: `sequence`, `movie` or `still`.
        config: The config to look names up in.

    Raises:
        ColourError: The name is unknown, the space holds no colour, or the config cannot convert it.
    """
    name = wanted.strip()
    if name.lower() != "auto":
        return space_by_name(name, config, f"'{name}' was asked for")
    plate = _TaggedPlate(tags, path, pixel_type in ("half", "float"), kind == "movie", config)
    remarks: list[str] = []
    # From what is hardest to get wrong to what is easiest: a tag is set on purpose, a name by habit.
    for find in (_by_interop_id, _by_chromaticities, _by_stream, _by_file_rules, _by_reader):
        found = find(plate)
        if isinstance(found, PlateSpace):
            return _with_remarks(found, remarks)
        if found is not None:
            remarks.append(found)
    return _with_remarks(replace(_by_convention(plate), assumed=True), remarks)


def _with_remarks(space: PlateSpace, remarks: list[str]) -> PlateSpace:
    if not remarks:
        return space
    return replace(space, why=f"{space.why.rstrip('.')} ({'; '.join(remarks)}).")


# Each of these returns a space, a remark on a tag that it could not use, or None.


def _by_interop_id(plate: _TaggedPlate) -> PlateSpace | str | None:
    interop_id = plate.tags.interop_id
    if not interop_id or interop_id == "unknown":
        return None
    if interop_id == "data":
        return "its colorInteropID says that it holds no colour"
    found = space_by_interop_id(interop_id, plate.config, f"the file's colorInteropID is {interop_id}")
    return found or f"its colorInteropID {interop_id} is unknown"


def _by_chromaticities(plate: _TaggedPlate) -> PlateSpace | str | None:
    given = plate.tags.chromaticities
    # OpenEXR defines them for linear light; integer files with them have a curve that nothing names.
    if given is None or not plate.is_float:
        return None
    for chromaticities, interop_id, plain in names.KNOWN_PRIMARIES:
        if same_chromaticities(given, chromaticities):
            name = plate.config.first(interop_id, *names.OLDER_NAMES.get(interop_id, ())) or plain
            why = "the file is in floating point and has these chromaticities"
            return _linear_space(name, chromaticities, plate.config, why, interop_id)
    why = "the file is in floating point and has chromaticities of no common space"
    try:
        space = _linear_space("Linear, the file's own primaries", given, plate.config, why)
    except ValueError as error:
        return f"its chromaticities cannot be used: {error}"
    return replace(space, own_primaries=True)


def _linear_space(
    name: str, chromaticities: Chromaticities, config: Config, because: str, interop_id: str = ""
) -> PlateSpace:
    codec = linear_codec(chromaticities)
    return PlateSpace(name, config, "scene-linear", f"{name}: {because}.", interop_id, False, codec)


def _by_stream(plate: _TaggedPlate) -> PlateSpace | str | None:
    primaries, transfer = plate.tags.primaries, plate.tags.transfer
    if primaries is None and transfer is None:
        return None
    tagged = f"the stream is tagged {' and '.join(each for each in (transfer, primaries) if each)}"
    if interop_id := names.HDR_STREAMS.get((transfer, primaries)):
        return space_by_interop_id(interop_id, plate.config, tagged)
    if transfer in ("smpte2084", "arib-std-b67"):
        raise ColourError(
            f"The plate is tagged {transfer} with primaries {primaries}, which is not usual.",
            hint=_HINT,
            settings=("colour_space",),
        )
    chromaticities = names.STREAM_PRIMARIES.get(primaries)
    if chromaticities is None or transfer not in (*names.DISPLAY_TRANSFERS, "linear"):
        return f"{tagged}, which is not supported"
    if transfer == "linear":
        return _linear_space("Linear", chromaticities, plate.config, tagged)
    if chromaticities != REC709:
        # Shown by Rec.709's own curve, as the network takes all video, but with the primaries undone.
        name = f"Video with {primaries} primaries"
        codec = display_codec(chromaticities)
        return PlateSpace(name, plate.config, "display", f"{name}: {tagged}.", "", False, codec)
    return display_space("sRGB" if transfer == "iec61966-2-1" else "Rec.709", plate.config, tagged)


def _by_file_rules(plate: _TaggedPlate) -> PlateSpace | str | None:
    name = plate.config.space_of_path(plate.path)
    if name is None:
        return None
    if plate.config.is_data(name):
        return f"the file rules say '{name}', which holds no colour"
    return space_by_name(name, plate.config, "the config's file rules say so")


def _by_reader(plate: _TaggedPlate) -> PlateSpace | str | None:
    name = plate.tags.colour_space
    # Words by which readers say that they do not know.
    if not name or name.lower() in ("unknown", "data", "raw"):
        return None
    why = f"the reader of this format says {name}"
    if name.lower() in names.PLAIN_NAMES or plate.config.find(name):
        return space_by_name(name, plate.config, why)
    return space_by_interop_id(name, plate.config, why) or f"its colour space {name} is unknown"


def _by_convention(plate: _TaggedPlate) -> PlateSpace:
    if plate.is_movie:
        return display_space("Rec.709", plate.config, "the movie has no tags of its colour")
    if not plate.is_float:
        return display_space("sRGB", plate.config, "the file has no tags of its colour and holds integers")
    untagged = "the file has no tags of its colour and is in floating point"
    # A config that somebody chose is a studio's, whose untagged EXRs are in its working space.
    if not plate.config.is_built_in and plate.config.find("scene_linear"):
        return space_by_name(
            "scene_linear", plate.config, f"{untagged}, so it is in the config's working space"
        )
    why = f"{untagged}, which OpenEXR defines so"
    return _linear_space("Linear Rec.709", REC709, plate.config, why, "lin_rec709_scene")
