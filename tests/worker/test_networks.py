"""A host lists the networks and fetches one, with progress and the user's agreement."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from matteline.contract.client import WorkerClient, follow
from matteline.contract.errors import FetchError, JobError
from matteline.contract.events import error_of
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.registry import LICENCE
from tests.matting.weights_server import Server, serve

from .conftest import up_to

# In the worker, an official network is one that a server of the test has.
BEFORE = """
from dataclasses import replace
from matteline.matting.weights import catalogue, find, registry
from matteline.matting.weights.registry import OFFICIAL_NETWORKS, ReleaseFile
file = ReleaseFile("tiny.pth", {size}, "{sha256}")
known = replace(OFFICIAL_NETWORKS[0], files=(file,), package=None, tensors_sha256=None)
for module in (catalogue, find, registry):
    module.OFFICIAL_NETWORKS = (known, OFFICIAL_NETWORKS[1])
registry.RELEASE = "{release}"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the user's weights are, still empty."""
    for name in ("XDG_DATA_HOME", "HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("MATTELINE_WEIGHTS", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "home" / "matteline" / "weights"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of an official network's file."""
    written = io.BytesIO()
    torch.save(MattingNetwork(width=0.25).state_dict(), written)
    with serve(written.getvalue()) as server:
        yield server


@pytest.fixture
def client(home: Path, server: Server, start: Callable[..., WorkerClient]) -> WorkerClient:
    """A worker that knows the server as the authors' release."""
    sha256 = hashlib.sha256(server.content).hexdigest()
    release = server.url.rpartition("/")[0]
    return start(before=BEFORE.format(size=len(server.content), sha256=sha256, release=release))


def listed(client: WorkerClient) -> dict[str, dict]:
    """The networks by name."""
    *_, answer = follow(client, client.networks())
    assert answer["event"] == "networks"
    return {each["name"]: each for each in answer["networks"]}


def test_networks_are_listed_with_quality_licence_and_what_auto_takes(client: WorkerClient) -> None:
    networks = listed(client)

    official, small = networks["rvm_mobilenetv3"], networks["matteline-small"]
    assert (official["installed"], official["path"], official["official"]) == (False, None, "rvm_mobilenetv3")
    assert official["licence"] == LICENCE
    assert "MAD" in official["quality"] and "MAD" in small["quality"]
    assert (small["installed"], small["automatic"], small["licence"]) == (True, True, "GPL-3.0-or-later")
    assert small["architecture"] == {"encoder": "mobilenetv3", "refiner": "fast_guided_filter"}


def test_a_file_that_cannot_be_used_is_listed_with_its_problem(client: WorkerClient, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "broken.pth").write_text("text")

    broken = listed(client)["broken"]
    assert (broken["installed"], broken["architecture"]) == (True, None)
    assert "broken.pth is not a PyTorch checkpoint" in broken["problem"]


@pytest.mark.slow
def test_a_fetched_network_is_what_auto_takes(client: WorkerClient, home: Path) -> None:
    *steps, last = follow(client, client.fetch("rvm_mobilenetv3", agreed=True))

    assert last["event"] == "fetched"
    assert (last["network"], last["place"]) == ("rvm_mobilenetv3", "the release at 127.0.0.1")
    assert Path(last["path"]).parent == home
    done = [each["done"] for each in steps if each["place"] == last["place"]]
    assert done == sorted(done) and done[-1] == steps[-1]["total"]
    assert listed(client)["rvm_mobilenetv3"]["automatic"]
    *_, checked = follow(client, client.check())
    assert checked["model"]["name"] == "rvm_mobilenetv3"


@pytest.mark.slow
def test_a_file_that_was_brought_along_can_be_named(
    client: WorkerClient, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "tiny.pth").write_bytes(server.content)

    *_, last = follow(client, client.fetch("rvm_mobilenetv3", agreed=True, place=str(tmp_path)))
    assert last["place"] == str(tmp_path / "tiny.pth")
    assert server.asked == []


def test_nothing_is_fetched_without_agreement(client: WorkerClient, server: Server, home: Path) -> None:
    *_, last = follow(client, client.fetch("rvm_mobilenetv3", agreed=False))

    error = error_of(last)
    assert isinstance(error, JobError)
    assert (error.field, error.hint) == ("agreed", LICENCE)
    assert server.asked == []
    assert not home.exists()


@pytest.mark.parametrize("name", ["rvm_mobilnet", 5, None])
def test_a_network_that_nobody_knows_is_refused_with_those_known(client: WorkerClient, name: object) -> None:
    *_, last = follow(client, client.send("fetch", network=name, agreed=True))

    assert last["where"] == {"field": "network"}
    assert "rvm_resnet50" in last["hint"]


def test_a_release_that_cannot_be_reached_is_a_failure_of_its_own_kind(
    client: WorkerClient, server: Server
) -> None:
    server.status = 503
    *_, last = follow(client, client.fetch("rvm_mobilenetv3", agreed=True))

    assert isinstance(error_of(last), FetchError)
    assert last["exit_code"] == 4
    assert "answered 503" in last["message"]


@pytest.mark.slow
def test_a_cancelled_fetch_continues_where_it_stopped(
    client: WorkerClient, server: Server, home: Path
) -> None:
    server.seconds_per_piece = 0.2
    number = client.fetch("rvm_mobilenetv3", agreed=True)
    answers = follow(client, number)
    up_to("fetching", answers)
    client.cancel(number)
    *_, last = answers
    assert last["event"] == "cancelled"
    assert (home / "tiny.pth.part").stat().st_size > 0

    server.seconds_per_piece = 0.0
    *_, last = follow(client, client.fetch("rvm_mobilenetv3", agreed=True))
    assert last["event"] == "fetched"
    assert server.asked[0] is None and server.asked[1] is not None


@pytest.mark.slow
def test_questions_are_answered_while_a_network_comes(
    client: WorkerClient, server: Server, home: Path
) -> None:
    server.seconds_per_piece = 0.5
    answers = follow(client, client.fetch("rvm_mobilenetv3", agreed=True))
    up_to("fetching", answers)

    assert not listed(client)["rvm_mobilenetv3"]["installed"]
    server.seconds_per_piece = 0.0
    *_, last = answers
    assert last["event"] == "fetched"
