"""Files of others: only regular ones are opened, no more is read than may be, and any name is reached."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from matteline.contract.files import check_regular, open_regular, read_limited, unicode_path

on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="names of any bytes exist on Linux"
)


@pytest.fixture(params=["folder", "pipe", "device", "socket"])
def no_file(request, tmp_path):
    """Something that has a path and is no file."""
    path = tmp_path / "thing"
    if request.param == "folder":
        path.mkdir()
    elif request.param == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("no pipes with names on this system")
        os.mkfifo(path)
    elif request.param == "device":
        return os.devnull
    else:
        if not hasattr(socket, "AF_UNIX"):
            pytest.skip("no sockets with paths on this system")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(os.path.relpath(path))  # relative, because a socket's path has 107 bytes at most
    return path


def test_what_is_no_regular_file_is_refused_without_waiting(no_file):
    with pytest.raises(OSError, match=r"it is a (folder|pipe)") as caught:
        check_regular(no_file)
    assert caught.value.strerror
    with pytest.raises(OSError):
        open_regular(no_file)


def test_a_file_that_is_too_large_shows_one_byte_more_than_allowed(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"x" * 100)
    assert read_limited(path, 100) == b"x" * 100
    assert read_limited(path, 40) == b"x" * 41


def test_a_path_that_is_unicode_stays_as_it_is(tmp_path):
    with unicode_path(tmp_path / "á.exr") as path:
        assert path == str(tmp_path / "á.exr")


@on_linux
def test_a_file_below_a_folder_of_any_bytes_is_reached_and_made_by_a_unicode_path(tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    os.mkdir(folder)
    with unicode_path(os.path.join(folder, "new.txt")) as path:
        path.encode("utf-8")
        with open(path, "w", encoding="ascii") as file:
            file.write("here")
    with open(os.path.join(folder, "new.txt"), encoding="ascii") as file:
        assert file.read() == "here"


@on_linux
def test_a_file_whose_own_name_is_any_bytes_is_read_by_a_unicode_path(tmp_path):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/plate\xe9.exr")
    with open(name, "wb") as file:
        file.write(b"here")
    with unicode_path(name) as path:
        path.encode("utf-8")
        with open(path, "rb") as file:
            assert file.read() == b"here"
