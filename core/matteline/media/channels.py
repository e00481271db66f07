"""The channels of an image file that hold its colour, or one matte."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_ROLES = {"r": "R", "red": "R", "g": "G", "green": "G", "b": "B", "blue": "B", "a": "A", "alpha": "A"}
# Last words of layer names that hold the picture ('combined' is Blender's). Others may be normals or ids.
_COLOUR_LAYERS = ("rgba", "rgb", "beauty", "combined", "color", "colour", "main", "left")


# Layers of ids that call themselves R, G, B and A.
_CRYPTOMATTE = re.compile(r"crypto\w*\d\d$", re.IGNORECASE)


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
class Part:
    """A part of an image file.

    Attributes:
        names: Its channels, in the file's order.
        name: The part's own name, empty where it has none.
        view: The view of its plain channels, such as `left`; empty where the file is not stereo.
    """

    names: Sequence[str]
    name: str = ""
    view: str = ""


@dataclass(frozen=True)
class ChannelSearch:
    """A search for channels, and the words for a file in which it fails.

    Attributes:
        find: Takes the parts of a file and returns the channels, or None where there are none.
        label: What is searched for, as in "it has no colour channels".
        hint: Advice for a file that lacks it.
        layer: The layer or view that is searched for, empty for whatever the file shows first.
    """

    find: Callable[[Sequence[Part]], Channels | None]
    label: str
    hint: str
    layer: str = ""


def search_matte(name: str | None) -> ChannelSearch:
    """Return the search for a matte: the channel of this name, else alpha, red, grey, or the only one there is.

    Case does not matter, `mask.A` also finds `mask.alpha`, and `mask` its layer's alpha, red or only channel.
    """
    if name is None:
        hint = "Name one of them, as in roto.####.exr:mask.A."
        return ChannelSearch(_find_default_matte, "alpha and no red channel", hint)
    return ChannelSearch(lambda parts: _find_matte(name, parts), f"channel {name}", "Name one of those.")


def find_colour(parts: Sequence[Part]) -> Channels | None:
    """Find R, G, B and A among the channels of each part; None where there is no colour.

    Plain names of any part come first, then layers known to hold a picture, then grey (Y, or Y and A), and last the
    only layer that has colour, whatever its name. Of a stereo picture the left eye is taken.
    """
    # Rank before part: the plain RGB of a later part is more likely the picture than a layer of the first.
    by_eye = sorted(range(len(parts)), key=lambda part: parts[part].view.lower() == "right")
    for find in (lambda names: _colour_of_layer("", names), _find_layer, _find_grey):
        for part in by_eye:
            if found := find(parts[part].names):
                layer, indices = found
                return Channels(part, indices, layer)
    layers = [channels for _, channels in colour_layers(parts)]
    return layers[0] if len(layers) == 1 else None


def search_layer(name: str) -> ChannelSearch:
    """Return the search for the colour of a layer, a part or a view: `diffuse`, `left`, or both, `left.diffuse`.

    Case does not matter, and a name may be shortened to those of its words that tell it from others.
    """

    def find(parts: Sequence[Part]) -> Channels | None:
        wanted = name.lower().split(".")
        layers = colour_layers(parts)
        exact = [channels for label, channels in layers if label.lower() == ".".join(wanted)]
        # Of all layers that have the words, the one with the fewest others: `left` is the plain picture of that eye.
        fitting = sorted(
            (each for each in layers if set(wanted) <= _words_of(parts[each[1].part], each[1].layer)),
            key=lambda each: len(_words_of(parts[each[1].part], each[1].layer)),
        )
        return next(iter([*exact, *(channels for _, channels in fitting)]), None)

    return ChannelSearch(find, f"layer {name} with colour", "Name one of its layers or views.", name)


def colour_layers(parts: Sequence[Part]) -> list[tuple[str, Channels]]:
    """List every layer of every part that has R, G and B, with the name that a user gives it."""
    stereo = len({part.view for part in parts if part.view}) > 1
    found = []
    for index, part in enumerate(parts):
        for layer in dict.fromkeys(name.rpartition(".")[0] for name in part.names):
            is_ids = bool(_CRYPTOMATTE.search(layer))
            if not is_ids and (colour := _colour_of_layer(layer, part.names)):
                # Of several parts with plain channels the part's name tells them apart.
                label = layer or (part.name if len(parts) > 1 else "") or part.view
                if stereo and part.view and part.view not in label.split("."):
                    label = f"{part.view}.{label}"
                found.append((label, Channels(index, colour[1], layer)))
    return found


def _words_of(part: Part, layer: str) -> set[str]:
    # The plain channels of a stereo part are its view's; those of a layer named like another view are that view's.
    words = f"{part.name}.{layer}.{part.view if not layer else ''}".lower().split(".")
    return set(words) - {""}


SEARCH_COLOUR = ChannelSearch(
    find_colour,
    "colour channels",
    "Name the layer that is meant, as in plate.####.exr:beauty, or write the plate's R, G and B into the file.",
)

# Layer and channel numbers.
_Found = tuple[str, tuple[int, ...]] | None


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


def _find_default_matte(parts: Sequence[Part]) -> Channels | None:
    for layer in ("", *_COLOUR_LAYERS):
        if found := _matte_of_layer(layer, parts):
            return found
    # The only channel of the only part is the matte, whatever its name.
    lone = [part.names for part in parts if part.names]
    return Channels(0, (0,)) if len(lone) == 1 and len(lone[0]) == 1 else None


def _find_matte(name: str, parts: Sequence[Part]) -> Channels | None:
    # The exact name wins over one that differs in case, and that over another spelling of its role.
    for spelled in (str, str.lower, _normalised):
        for part, own in enumerate(parts):
            for index, each in enumerate(own.names):
                if spelled(each) == spelled(name):
                    return Channels(part, (index,), each.rpartition(".")[0])
    return _matte_of_layer(name, parts)


def _matte_of_layer(layer: str, parts: Sequence[Part]) -> Channels | None:
    """Return alpha, red, grey or the only channel of a layer."""
    for part, names in enumerate(each.names for each in parts):
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
