"""The controller of the viewer: it requests frames, has pictures made of them, and shows errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from matteline.colour.display_transform import NEUTRAL, PLAIN, ViewerGrade, as_floats
from matteline.contract.errors import MattelineError
from matteline.contract.frames import FrameSet
from matteline.window.viewer.canvas import Canvas, Layout
from matteline.window.viewer.compositor import MODES, ViewerBackdrop, parts_of
from matteline.window.viewer.display_worker import DisplayRequest, DisplayResult, DisplayWorker, SideFrames
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.frame_cache import CachedFrame, FrameCache, FrameRequest
from matteline.window.viewer.player import Player
from matteline.window.viewer.reduction import REDUCTIONS, reduction_for

# Frames that are read before they are due.
AHEAD_PLAYING = 64
AHEAD_STANDING = 6
# How long the artist rests on a frame before its own pixels are read, for the values under the pointer.
FULL_SIZE_AFTER_MILLISECONDS = 250
# Frames of a movie that are decoded in one go when it is played backwards.
_BACKWARD_STRETCH = 16
# How long a frame may take before the picture says that it is being read.
LOADING_AFTER_MILLISECONDS = 200
# Words over the picture for what it is made of, by `FrameParts.source`.
SOURCES: Final = {
    "preview": "Preview",
    "missing": "Not rendered yet: plate",
    "stale": "Made with other settings",
}


@dataclass(frozen=True)
class SideChoice:
    """The footage that one side shows, and its mode."""

    footage: Footage
    mode: str


@dataclass(frozen=True)
class ViewState:
    """Everything that decides a picture but the frame's number."""

    sides: tuple[SideChoice, ...] = ()
    layout: Layout = Layout.SINGLE
    view: str = PLAIN
    grade: ViewerGrade = NEUTRAL
    channel: int | None = None
    backdrop: ViewerBackdrop = field(default_factory=ViewerBackdrop)

    @property
    def visible_sides(self) -> tuple[SideChoice, ...]:
        """The sides that are shown."""
        return self.sides[:1] if self.layout is Layout.SINGLE else self.sides


