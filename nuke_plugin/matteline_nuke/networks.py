"""The networks: which there are, what is known of each, and official ones fetched with the artist's consent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Optional

import nuke

from .client import ask
from .knobs import set_value
from .report import log, report_errors
from .running_fetch import RunningFetch
from .session import WAIT_SECONDS, session, set_status


@report_errors
def choose_model(node: nuke.Node) -> None:
    """Let the artist choose a network, fetched first where it is not installed; print the list without windows.

    A fetch goes on in the background, with a bar, and the node gets the network at its end.

    Raises:
        MattelineError: The worker is not found, or does not answer.
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
        if not nuke.ask(f"{chosen['licence']}\n\nFetch {name} ({_megabytes(chosen)}) now?"):
            return
        fetch_for(node, name, agreed=True, quality=str(chosen["quality"]))
        return
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
    with session.worker.asking() as client:
        fetch = RunningFetch(name, client, client.fetch(name, agreed=agreed, place=place or None), _bar(name))
        while not fetch.step():
            time.sleep(WAIT_SECONDS)
    return fetch.path


def fetch_for(node: nuke.Node, name: str, *, agreed: bool, place: str = "", quality: str = "") -> None:
    """Fetch an official network as `fetch_model` does, in the background, and set it in a node at the end.

    Only where Nuke has windows; the node's status says how it ended.

    Raises:
        WorkerError: The worker is not found, or cannot be started.
    """
    with session.worker.asking() as client:
        number = client.fetch(name, agreed=agreed, place=place or None)
    session.follow(RunningFetch(name, client, number, _bar(name), node.fullName(), quality))
    set_status(node, f"Fetching {name}")


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


def _bar(name: str) -> Optional[Any]:
    return nuke.ProgressTask(f"Matteline {name}") if nuke.GUI else None
