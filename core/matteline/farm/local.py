"""The farm on one machine: several devices, a worker process for each, the pixels of one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from matteline.contract.client import WorkerClient
from matteline.contract.errors import JobError
from matteline.contract.events import Event, Finished, FrameDone, Notice, Preroll, Started, error_of
from matteline.contract.frames import FrameRange
from matteline.contract.record import RECORD_FOLDER
from matteline.engine.plan import Plan
from matteline.engine.timeline import SavedState
from matteline.farm.clip import states_beside
from matteline.farm.submit import Options, Prepared, ticket_of, write
from matteline.farm.ticket import FILE_NAME, Ticket

POLL_SECONDS = 0.02
CHUNKS_OF_A_DEVICE = 4
"""So that a slower device is left with less, and none waits long at the end."""
LEAST_CHUNK_FRAMES = 8
MOST_CHUNK_FRAMES = 96


def one_kind(devices: Sequence[str]) -> str:
    """The kind that several devices share: `cuda:0` and `cuda:1` are both `cuda`.

    Raises:
        JobError: They are of several kinds, which do not make the same pixels.
    """
    kinds = {device.partition(":")[0] for device in devices}
    if len(kinds) != 1:
        raise JobError(
            f"The devices {', '.join(devices)} are of several kinds, which do not make the same pixels.",
            field="device",
            hint="Name devices of one kind, such as --devices cuda:0,cuda:1.",
        )
    return kinds.pop()


def render_on(
    plan: Plan, devices: Sequence[str], start: Callable[[], WorkerClient]
) -> Generator[Event, None, None]:
    """Render a plan on several devices: one rolls the states while the others begin with the first chunks.

    Args:
        plan: From `settle`, for the devices' kind.
        devices: Such as `cuda:0` and `cuda:1`; one named twice is used by two processes.
        start: Starts a worker process.

    Raises:
        MattelineError: What a worker met. Complete frames stay, and `--resume` goes on from the states.
        WorkerError: A worker ended by itself.
    """
    started = time.perf_counter()
    yield Started(len(plan.render), plan.weights.name, ", ".join(devices), str(plan.outputs.folder))
    if plan.render.ranges:
        yield from _rendered(plan, devices, start)
    # It loads torch, and only movies need it here.
    if plan.movies:
        from matteline.engine.make_movies import make_movies

        yield from make_movies(plan)
    yield Finished(len(plan.render), time.perf_counter() - started)


def _rendered(plan: Plan, devices: Sequence[str], start: Callable[[], WorkerClient]) -> Iterator[Event]:
    ticket = _ticket(plan, len(devices))
    folder = plan.outputs.folder / RECORD_FOLDER / "devices" / ticket.name
    write(Prepared(ticket, folder, None, plan.outputs.record))
    with ExitStack() as stack:
        hands = [_Hand(device, stack.enter_context(start())) for device in devices]
        yield from _Crew(plan, ticket, folder, hands).work()
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()  # unless another shot is under way


def _ticket(plan: Plan, devices: int) -> Ticket:
    share = -(-len(plan.render) // (devices * CHUNKS_OF_A_DEVICE))
    chunk = min(max(share, LEAST_CHUNK_FRAMES), MOST_CHUNK_FRAMES)
    options = Options(plan.job.output, chunk_frames=chunk, state_frames=chunk, exact="states")
    ticket = ticket_of(plan, plan.outputs.name, options)
    return replace(ticket, state_frames=ticket.chunk_frames)


@dataclass
class _Hand:
    """A worker process on one device, and what it is busy with."""

    device: str
    client: WorkerClient
    request: int | None = None


@dataclass
class _Crew:
    """Who does what, until all chunks are done."""

    plan: Plan
    ticket: Ticket
    folder: Path
    hands: list[_Hand]
    done: int = 0
    passing: int | None = None
    waiting: list[FrameRange] = field(default_factory=list)

    def work(self) -> Iterator[Event]:
        self.waiting = list(self.ticket.chunks_of(self.plan.render))
        self._ask(self.hands[0], "states", str(self.plan.render.hull))
        self.passing = self.hands[0].request
        while self.waiting or any(hand.request is not None for hand in self.hands):
            for hand in self.hands:
                self._give(hand)
                yield from self._heard(hand)
            time.sleep(POLL_SECONDS)

    def _give(self, hand: _Hand) -> None:
        """Give a hand that is free the first chunk that can begin."""
        if hand.request is not None:
            return
        ready = next((each for each in self.waiting if self._can_begin(each)), None)
        if ready is not None:
            self.waiting.remove(ready)
            self._ask(hand, "chunk", str(ready))

    def _can_begin(self, chunk: FrameRange) -> bool:
        # Without its state a chunk would be rolled to from the start: exact too, but slow.
        if self.passing is None:
            return True
        needed = chunk.first // self.ticket.state_frames * self.ticket.state_frames
        start = next(span.run_start for span in self.plan.spans if chunk.first in span.render)
        state = SavedState(start, needed)
        return needed <= start or states_beside(self.ticket, self.folder).file(state).exists()

    def _ask(self, hand: _Hand, verb: str, frames: str) -> None:
        overwrite = verb == "chunk" and self.plan.job.existing == "overwrite"
        job = str(self.folder / FILE_NAME)
        hand.request = hand.client.send(verb, job=job, frames=frames, device=hand.device, overwrite=overwrite)

    def _heard(self, hand: _Hand) -> Iterator[Event]:
        for message in hand.client.poll(hand.request) if hand.request is not None else ():
            if message["event"] == "failed":
                raise error_of(message)
            yield from self._told(hand, message)
            if message.get("last"):
                self.passing = None if self.passing == hand.request else self.passing
                hand.request = None

    def _told(self, hand: _Hand, message: dict[str, Any]) -> Iterator[Event]:
        if message["event"] == "frame":
            self.done += 1
            yield FrameDone(message["number"], tuple(message["files"]), self.done, len(self.plan.render))
        elif message["event"] == "preroll" and hand.request == self.passing:
            yield Preroll(message["done"], message["total"])
        elif message["event"] == "notice":
            yield Notice(message["message"])
