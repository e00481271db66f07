"""`matteline finish`: a matte of another tool with our edges, foreground and delivery."""

from __future__ import annotations

from typing import Any

import click

from matteline.cli.options import some_settings_options
from matteline.cli.progress import PROGRESS, reporter
from matteline.cli.render import job_of, job_options, render_job
from matteline.contract.errors import JobError
from matteline.contract.settings import choices

# All but those that only the network or its look at the plate has a use for.
_NETWORK = (
    *("alpha", "weights", "refiner", "downsample_ratio", "precision", "batch"),
    *("preroll", "cuts", "focus", "exposure", "denoise", "network_view"),
)
_SETTINGS = tuple(name for name in choices() if name not in _NETWORK)


@click.command()
@click.argument("plate")
@click.option(
    "--alpha",
    metavar="MATTE",
    required=True,
    help="Image, sequence or movie of the plate's size; a channel is named as in roto.####.exr:mask.A.",
)
@job_options
@click.option("--progress", type=click.Choice(PROGRESS), default="auto", help="Bar, JSON lines, or nothing.")
@some_settings_options(*_SETTINGS)
def finish(plate: str, output: str, alpha: str, dry_run: bool, progress: str, **values: Any) -> None:
    """Give MATTE, made of PLATE by another tool, fine edges, a clean foreground and delivery below DIR.

    Any roto, key or mask will do, soft or binary: a hard edge is opened over ten pixels to both sides where the
    plate shows hair or blur, a soft one is solved again where it is soft. `--edges network` keeps it as it is. No
    network is used, and everything else is as in `matteline render`.

    \b
    matteline finish plate.####.exr --alpha roto.####.exr -o mattes
    matteline finish shot.mov --alpha mask.mp4 -o mattes --write rgba --format png
    matteline finish plate.####.exr --alpha keys.####.exr:mask.A -o mattes --choke 1 --update
    """
    with reporter(progress) as report:
        # The setting's own word for its default, with which the network would make the matte.
        if alpha == "network":
            raise JobError(
                "There is no alpha to finish.",
                field="alpha",
                hint="Name an image, a sequence or a movie; `matteline render` takes alpha from the network.",
            )
        render_job(job_of(plate, output, {**values, "alpha": alpha}), report, dry_run=dry_run)
