"""Timecode against facts that can be looked up, and against a count frame by frame."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matteline.media.timecode import advanced, from_smpte, snapped_rate

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        (0x01001005, "01:00:10:05"),
        (0x23595924, "23:59:59:24"),
        (0x01020345, "01:02:03;05"),
        (0, "00:00:00:00"),
    ],
)
def test_smpte_words_are_binary_coded_decimals(word, text):
    assert from_smpte(word) == text


@pytest.mark.parametrize(
    ("start", "frames", "rate", "expected"),
    [
        ("01:00:00:00", 25, Fraction(25), "01:00:01:00"),
        ("01:00:00:23", 1, Fraction(24000, 1001), "01:00:01:00"),
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:01:59;29", 1, NTSC, "00:02:00;02"),
        ("00:00:59:29", 1, NTSC, "00:01:00:00"),
        ("00:00:59;59", 1, Fraction(60000, 1001), "00:01:00;04"),
        ("00:00:00;00", 107892, NTSC, "01:00:00;00"),
        ("23:59:59:24", 1, Fraction(25), "00:00:00:00"),
        ("23:59:59;29", 1, NTSC, "00:00:00;00"),
    ],
)
def test_timecode_advances(start, frames, rate, expected):
    assert advanced(start, frames, rate) == expected


@given(st.integers(0, 17982 * 3))
def test_drop_frame_never_shows_a_dropped_number(frames):
    hours, minutes, rest = advanced("00:00:00;00", frames, NTSC).split(":")
    seconds, frame = rest.split(";")
    assert not (int(seconds) == 0 and int(frame) < 2 and int(minutes) % 10)
    assert hours == "00"


@given(st.integers(0, 17982 * 3), st.integers(0, 2000))
def test_advancing_twice_is_advancing_by_the_sum(first, second):
    once = advanced("10:00:00;00", first, NTSC)
    assert advanced(once, second, NTSC) == advanced("10:00:00;00", first + second, NTSC)


@pytest.mark.parametrize("text", ["", "1:2", "later"])
def test_what_is_no_timecode_stays_none(text):
    assert advanced(text, 3, Fraction(25)) is None


@pytest.mark.parametrize(
    ("decimal", "rate"),
    [
        (23.976, Fraction(24000, 1001)),
        (23.97599983215332, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (24.0, Fraction(24)),
        (12.5, Fraction(25, 2)),
        (0.0, None),
        (float("nan"), None),
        (float("inf"), None),
        (-25.0, None),
    ],
)
def test_decimal_rates_become_the_fractions_they_mean(decimal, rate):
    assert snapped_rate(decimal) == rate
