"""Regions go where people are, and never leave one out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matteline.contract.frames import FrameRange
from matteline.contract.plate import Window
from matteline.contract.shot_notes import LookedFrame, Region, ShotNotes
from matteline.engine.focus import MOST_REGIONS, choose_segments, people_boxes

HD = (1920, 1080)


def _matte(*people: Window) -> np.ndarray:
    """A reduced matte of HD, (432, 768), with people as ellipses in boxes of its pixels."""
    rows, columns = np.mgrid[:432, :768] + 0.5
    alpha = np.zeros((432, 768), np.float32)
    for box in people:
        across = (columns - box.x - box.width / 2) / (box.width / 2)
        down = (rows - box.y - box.height / 2) / (box.height / 2)
        alpha = np.maximum(alpha, np.clip(8 * (1 - across**2 - down**2), 0, 1)).astype(np.float32)
    return alpha


def _notes(*people: tuple[Window, ...], size: tuple[int, int] = HD, cuts: tuple[int, ...] = ()) -> ShotNotes:
    """Notes of a plate that was looked at in every eighth frame from 1 on, with the people seen there."""
    looked = tuple(LookedFrame(1 + 8 * number, boxes, 0.0) for number, boxes in enumerate(people))
    return ShotNotes(FrameRange(1, looked[-1].number), *size, cuts=cuts, looked=looked)


def _regions(*people: tuple[Window, ...], size: tuple[int, int] = HD) -> tuple[Region, ...]:
    (segment,) = choose_segments(_notes(*people, size=size))
    return segment.regions


def _person(x: int, height: int, bottom: int = 1060) -> Window:
    return Window(x, bottom - height, height * 2 // 5, height)


def _seen_rows(region: Region, person: Window) -> float:
    """Height of a person in the network's picture."""
    return person.height * region.ratio


def test_a_person_is_found_with_a_cell_to_spare():
    (box,) = people_boxes(_matte(Window(200, 100, 60, 160)), *HD)
    assert Window(480, 240, 180, 420).contains(box)
    assert box.contains(Window(510, 260, 130, 380))


def test_people_apart_have_boxes_of_their_own():
    boxes = people_boxes(_matte(Window(100, 50, 40, 100), Window(500, 40, 60, 120)), *HD)
    assert [box.x for box in boxes] == [1240, 240]


def test_people_who_touch_share_a_box():
    (box,) = people_boxes(_matte(Window(100, 50, 60, 100), Window(150, 50, 60, 100)), *HD)
    assert box.width >= 250


