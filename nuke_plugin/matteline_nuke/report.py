"""Reports to the artist or the farm: the one place where errors reach them."""

from __future__ import annotations

import functools
import sys
from typing import Any, Callable, TypeVar, cast

import nuke

from .contract.errors import MattelineError
from .contract.messages import sentence

# Where a button or knob of the node is not called as the setting is.
_CONTROLS = {
    "existing=update": "Render Matte",
    "existing=resume": "Render Matte",
    "existing=overwrite": "Render All Again",
    "output": "Output",
    "frames": "Range",
    "fetch": "Choose Model",
}

_Function = TypeVar("_Function", bound=Callable[..., Any])


def error_text(error: MattelineError) -> str:
    """Return an error for people: what is wrong, what to do, and with which knobs."""
    return sentence(error, _CONTROLS)


def report_errors(function: _Function) -> _Function:
    """Show an error of ours as a message where there is a window; elsewhere print it and let it through.

    So a button never ends in a traceback, and `nuke -t` ends with an exit code that is not 0.
    """

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except MattelineError as error:
            if not nuke.GUI:
                log(error_text(error), stream=sys.stderr)
                raise
            nuke.message(error_text(error))
            return None

    return cast(_Function, wrapper)


def log(words: str, stream: Any = None) -> None:
    """Print a line to the terminal that Nuke was started from, or to a farm's log."""
    print(f"Matteline: {words}", file=stream or sys.stdout, flush=True)
