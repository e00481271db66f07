"""Which frames the network sees, and in what order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matteline.contract.frames import FrameRange, FrameSet
from matteline.engine.timeline import lay_out, mirror, resume


def _set(text: str) -> FrameSet:
    return FrameSet.parse(text)


@pytest.mark.parametrize(
    ("plate", "count", "expected"),
    [
        ("1-5", 0, ()),
        ("1-5", 3, (4, 3, 2)),
        ("1-5", 4, (5, 4, 3, 2)),
        ("1-5", 6, (3, 4, 5, 4, 3, 2)),
        ("1-2", 3, (2, 1, 2)),
        ("7", 3, (7, 7, 7)),
        ("-2-2", 3, (1, 0, -1)),
    ],
)
def test_mirrored_frames_run_backwards_into_the_first_one(plate, count, expected):
    assert mirror(FrameRange.parse(plate), count) == expected


def test_a_range_inside_the_plate_is_settled_by_real_handles():
    (span,) = lay_out(_set("1020-1030"), _set("1001-1100"), "auto")
    assert span.mirrored == ()
    assert str(span.frames) == "1010-1030"
    assert str(span.render) == "1020-1030"


def test_where_handles_run_out_mirrored_frames_come_before_them():
    (span,) = lay_out(_set("1004-1030"), _set("1001-1100"), 5)
    assert str(span.frames) == "1001-1030"
    assert span.mirrored == (1003, 1002)


def test_a_range_rolled_from_the_start_begins_as_the_whole_does():
    (whole,) = lay_out(_set("1001-1100"), _set("1001-1100"), "auto")
    (part,) = lay_out(_set("1050-1060"), _set("1001-1100"), "all")
    assert part.mirrored == whole.mirrored
    assert part.frames.first == whole.frames.first


def test_ranges_rolled_from_the_start_share_one_run():
    (span,) = lay_out(_set("1010-1020,1050-1060"), _set("1001-1100"), "all")
    assert str(span.frames) == "1001-1060"
    assert str(span.render) == "1010-1020,1050-1060"


def test_handles_do_not_reach_across_a_gap_of_the_plate():
    (span,) = lay_out(_set("1011-1020"), _set("1001-1005,1011-1020"), 4)
    assert str(span.frames) == "1011-1020"
    assert span.mirrored == (1015, 1014, 1013, 1012)


def test_no_preroll_starts_cold():
    (span,) = lay_out(_set("1001-1003"), _set("1001-1100"), 0)
    assert span.mirrored == () and span.frames == FrameRange(1001, 1003)


def test_a_resume_goes_on_from_the_latest_state_before_what_is_missing():
    spans = lay_out(_set("1001-1100"), _set("1001-1100"), "auto")
    (span,) = resume(spans, done=_set("1001-1059"), states=[1008, 1056])
    assert span.from_state
    assert span.mirrored == ()
    assert str(span.frames) == "1056-1100"
    assert str(span.render) == "1060-1100"


def test_a_resume_without_a_state_rolls_from_where_the_run_began():
    spans = lay_out(_set("1020-1100"), _set("1001-1100"), "auto")
    (span,) = resume(spans, done=_set("1020-1059"), states=[])
    assert str(span.frames) == "1010-1100"
    assert not span.from_state


def test_a_resume_stops_at_the_last_missing_frame_and_skips_finished_spans():
    spans = lay_out(_set("1001-1010,1050-1060"), _set("1001-1100"), 0)
    (span,) = resume(spans, done=_set("1001-1004,1006-1010,1050-1060"), states=[])
    assert str(span.frames) == "1001-1005"
    assert str(span.render) == "1005"


_frames = st.sets(st.integers(-20, 60), min_size=1, max_size=30)


@given(_frames, _frames)
def test_sets_of_frames_behave_as_sets(left, right):
    a, b = FrameSet.of(left), FrameSet.of(right)
    assert set(a) == left and len(a) == len(left)
    assert set(a.minus(b)) == left - right
    assert FrameSet.parse(str(a)) == a
    assert set(FrameSet.joined([*a.ranges, *b.ranges])) == left | right
