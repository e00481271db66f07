"""The main thread: what may only happen there, and how other threads ask for it."""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from tests.nuke.fake.host import FakeNuke

Call = Callable[..., Any]


class MainThread:
    """With a window the main thread carries out what others asked for, whenever `pump` is called.

    A terminal's never does.
    """

    def __init__(self, host: FakeNuke) -> None:
        self._host = host
        self._thread = threading.current_thread()
        self._asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._closed = threading.Event()
        self.answering = False
        self.between: Callable[[], object] = lambda: None

    @property
    def is_here(self) -> bool:
        return threading.current_thread() is self._thread

    def guard(self, what: str) -> None:
        """Every look at a node or a knob."""
        if not self.is_here:
            raise self._host.offence(f"{what} was used in {threading.current_thread().name}")

    def later(self, call: Call, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> None:
        """`executeInMainThread`: without waiting."""
        self._refuse_where_nobody_pumps("executeInMainThread")
        self._asked.put(lambda: _answered(call, _tuple(args), kwargs or {}))

    def with_result(
        self, call: Call, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """`executeInMainThreadWithResult`: exceptions are printed and None comes back."""
        self._refuse_where_nobody_pumps("executeInMainThreadWithResult")
        if self.is_here:
            raise self._host.offence("executeInMainThreadWithResult was called in the main thread")
        answers: list[Any] = []
        done = threading.Event()
        given = _tuple(args)

        def answer() -> None:
            self.answering = True
            try:
                answers.append(_answered(call, given, kwargs or {}))
            finally:
                self.answering = False
                done.set()

        self._asked.put(answer)
        while not done.wait(0.02):
            if self._closed.is_set():
                return None
        return answers[0]

    def pump(
        self,
        until: Callable[[], bool] = lambda: False,
        *,
        seconds: float = PATIENCE_SECONDS,
        strict: bool = True,
    ) -> None:
        """The event loop, until something is so.

        Raises:
            AssertionError: It did not become so in time.
        """
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                if strict:
                    raise AssertionError(f"nothing came of it in {seconds} seconds")
                return
            self.step()

    def step(self) -> None:
        """One round of the event loop: everything that was asked for, and what runs `between`, such as Qt."""
        self.between()
        try:
            self._asked.get(timeout=0.01)()
            while True:
                self._asked.get_nowait()()
        except queue.Empty:
            return

    def close(self) -> None:
        self._closed.set()

    def _refuse_where_nobody_pumps(self, name: str) -> None:
        if not self._host.gui:
            raise self._host.offence(f"{name} in a terminal, where the main thread never listens")
        if self._host.starting:
            raise self._host.offence(f"{name} while Nuke starts")


def _tuple(args: Any) -> tuple[Any, ...]:
    if not isinstance(args, (tuple, list)):
        raise TypeError("args must be a tuple")
    return tuple(args)


def _answered(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        return call(*args, **kwargs)
    except Exception:
        traceback.print_exc()
        return None
