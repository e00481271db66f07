"""An OCIO config: its names, its rules and its transforms. The one place that speaks to OpenColorIO."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from matteline.colour.halves import HALF_MAX
from matteline.contract.errors import ColourError
from matteline.contract.files import check_regular
from matteline.contract.library_text import one_line, pending_error

BUILT_IN: Final = "ocio://studio-config-latest"
"""The ACES studio config that OpenColorIO carries; it needs no file."""

# OpenColorIO names the config twice, and any path in front of its reason.
_LONGEST_REASON: Final = 600

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Config:
    """An OCIO config that was read without fault. Safe to use from several threads.

    Attributes:
        source: The path of a `.ocio` or `.ocioz` file, or an `ocio://` address.
    """

    source: str
    _handle: Any = field(repr=False, compare=False)

    @property
    def is_built_in(self) -> bool:
        """True for Matteline's own default, false for a config that someone chose."""
        return self.source == BUILT_IN

    def names(self) -> list[str]:
        """Return the colour spaces, in the config's order."""
        return list(self._handle.getColorSpaceNames())

    def roles(self) -> list[str]:
        """Return the roles that the config assigns, such as `scene_linear`."""
        return list(self._handle.getRoles())

    def find(self, word: str) -> str | None:
        """Return the colour space that a name, alias or role in any case stands for; None when it is unknown."""
        # An unknown word is returned as it was given.
        name = str(self._handle.resolve(word))
        return name if word and name in self.names() else None

    def first(self, *words: str) -> str | None:
        """Return the colour space of the first word that the config knows."""
        return next((name for name in map(self.find, words) if name is not None), None)

    def nearest(self, word: str, count: int = 3) -> list[str]:
        """Return names, aliases and roles spelled most like `word`, best first, one for each colour space."""
        aliases = [alias for name in self.names() for alias in self._handle.getAliases(name)]
        spellings = [*self.names(), *aliases, *self.roles()]
        ranked = sorted(spellings, key=lambda each: _likeness(word, each), reverse=True)
        # Below this likeness suggestions puzzle more than they help.
        close = (self.find(each) for each in ranked if _likeness(word, each) >= 0.55)
        return [each for each in dict.fromkeys(close) if each is not None][:count]

    def is_data(self, name: str) -> bool:
        """Tell whether the space is marked as holding no colour, such as `Raw`."""
        return bool(self._handle.isData(name))

    def interop_id(self, name: str) -> str:
        """Return the space's `colorInteropID`, empty where the config or this OpenColorIO knows none."""
        return str(self._handle.get_color_interop_id(name) or "")

    def space_of_path(self, path: str) -> str | None:
        """Return the space that the config's file rules give a path; None where only the default rule matches."""
        # Folders are named after shows and machines, which say nothing of colour unless a studio wrote the rules.
        place = PurePath(path).name if self.is_built_in else path
        if self._handle.filepathOnlyMatchesDefaultRule(place):
            return None
        name = self.find(str(self._handle.getColorSpaceFromFilepath(place)))
        # The built-in rule finds names inside words: 'faces.exr' would be ACES2065-1.
        if name is None or (self.is_built_in and not self._spelled_out(name, place)):
            return None
        return name

    def _spelled_out(self, name: str, place: str) -> bool:
        spellings = (re.escape(each) for each in (name, *self._handle.getAliases(name)))
        return bool(
            re.search(rf"(?<![A-Za-z0-9])({'|'.join(spellings)})(?![A-Za-z0-9])", place, re.IGNORECASE)
        )

    def convert(self, values: Values, source: str, target: str) -> Values:
        """Convert pixels (N, 3) float32 between two spaces of this config.

        Raises:
            ColourError: OpenColorIO cannot build or run the transform.
        """
        # A config has no handle that converts: each call reads it anew, so callers convert much at once.
        made = oiio.ImageBufAlgo.colorconvert(
            _image(values), source, target, unpremult=False, colorconfig=self.source
        )
        return self._values(made, f"convert from '{source}' to '{target}'", source)

    def through_view(self, values: Values, source: str, display: str, view: str, *, inverse: bool) -> Values:
        """Show pixels (N, 3) float32 of `source` through a view; or take shown pixels back to `source`.

        Raises:
            ColourError: OpenColorIO cannot build the transform, or the view has no inverse.
        """
        made = oiio.ImageBufAlgo.ociodisplay(
            _image(values), display, view, source, unpremult=False, inverse=inverse, colorconfig=self.source
        )
        way = "back through" if inverse else "through"
        return self._values(made, f"go {way} the view '{display}/{view}'", f"{display}/{view}")

    def _values(self, made: Any, doing: str, space: str) -> Values:
        if made.has_error:
            reason = one_line(pending_error(made), _LONGEST_REASON)
            raise ColourError(f"The OCIO config {self.source} cannot {doing}: {reason}.", space=space)
        return finite(made.get_pixels(oiio.FLOAT).reshape(-1, 3))

    def views(self) -> list[str]:
        """Return every `display/view` of the config, its default first."""
        displays = self._handle.getDisplayNames()
        found = [f"{each}/{view}" for each in displays for view in self._handle.getViewNames(each)]
        display = self._handle.getDefaultDisplayName()
        default = f"{display}/{self._handle.getDefaultViewName(display)}"
        return [default, *(each for each in found if each != default)]

    def is_data_view(self, words: str) -> bool:
        """Tell if a view, as `display/view`, shows stored values as they are, such as `Raw`.

        Raises:
            ColourError: As `parse_view`.
        """
        shown = str(self._handle.getDisplayViewColorSpaceName(*self.parse_view(words)))
        return bool(shown) and self.is_data(shown)

    def parse_view(self, words: str) -> tuple[str, str]:
        """Split `display/view` into names that the config has; `/view` means the default display.

        Raises:
            ColourError: The config has no such display, or the display no such view.
        """
        display, _, view = words.partition("/")
        display = _one_of(
            display or self._handle.getDefaultDisplayName(), self._handle.getDisplayNames(), "display", self
        )
        return display, _one_of(view, self._handle.getViewNames(display), f"view of '{display}'", self)


