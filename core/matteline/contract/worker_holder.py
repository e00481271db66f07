"""The one worker of a host: started when first needed, kept from job to job, ended with the host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Optional

from matteline.contract.client import WorkerClient
from matteline.contract.errors import WorkerError


class WorkerHolder:
    """Holds at most one worker, so that its model stays loaded from one job to the next.

    Args:
        find: Gives the command that starts the worker, as the user has chosen it by now. May raise
            `WorkerError`.
        start: Starts the worker of a command. May raise `WorkerError`.
    """

    def __init__(self, find: Callable[[], list[str]], start: Callable[[list[str]], WorkerClient]) -> None:
        self._find, self._start = find, start
        self._client: Optional[WorkerClient] = None
        self._command: list[str] = []

    def client(self) -> WorkerClient:
        """The worker that runs, or a new one where none does or another one was chosen.

        Raises:
            WorkerError: It is not found, or cannot be started.
        """
        command = self._find()
        if self._client is None or not self._client.alive or command != self._command:
            # The old one first: two workers would hold a model, and a GPU's memory for it, twice.
            self.close()
            self._client, self._command = self._start(command), command
        return self._client

    @contextmanager
    def asking(self) -> Iterator[WorkerClient]:
        """The worker, for requests; one that cannot be asked is ended, so that the next try starts another.

        Raises:
            WorkerError: As `client` says.
        """
        try:
            yield self.client()
        except WorkerError:
            self.close()
            raise

    def close(self) -> None:
        """End the worker; what it renders is given up, its complete frames stay."""
        if self._client is not None:
            self._client.close()
            self._client = None
