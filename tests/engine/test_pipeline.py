"""Work ahead of the consumer: in order, bounded, and gone when its block is left."""

from __future__ import annotations

import threading
import time

import pytest

from matteline.engine.pipeline import ahead, each
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def test_results_come_in_the_order_of_the_items():
    def slow_first(item: int) -> int:
        time.sleep(0.02 if item == 0 else 0)
        return item * 10

    with each(slow_first, range(5), workers=3, depth=3) as results:
        assert list(results) == [0, 10, 20, 30, 40]


def test_items_are_pulled_no_further_ahead_than_the_depth():
    pulled = []

    def items():
        for number in range(100):
            pulled.append(number)
            yield number

    with ahead(items(), depth=3) as results:
        assert next(results) == 0
        time.sleep(0.05)
        assert len(pulled) <= 5


def test_an_error_in_a_worker_surfaces_as_itself():
    def fails(item: int) -> int:
        if item == 2:
            raise ValueError("frame 2")
        return item

    with each(fails, range(5), workers=2, depth=2) as results:
        assert [next(results), next(results)] == [0, 1]
        with pytest.raises(ValueError, match="frame 2"):
            next(results)


def test_an_error_in_the_source_surfaces_after_what_came_before():
    def items():
        yield 1
        raise OSError("gone")

    with ahead(items(), depth=4) as results:
        assert next(results) == 1
        with pytest.raises(OSError, match="gone"):
            next(results)


def test_an_error_upstream_comes_after_the_results_before_it():
    def items():
        yield from (1, 2, 3)
        raise OSError("gone")

    with each(lambda item: item * 10, items(), workers=2, depth=8) as results:
        assert [next(results), next(results), next(results)] == [10, 20, 30]
        with pytest.raises(OSError, match="gone"):
            next(results)


def test_leaving_early_waits_only_for_what_is_in_flight():
    done = []

    def work(item: int) -> int:
        time.sleep(0.01)
        done.append(item)
        return item

    with each(work, range(1000), workers=2, depth=8) as results:
        next(results)
    assert len(done) < 20


def test_nothing_starts_before_a_result_is_asked_for():
    started = []
    with ahead((started.append(n) for n in range(3)), depth=2):
        pass
    assert started == []


def test_stages_overlap():
    last = 4
    meeting = threading.Barrier(
        2, timeout=PATIENCE_SECONDS
    )  # of a frame's work with the reading of the next one

    def work(item: int) -> int:
        if item < last:
            meeting.wait()
        return item

    def reading():
        for number in range(last + 1):
            if number:
                meeting.wait()
            yield number

    with ahead(reading(), depth=2) as read, each(work, read, workers=1, depth=2) as written:
        assert list(written) == list(range(last + 1))