def test_specks_and_haze_are_no_people():
    haze = np.maximum(_matte(Window(40, 40, 8, 8)), np.float32(0.4))
    assert people_boxes(haze, *HD) == ()


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1998, 1080), (4097, 2160)])
def test_somebody_who_fills_the_picture_has_a_box_as_large_as_the_canvas(size):
    width, height = size
    alpha = np.ones((height * 512 // max(size), width * 512 // max(size)), np.float32)
    assert people_boxes(alpha, width, height) == (Window(0, 0, width, height),)


def test_a_plate_without_people_is_shown_as_without_focus():
    assert _regions((), ()) == ()


def test_somebody_of_half_the_height_is_shown_at_four_hundred_rows_and_more():
    person = _person(700, 540)
    (region,) = _regions((person,), (person,))
    assert 400 <= _seen_rows(region, person) <= 528
    assert region.window(1).contains(person)


def test_somebody_small_is_enlarged_a_little():
    person = _person(700, 200)
    (region,) = _regions((person,), (person,))
    assert region.ratio == pytest.approx(1.6)


def test_people_who_fill_the_plate_are_shown_with_all_of_it_and_larger_than_without_focus():
    (region,) = _regions((Window(100, 60, 1700, 1020),), (Window(100, 60, 1700, 1020),))
    assert (region.width, region.height) == HD
    assert int(region.width * region.ratio) == 768


def test_a_person_in_a_small_plate_is_shown_as_large_as_one_in_a_large_plate():
    person = Window(200, 20, 200, 340)
    (region,) = _regions((person,), (person,), size=(640, 360))
    assert region.window(1).contains(person)
    assert 480 <= region.height * region.ratio <= 528


def test_a_plate_that_gains_nothing_is_left_alone():
    assert _regions((Window(20, 20, 400, 400),), (Window(20, 20, 400, 400),), size=(480, 480)) == ()


def test_two_small_people_far_apart_have_regions_of_their_own():
    people = (_person(100, 200), _person(1700, 200))
    regions = _regions(people, people)
    assert len(regions) == 2
    assert all(region.ratio == pytest.approx(1.6) for region in regions)


def test_two_people_side_by_side_share_a_region():
    people = (_person(600, 500), _person(850, 500))
    (region,) = _regions(people, people)
    assert _seen_rows(region, people[0]) >= 400


def test_somebody_far_away_has_a_region_beside_that_of_somebody_near():
    near, far = _person(200, 1000), _person(1500, 220, bottom=600)
    coarse, fine = _regions((far, near), (far, near))
    assert coarse.window(1).contains(near)
    assert 400 <= _seen_rows(coarse, near) <= 528
    assert fine.window(1).contains(far)
    assert fine.ratio == pytest.approx(1.6)


def test_a_region_follows_somebody_who_walks_across_the_plate():
    walk = [(_person(50 + 100 * number, 540),) for number in range(16)]
    (region,) = _regions(*walk)
    assert len(region.places) > 2
    for number, (person,) in enumerate(walk):
        assert region.window(1 + 8 * number).contains(person)
        assert _seen_rows(region, person) >= 400


def test_a_region_stands_still_round_somebody_who_hardly_moves():
    (region,) = _regions(*[(_person(800 + 12 * (number % 3), 540),) for number in range(8)])
    assert len(region.places) == 1


def test_a_region_shows_where_somebody_will_be_in_the_next_frame_looked_at():
    (region,) = _regions(*[(_person(50 + 110 * number, 400),) for number in range(14)])
    for number in range(13):
        assert region.window(8 + 8 * number).contains(_person(50 + 110 * (number + 1), 400))


def test_somebody_overlooked_for_a_while_stays_in_sight():
    walk = [(_person(50 + 100 * number, 540),) if number not in (5, 6) else () for number in range(16)]
    (region,) = _regions(*walk)
    assert region.window(1 + 8 * 5).contains(_person(50 + 100 * 5, 540))


def test_a_small_thing_seen_once_is_no_person():
    person, mistake = _person(700, 540), Window(1800, 40, 60, 80)
    regions = _regions((person,), (mistake, person), (person,))
    assert len(regions) == 1
    assert not regions[0].window(1).contains(mistake)


def test_a_cut_begins_a_segment_with_regions_of_its_own():
    left, right = _person(100, 540), _person(1600, 540)
    first, second = choose_segments(_notes((left,), (left,), (right,), (right,), cuts=(17,)))
    assert (str(first.frames), str(second.frames)) == ("1-16", "17-25")
    assert first.regions[0].window(1).contains(left)
    assert second.regions[0].window(17).contains(right)


def test_the_notes_of_a_crowd_keep_within_the_cost():
    crowd = tuple(
        _person(40 + 190 * number, 180 + 20 * number, bottom=500 + 60 * number) for number in range(9)
    )
    regions = _regions(crowd, crowd)
    assert len(regions) <= MOST_REGIONS
    assert sum(each.width * each.height * each.ratio**2 for each in regions) <= 3.01 * 512 * 288


def test_weights_made_for_smaller_pictures_see_smaller_regions():
    person = _person(700, 540)
    (segment,) = choose_segments(_notes((person,), (person,)), longer_side=256)
    assert 200 <= _seen_rows(segment.regions[0], person) <= 256


_boxes = st.builds(
    lambda x, y, width, height: Window(x, y, min(width, 1000 - x), min(height, 700 - y)),
    st.integers(0, 980),
    st.integers(0, 680),
    st.integers(20, 1000),
    st.integers(20, 700),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(_boxes, max_size=4).map(tuple), min_size=1, max_size=7))
def test_everybody_is_in_a_region_in_every_frame_he_was_seen_in(people):
    notes = _notes(*people, size=(1000, 700))
    segments = choose_segments(notes)
    # The notes themselves check that regions lie on the canvas and move by whole steps.
    checked = ShotNotes(notes.frames, 1000, 700, looked=notes.looked, segments=segments)
    (segment,) = checked.segments
    for looked in notes.looked:
        for box in looked.people:
            often = len(people) <= 2 or box.width * box.height >= 5e-3 * 1000 * 700
            windows = [region.window(looked.number) for region in segment.regions]
            assert not windows or not often or any(window.contains(box) for window in windows)
