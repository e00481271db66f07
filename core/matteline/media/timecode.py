"""SMPTE timecode and frame rates: reading, and counting on, drop-frame included."""

from __future__ import annotations

import re
from fractions import Fraction

LAST_EXR_FRAME = 39
"""The highest frame of a second that an EXR's timecode can name: two bits hold the tens."""

_TEXT = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")


def from_smpte(word: int) -> str:
    """Read an SMPTE 12M time address: binary-coded decimals, frames in the lowest byte.

    Bit 6 says that frame numbers are dropped, which is written as `;` before the frames.
    """
    # The bits above the tens are flags: fields, phase, and user data.
    frames, seconds, minutes, hours = (
        (word >> shift & 0xF) + 10 * (word >> shift + 4 & tens)
        for shift, tens in ((0, 3), (8, 7), (16, 7), (24, 3))
    )
    return _text(hours, minutes, seconds, frames, drop=bool(word & 0x40))


def advanced(start: str, frames: int, rate: Fraction) -> str | None:
    """Return the timecode `frames` frames after `start` at `rate` frames per second; None where `start` is none.

    Drop-frame timecode leaves out the first two numbers (at 59.94 four) of each minute but every tenth.
    """
    match = _TEXT.fullmatch(start.strip())
    nominal = round(rate)
    if not match or nominal < 1:
        return None
    # Numbers are dropped at 29.97 and its multiples alone; elsewhere a semicolon is only a way of writing.
    drop = match[4] in ";." and nominal % 30 == 0
    dropped = nominal // 15 if drop else 0
    hours, minutes, seconds, frame = (int(match[group]) for group in (1, 2, 3, 5))
    minute = hours * 60 + minutes
    count = (minute * 60 + seconds) * nominal + frame - dropped * (minute - minute // 10) + frames
    ten_minutes = 600 * nominal - 9 * dropped
    # A day has 144 times ten minutes; then the clock begins anew.
    tens, rest = divmod(count % (144 * ten_minutes), ten_minutes)
    # The first minute of ten is whole; each that follows lacks its first numbers.
    later = max(rest - 60 * nominal, -1) // (60 * nominal - dropped) + 1
    # From here on count is in numbers, those that were dropped included.
    count = tens * ten_minutes + rest + dropped * (9 * tens + later)
    seconds, frame = divmod(count, nominal)
    return _text(seconds // 3600, seconds // 60 % 60, seconds % 60, frame, drop=dropped > 0)


def timecode_note(start: str | None, rate: Fraction | None) -> list[str]:
    """Return a sentence where results cannot carry the timecode of a plate, in a list that is empty otherwise."""
    if start is None or rate is None or rate <= LAST_EXR_FRAME + 1:
        return []
    return [
        f"Its timecode counts {round(rate)} frames a second. An EXR has room for {LAST_EXR_FRAME + 1}, "
        "so EXR results carry none; PNG and movies do."
    ]


def snapped_rate(rate: float) -> Fraction | None:
    """Return the fraction meant by a rate stored as a decimal: 24000/1001 by 23.976; None if it is no rate."""
    if not 0 < rate < 100_000:
        return None
    nominal = round(rate)
    pulled_down = Fraction(nominal * 1000, 1001)
    # The two rates lie one part in 1001 apart: a stored decimal belongs to the one that is nearer.
    if nominal and abs(rate - pulled_down) < 0.0005 * nominal:
        return pulled_down
    return Fraction(rate).limit_denominator(1001)


def _text(hours: int, minutes: int, seconds: int, frames: int, *, drop: bool) -> str:
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if drop else ':'}{frames:02d}"
