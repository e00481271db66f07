"""What each class of node makes of its inputs, at a frame and for a view."""

from __future__ import annotations

import fnmatch
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import OpenImageIO as oiio

from tests.nuke.fake import clips, files
from tests.nuke.fake.catalogue import CLASSES
from tests.nuke.fake.more_knobs import channel_names
from tests.nuke.fake.nodes import Node
from tests.nuke.fake.picture import RGB, Format, Picture, Window


@dataclass(frozen=True)
class Moment:
    """When, and through which eye."""

    frame: int
    view: str
    proxy: bool


def pull(node: Node | None, at: Moment) -> Picture:
    """What a node shows.

    Raises:
        RuntimeError: A Read has no file, or one that cannot be read.
    """
    if node is None:
        raise RuntimeError("an input is not connected")
    if node["disable"].value() and node._class not in ("Input", "Output", "Root"):
        return _first(node, at)
    return _CLASSES[node._class](node, at)


def _first(node: Node, at: Moment) -> Picture:
    """Input 0; black of the script's format where nothing is connected."""
    source = node.input(0)
    return pull(source, at) if source else _black(node.host.root.format(), at)


def _black(size: Format, at: Moment) -> Picture:
    picture = Picture.black(size)
    return picture.halved() if at.proxy else picture


def _read(node: Node, at: Moment) -> Picture:
    node.validated = True
    number = clips.file_frame(node, at.frame)
    if number is None:
        return _black(node["format"].value(), at)
    path = files.numbered(node.host.expressions.filename(node["file"], at.view), number)
    if not node["file"].value():
        raise RuntimeError(f"{node.name()}: no file is named")
    if not os.path.exists(path) and not node.host.has_decoded(node, path):
        return _missing(node, path, at)
    return node.host.file(node, path, at.proxy)


def _missing(node: Node, path: str, at: Moment) -> Picture:
    answer = node["on_error"].value()
    if answer == "error":
        raise RuntimeError(f"{node.name()}: {path}: No such file or directory")
    if answer == "black":
        return _black(node["format"].value(), at)
    raise node.host.offence(f"on_error {answer!r} is not known well enough to be relied upon")


def _constant(node: Node, at: Moment) -> Picture:
    colour = node["color"].value()
    values = colour if isinstance(colour, (list, tuple)) else [colour] * 4
    picture = Picture.black(node["format"].value())
    made = {
        name: np.full_like(plane, value)
        for (name, plane), value in zip(picture.channels.items(), values, strict=False)
    }
    picture = replace(picture, channels=made)
    return picture.halved() if at.proxy else picture


def _input(node: Node, at: Moment) -> Picture:
    group = node.parent()
    assert group is not None
    outside = group.input(node["number"].value())
    return pull(outside, at) if outside else _black(node.host.root.format(), at)


def _group(node: Any, at: Moment) -> Picture:
    output = node.output()
    if output is None:
        raise RuntimeError(f"{node.name()} has no Output")
    return _first(output, at)


def _switch(node: Node, at: Moment) -> Picture:
    which = int(node["which"].value())
    source = node.input(max(which, 0))
    if source is None:
        raise node.host.offence(f"{node.name()} is switched to input {which}, where nothing is connected")
    return pull(source, at)


def _copy(node: Node, at: Moment) -> Picture:
    b, a = pull(node.input(0), at), pull(node.input(1), at)
    window = b.window.union(a.window)
    made = dict(b.moved_to(window).channels)
    for number in range(4):
        source, target = node[f"from{number}"].value(), node[f"to{number}"].value()
        if "none" not in (source, target):
            made[target] = a.plane(source, window)
    return replace(b, channels=made, window=window)