def finite(values: npt.ArrayLike) -> Values:
    """Return values as float32, NaN as 0 and infinities as the greatest finite half."""
    return np.nan_to_num(np.asarray(values, np.float32), nan=0.0, posinf=HALF_MAX, neginf=-HALF_MAX)


def open_config(path: str | None) -> Config:
    """Read an OCIO config.

    Args:
        path: A `.ocio` or `.ocioz` file, or an address such as `ocio://cg-config-latest`; None for the
            built-in ACES studio config.

    Raises:
        ColourError: There is no such config, or it is broken.
    """
    source = path or BUILT_IN
    try:
        # Its library finds a config's tables by this path later on, and takes Unicode only.
        source.encode("utf-8")
        if os.path.exists(source):
            check_regular(source)
    except UnicodeEncodeError:
        part = next(each for each in source.split(os.sep) if each.encode("utf-8", "replace").decode() != each)
        raise ColourError(
            f"The OCIO config {source} cannot be used: '{part}' is not Unicode.",
            hint="Copy it to another folder.",
        ) from None
    except OSError as error:
        raise ColourError(f"The OCIO config {source} cannot be used: {error.strerror}.") from None
    handle = oiio.ColorConfig(source)
    if fault := pending_error(handle):
        raise ColourError(
            f"The OCIO config {source} cannot be used: {one_line(fault, _LONGEST_REASON)}.",
            hint="Name another config, or none for the built-in ACES studio config.",
            settings=("ocio",),
        )
    return Config(source, handle)


def _one_of(word: str, known: list[str], what: str, config: Config) -> str:
    found = next((each for each in known if each.lower() == word.lower()), None)
    if found is None:
        raise ColourError(
            f"The OCIO config {config.source} has no {what} called '{word}'.",
            space=word,
            hint=f"It has: {', '.join(known)}.",
        )
    return found


def _likeness(word: str, spelling: str) -> float:
    one, other = word.lower(), spelling.lower()
    # A part of a long name counts for much: "logc3" shall find "ARRI LogC3 (EI800)".
    part = 0.5 if len(one) > 2 and one in other else 0.0
    return part + difflib.SequenceMatcher(None, one, other).ratio()


def _image(values: Values) -> Any:
    # One long line, because OpenImageIO converts images alone.
    return oiio.ImageBuf(np.ascontiguousarray(values, np.float32).reshape(1, -1, 3))
