"""Spans: the frames that the network sees, and their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matteline.contract.frames import FrameRange, FrameSet
from matteline.engine.timeline import NetworkRun, SavedState, lay_out, mirror, resume


def _set(text: str) -> FrameSet:
    return FrameSet.parse(text)


def _segments(text: str) -> list[FrameRange]:
    """Segments of a plate. They may touch, as two shots at a cut do."""
    return [FrameRange.parse(part) for part in text.split(",")]


def _parts(spans) -> list[tuple[str, str]]:
    return [(str(span.frames), str(span.render)) for span in spans]


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


def test_a_range_has_the_run_of_the_whole_plate():
    (whole,) = lay_out(_set("1001-1100"), _segments("1001-1100"), "auto")
    (part,) = lay_out(_set("1020-1030"), _segments("1001-1100"), "auto")
    assert (part.run, part.mirrored) == (whole.run, whole.mirrored)
    assert _parts([part]) == [("1001-1030", "1020-1030")]


def test_a_range_far_into_a_long_plate_is_settled_by_real_handles():
    (span,) = lay_out(_set("2020-2030"), _segments("1001-3000"), "auto")
    assert (span.run, span.mirrored, str(span.frames)) == (NetworkRun(2010, 0), (), "2010-2030")


def test_a_number_of_handles_is_taken_as_it_is():
    (span,) = lay_out(_set("1020-1030"), _segments("1001-1100"), 10)
    assert (span.mirrored, str(span.frames)) == ((), "1010-1030")


def test_where_handles_run_out_mirrored_frames_come_before_them():
    (span,) = lay_out(_set("1004-1030"), _segments("1001-1100"), 5)
    assert str(span.frames) == "1001-1030"
    assert span.mirrored == (1003, 1002)


def test_ranges_of_one_run_share_it():
    (span,) = lay_out(_set("1010-1020,1050-1060"), _segments("1001-1100"), "all")
    assert _parts([span]) == [("1001-1060", "1010-1020,1050-1060")]


def test_handles_do_not_reach_across_a_gap_of_the_plate():
    (span,) = lay_out(_set("1011-1020"), _segments("1001-1005,1011-1020"), 4)
    assert str(span.frames) == "1011-1020"
    assert span.mirrored == (1015, 1014, 1013, 1012)


@pytest.mark.parametrize("preroll", ["auto", "all", 4, 0])
def test_a_run_ends_where_its_segment_ends(preroll):
    first, second = lay_out(_set("1001-1100"), _segments("1001-1050,1051-1100"), preroll)
    assert (str(first.frames), str(second.frames)) == ("1001-1050", "1051-1100")
    assert all(number >= 1051 for number in second.mirrored)


def test_no_preroll_starts_cold():
    (span,) = lay_out(_set("1001-1003"), _segments("1001-1100"), 0)
    assert span.mirrored == () and span.frames == FrameRange(1001, 1003)


def test_a_resume_continues_from_the_latest_state_before_what_is_missing():
    spans = lay_out(_set("1001-1100"), _segments("1001-1100"), "auto")
    states = [SavedState(NetworkRun(1001, 10), number) for number in (1008, 1056)]
    (span,) = resume(spans, done=_set("1001-1059"), states=states)
    assert span.from_state and span.mirrored == ()
    assert _parts([span]) == [("1056-1100", "1060-1100")]


def test_a_state_of_another_run_is_not_used():
    spans = lay_out(_set("1001-1100"), _segments("1001-1100"), "auto")
    others = [SavedState(NetworkRun(1020, 0), 1056), SavedState(NetworkRun(1001, 3), 1056)]
    (span,) = resume(spans, done=_set("1001-1059"), states=others)
    assert not span.from_state and str(span.frames) == "1001-1100"


def test_ranges_that_begin_at_one_frame_with_other_mirrored_frames_are_other_runs():
    near, far = lay_out(_set("1004-1009,1012-1020"), _segments("1001-1100"), 24)
    assert (near.run, far.run) == (NetworkRun(1001, 21), NetworkRun(1001, 13))
    state = SavedState(near.run, 1008)
    assert [each.from_state for each in resume([near, far], _set("1004-1008"), [state])] == [True, False]


def test_a_resume_without_a_state_advances_from_where_the_run_began():
    spans = lay_out(_set("1020-1100"), _segments("1001-1100"), 10)
    (span,) = resume(spans, done=_set("1020-1059"), states=[])
    assert str(span.frames) == "1010-1100"
    assert not span.from_state


def test_a_state_between_two_missing_ranges_spares_the_frames_between():
    spans = lay_out(_set("1001-1200"), _segments("1001-1200"), "auto")
    states = [SavedState(NetworkRun(1001, 10), number) for number in (1008, 1152)]
    parts = resume(spans, done=_set("1001-1009,1011-1159,1161-1200"), states=states)
    assert _parts(parts) == [("1008-1010", "1010"), ("1152-1160", "1160")]


def test_missing_ranges_with_no_state_between_share_one_span():
    spans = lay_out(_set("1001-1200"), _segments("1001-1200"), "auto")
    state = SavedState(NetworkRun(1001, 10), 1008)
    parts = resume(spans, done=_set("1001-1009,1011-1019,1021-1200"), states=[state])
    assert _parts(parts) == [("1008-1020", "1010,1020")]


def test_a_resume_stops_at_the_last_missing_frame_and_skips_finished_spans():
    spans = lay_out(_set("1001-1010,1050-1060"), _segments("1001-1100"), 0)
    (span,) = resume(spans, done=_set("1001-1004,1006-1010,1050-1060"), states=[])
    assert _parts([span]) == [("1001-1005", "1005")]


_frames = st.sets(st.integers(-20, 60), min_size=1, max_size=30)


@given(
    _frames,
    _frames,
    st.sets(
        st.tuples(st.sampled_from([-20, 0, 13]), st.sampled_from([0, 7, 10]), st.integers(-20, 61)),
        max_size=12,
    ),
    st.sampled_from(["auto", "all", 0, 7]),
)
def test_a_resume_writes_each_missing_frame_once_and_reaches_it_without_a_gap(asked, done, states, preroll):
    spans = lay_out(FrameSet.of(asked), _segments("-20--1,0-12,13-60"), preroll)
    saved = [SavedState(NetworkRun(start, mirrored), number) for start, mirrored, number in states]
    parts = resume(spans, FrameSet.of(done), saved)
    written = [number for part in parts for number in part.render]
    assert sorted(written) == sorted(asked - done)
    for part in parts:
        assert part.frames.first == part.run.start or SavedState(part.run, part.frames.first) in saved
        assert set(part.render) <= set(part.frames)


@given(_frames, _frames)
def test_sets_of_frames_behave_as_sets(left, right):
    a, b = FrameSet.of(left), FrameSet.of(right)
    assert set(a) == left and len(a) == len(left)
    assert set(a.minus(b)) == left - right
    assert FrameSet.parse(str(a)) == a
    assert set(FrameSet.joined([*a.ranges, *b.ranges])) == left | right
