"""Fetching weights from real servers on this machine, good and bad ones."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from io import BytesIO
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request

import pytest

from matteline.contract.errors import JobError, ModelError, WriteError
from matteline.matting.weights.fetch import _NoDowngrade, fetch
from tests.matting.weights_server import Server, serve
from tests.waiting import PATIENCE_SECONDS

CONTENT = random.Random(7).randbytes(1_300_001)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(CONTENT) as server:
        yield server


def quiet(done: int, total: int) -> None:
    pass


def get(server: Server, folder: Path) -> Path:
    return fetch(server.checkpoint(), folder, progress=quiet, mirror=server.url)


def refused(server: Server, folder: Path, timeout_seconds: float = PATIENCE_SECONDS) -> ModelError:
    """The error of fetching the right file from a server that misbehaves."""
    right = replace(server, content=CONTENT).checkpoint()
    with pytest.raises(ModelError) as caught:
        fetch(right, folder, progress=quiet, mirror=server.url, timeout_seconds=timeout_seconds)
    return caught.value


def test_the_file_arrives_whole_under_its_official_name(server: Server, tmp_path: Path) -> None:
    path = get(server, tmp_path / "not" / "there" / "yet")

    assert path.name == "tiny.pth"
    assert path.read_bytes() == CONTENT
    assert [each.name for each in path.parent.iterdir()] == ["tiny.pth"]


def test_progress_rises_to_the_whole_size(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    fetch(
        server.checkpoint(),
        tmp_path,
        progress=lambda done, total: seen.append((done, total)),
        mirror=server.url,
    )

    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_a_file_that_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path)
    get(server, tmp_path)

    assert server.asked == [None]


def test_a_damaged_file_that_is_there_is_replaced(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pth").write_bytes(CONTENT[:-1] + b"?")

    assert get(server, tmp_path).read_bytes() == CONTENT


def test_a_connection_cut_midway_keeps_what_came_and_continues_there(server: Server, tmp_path: Path) -> None:
    server.cut_after = 500_000
    error = refused(server, tmp_path)
    server.cut_after = None

    assert "ended after 500,000 of 1,300,001 bytes" in error.message
    assert "continues" in error.hint
    assert (tmp_path / "tiny.pth.part").read_bytes() == CONTENT[:500_000]
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=500000-"]


def test_a_server_without_ranges_is_read_from_the_beginning(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "tiny.pth.part").write_bytes(CONTENT[:400_000])

    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == ["bytes=400000-"]


def test_a_complete_partial_file_needs_no_network(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pth.part").write_bytes(CONTENT)

    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == []


def test_a_partial_file_that_is_too_long_is_thrown_away(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pth.part").write_bytes(CONTENT + b"more")

    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == [None]


def test_a_server_that_refuses_the_range_is_asked_for_the_whole(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pth.part").write_bytes(CONTENT[:400_000])
    right = server.checkpoint()
    server.content = CONTENT[:300_000]

    with pytest.raises(ModelError, match="300000 bytes instead of 1300001"):
        fetch(right, tmp_path, progress=quiet, mirror=server.url)

    assert server.asked == ["bytes=400000-", None]
    assert (tmp_path / "tiny.pth.part").read_bytes() == CONTENT[:400_000]


def test_another_part_than_asked_for_is_refused(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pth.part").write_bytes(CONTENT[:400_000])
    server.content_range = f"bytes 400001-{len(CONTENT) - 1}/{len(CONTENT)}"

    assert "another part" in refused(server, tmp_path).message
    assert (tmp_path / "tiny.pth.part").read_bytes() == CONTENT[:400_000]


def test_wrong_bytes_of_the_right_size_are_removed_and_said_so(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + b"?"
    error = refused(server, tmp_path)

    assert "SHA-256 differs" in error.message
    assert "removed" in error.message
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_partial_file_is_found_out_and_removed(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pth.part").write_bytes(b"x" * 1000)

    assert "SHA-256 differs" in refused(server, tmp_path).message
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_another_length_is_refused_before_the_first_byte(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT * 2

    assert "2600002 bytes instead of 1300001" in refused(server, tmp_path).message
    assert list(tmp_path.iterdir()) == []


def test_no_more_than_the_file_is_taken_from_an_endless_server(server: Server, tmp_path: Path) -> None:
    right = server.checkpoint()
    server.content, server.says_length = CONTENT + b"x" * 5_000_000, False
    seen: list[int] = []

    path = fetch(right, tmp_path, progress=lambda done, _: seen.append(done), mirror=server.url)

    assert path.read_bytes() == CONTENT
    assert max(seen) == len(CONTENT)


@pytest.mark.parametrize("status", [404, 403, 500, 503])
def test_an_error_answer_becomes_a_sentence(server: Server, tmp_path: Path, status: int) -> None:
    server.status = status
    error = refused(server, tmp_path)

    assert error.message.startswith(f"Fetching tiny from 127.0.0.1 failed: the server answered {status}")
    assert "--from" in error.hint
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_becomes_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server = Server(CONTENT, url=f"http://127.0.0.1:{unused.getsockname()[1]}/tiny.pth")

        assert "refused" in refused(server, tmp_path).message


def test_a_host_that_does_not_exist_becomes_a_sentence(tmp_path: Path) -> None:
    error = refused(Server(CONTENT, url="https://weights.invalid/tiny.pth"), tmp_path)

    assert error.message.startswith("Fetching tiny from weights.invalid failed: ")


def test_a_silent_server_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = Server(CONTENT, url=f"http://127.0.0.1:{silent.getsockname()[1]}/tiny.pth")

        assert "does not answer" in refused(server, tmp_path, timeout_seconds=1).message


def test_a_server_that_speaks_no_http_becomes_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        greeter = threading.Thread(target=greet, args=(listening,))
        greeter.start()
        server = Server(CONTENT, url=f"http://127.0.0.1:{listening.getsockname()[1]}/tiny.pth")

        assert "failed: SSH-2.0" in refused(server, tmp_path).message
        greeter.join()


def greet(listening: socket.socket) -> None:
    """Answer one connection as another kind of server."""
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"SSH-2.0-OpenSSH\r\n")
        connection.recv(1000)


def test_a_redirection_is_followed(server: Server, tmp_path: Path) -> None:
    server.redirect = server.url.replace("/weights/tiny.pth", "/elsewhere")

    assert get(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/tiny.pth", "file:///etc/hosts"])
def test_a_redirection_away_from_the_web_is_refused(server: Server, tmp_path: Path, address: str) -> None:
    server.redirect = address

    assert "Redirection" in refused(server, tmp_path).message


def test_a_redirection_never_leaves_https() -> None:
    request = Request("https://weights.invalid/tiny.pth")

    with pytest.raises(HTTPError, match="not allowed"):
        _NoDowngrade().redirect_request(
            request, BytesIO(), 302, "Found", Message(), "http://weights.invalid/tiny.pth"
        )


@pytest.mark.parametrize(
    "address",
    [
        "ftp://127.0.0.1/x.pth",
        "file:///etc/passwd",
        "weights.pth",
        "https://",
        "http://[::1/x",
        "http://h:0/x",
        "",
    ],
)
def test_a_mirror_that_is_no_web_address_is_a_mistake_of_the_request(tmp_path: Path, address: str) -> None:
    with pytest.raises(JobError) as caught:
        fetch(Server(CONTENT).checkpoint(), tmp_path, progress=quiet, mirror=address)

    assert caught.value.field == "from"
    assert list(tmp_path.iterdir()) == []


def test_a_password_in_the_address_is_not_shown(server: Server, tmp_path: Path) -> None:
    server.status = 403
    server.url += "?token=secret"

    assert "secret" not in refused(server, tmp_path).message


def test_an_interrupt_keeps_the_partial_file(server: Server, tmp_path: Path) -> None:
    def interrupted(done: int, total: int) -> None:
        if done > 600_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(server.checkpoint(), tmp_path, progress=interrupted, mirror=server.url)

    (part,) = tmp_path.iterdir()
    kept = part.stat().st_size
    assert kept > 600_000
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={kept}-"]


def test_a_folder_that_cannot_be_made_is_a_write_error(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(WriteError) as caught:
        get(server, tmp_path / "file" / "weights")

    assert "cannot be written" in caught.value.message
    assert server.asked == []


FETCH = """
import sys
from pathlib import Path
from matteline.matting.weights.fetch import _NoDowngrade, fetch
from matteline.matting.weights.registry import Checkpoint
url, folder, size, sha256 = sys.argv[1:]
checkpoint = Checkpoint("tiny", "mobilenetv3", "deep_guided_filter", url, int(size), sha256, "", "")
fetch(checkpoint, Path(folder), progress=lambda *_: None, mirror=url)
assert "torch" not in sys.modules
"""


def start(server: Server, folder: Path) -> subprocess.Popen[str]:
    """Fetch in another process."""
    right = server.checkpoint()
    arguments = [server.url, str(folder), str(right.size), right.sha256]
    return subprocess.Popen([sys.executable, "-c", FETCH, *arguments], stderr=subprocess.PIPE, text=True)


def test_of_several_processes_one_fetches_and_all_succeed(server: Server, tmp_path: Path) -> None:
    server.seconds_per_piece = 0.05
    processes = [start(server, tmp_path) for _ in range(4)]
    ends = [each.communicate(timeout=PATIENCE_SECONDS)[1] for each in processes]

    assert ends == [""] * 4
    assert [each.returncode for each in processes] == [0] * 4
    assert server.asked == [None]
    assert [each.name for each in tmp_path.iterdir()] == ["tiny.pth"]
    assert (tmp_path / "tiny.pth").read_bytes() == CONTENT


def test_a_killed_process_blocks_nobody_and_loses_little(server: Server, tmp_path: Path) -> None:
    server.seconds_per_piece = 0.1
    part = tmp_path / "tiny.pth.part"
    with start(server, tmp_path) as process:
        while not (part.exists() and part.stat().st_size > 300_000):
            time.sleep(0.02)
        process.kill()
    kept = part.stat().st_size
    server.seconds_per_piece = 0.0

    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={kept}-"]
    assert [each.name for each in tmp_path.iterdir()] == ["tiny.pth"]
