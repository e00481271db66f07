"""The gallery of the Nuke plug-in, one node for every use: `python -m tests.nuke.gallery` writes it.

It is written by the stand-in, from nodes that the plug-in itself has made, so it is always of this release.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from matteline.packaging.nuke import package_nuke
from tests.nuke.conftest import Installed
from tests.nuke.literals import PLUGIN

GALLERY = PLUGIN / "gallery.nk"
_STEP = 420

USES: dict[str, tuple[str, dict[str, Any]]] = {
    "Over": (
        "A person over a background: the foreground times its matte, merged.",
        {"product": "foreground premultiplied"},
    ),
    "Edges": (
        "Edges that move without a render: drag Choke and Soften on the Edge tab.",
        {"choke": 1.0, "soften": 2.0, "black_point": 0.05, "white_point": 0.95},
    ),
    "Garbage": ("A Roto as garbage matte: where its alpha is 0, so is the matte.", {}),
    "Holdout": ("A Roto as hold-out matte: where its alpha is 1, so is the matte.", {}),
    "Channel": (
        "The matte in mask.a, the plate's own alpha untouched, for a Grade with a mask.",
        {"channel": "mask.a"},
    ),
    "People": (
        "One person of several: name the Cryptomatte files on the People tab, and the names that are kept.",
        {"people": "person1", "pick_people": True},
    ),
    "Range": (
        "A part of the shot first: later ranges cost only what is new.",
        {"range": "custom", "first": 1001, "last": 1010},
    ),
    "Baked": (
        "Edges in the files, as the command renders them, for other programs.",
        {"edges_live": False, "choke": 1.0},
    ),
    "Written": (
        "Whatever comes in, written by Nuke: retimes, grades, movies.",
        {"input": "always write", "keep_input": True},
    ),
    "Farm": ("Mattes before the Writes of a farm.", {"on_demand": True}),
}
"""Name to what it shows, and the values of knobs."""


def text() -> str:
    """The gallery as it is pasted."""
    with tempfile.TemporaryDirectory() as folder:
        installed = Installed(package_nuke(Path(folder))[0])
        try:
            with installed.current():
                for index, (name, (words, values)) in enumerate(USES.items()):
                    _scene(installed, name, words, values, index * _STEP)
            return installed.host.script_of(installed.host.root.nodes())
        finally:
            installed.close()


def _scene(installed: Installed, name: str, words: str, values: dict[str, Any], x: int) -> None:
    nuke, host = installed.host.module, installed.host
    note = nuke.nodes.StickyNote(name=f"{name}Note", label=words)
    note.setXYpos(x, -120)
    plate = nuke.nodes.Constant(name=f"{name}Plate", label="your plate", color=0.18)
    plate.setXYpos(x, 0)
    for each in nuke.selectedNodes():
        each.setSelected(False)
    plate.setSelected(True)
    node = installed.plugin.create()
    node.setName(f"MatteLine{name}")
    node.setXYpos(x, 160)
    host.layers.setdefault("mask", ("mask.a",))
    for knob, value in values.items():
        node[f"matteline_{knob}"].setValue(value)
    if name in ("Garbage", "Holdout"):
        roto = nuke.nodes.Roto(name=f"{name}Roto", label="draw here")
        roto.setXYpos(x + 160, 80)
        node.setInput(1 if name == "Garbage" else 2, roto)
    if name == "Over":
        behind = nuke.nodes.Constant(name="OverBackground", label="your background", color=0.05)
        behind.setXYpos(x + 160, 160)
        nuke.nodes.Merge2(name="OverMerge", inputs=[behind, node]).setXYpos(x, 260)
    if name == "Farm":
        nuke.nodes.Write(name="FarmWrite", inputs=[node]).setXYpos(x, 260)


if __name__ == "__main__":
    GALLERY.write_text(text(), encoding="utf-8")
