"""What is on the screen: asks for frames, orders pictures of them, and says what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, QTimer, Signal

from matteline.colour.viewer import NEUTRAL, PLAIN, Grade, as_floats
from matteline.contract.errors import MattelineError
from matteline.window.viewer.canvas import Canvas, Layout
from matteline.window.viewer.darkroom import Darkroom, Made, Order, Side
from matteline.window.viewer.footage import Footage
from matteline.window.viewer.player import Player
from matteline.window.viewer.recipe import MODES, Backdrop, roles_of
from matteline.window.viewer.reduce import REDUCTIONS, reduction_for
from matteline.window.viewer.store import FrameStore, Held, Wish

AHEAD_PLAYING = 64
AHEAD_STANDING = 6
FULL_SIZE_AFTER_MILLISECONDS = 250


@dataclass(frozen=True)
class Choice:
    """What one side shows: of which footage, and what of it."""

    footage: Footage
    mode: str


@dataclass(frozen=True)
class Look:
    """Everything that decides a picture but the frame's number."""

    sides: tuple[Choice, ...] = ()
    layout: Layout = Layout.SINGLE
    view: str = PLAIN
    grade: Grade = NEUTRAL
    channel: int | None = None
    backdrop: Backdrop = field(default_factory=Backdrop)

    @property
    def seen(self) -> tuple[Choice, ...]:
        """The sides that are shown."""
        return self.sides[:1] if self.layout is Layout.SINGLE else self.sides


