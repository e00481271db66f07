"""The menus of the main window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from matteline.window.preferences import Preferences
from matteline.window.theme import THEMES

CACHE_GIGABYTES = (0.5, 1, 1.5, 2, 4, 8, 16, 32)

_Keys = QKeySequence | QKeySequence.StandardKey


def add_file_menu(window: QMainWindow, ask_file: Callable[[], None], ask_folder: Callable[[], None]) -> None:
    """Add the menu for opening and quitting."""
    menu = window.menuBar().addMenu("&File")
    _add_action(menu, "&Open…", ask_file, QKeySequence.StandardKey.Open)
    _add_action(menu, "Open &folder…", ask_folder, QKeySequence("Ctrl+Shift+O"))
    menu.addSeparator()
    _add_action(menu, "&Quit", window.close, QKeySequence.StandardKey.Quit)


def add_view_menu(
    window: QMainWindow,
    preferences: Preferences,
    set_theme: Callable[[str], None],
    set_cache: Callable[[int], None],
) -> None:
    """Add the menu for the theme and the memory of frames."""
    menu = window.menuBar().addMenu("&View")
    themes, theme_group = menu.addMenu("Theme"), QActionGroup(window)
    for name in THEMES:
        action = _add_action(themes, name.capitalize(), partial(set_theme, name))
        _make_exclusive(action, theme_group, chosen=name == preferences.theme)
    memory, size_group = menu.addMenu("Frames in memory"), QActionGroup(window)
    for gigabytes in CACHE_GIGABYTES:
        size = int(gigabytes * 1024) << 20
        action = _add_action(memory, f"{gigabytes:g} GB", partial(set_cache, size))
        _make_exclusive(action, size_group, chosen=size == preferences.cache_bytes)


def add_help_menu(window: QMainWindow, show_keys: Callable[[], None]) -> None:
    """Add the menu with the list of keys."""
    _add_action(window.menuBar().addMenu("&Help"), "&Keys of the viewer", show_keys)


def _add_action(menu: QMenu, words: str, do: Callable[[], object], keys: _Keys | None = None) -> QAction:
    action = QAction(words, menu)
    # Without the lambda Qt would hand over whether the action is checked.
    action.triggered.connect(lambda: do())
    if keys is not None:
        action.setShortcut(keys)
    menu.addAction(action)
    return action


def _make_exclusive(action: QAction, group: QActionGroup, *, chosen: bool) -> None:
    action.setCheckable(True)
    action.setChecked(chosen)
    group.addAction(action)
