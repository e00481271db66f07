"""Progress of the command: a bar on a terminal, JSON lines for programs, or nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from matteline.cli.options import with_fetch_command
from matteline.contract.events import (
    Assembling,
    Event,
    Finished,
    FrameDone,
    Looking,
    Notice,
    Preroll,
    Started,
    to_dict,
)
from matteline.contract.messages import progress_step

if TYPE_CHECKING:
    from matteline.engine.plan import Plan

PROGRESS = ("auto", "json", "none")


class Reporter(Protocol):
    """Output of plan and events for the user."""

    def busy(self, doing: str) -> AbstractContextManager[object]:
        """Show that work of unknown length is under way."""

    def plan(self, plan: Plan) -> None:
        """Show a plan."""

    def event(self, event: Event) -> None:
        """Show an event."""


@contextmanager
def reporter(progress: str) -> Iterator[Reporter]:
    """Open the reporter for `--progress`: a bar on standard error, JSON on standard output, or nothing."""
    if progress == "json":
        yield _Json()
    elif progress == "none":
        yield _Silent()
    else:
        # Standard error, so that the plan on standard output can be piped on.
        bar = _bar(Console(stderr=True))
        try:
            yield _Bar(bar)
        finally:
            if bar.live.is_started:
                bar.stop()


class _Json:
    def busy(self, doing: str) -> AbstractContextManager[object]:
        return nullcontext()

    def plan(self, plan: Plan) -> None:
        from matteline.engine.describe import plan_data

        self._line({"event": "plan", **plan_data(plan)})

    def event(self, event: Event) -> None:
        self._line(to_dict(event))

    def _line(self, data: dict[str, object]) -> None:
        sys.stdout.write(json.dumps(data) + "\n")
        # Flushed at each line: a program at the other end of a pipe would otherwise see nothing until the end.
        sys.stdout.flush()


class _Silent:
    def busy(self, doing: str) -> AbstractContextManager[object]:
        return nullcontext()

    def plan(self, plan: Plan) -> None:
        """Print nothing."""

    def event(self, event: Event) -> None:
        """Print nothing."""


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        console=console,
    )


class _Bar:
    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._render: TaskID | None = None
        self._steps: dict[type[Event], TaskID] = {}
        self._movies: dict[str, TaskID] = {}
        self._since = time.perf_counter()

    def busy(self, doing: str) -> AbstractContextManager[object]:
        return self._bar.console.status(doing)

    def plan(self, plan: Plan) -> None:
        from matteline.engine.describe import describe

        # Not a table: it would break paths that are longer than the terminal is wide.
        advice = plan.weights.advice
        for label, words in describe(plan):
            click.echo(f"{label:<8} {with_fetch_command(words) if words == advice else words}")

    def event(self, event: Event) -> None:
        if isinstance(event, Started):
            self._since = time.perf_counter()
            self._bar.start()
            self._render = self._bar.add_task(progress_step(to_dict(event)), total=event.frames, speed="")
        elif isinstance(event, (Looking, Preroll)):
            self._step(event)
        elif isinstance(event, FrameDone):
            self._frame(event)
        elif isinstance(event, Assembling):
            self._assemble(event)
        elif isinstance(event, Notice):
            self._bar.console.print(f"Note: {event.message}")
        elif isinstance(event, Finished):
            self._bar.console.print(_summary(event))

    def _step(self, event: Looking | Preroll) -> None:
        """Show a step that is gone once it is done."""
        step = type(event)
        if step not in self._steps:
            self._bar.start()
            self._steps[step] = self._bar.add_task(progress_step(to_dict(event)), total=event.total, speed="")
        self._bar.update(self._steps[step], completed=event.done, visible=event.done < event.total)

    def _assemble(self, event: Assembling) -> None:
        if event.name not in self._movies:
            self._movies[event.name] = self._bar.add_task(
                progress_step(to_dict(event)), total=event.total, speed=""
            )
        self._bar.update(self._movies[event.name], completed=event.done)

    def _frame(self, event: FrameDone) -> None:
        assert self._render is not None
        seconds = time.perf_counter() - self._since
        words = f"{event.done / seconds:.2f} frames/s"
        self._bar.update(self._render, completed=event.done, speed=words)


def _summary(event: Finished) -> str:
    speed = f", {event.frames / event.seconds:.2f} frames/s" if event.frames and event.seconds else ""
    return f"Done: {event.frames} frames in {event.seconds:.1f} s{speed}."
