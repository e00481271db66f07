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
from .contract.record import RECORD_FOLDER, read_record
from .preferences import preferred
from .settings import DEFAULT_OUTPUT, matte_settings

# Characters that a file name cannot hold on some system, and dots and spaces at its end.
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[. ]+$')
# What strips cannot show is left out, whatever the panel says.
_STRIP_SETTINGS = {"rgba_alpha": "auto", "layout": "separate", "movies": ()}
_PRODUCTS = {"MASK": ("alpha",), "MATTE": ("alpha",), "CUTOUT": ("rgba",)}
# Blender adds `.001` to the name of a copy, and of the second half of a strip that was cut.
_COPY = re.compile(r"\.\d{3,}$")
_FRAME_NUMBER = re.compile(r"-?\d+(?=\.[^.]*$)")


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
class Request:
    """Everything that one press of a button asks for.

    Attributes:
        jobs: What can be rendered.
        refused: A sentence for each selected strip that cannot be.
        notices: Sentences about jobs that differ from what was chosen.
    """

    jobs: "tuple[TargetedJob, ...]"
    refused: "tuple[str, ...]" = ()
    notices: "tuple[str, ...]" = ()

    def with_existing(self, existing):
        """Return the same request with another treatment of existing results."""
        jobs = (replace(each, job=replace(each.job, existing=existing)) for each in self.jobs)
        return replace(self, jobs=tuple(jobs))


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
    # DOTALL, because a file name may hold a line break.
    prefix, digits = re.fullmatch(r"(.*\.)(-?[0-9]+)", stem, re.DOTALL).groups()
    width = len(digits.lstrip("-"))
    return f"{prefix}{'-' if number < 0 else ''}{abs(number):0{width}d}{extension}"


def strip_job(values, source, frames, name, result):
    """Return the job for a strip: in the kind of files that the sequencer reads right in every version."""
    # A mask is right in all of them as 8-bit PNG only; a cut-out must hold what its plate holds.
    linear = result == "CUTOUT" and source.plate.lower().endswith((".exr", ".hdr"))
    files = {"format": "exr", "depth": "half"} if linear else {"format": "png", "depth": "8"}
    settings = _settings(values, write=_PRODUCTS[result], **_STRIP_SETTINGS, **files)
    return _job(values, source, frames, name, settings)


def node_job(values, source, frames, name):
    """Return the job for a clip or node, with the artist's settings. Raises `JobError` without a matte."""
    settings = _settings(values)
    if settings.layout == "separate" and "alpha" not in settings.write:
        raise JobError(
            "Matte nodes need the product 'alpha'.", field="write", hint="Choose it under Products."
        )
    return _job(values, source, frames, name, settings)


def _settings(values, **fixed):
    settings = matte_settings(values.matte, **fixed)
    model = preferred(bpy.context, "model", "").strip()
    return replace(settings, weights=model) if model and settings.weights == "auto" else settings


def _job(values, source, frames, name, settings):
    return Job(
        plate=source.plate,
        output=output_folder(values, name, source.plate),
        frames=frames,
        existing=values.existing,
        settings=settings,
    )


def output_folder(values, name, plate):
    """Return the folder for the results of one strip, clip or node.

    The parts of a strip that was cut share the results of the whole, so that nothing is rendered again. A folder
    that holds the results of another plate is left alone.

    Args:
        values: The scene's `matteline` properties.
        name: Name of the strip, clip or node.
        plate: Path of its plate.

    Raises:
        JobError: The output folder is relative to a blend file that has never been saved.
    """
    output = values.output.strip() or DEFAULT_OUTPUT
    if output.startswith("//") and not bpy.data.filepath:
        raise JobError(
            f"The output folder {output} is beside the blend file, which has not been saved yet.",
            field="output",
            hint="Save the file, or choose another output folder.",
        )
    root = os.path.normpath(bpy.path.abspath(output))
    own = _folder_name(name)
    whole = os.path.join(root, _folder_name(_COPY.sub("", name)))
    if _plates_of(whole) == {_pattern(plate)}:
        return whole
    folder, count = os.path.join(root, own), 1
    while _plates_of(folder) - {_pattern(plate)}:
        count += 1
        folder = os.path.join(root, f"{own}_{count}")
    return folder


def _folder_name(name):
    # Strips are called whatever an artist types.
    return _UNSAFE.sub("_", name).strip() or "matte"


def _plates_of(folder):
    """Return the plates whose results a folder holds, as patterns; none where it is not there."""
    records = Path(folder, RECORD_FOLDER)
    # A record that is being written has a temporary name, which begins with a dot.
    renders = (
        read_record(records / each).latest for each in listing(records) if re.fullmatch(r"[^.].*\.json", each)
    )
    return {_pattern(str(each.job.get("plate", ""))) for each in renders if each}


def _pattern(plate):
    """Return a plate's path without its frame number: a trimmed strip begins with another picture."""
    folder, name = os.path.split(os.path.normpath(plate))
    # The digits of a movie's name are no frame number.
    movie = os.path.splitext(name)[1].lower() in bpy.path.extensions_movie
    return os.path.join(folder, name if movie else _FRAME_NUMBER.sub("#", name))


def as_blender_path(values, path):
    """Return a path to write into the blend file: relative to it where the output folder is."""
    beside = (values.output.strip() or DEFAULT_OUTPUT).startswith("//")
    return bpy.path.relpath(path) if beside and bpy.data.filepath else path


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
