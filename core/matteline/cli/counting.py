"""A bar over a known number of frames, or JSON lines, or nothing: for commands that only look."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def counting(progress: str, doing: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield what is to be told how many frames are done.

    Args:
        progress: `auto` draws a bar on standard error, `json` writes `{"event": "judged", …}` lines to
            standard output, `none` says nothing.
        doing: What goes on, in a word or two.
        total: Frames in all.
    """
    if progress == "json":
        yield lambda done: _line({"event": "judged", "done": done, "total": total})
    elif progress == "none":
        yield lambda done: None
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(doing, total=total)
            yield lambda done: bar.update(task, completed=done)


def _line(data: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()
