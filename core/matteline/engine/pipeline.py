"""All threading of the engine: work ahead of the consumer, bounded, in order.

An error in a worker surfaces at the consumer as itself. Leaving the `with` block is stopping: what is in
flight finishes, what waits is dropped, and no thread is left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import repeat, takewhile
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_END = object()


def do_nothing() -> None:
    """Do nothing between two frames."""


@contextmanager
def each(
    work: Callable[[Item], Result], items: Iterable[Item], *, workers: int, depth: int
) -> Iterator[Iterator[Result]]:
    """Do `work` on every item in `workers` threads; yields an iterator of results in the items' order.

    Items are pulled in the consumer's thread, and at most `depth` of them are in flight beside the one that
    the consumer holds. Nothing starts before the first result is asked for.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="matteline")
    try:
        yield _in_order(pool, work, items, depth)
    finally:
        # `cancel_futures` drops what waits; what runs is waited for, because it may hold open files.
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def ahead(items: Iterable[Item], *, depth: int) -> Iterator[Iterator[Item]]:
    """Pull `items` in one thread of their own, at most `depth` ahead of the consumer."""
    source = iter(items)
    # One worker, since a generator cannot be advanced by two threads at once.
    with each(lambda _: next(source, _END), repeat(None), workers=1, depth=depth) as results:
        yield takewhile(lambda item: item is not _END, results)  # type: ignore[arg-type]


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], depth: int
) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    for future in _submitted(pool, work, items):
        waiting.append(future)
        # Depth beside the one that is handed out: with 0 nothing would be ahead, and the threads would idle.
        if len(waiting) > depth:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _submitted(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Future[Result]]:
    try:
        for item in items:
            yield pool.submit(work, item)
    except Exception as error:
        # It waits its turn, so that what came before the failure is still delivered.
        failed: Future[Result] = Future()
        failed.set_exception(error)
        yield failed
