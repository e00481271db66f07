"""The viewer as one widget: picture, scrubber, and everything around them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from matteline.colour.viewer import PLAIN
from matteline.contract.frames import FrameSet
from matteline.window.viewer.canvas import Canvas
from matteline.window.viewer.commands import Commands
from matteline.window.viewer.darkroom import Darkroom
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.keys import KEYS, KeySheet
from matteline.window.viewer.picking import Picking
from matteline.window.viewer.player import Player
from matteline.window.viewer.projector import Choice, Projector
from matteline.window.viewer.readout import Readout
from matteline.window.viewer.recipe import MODES, Backdrop, roles_of
from matteline.window.viewer.store import FrameStore
from matteline.window.viewer.timeline import Timeline
from matteline.window.viewer.transport import Transport

LANES_EVERY_MILLISECONDS = 200
_EMPTY = (
    "Drop a plate here",
    "A movie, an image of a sequence, a folder, or the results of a render. Or press Ctrl+O.",
)


class ViewerPanel(QWidget):
    """Shows footages. Close it before the application ends, so that its threads do.

    Args:
        budget_bytes: What frames in memory may take.
    """

    def __init__(self, budget_bytes: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._footages: list[Footage] = []
        self._backdrops: list[Footage] = []
        self._shown_at: deque[float] = deque(maxlen=48)
        self.player = Player(self)
        self.canvas = Canvas()
        self.timeline = Timeline()
        self.picking = Picking()
        self.transport = Transport()
        self.store = FrameStore(budget_bytes, self)
        self.darkroom = Darkroom(self)
        self.projector = Projector(self.store, self.darkroom, self.canvas, self.player)
        self._readout = Readout()
        self._keys = KeySheet(self)
        self._commands = Commands(self.player, self.picking, self.canvas, self.timeline, self._keys)
        self._lanes = QTimer(self, interval=LANES_EVERY_MILLISECONDS)
        self._pointer: tuple[int, int] | None = None
        self._build()
        self._connect()
        self._bind_keys()
        self.canvas.set_message(*_EMPTY)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.picking)
        column.addWidget(self.canvas, 1)
        column.addWidget(self._readout)
        column.addWidget(self.timeline)
        column.addWidget(self.transport)
        self._enable(False)

    def _connect(self) -> None:
        self.picking.changed.connect(self._follow_picking)
        self.timeline.scrubbed.connect(self._scrub)
        self.transport.sought.connect(self.player.seek)
        self.transport.marked.connect(lambda first, last: self.player.mark(first=first, last=last))
        self.transport.command.connect(self.run)
        self.player.moved.connect(self._follow_frame)
        self.player.state_changed.connect(self._follow_state)
        self.projector.shown.connect(self._follow_shown)
        self.darkroom.baking.connect(self._say_baking)
        self.canvas.hovered.connect(self._hover)
        self.canvas.changed.connect(self._say_zoom)
        self._lanes.timeout.connect(self._follow_lanes)

    def _bind_keys(self) -> None:
        for key in KEYS:
            for keys in key.keys:
                shortcut = QShortcut(QKeySequence(keys), self)
                shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(lambda command=key.command: self.run(command))

    @property
    def footages(self) -> list[Footage]:
        """What is open, in the order it was opened."""
        return list(self._footages)

    def add(self, footage: Footage, *, mode: str | None = None) -> None:
        """Show a footage on side A; one of the same path is replaced."""
        self._replace(footage)
        self.picking.a.choose(Choice(footage, mode or self._first_mode(footage)))
        self._load(footage)

    def update_footage(self, old: Footage, new: Footage) -> None:
        """Go on with another form of a footage that is shown, such as one with more clips."""
        mode = self.picking.a.choice.mode if self.picking.a.choice else None
        for clip in set(old.clips.values()) - set(new.clips.values()):
            self.store.forget(clip)
        self._footages = [new if each is old else each for each in self._footages]
        self.picking.offer(self._footages)
        if mode:
            self.picking.a.choose_mode(mode)
        self._load(new, keep=True)

    def frame_landed(self, footage: Footage, number: int) -> None:
        """A result of a frame is written; show it where that frame is on the screen."""
        for clip in footage.results:
            clip.add(number)
            self.store.forget(clip, number)
        if number == self.player.frame:
            self.projector.refresh()
        self._follow_lanes()

    def look_again(self, footage: Footage) -> None:
        """See which results there are by now."""
        for clip in footage.results:
            clip.look_again()
        self._follow_lanes()

    def show_result(self) -> None:
        """Show what was made of the plate, where the plate itself is shown."""
        now = self.picking.a.choice
        if now is not None and now.mode == "plate":
            self.picking.a.choose_mode("over")

    def set_marks(self, marks: Mapping[int, str]) -> None:
        """Frames worth a look, and why."""
        self.timeline.set_marks(marks)

    def set_backdrop(self, footage: Footage) -> None:
        """Lay the person over another clip."""
        self._backdrops.append(footage)
        self.picking.set_backdrop(Backdrop(footage=footage))

    def offer_views(self, views: list[str], chosen: str = PLAIN) -> None:
        """Let these views of the OCIO config be chosen."""
        self.picking.offer_views(views, chosen)

    def run(self, command: str) -> None:
        """Do what a key of `keys.KEYS` means."""
        self._commands.run(command)

    def close_all(self) -> None:
        """End threads and close files."""
        self.player.stop()
        self._lanes.stop()
        self.darkroom.close()
        self.store.close()
        for footage in (*self._footages, *self._backdrops):
            footage.close()

    def resizeEvent(self, event: object) -> None:
        """Keep the list of keys over all of it."""
        if self._keys.isVisible():
            self._keys.setGeometry(self.rect())

    def _scrub(self, frame: int) -> None:
        self.player.stop()
        self.player.seek(frame)

    def _replace(self, footage: Footage) -> None:
        for old in [each for each in self._footages if each.path == footage.path and each is not footage]:
            for clip in old.clips.values():
                self.store.forget(clip)
            old.close()
            self._footages.remove(old)
        if footage not in self._footages:
            self._footages.append(footage)
        self.picking.offer(self._footages)

    def _first_mode(self, footage: Footage) -> str:
        return next(mode for mode in ("over", "plate", *MODES) if roles_of(footage, mode))

    def _load(self, footage: Footage, *, keep: bool = False) -> None:
        self._enable(True)
        self.canvas.set_message("")
        self.canvas.set_plate(*footage.size, footage.main.info.pixel_aspect)
        frames = footage.frames.hull
        if not (keep and frames == self.player.whole):
            self.player.load(frames, footage.rate)
        self._follow_state()
        self.projector.set_look(self.picking.look)
        self._lanes.start()

    def _enable(self, on: bool) -> None:
        for each in (self.picking, self.timeline, self.transport):
            each.setEnabled(on)

    def _follow_picking(self) -> None:
        look = self.picking.look
        before = self.projector.look.sides[:1]
        self.projector.set_look(look)
        if look.sides and (not before or before[0].footage.frames.hull != look.sides[0].footage.frames.hull):
            footage = look.sides[0].footage
            self.canvas.set_plate(*footage.size, footage.main.info.pixel_aspect)
            self.player.load(footage.frames.hull, footage.rate)

    def _follow_frame(self, frame: int) -> None:
        if not self.player.speed:
            self.transport.set_frame(frame)
            self.timeline.set_frame(frame)

    def _follow_shown(self, shown: int) -> None:
        frame = shown if self.player.speed else self.player.frame
        self.timeline.set_frame(frame)
        self.transport.set_frame(frame)
        self.transport.set_timecode(self.projector.timecode())
        if self.player.speed:
            self._shown_at.append(time.monotonic())
            self._say_rate()
        self._say_values()

    def _follow_state(self) -> None:
        look = self.picking.look
        whole = self.player.whole
        gaps = FrameSet((whole,)).minus(look.sides[0].footage.frames) if look.sides else FrameSet()
        self.timeline.set_frames(whole, self.player.range, gaps)
        self.transport.set_frames(whole, self.player.range)
        self.transport.set_frame(self.player.frame)
        self._shown_at.clear()
        self._say_rate()
        self.projector.refresh()

    def _follow_lanes(self) -> None:
        choices = self.projector.look.seen
        if not choices:
            return
        footage = choices[0].footage
        clips = [each.footage.clips[role] for each in choices for role in roles_of(each.footage, each.mode)]
        held = [self.store.numbers(clip, self.projector.reduction()) for clip in clips]
        self.timeline.set_cached(FrameSet.of(set.intersection(*held) if held else ()))
        rendered = footage.results[0].frames if footage.results and "plate" in footage.clips else FrameSet()
        self.timeline.set_rendered(rendered)

    def _say_rate(self) -> None:
        rate, speed = f"{self.player.rate:.6g} fps", self.player.speed
        times = self._shown_at
        if not speed or len(times) < 8:
            self.transport.set_rate(rate)
            return
        real = (len(times) - 1) / max(times[-1] - times[0], 1e-6)
        self.transport.set_rate(f"{real:.1f} of {abs(speed) * self.player.rate:.6g} fps")

    def _say_baking(self, begins: bool) -> None:
        self.picking.set_state("Making the view ready…" if begins else "")
        if not begins:
            self._say_zoom()

    def _say_zoom(self) -> None:
        percent = 100 * self.canvas.zoom * self.canvas.devicePixelRatioF()
        self.picking.set_state(f"{percent:.3g} %" if self._footages else "")

    def _hover(self, pixel: tuple[int, int] | None) -> None:
        self._pointer = pixel
        self._say_values()

    def _say_values(self) -> None:
        sides = self.projector.look.sides
        if not sides:
            return
        if self._pointer is None:
            self._readout.show_footage(sides[0].footage)
        else:
            self._readout.show_values(self._pointer, self.projector.values_at(*self._pointer))
