"""Jobs and their targets in Blender, and the results they leave: names and numbers, no pointers into its data."""

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

# Characters that a file name cannot hold on some system, and dots and spaces at its end.
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[. ]+$')
# What strips cannot show is left out, whatever the panel says.
_STRIP_SETTINGS = {"rgba_alpha": "auto", "layout": "separate", "movies": ()}
_PRODUCTS = {"MASK": ("alpha",), "MATTE": ("alpha",), "CUTOUT": ("rgba",)}


@dataclass(frozen=True)
class Target:
    """The place of a result in Blender, by name.

    Attributes:
        kind: `STRIP`, `CLIP` or `NODE`.
        scene: Name of the scene.
        name: Name of the strip, clip or node.
        result: For strips, one of `settings.RESULTS`.
        base: For clips and nodes, the number of the plate's first picture.
    """

    kind: str
    scene: str
    name: str
    result: str = ""
    base: int = 1


@dataclass(frozen=True)
class TargetedJob:
    """A job, and the target of its result.

    Attributes:
        job: What to render.
        target: The place of its result.
        size: Width and height of the plate in Blender, in pixels; zeros where it is not read yet.
    """

    job: Job
    target: Target
    size: "tuple[int, int]" = (0, 0)


@dataclass(frozen=True)
class RenderedJob:
    """A targeted job that was rendered.

    Attributes:
        request: The job and its target.
        files: The path of one frame of each product.
        size: Width and height of the results, in pixels.
    """

    request: TargetedJob
    files: "dict[str, str]"
    size: "tuple[int, int]"

    @classmethod
    def planned(cls, request, plan):
        """Return what a render leaves, by the worker's plan of it."""
        return cls(request, dict(plan["outputs"]), tuple(plan["size"]))

    def path(self, product, number):
        """Return the path of a product's frame; it need not exist."""
        return numbered_like(self.files[product], number)


def numbered_like(path, number):
    """Return the path of another frame of the sequence that `path` belongs to."""
    # Results are named `name.NUMBER.ext`; a number below 0 has its sign before the zeros.
    stem, extension = os.path.splitext(path)
    prefix, digits = re.fullmatch(r"(.*\.)(-?[0-9]+)", stem, re.DOTALL).groups()
    width = len(digits.lstrip("-"))
    return f"{prefix}{'-' if number < 0 else ''}{abs(number):0{width}d}{extension}"


def strip_job(values, source, frames, name, result):
    """Return the job for a strip: in the kind of files that the sequencer reads right in every version."""
    # A mask is right in all of them as 8-bit PNG only; a cut-out must hold what its plate holds.
    linear = result == "CUTOUT" and source.plate.lower().endswith((".exr", ".hdr"))
    files = {"format": "exr", "depth": "half"} if linear else {"format": "png", "depth": "8"}
    settings = matte_settings(values.matte, write=_PRODUCTS[result], **_STRIP_SETTINGS, **files)
    return _job(values, source, frames, name, settings)


def node_job(values, source, frames, name):
    """Return the job for a clip or node, with the artist's settings. Raises `JobError` without a matte."""
    settings = matte_settings(values.matte)
    if settings.layout == "separate" and "alpha" not in settings.write:
        raise JobError(
            "Matte nodes need the product 'alpha'.", field="write", hint="Choose it under Products."
        )
    return _job(values, source, frames, name, settings)


def _job(values, source, frames, name, settings):
    return Job(
        plate=source.plate,
        output=output_folder(values, name),
        frames=frames,
        existing=values.existing,
        settings=settings,
    )


def with_existing(requests, existing):
    """Return the same jobs with another treatment of existing results."""
    return [replace(each, job=replace(each.job, existing=existing)) for each in requests]


def output_folder(values, name):
    """Return the folder for the results of one strip, clip or node.

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
    # Strips are called whatever an artist types.
    safe = _UNSAFE.sub("_", name).strip() or "matte"
    return os.path.normpath(os.path.join(bpy.path.abspath(values.output), safe))


def as_blender_path(values, path):
    """Return a path to write into the blend file: relative to it where the output folder is."""
    return bpy.path.relpath(path) if values.output.startswith("//") and bpy.data.filepath else path


def listing(folder):
    """Return the names of the files in a folder; none where there is no such folder."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def save_last(folder, rendered):
    """Keep results beyond this Blender, for *Import Last Result*. Raises `WriteError`."""
    data = [
        {
            "job": each.request.job.to_json(),
            "target": asdict(each.request.target),
            "files": each.files,
            "size": each.size,
        }
        for each in rendered
    ]
    # ASCII, because a file name may hold bytes that are no text.
    write_text(Path(folder, "last_result.json"), json.dumps(data, ensure_ascii=True))


def load_last(folder):
    """Return the results that `save_last` kept; none where they cannot be read."""
    try:
        with open(os.path.join(folder, "last_result.json"), encoding="utf-8") as file:
            return [
                RenderedJob(
                    TargetedJob(Job.from_json(each["job"]), Target(**each["target"])),
                    each["files"],
                    tuple(each["size"]),
                )
                for each in json.load(file)
            ]
    # Whatever is wrong with the file, it is of no use.
    except (OSError, ValueError, KeyError, TypeError, MattelineError):
        return []
