"""The worker of one host: it answers on its pipes, and ends with its host."""

from __future__ import annotations

from matteline.contract.wire import messages
from matteline.worker.conversation import Conversation, Services
from matteline.worker.pipes import Pipes


def serve(pipes: Pipes, idle_seconds: float) -> None:
    """Answer requests until the host says `quit` or is gone; then give up what is not done.

    Returns when nothing is being written any more, or after a few seconds. Threads may still be busy inside
    libraries then: leave the process with `os._exit`.

    Args:
        pipes: From `take_pipes`.
        idle_seconds: How long the model stays loaded after a render.
    """
    services = Services(idle_seconds)
    conversation = Conversation(services, pipes.answers.send)
    conversation.greet()
    try:
        conversation.take_requests(messages(pipes.requests))
    finally:
        conversation.cancel_all()
        services.close()
