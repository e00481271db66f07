"""The viewer as one widget: picture, scrubber, and the controls around them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QVBoxLayout, QWidget

from matteline.colour.display_transform import PLAIN
from matteline.contract.frames import FrameRange, FrameSet
from matteline.window.viewer.canvas import PEOPLE, Canvas, PersonMark, PointMark
from matteline.window.viewer.clip import ResultClip
from matteline.window.viewer.commands import Commands
from matteline.window.viewer.compositor import MODES, ViewerBackdrop, modes_of, parts_of
from matteline.window.viewer.display_worker import DisplayWorker
from matteline.window.viewer.first_look import FirstLook
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.frame_cache import FrameCache
from matteline.window.viewer.keys import KEYS, KeySheet
from matteline.window.viewer.player import Player
from matteline.window.viewer.readout import Readout
from matteline.window.viewer.timeline import Timeline
from matteline.window.viewer.transport import Transport
from matteline.window.viewer.view_controller import SideChoice, ViewController
from matteline.window.viewer.view_toolbar import ViewToolbar

# The frames in memory change with every one that is read; the scrubber is painted anew less often.
LANES_EVERY_MILLISECONDS = 200
# Frames over which the speed of playing is measured: about two seconds.
_SPEED_FRAMES = 48
_EMPTY = (
    "Drop a plate here",
    "A movie, an image of a sequence, a folder, or the results of a render. Or press Ctrl+O.",
)


class ViewerPanel(QWidget):
    """Shows footage. Close it before the application ends, so that its threads do.

    Args:
        budget_bytes: Bytes that frames in memory may take.
    """

    # Footage, and the form of it that has taken its place.
    replaced = Signal(object, object)

    # Side A shows this other footage now.
    footage_switched = Signal(object)

    def __init__(self, budget_bytes: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._footages: list[Footage] = []
        self._backdrops: list[Footage] = []
        self._shown_at: deque[float] = deque(maxlen=_SPEED_FRAMES)
        self._last_shown: int | None = None
        self._look: FirstLook | None = None
        self._people_wanted = True
        self._marks: Callable[[int], tuple[list[PersonMark], list[PointMark]]] | None = None
        self.player = Player(self)
        self.canvas = Canvas()
        self.timeline = Timeline()
        self.toolbar = ViewToolbar()
        self.transport = Transport()
        self.cache = FrameCache(budget_bytes, self)
        self.display_worker = DisplayWorker(self)
        self.controller = ViewController(self.cache, self.display_worker, self.canvas, self.player)
        self._readout = Readout()
        self._key_sheet = KeySheet(self)
        self._commands = Commands(self.player, self.toolbar, self.canvas, self.timeline, self._key_sheet)
        self._commands.add("people", self.toggle_people)
        self._lanes_timer = QTimer(self, interval=LANES_EVERY_MILLISECONDS)
        self._pointer: tuple[int, int] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.toolbar)
        column.addWidget(self.canvas, 1)
        column.addWidget(self._readout)
        column.addWidget(self.timeline)
        column.addWidget(self.transport)
        self._enable(False)
        self._connect()
        self.canvas.set_message(*_EMPTY)

    def _connect(self) -> None:
        self.toolbar.changed.connect(self._follow_toolbar)
        self.timeline.scrubbed.connect(self._scrub)
        self.transport.sought.connect(self.player.seek)
        self.transport.marked.connect(lambda first, last: self.player.mark(first=first, last=last))
        self.transport.command.connect(self.run)
        self.player.moved.connect(self._follow_frame)
        self.player.state_changed.connect(self._follow_player)
        self.controller.shown.connect(self._follow_shown)
        self.display_worker.preparing.connect(self._show_preparing)
        self.canvas.hovered.connect(self._follow_pointer)
        self.canvas.changed.connect(self._show_zoom)
        self._lanes_timer.timeout.connect(self._update_lanes)
        for key in KEYS:
            for keys in key.keys:
                shortcut = QShortcut(QKeySequence(keys), self.canvas)
                # Only of the picture, or single letters could not be typed in numbers and lists around it.
                shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
                shortcut.activated.connect(lambda command=key.command: self.run(command))
        for each in (self.canvas, self.timeline, self.transport):
            each.installEventFilter(self)
        # A choice that is made, or a number that is entered, leaves the keys to the picture.
        for combo in self.toolbar.findChildren(QComboBox):
            combo.activated.connect(self._take_focus)
        for spin in (
            *self.toolbar.findChildren(QAbstractSpinBox),
            *self.transport.findChildren(QAbstractSpinBox),
        ):
            spin.lineEdit().returnPressed.connect(self._take_focus)

    @property
    def footages(self) -> list[Footage]:
        """The footage that is open, in the order it was opened."""
        return list(self._footages)

    def add(self, footage: Footage, *, mode: str | None = None) -> None:
        """Show footage on side A; other footage of the same path is replaced.

        Args:
            footage: The footage.
            mode: One of `compositor.MODES`; None for the best that it has.
        """
        for old in [each for each in self._footages if each.path == footage.path and each is not footage]:
            for clip in old.clips.values():
                self.cache.forget(clip)
            old.close()
            self._footages.remove(old)
        self.offer(footage)
        self.show_footage(footage, mode=mode)

    def offer(self, footage: Footage) -> None:
        """Let the artist choose some footage, which is not shown yet."""
        if footage not in self._footages:
            self._footages.append(footage)
        self.toolbar.offer(self._footages)

    def show_footage(self, footage: Footage, *, mode: str | None = None) -> None:
        """Show footage that is open on side A; `mode` as in `add`."""
        best = next(each for each in ("over", "plate", *MODES) if each in modes_of(footage))
        self.toolbar.a.choose(SideChoice(footage, mode or best))
        self._load(footage)

    def update_footage(self, old: Footage, new: Footage) -> None:
        """Replace footage that is shown by another form of it, such as one with more clips."""
        mode = self.toolbar.a.choice.mode if self.toolbar.a.choice else None
        # Clips that stay keep their frames in memory.
        for clip in set(old.clips.values()) - set(new.clips.values()):
            self.cache.forget(clip)
            clip.close()
        self._footages = [new if each is old else each for each in self._footages]
        self.replaced.emit(old, new)
        self.toolbar.offer(self._footages)
        if mode:
            self.toolbar.a.choose_mode(mode)
        if (shown := self.toolbar.a.choice) is not None and shown.footage is new:
            self._load(new, keep=True)

    def close_footage(self, footage: Footage) -> None:
        """Close footage; side A then shows other footage, if there is any."""
        self._footages.remove(footage)
        for clip in footage.clips.values():
            self.cache.forget(clip)
        footage.close()
        self.toolbar.offer(self._footages)
        if not self._footages:
            self.canvas.clear()
            self.canvas.set_message(*_EMPTY)
            self._lanes_timer.stop()
            self._enable(False)

    def show_written(self, footage: Footage, number: int) -> None:
        """Note that the results of a frame are written, and show them if that frame is on the screen."""
        for clip in footage.results:
            clip.add((number,))
            # It may have been read before, as one that is not rendered yet.
            self.cache.forget(clip, number)
        if number == self.player.frame:
            self.controller.refresh()
        self._update_lanes()

    def add_written(self, clip: ResultClip, numbers: set[int]) -> None:
        """Note frames of a result that its folder was found to hold."""
        clip.add(numbers)
        self._update_lanes()

    def show_result(self, footage: Footage) -> None:
        """Show the person over the backdrop, if side A shows the plate of this footage now."""
        now = self.toolbar.a.choice
        if now is not None and now.mode == "plate" and now.footage.path == footage.path:
            self.toolbar.a.choose_mode("over")

    def follow_previews(self, footage: Footage) -> None:
        """Show the previews of footage as they are now; the first one takes the place of the plate."""
        choice = self.toolbar.a.choice
        if choice is None or choice.footage.path != footage.path:
            return
        had_modes = self.toolbar.a.modes
        if modes_of(footage) != had_modes:
            self.toolbar.offer(self._footages)
            if footage.previews.of(self.player.frame):
                self.show_result(footage)
        self.controller.refresh()
        self._update_lanes()

    def set_stale(self, footage: Footage, frames: FrameSet) -> None:
        """Set the frames whose results were made with other settings than the form has now."""
        self.controller.set_stale(footage, frames)
        self._update_lanes()

    def set_up_to_date(self, footage: Footage, number: int) -> None:
        """Note that a frame's result is written with the form's settings, and that its preview has served."""
        footage.previews.drop(number)
        choice = self.toolbar.a.choice
        if choice is not None and choice.footage.path == footage.path:
            written = FrameSet((FrameRange(number, number),))
            self.controller.set_stale(footage, self.controller.stale.minus(written))

    def set_look(self, look: FirstLook | None) -> None:
        """Show the cuts of the shot on side A on the scrubber, and boxes round its people over the plate."""
        self._look = look
        self.timeline.set_cuts(() if look is None else look.cuts)
        self._show_people()

    def toggle_people(self) -> None:
        """Show the boxes round people, or hide them."""
        self._people_wanted = not self._people_wanted
        self._show_people()

    def show_people_by(self, marks: Callable[[int], tuple[list[PersonMark], list[PointMark]]] | None) -> None:
        """Show people who were told apart: what a frame's number gives; None for the first look's boxes again."""
        self._marks = marks
        self._show_people()

    def _show_people(self) -> None:
        if not self._people_wanted:
            self.canvas.set_people(())
        elif self._marks is not None:
            self.canvas.set_people(*self._marks(self.player.frame))
        elif self._look is not None and self.controller.shows_plate:
            # Over a result they would hide the edges that one looks at.
            boxes = self._look.people(self.player.frame)
            places = [QRectF(box.x, box.y, box.width, box.height) for box in boxes]
            self.canvas.set_people([PersonMark(place, PEOPLE) for place in places])
        else:
            self.canvas.set_people(())

    def set_flags(self, flags: Mapping[int, str]) -> None:
        """Set the frames that are worth a look, each with the reason."""
        self.timeline.set_flags(flags)

    def set_backdrop(self, footage: Footage) -> None:
        """Lay the person over another clip."""
        self._backdrops.append(footage)
        self.toolbar.set_backdrop(ViewerBackdrop(footage=footage))

    def offer_views(self, views: list[str], chosen: str = PLAIN) -> None:
        """Set the views of the OCIO config to choose from."""
        self.toolbar.offer_views(views, chosen)

    def run(self, command: str) -> None:
        """Carry out a command of `keys.KEYS`."""
        self._commands.run(command)

    def close_all(self) -> None:
        """End threads and close files."""
        self.player.stop()
        self._lanes_timer.stop()
        # Threads before clips, because they may still read from these.
        self.display_worker.close()
        self.cache.close()
        for footage in (*self._footages, *self._backdrops):
            footage.close()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the focus when the pointer comes over the picture: keys belong to what one looks at."""
        # A menu or list that is open would lose its keys.
        if event.type() == QEvent.Type.Enter and QApplication.activePopupWidget() is None:
            self._take_focus()
        return super().eventFilter(watched, event)

    def _take_focus(self) -> None:
        self.canvas.setFocus(Qt.FocusReason.MouseFocusReason)

    def resizeEvent(self, event: object) -> None:
        """Keep the list of keys over the whole viewer."""
        if self._key_sheet.isVisible():
            self._key_sheet.setGeometry(self.rect())

    def _scrub(self, frame: int) -> None:
        self.player.stop()
        self.player.seek(frame)

    def _load(self, footage: Footage, *, keep: bool = False) -> None:
        """Show the shot of some footage; `keep` goes on playing where its frames are the same."""
        self._enable(True)
        self.canvas.set_message("")
        self._show_zoom()
        self.canvas.set_plate(*footage.size, footage.main.info.pixel_aspect)
        frames = footage.frames.hull
        if not (keep and frames == self.player.whole):
            self.player.load(frames, footage.rate)
        self._follow_player()
        self.controller.set_state(self.toolbar.state)
        self._lanes_timer.start()

    def _enable(self, on: bool) -> None:
        for each in (self.toolbar, self.timeline, self.transport):
            each.setEnabled(on)

    def _follow_toolbar(self) -> None:
        state = self.toolbar.state
        before = self.controller.state.sides[:1]
        if before and state.sides and before[0].footage.path != state.sides[0].footage.path:
            # Not a picture of one shot under the name of another.
            self.canvas.set_pictures(())
        self.controller.set_state(state)
        if not state.sides:
            return
        footage = state.sides[0].footage
        if not before or before[0].footage.path != footage.path:
            self.canvas.set_plate(*footage.size, footage.main.info.pixel_aspect)
            self.player.load(footage.frames.hull, footage.rate)
            self.footage_switched.emit(footage)

    def _follow_frame(self, frame: int) -> None:
        # While it plays, the scrubber shows the frame that is on the screen, not the one that is due.
        if not self.player.speed:
            self.transport.set_frame(frame)
            self.timeline.set_frame(frame)

    def _follow_shown(self, shown: int) -> None:
        frame = shown if self.player.speed else self.player.frame
        self.timeline.set_frame(frame)
        self.transport.set_frame(frame)
        self.transport.set_timecode(self.controller.timecode())
        # The same frame may be painted several times, as when a finer picture of it comes.
        if self.player.speed and shown != self._last_shown:
            self._shown_at.append(time.monotonic())
            self._show_rate()
        self._last_shown = shown
        self._show_people()
        self._show_values()

    def _follow_player(self) -> None:
        sides = self.toolbar.state.sides
        whole = self.player.whole
        gaps = FrameSet((whole,)).minus(sides[0].footage.frames) if sides else FrameSet()
        self.timeline.set_frames(whole, self.player.range, gaps)
        self.transport.set_frames(whole, self.player.range)
        self.transport.set_frame(self.player.frame)
        self._shown_at.clear()
        self._show_rate()
        self.controller.refresh()

    def _update_lanes(self) -> None:
        """Set the frames that the scrubber shows as being in memory, and as rendered."""
        choices = self.controller.state.visible_sides
        if not choices:
            return
        footage = choices[0].footage
        parts = [(each.footage, parts_of(each.footage, each.mode, self.player.frame)) for each in choices]
        clips = [part.clips[role] for part, made in parts if made.source != "preview" for role in made.roles]
        # A frame counts when every clip of its picture is there.
        cached = [self.cache.numbers(clip, self.controller.reduction()) for clip in clips]
        self.timeline.set_cached(FrameSet.of(set.intersection(*cached) if cached else ()))
        rendered = footage.results[0].frames if footage.results and "plate" in footage.clips else FrameSet()
        self.timeline.set_rendered(rendered)
        self.timeline.set_previewed(footage.previews.frames)
        self.timeline.set_stale(self.controller.stale)

    def _show_rate(self) -> None:
        rate, speed = f"{self.player.rate:.6g} fps", self.player.speed
        times = self._shown_at
        # A few frames after the start the mean says little.
        if not speed or len(times) < 8:
            self.transport.set_rate(rate)
            return
        measured = (len(times) - 1) / max(times[-1] - times[0], 1e-6)
        self.transport.set_rate(f"{measured:.1f} of {abs(speed) * self.player.rate:.6g} fps")

    def _show_preparing(self, begins: bool) -> None:
        self.canvas.set_tag("view", "Preparing the view…" if begins else "")

    def _show_zoom(self) -> None:
        percent = 100 * self.canvas.zoom * self.canvas.devicePixelRatioF()
        digits = 0 if percent >= 10 else 1
        self.canvas.set_tag("zoom", f"{percent:.{digits}f} %" if self._footages else "")

    def _follow_pointer(self, pixel: tuple[int, int] | None) -> None:
        self._pointer = pixel
        self._show_values()

    def _show_values(self) -> None:
        sides = self.controller.state.sides
        if not sides:
            return
        if self._pointer is None:
            self._readout.show_footage(sides[0].footage)
        else:
            self._readout.show_values(self._pointer, self.controller.values_at(*self._pointer))
