"""The user's preferences, kept from one session to the next."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

from matteline.colour.display_transform import PLAIN
from matteline.contract.errors import JobError
from matteline.contract.farm_settings import FarmSettings

_MEGABYTE = 1 << 20
# Less than this does not hold the two sides of one 4K frame and the next one.
LEAST_CACHE_BYTES = 64 * _MEGABYTE
DEFAULT_CACHE_BYTES = 1536 * _MEGABYTE
MOST_RECENT = 12


class Preferences:
    """Preferences of this user on this machine, with their defaults.

    Args:
        settings: Store of the values.
    """

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    @property
    def theme(self) -> str:
        """`system`, `light` or `dark`."""
        return self._text("theme", "system")

    @theme.setter
    def theme(self, value: str) -> None:
        self._settings.setValue("theme", value)

    @property
    def cache_bytes(self) -> int:
        """Memory for frames, in bytes."""
        word = self._text("cache_megabytes", "")
        return max(int(word) * _MEGABYTE, LEAST_CACHE_BYTES) if word.isdigit() else DEFAULT_CACHE_BYTES

    @cache_bytes.setter
    def cache_bytes(self, value: int) -> None:
        self._settings.setValue("cache_megabytes", value // _MEGABYTE)

    @property
    def view(self) -> str:
        """View of the OCIO config that was chosen last."""
        return self._text("view", PLAIN)

    @view.setter
    def view(self, value: str) -> None:
        self._settings.setValue("view", value)

    @property
    def last_folder(self) -> str:
        """Folder from which something was opened last; empty for none."""
        return self._text("last_folder", "")

    @last_folder.setter
    def last_folder(self, value: str) -> None:
        self._settings.setValue("last_folder", value)

    @property
    def recent(self) -> list[str]:
        """Paths that were opened last, the latest first."""
        return [str(path) for path in self._json("recent", []) if isinstance(path, str)]

    def add_recent(self, path: str) -> None:
        """Put a path in front of those that were opened last."""
        paths = [path, *(each for each in self.recent if each != path)]
        # As JSON, because a list of one path would come back from an INI file as plain text.
        self._settings.setValue("recent", json.dumps(paths[:MOST_RECENT]))

    @property
    def session(self) -> list[dict[str, Any]]:
        """The shots that were open when the window was closed, as `OpenShots.to_data` returned them."""
        return [each for each in self._json("session", []) if isinstance(each, dict)]

    @session.setter
    def session(self, value: list[dict[str, Any]]) -> None:
        self._settings.setValue("session", json.dumps(value))

    @property
    def presets(self) -> dict[str, dict[str, str]]:
        """Settings by the names that the user gave them, as texts of the form's fields."""
        found = self._json("presets", {})
        return {name: dict(state) for name, state in found.items() if isinstance(state, dict)}

    @presets.setter
    def presets(self, value: dict[str, dict[str, str]]) -> None:
        self._settings.setValue("presets", json.dumps(value))

    @property
    def farm(self) -> FarmSettings:
        """Farm settings of the last submission; the defaults where they cannot be read."""
        try:
            return FarmSettings.from_data(json.loads(self._text("farm", "{}")))
        except (ValueError, JobError):
            return FarmSettings()

    @farm.setter
    def farm(self, value: FarmSettings) -> None:
        self._settings.setValue("farm", value.to_json())

    def keep_bytes(self, name: str, value: QByteArray) -> None:
        """Keep a state of Qt's, such as the window's geometry."""
        self._settings.setValue(name, value)

    def kept_bytes(self, name: str) -> QByteArray:
        """Return what `keep_bytes` kept; empty bytes without."""
        value = self._settings.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()

    def _json(self, name: str, default: Any) -> Any:
        """Return a value that was kept as JSON; the default for another type, or where it cannot be read."""
        try:
            value = json.loads(self._text(name, "null"))
        except ValueError:
            return default
        return value if isinstance(value, type(default)) else default

    def _text(self, name: str, default: str) -> str:
        value = self._settings.value(name)
        return str(value) if value not in (None, "") else default
