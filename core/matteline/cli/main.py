"""The command's entry: its subcommands, and how an ending becomes an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

import click

from matteline import __version__
from matteline.cli.options import show_error
from matteline.contract.errors import MattelineError, memory_error

EXIT_CODES = """\b
Exit codes:
    0  done
    2  wrong arguments
    3  unreadable input
    4  device, memory or connection
    5  cannot write
    6  a saved state or a farm job belongs to something else
  130  interrupted (143 when asked to terminate)
"""

# Loaded only when called, so that `--help` does not wait for torch.
_COMMANDS = {
    "render": "Turn a plate into alpha and foreground.",
    "finish": "Give a matte of another tool fine edges, foreground and delivery.",
    "look": "Find the cuts and the people of a plate.",
    "people": "List who is in a plate, to pick and name people.",
    "demo": "Draw a clip, matte it, and show how well it went.",
    "weights": "List, fetch, add and verify the network's weights.",
    "doctor": "Check this machine and say what is missing.",
    "bench": "Measure how fast this machine renders.",
    "worker": "Render for a host program that talks to it.",
    "farm": "Render on a render farm: many machines, the same pixels.",
    "view": "Open the window: look at mattes, judge them, queue shots.",
    "report": "Judge a folder of results: flicker, holes, missing frames.",
    "sheet": "Make a contact sheet of results.",
    "eval": "Measure mattes against the truth.",
    "train": "Train a network of your own.",
    "package": "Build the plug-in of a host program.",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"matteline.cli.{name}")
        # With an underscore where the plain name would hide one of Python's own, such as `eval`.
        command = getattr(module, name, None) or getattr(module, f"{name}_")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # Not from the commands themselves: they would have to be loaded for it.
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="matteline")
def cli() -> None:
    """Cut people out of plates: no green screen, no clicks, no trimap.

    \b
    matteline render plate.####.exr -o mattes     an EXR sequence, all of it
    matteline render shot.mov -o mattes --first-frame 1001 --frames 1010-1020
    matteline render shot.mov -o mattes --dry-run  what would be done
    """


def main() -> None:
    """Run the command and leave with its exit code."""
    # Before torch loads: its threads otherwise spin while they wait, and take the cores that reading and
    # writing need beside them (docs/performance.md).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    end_at_signals()
    code = _flushed(_exit_code())
    # What comes now would end Python while it ends, with another code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def end_at_signals() -> None:
    """End the command at Ctrl-C, `kill` and a closed terminal, once, however often they come."""
    ending = _Ending()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        # Windows knows no SIGHUP.
        number = getattr(signal, name, None)
        # `nohup`, and shells for what they start behind, ask that some are ignored.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, ending)


class _Ending:
    """Handler of the signals that end a command."""

    def __init__(self) -> None:
        self._received = 0

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        self._received += 1
        if self._received == 1:
            # As an exception, so that every `with` closes: threads end and temporary files go.
            raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)
        # A second exception would fall into that closing. Whoever insists gets an end without it.
        if self._received > _MOST_SIGNALS:
            os._exit(128 + number)


_MOST_SIGNALS = 4


def _flushed(code: int) -> int:
    """Write out what is still to be printed; return the exit code, another one where that fails."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # Or else Python tries once more as it ends, and prints a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _unprinted(error)
    return code


def _unprinted(error: OSError) -> int:
    # Whoever reads only the beginning, as `head` does, has what it wants.
    if not isinstance(error, BrokenPipeError):
        with suppress(OSError):
            click.echo(f"Error: The output cannot be written: {error.strerror or error}.", err=True)
    return 5


def _exit_code() -> int:
    try:
        # Not click's own ending: it would print a traceback's worth for errors that are sentences here.
        result = cli.main(prog_name="matteline", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted. What is complete is kept; a render goes on with --resume.", err=True)
        return 130
    except MattelineError as error:
        show_error(error)
        return error.exit_code
    # torch reports memory that ran out as a RuntimeError; any other one is a fault of ours and keeps its traceback.
    except (MemoryError, RuntimeError) as error:
        if (too_little := memory_error(error)) is None:
            raise
        show_error(too_little)
        return too_little.exit_code
    except OSError as error:
        # Printing names no file: an error with one, or of another kind, is a fault of ours and keeps its traceback.
        if error.filename is not None or error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EIO):
            raise
        return _unprinted(error)
    return result if isinstance(result, int) else 0
