"""Cells of a frame are made ready for propagation: what is settled and what is open."""

from __future__ import annotations

import numpy as np
import pytest

from matteline.people import Observation
from matteline.people.appearance import Appearance, smoothed_features
from matteline.people.propagation import Propagation
from tests.people.scenes import GREEN, RED, Place, observed, painted


def seen(*people: Place) -> Observation:
    picture, alphas = painted(people)
    return observed(0, picture, alphas.sum(0))


@pytest.fixture(scope="module")
def propagation():
    """Knows red as person 0, and green as person 1."""
    return Propagation([Appearance(smoothed_features(seen((colour, 80)))) for colour in (RED, GREEN)])


def settled_as_red(propagation: Propagation, observation: Observation, **hints: np.ndarray) -> np.ndarray:
    red = np.zeros(int(observation.occupied.sum()), np.int64)
    return propagation.cells(observation, red, {}, **hints).fixed.numpy()


def test_a_core_of_one_person_stays_settled(propagation):
    assert (settled_as_red(propagation, seen((RED, 50))) == 0).all()


def test_a_core_that_somebody_else_has_come_into_is_open(propagation):
    together = seen((GREEN, 66), (RED, 80))
    bodies = together.cores[together.occupied] == 1
    assert (settled_as_red(propagation, together)[bodies] == -1).all()


def test_cells_that_hints_give_stay_settled_whoever_they_look_like(propagation):
    together = seen((GREEN, 66), (RED, 80))
    hinted = np.arange(together.occupied.sum()) % 2 == 0
    np.testing.assert_array_equal(
        settled_as_red(propagation, together, hinted=hinted), np.where(hinted, 0, -1)
    )
