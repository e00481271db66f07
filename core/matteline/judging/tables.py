"""Files of an evaluation: a line for each frame, a line for each clip, everything as JSON, and a plot."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path

from matteline import __version__
from matteline.contract.files import write_text
from matteline.judging.chart import Chart, Line, stacked
from matteline.judging.evaluate import METRICS, Evaluation, mean_of

# Clips that are drawn as a line each, one for each colour of a chart; of more the mean is drawn.
EVALUATION_VERSION = 1
_MOST_LINES = 8


def save_evaluation(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write `frames.csv`, `clips.csv`, `eval.json` and `eval.svg`; return the paths. Raises `WriteError`."""
    files = {
        "frames.csv": frames_csv(evaluation),
        "clips.csv": clips_csv(evaluation),
        "eval.json": json.dumps(to_dict(evaluation), indent=1, allow_nan=False),
        "eval.svg": plot(evaluation),
    }
    return [write_text(folder / name, text) for name, text in files.items()]


def frames_csv(evaluation: Evaluation) -> str:
    """Return `clip, frame, truth_frame` and a column for each measure, a line for each frame."""
    rows = (
        [clip.name, frame.frame, frame.truth_frame, *(frame.values[name] for name in evaluation.metrics)]
        for clip in evaluation.clips
        for frame in clip.frames
    )
    return _csv(["clip", "frame", "truth_frame", *evaluation.metrics], rows)


def clips_csv(evaluation: Evaluation) -> str:
    """Return `clip, frames` and a column for each measure, a line for each clip, and `mean` for all."""
    rows: list[list[object]] = [
        [clip.name, len(clip.frames), *(clip.mean(name) for name in evaluation.metrics)]
        for clip in evaluation.clips
    ]
    total = sum(len(clip.frames) for clip in evaluation.clips)
    rows.append(["mean", total, *(evaluation.mean(name) for name in evaluation.metrics)])
    return _csv(["clip", "frames", *evaluation.metrics], rows)


def to_dict(evaluation: Evaluation) -> dict[str, object]:
    """Return the evaluation as plain JSON values."""
    metrics = evaluation.metrics
    return {
        "version": EVALUATION_VERSION,
        "matteline": __version__,
        "metrics": {name: {"label": METRICS[name].label, "unit": METRICS[name].unit} for name in metrics},
        "mean": {name: evaluation.mean(name) for name in metrics},
        "clips": [
            {
                "name": clip.name,
                "matched_by": clip.by,
                "mean": {name: clip.mean(name) for name in metrics},
                "frames": [
                    {"frame": frame.frame, "truth_frame": frame.truth_frame, **frame.values}
                    for frame in clip.frames
                ],
            }
            for clip in evaluation.clips
        ],
    }


def plot(evaluation: Evaluation) -> str:
    """Return an SVG file with a panel for each measure, its lines over frames.

    A lone clip is drawn over its own frame numbers, several over the place of a frame in its clip, from 1.
    """
    clips = evaluation.clips
    if len(clips) == 1:
        frames = [frame.frame for frame in clips[0].frames]
    else:
        frames = list(range(1, max(len(clip.frames) for clip in clips) + 1))
    averaged = len(clips) > _MOST_LINES
    panels = []
    for name in evaluation.metrics:
        # Clips of different lengths end in gaps.
        rows = list(zip_longest(*([frame.values[name] for frame in clip.frames] for clip in clips)))
        if averaged:
            lines = [Line("mean", [mean_of(iter(row)) for row in rows])]
        else:
            lines = [Line(clip.name, [row[index] for row in rows]) for index, clip in enumerate(clips)]
        # A measure that no frame has, such as that of a foreground that was not given, gets no panel.
        if any(value is not None for line in lines for value in line.values):
            metric = METRICS[name]
            scope = f", mean of {len(clips)} clips" if averaged else ""
            title = f"{metric.label} {metric.unit}{scope}: {evaluation.mean(name):.3g}"
            panels.append(Chart(title, frames, lines))
    return stacked(panels)


def _csv(header: list[str], rows: Iterable[Sequence[object]]) -> str:
    def cell(value: object) -> object:
        if value is None:
            return ""
        return f"{value:.6g}" if isinstance(value, float) else value

    text = io.StringIO()
    # The same line ends on every system.
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()
