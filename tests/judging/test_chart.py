"""Charts are SVG that says what it shows."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from matteline.contract.frames import FrameSet
from matteline.judging.chart import Chart, Line, stacked

SVG = "{http://www.w3.org/2000/svg}"


def _strokes(svg: str) -> list[str]:
    return [each.get("d") for each in ElementTree.fromstring(svg).iter(f"{SVG}path") if each.get("stroke")]


def test_a_gap_lifts_the_pen():
    [path] = _strokes(Chart("", [1, 2, 3, 4], [Line("", [1, 2, None, 1])]).svg())
    assert len(re.findall("M", path)) == 2


@pytest.mark.parametrize(
    ("largest", "top"), [(0.0, "1"), (0.9, "1"), (1.0, "1"), (13, "20"), (24, "25"), (0.003, "0.005")]
)
def test_the_scale_ends_at_a_round_number_above_the_largest_value(largest, top):
    svg = ElementTree.fromstring(Chart("t", [1, 2], [Line("", [0, largest])]).svg())
    assert [each.text for each in svg.iter(f"{SVG}text")][5] == top


def test_marked_frames_are_lines_that_name_themselves():
    svg = Chart("", [10, 11, 12], [Line("", [1, 1, 1])], marked={12, 11}).svg()
    assert re.findall("<title>(Frame [0-9]+)</title>", svg) == ["Frame 11", "Frame 12"]


def test_words_cannot_become_markup():
    svg = Chart("<a>", [1], [Line("<b>", [1]), Line("c", [None])]).svg()
    ElementTree.fromstring(svg)
    assert "<a>" not in svg and "<b>" not in svg


def test_panels_stand_below_one_another():
    svg = ElementTree.fromstring(
        stacked([Chart("a", [1], [Line("", [1])]), Chart("b", [1], [Line("", [None])])])
    )
    assert svg.get("height") == "300"
    assert [each.get("transform") for each in svg.iter(f"{SVG}g")] == ["translate(0 0)", "translate(0 150)"]


def test_the_axis_has_round_frame_numbers_between_the_first_and_the_last():
    frames = range(1003, 1204)
    svg = Chart("", frames, [Line("", [1.0] * len(frames))]).svg()
    numbers = [int(each) for each in re.findall(r">(\d{4})</text>", svg)]
    assert numbers[:2] == [1003, 1203] and len(numbers) > 4
    assert all(number % 10 == 0 for number in numbers[2:])


def test_a_single_missing_frame_is_a_shade_of_its_own_width():
    svg = Chart("", range(1, 11), [Line("", [1.0] * 10)], gaps=FrameSet.parse("4")).svg()
    left, right = map(float, re.search(r'd="M([\d.]+) 26H([\d.]+)V', svg).groups())
    assert right - left == pytest.approx((760 - 52 - 12) / 9, abs=0.2)
