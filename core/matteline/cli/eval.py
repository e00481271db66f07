"""`matteline eval`: mattes measured against the truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from matteline.cli.counting import counting
from matteline.cli.progress import PROGRESS
from matteline.contract.frames import FrameSet

if TYPE_CHECKING:
    from matteline.judging.evaluate import Evaluation


@click.command("eval")
@click.argument("pred")
@click.argument("truth")
@click.option(
    "-o", "--output", metavar="DIR", help="Folder for frames.csv, clips.csv, eval.json and eval.svg."
)
@click.option("--frames", metavar="A-B,…", help="Frames to compare, by numbers that both have. [all]")
@click.option(
    "--metrics",
    metavar="NAME,…",
    default="mad,mse,grad,conn,dtssd,fgr_mse",
    help="mad, mse, grad, grad_plain, conn, dtssd, fgr_mse. [all but grad_plain]",
)
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON in place of the table.")
@click.option("--progress", type=click.Choice(PROGRESS), default="auto", help="Bar, JSON lines, or nothing.")
def eval_(
    pred: str, truth: str, output: str | None, frames: str | None, metrics: str, as_json: bool, progress: str
) -> None:
    """Measure mattes PRED against TRUTH.

    Each is a sequence or movie (an EXR's channel as mattes.####.exr:mask.A), a folder of results, or a test
    set of clips, DATASET/CLIP/pha/* and fgr/*. Frames belong together by number where both have the same
    numbers, else by order. DIR receives frames.csv, clips.csv, eval.json and eval.svg.

    \b
    matteline eval mattes/alpha truth.####.png
    matteline eval results/videomatte_512x288 videomatte_512x288 -o figures
    """
    from matteline.judging.clips import pair_up
    from matteline.judging.evaluate import choose_metrics, evaluate
    from matteline.judging.tables import save_evaluation, to_dict

    names = choose_metrics(metrics)
    pairings = pair_up(pred, truth, None if frames is None else FrameSet.parse(frames))
    with counting(progress, "Comparing", sum(len(each.frames) for each in pairings)) as on_frame:
        evaluation = evaluate(pairings, names, on_frame)
    files = save_evaluation(evaluation, Path(output)) if output else []
    if as_json:
        click.echo(json.dumps(to_dict(evaluation), allow_nan=False))
        return
    total, clips = sum(len(each.frames) for each in pairings), len(pairings)
    by = " and ".join(sorted({each.by for each in pairings}))
    click.echo(f"{total} frames{f' of {clips} clips' if clips > 1 else ''}, matched by {by}.")
    for line in _table(evaluation):
        click.echo(line)
    for path in files:
        click.echo(f"Wrote {path}.")


def _table(evaluation: Evaluation) -> Iterator[str]:
    """Yield lines of columns; not a drawn table, which would cut names to the terminal's width."""
    from matteline.judging.evaluate import METRICS

    names = evaluation.metrics
    rows = [["", "", *(METRICS[name].label for name in names)]]
    rows.append(["clip", "frames", *(METRICS[name].unit for name in names)])
    for clip in evaluation.clips if len(evaluation.clips) > 1 else ():
        rows.append([clip.name, str(len(clip.frames)), *(_figure(clip.mean(name)) for name in names)])
    total = sum(len(clip.frames) for clip in evaluation.clips)
    rows.append(["mean", str(total), *(_figure(evaluation.mean(name)) for name in names)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *figures in rows:
        cells = (figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True))
        yield "  ".join((name.ljust(widths[0]), *cells))


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