class ViewController(QObject):
    """Brings frames from the cache through the display worker to the canvas.

    Args:
        cache: Reads frames.
        display_worker: Makes pictures of them.
        canvas: Shows the pictures.
        player: Says which frame is due.
    """

    # The number of a frame that can be seen on the screen now.
    shown = Signal(int)

    def __init__(
        self, cache: FrameCache, display_worker: DisplayWorker, canvas: Canvas, player: Player
    ) -> None:
        super().__init__(canvas)
        self._cache, self._display_worker = cache, display_worker
        self._canvas, self._player = canvas, player
        self._state = ViewState()
        self._on_screen: int | None = None
        self._shows_plate = False
        # The frame whose error is on the screen.
        self._failed: int | None = None
        self._stale: tuple[str, FrameSet] = ("", FrameSet())
        self._rest = QTimer(self, singleShot=True, interval=FULL_SIZE_AFTER_MILLISECONDS)
        # Methods, never closures: Qt then calls them in the window's thread, whichever thread sends.
        self._rest.timeout.connect(self._request_full_size)
        self._late = QTimer(self, singleShot=True, interval=LOADING_AFTER_MILLISECONDS)
        self._late.timeout.connect(self._show_loading)
        cache.arrived.connect(self._on_arrived)
        display_worker.done.connect(self._on_done)
        canvas.changed.connect(self.refresh)
        player.moved.connect(self._on_moved)

    @property
    def state(self) -> ViewState:
        """The choices that decide the picture."""
        return self._state

    @property
    def on_screen(self) -> int | None:
        """The number of the frame that can be seen; None before the first."""
        return self._on_screen

    @property
    def stale(self) -> FrameSet:
        """The frames of side A whose results were made with other settings."""
        sides = self._state.sides
        return self._stale[1] if sides and sides[0].footage.path == self._stale[0] else FrameSet()

    @property
    def shows_plate(self) -> bool:
        """True where the picture on the screen is the plate alone."""
        return self._shows_plate

    def set_stale(self, footage: Footage, frames: FrameSet) -> None:
        """Set the frames of some footage whose results were made with other settings than the form has."""
        if (footage.path, frames) != self._stale:
            self._stale = (footage.path, frames)
            self.refresh()

    def set_state(self, state: ViewState) -> None:
        """Show other sides, or the same in another way."""
        self._state = state
        self._canvas.set_layout(state.layout)
        self._canvas.set_tag("channel", "" if state.channel is None else _CHANNELS[state.channel])
        self.refresh()

    def refresh(self) -> None:
        """Make the picture of the frame that is due anew."""
        self._request_frames()
        self._show(self._player.frame)

    def reduction(self) -> int:
        """Return the divisor of frames' sides at this zoom."""
        return reduction_for(self._canvas.zoom * self._canvas.devicePixelRatioF())

    def timecode(self) -> str | None:
        """Return the timecode of the frame that is due; None where its file has none."""
        for request in self._requests_of(self._player.frame, self.reduction()):
            frame = self._nearest(request)
            if frame is not None and frame.timecode:
                return frame.timecode
        return None

    def values_at(self, x: int, y: int) -> list[tuple[str, list[float], bool]]:
        """Return the values of a pixel of the plate in each clip that is shown.

        Returns:
            Role, values as stored (integers as 0..1), and False where they are a mean over several pixels,
            because the frame is in memory reduced.
        """
        found = []
        shown: list[tuple[str, CachedFrame]] = []
        for choice in self._state.visible_sides:
            shown += self._frames_of(choice, self._player.frame, 1).items()
        if (behind := self._backdrop_request(self._player.frame)) and (frame := self._nearest(behind)):
            shown.append(("behind", frame))
        # Both sides may show the same clip.
        for role, frame in {id(frame): (role, frame) for role, frame in shown}.values():
            row = min(y // frame.reduction, frame.pixels.shape[0] - 1)
            column = min(x // frame.reduction, frame.pixels.shape[1] - 1)
            values = as_floats(frame.pixels[row, column])
            # The matte of an EXR is repeated in three channels.
            values = values[:1] if role == "alpha" else values
            found.append((role, values.tolist(), frame.reduction == 1))
        return found

    def _on_moved(self, _number: int) -> None:
        self._request_frames(retry=True)
        self._show(self._player.frame)
        if self._on_screen != self._player.frame and not self._player.speed:
            self._late.start()

    def _show_loading(self) -> None:
        if self._on_screen != self._player.frame and self._state.sides and not self._player.speed:
            self._canvas.set_tag("loading", f"Reading frame {self._player.frame}…")

    def _frames_of(self, choice: SideChoice, number: int, reduction: int) -> dict[str, CachedFrame]:
        """Return the frames in memory that the picture of a side is made of, by their roles."""
        parts = parts_of(choice.footage, choice.mode, number)
        if parts.source == "preview":
            previewed = choice.footage.previews.of(number)
            return {role: previewed[role] for role in parts.roles}
        requests = {role: FrameRequest(choice.footage.clips[role], number, reduction) for role in parts.roles}
        found = {role: self._nearest(request) for role, request in requests.items()}
        return {role: frame for role, frame in found.items() if frame is not None}

    def _on_arrived(self, request: FrameRequest) -> None:
        number = request.number
        if number == self._player.frame or (self._is_better_than_shown(number) and self._is_complete(number)):
            self._show(number)

    def _is_better_than_shown(self, number: int) -> bool:
        """Tell whether a frame is worth showing while the one that is due is still being read."""
        due, shown = self._player.frame, self._on_screen
        if self._player.speed:
            # Too late to be on time, but newer than what is on the screen, and not by more than a second.
            late = (due - number) * (1 if self._player.speed > 0 else -1)
            behind = late + 1 if shown is None else abs(due - shown)
            return 0 <= late < min(behind, self._player.rate)
        nearer = shown is None or abs(number - due) < abs(shown - due)
        return nearer and not self._is_complete(due)

    def _show(self, number: int) -> None:
        """Have the picture of a frame made, if all that it is made of is in memory."""
        state = self._state
        if not state.visible_sides:
            return
        reduction = self.reduction()
        wanted = list(self._requests_of(number, reduction))
        errors = (self._cache.error(each) for each in wanted if self._nearest(each) is None)
        if error := next((each for each in errors if each is not None), None):
            self._show_error(number, error)
            return
        sides = []
        for choice in state.visible_sides:
            parts = parts_of(choice.footage, choice.mode, number)
            frames = self._frames_of(choice, number, reduction)
            if not frames or len(frames) < len(parts.roles):
                return
            old = parts.source == "result" and choice.footage.path == self._stale[0]
            source = "stale" if old and number in self._stale[1] else parts.source
            sides.append(SideFrames(choice.footage, parts.mode, frames, source))
        backdrop = self._backdrop_request(number)
        self._display_worker.request(
            DisplayRequest(
                number=number,
                sides=tuple(sides),
                difference=state.layout is Layout.DIFFERENCE,
                region=self._canvas.visible(),
                view=state.view,
                grade=state.grade,
                channel=state.channel,
                backdrop=state.backdrop,
                behind=None if backdrop is None else self._nearest(backdrop),
            )
        )

    def _on_done(self, result: DisplayResult) -> None:
        if result.error is not None:
            self._show_error(result.request.number, result.error)
            return
        if self._failed == self._player.frame != result.request.number:
            # A picture that was under way when the frame that is due turned out to be unreadable.
            return
        choices = self._state.visible_sides
        if len(choices) != len(result.request.sides) or any(
            choice.footage is not side.footage
            for choice, side in zip(choices, result.request.sides, strict=True)
        ):
            # Other footage was chosen while the picture was made.
            return
        sides = result.request.sides
        names = tuple(f"{side.footage.name} · {MODES[side.mode]}" for side in sides)
        badges = dict.fromkeys(SOURCES[side.source] for side in sides if side.source in SOURCES)
        self._failed = None
        self._shows_plate = [side.mode for side in sides] == ["plate"]
        self._canvas.set_message("")
        self._canvas.set_pictures(result.pictures, names)
        self._canvas.set_tag("source", " · ".join(badges))
        self._canvas.set_tag("loading", "")
        self._on_screen = result.request.number
        self.shown.emit(result.request.number)

    def _show_error(self, number: int, error: MattelineError) -> None:
        if number != self._player.frame:
            # A frame that was read ahead. It gets its say when the artist goes there.
            return
        self._canvas.set_pictures(())
        self._canvas.set_message(error.message, error.hint)
        for tag in ("source", "loading"):
            self._canvas.set_tag(tag, "")
        # The error is what is on the screen for that frame.
        self._on_screen = self._failed = number
        self.shown.emit(number)

    def _request_frames(self, *, retry: bool = False) -> None:
        """Request the frame that is due, and those that will be due next."""
        reduction, player = self.reduction(), self._player
        now = list(self._requests_of(player.frame, reduction))
        count = AHEAD_PLAYING if player.speed else AHEAD_STANDING
        later = [each for number in player.ahead(count) for each in self._requests_of(number, reduction)]
        if player.speed < 0:
            later = _movies_forwards(later)
        if retry:
            # The frame that is due alone: those ahead would be tried again with every step.
            self._cache.request(now, retry=True)
        self._cache.request([*now, *(each for each in later if each not in now)])
        self._rest.stop() if player.speed or reduction == 1 else self._rest.start()

    def _request_full_size(self) -> None:
        number = self._player.frame
        reduced = self._requests_of(number, self.reduction())
        self._cache.request([*reduced, *self._requests_of(number, 1)])

    def _requests_of(self, number: int, reduction: int) -> Iterator[FrameRequest]:
        """Yield a request for everything that the picture of a frame is made of."""
        for choice in self._state.visible_sides:
            parts = parts_of(choice.footage, choice.mode, number)
            if parts.source == "preview":
                continue
            for role in parts.roles:
                yield FrameRequest(choice.footage.clips[role], number, reduction)
        if (request := self._backdrop_request(number)) is not None:
            yield request

    def _backdrop_request(self, number: int) -> FrameRequest | None:
        footage, sides = self._state.backdrop.footage, self._state.sides
        if footage is None or not any(choice.mode == "over" for choice in self._state.visible_sides):
            return None
        # The clip's first frame lies under the shot's first one, and the clip begins again at its end.
        frames = footage.main.frames.hull
        place = (number - self._player.whole.first) % len(frames)
        # It is fitted to the plate, so its zoom is another one where it is of another size.
        width = sides[0].footage.size[0] if sides else footage.size[0]
        zoom = self._canvas.zoom * self._canvas.devicePixelRatioF() * width / footage.size[0]
        return FrameRequest(footage.main, frames.first + place, reduction_for(zoom))

    def _nearest(self, request: FrameRequest) -> CachedFrame | None:
        """Return the frame in memory, in the size requested if possible, else finer or coarser."""
        finer = [each for each in REDUCTIONS if each < request.reduction]
        coarser = [each for each in REDUCTIONS if each > request.reduction]
        for reduction in (request.reduction, *reversed(finer), *coarser):
            if (frame := self._cache.get(replace(request, reduction=reduction))) is not None:
                return frame
        return None

    def _is_complete(self, number: int) -> bool:
        return all(self._cache.get(each) for each in self._requests_of(number, self.reduction()))


_CHANNELS: Final = ("Red", "Green", "Blue")


def _movies_forwards(requests: Iterable[FrameRequest]) -> list[FrameRequest]:
    """Order requests that go backwards so that movies are still decoded forwards, stretch by stretch."""
    ordered = list(requests)
    made: list[FrameRequest] = []
    for start in range(0, len(ordered), _BACKWARD_STRETCH):
        part = ordered[start : start + _BACKWARD_STRETCH]
        movies = [each for each in part if each.clip.in_order]
        made += sorted(movies, key=lambda each: each.number)
        made += [each for each in part if not each.clip.in_order]
    return made