def _crop(node: Node, at: Moment) -> Picture:
    picture = _first(node, at)
    x, y, right, top = (int(each) // (2 if at.proxy else 1) for each in node["box"].value())
    box = Window(x, picture.format.height() - top, right - x, top - y)
    if node["crop"].value():
        picture = picture.moved_to(picture.window.intersection(box))
    if not node["reformat"].value():
        return picture
    window = replace(picture.window, x=picture.window.x - box.x, y=picture.window.y - box.y)
    return replace(picture, window=window, format=Format(box.width, box.height, picture.format.pixelAspect()))


def _grade(node: Node, at: Moment) -> Picture:
    """The formula of Foundry's manual: out = (A in + B)^(1/gamma), clamped below and above as the node is told.

    A = multiply (white - black) / (whitepoint - blackpoint), B = add + black - A blackpoint.
    """
    value = {name: node[name].value() for name in CLASSES["Grade"].knobs if name != "channels"}
    picture = _first(node, at)
    for index, name in enumerate(channel_names(node["channels"].value(), node.host)):
        part = {
            each: np.float32(one[index] if isinstance(one, (list, tuple)) else one)
            for each, one in value.items()
        }
        picture = picture.mapped(lambda plane, by=part: _graded(plane, by), (name,))
    return picture


def _graded(plane: np.ndarray, by: dict[str, np.float32]) -> np.ndarray:
    gain = by["multiply"] * (by["white"] - by["black"]) / (by["whitepoint"] - by["blackpoint"])
    made = plane * gain + (by["add"] + by["black"] - gain * by["blackpoint"])
    made = made if by["gamma"] == 1 else np.maximum(made, 0) ** (1 / by["gamma"])
    made = np.maximum(made, 0) if by["black_clamp"] else made
    return np.minimum(made, 1) if by["white_clamp"] else made


def _filter_erode(node: Node, at: Moment) -> Picture:
    """The least within a square of `size` pixels to each side, the greatest where it is negative: by choice.

    Foundry's manual says that it shrinks or grows by that many pixels, and nothing of the shape.
    """
    if node["filter"].value() != "box":
        raise node.host.offence("only the box of FilterErode is modelled")
    size = node["size"].value()
    extreme = np.minimum if size > 0 else np.maximum

    def worked(plane: np.ndarray) -> np.ndarray:
        for axis in (0, 1):
            plane = _along(plane, abs(size), axis, extreme)
        return plane

    return _first(node, at).mapped(worked, channel_names(node["channels"].value(), node.host))


def _along(plane: np.ndarray, reach: float, axis: int, extreme: Any) -> np.ndarray:
    """The extreme along one axis; between pixels by linear interpolation."""
    whole = int(np.floor(reach))
    found = plane
    for step in range(1, whole + 1):
        found = extreme(found, extreme(_shifted(plane, step, axis), _shifted(plane, -step, axis)))
    part = np.float32(reach - whole)
    if part:
        for sign in (-1, 1):
            near, far = _shifted(plane, sign * whole, axis), _shifted(plane, sign * (whole + 1), axis)
            found = extreme(found, near + (far - near) * part)
    return found


def _cryptomatte(node: Node, at: Moment) -> Picture:
    """The sum of the coverages of the objects whose names are listed, by the published specification 1.2.0.

    Names are matched with the manifest of the file's metadata, `*` and `?` as wildcards.
    """
    picture = _first(node, at)
    if node["previewEnabled"].value() or node["unpremultiply"].value():
        raise node.host.offence("a preview or an unpremultiply of Cryptomatte is not modelled")
    manifests = [text for key, text in picture.metadata.items() if key.endswith("/manifest")]
    names = json.loads(str(manifests[0])) if manifests else {}
    wanted = [each.strip() for each in node["matteList"].value().split(",")]
    ids = {
        number for name, number in names.items() if any(fnmatch.fnmatchcase(name, each) for each in wanted)
    }
    found = np.zeros((picture.window.height, picture.window.width), np.float32)
    for layer in sorted({each.split(".")[0] for each in picture.channels if each.startswith("CryptoObject")}):
        for which, coverage in (("red", "green"), ("blue", "alpha")):
            bits = np.ascontiguousarray(picture.plane(f"{layer}.{which}")).view(np.uint32)
            kept = np.isin(bits, [int(each, 16) for each in ids])
            found += np.where(kept, picture.plane(f"{layer}.{coverage}"), 0)
    return replace(picture, channels={**picture.channels, node["matteOutput"].value(): found})


def _blur(node: Node, at: Moment) -> Picture:
    """A Gaussian of a standard deviation of size / 2.4, as Natron's manual says of its copy of the node."""
    if node["filter"].value() != "gaussian":
        raise node.host.offence("only the Gaussian of Blur is modelled")
    sigma = node["size"].value() / 2.4
    if sigma <= 0:
        return _first(node, at)
    reach = max(int(np.ceil(4 * sigma)), 1)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()

    def worked(plane: np.ndarray) -> np.ndarray:
        for axis in (0, 1):
            steps = zip(range(-reach, reach + 1), weights.astype(np.float32), strict=True)
            plane = sum(_shifted(plane, step, axis) * weight for step, weight in steps)
        return plane

    return _first(node, at).mapped(worked, channel_names(node["channels"].value(), node.host))


def _shifted(plane: np.ndarray, step: int, axis: int) -> np.ndarray:
    """Moved by whole pixels; the outermost go on beyond the border."""
    index = np.clip(np.arange(plane.shape[axis]) + step, 0, plane.shape[axis] - 1)
    return np.take(plane, index, axis)


def _premult(node: Node, at: Moment) -> Picture:
    picture = _first(node, at)
    alpha = picture.plane(node["alpha"].value())
    return picture.mapped(lambda plane: plane * alpha)


def _unpremult(node: Node, at: Moment) -> Picture:
    picture = _first(node, at)
    alpha = picture.plane(node["alpha"].value())
    return picture.mapped(lambda plane: np.divide(plane, alpha, out=np.zeros_like(plane), where=alpha != 0))


def _remove(node: Node, at: Moment) -> Picture:
    picture, named = _first(node, at), channel_names(node["channels"].value(), node.host)
    keep = node["operation"].value() == "keep"
    left = {name: plane for name, plane in picture.channels.items() if (name in named) == keep}
    return replace(picture, channels=left)


def _shuffle(node: Node, at: Moment) -> Picture:
    picture = _first(node, at)
    one = np.ones((picture.window.height, picture.window.width), np.float32)
    made = dict(picture.channels)
    for source, target in node["mappings"].value():
        made[target] = {"white": one, "black": one * 0}.get(source, picture.plane(source))
    return replace(picture, channels=made)


def _ocio(node: Node, at: Moment) -> Picture:
    source, target = node["in_colorspace"].value(), node["out_colorspace"].value()
    picture = _first(node, at)
    if source == target:
        return picture
    rgb = np.ascontiguousarray(picture.rgb())
    height, width, _ = rgb.shape
    image = oiio.ImageBuf(rgb)
    changed = oiio.ImageBufAlgo.colorconvert(image, source, target, colorconfig=node.host.ocio_config)
    if changed.has_error:
        raise RuntimeError(f"{node.name()}: {changed.geterror()}")
    pixels = changed.get_pixels(oiio.FLOAT).reshape(height, width, 3)
    planes = {name: pixels[..., index] for index, name in enumerate(RGB)}
    return replace(picture, channels={**picture.channels, **planes})


def _at(frame_of: Callable[[Node, Moment], float]) -> Callable[[Node, Moment], Picture]:
    return lambda node, at: _first(node, replace(at, frame=int(frame_of(node, at))))


_CLASSES: dict[str, Callable[[Any, Moment], Picture]] = {
    "Read": _read,
    "Constant": _constant,
    "Input": _input,
    "Group": _group,
    "Switch": _switch,
    "Copy": _copy,
    "Crop": _crop,
    "Grade": _grade,
    "FilterErode": _filter_erode,
    "Blur": _blur,
    "Cryptomatte": _cryptomatte,
    "Premult": _premult,
    "Unpremult": _unpremult,
    "Remove": _remove,
    "Shuffle2": _shuffle,
    "OCIOColorSpace": _ocio,
    "FrameHold": _at(lambda node, at: node["firstFrame"].value()),
    "TimeOffset": _at(lambda node, at: at.frame - node["time_offset"].value()),
    "TimeWarp": _at(
        lambda node, at: (
            node.host.expressions.number(node["lookup"]._expression, node, at.frame)
            if node["lookup"]._expression
            else node["lookup"].value()
        )
    ),
    **dict.fromkeys(("Output", "Write", "Dot", "NoOp", "Viewer"), _first),
}
