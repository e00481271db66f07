"""An evaluation as files: one line a frame, one line a clip, all of it as JSON, and a plot."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path

from matteline import __version__
from matteline.judging.chart import Chart, Line, stacked
from matteline.judging.evaluate import METRICS, ClipScore, Evaluation, mean_of
from matteline.media.atomic import write_text

EVALUATION_VERSION = 1
_LINES_AT_MOST = 8
"""Clips that get a line each in a plot; of more the mean is drawn."""


def save_evaluation(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write `frames.csv`, `clips.csv`, `eval.json` and `eval.svg`; returns the paths. Raises `WriteError`."""
    files = {
        "frames.csv": frames_csv(evaluation),
        "clips.csv": clips_csv(evaluation),
        "eval.json": json.dumps(to_dict(evaluation), indent=1, allow_nan=False),
        "eval.svg": plot(evaluation),
    }
    return [write_text(folder / name, text) for name, text in files.items()]


def frames_csv(evaluation: Evaluation) -> str:
    """`clip, frame, truth_frame` and a column for each measure; one line for each frame."""
    rows = (
        [clip.name, frame.frame, frame.truth_frame, *(frame.values[name] for name in evaluation.metrics)]
        for clip in evaluation.clips
        for frame in clip.frames
    )
    return _csv(["clip", "frame", "truth_frame", *evaluation.metrics], rows)


def clips_csv(evaluation: Evaluation) -> str:
    """`clip, frames` and a column for each measure; one line for each clip, and `mean` for all."""
    rows: list[list[object]] = [
        [clip.name, len(clip.frames), *(clip.mean(name) for name in evaluation.metrics)]
        for clip in evaluation.clips
    ]
    total = sum(len(clip.frames) for clip in evaluation.clips)
    rows.append(["mean", total, *(evaluation.mean(name) for name in evaluation.metrics)])
    return _csv(["clip", "frames", *evaluation.metrics], rows)


def to_dict(evaluation: Evaluation) -> dict[str, object]:
    """The evaluation as plain JSON values."""
    return {
        "version": EVALUATION_VERSION,
        "matteline": __version__,
        "metrics": {
            name: {"label": METRICS[name].label, "unit": METRICS[name].unit} for name in evaluation.metrics
        },
        "mean": {name: evaluation.mean(name) for name in evaluation.metrics},
        "clips": [_clip(clip, evaluation.metrics) for clip in evaluation.clips],
    }


def plot(evaluation: Evaluation) -> str:
    """A panel for each measure, its lines over frames, as an SVG file."""
    frames, clips = _frames(evaluation)
    panels = []
    for name in evaluation.metrics:
        lines = _lines(evaluation, clips, name)
        if any(value is not None for line in lines for value in line.values):
            panels.append(Chart(_title(evaluation, name), frames, lines))
    return stacked(panels)


def _frames(evaluation: Evaluation) -> tuple[list[int], list[ClipScore]]:
    """The numbers along the plot: of a lone clip its own, of several the place in the clip, from 1."""
    clips = list(evaluation.clips)
    if len(clips) == 1:
        return [frame.frame for frame in clips[0].frames], clips
    return list(range(1, max(len(clip.frames) for clip in clips) + 1)), clips


def _lines(evaluation: Evaluation, clips: list[ClipScore], metric: str) -> list[Line]:
    columns = [[frame.values[metric] for frame in clip.frames] for clip in clips]
    by_place = list(zip_longest(*columns))
    if len(clips) > _LINES_AT_MOST:
        return [Line("mean", [mean_of(iter(values)) for values in by_place])]
    return [Line(clip.name, [values[index] for values in by_place]) for index, clip in enumerate(clips)]


def _title(evaluation: Evaluation, name: str) -> str:
    metric, mean, count = METRICS[name], evaluation.mean(name), len(evaluation.clips)
    of = f", mean of {count} clips" if count > _LINES_AT_MOST else ""
    return f"{metric.label} {metric.unit}{of}: {mean:.3g}"


def _clip(clip: ClipScore, metrics: tuple[str, ...]) -> dict[str, object]:
    return {
        "name": clip.name,
        "matched_by": clip.by,
        "mean": {name: clip.mean(name) for name in metrics},
        "frames": [
            {"frame": frame.frame, "truth_frame": frame.truth_frame, **frame.values} for frame in clip.frames
        ],
    }


def _csv(header: list[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value
