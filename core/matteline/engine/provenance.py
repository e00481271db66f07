"""What every result says of itself: how it was made, at what rate it runs, and what its colour is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matteline import __version__
from matteline.engine.outputs import Product
from matteline.engine.timeline import AUTO_PREROLL_FRAMES

if TYPE_CHECKING:
    from matteline.engine.plan import Plan


def attributes(plan: Plan, product: Product) -> dict[str, object]:
    """The metadata of one product, by name. See `media.writer.write_image` for what it does with them."""
    straight = {"matteline/fgr": "straight"} if product.name in ("fgr", "layers") else {}
    return {**made(plan), **straight, **_rate(plan), **_colour(plan, product)}


def made(plan: Plan) -> dict[str, object]:
    """How the results of a plan were made."""
    preroll = plan.job.settings.preroll
    return {
        "matteline/version": __version__,
        "matteline/model": plan.found.name,
        "matteline/weights_sha256": plan.found.sha256,
        "matteline/refiner": plan.refiner,
        "matteline/downsample_ratio": plan.downsample_ratio,
        "matteline/colour_space": plan.space.name,
        "matteline/exposure_stops": plan.showing.exposure_stops,
        "matteline/denoise": plan.showing.denoise,
        "matteline/preroll": str(AUTO_PREROLL_FRAMES if preroll == "auto" else preroll),
        "matteline/frames": str(plan.frames),
        "matteline/recipe": plan.mark,
    }


def _rate(plan: Plan) -> dict[str, object]:
    # Readers keep the rate apart from the header of a frame, because a movie has one and its frames do not.
    return {} if plan.plate.rate is None else {"framesPerSecond": plan.plate.rate}


def _colour(plan: Plan, product: Product) -> dict[str, object]:
    """A file with a matte alone holds no colour; of others is said what is known, never what is usual."""
    if product.name == "alpha":
        return {"colorInteropID": "data"}
    if plan.space.assumed:
        return {}
    if plan.space.interop_id:
        return {"colorInteropID": plan.space.interop_id}
    chromaticities = plan.plate.colour.chromaticities
    return {"chromaticities": chromaticities} if plan.space.own_primaries and chromaticities else {}
