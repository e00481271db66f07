"""Edges that move without a render: nothing at their defaults, and the command's edges within stated tolerances."""

from __future__ import annotations

import numpy as np
import OpenImageIO as oiio
import pytest
import torch

from matteline.matting.edges import EdgeTools
from tests.nuke import plates
from tests.nuke.comp import alpha_of, assert_shows, fgr_of

BORDER = 12
"""Pixels at the border that are not compared: nobody knows what Nuke takes to lie beyond it."""


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


@pytest.fixture
def live(comp, plate):
    return live_node(comp, plate)


def live_node(comp, plate):
    """A node that shows a render, with live edges at their defaults."""
    node = comp.node(comp.read(plate), edges_live=True)
    comp.render(node)
    return node


def drawn(width=96, height=64):
    """(height, width) float32: a soft rectangle, straight edges along rows and columns."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    inside = np.minimum(np.minimum(x - 24, 71 - x), np.minimum(y - 20, 43 - y))
    return np.clip(inside / 4 + 0.5, 0, 1).astype(np.float32)


def put(comp, alpha):
    """Replace the shown matte's file by a drawn one, as if it had been rendered."""
    path = next(each for each in comp.mattes() if ".1001." in each.name)
    spec = oiio.ImageSpec(alpha.shape[1], alpha.shape[0], 1, oiio.FLOAT)
    spec.channelnames = ("R",)
    output = oiio.ImageOutput.create("openexr")
    assert output.open(str(path), spec) and output.write_image(alpha[..., None])
    output.close()
    comp.host.decoded.clear()


def shown(comp, node):
    return comp.shown(node, 1001).alpha[: drawn().shape[0], : drawn().shape[1]]


def commands(**edges):
    return EdgeTools(**edges).apply(torch.from_numpy(drawn())).numpy()


def inner(picture):
    return picture[BORDER:-BORDER, BORDER:-BORDER]


def test_at_their_defaults_every_value_is_the_rendered_files(comp, live, plate):
    direct = comp.direct(plate)
    assert_shows(comp, live, direct)
    comp.set(live, product="foreground with matte")
    for frame in (1001, 1004):
        assert np.array_equal(comp.shown(live, frame).rgb(), fgr_of(direct, frame))
        assert np.array_equal(comp.shown(live, frame).alpha, alpha_of(direct, frame))


def test_live_edges_are_not_in_the_files_and_need_no_render(comp, live, plate):
    comp.set(live, choke=2.0, soften=1.0, black_point=0.2, white_point=0.8)
    assert not np.array_equal(comp.shown(live, 1002).alpha, alpha_of(comp.direct(plate), 1002))
    before = {path: path.stat().st_mtime_ns for path in comp.mattes()}
    comp.render(live)
    assert {path: path.stat().st_mtime_ns for path in comp.mattes()} == before
    (path,) = [each for each in comp.mattes() if ".1002." in each.name]
    assert np.array_equal(plates.read(path)["R"], alpha_of(comp.direct(plate), 1002))


@pytest.mark.parametrize(("black", "white"), [(0.2, 1.0), (0.0, 0.7), (0.25, 0.75)])
def test_black_and_white_point_are_the_commands(comp, live, black, white):
    put(comp, drawn())
    comp.set(live, black_point=black, white_point=white)
    assert np.abs(shown(comp, live) - commands(black_point=black, white_point=white)).max() < 1e-6


@pytest.mark.parametrize("pixels", [1.0, 2.5, 6.0, -1.0, -2.5, -6.0])
def test_choke_moves_straight_edges_as_the_command_and_corners_further(comp, live, pixels):
    put(comp, drawn())
    comp.set(live, choke=pixels)
    found, wanted = shown(comp, live), commands(choke_pixels=pixels)
    # Along the middle row and column only straight edges are near.
    assert np.abs(found[32] - wanted[32]).max() < 1e-5
    assert np.abs(found[:, 48] - wanted[:, 48]).max() < 1e-5
    # A square reaches further than a disc, by at most the square root of two.
    assert np.all((found - wanted) * np.sign(pixels) <= 1e-5)
    beyond = commands(choke_pixels=pixels * np.sqrt(2))
    assert np.all((found - beyond) * np.sign(pixels) >= -0.06)


@pytest.mark.parametrize("pixels", [1.0, 3.0, 8.0])
def test_soften_is_the_commands_gaussian(comp, live, pixels):
    put(comp, drawn())
    comp.set(live, soften=pixels)
    difference = inner(shown(comp, live)) - inner(commands(soften_pixels=pixels))
    assert np.abs(difference).max() < 0.004


def test_points_come_before_choke_and_choke_before_soften(comp, live):
    put(comp, drawn())
    comp.set(live, black_point=0.3, white_point=0.9, choke=2.0, soften=3.0)
    wanted = commands(black_point=0.3, white_point=0.9, choke_pixels=2.0, soften_pixels=3.0)
    for found, right in ((shown(comp, live)[32], wanted[32]), (shown(comp, live)[:, 48], wanted[:, 48])):
        assert np.abs(found - right)[BORDER:-BORDER].max() < 0.004


def test_a_black_point_above_the_white_point_shows_a_hard_edge_and_no_error(comp, live):
    put(comp, drawn())
    comp.set(live, black_point=0.8, white_point=0.3)
    found = shown(comp, live)
    assert found.min() == 0 and found.max() == 1


@pytest.mark.slow
def test_edges_in_the_files_are_not_drawn_twice(comp, live, plate):
    comp.set(live, edges_live=False, choke=2.0)
    comp.render(live)
    comp.set(live, edges_live=True)
    assert_shows(comp, live, comp.direct(plate, choke=2.0))


def test_edges_that_are_not_live_wait_for_a_render(comp, live, plate):
    comp.set(live, edges_live=False, choke=2.0)
    assert_shows(comp, live, comp.direct(plate))


def test_the_plate_premultiplied_is_the_plate_times_the_live_matte(comp, live):
    comp.set(live, product="plate premultiplied", soften=2.0)
    read = comp.nuke.toNode("Read1")
    found = comp.shown(live, 1002)
    assert np.allclose(found.rgb(), comp.shown(read, 1002).rgb() * found.alpha[..., None], atol=1e-6)


def test_outside_of_the_rendered_range_the_matte_is_empty_and_the_status_names_the_range(comp, live):
    comp.set(live, range="custom", first=1002, last=1003, soften=2.0)
    comp.render(live)
    assert [float(comp.shown(live, frame).alpha.max()) == 0 for frame in (1001, 1002, 1003, 1004)] == [
        True,
        False,
        False,
        True,
    ]
    assert "1002-1003" in comp.status(live)
    assert "1002-1003" in live["label"].evaluate()
