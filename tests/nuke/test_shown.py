"""What the node shows of a render: windows, values, products, views; equal to the same without Nuke."""

from __future__ import annotations

import numpy as np
import pytest

from tests.nuke import plates
from tests.nuke.comp import alpha_of, assert_shows, fgr_of

pytestmark = pytest.mark.slow

LINEAR = {"colour_space": "lin_rec709"}


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


@pytest.mark.parametrize("source", ["auto", "always write"])
def test_an_anamorphic_plate_with_overscan_keeps_both(comp, tmp_path, source):
    plate = plates.write(tmp_path / "plate", overscan=4, pixel_aspect=2)
    node = comp.node(comp.read(plate), input=source)
    comp.render(node)
    assert_shows(comp, node, comp.direct(plate, **LINEAR))
    shown = comp.shown(node, 1001)
    assert (shown.window.x, shown.window.width, shown.format.pixelAspect()) == (-4, 72, 2.0)
    assert shown.alpha[:4].any() and shown.alpha[:, :4].any()


@pytest.mark.parametrize("source", ["auto", "always write"])
def test_values_above_one_are_kept_in_the_foreground(comp, tmp_path, source):
    plate = plates.write(tmp_path / "plate", gain=5)
    node = comp.node(comp.read(plate), input=source, product="foreground with matte")
    comp.render(node)
    direct = comp.direct(plate, **LINEAR)
    for frame in (1001, 1004):
        shown = comp.shown(node, frame)
        assert shown.rgb().max() > 1.5
        assert np.array_equal(shown.rgb(), fgr_of(direct, frame))
        assert np.array_equal(shown.alpha, alpha_of(direct, frame))


def test_what_the_node_gives(comp, plate):
    read = comp.read(plate)
    node = comp.node(read)
    comp.render(node)
    direct = comp.direct(plate)
    alpha, fgr = alpha_of(direct, 1002), fgr_of(direct, 1002)
    expected = {
        "plate with matte": comp.shown(read, 1002).rgb(),
        "foreground with matte": fgr,
        "foreground premultiplied": fgr * alpha[..., None],
        "matte": np.repeat(alpha[..., None], 3, -1),
    }
    for product, rgb in expected.items():
        comp.set(node, product=product)
        shown = comp.shown(node, 1002)
        assert np.array_equal(shown.rgb(), rgb), product
        assert np.array_equal(shown.alpha, alpha), product


@pytest.mark.parametrize(
    "settings",
    [{"write": ("rgba",)}, {"write": ("alpha", "fgr"), "layout": "layered"}],
    ids=["rgba", "layered"],
)
def test_other_files_show_the_same(comp, plate, settings):
    node = comp.node(comp.read(plate), product="foreground with matte", **settings)
    comp.render(node)
    direct = comp.direct(plate)
    shown = comp.shown(node, 1002)
    alpha = alpha_of(direct, 1002)
    assert np.allclose(shown.alpha, alpha, atol=1e-3)
    difference = np.abs(shown.rgb() - fgr_of(direct, 1002))
    assert difference[alpha > 0.2].max() < 0.05


def test_nothing_is_shown_before_it_is_rendered_or_when_switched_off(comp, plate):
    read = comp.read(plate)
    node = comp.node(read)
    untouched = comp.shown(read, 1001)
    assert np.array_equal(comp.shown(node, 1001).rgb(), untouched.rgb())
    comp.render(node)
    comp.set(node, use=False)
    assert comp.shown(node, 1001).alpha.max() == untouched.alpha.max()


def test_each_view_gets_its_own_matte(comp, tmp_path):
    comp.host.views, comp.host.view = ["left", "right"], "left"
    left = plates.write(tmp_path / "left")
    right = plates.write(tmp_path / "right", gain=0.25)
    read = comp.read(f"{tmp_path}/%V/sh010.####.exr")
    nodes = {view: comp.node(read, view=view) for view in ("left", "right")}
    for node in nodes.values():
        comp.render(node)
    assert_shows(comp, nodes["left"], comp.direct(left, **LINEAR))
    assert_shows(comp, nodes["right"], comp.direct(right, **LINEAR))


@pytest.mark.parametrize("source", ["auto", "always write"])
def test_proxy_mode_changes_nothing_and_stays_on(comp, plate, source):
    comp.host.root["proxy"].setValue(True)
    node = comp.node(comp.read(plate), input=source, keep_input=True)
    comp.render(node)
    assert comp.host.root["proxy"].value()
    assert all(plates.windows(path)[1] == (0, 0, 64, 36) for path in comp.input_files())
    comp.host.root["proxy"].setValue(False)
    assert_shows(comp, node, comp.direct(plate, **LINEAR))
