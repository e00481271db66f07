"""`matteline train`: train a network of one's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from matteline.training.run import Report

_FOLDER = click.Path(path_type=Path)


@click.command()
@click.option("-o", "--output", type=_FOLDER, required=True, metavar="DIR", help="The run's folder.")
@click.option(
    "--preset", default="small-cpu", show_default=True, metavar="NAME", help="small-cpu, rvm, rvm-1 to rvm-4."
)
@click.option("--matting-clips", type=_FOLDER, metavar="DIR", help="Clips with true mattes: fgr/, pha/.")
@click.option("--matting-images", type=_FOLDER, metavar="DIR", help="Pictures with true mattes: fgr/, pha/.")
@click.option("--segmentation", type=_FOLDER, metavar="DIR", help="Pictures and masks: images/, masks/.")
@click.option("--backgrounds", type=_FOLDER, multiple=True, metavar="DIR", help="Pictures without people.")
@click.option("--teacher", metavar="WEIGHTS", help="Learn from this network's mattes: a name or a file.")
@click.option("--pictures", type=_FOLDER, multiple=True, metavar="DIR", help="People, for the teacher.")
@click.option("--stretched", type=_FOLDER, multiple=True, metavar="DIR", help="The same, stretched.")
@click.option("--drawn", type=click.IntRange(0), default=0, metavar="N", help="Add so many drawn people.")
@click.option("--hold-out", type=click.IntRange(0), default=10, help="Measure on every Nth picture. [10]")
@click.option("--cache", type=_FOLDER, metavar="DIR", help="For the teacher's mattes. [DIR/cache]")
@click.option("--begin", metavar="WEIGHTS", help="Begin from these weights instead of random ones.")
@click.option("--width", type=float, metavar="X", help="Of the network; 1 is RVM's. [the preset's]")
@click.option("--minutes", type=float, metavar="N", help="Train so long; the schedule fits itself to it.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Train so many steps instead.")
@click.option("--device", default="auto", show_default=True, metavar="NAME", help="auto, cpu, cuda, cuda:1.")
@click.option("--precision", default="auto", show_default=True, metavar="NAME", help="fp32, fp16, bf16.")
@click.option("--memory-gb", type=float, metavar="N", help="Fit clips into so much. [the GPU's; 8 on a CPU]")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the first weights and all lessons.")
@click.option("--resume", is_flag=True, help="Go on from the newest checkpoint of the run's folder.")
def train(**values: Any) -> None:
    """Train a network: jointly on true mattes and segmentation, or as the pupil of another network.

    \b
    matteline train --teacher rvm_mobilenetv3 --pictures people --minutes 60 -o run
    matteline train --preset rvm --matting-clips VideoMatte240K --backgrounds bg
                    --segmentation coco --steps 200000 -o run
    matteline train ... -o run --resume                             after an interruption
    torchrun --nproc-per-node 4 -m matteline train ... -o run       on four GPUs

    The run's folder receives model.safetensors (what --weights takes), progress.csv, pictures and
    checkpoints. See docs/training.md.
    """
    from matteline.api import resources
    from matteline.training.assemble import Request, assemble, device_of

    request = Request(**values, weight_folders=resources().weight_folders, team=_team())
    device = device_of(request)
    with request.team.joined(device):
        run = assemble(request, device, _preparing)
        if request.team.leads:
            click.echo(run.described)
        run.train(_tell)


def _team() -> Any:
    from matteline.training.team import Team

    # torchrun tells every process which it is in these variables.
    rank, local, processes = (os.environ.get(name) for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE"))
    return Team(int(rank or 0), int(local or 0), int(processes or 1))


def _preparing(what: str, done: int, of: int) -> None:
    click.echo(f"Preparing {what}: {done} of {of}")


def _tell(report: Report) -> None:
    line, step = report.line, report.step
    score = f", held out: IoU {line['iou']}, MAD {line['mad']}" if report.score else ""
    parts = ", ".join(f"{name} {line[name]}" for name in ("loss", "alpha", "hints") if line[name])
    click.echo(
        f"Step {step.number}, {step.seconds / 60:.1f} min, {step.progress:.0%}, {step.stage}: {parts}{score}"
    )
