"""`matteline bench`: frames per second, stage by stage."""

from __future__ import annotations

import json
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from matteline.cli.options import settings_from, settings_options
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings

if TYPE_CHECKING:
    from matteline.engine.bench import Speeds
    from matteline.engine.plan import Plan

SIZES = {"hd": (1920, 1080), "4k": (3840, 2160)}


@click.command()
@click.argument("plate", required=False)
@click.option(
    "--size", "sizes", type=click.Choice(list(SIZES)), multiple=True, help="Drawn frames to use. [both]"
)
@click.option("--count", type=click.IntRange(4, 200), default=16, help="Frames to measure. [16]")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option(
    "--levers",
    is_flag=True,
    help="Time and error of the network alone and with each improvement, on a drawn clip.",
)
@settings_options
def bench(
    plate: str | None, sizes: tuple[str, ...], count: int, as_json: bool, levers: bool, **values: Any
) -> None:
    """Measure how fast this machine renders PLATE, or drawn EXR frames at HD and 4K.

    Every stage is run by itself with the threads that it has in a render, then the whole. The whole cannot be faster
    than its slowest stage, nor than all cores together: the nearer of these limits is named. Cuts and people are not
    looked for, so that every stage sees the same frames; --levers shows what that adds.
    """
    settings = settings_from(values)
    # Standard output belongs to the figures, which may be piped on.
    console = Console(stderr=True)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="matteline-bench-") as folder:
        if levers:
            rows = _levers(settings, count, Path(folder), console)
        for name, path in () if levers else _plates(plate, sizes, count, Path(folder), console):
            with console.status(f"Measuring {name}"):
                rows.append(_row(name, path, Path(folder) / "mattes", settings, count))
    if as_json:
        click.echo(json.dumps({"machine": machine(), "results": rows}))
    elif levers:
        _print(rows, "CPU seconds and error")
    else:
        for row in rows:
            _print_speeds(row)


def _levers(settings: MatteSettings, count: int, folder: Path, console: Console) -> list[dict[str, Any]]:
    from matteline.api import resources
    from matteline.engine.levers import LEVER_SIZE, LEVERS, measure_lever

    with console.status(f"Drawing {count} frames"):
        from matteline.engine.demo import draw_plate

        plate = draw_plate(folder / "plate", *LEVER_SIZE, count)
    rows: list[dict[str, Any]] = []
    for lever, change in LEVERS.items():
        with console.status(f"Rendering with {lever}"):
            job = Job(
                plate,
                str(folder / lever),
                settings=replace(settings, **change, write=("alpha",), format="png"),
            )
            seconds, error = measure_lever(job, count, resources())
        rows.append(
            {"lever": lever, "CPU seconds per frame": round(seconds, 3), "MAD x 1000": round(error, 2)}
        )
    return rows


def machine() -> str:
    """This machine in words."""
    import torch

    threads = torch.get_num_threads()
    return f"{platform.machine()}, {platform.system()}, torch {torch.__version__}, {threads} threads"


def _plates(
    plate: str | None, sizes: tuple[str, ...], count: int, folder: Path, console: Console
) -> Iterator[tuple[str, str]]:
    if plate is not None:
        yield Path(plate).name, plate
        return
    from matteline.engine.demo import draw_plate

    for name in sizes or tuple(SIZES):
        width, height = SIZES[name]
        with console.status(f"Drawing {count} frames at {width}x{height}"):
            yield f"drawn EXR, {name}", draw_plate(folder / name, width, height, count, file_format="exr")


def _row(name: str, path: str, output: Path, settings: MatteSettings, count: int) -> dict[str, Any]:
    from matteline.api import resources
    from matteline.engine.bench import measure
    from matteline.engine.planner import plan

    settings = replace(settings, preroll=0, cuts="none", focus="plate")
    ready = plan(Job(path, str(output), None, None, "overwrite", settings), resources())
    first = ready.frames.first
    frames = FrameSet((FrameRange(first, min(first + count - 1, ready.frames.last)),))
    # Planned again, because only the first plan tells which frames the plate has.
    ready = plan(replace(ready.job, frames=frames), resources())
    return _figures(name, ready, measure(ready))


def _figures(name: str, ready: Plan, speeds: Speeds) -> dict[str, Any]:
    limit, limited_by = speeds.limit
    return {
        "plate": name,
        "device": f"{ready.settings.device} {ready.settings.precision}, batch {ready.batch}",
        "products": ",".join(each.name for each in ready.outputs.products),
        "frames": len(ready.render),
        "cores": speeds.cores,
        "stages": {
            stage: {
                "frames_per_second": round(speed.fps, 2),
                "threads": speed.threads,
                "cpu_milliseconds": round(1000 * speed.cpu_seconds, 1),
                "idle_cores": round(speed.idle_cores(speeds.cores), 2),
            }
            for stage, speed in {**speeds.stages, "whole": speeds.whole}.items()
        },
        "limit_frames_per_second": round(limit, 2),
        "limited_by": limited_by,
        "whole_of_limit_percent": round(100 * speeds.whole.fps / limit),
        "uploaded_bytes": speeds.uploaded_bytes,
        "downloaded_bytes": speeds.downloaded_bytes,
    }


def _print_speeds(row: dict[str, Any]) -> None:
    rows = [{"stage": stage, **figures} for stage, figures in row["stages"].items()]
    _print(rows, f"{row['plate']} to {row['products']}, {row['device']}, {row['cores']} cores")
    click.echo(
        f"The whole reaches {row['whole_of_limit_percent']} % of its limit, {row['limit_frames_per_second']} frames "
        f"per second by {row['limited_by']}. A frame has {row['uploaded_bytes']} bytes copied to the device and "
        f"{row['downloaded_bytes']} back."
    )


def _print(rows: list[dict[str, Any]], what: str) -> None:
    table = Table(title=f"{what}; {machine()}")
    for name in rows[0]:
        table.add_column(name.replace("_", " "))
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console(soft_wrap=True).print(table)
