"""The help page: every knob of the node with its label and tooltip, so that it never says less than the panel."""

from __future__ import annotations

import html
import os
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nuke

from . import names
from .contract.files import write_text
from .folders import private_folder
from .report import log, report_errors
from .version import VERSION

_INTRO = """
<p>Connect the plate and press <b>Preview Frame</b> until you like what you see, then <b>Render Matte</b>. It
renders the frames of the range that are missing or were made otherwise, in the background, by the matteline
worker: a process of its own. The matte is shown when every frame is there; outside of the rendered range it
is empty.</p>
<p>Black point, white point, choke and soften on the Edge tab move without a render while <b>Live</b> is on.
The inputs <b>Garbage</b> and <b>Holdout</b> take a Roto or anything else with an alpha. <i>Keyer &rarr;
MatteLine Gallery</i> puts an example of every use into the script.</p>
<p>In <code>nuke -t</code>: <code>import matteline_nuke;
matteline_nuke.render(nuke.toNode("MatteLine1"))</code>. Before the Writes of a farm: <code>nuke -t
matteline_render.py SCRIPT</code>. To learn whether all of this works in your Nuke: <code>nuke -t
selftest.py</code>, which writes a report that can be sent.</p>
"""
_STYLE = (
    "body{font:15px sans-serif;max-width:46em;margin:2em auto}td{vertical-align:top;padding:.2em .8em .2em 0}"
)


@report_errors
def show_help(node: nuke.Node) -> None:
    """Write the help page and open it in the browser; without windows print where it is. Raises `WriteError`."""
    path = Path(private_folder()) / "help.html"
    write_text(path, page(node))
    if nuke.GUI:
        webbrowser.open(path.as_uri())
    log(f"Help: {path}")


def page(node: nuke.Node) -> str:
    """Return the help page of a node as HTML."""
    body = "\n".join(_rows(node))
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>MatteLine</title><style>{_STYLE}</style>"
        f"</head><body><h1>MatteLine {VERSION}</h1>{_INTRO}{body}</body></html>\n"
    )


def _rows(node: nuke.Node) -> Iterator[str]:
    is_open = False
    for knob in node.allKnobs():
        if not knob.name().startswith(names.PREFIX) or isinstance(knob, nuke.Text_Knob) or not knob.visible():
            continue
        label = html.escape(_label(knob))
        if isinstance(knob, nuke.Tab_Knob):
            yield f"{'</table>' if is_open else ''}<h2>{label}</h2><table>"
            is_open = True
        else:
            yield f"<tr><td><b>{label}</b></td><td>{html.escape(knob.tooltip())}</td></tr>"
    yield "</table>" if is_open else ""


def _label(knob: Any) -> str:
    return str(knob.label()) or os.path.basename(str(knob.name()))
