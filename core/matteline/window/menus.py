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
    """Opening and leaving."""
    menu = window.menuBar().addMenu("&File")
    menu.addAction(_action(window, "&Open…", ask_file, QKeySequence.StandardKey.Open))
    menu.addAction(_action(window, "Open &folder…", ask_folder, QKeySequence("Ctrl+Shift+O")))
    menu.addSeparator()
    menu.addAction(_action(window, "&Quit", window.close, QKeySequence.StandardKey.Quit))


def add_view_menu(
    window: QMainWindow,
    preferences: Preferences,
    set_theme: Callable[[str], None],
    set_cache: Callable[[int], None],
) -> None:
    """How it looks, and what it may take."""
    menu = window.menuBar().addMenu("&View")
    themes, theme_group = menu.addMenu("Theme"), QActionGroup(window)
    for name in THEMES:
        action = _action(window, name.capitalize(), partial(set_theme, name))
        _offer(action, themes, theme_group, chosen=name == preferences.theme)
    memory, size_group = menu.addMenu("Frames in memory"), QActionGroup(window)
    for gigabytes in CACHE_GIGABYTES:
        size = int(gigabytes * 1024) << 20
        action = _action(window, f"{gigabytes:g} GB", partial(set_cache, size))
        _offer(action, memory, size_group, chosen=size == preferences.cache_bytes)


def add_help_menu(window: QMainWindow, show_keys: Callable[[], None]) -> None:
    """The list of keys."""
    menu = window.menuBar().addMenu("&Help")
    menu.addAction(_action(window, "&Keys of the viewer", show_keys))


def _offer(action: QAction, menu: QMenu, group: QActionGroup, *, chosen: bool) -> None:
    """One of several of which one holds."""
    action.setCheckable(True)
    action.setChecked(chosen)
    group.addAction(action)
    menu.addAction(action)


def _action(window: QMainWindow, words: str, do: Callable[[], object], keys: _Keys | None = None) -> QAction:
    action = QAction(words, window)
    action.triggered.connect(lambda: do())
    if keys is not None:
        action.setShortcut(keys)
    return action
