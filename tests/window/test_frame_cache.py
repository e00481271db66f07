"""Frames in memory: bounded, the latest request first, and movies in order."""

from __future__ import annotations

import threading

import av
import numpy as np
import pytest

from matteline.contract.errors import ReadError
from matteline.media.plate import open_plate
from matteline.window.viewer.clip import PlateClip
from matteline.window.viewer.frame_cache import FrameCache, FrameRequest
from matteline.window.viewer.reduction import reduced, reduction_for
from tests.waiting import PATIENCE_SECONDS
from tests.window.conftest import settle


@pytest.fixture
def cache(app):
    made = FrameCache(8 << 20)
    yield made
    made.close()


class _Counting:
    """A clip that notes what is read of it, and can be made to wait."""

    def __init__(self, clip: PlateClip) -> None:
        self._clip, self.info, self.frames = clip, clip.info, clip.frames
        self.name, self.in_order = clip.name, True
        self.read: list[int] = []
        self.go = threading.Event()

    def frame(self, number: int):
        self.read.append(number)
        self.go.wait(PATIENCE_SECONDS)
        return self._clip.frame(number)

    def close(self) -> None:
        self._clip.close()


def test_of_many_requests_only_the_last_ones_are_read(cache, plate):
    clip = _Counting(PlateClip(open_plate(plate)))
    for number in range(1001, 1012):
        cache.request([FrameRequest(clip, number, 1)])
        settle(lambda: clip.read)
    clip.go.set()
    settle(lambda: cache.get(FrameRequest(clip, 1011, 1)))
    assert clip.read == [1001, 1011]


def test_memory_stays_within_its_bounds(cache, plate):
    clip = PlateClip(open_plate(plate))
    size = 96 * 64 * 3
    cache.budget_bytes = 4 * size
    for number in range(1001, 1013):
        cache.request([FrameRequest(clip, number, 1)])
        settle(lambda number=number: cache.get(FrameRequest(clip, number, 1)))
        assert cache.bytes <= 4 * size
    assert cache.numbers(clip, 1) == {1009, 1010, 1011, 1012}


def test_more_requests_than_memory_holds_come_to_rest(cache, plate):
    clip = _Counting(PlateClip(open_plate(plate)))
    clip.go.set()
    cache.budget_bytes = 5 * 96 * 64 * 4
    cache.request([FrameRequest(clip, number, 1) for number in range(1001, 1013)])
    settle(lambda: cache.get(FrameRequest(clip, 1004, 1)))
    assert clip.read == sorted(set(clip.read)), "nothing is read twice"


def test_a_failed_frame_is_told_of_and_not_read_again_by_itself(cache, plate):
    clip = PlateClip(open_plate(plate))
    request = FrameRequest(clip, 2000, 1)
    cache.request([request])
    settle(lambda: cache.error(request))
    assert isinstance(cache.error(request), ReadError)


def test_a_movie_is_read_forwards_and_backwards(app, tmp_path):
    movie = PlateClip(open_plate(str(_movie(tmp_path / "m.mov", 30))))
    try:
        for number in (1, 2, 3, 20, 4, 30, 29, 1):
            grey = float(movie.frame(number).pixels.mean())
            assert grey == pytest.approx(number * 8, abs=3), number
    finally:
        movie.close()


def _movie(path, count):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"g": "10", "crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(1, count + 1):
            pixels = np.full((48, 64, 3), number * 8, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def test_reduced_pictures_are_means_in_their_own_type():
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    assert reduced(pixels, 2).shape == (2, 3, 3)
    assert reduced(pixels, 2)[0, 0, 0] == (0 + 3 + 18 + 21 + 2) // 4
    halves = np.full((5, 7, 3), 0.5, np.float16)
    assert reduced(halves, 2).dtype == np.float16 and (reduced(halves, 2) == 0.5).all()


@pytest.mark.parametrize(
    ("zoom", "by"), [(2, 1), (1, 1), (0.9, 1), (0.5, 2), (0.3, 3), (0.24, 4), (0.001, 32)]
)
def test_a_reduction_leaves_a_pixel_for_each_of_the_screen(zoom, by):
    assert reduction_for(zoom) == by
