"""The networks: which there are, what is known of each, and official ones fetched with the artist's consent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Optional

import nuke

from .client import ask, raise_failure
from .contract.errors import JobError
from .knobs import set_value
from .report import log, report_errors
from .session import WAIT_SECONDS, session, set_status


@report_errors
def choose_model(node: nuke.Node) -> None:
    """Let the artist choose a network, fetched first where it is not installed; print the list without windows.

    Raises:
        MattelineError: The worker is not found, or a network cannot be fetched.
    """
    # One that cannot be used is no choice; the command that lists networks says why.
    known = [each for each in networks() if not each["problem"]]
    lines = [describe(each) for each in known]
    if not nuke.GUI:
        for line in lines:
            log(line)
        return
    number = nuke.choice("Matteline", "Model", lines)
    if number is None:
        return
    chosen = known[int(number)]
    name = str(chosen["name"])
    if not chosen["installed"]:
        if not nuke.ask(
            f"{chosen['licence']}\n\nFetch {name} ({_megabytes(chosen)}) now? Nuke waits meanwhile."
        ):
            return
        fetch_model(name, agreed=True)
    set_value(node, "weights", name)
    set_status(node, f"Model {name}. {chosen['quality']}")


def networks() -> list[dict[str, Any]]:
    """Return the networks that can be used or fetched, as docs/protocol.md has them. Raises `MattelineError`."""
    with session.worker.asking() as client:
        return list(ask(client, client.networks())["networks"])


def fetch_model(name: str, *, agreed: bool, place: str = "") -> str:
    """Fetch an official network and install it; return its file. Waits, with a bar that cancels it.

    Args:
        name: Its name in `networks`.
        agreed: True if whoever asks has read its licence and agreed.
        place: `release`, `index`, an address, a file or a folder; empty tries release and index.

    Raises:
        MattelineError: There was no agreement, no place can be reached, or it was cancelled.
    """
    task = nuke.ProgressTask(f"Matteline {name}") if nuke.GUI else None
    with session.worker.asking() as client:
        number = client.fetch(name, agreed=agreed, place=place or None)
        while True:
            for message in client.poll(number):
                raise_failure(message)
                if message["event"] == "cancelled":
                    raise JobError(f"{name} was not fetched: cancelled.", hint="Choose it again to go on.")
                if message.get("last"):
                    return str(message["path"])
                _show(task, message)
            if task is not None and task.isCancelled():
                client.cancel(number)
            time.sleep(WAIT_SECONDS)


def describe(network: Mapping[str, Any]) -> str:
    """Return a network in a line: name, what is known of its quality, licence, and size where it must be fetched."""
    parts = [network["name"], network["quality"], _first_sentence(network["licence"])]
    parts.append("installed" if network["installed"] else f"to fetch, {_megabytes(network)}")
    if network["automatic"]:
        parts.append("taken by 'auto'")
    return " · ".join(str(part) for part in parts if part)


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].rstrip(".")


def _megabytes(network: Mapping[str, Any]) -> str:
    return f"{network['size'] / 1e6:.0f} MB"


def _show(task: Optional[Any], message: Mapping[str, Any]) -> None:
    if task is not None and message.get("total"):
        task.setMessage(f"From {message['place']}")
        task.setProgress(int(100 * message["done"] / message["total"]))
