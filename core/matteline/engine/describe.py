"""A plan in words for people, and as plain data for programs."""

from __future__ import annotations

from matteline.contract.frames import FrameSet
from matteline.contract.settings import wants_regions
from matteline.engine.look import frames_to_look_over
from matteline.engine.movie_plan import MoviePlan
from matteline.engine.outputs import Product, free_bytes
from matteline.engine.plan import Plan
from matteline.engine.recipe import recipe

LOOK_PERCENT = 20
"""Time of a first look with people, in hundredths of a render of as many frames to alpha and foreground: measured
on CPUs from HD to 4K (docs/look.md)."""
CUTS_PERCENT = 8
"""The same where only cuts are looked for."""


def describe(plan: Plan) -> list[tuple[str, str]]:
    """List label and words of every choice that a plan has made."""
    width, height = plan.reduced_size
    canvas, settings = plan.plate.canvas, plan.settings
    is_reduced = plan.uses_network and not any(segment.regions for segment in plan.segments)
    return [
        ("Plate", f"{plan.plate.path} ({plan.plate.description})"),
        *(("Note", each) for each in plan.plate.notes),
        (
            "Size",
            f"{canvas.width}x{canvas.height}{f', the network sees {width}x{height}' if is_reduced else ''}",
        ),
        ("Colour", plan.space.why),
        ("Picture", _conditioning(plan)),
        ("Frames", _frames(plan)),
        *_look(plan),
        *((matte.name.capitalize(), matte.description) for matte in plan.user_mattes),
        *(_network(plan) if plan.uses_network else ()),
        ("Device", f"{settings.device}, {settings.precision}, batches of {plan.batch}"),
        *((("People", ", ".join(plan.people.names) or "nobody"),) if plan.people else ()),
        *((product.name, _product(plan, product)) for product in plan.outputs.products),
        *((movie.kind.name, _movie(plan, movie)) for movie in plan.movies),
        ("Disk", f"about {_size(plan.disk_bytes)}, {_size(free_bytes(plan.outputs.folder))} free"),
    ]


def plan_data(plan: Plan) -> dict[str, object]:
    """Return a plan as plain JSON values: its recipe, and what will be written where."""
    first = plan.frames.first
    return {
        **recipe(plan),
        "render": str(plan.render),
        "size": [plan.plate.canvas.width, plan.plate.canvas.height],
        "reduced_size": list(plan.reduced_size),
        "model": plan.weights.name,
        "outputs": {
            product.name: str(plan.outputs.path(product, first)) for product in plan.outputs.products
        },
        "people": None if plan.people is None else list(plan.people.names),
        "movies": {movie.kind.name: str(movie.path) for movie in plan.movies},
        "disk_bytes": plan.disk_bytes,
        "notes": list(plan.plate.notes),
    }


def _conditioning(plan: Plan) -> str:
    conditioning = plan.conditioning
    measured = ", measured" if plan.job.settings.exposure == "auto" else ""
    stops = conditioning.exposure_stops
    words = [f"brightened by {stops:.2f} stops{measured}" if stops else f"brightness unchanged{measured}"]
    words += [f"denoised by {conditioning.denoise:.2f}"] if conditioning.denoise else []
    words += [f"through {conditioning.view}"] if conditioning.view else []
    return "; ".join(words)


def _frames(plan: Plan) -> str:
    asked, render = len(plan.frames), len(plan.render)
    stale = f", {len(plan.stale)} of them again: made with other settings" if plan.stale.ranges else ""
    if asked == render:
        return f"{plan.frames.brief} ({asked}){stale}"
    return f"{render} of {plan.frames.brief}, {asked - render} already done{stale}"


def _network(plan: Plan) -> list[tuple[str, str]]:
    weights = plan.weights
    return [
        ("Preroll", _preroll(plan)),
        ("Model", f"{weights.name} ({weights.origin}), {plan.settings.refiner} refiner"),
        *((("", weights.advice),) if weights.advice else ()),
        ("Ratio", f"{plan.downsample_ratio:.4g}"),
    ]


def _look(plan: Plan) -> list[tuple[str, str]]:
    """Word the first look: that it is still to be taken, or what it found."""
    if plan.needs_look:
        wanted = " and people" if wants_regions(plan.settings) else ""
        count = len(frames_to_look_over(plan))
        return [("Look", f"first over {count} frames, for cuts{wanted}: about {_share(plan, count)}")]
    cuts = FrameSet.of(plan.cuts)
    lines = [("Cuts", f"before frames {cuts.brief}")] if cuts.ranges else []
    focused = [segment for segment in plan.segments if segment.regions]
    if focused:
        regions = sum(len(segment.regions) for segment in focused)
        parts = f"{len(focused)} of {len(plan.segments)} parts of the plate"
        lines.append(("Focus", f"the network is shown {regions} regions in {parts}"))
    return lines


def _share(plan: Plan, count: int) -> str:
    """Word the time of a look over some frames beside that of the render.

    The network sees few of the frames, a little larger; all of them are read and reduced.
    """
    each = LOOK_PERCENT if wants_regions(plan.settings) else CUTS_PERCENT
    percent = each * count / max(len(plan.render), 1)
    words = f"{percent:.0f} % of" if percent < 100 else f"{percent / 100:.1f} times"
    return f"{words} the render's time"


def _preroll(plan: Plan) -> str:
    words = []
    for span in plan.spans:
        start = f"state saved before {span.frames.first}" if span.from_state else ""
        mirrored = f"{len(span.mirrored)} mirrored" if span.mirrored else ""
        handles = span.render.first - span.frames.first
        real = f"{handles} real" if handles else ""
        words.append(" + ".join(filter(None, (start, mirrored, real))) or "none")
    return "; ".join(words) or "none"


def _product(plan: Plan, product: Product) -> str:
    encoding = product.encoding
    words = [
        " ".join(product.channels),
        f"{encoding.depth}-bit" if encoding.depth.isdigit() else encoding.depth,
    ]
    words += [encoding.compression] if encoding.file_format == "exr" else []
    words += ["straight" if encoding.straight_alpha else "premultiplied"] if "A" in product.channels else []
    return f"{plan.outputs.path(product, plan.frames.first)} ({', '.join(words)})"


def _movie(plan: Plan, movie: MoviePlan) -> str:
    words = [movie.kind.codec, f"{float(movie.rate):.6g} fps{'' if plan.plate.rate else ' assumed'}"]
    words += [f"over {movie.over}"] if movie.kind.name == "preview" else []
    return f"{movie.path} ({', '.join(words)})"


def _size(count: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
