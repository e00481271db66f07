"""Menus: what a plug-in has put there, and choosing it."""

from __future__ import annotations

from collections.abc import Callable


class MenuItem:
    def __init__(self, name: str, command: Callable[[], object] | str | None = None, icon: str = "") -> None:
        self._name, self._command, self._icon = name, command, icon

    def name(self) -> str:
        return self._name

    def icon(self) -> str:
        return self._icon

    def invoke(self) -> None:
        if callable(self._command):
            self._command()
        elif self._command:
            exec(self._command, {"__name__": "__main__"})


class Menu(MenuItem):
    def __init__(self, name: str, icon: str = "") -> None:
        super().__init__(name, None, icon)
        self._items: dict[str, MenuItem] = {}

    def addMenu(self, name: str, icon: str = "") -> Menu:
        found = self._items.get(name)
        made = found if isinstance(found, Menu) else Menu(name, icon)
        self._items[name] = made
        return made

    def addCommand(
        self,
        name: str,
        command: Callable[[], object] | str | None = None,
        shortcut: str | None = None,
        icon: str = "",
        tooltip: str = "",
    ) -> MenuItem:
        first, _, rest = name.partition("/")
        if rest:
            return self.addMenu(first).addCommand(rest, command, shortcut, icon, tooltip)
        self._items[name] = MenuItem(name, command, icon)
        return self._items[name]

    def addSeparator(self) -> None:
        return

    def findItem(self, path: str) -> MenuItem | None:
        first, _, rest = path.partition("/")
        found = self._items.get(first)
        return found.findItem(rest) if rest and isinstance(found, Menu) else found

    def items(self) -> list[MenuItem]:
        return list(self._items.values())
