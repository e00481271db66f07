"""What the window remembers from one day to the next."""

from __future__ import annotations

import json

from PySide6.QtCore import QByteArray, QSettings

from matteline.colour.viewer import PLAIN
from matteline.contract.errors import JobError
from matteline.contract.farm_settings import FarmSettings

_MEGABYTE = 1 << 20
LEAST_CACHE_BYTES = 64 * _MEGABYTE
DEFAULT_CACHE_BYTES = 1536 * _MEGABYTE


class Preferences:
    """Settings of this user on this machine, with their defaults.

    Args:
        settings: Where they are kept.
    """

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    @property
    def theme(self) -> str:
        """`system`, `light` or `dark`."""
        return self._word("theme", "system")

    @theme.setter
    def theme(self, value: str) -> None:
        self._settings.setValue("theme", value)

    @property
    def cache_bytes(self) -> int:
        """What frames in memory may take."""
        word = self._word("cache_megabytes", "")
        return max(int(word) * _MEGABYTE, LEAST_CACHE_BYTES) if word.isdigit() else DEFAULT_CACHE_BYTES

    @cache_bytes.setter
    def cache_bytes(self, value: int) -> None:
        self._settings.setValue("cache_megabytes", value // _MEGABYTE)

    @property
    def view(self) -> str:
        """The view of the OCIO config that was chosen last."""
        return self._word("view", PLAIN)

    @view.setter
    def view(self, value: str) -> None:
        self._settings.setValue("view", value)

    @property
    def last_folder(self) -> str:
        """Where something was opened last."""
        return self._word("last_folder", "")

    @last_folder.setter
    def last_folder(self, value: str) -> None:
        self._settings.setValue("last_folder", value)

    @property
    def farm(self) -> FarmSettings:
        """What a render farm was told last; the defaults where that cannot be read."""
        try:
            return FarmSettings.from_data(json.loads(self._word("farm", "{}")))
        except (ValueError, JobError):
            return FarmSettings()

    @farm.setter
    def farm(self, value: FarmSettings) -> None:
        self._settings.setValue("farm", value.to_json())

    def keep_bytes(self, name: str, value: QByteArray) -> None:
        """Remember a state of Qt's, such as the window's place."""
        self._settings.setValue(name, value)

    def kept_bytes(self, name: str) -> QByteArray:
        """What `keep_bytes` remembered; empty without."""
        value = self._settings.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()

    def _word(self, name: str, default: str) -> str:
        value = self._settings.value(name)
        return str(value) if value not in (None, "") else default
