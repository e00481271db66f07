"""A plan in words, for `--dry-run` and the first lines of a render."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matteline.engine.movie_plan import MoviePlan
from matteline.engine.outputs import Product, free_bytes
from matteline.matting.weights.find import GET_OFFICIAL

if TYPE_CHECKING:
    from matteline.engine.plan import Plan


def rows(plan: Plan) -> list[tuple[str, str]]:
    """Label and words for every choice the plan has made."""
    width, height = plan.reduced_size
    canvas = plan.plate.canvas
    return [
        ("Plate", f"{plan.plate.path} ({plan.plate.description})"),
        ("Size", f"{canvas.width}x{canvas.height}, the network sees {width}x{height}"),
        ("Colour", plan.space.why),
        ("Picture", _showing(plan)),
        ("Frames", _frames(plan)),
        ("Preroll", _preroll(plan)),
        *((matte.name.capitalize(), matte.description) for matte in plan.user_mattes),
        ("Model", f"{plan.found.name} ({plan.found.origin}), {plan.refiner} refiner"),
        *((("", f"The official network is better. {GET_OFFICIAL}"),) if plan.found.shipped else ()),
        ("Ratio", f"{plan.downsample_ratio:.4g}"),
        ("Device", f"{plan.device}, {plan.precision}, batches of {plan.batch}"),
        *((product, path) for product, path in _outputs(plan)),
        *((movie.kind.name, _movie(plan, movie)) for movie in plan.movies),
        ("Disk", f"about {_size(plan.disk_bytes)}, {_size(free_bytes(plan.outputs.folder))} free"),
    ]


def _showing(plan: Plan) -> str:
    showing = plan.showing
    measured = ", measured" if plan.job.settings.exposure == "auto" else ""
    words = [f"lifted {showing.exposure_stops:+.2f} stops{measured}"]
    words += [f"denoised by {showing.denoise:.2f}"] if showing.denoise else []
    words += [f"through {showing.view}"] if showing.view else []
    return "; ".join(words)


def _frames(plan: Plan) -> str:
    asked, render = len(plan.frames), len(plan.render)
    done = f", {asked - render} already done" if asked != render else ""
    return f"{render} of {plan.frames}{done}" if done else f"{plan.frames} ({asked})"


def _preroll(plan: Plan) -> str:
    words = []
    for span in plan.spans:
        start = f"state saved before {span.frames.first}" if span.from_state else ""
        mirrored = f"{len(span.mirrored)} mirrored" if span.mirrored else ""
        handles = span.render.first - span.frames.first
        real = f"{handles} real" if handles else ""
        words.append(" + ".join(filter(None, (start, mirrored, real))) or "none")
    return "; ".join(words) or "none"


def _outputs(plan: Plan) -> list[tuple[str, str]]:
    first = plan.frames.first
    return [
        (product.name, f"{plan.outputs.path(product, first)} ({_stored(product)})")
        for product in plan.outputs.products
    ]


def _movie(plan: Plan, movie: MoviePlan) -> str:
    words = [movie.kind.codec, f"{float(movie.rate):.6g} fps{'' if plan.plate.rate else ' assumed'}"]
    words += [f"over {movie.over}"] if movie.kind.name == "preview" else []
    return f"{movie.path} ({', '.join(words)})"


def _stored(product: Product) -> str:
    encoding = product.encoding
    alpha = {True: "straight", False: "premultiplied"}[encoding.straight_alpha]
    words = [
        " ".join(product.channels),
        f"{encoding.depth}-bit" if encoding.depth.isdigit() else encoding.depth,
    ]
    words += [encoding.compression] if encoding.file_format == "exr" else []
    words += [alpha] if "A" in product.channels else []
    return ", ".join(words)


def _size(count: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
