"""Downloading a release file from real servers on this machine, good and bad ones."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from io import BytesIO
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request

import pytest

from matteline.matting.weights.download import PlaceFailed, _NoDowngrade, download
from tests.matting.weights_server import Server, serve
from tests.waiting import PATIENCE_SECONDS

CONTENT = random.Random(7).randbytes(1_300_001)
PART = "tiny.pth.part"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(CONTENT) as server:
        yield server


def quiet(done: int, total: int) -> None:
    pass


def get(server: Server, folder: Path) -> bytes:
    return download(server.file(), server.url, folder / PART, progress=quiet)


def refused(server: Server, folder: Path, timeout_seconds: float = PATIENCE_SECONDS) -> PlaceFailed:
    """The error of fetching the right file from a server that misbehaves."""
    right = replace(server, content=CONTENT).file()
    with pytest.raises(PlaceFailed) as caught:
        download(right, server.url, folder / PART, progress=quiet, timeout_seconds=timeout_seconds)
    assert caught.value.hint
    return caught.value


def test_the_file_arrives_whole(server: Server, tmp_path: Path) -> None:
    assert get(server, tmp_path) == CONTENT
    assert (tmp_path / PART).read_bytes() == CONTENT


def test_progress_rises_to_the_whole_size(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    download(server.file(), server.url, tmp_path / PART, progress=lambda *at: seen.append(at))

    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_a_connection_cut_midway_keeps_what_came_and_continues_there(server: Server, tmp_path: Path) -> None:
    server.cut_after = 500_000
    error = refused(server, tmp_path)
    server.cut_after = None

    assert "ended after 500,000 of 1,300,001 bytes" in str(error)
    assert "continues" in error.hint
    assert (tmp_path / "tiny.pth.part").read_bytes() == CONTENT[:500_000]
    assert get(server, tmp_path) == CONTENT
    assert server.asked == [None, "bytes=500000-"]


def test_a_server_without_ranges_is_read_from_the_beginning(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "tiny.pth.part").write_bytes(CONTENT[:400_000])

    assert get(server, tmp_path) == CONTENT
    assert server.asked == ["bytes=400000-"]


def test_a_complete_partial_file_needs_no_network(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pth.part").write_bytes(CONTENT)

    assert get(server, tmp_path) == CONTENT
    assert server.asked == []


def test_a_partial_file_that_is_too_long_is_thrown_away(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pth.part").write_bytes(CONTENT + b"more")

    assert get(server, tmp_path) == CONTENT
    assert server.asked == [None]


def test_a_server_that_refuses_the_range_is_asked_for_the_whole(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pth.part").write_bytes(CONTENT[:400_000])
    right = server.file()
    server.content = CONTENT[:300_000]

    with pytest.raises(PlaceFailed, match="300000 bytes instead of 1300001"):
        download(right, server.url, tmp_path / PART, progress=quiet)

    assert server.asked == ["bytes=400000-", None]
    assert (tmp_path / "tiny.pth.part").read_bytes() == CONTENT[:400_000]


def test_another_part_than_asked_for_is_refused(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pth.part").write_bytes(CONTENT[:400_000])
    server.content_range = f"bytes 400001-{len(CONTENT) - 1}/{len(CONTENT)}"

    assert "another part" in str(refused(server, tmp_path))
    assert (tmp_path / "tiny.pth.part").read_bytes() == CONTENT[:400_000]


def test_wrong_bytes_of_the_right_size_are_removed_and_said_so(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + b"?"
    error = refused(server, tmp_path)

    assert "SHA-256 differs" in str(error)
    assert "removed" in str(error)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_partial_file_is_found_out_and_removed(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pth.part").write_bytes(b"x" * 1000)

    assert "SHA-256 differs" in str(refused(server, tmp_path))
    assert get(server, tmp_path) == CONTENT


def test_another_length_is_refused_before_the_first_byte(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT * 2

    assert "2600002 bytes instead of 1300001" in str(refused(server, tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_no_more_than_the_file_is_taken_from_an_endless_server(server: Server, tmp_path: Path) -> None:
    right = server.file()
    server.content, server.says_length = CONTENT + b"x" * 5_000_000, False
    seen: list[int] = []

    data = download(right, server.url, tmp_path / PART, progress=lambda done, _: seen.append(done))

    assert data == CONTENT
    assert max(seen) == len(CONTENT)


@pytest.mark.parametrize("status", [404, 403, 500, 503])
def test_an_error_answer_becomes_a_sentence(server: Server, tmp_path: Path, status: int) -> None:
    server.status = status
    error = refused(server, tmp_path)

    assert str(error).startswith(f"the server answered {status}")
    assert "another place" in error.hint
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_becomes_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server = Server(CONTENT, url=f"http://127.0.0.1:{unused.getsockname()[1]}/tiny.pth")

        assert "refused" in str(refused(server, tmp_path))


def test_a_host_that_does_not_exist_becomes_a_sentence(tmp_path: Path) -> None:
    error = refused(Server(CONTENT, url="https://weights.invalid/tiny.pth"), tmp_path)

    assert "known" in str(error) or "resolution" in str(error)


@pytest.mark.slow
def test_a_silent_server_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = Server(CONTENT, url=f"http://127.0.0.1:{silent.getsockname()[1]}/tiny.pth")

        assert "does not answer" in str(refused(server, tmp_path, timeout_seconds=1))


def test_a_server_that_speaks_no_http_becomes_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        greeter = threading.Thread(target=greet, args=(listening,))
        greeter.start()
        server = Server(CONTENT, url=f"http://127.0.0.1:{listening.getsockname()[1]}/tiny.pth")

        assert "SSH-2.0" in str(refused(server, tmp_path))
        greeter.join()


def greet(listening: socket.socket) -> None:
    """Answer one connection as another kind of server."""
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"SSH-2.0-OpenSSH\r\n")
        connection.recv(1000)


def test_a_redirection_is_followed(server: Server, tmp_path: Path) -> None:
    server.redirect = server.url.replace("/weights/tiny.pth", "/elsewhere")

    assert get(server, tmp_path) == CONTENT


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/tiny.pth", "file:///etc/hosts"])
def test_a_redirection_away_from_the_web_is_refused(server: Server, tmp_path: Path, address: str) -> None:
    server.redirect = address

    assert "Redirection" in str(refused(server, tmp_path))


def test_a_redirection_never_leaves_https() -> None:
    request = Request("https://weights.invalid/tiny.pth")

    with pytest.raises(HTTPError, match="not allowed"):
        _NoDowngrade().redirect_request(
            request, BytesIO(), 302, "Found", Message(), "http://weights.invalid/tiny.pth"
        )


def test_an_interrupt_keeps_the_partial_file(server: Server, tmp_path: Path) -> None:
    def interrupted(done: int, total: int) -> None:
        if done > 600_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.file(), server.url, tmp_path / PART, progress=interrupted)

    (part,) = tmp_path.iterdir()
    kept = part.stat().st_size
    assert kept > 600_000
    assert get(server, tmp_path) == CONTENT
    assert server.asked == [None, f"bytes={kept}-"]
