"""The menus of the main window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QUndoGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from matteline.window.preferences import Preferences
from matteline.window.theme import THEMES

CACHE_GIGABYTES = (0.5, 1, 1.5, 2, 4, 8, 16, 32)

_Keys = QKeySequence | QKeySequence.StandardKey


def add_file_menu(
    window: QMainWindow,
    preferences: Preferences,
    ask_file: Callable[[], None],
    ask_folder: Callable[[], None],
    open_path: Callable[[str], None],
    close_shot: Callable[[], None],
) -> None:
    """Add the menu for opening, closing and quitting."""
    menu = window.menuBar().addMenu("&File")
    _add_action(menu, "&Open…", ask_file, QKeySequence.StandardKey.Open)
    _add_action(menu, "Open &folder…", ask_folder, QKeySequence("Ctrl+Shift+O"))
    recent = menu.addMenu("Open &recent")

    def list_recent() -> None:
        recent.clear()
        # In a menu a single ampersand marks the key of its entry.
        for path in preferences.recent:
            _add_action(recent, path.replace("&", "&&"), partial(open_path, path))
        recent.setEnabled(bool(preferences.recent))

    menu.aboutToShow.connect(list_recent)
    menu.addSeparator()
    _add_action(menu, "&Close shot", close_shot, QKeySequence.StandardKey.Close)
    _add_action(menu, "&Quit", window.close, QKeySequence.StandardKey.Quit)


@dataclass(frozen=True)
class SettingsCommands:
    """Actions of the menu of settings; presets by their names."""

    copy: Callable[[], None]
    paste: Callable[[], None]
    reset: Callable[[], None]
    use_preset: Callable[[str], None]
    save_preset: Callable[[], None]
    delete_preset: Callable[[str], None]


def add_edit_menu(
    window: QMainWindow, preferences: Preferences, undo: QUndoGroup, commands: SettingsCommands
) -> None:
    """Add the menu for undo, and for settings that go from one shot to another."""
    menu = window.menuBar().addMenu("&Edit")
    undo_action, redo_action = undo.createUndoAction(window, "&Undo"), undo.createRedoAction(window, "&Redo")
    undo_action.setShortcut(QKeySequence.StandardKey.Undo)
    redo_action.setShortcut(QKeySequence.StandardKey.Redo)
    menu.addAction(undo_action)
    menu.addAction(redo_action)
    menu.addSeparator()
    _add_action(menu, "&Copy settings", commands.copy, QKeySequence("Ctrl+Shift+C"))
    _add_action(menu, "&Paste settings", commands.paste, QKeySequence("Ctrl+Shift+V"))
    _add_action(menu, "&Reset settings", commands.reset)
    menu.addSeparator()
    presets = menu.addMenu("P&resets")

    def list_presets() -> None:
        presets.clear()
        for name in preferences.presets:
            _add_action(presets, name.replace("&", "&&"), partial(commands.use_preset, name))
        if preferences.presets:
            presets.addSeparator()
            unwanted = presets.addMenu("Delete")
            for name in preferences.presets:
                _add_action(unwanted, name.replace("&", "&&"), partial(commands.delete_preset, name))
        _add_action(presets, "Save settings as preset…", commands.save_preset)

    presets.aboutToShow.connect(list_presets)
    list_presets()


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
