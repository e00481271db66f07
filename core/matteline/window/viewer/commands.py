"""The commands behind the viewer's keys and buttons."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from matteline.window.viewer.canvas import Canvas, Layout
from matteline.window.viewer.compositor import MODES
from matteline.window.viewer.keys import KeySheet
from matteline.window.viewer.player import Player
from matteline.window.viewer.timeline import Timeline
from matteline.window.viewer.view_toolbar import ViewToolbar


class Commands:
    """The commands of `keys.KEYS`, by their names.

    Args:
        player: Plays and steps.
        toolbar: Chooses what is shown.
        canvas: Zooms.
        timeline: Knows the flagged frames.
        sheet: Lists the keys.
    """

    def __init__(
        self, player: Player, toolbar: ViewToolbar, canvas: Canvas, timeline: Timeline, sheet: KeySheet
    ) -> None:
        self._player, self._toolbar, self._timeline = player, toolbar, timeline
        # The mode to go back to when alpha is switched off.
        self._before_alpha = "plate"
        self._commands: dict[str, Callable[[], object]] = {
            "toggle": player.toggle,
            "play": lambda: player.play(1),
            "play_back": lambda: player.play(-1),
            "stop": player.stop,
            "back": lambda: player.step(-1),
            "on": lambda: player.step(1),
            "back_ten": lambda: player.step(-10),
            "on_ten": lambda: player.step(10),
            "first": lambda: self._go_to_mark(player.range.first, player.whole.first),
            "last": lambda: self._go_to_mark(player.range.last, player.whole.last),
            "mark_in": lambda: player.mark(first=player.frame),
            "mark_out": lambda: player.mark(last=player.frame),
            "clear_marks": player.clear_marks,
            "flag_before": lambda: self._go_to_flag(-1),
            "flag_after": lambda: self._go_to_flag(1),
            **{f"show_{mode}": partial(self._show_mode, mode) for mode in MODES},
            "red": lambda: toolbar.set_channel(0),
            "green": lambda: toolbar.set_channel(1),
            "blue": lambda: toolbar.set_channel(2),
            "wipe": lambda: toolbar.set_layout(Layout.WIPE),
            "side_by_side": lambda: toolbar.set_layout(Layout.SIDE_BY_SIDE),
            "difference": lambda: toolbar.set_layout(Layout.DIFFERENCE),
            "swap": toolbar.swap,
            "fit": canvas.fit,
            "pixels": lambda: canvas.set_zoom(1 / canvas.devicePixelRatioF()),
            "closer": lambda: canvas.set_zoom(canvas.zoom * 1.5),
            "farther": lambda: canvas.set_zoom(canvas.zoom / 1.5),
            "darker": lambda: toolbar.expose(-0.5),
            "brighter": lambda: toolbar.expose(0.5),
            "neutral": toolbar.reset_grade,
            "help": sheet.open,
        }

    def add(self, name: str, do: Callable[[], object]) -> None:
        """Add a command."""
        self._commands[name] = do

    def run(self, command: str) -> None:
        """Carry out a command."""
        self._commands[command]()

    def _show_mode(self, mode: str) -> None:
        now = self._toolbar.a.choice
        if now is None:
            return
        if mode == "alpha" and now.mode == "alpha":
            mode = self._before_alpha
        elif mode == "alpha":
            self._before_alpha = now.mode
        self._toolbar.a.choose_mode(mode)

    def _go_to_mark(self, mark: int, end: int) -> None:
        """Go to the in or out mark, and from there to the end of the shot."""
        self._player.stop()
        self._player.seek(end if self._player.frame == mark else mark)

    def _go_to_flag(self, direction: int) -> None:
        frame = self._timeline.flag_beside(self._player.frame, direction)
        if frame is not None:
            self._player.stop()
            self._player.seek(frame)
