"""One network on its way from where it is offered to the user's folder. Never waits."""

from __future__ import annotations

from typing import Any

from .client import raise_failure
from .contract.client import Message, WorkerClient
from .contract.errors import JobError


class RunningFetch:
    """A fetch under way. Call `step` a few times a second until it says that it has ended.

    Args:
        network: The official name.
        client: The worker.
        request: The number that the worker's answers carry.
        task: Nuke's progress bar; None without windows.
        node_name: Full name of the node that is to have the network; empty for none.
        quality: What is known of the network, for the node's status.

    Attributes:
        path: The file, once it is installed.
    """

    def __init__(
        self,
        network: str,
        client: WorkerClient,
        request: int,
        task: Any,
        node_name: str = "",
        quality: str = "",
    ) -> None:
        self.network = network
        self.node_name = node_name
        self.quality = quality
        self.path = ""
        self._client = client
        self._request = request
        self._task = task
        self._cancelling = False

    def step(self) -> bool:
        """Take in the worker's messages; return True when the network is installed.

        Raises:
            MattelineError: No place can be reached, or it was cancelled; or the worker has ended by itself.
        """
        if self._task is not None and not self._cancelling and self._task.isCancelled():
            self._cancelling = True
            self._client.cancel(self._request)
        for message in self._client.poll(self._request):
            raise_failure(message)
            if message["event"] == "cancelled":
                raise JobError(
                    f"{self.network} was not fetched: cancelled.", hint="Choose it again to go on."
                )
            if message.get("last"):
                self.path = str(message["path"])
                return True
            self._show(message)
        return False

    def close_task(self) -> None:
        """Remove the progress bar: Nuke does so when no object holds it."""
        self._task = None

    def _show(self, message: Message) -> None:
        if self._task is not None and message.get("total"):
            self._task.setMessage(f"From {message['place']}")
            self._task.setProgress(int(100 * message["done"] / message["total"]))
