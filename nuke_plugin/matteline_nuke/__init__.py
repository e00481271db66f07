"""Matteline in Nuke: mattes of people for any input, rendered by the matteline worker in its own process.

Standard library and Nuke's own module only, from Python 3.9 on. The buttons of a node call the functions
here, each with the node; in `nuke -t` they wait for the end and raise what went wrong.
"""

from __future__ import annotations

from .compare import settings_changed
from .farm import before_render, render_missing, submit, write_job
from .help_page import show_help
from .networks import choose_model, fetch_model, networks
from .node import create
from .render import cancel, create_read, new_version, render, render_all, render_current, resume, show
from .session import check, close, start
from .upgrade import upgrade
from .version import VERSION

__all__ = [
    "VERSION",
    "before_render",
    "cancel",
    "check",
    "choose_model",
    "close",
    "create",
    "create_read",
    "fetch_model",
    "networks",
    "new_version",
    "render",
    "render_all",
    "render_current",
    "render_missing",
    "resume",
    "settings_changed",
    "show",
    "show_help",
    "start",
    "submit",
    "upgrade",
    "write_job",
]
