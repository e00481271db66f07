"""`matteline train`: train a network of one's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from matteline.training.run import Report

_FOLDER = click.Path(path_type=Path)


@click.command()
@click.option("-o", "--output", type=_FOLDER, required=True, metavar="DIR", help="The run's folder.")
@click.option("--preset", default="small-cpu", show_default=True, metavar="NAME", help="The schedule.")
@click.option("--teacher", metavar="WEIGHTS", help="Learn from this network's mattes: a name or a file.")
@click.option(
    "--pictures", type=_FOLDER, multiple=True, metavar="DIR", help="Pictures of people, without mattes."
)
@click.option(
    "--stretched", type=_FOLDER, multiple=True, metavar="DIR", help="The same, stretched to another aspect."
)
@click.option("--backgrounds", type=_FOLDER, multiple=True, metavar="DIR", help="Pictures without people.")
@click.option("--drawn", type=click.IntRange(0), default=0, metavar="N", help="Add so many drawn people.")
@click.option("--hold-out", type=click.IntRange(0), default=10, help="Measure on every Nth picture. [10]")
@click.option("--cache", type=_FOLDER, metavar="DIR", help="For the teacher's mattes. [DIR/cache]")
@click.option("--width", type=float, metavar="X", help="Of the network; 1 is RVM's. [the preset's]")
@click.option("--minutes", type=float, metavar="N", help="Train so long; the schedule fits itself to it.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Train so many steps instead.")
@click.option("--device", default="auto", show_default=True, metavar="NAME", help="auto, cpu, cuda, cuda:1.")
@click.option("--precision", default="auto", show_default=True, metavar="NAME", help="fp32, fp16, bf16.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the first weights and all lessons.")
@click.option("--resume", is_flag=True, help="Go on from the newest checkpoint of the run's folder.")
def train(output: Path, minutes: float | None, steps: int | None, **values: object) -> None:
    r"""Train a network on one or several devices.

    \b
    matteline train --teacher rvm_mobilenetv3 --pictures people --backgrounds rooms --minutes 90 -o run
    torchrun --nproc-per-node 4 -m matteline train ... -o run      on four GPUs

    The run's folder receives model.safetensors (what --weights takes), progress.csv, pictures and checkpoints.
    """
    from matteline.api import surroundings
    from matteline.training.assemble import Request, assemble

    request = Request(
        output=output,
        minutes=minutes,
        steps=steps,
        weight_folders=surroundings().weight_folders,
        rank=int(os.environ.get("RANK", 0)),
        local_rank=int(os.environ.get("LOCAL_RANK", 0)),
        processes=int(os.environ.get("WORLD_SIZE", 1)),
        **values,  # type: ignore[arg-type]
    )
    run = assemble(request, lambda what, done, of: click.echo(f"Preparing {what}: {done} of {of}"))
    click.echo(run.described)
    run.train(_tell)


def _tell(report: Report) -> None:
    line, step = report.line, report.step
    score = f", held out: IoU {line['iou']}, MAD {line['mad']}" if report.score else ""
    click.echo(
        f"Step {step.number}, {step.seconds / 60:.1f} min, {step.progress:.0%}, {step.stage}: "
        f"loss {line['loss']}, alpha {line['alpha']}{score}"
    )
