"""`matteline train`: train a network of one's own."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matteline.contract.errors import JobError

if TYPE_CHECKING:
    from matteline.training.process_group import ProcessGroup
    from matteline.training.run import ProgressReport

_FOLDER = click.Path(path_type=Path)


@click.command()
@click.option("-o", "--output", type=_FOLDER, required=True, metavar="DIR", help="Folder of the run.")
@click.option(
    "--preset",
    default="small-cpu",
    show_default=True,
    metavar="NAME",
    help="Schedule: small-cpu, rvm, or one of their stages, as rvm-1.",
)
@click.option("--teacher", metavar="WEIGHTS", help="Network to learn from: a name or a file.")
@click.option(
    "--pictures", type=_FOLDER, multiple=True, metavar="DIR", help="Pictures of people for the teacher."
)
@click.option(
    "--stretched",
    type=_FOLDER,
    multiple=True,
    metavar="DIR",
    help="As --pictures, for pictures whose aspect was changed.",
)
@click.option(
    "--segmentation", type=_FOLDER, metavar="DIR", help="Pictures with masks: images/ and masks/ in DIR."
)
@click.option(
    "--matting-clips", type=_FOLDER, metavar="DIR", help="Clips with true mattes: fgr/ and pha/ in DIR."
)
@click.option(
    "--matting-images", type=_FOLDER, metavar="DIR", help="Pictures with true mattes: fgr/ and pha/ in DIR."
)
@click.option("--backgrounds", type=_FOLDER, multiple=True, metavar="DIR", help="Pictures without people.")
@click.option(
    "--drawn", type=click.IntRange(0), default=0, metavar="N", help="Number of drawn people to add. [0]"
)
@click.option(
    "--hold-out",
    type=click.IntRange(0),
    default=10,
    metavar="N",
    help="Hold out every Nth picture, to choose the best model by; 0 for none. [10]",
)
@click.option("--cache", type=_FOLDER, metavar="DIR", help="Folder for the teacher's mattes. [DIR/cache]")
@click.option("--begin", metavar="WEIGHTS", help="Weights to begin from instead of random ones.")
@click.option("--width", type=float, metavar="X", help="Width of the network; 1 is RVM's. [the preset's]")
@click.option("--minutes", type=float, metavar="N", help="Length of the run in minutes.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Length of the run in steps.")
@click.option("--device", default="auto", show_default=True, metavar="NAME", help="auto, cpu, cuda, cuda:1.")
@click.option("--precision", default="auto", show_default=True, metavar="NAME", help="fp32, fp16, bf16.")
@click.option(
    "--memory-gb",
    type=float,
    metavar="N",
    help="Memory that steps must fit into. [all of a GPU's; 8 on a processor]",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of random weights and batches.")
@click.option("--resume", is_flag=True, help="Continue from the newest checkpoint in the run's folder.")
def train(**values: Any) -> None:
    """Train a matting network, from another network's mattes or from true mattes and masks.

    \b
    matteline train --teacher rvm_mobilenetv3 --pictures people --minutes 60 -o run
    matteline train --preset rvm --matting-clips VideoMatte240K --backgrounds bg
                    --segmentation coco --steps 200000 -o run
    matteline train ... -o run --resume                             after an interruption
    torchrun --nproc-per-node 4 -m matteline train ... -o run       on four GPUs

    The run's folder receives model.safetensors, to be used as --weights, progress.csv, pictures and
    checkpoints. See docs/training.md.
    """
    if find_spec("matteline.training") is None:
        hint = "Install it from a checkout of matteline: pip install ./training"
        raise JobError("Training is not installed; it is a package of its own.", hint=hint)
    from matteline.api import resources
    from matteline.training.assemble import TrainingRequest, assemble, device_of

    request = TrainingRequest(**values, weight_folders=resources().weight_folders, processes=_process_group())
    device = device_of(request)
    with request.processes.joined(device):
        run = assemble(request, device, _show_preparing)
        if request.processes.leads:
            click.echo(run.described)
        run.train(_show_progress)


def _process_group() -> ProcessGroup:
    """Return this process's place, which torchrun puts into the environment."""
    from matteline.training.process_group import ProcessGroup

    rank, local, processes = (os.environ.get(name) for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE"))
    return ProcessGroup(int(rank or 0), int(local or 0), int(processes or 1))


def _show_preparing(what: str, done: int, of: int) -> None:
    click.echo(f"Preparing {what}: {done} of {of}")


def _show_progress(report: ProgressReport) -> None:
    line, step = report.line, report.step
    score = f", held out: IoU {line['iou']}, MAD {line['mad']}" if report.score else ""
    losses = ", ".join(f"{name} {line[name]}" for name in ("loss", "alpha", "features") if line[name])
    where = f"Step {step.number}, {step.seconds / 60:.1f} min, {step.progress:.0%}, {step.stage}"
    click.echo(f"{where}: {losses}{score}")
