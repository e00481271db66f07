"""Finding the colour of an image among its channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_ROLES = {"r": "R", "red": "R", "g": "G", "green": "G", "b": "B", "blue": "B", "a": "A", "alpha": "A"}
_COLOUR_LAYERS = ("rgba", "rgb", "beauty", "combined", "color", "colour", "main", "left")
"""Last words of layer names that hold the picture ('combined' is Blender's). Others may be normals or ids."""


@dataclass(frozen=True)
class Channels:
    """Where the colour of an image lies.

    Attributes:
        part: The part of a multi-part file; 0 in all others.
        indices: Channel numbers of R, G, B and, where there is one, A; of Y, or of Y and A, for grey.
        layer: The layer they belong to, empty for plain R, G, B.
    """

    part: int
    indices: tuple[int, ...]
    layer: str = ""


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
