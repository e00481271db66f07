"""The channels of an image file that hold its colour, or one matte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

_ROLES = {"r": "R", "red": "R", "g": "G", "green": "G", "b": "B", "blue": "B", "a": "A", "alpha": "A"}
_COLOUR_LAYERS = ("rgba", "rgb", "beauty", "combined", "color", "colour", "main", "left")
"""Last words of layer names that hold the picture ('combined' is Blender's). Others may be normals or ids."""


@dataclass(frozen=True)
class Channels:
    """Channels chosen from an image file.

    Attributes:
        part: The part of a multi-part file; 0 in all others.
        indices: Channel numbers of R, G, B and, where there is one, A; of Y, or of Y and A, for grey; for a
            matte of its one channel.
        layer: The layer they belong to, empty for plain R, G, B.
    """

    part: int
    indices: tuple[int, ...]
    layer: str = ""


@dataclass(frozen=True)
class ChannelSearch:
    """A search for channels, and the words for a file in which it fails.

    Attributes:
        find: Takes the channel names of each part and returns the channels, or None where there are none.
        label: What is searched for, as in "it has no colour channels".
        hint: Advice for a file that lacks it.
    """

    find: Callable[[Sequence[Sequence[str]]], Channels | None]
    label: str
    hint: str


def search_matte(name: str | None) -> ChannelSearch:
    """Return the search for a matte: the channel of this name, else alpha, red, grey, or the only one there is.

    Case does not matter, `mask.A` also finds `mask.alpha`, and `mask` its layer's alpha, red or only channel.
    """
    if name is None:
        hint = "Name one of them, as in roto.####.exr:mask.A."
        return ChannelSearch(_find_default_matte, "alpha and no red channel", hint)
    return ChannelSearch(lambda parts: _find_matte(name, parts), f"channel {name}", "Name one of those.")


def find_colour(parts: Sequence[Sequence[str]]) -> Channels | None:
    """Find R, G, B and A among the channel names of each part; None where there is no colour.

    Plain names of any part come first, then layers known to hold a picture, then grey (Y, or Y and A).
    """
    # Rank before part: the plain RGB of a later part is more likely the picture than a layer of the first.
    for find in (lambda names: _colour_of_layer("", names), _find_layer, _find_grey):
        for part, names in enumerate(parts):
            if found := find(names):
                layer, indices = found
                return Channels(part, indices, layer)
    return None


SEARCH_COLOUR = ChannelSearch(find_colour, "colour channels", "Write the plate's R, G and B into the file.")

_Found = tuple[str, tuple[int, ...]] | None
"""Layer and channel numbers."""


def _find_layer(names: Sequence[str]) -> _Found:
    # In the order of the file, which is that in which the artist's program made them.
    for layer in dict.fromkeys(name.rpartition(".")[0] for name in names):
        last_word = layer.rpartition(".")[2].lower()
        if last_word in _COLOUR_LAYERS and (found := _colour_of_layer(layer, names)):
            return found
    return None


def _find_grey(names: Sequence[str]) -> _Found:
    lower = [name.lower() for name in names]
    # Y beside RY and BY is the luminance of a luminance-chroma EXR, whose colour is elsewhere.
    if "y" not in lower or "ry" in lower:
        return None
    return "", (lower.index("y"), *([lower.index("a")] if "a" in lower else []))


def _colour_of_layer(layer: str, names: Sequence[str]) -> _Found:
    """Return R, G, B and, where there is one, A of a layer; None where one of the three is lacking."""
    parted = [name.rpartition(".") for name in names]
    # EXRs call them R or red, files of other programs r or Red.
    roles = {
        _ROLES.get(last.lower(), ""): index for index, (own, _, last) in enumerate(parted) if own == layer
    }
    if not {"R", "G", "B"} <= set(roles):
        return None
    return layer, tuple(roles[role] for role in "RGBA" if role in roles)


def _find_default_matte(parts: Sequence[Sequence[str]]) -> Channels | None:
    for layer in ("", *_COLOUR_LAYERS):
        if found := _matte_of_layer(layer, parts):
            return found
    # The only channel of the only part is the matte, whatever its name.
    lone = [names for names in parts if names]
    return Channels(0, (0,)) if len(lone) == 1 and len(lone[0]) == 1 else None


def _find_matte(name: str, parts: Sequence[Sequence[str]]) -> Channels | None:
    # The exact name wins over one that differs in case, and that over another spelling of its role.
    for spelled in (str, str.lower, _normalised):
        for part, names in enumerate(parts):
            for index, each in enumerate(names):
                if spelled(each) == spelled(name):
                    return Channels(part, (index,), each.rpartition(".")[0])
    return _matte_of_layer(name, parts)


def _matte_of_layer(layer: str, parts: Sequence[Sequence[str]]) -> Channels | None:
    """Return alpha, red, grey or the only channel of a layer."""
    for part, names in enumerate(parts):
        inside = [
            index for index, name in enumerate(names) if name.rpartition(".")[0].lower() == layer.lower()
        ]
        own = {_normalised(names[index]).rpartition(".")[2]: index for index in inside}
        index = next((own[role] for role in ("a", "r", "y") if role in own), None)
        if index is None and layer and len(own) == 1:
            (index,) = own.values()
        if index is not None:
            return Channels(part, (index,), layer)
    return None


def _normalised(name: str) -> str:
    """Return a channel's name in small letters, with one letter for its role."""
    layer, dot, last = name.lower().rpartition(".")
    return f"{layer}{dot}{_ROLES.get(last, last).lower()}"
