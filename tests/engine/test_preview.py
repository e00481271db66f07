"""Previews: one frame as a render would make it, with the network's result kept in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from matteline.contract.errors import JobError
from matteline.contract.plate import Window
from matteline.engine.plan import Resources
from matteline.engine.preview import Draft, Previewer
from matteline.matting.weights.load import load_network
from tests.engine.conftest import HEIGHT, WIDTH, read_exr


class _Networks:
    """Loads the network of a plan and counts how often frames enter it."""

    def __init__(self):
        self.frames = 0

    def __call__(self, plan):
        return load_network(plan.weights, plan.settings.refiner)

    def count(self):
        # It is called before each frame.
        self.frames += 1


@pytest.fixture
def networks():
    return _Networks()


@pytest.fixture
def preview(render, png_plate, tmp_path, networks):
    """Preview a frame of the small plate with some settings."""
    previewer = Previewer(networks)

    def preview(number, *, scale=1, plate=png_plate, want_fgr=True, draft=None, **settings):
        job = render.job(plate, tmp_path / "out", **settings)
        return previewer.render(
            job,
            number,
            Resources(),
            scale=scale,
            want_fgr=want_fgr,
            draft=draft,
            between_frames=networks.count,
        )

    yield preview
    previewer.forget()


@pytest.mark.slow
def test_the_first_frame_is_the_one_that_a_render_begins_with(render, preview, png_plate, tmp_path):
    render(png_plate, tmp_path / "out", "1001", preroll=6, depth="float")
    alpha = read_exr(tmp_path / "out/alpha/sh010_alpha.1001.exr")["R"]
    np.testing.assert_array_equal(preview(1001, preroll=6).alpha, alpha)


@pytest.mark.slow
def test_a_frame_has_the_handles_of_the_plate(render, preview, png_plate, tmp_path):
    render(png_plate, tmp_path / "out", "1009", preroll=6, depth="float")
    fgr = read_exr(tmp_path / "out/fgr/sh010_fgr.1009.exr")
    np.testing.assert_array_equal(preview(1009).fgr[..., 0], fgr["R"])


def test_the_next_frame_enters_the_network_alone(preview, networks):
    preview(1008)
    before = networks.frames
    assert not preview(1009).from_memory
    assert networks.frames == before + 1


def test_a_draft_of_full_size_is_the_preview_and_of_half_size_near_it(preview, networks):
    made = preview(1008, choke=1.5, soften=2.0)
    before = networks.frames
    whole = preview(1008, draft=Draft(), choke=1.5, soften=2.0)
    np.testing.assert_array_equal(whole.alpha, made.alpha)
    assert whole.fgr is None and networks.frames == before
    half = preview(1008, draft=Draft(2), choke=1.5, soften=2.0).alpha
    reduced = made.alpha.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean(axis=(1, 3))
    assert half.shape == reduced.shape and np.abs(half - reduced).mean() < 0.02


def test_a_part_of_a_draft_is_that_part_of_the_whole_one(preview):
    whole = preview(1008, draft=Draft(2), choke=-1.5, soften=2.0).alpha
    part = preview(1008, draft=Draft(2, Window(9, 12, 20, 11)), choke=-1.5, soften=2.0)
    assert part.region == Window(4, 6, 11, 6), "whole pixels of the smaller picture that cover it"
    np.testing.assert_allclose(part.alpha, whole[6:12, 4:15], atol=1e-6)
    beyond = preview(1008, draft=Draft(1, Window(WIDTH - 5, -9, 4000, 4000)))
    assert beyond.region == Window(WIDTH - 5, 0, 5, HEIGHT)


def test_what_a_draft_cannot_show_is_previewed_whole(preview, tmp_path):
    path = tmp_path / "garbage.png"
    Image.fromarray(np.full((HEIGHT, WIDTH), 255, np.uint8)).save(path)
    made = preview(1008, draft=Draft(2), garbage=str(path))
    assert made.region is None and made.alpha.shape == (HEIGHT, WIDTH)
    with pytest.raises(JobError, match="A draft cannot be 1/3"):
        Draft(3)


def test_another_edge_needs_no_network(preview, networks):
    soft = preview(1008)
    before = networks.frames
    choked = preview(1008, choke=2.0)
    assert choked.from_memory and networks.frames == before
    assert choked.alpha.mean() < soft.alpha.mean()


def test_an_edge_that_moves_leaves_the_foreground_out(preview):
    preview(1008)
    assert preview(1008, want_fgr=False, soften=1.0).fgr is None


@pytest.mark.slow
def test_another_setting_of_the_network_starts_anew(preview, networks):
    preview(1008)
    before = networks.frames
    assert not preview(1008, downsample_ratio=0.25).from_memory
    assert networks.frames > before


@pytest.mark.slow
def test_edges_equal_a_render_with_the_same_settings(render, preview, png_plate, tmp_path):
    edges = {"choke": 1.0, "soften": 2.0, "black_point": 0.1, "white_point": 0.9}
    render(png_plate, tmp_path / "out", "1009", preroll=6, depth="float", **edges)
    preview(1009)
    alpha = read_exr(tmp_path / "out/alpha/sh010_alpha.1009.exr")["R"]
    np.testing.assert_array_equal(preview(1009, **edges).alpha, alpha)


def test_half_size_is_half_the_pixels(preview):
    half = preview(1005, scale=2)
    assert half.alpha.shape == (HEIGHT // 2, WIDTH // 2)
    assert half.header.display_window.width == WIDTH // 2


def test_a_garbage_matte_is_read_for_the_frame(preview, tmp_path):
    matte = np.zeros((HEIGHT, WIDTH), np.uint8)
    Image.fromarray(matte).save(tmp_path / "roto.png")
    assert preview(1005).alpha.max() > 0
    blank = preview(1005, garbage=str(tmp_path / "roto.png"))
    assert blank.from_memory and blank.alpha.max() == 0


def test_a_matte_of_another_tool_takes_the_place_of_the_networks(preview, tmp_path):
    matte = np.zeros((HEIGHT, WIDTH), np.uint8)
    matte[: HEIGHT // 2] = 255
    Image.fromarray(matte).save(tmp_path / "given.png")
    own = preview(1005).alpha
    given = preview(1005, alpha=str(tmp_path / "given.png"), edges="network")
    np.testing.assert_array_equal(given.alpha, matte / np.float32(255))
    np.testing.assert_array_equal(preview(1005).alpha, own)
    with pytest.raises(JobError, match="another tool"):
        preview(1005, alpha=str(tmp_path / "given.png"), foreground="network")


def test_a_frame_outside_the_plate_is_refused(preview):
    with pytest.raises(JobError, match=r"Frame 2000 is outside the plate .*, which has 1001-1012"):
        preview(2000)


def test_a_scale_that_there_is_not_is_refused(preview):
    with pytest.raises(JobError, match=r"A preview cannot be 1/3 of the plate"):
        preview(1001, scale=3)


@pytest.mark.slow
def test_cancelling_between_frames_leaves_the_next_preview_right(
    preview, networks, render, png_plate, tmp_path
):
    class Stopped(Exception):
        pass

    previewer = Previewer(networks)
    job = render.job(png_plate, tmp_path / "out")
    calls = []

    def stop():
        calls.append(1)
        if len(calls) == 4:
            raise Stopped

    with pytest.raises(Stopped):
        previewer.render(job, 1009, Resources(), between_frames=stop)
    again = previewer.render(replace(job), 1009, Resources())
    np.testing.assert_array_equal(again.alpha, preview(1009).alpha)
    previewer.forget()
