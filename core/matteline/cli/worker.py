"""`matteline worker`: the process that host programs start and talk to."""

from __future__ import annotations

import faulthandler
import os

import click

from matteline.worker.pipes import take_pipes
from matteline.worker.server import serve


@click.command()
@click.option(
    "--idle-seconds",
    type=click.FloatRange(min=0),
    default=120,
    show_default=True,
    help="How long the model stays loaded after a render.",
)
def worker(idle_seconds: float) -> None:
    """Render for a host program, which writes requests and reads answers, one JSON object to a line.

    It ends when the host closes its standard input. docs/protocol.md describes every message.
    """
    # First of all, so that nothing that is printed from here on reaches the protocol.
    pipes = take_pipes()
    # A native crash leaves its stack in the log. Of its own thread alone, because a host shows few lines.
    faulthandler.enable(all_threads=False)
    code: object = 0
    try:
        serve(pipes, idle_seconds)
    except KeyboardInterrupt:
        code = 130
    except SystemExit as ending:
        code = ending.code
    # Not by returning: a thread may be inside a library for long, and must not outlive the host.
    os._exit(code if isinstance(code, int) else 1)
