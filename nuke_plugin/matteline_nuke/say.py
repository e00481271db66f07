"""The one place where what went wrong reaches the artist, or the farm."""

from __future__ import annotations

import functools
import sys
from typing import Any, Callable, TypeVar, cast

import nuke

from .contract.errors import MattelineError
from .contract.messages import sentence

_Function = TypeVar("_Function", bound=Callable[..., Any])


def shown(function: _Function) -> _Function:
    """Show an error of ours as a message where there is a window; elsewhere print it and let it through.

    So a button never ends in a traceback, and `nuke -t` ends with an exit code that is not 0.
    """

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except MattelineError as error:
            if not nuke.GUI:
                log(sentence(error), stream=sys.stderr)
                raise
            nuke.message(sentence(error))
            return None

    return cast(_Function, wrapper)


def log(words: str, stream: Any = None) -> None:
    """A line for the terminal that Nuke was started from, and for a farm's log."""
    print(f"Matteline: {words}", file=stream or sys.stdout, flush=True)
