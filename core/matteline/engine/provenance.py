"""Provenance: the metadata of every result, which tells how it was made, its rate and its colour space."""

from __future__ import annotations

import os
from collections.abc import Callable

from matteline import __version__
from matteline.engine.outputs import Product
from matteline.engine.plan import Plan
from matteline.engine.recipe import plate_file_fingerprints, recipe_mark, segment_mark

RECIPE = "matteline/recipe"
"""Metadata of every result: the mark of the recipe that it was made by."""

PLATE_FILE = "matteline/plate_file"
"""Metadata of every result: the fingerprint of the plate's file that it was made of."""


SEGMENT = "matteline/segment"
"""Metadata of every result: the mark of the cuts and regions that it was made with."""


def frame_provenance(plan: Plan) -> Callable[[int], dict[str, str]]:
    """Return a function from frame number to the metadata that differs from frame to frame."""
    plate_file = plate_file_fingerprints(plan)
    return lambda number: {PLATE_FILE: plate_file(number), SEGMENT: segment_mark(plan, number)}


def attributes(plan: Plan, product: Product) -> dict[str, object]:
    """Return the metadata of one product, by name. See `media.writer.write_image` for what it does with them."""
    straight = {"matteline/fgr": "straight"} if product.name in ("fgr", "layers") else {}
    return {**provenance(plan), **straight, **_rate(plan), **_colour(plan, product)}


def provenance(plan: Plan) -> dict[str, object]:
    """Return the words that tell how the results of a plan were made."""
    always = {
        "matteline/version": __version__,
        "matteline/colour_space": plan.space.name,
        RECIPE: recipe_mark(plan),
    }
    if not plan.uses_network:
        # The name alone: folders tell strangers about the studio.
        return {**always, "matteline/alpha_from": os.path.basename(plan.settings.alpha)}
    return {
        **always,
        "matteline/model": plan.weights.name,
        "matteline/weights_sha256": plan.weights.sha256,
        "matteline/refiner": plan.settings.refiner,
        "matteline/downsample_ratio": plan.downsample_ratio,
        "matteline/exposure_stops": plan.conditioning.exposure_stops,
        "matteline/denoise": plan.conditioning.denoise,
        "matteline/preroll": str(plan.settings.preroll),
    }


def _rate(plan: Plan) -> dict[str, object]:
    # Readers keep the rate apart from the header of a frame, because a movie has one and its frames do not.
    return {} if plan.plate.rate is None else {"framesPerSecond": plan.plate.rate}


def _colour(plan: Plan, product: Product) -> dict[str, object]:
    """Tag the colour space where it is known, never where it is only assumed; a matte alone holds no colour."""
    if product.is_matte:
        return {"colorInteropID": "data"}
    if plan.space.assumed:
        return {}
    if plan.space.interop_id:
        return {"colorInteropID": plan.space.interop_id}
    chromaticities = plan.plate.colour.chromaticities
    return {"chromaticities": chromaticities} if plan.space.own_primaries and chromaticities else {}
