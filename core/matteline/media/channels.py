"""Finding the colour of an image, or one matte, among its channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_ROLES = {"r": "R", "red": "R", "g": "G", "green": "G", "b": "B", "blue": "B", "a": "A", "alpha": "A"}
_COLOUR_LAYERS = ("rgba", "rgb", "beauty", "combined", "color", "colour", "main", "left")
"""Last words of layer names that hold the picture ('combined' is Blender's). Others may be normals or ids."""


@dataclass(frozen=True)
class Channels:
    """Where the colour of an image lies.

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
class Wanted:
    """What is looked for in an image file.

    Attributes:
        find: Given the channel names of each part, where it lies; None where it is not there.
        words: What it is, for the sentence that says that the file has none.
        hint: What to do then.
    """

    find: Callable[[Sequence[Sequence[str]]], Channels | None]
    words: str
    hint: str


def matte_channel(name: str | None) -> Wanted:
    """The one channel of a matte: that of the name, else alpha, red, grey, or the only one there is.

    Case does not matter, `mask.A` also finds `mask.alpha`, and `mask` its layer's alpha, red or only channel.
    """
    if name is None:
        hint = "Name one of them, as in roto.####.exr:mask.A."
        return Wanted(_default_matte, "alpha and no red channel", hint)
    return Wanted(lambda parts: _named_matte(name, parts), f"channel {name}", "Name one of those.")


def find_colour(parts: Sequence[Sequence[str]]) -> Channels | None:
    """Find R, G, B and A among the channel names of each part; None where there is no colour.

    Plain names of any part come first, then layers known to hold a picture, then grey (Y, or Y and A).
    """
    for find in (_plain, _layered, _grey):
        for part, names in enumerate(parts):
            if found := find(names):
                layer, indices = found
                return Channels(part, indices, layer)
    return None


_Found = tuple[str, tuple[int, ...]] | None


def _plain(names: Sequence[str]) -> _Found:
    return _complete("", _layers(names).get("", {}))


def _layered(names: Sequence[str]) -> _Found:
    for layer, roles in _layers(names).items():
        if layer.rpartition(".")[2].lower() in _COLOUR_LAYERS and (found := _complete(layer, roles)):
            return found
    return None


def _grey(names: Sequence[str]) -> _Found:
    lower = [name.lower() for name in names]
    if "y" not in lower or "ry" in lower:  # luminance and chroma are not grey
        return None
    return "", (lower.index("y"), *([lower.index("a")] if "a" in lower else []))


def _layers(names: Sequence[str]) -> dict[str, dict[str, int]]:
    layers: dict[str, dict[str, int]] = {}
    for index, name in enumerate(names):
        layer, _, last = name.rpartition(".")
        if role := _ROLES.get(last.lower()):
            layers.setdefault(layer, {})[role] = index
    return layers


def _complete(layer: str, roles: Mapping[str, int]) -> _Found:
    if not {"R", "G", "B"} <= set(roles):
        return None
    return layer, tuple(roles[role] for role in "RGBA" if role in roles)


def _default_matte(parts: Sequence[Sequence[str]]) -> Channels | None:
    for layer in ("", *_COLOUR_LAYERS):
        if found := _of_layer(layer, parts):
            return found
    lone = [names for names in parts if names]
    return Channels(0, (0,)) if len(lone) == 1 and len(lone[0]) == 1 else None


def _named_matte(name: str, parts: Sequence[Sequence[str]]) -> Channels | None:
    for same in (str, str.lower, _plainly):
        for part, names in enumerate(parts):
            for index, each in enumerate(names):
                if same(each) == same(name):
                    return Channels(part, (index,), each.rpartition(".")[0])
    return _of_layer(name, parts)


def _of_layer(layer: str, parts: Sequence[Sequence[str]]) -> Channels | None:
    """Alpha, red, grey or the only channel of a layer."""
    for part, names in enumerate(parts):
        inside = (index for index, name in enumerate(names) if _in(layer, name))
        own = {_plainly(names[index]).rpartition(".")[2]: index for index in inside}
        index = next((own[role] for role in ("a", "r", "y") if role in own), None)
        if index is None and layer and len(own) == 1:
            (index,) = own.values()
        if index is not None:
            return Channels(part, (index,), layer)
    return None


def _in(layer: str, name: str) -> bool:
    return name.rpartition(".")[0].lower() == layer.lower()


def _plainly(name: str) -> str:
    """A channel's name in small letters, with one letter for its role."""
    layer, dot, last = name.lower().rpartition(".")
    return f"{layer}{dot}{_ROLES.get(last, last).lower()}"


COLOUR = Wanted(find_colour, "colour channels", "Write the plate's R, G and B into the file.")
