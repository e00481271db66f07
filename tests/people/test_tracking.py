"""People are told apart, followed through crossings and absences, and named by hints."""

from __future__ import annotations

import numpy as np
import pytest

from matteline.contract.frames import FrameRange
from matteline.contract.people import BoxHint, PointHint
from matteline.people import FrameShares, PersonMask, Tracker
from matteline.people.tracklets import find_tracklets
from tests.people.scenes import BLUE, GREEN, HEIGHT, RED, WIDTH, Scene, crossing, person_at

BODY = 80
"""A row through everybody's body."""


@pytest.fixture(scope="module")
def crossed():
    scene = crossing()
    return scene, *scene.track()


def test_people_are_numbered_by_first_appearance(crossed):
    _, tracker, _ = crossed
    assert [(person.name, person.first, person.hinted) for person in tracker.people] == [
        ("person1", 0, False),
        ("person2", 0, False),
    ]


def test_two_people_keep_their_identities_through_a_crossing(crossed):
    _, _, shares = crossed
    red, green = person_at(shares[0], 40, BODY), person_at(shares[0], 150, BODY)
    assert red != green
    for number in (0, 6, 17, 23):
        assert person_at(shares[number], 40 + 5 * number, BODY) == red
        assert person_at(shares[number], 150 - 5 * number, BODY) == green


def test_shares_sum_to_255_where_somebody_is_and_are_0_elsewhere(crossed):
    scene, _, shares = crossed
    for each in shares:
        total = each.shares.sum(0, dtype=int)
        occupied = scene.observations[each.number].occupied
        assert (total[occupied] == 255).all()
        assert not total[~occupied].any()


def test_people_are_between_their_places_in_frames_that_were_not_observed():
    scene = Scene([[(RED, 30 + 3 * number), (GREEN, 150)] for number in range(13)])
    _, shares = scene.track(every=4)
    assert [each.number for each in shares] == list(range(13))
    for each in shares:
        left, _, right, _ = each.box(person_at(each, 30 + 3 * each.number, BODY))
        middle = (left + right) / 2 * WIDTH
        assert abs(middle - (30 + 3 * each.number)) < 3
        assert set(np.unique(each.shares.sum(0, dtype=int))) == {0, 255}


def test_the_same_observations_give_the_same_bits(crossed):
    scene, _, shares = crossed
    _, again = scene.track()
    assert [each.to_bytes() for each in again] == [each.to_bytes() for each in shares]


@pytest.mark.slow
def test_a_person_who_leaves_and_returns_is_the_same_person():
    frames = [[(RED, 60 - 7 * n), (GREEN, 140)] for n in range(12)]
    frames += [[(RED, None), (GREEN, 140)]] * 6 + [[(RED, -24 + 7 * n), (GREEN, 140)] for n in range(12)]
    tracker, shares = Scene(frames).track()
    assert [person.name for person in tracker.people] == ["person1", "person2"]
    assert person_at(shares[-1], 53, BODY) == person_at(shares[0], 60, BODY)
    assert shares[14].box(person_at(shares[0], 60, BODY)) is None


def test_a_core_in_the_place_of_another_persons_does_not_continue_their_tracklet():
    scene = Scene([[(RED, 60)]] * 6 + [[(GREEN, 64)]] * 6)
    # Heads have one colour: they are cores of their own here.
    tracklets = find_tracklets(scene.observations[number] for number in scene.frames)
    assert [(each.first, each.last) for each in tracklets if each.sizes[0] > 100] == [(0, 5), (6, 11)]


def test_two_people_who_look_alike_are_two_people():
    tracker, shares = Scene([[(RED, 50), (RED, 140)]] * 12).track()
    assert len(tracker.people) == 2
    assert person_at(shares[5], 50, BODY) != person_at(shares[5], 140, BODY)


def test_a_person_who_appears_late_is_a_new_person_numbered_later():
    frames = [[(RED, 50), (BLUE, None if n < 10 else 140)] for n in range(24)]
    tracker, shares = Scene(frames).track()
    assert [(person.name, person.first) for person in tracker.people] == [("person1", 0), ("person2", 10)]
    assert person_at(shares[20], 140, BODY) == 1


def test_after_a_cut_people_are_recognised_by_their_appearance():
    before, after = [[(RED, 50), (GREEN, 140)]] * 10, [[(RED, 150), (GREEN, 60)]] * 10
    scene = Scene([*before, *after])
    tracker = Tracker(scene.observations, [FrameRange(0, 9), FrameRange(10, 19)])
    shares = list(tracker.shares())
    assert len(tracker.people) == 2
    assert person_at(shares[15], 150, BODY) == person_at(shares[5], 50, BODY)


def test_nobody_is_found_where_nobody_is():
    tracker, shares = Scene([[(RED, None)]] * 4).track()
    assert tracker.people == ()
    assert all(each.shares.shape[0] == 0 for each in shares)


@pytest.mark.slow
@pytest.mark.parametrize(
    "hint",
    [
        PointHint(23, 155, BODY, "anna"),
        BoxHint(23, 140, 15, 32, 93, "anna"),
    ],
)
def test_a_name_given_in_one_frame_holds_in_all(hint):
    tracker, shares = crossing().track([hint])
    assert [person.name for person in tracker.people] == ["anna", "person1"]
    assert tracker.people[0].hinted
    for number in (0, 6, 17, 23):
        assert person_at(shares[number], 40 + 5 * number, BODY) == 0


def test_two_names_separate_people_who_are_never_apart():
    frames = [[(RED, 80), (GREEN, 104)]] * 12
    hints = [PointHint(4, 75, BODY, "anna"), PointHint(4, 108, BODY, "ben")]
    tracker, shares = Scene(frames).track(hints)
    assert [person.name for person in tracker.people] == ["anna", "ben"]
    for number in (0, 11):
        assert person_at(shares[number], 74, BODY) == 0
        assert person_at(shares[number], 110, BODY) == 1


@pytest.mark.slow
def test_a_mask_is_exact_in_its_frame():
    scene = crossing()
    mask = scene.alphas[10][0]
    _, shares = scene.track([PersonMask(10, "anna", mask)])
    rows, columns = shares[10].shares.shape[1:]
    cells = mask.reshape(rows, HEIGHT // rows, columns, WIDTH // columns).mean((1, 3))
    assert (shares[10].shares[0][cells == 1] == 255).all()
    assert (shares[10].shares[0][cells == 0] == 0).all()


@pytest.mark.slow
def test_a_hint_where_nobody_is_seen_is_reported():
    hint = PointHint(3, 4, 4, "anna")
    tracker, _ = crossing().track([hint])
    assert tracker.missed == (hint,)
    assert [person.name for person in tracker.people] == ["person1", "person2"]


def test_shares_are_packed_and_read_back(crossed):
    _, _, shares = crossed
    back = FrameShares.from_bytes(shares[7].to_bytes())
    assert back.number == 7
    np.testing.assert_array_equal(back.shares, shares[7].shares)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:10], lambda data: data[:-3], lambda data: b"\xff" * 40]
)
def test_damaged_shares_are_refused(crossed, damage):
    _, _, shares = crossed
    with pytest.raises(ValueError, match="Shares of people"):
        FrameShares.from_bytes(damage(shares[7].to_bytes()))


def test_a_point_names_all_of_a_person_who_touches_another():
    frames = [[(RED, 40 + 2 * n), (GREEN, 140 - 2 * n)] for n in range(20)]
    _, shares = Scene(frames).track([PointHint(19, 76, 100, "anna")])  # on the legs of red, beside green
    for y in (30, 50, BODY):
        assert person_at(shares[19], 76, y) == 0
