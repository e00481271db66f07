"""What a render is asked for and what it leaves: names and numbers, no pointers into Blender's data."""

import json
import os
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import bpy

from .contract.errors import JobError, MattelineError
from .contract.files import write_text
from .contract.job import Job
from .settings import matte_settings

_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[. ]+$')
_PLAIN = {"rgba_alpha": "auto", "layout": "separate", "movies": ()}
_PRODUCTS = {"MASK": ("alpha",), "MATTE": ("alpha",), "CUTOUT": ("rgba",)}


@dataclass(frozen=True)
class Target:
    """Where a result goes, by name.

    Attributes:
        kind: `STRIP`, `CLIP` or `NODE`.
        scene: Name of the scene.
        name: Name of the strip, clip or node.
        result: For strips, one of `settings.RESULTS`.
        base: For clips and nodes, the number of the footage's first picture.
    """

    kind: str
    scene: str
    name: str
    result: str = ""
    base: int = 1


@dataclass(frozen=True)
class Request:
    """A job, and where its result goes.

    Attributes:
        job: What to render.
        target: Where it goes.
        size: Width and height of the footage in Blender, in pixels; zeros where it is not read yet.
    """

    job: Job
    target: Target
    size: "tuple[int, int]" = (0, 0)


@dataclass(frozen=True)
class Rendered:
    """A request that was rendered.

    Attributes:
        request: What was asked for.
        files: Product to the path of one of its frames.
        size: Width and height of the results, in pixels.
    """

    request: Request
    files: "dict[str, str]"
    size: "tuple[int, int]"

    def path(self, product, number):
        """Where a product's frame lies, or would lie."""
        return numbered_like(self.files[product], number)


def numbered_like(path, number):
    """The path of another frame of the sequence that `path` belongs to."""
    stem, extension = os.path.splitext(path)
    prefix, digits = re.fullmatch(r"(.*\.)(-?[0-9]+)", stem, re.DOTALL).groups()
    width = len(digits.lstrip("-"))
    return f"{prefix}{'-' if number < 0 else ''}{abs(number):0{width}d}{extension}"


def strip_job(values, footage, frames, name, result):
    """The job for a strip: in the form that the sequencer reads right in every version."""
    # A mask is right in all of them as 8-bit PNG only; a cut-out must hold what its plate holds.
    linear = result == "CUTOUT" and footage.plate.lower().endswith((".exr", ".hdr"))
    form = {"format": "exr", "depth": "half"} if linear else {"format": "png", "depth": "8"}
    settings = matte_settings(values.matte, write=_PRODUCTS[result], **_PLAIN, **form)
    return _job(values, footage, frames, name, settings)


def node_job(values, footage, frames, name):
    """The job for a clip or node: what the artist chose, as long as a matte is part of it."""
    settings = matte_settings(values.matte)
    if settings.layout == "separate" and "alpha" not in settings.write:
        raise JobError(
            "Matte nodes need the product 'alpha'.", field="write", hint="Choose it under Products."
        )
    return _job(values, footage, frames, name, settings)


def with_existing(requests, existing):
    """The same requests, with another answer to what happens to existing results."""
    return [replace(each, job=replace(each.job, existing=existing)) for each in requests]


def output_folder(values, name):
    """The folder for the results of one strip, clip or node.

    Raises:
        JobError: It is relative to a blend file that has never been saved, or empty.
    """
    if not values.output.strip():
        raise JobError(
            "There is no output folder.", field="output", hint="Choose one in the Matteline panel."
        )
    if values.output.startswith("//") and not bpy.data.filepath:
        raise JobError(
            f"The output folder {values.output} is beside the blend file, which has not been saved yet.",
            field="output",
            hint="Save the file, or choose another output folder.",
        )
    safe = _UNSAFE.sub("_", name).strip() or "matte"
    return os.path.normpath(os.path.join(bpy.path.abspath(values.output), safe))


def as_blender_path(values, path):
    """A path to write into the blend file: relative to it where the output folder is."""
    return bpy.path.relpath(path) if values.output.startswith("//") and bpy.data.filepath else path


def listing(folder):
    """Names of the files in a folder; none where there is no such folder."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def save_last(folder, rendered):
    """Remember results beyond this Blender, for `Import Last Result`. Raises `WriteError`."""
    data = [
        {
            "job": each.request.job.to_json(),
            "target": asdict(each.request.target),
            "files": each.files,
            "size": each.size,
        }
        for each in rendered
    ]
    write_text(Path(folder, "last_result.json"), json.dumps(data, ensure_ascii=True))


def load_last(folder):
    """What `save_last` remembered; empty when there is nothing that can be read."""
    try:
        with open(os.path.join(folder, "last_result.json"), encoding="utf-8") as file:
            return [_rendered(each) for each in json.load(file)]
    except (OSError, ValueError, KeyError, TypeError, MattelineError):
        return []


def _rendered(data):
    request = Request(Job.from_json(data["job"]), Target(**data["target"]))
    return Rendered(request, data["files"], tuple(data["size"]))


def _job(values, footage, frames, name, settings):
    return Job(
        plate=footage.plate,
        output=output_folder(values, name),
        frames=frames,
        existing=values.existing,
        settings=settings,
    )
