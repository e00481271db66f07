"""The one worker of a host: kept while it is asked, and let go when it is of no use."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator

import pytest

from matteline.contract.client import WorkerClient
from matteline.contract.errors import JobError, WorkerError
from matteline.contract.worker_holder import WorkerHolder

LISTENS = "import sys\nfor line in sys.stdin: pass"

Opened = Callable[..., WorkerHolder]


def command(note: str = "") -> list[str]:
    return [sys.executable, "-c", LISTENS, note]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """A door to workers that only listen."""
    doors: list[WorkerHolder] = []

    def begin(find: Callable[[], list[str]] = command) -> WorkerHolder:
        doors.append(WorkerHolder(find, lambda command: WorkerClient(command, environ=os.environ)))
        return doors[-1]

    yield begin
    for door in doors:
        door.close()


def test_a_worker_is_kept_from_one_job_to_the_next(opened: Opened):
    door = opened()
    assert door.client() is door.client()


def test_a_worker_that_has_ended_is_followed_by_another(opened: Opened):
    door = opened()
    first = door.client()
    first.close()
    assert door.client() is not first
    assert door.client().alive


def test_another_choice_ends_the_worker_of_the_one_before(opened: Opened):
    chosen = command("one")
    door = opened(lambda: chosen)
    first = door.client()
    chosen = command("two")
    assert door.client() is not first
    assert not first.alive and door.client().alive


def test_a_worker_that_cannot_be_asked_is_ended(opened: Opened):
    door = opened()
    with pytest.raises(WorkerError, match="deaf"), door.asking() as client:
        raise WorkerError("It is deaf.")
    assert not client.alive
    assert door.client().alive


def test_a_worker_that_refuses_a_job_is_kept(opened: Opened):
    door = opened()
    with pytest.raises(JobError), door.asking() as client:
        raise JobError("There is no such plate.")
    assert door.client() is client


def test_a_closed_door_leaves_no_worker_and_opens_again(opened: Opened):
    door = opened()
    first = door.client()
    door.close()
    door.close()
    assert not first.alive
    assert door.client().alive
