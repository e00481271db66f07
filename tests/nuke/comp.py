"""What an artist does in Nuke: read a plate, make the node, press its buttons, look at the result."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.engine.plan import Resources
from matteline.engine.planner import plan
from matteline.engine.run import run
from tests.nuke import plates
from tests.nuke.fake import FakeNuke, Picture
from tests.nuke.fake.nodes import Node

PREFIX = "matteline_"
_ROOT_DEFAULTS = {
    "colorManagement": "Nuke",
    "OCIO_config": "nuke-default",
    "workingSpaceLUT": "linear",
    "project_directory": "",
}
SETTINGS: dict[str, Any] = {"device": "cpu", "downsample_ratio": 0.5, "preroll": 0}


class Comp:
    """A script in a session of Nuke.

    Attributes:
        host: The session.
        nuke: Its module.
        folder: Where the script lies.
        direct: Renders without Nuke that were made already, by what they were made of.
    """

    def __init__(
        self, host: FakeNuke, plugin: ModuleType, weights: Path, folder: Path, direct: dict[Any, Path]
    ) -> None:
        self.host, self.nuke, self.plugin = host, host.module, plugin
        self.folder, self._weights, self._direct = folder, weights, direct

    def fresh(self) -> None:
        """Begin with nothing but a name, as another script in the same session."""
        host = self.host
        host.root.children.clear()
        host.undo.steps.clear()
        host.decoded.clear()
        for kept in (
            host.offences,
            host.said,
            host.answers,
            host.choices,
            host.executing.frames,
            host.bars.messages,
        ):
            kept.clear()
        host.frame, host.views, host.view = plates.FIRST, ["main"], "main"
        host.executing.cancel_at = None
        host.bars.cancel_when = lambda percentage, message: False
        host.graph_variables.clear()
        host.filename_filters.clear()
        for name in ("colorManagement", "OCIO_config", "workingSpaceLUT", "project_directory"):
            host.root[name].setValue(_ROOT_DEFAULTS[name])
        for name, value in (("proxy", False), ("first_frame", plates.FIRST), ("last_frame", plates.LAST)):
            host.root[name].setValue(value)
        host.root["name"].setValue(str(self.folder / "sh010_comp.nk"))

    def must_be_clean(self) -> None:
        """Nothing that Nuke would have minded, and nothing left open."""
        host = self.host
        if host.bars.open:
            self.plugin.close()
        assert host.offences == []
        assert host.groups == [host.root] and host.this == []
        assert host.undo.at_rest
        assert host.bars.open == 0

    # Nodes

    def read(self, pattern: str, first: int = plates.FIRST, last: int = plates.LAST, **knobs: Any) -> Node:
        made = self.nuke.nodes.Read()
        made["file"].fromUserText(f"{pattern} {first}-{last}")
        for name, value in knobs.items():
            made[name].setValue(value)
        return made

    def node(self, source: Node | None = None, **values: Any) -> Node:
        """Our node behind another, on the CPU and with small pictures."""
        for each in self.nuke.selectedNodes():
            each.setSelected(False)
        if source:
            source.setSelected(True)
        made = self.plugin.create()
        # Edges in the files, unless a test asks for live ones: so they can be compared with the command's.
        self.set(made, **{"weights": str(self._weights), "edges_live": False, **SETTINGS, **values})
        return made

    def set(self, node: Node, **values: Any) -> None:
        """Set settings by their names in the contract, and the node's own by theirs."""
        for name, value in values.items():
            knob = node.knob(PREFIX + name)
            if isinstance(value, tuple):
                for word in _words(node, name):
                    node[f"{PREFIX}{name}_{word}"].setValue(word in value)
            elif isinstance(value, (int, float)) and node.knob(f"{PREFIX}{name}_number"):
                knob.setValue("number")
                node[f"{PREFIX}{name}_number"].setValue(value)
            else:
                knob.setValue(value)

    def press(self, node: Node, button: str) -> None:
        node[f"{PREFIX}do_{button}"].execute()

    def status(self, node: Node) -> str:
        return node[f"{PREFIX}status"].value()

    # Renders

    def render(self, node: Node, button: str = "render") -> str:
        """Press Render Matte and wait; returns what the node says then."""
        self.press(node, button)
        self.wait()
        return self.status(node)

    def refused(self, node: Node, button: str = "render") -> str:
        """What the artist is told at once, with nothing begun."""
        self.host.said.clear()
        self.press(node, button)
        assert self.host.bars.open == 0
        ((kind, words),) = [each for each in self.host.said if each[0] != "tprint"]
        assert kind == "message"
        return words

    def mattes(self) -> list[Path]:
        """The mattes that lie on disk, of all versions."""
        return sorted(self.folder.glob("mattes/**/alpha/*.exr"))

    def wait(self, until: Callable[[], bool] | None = None) -> None:
        """Let Nuke go on until no progress bar is up, or until something else, or something is very wrong."""
        so = until or (lambda: self.host.bars.open == 0)
        self.host.pump(lambda: so() or bool(self.host.offences))

    def direct(self, plate: str, frames: str | None = None, **settings: Any) -> Path:
        """The same render without Nuke; returns the folder of its results."""
        values = {**SETTINGS, "weights": str(self._weights), **settings}
        key = (_digest(plate), frames, repr(values))
        if key not in self._direct:
            self._direct[key] = self.folder / f"direct{len(self._direct)}"
            wanted = None if frames is None else FrameSet.parse(frames)
            job = Job(plate, str(self._direct[key]), wanted, settings=MatteSettings(**values))
            for _ in run(plan(job, Resources())):
                pass
        return self._direct[key]

    def shown(self, node: Node, frame: int) -> Picture:
        """What the node gives."""
        return self.host.pull(node, frame)

    def input_files(self) -> list[Path]:
        """What was written of inputs, and is still there."""
        return sorted(self.folder.rglob("input/*.exr"))


def assert_shows(
    comp: Comp, node: Node, folder: Path, frames: Iterable[int] = range(plates.FIRST, plates.LAST + 1)
) -> None:
    """The node gives the mattes of a folder."""
    for frame in frames:
        assert np.array_equal(comp.shown(node, frame).alpha, alpha_of(folder, frame)), frame


def alpha_of(folder: Path, frame: int) -> np.ndarray:
    """The matte of a frame in a folder of results."""
    return plates.read(_result(folder / "alpha", frame))["R"]


def fgr_of(folder: Path, frame: int) -> np.ndarray:
    """The foreground of a frame in a folder of results, (height, width, 3)."""
    planes = plates.read(_result(folder / "fgr", frame))
    return np.stack([planes[name] for name in "RGB"], -1)


def _result(folder: Path, frame: int) -> Path:
    (path,) = (each for each in folder.glob("*.exr") if int(each.name.split(".")[-2]) == frame)
    return path


def _digest(plate: str) -> str:
    """What lies on disk of a plate."""
    digest = hashlib.sha256()
    for path in sorted(Path(plate).parent.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _words(node: Node, name: str) -> list[str]:
    start = f"{PREFIX}{name}_"
    return [each[len(start) :] for each in node.knobs() if each.startswith(start)]
