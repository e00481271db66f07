"""A real Tcl, as Python brings it, that touches nothing outside of itself."""

from __future__ import annotations

from typing import Any

from tests.nuke.hosts import no_host

try:
    import tkinter
except ImportError:
    tkinter = None  # type: ignore[assignment]

TclError: type[Exception] = tkinter.TclError if tkinter else Exception

_STRANGERS = ("exec", "open", "source", "load", "socket", "cd", "glob", "unload", "after", "vwait")


def plain_tcl() -> Any:
    """An interpreter without its commands for files, processes and networks."""
    if tkinter is None:
        no_host("this Python has no tkinter, whose Tcl reads Nuke's scripts")
    tcl = tkinter.Tcl()
    for name in _STRANGERS:
        tcl.eval(f"rename {name} {{}}")
    return tcl
