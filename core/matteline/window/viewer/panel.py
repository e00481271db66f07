"""The viewer as one widget: picture, scrubber, and everything around them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFontDatabase, QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from matteline.colour.config import Config
from matteline.colour.viewer import PLAIN
from matteline.contract.frames import FrameSet
from matteline.window.viewer.canvas import Canvas, Layout
from matteline.window.viewer.clip import duration_of_frame
from matteline.window.viewer.darkroom import Darkroom
from matteline.window.viewer.footage import PRODUCTS, Footage
from matteline.window.viewer.keys import KEYS, KeySheet
from matteline.window.viewer.picking import Picking
from matteline.window.viewer.player import Player
from matteline.window.viewer.projector import Choice, Projector
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
        config: Opens the OCIO config of the views; asked for only when a picture is to be made.
        budget_bytes: What frames in memory may take.
    """

    failed = Signal(object)
    """A `MattelineError` that belongs to no frame."""

    def __init__(
        self, config: Callable[[], Config], budget_bytes: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._footages: list[Footage] = []
        self._before_alpha = "plate"
        self._shown_at: deque[float] = deque(maxlen=48)
        self.player = Player(self)
        self.canvas = Canvas()
        self.timeline = Timeline()
        self.picking = Picking()
        self.transport = Transport()
        self.store = FrameStore(budget_bytes, self)
        self.darkroom = Darkroom(config, self)
        self.projector = Projector(self.store, self.darkroom, self.canvas, self.player)
        self._readout = _readout()
        self._keys = KeySheet(self)
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
        for role in PRODUCTS:
            if role in footage.clips:
                clip = footage.clips[role]
                clip.add(number)  # type: ignore[attr-defined]
                self.store.forget(clip, number)
        if number == self.player.frame:
            self.projector.refresh()
        self._follow_lanes()

    def look_again(self, footage: Footage) -> None:
        """See which results there are by now."""
        for role in PRODUCTS:
            if role in footage.clips:
                footage.clips[role].look_again()  # type: ignore[attr-defined]
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
        self.picking.set_backdrop(Backdrop(footage=footage))

    def offer_views(self, views: list[str], chosen: str = PLAIN) -> None:
        """Let these views of the OCIO config be chosen."""
        self.picking.offer_views(views, chosen)

    def run(self, command: str) -> None:
        """Do what a key of `keys.KEYS` means."""
        if command.startswith("show_"):
            self._show_mode(command.removeprefix("show_"))
        else:
            self._commands()[command]()

    def close_all(self) -> None:
        """End threads and close files."""
        self.player.stop()
        self._lanes.stop()
        self.darkroom.close()
        self.store.close()
        for footage in self._footages:
            footage.close()

    def resizeEvent(self, event: object) -> None:
        """Keep the list of keys over all of it."""
        if self._keys.isVisible():
            self._keys.setGeometry(self.rect())

    def _commands(self) -> dict[str, Callable[[], object]]:
        player, picking, canvas = self.player, self.picking, self.canvas
        return {
            "toggle": player.toggle,
            "play": lambda: player.play(1),
            "play_back": lambda: player.play(-1),
            "stop": player.stop,
            "back": lambda: player.step(-1),
            "on": lambda: player.step(1),
            "back_ten": lambda: player.step(-10),
            "on_ten": lambda: player.step(10),
            "first": lambda: self._to_end(player.range.first, player.whole.first),
            "last": lambda: self._to_end(player.range.last, player.whole.last),
            "mark_in": lambda: player.mark(first=player.frame),
            "mark_out": lambda: player.mark(last=player.frame),
            "clear_marks": player.clear_marks,
            "mark_before": lambda: self._to_mark(-1),
            "mark_after": lambda: self._to_mark(1),
            "red": lambda: picking.set_channel(0),
            "green": lambda: picking.set_channel(1),
            "blue": lambda: picking.set_channel(2),
            "wipe": lambda: picking.set_layout(Layout.WIPE),
            "side_by_side": lambda: picking.set_layout(Layout.SIDE_BY_SIDE),
            "difference": lambda: picking.set_layout(Layout.DIFFERENCE),
            "swap": picking.swap,
            "fit": canvas.fit,
            "pixels": lambda: canvas.set_zoom(1 / canvas.devicePixelRatioF()),
            "closer": lambda: canvas.set_zoom(canvas.zoom * 1.5),
            "farther": lambda: canvas.set_zoom(canvas.zoom / 1.5),
            "darker": lambda: picking.expose(-0.5),
            "brighter": lambda: picking.expose(0.5),
            "neutral": picking.neutral,
            "help": self._keys.open,
        }

    def _show_mode(self, mode: str) -> None:
        now = self.picking.a.choice
        if now is None:
            return
        if mode == "alpha" and now.mode == "alpha":
            mode = self._before_alpha
        elif mode == "alpha":
            self._before_alpha = now.mode
        self.picking.a.choose_mode(mode)

    def _to_end(self, mark: int, end: int) -> None:
        self.player.stop()
        self.player.seek(end if self.player.frame == mark else mark)

    def _to_mark(self, direction: int) -> None:
        mark = self.timeline.mark_beside(self.player.frame, direction)
        if mark is not None:
            self.player.stop()
            self.player.seek(mark)

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
            self.player.load(frames, 1 / duration_of_frame(footage.rate))
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
            self.player.load(footage.frames.hull, 1 / duration_of_frame(footage.rate))

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
        results = [footage.clips[role].frames for role in PRODUCTS if role in footage.clips]
        self.timeline.set_rendered(results[0] if results and "plate" in footage.clips else FrameSet())

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
        footage = self.projector.look.sides[0].footage if self.projector.look.sides else None
        if footage is None:
            return
        if self._pointer is None:
            width, height = footage.size
            self._readout.setText(
                f"{width} x {height}   {footage.main.info.description}   {footage.space.name}"
            )
            return
        x, y = self._pointer
        parts = [f"{role} {_numbers(values, own)}" for role, values, own in self.projector.values_at(x, y)]
        self._readout.setText("   ".join([f"x {x}  y {y}", *parts]))


def _numbers(values: list[float], own: bool) -> str:
    return ("" if own else "~ ") + "  ".join(f"{value:.4f}" for value in values)


def _readout() -> QLabel:
    label = QLabel()
    label.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    label.setProperty("role", "faint")
    label.setContentsMargins(12, 4, 12, 2)
    label.setMinimumWidth(100)
    return label
