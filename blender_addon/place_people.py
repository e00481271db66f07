"""Blender's own Cryptomatte node for results in which people can be told apart, with the kept people picked."""

import json
import os
import struct

import bpy

from . import compat
from .contract.errors import ReadError
from .jobs import as_blender_path

PEOPLE = "people"
# A header of a frame takes a few kilobytes; the names of people are in it.
_MOST_HEADER_BYTES = 1 << 20
_LAYER = "CryptoObject"


def place_people(tree, scene, plate, group_node, rendered, start, undo):
    """Add a Cryptomatte node below a matte's group node, or give the one that is there the new result.

    Args:
        tree: The compositor tree.
        scene: Its scene.
        plate: The node that shows the plate.
        group_node: The node of the matte's group.
        rendered: A `jobs.RenderedJob` with the product `people`.
        start: The scene's frame that shows the first frame of the result.
        undo: Gets what takes it back.

    Raises:
        ReadError: The file of the first frame cannot be read.
    """
    frames = rendered.request.job.frames
    path = rendered.path(PEOPLE, frames.first)
    names = kept_people(path)
    keep = {each.strip() for each in rendered.request.job.settings.keep.split(",")}
    # Whoever is kept is picked; the others are in the file, for the artist to add.
    names = [each for each in names if each in keep] or names
    image = bpy.data.images.load(as_blender_path(scene.matteline, path))
    undo.callback(bpy.data.images.remove, image)
    image.source = "SEQUENCE" if len(frames) > 1 else "FILE"
    # Ids are numbers, not colours.
    image.colorspace_settings.is_data = True
    node = _earlier(tree, plate)
    if node is None:
        node = tree.nodes.new("CompositorNodeCryptomatteV2")
        undo.callback(tree.nodes.remove, node)
        compat.tag(node, people=plate.name)
        node.source, node.label = "IMAGE", "People"
        node.location = (group_node.location.x, group_node.location.y - 320)
        tree.links.new(plate.outputs[0], node.inputs["Image"])
        names_picked = ",".join(names)
    else:
        # Whom the artist picked stays picked.
        names_picked = node.matte_id
    node.image = image
    if len(frames) > 1:
        compat.show_numbers(node, frames.first, frames.last, start)
    # Before 4.5 Blender reads the names only when the layer is asked for.
    _ = node.layer_name
    node.matte_id = names_picked


def kept_people(path):
    """Return the names in the manifest of a Cryptomatte EXR, in its order.

    Raises:
        ReadError: The file cannot be read, or has no manifest.
    """
    try:
        with open(path, "rb") as file:
            header = file.read(_MOST_HEADER_BYTES)
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror}.", path=path) from None
    for name, value in _attributes(header):
        if name.startswith("cryptomatte/") and name.endswith("/manifest"):
            try:
                return list(json.loads(value.decode()))
            except ValueError:
                break
    raise ReadError(f"{os.path.basename(path)} names no people: it has no Cryptomatte manifest.", path=path)


def _attributes(header):
    """Yield name and bytes of each attribute of an OpenEXR file's header.

    Each is its name, its type, both ended by a zero, a size of four bytes, and as many bytes; an empty name ends
    the header (OpenEXR File Layout, Header).
    """
    # After the magic number and the version.
    place = 8
    while place < len(header) and header[place] != 0:
        name, _, rest = header[place:].partition(b"\0")
        kind, _, rest = rest.partition(b"\0")
        if len(rest) < 4:
            return
        # A damaged size below 0 would lead back, and the walk might never end.
        size = max(struct.unpack("<i", rest[:4])[0], 0)
        yield name.decode(errors="replace"), rest[4 : 4 + size]
        # Six are the two zeros and the four bytes of the size.
        place += len(name) + len(kind) + 6 + size


def _earlier(tree, plate):
    return next((each for each in tree.nodes if compat.tagged(each).get("people") == plate.name), None)
