"""What the keys of the viewer do."""

from __future__ import annotations

from collections.abc import Callable

from matteline.window.viewer.canvas import Canvas, Layout
from matteline.window.viewer.keys import KeySheet
from matteline.window.viewer.picking import Picking
from matteline.window.viewer.player import Player
from matteline.window.viewer.recipe import MODES
from matteline.window.viewer.timeline import Timeline


class Commands:
    """The commands of `keys.KEYS`, by their names.

    Args:
        player: Plays and steps.
        picking: Chooses what is shown.
        canvas: Zooms.
        timeline: Knows the marks.
        sheet: Lists the keys.
    """

    def __init__(
        self, player: Player, picking: Picking, canvas: Canvas, timeline: Timeline, sheet: KeySheet
    ) -> None:
        self._player, self._picking, self._canvas = player, picking, canvas
        self._timeline, self._sheet = timeline, sheet
        self._before_alpha = "plate"
        self._do = {**self._playing(), **self._marking(), **self._showing(), **self._viewing()}

    def run(self, command: str) -> None:
        """Do it."""
        self._do[command]()

    def _playing(self) -> dict[str, Callable[[], object]]:
        player = self._player
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
        }

    def _marking(self) -> dict[str, Callable[[], object]]:
        player = self._player
        return {
            "mark_in": lambda: player.mark(first=player.frame),
            "mark_out": lambda: player.mark(last=player.frame),
            "clear_marks": player.clear_marks,
            "mark_before": lambda: self._to_mark(-1),
            "mark_after": lambda: self._to_mark(1),
        }

    def _showing(self) -> dict[str, Callable[[], object]]:
        picking = self._picking
        modes = {f"show_{mode}": lambda mode=mode: self._show_mode(mode) for mode in MODES}
        return {
            **modes,
            "red": lambda: picking.set_channel(0),
            "green": lambda: picking.set_channel(1),
            "blue": lambda: picking.set_channel(2),
            "wipe": lambda: picking.set_layout(Layout.WIPE),
            "side_by_side": lambda: picking.set_layout(Layout.SIDE_BY_SIDE),
            "difference": lambda: picking.set_layout(Layout.DIFFERENCE),
            "swap": picking.swap,
        }

    def _viewing(self) -> dict[str, Callable[[], object]]:
        picking, canvas = self._picking, self._canvas
        return {
            "fit": canvas.fit,
            "pixels": lambda: canvas.set_zoom(1 / canvas.devicePixelRatioF()),
            "closer": lambda: canvas.set_zoom(canvas.zoom * 1.5),
            "farther": lambda: canvas.set_zoom(canvas.zoom / 1.5),
            "darker": lambda: picking.expose(-0.5),
            "brighter": lambda: picking.expose(0.5),
            "neutral": picking.neutral,
            "help": self._sheet.open,
        }

    def _show_mode(self, mode: str) -> None:
        now = self._picking.a.choice
        if now is None:
            return
        if mode == "alpha" and now.mode == "alpha":
            mode = self._before_alpha
        elif mode == "alpha":
            self._before_alpha = now.mode
        self._picking.a.choose_mode(mode)

    def _to_end(self, mark: int, end: int) -> None:
        self._player.stop()
        self._player.seek(end if self._player.frame == mark else mark)

    def _to_mark(self, direction: int) -> None:
        mark = self._timeline.mark_beside(self._player.frame, direction)
        if mark is not None:
            self._player.stop()
            self._player.seek(mark)