class Projector(QObject):
    """Brings frames from the store by way of the darkroom onto the canvas.

    Args:
        store: Reads frames.
        darkroom: Makes pictures.
        canvas: Shows them.
        player: Says which frame is due.
    """

    shown = Signal(int)
    """A frame has come to the screen."""

    def __init__(self, store: FrameStore, darkroom: Darkroom, canvas: Canvas, player: Player) -> None:
        super().__init__(canvas)
        self._store, self._darkroom, self._canvas, self._player = store, darkroom, canvas, player
        self._look = Look()
        self._on_screen: int | None = None
        self._full_size = QTimer(self, singleShot=True, interval=FULL_SIZE_AFTER_MILLISECONDS)
        self._full_size.timeout.connect(self._want_full_size)
        store.landed.connect(self._landed)
        darkroom.made.connect(self._made)
        canvas.changed.connect(self.refresh)
        player.moved.connect(self._moved)

    @property
    def look(self) -> Look:
        """What is shown, and how."""
        return self._look

    @property
    def on_screen(self) -> int | None:
        """The number of the frame that can be seen; None before the first."""
        return self._on_screen

    def set_look(self, look: Look) -> None:
        """Show something else, or the same in another way."""
        self._look = look
        self._canvas.set_layout(look.layout)
        self.refresh()

    def refresh(self) -> None:
        """Make the picture of the frame that is due anew."""
        self._want()
        self._show(self._player.frame)

    def reduction(self) -> int:
        """By how many the sides of frames are divided at this zoom."""
        return reduction_for(self._canvas.zoom * self._canvas.devicePixelRatioF())

    def timecode(self) -> str | None:
        """The timecode of the frame that is due, where its file has one."""
        for wish in self._wishes(self._player.frame, self.reduction()):
            held = self._nearest(wish)
            if held is not None and held.timecode:
                return held.timecode
        return None

    def values_at(self, x: int, y: int) -> list[tuple[str, list[float], bool]]:
        """Role, values as stored (integers as 0..1), and whether they are that pixel's own; else a mean."""
        found = []
        for wish in dict.fromkeys(self._wishes(self._player.frame, 1)):
            held = self._nearest(wish)
            if held is None:
                continue
            row = min(y // held.reduction, held.pixels.shape[0] - 1)
            column = min(x // held.reduction, held.pixels.shape[1] - 1)
            role = _role_of(self._look.seen, wish)
            values = as_floats(held.pixels[row, column])
            # The matte of an EXR stands in three channels.
            values = values[:1] if role == "alpha" else values
            found.append((role, values.tolist(), held.reduction == 1))
        return found

    def _moved(self, _number: int) -> None:
        self._want(retry=True)
        self._show(self._player.frame)

    def _landed(self, wish: Wish) -> None:
        due = self._player.frame
        if wish.number == due:
            self._show(due)
        elif self._is_better_than_nothing(wish.number) and self._complete(wish.number):
            self._show(wish.number)

    def _is_better_than_nothing(self, number: int) -> bool:
        """Whether a frame is worth showing while the one that is due is still being read."""
        if self._player.speed:
            return self._is_overdue(number)
        due, shown = self._player.frame, self._on_screen
        nearer = shown is None or abs(number - due) < abs(shown - due)
        return nearer and not self._complete(due)

    def _is_overdue(self, number: int) -> bool:
        """Whether a frame that has come late is still newer than the one on the screen."""
        late = (self._player.frame - number) * (1 if self._player.speed > 0 else -1)
        shown = self._on_screen
        behind = late + 1 if shown is None else abs(self._player.frame - shown)
        return 0 <= late < min(behind, self._player.rate)

    def _show(self, number: int) -> None:
        look = self._look
        if not look.seen:
            return
        if error := self._failure(number):
            self._say(error)
            return
        sides = [self._side(choice, number) for choice in look.seen]
        if None in sides:
            return
        behind = self._backdrop_frame(number)
        self._darkroom.make(
            Order(
                number=number,
                sides=tuple(side for side in sides if side is not None),
                apart=look.layout is Layout.DIFFERENCE,
                region=self._canvas.visible(),
                view=look.view,
                grade=look.grade,
                channel=look.channel,
                backdrop=look.backdrop,
                behind=behind,
            )
        )

    def _made(self, made: Made) -> None:
        if made.error is not None:
            self._say(made.error)
            return
        choices = self._look.seen
        if len(choices) != len(made.order.sides) or any(
            choice.footage is not side.footage for choice, side in zip(choices, made.order.sides, strict=True)
        ):
            return
        self._canvas.set_message("")
        self._canvas.set_pictures(made.pictures, tuple(_words(choice) for choice in choices))
        self._on_screen = made.order.number
        self.shown.emit(made.order.number)

    def _say(self, error: MattelineError) -> None:
        self._on_screen = self._player.frame
        self._canvas.set_pictures(())
        self._canvas.set_message(error.message, error.hint)
        self.shown.emit(self._player.frame)

    def _want(self, *, retry: bool = False) -> None:
        by, player = self.reduction(), self._player
        now = list(self._wishes(player.frame, by))
        count = AHEAD_PLAYING if player.speed else AHEAD_STANDING
        later = [wish for number in player.ahead(count) for wish in self._wishes(number, by)]
        if player.speed < 0:
            later = _ascending_in_movies(later)
        if retry:
            self._store.want(now, retry=True)
        self._store.want([*now, *(wish for wish in later if wish not in now)])
        self._full_size.stop() if player.speed or by == 1 else self._full_size.start()

    def _want_full_size(self) -> None:
        """The pixels themselves, for the read-out, once the artist rests on a frame."""
        wishes = [*self._wishes(self._player.frame, self.reduction()), *self._wishes(self._player.frame, 1)]
        self._store.want(wishes)

    def _wishes(self, number: int, by: int) -> Iterator[Wish]:
        for choice in self._look.seen:
            for role in roles_of(choice.footage, choice.mode):
                yield Wish(choice.footage.clips[role], number, by)
        if (wish := self._backdrop_wish(number)) is not None:
            yield wish

    def _backdrop_wish(self, number: int) -> Wish | None:
        footage = self._look.backdrop.footage
        if footage is None or not any(choice.mode == "over" for choice in self._look.seen):
            return None
        frames = footage.main.frames.hull
        place = (number - self._player.whole.first) % len(frames)
        by = reduction_for(footage_zoom(footage, self._look, self._canvas))
        return Wish(footage.main, frames.first + place, by)

    def _backdrop_frame(self, number: int) -> Held | None:
        wish = self._backdrop_wish(number)
        return None if wish is None else self._nearest(wish)

    def _side(self, choice: Choice, number: int) -> Side | None:
        frames = {}
        for role in roles_of(choice.footage, choice.mode):
            held = self._nearest(Wish(choice.footage.clips[role], number, self.reduction()))
            if held is None:
                return None
            frames[role] = held
        return Side(choice.footage, choice.mode, frames) if frames else None

    def _nearest(self, wish: Wish) -> Held | None:
        """The frame in memory, in the wished size if it is there, else in a finer or a coarser one."""
        finer = [by for by in REDUCTIONS if by < wish.reduction]
        coarser = [by for by in REDUCTIONS if by > wish.reduction]
        for by in (wish.reduction, *reversed(finer), *coarser):
            if (held := self._store.held(replace(wish, reduction=by))) is not None:
                return held
        return None

    def _complete(self, number: int) -> bool:
        return all(self._store.held(wish) for wish in self._wishes(number, self.reduction()))

    def _failure(self, number: int) -> MattelineError | None:
        wishes = self._wishes(number, self.reduction())
        found = (self._store.failure(wish) for wish in wishes if self._nearest(wish) is None)
        return next((error for error in found if error is not None), None)


def footage_zoom(footage: Footage, look: Look, canvas: Canvas) -> float:
    """Screen pixels for each pixel of a backdrop that is fitted to the plate."""
    width = look.sides[0].footage.size[0] if look.sides else footage.size[0]
    return canvas.zoom * canvas.devicePixelRatioF() * width / footage.size[0]


def _ascending_in_movies(wishes: Iterable[Wish]) -> list[Wish]:
    """Wishes for frames further and further back, a movie's so that it is decoded forwards, in stretches."""
    stretch, ordered = 16, list(wishes)
    made: list[Wish] = []
    for start in range(0, len(ordered), stretch):
        part = ordered[start : start + stretch]
        dear = [wish for wish in part if wish.clip.in_order]
        made += sorted(dear, key=lambda wish: wish.number) + [wish for wish in part if not wish.clip.in_order]
    return made


def _role_of(choices: Iterable[Choice], wish: Wish) -> str:
    for choice in choices:
        for role, clip in choice.footage.clips.items():
            if clip is wish.clip:
                return role
    return "behind"


def _words(choice: Choice) -> str:
    return f"{choice.footage.name} · {MODES[choice.mode]}"
