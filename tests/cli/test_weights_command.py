"""`matteline weights`, as a user types it."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from matteline.cli import weights as command
from matteline.cli.options import hint_with_flags
from matteline.contract.errors import FetchError, JobError, MattelineError, ModelError
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights import find, registry
from matteline.matting.weights.find import inspect, user_folder
from matteline.matting.weights.registry import LICENCE, OFFICIAL_NETWORKS
from tests.matting.weights_server import Server, serve
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder of the user, no shared one, and nothing that comes with the package."""
    monkeypatch.setattr(find, "_SHIPPED", tmp_path / "shipped")
    for name in ("XDG_DATA_HOME", "HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("MATTELINE_WEIGHTS", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert user_folder().is_relative_to(tmp_path)
    return user_folder()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of some network's file."""
    written = io.BytesIO()
    torch.save(MattingNetwork(width=0.125).state_dict(), written)
    with serve(written.getvalue()) as server:
        yield server


@pytest.fixture
def published(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that holds what the registry calls rvm_mobilenetv3."""
    known = replace(OFFICIAL_NETWORKS[0], files=(server.file(),), package=None, tensors_sha256=None)
    for module in (command, registry, find):
        monkeypatch.setattr(module, "OFFICIAL_NETWORKS", (known, *OFFICIAL_NETWORKS[1:]))
    monkeypatch.setattr(registry, "RELEASE", server.url.rpartition("/")[0])
    return server


@pytest.fixture
def pth(tmp_path: Path) -> Path:
    """A narrow network of one's own."""
    path = tmp_path / "hero.pth"
    torch.save(MattingNetwork(width=0.25).state_dict(), path)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command.weights, [str(each) for each in arguments])


def done(*arguments: object) -> str:
    """What a command prints that succeeds."""
    result = run(*arguments)
    assert result.exception is None, result.output
    return result.stdout


def failed(*arguments: object) -> MattelineError:
    """The error of a command that fails in our own words."""
    error = run(*arguments).exception
    assert isinstance(error, MattelineError)
    return error


def lines_of(text: str, name: str) -> list[str]:
    return [each for each in text.splitlines() if each.split()[:1] == [name]]


# list


def test_list_shows_what_could_be_fetched() -> None:
    text = done("list")

    assert "not installed" in lines_of(text, "rvm_mobilenetv3")[0]
    assert "107.9 MB" in lines_of(text, "rvm_resnet50")[0]


def test_list_shows_what_is_installed_and_what_is_broken(own: Path, pth: Path) -> None:
    own.mkdir(parents=True)
    shutil.copy(pth, own / "hero.pth")
    (own / "broken[1].pth").write_text("text")

    text = done("list")

    (hero,) = lines_of(text, "hero")
    assert hero.split()[1:3] == ["mobilenetv3", "deep"]
    assert "ready" in hero
    assert hero.rstrip().endswith(str(own / "hero.pth"))
    assert "unusable" in lines_of(text, "broken[1]")[0]


def test_list_looks_into_the_shared_folder(
    weights_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(weights_file, tmp_path / "shared.safetensors")
    monkeypatch.setenv("MATTELINE_WEIGHTS", str(tmp_path))

    assert "ready" in lines_of(done("list"), "shared")[0]


def test_a_shared_folder_that_is_not_there_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATTELINE_WEIGHTS", str(tmp_path / "unmounted"))

    assert "MATTELINE_WEIGHTS" in failed("list").message


# fetch


def test_fetch_installs_into_the_users_folder(published: Server, own: Path) -> None:
    text = done("fetch", "rvm_mobilenetv3", "--yes", "--from", published.url)

    assert f"Installed {own / 'rvm_mobilenetv3.pth'}, from 127.0.0.1." in text
    assert (own / "rvm_mobilenetv3.pth").read_bytes() == published.content


def test_fetch_tries_the_release_first(published: Server, own: Path) -> None:
    assert "from the release at 127.0.0.1" in done("fetch", "rvm_mobilenetv3", "--yes")


def test_fetch_takes_a_folder_that_holds_the_file(published: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pth").write_bytes(published.content)

    assert f"from {tmp_path / 'tiny.pth'}" in done("fetch", "rvm_mobilenetv3", "--yes", "--from", tmp_path)


def test_fetch_installs_into_another_folder_on_demand(published: Server, tmp_path: Path) -> None:
    done("fetch", "rvm_mobilenetv3", "--yes", "--from", published.url, "--folder", tmp_path / "studio")

    assert (tmp_path / "studio" / "rvm_mobilenetv3.pth").read_bytes() == published.content


def test_fetch_does_not_ask_again_for_what_is_there(published: Server) -> None:
    done("fetch", "rvm_mobilenetv3", "--yes", "--from", published.url)

    assert "already installed" in done("fetch", "rvm_mobilenetv3")
    assert published.asked == [None]


def test_the_licence_note_comes_before_the_download(server: Server) -> None:
    server.status = 404
    result = run("fetch", "rvm_mobilenetv3", "--yes", "--from", server.url)

    assert LICENCE in result.stdout
    assert isinstance(result.exception, FetchError)
    assert result.exception.exit_code == 4
    assert "404" in str(result.exception)
    assert "--from FILE" in result.exception.hint


def test_without_a_terminal_agreement_must_be_given(server: Server) -> None:
    result = run("fetch", "rvm_resnet50", "--from", server.url)

    assert LICENCE in result.stdout
    assert isinstance(result.exception, JobError)
    assert result.exception.exit_code == 2
    assert "--yes" in result.exception.hint
    assert server.asked == []


def test_a_file_that_is_not_the_official_one_is_never_installed(server: Server, own: Path) -> None:
    error = failed("fetch", "rvm_mobilenetv3", "--yes", "--from", server.url)

    assert "bytes instead of 14975696" in error.message
    assert [each.name for each in own.iterdir()] == [".fetch.lock"]


def test_a_name_that_is_not_known_is_answered_with_those_that_are() -> None:
    result = run("fetch", "rvm_mobilnet")

    assert result.exit_code == 2
    assert "rvm_mobilenetv3" in result.stderr


ASK = """
import sys
from matteline.cli.weights import weights
weights(["fetch", "rvm_mobilenetv3", "--from", sys.argv[1]], standalone_mode=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals to type into")
@pytest.mark.parametrize(("answer", "asked"), [(b"n\n", []), (b"\n", []), (b"y\n", [None])])
def test_on_a_terminal_the_user_is_asked(server: Server, answer: bytes, asked: list[None]) -> None:
    import pty

    server.status = 404
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", ASK, server.url],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        os.write(keyboard, answer)
        stdout, _ = process.communicate(timeout=PATIENCE_SECONDS)
    os.close(keyboard)
    os.close(terminal)

    assert b"Fetch rvm_mobilenetv3 (15.0 MB)?" in stdout
    assert (b"Nothing was fetched." in stdout) == (asked == [])
    assert server.asked == asked
    assert process.returncode == 1


# add


def test_add_installs_under_the_name_given(pth: Path, own: Path) -> None:
    text = done("add", pth, "--name", "studio_a")

    assert "--weights studio_a" in text
    assert inspect(own / "studio_a.safetensors").tensors_sha256 == inspect(pth).tensors_sha256
    assert "ready" in lines_of(done("list"), "studio_a")[0]


def test_add_refuses_what_holds_no_network(tmp_path: Path, own: Path) -> None:
    (tmp_path / "notes.pth").write_text("not weights")

    assert failed("add", tmp_path / "notes.pth").exit_code == 3
    assert not own.exists()


# verify


@pytest.mark.slow
def test_verify_loads_all_that_is_installed(pth: Path, own: Path) -> None:
    done("add", pth)
    done("add", pth, "--name", "second")

    assert [each.split()[0] for each in done("verify").splitlines()] == ["ok", "ok"]


def test_verify_takes_names_and_files(pth: Path, weights_file: Path) -> None:
    done("add", pth)

    text = done("verify", "hero", weights_file)
    assert "16d7d573369d66ca2502364fcde110729cd339e93218e305cf4f354d1ec1e6ad" in text


@pytest.mark.slow
def test_verify_tells_of_all_and_fails_on_the_first_bad(pth: Path, own: Path) -> None:
    done("add", pth, "--name", "z")
    (own / "a.pth").write_bytes(pth.read_bytes()[:-100])
    (own / "rvm_resnet50.pth").write_bytes(pth.read_bytes())

    result = run("verify")

    assert [each.split()[0] for each in result.stdout.splitlines()] == ["bad", "bad", "ok"]
    assert isinstance(result.exception, ModelError)
    assert result.exception.exit_code == 3
    assert "a.pth is damaged" in result.exception.message


def test_verify_without_any_weights_says_how_to_get_some() -> None:
    assert "matteline weights fetch" in hint_with_flags(failed("verify"))


# export


@pytest.mark.slow
def test_export_writes_a_graph_for_one_size_of_frames(pth: Path, tmp_path: Path) -> None:
    done("add", pth)

    said = done("export", "hero", tmp_path / "hero.onnx", "--size", "192x108", "--downsample-ratio", "0.5")
    assert "frames of 192x108, reduced to 96x54 (ratio 0.5)" in said
    assert inspect(tmp_path / "hero.onnx").architecture == inspect(pth).architecture


@pytest.mark.slow
def test_export_takes_the_ratio_that_the_network_wants(pth: Path, tmp_path: Path) -> None:
    assert "reduced to 512x288" in done("export", pth, tmp_path / "hero.onnx", "--size", "1024x576")


@pytest.mark.slow
def test_export_replaces_a_file_only_when_told_to(pth: Path, tmp_path: Path) -> None:
    (tmp_path / "hero.onnx").touch()
    flags = ("export", pth, tmp_path / "hero.onnx", "--size", "128x96")

    assert "already there" in failed(*flags).message
    done(*flags, "--overwrite")


@pytest.mark.parametrize(
    ("flags", "field"),
    [
        (("--size", "big"), "size"),
        (("--size", "8x8"), "size"),
        (("--downsample-ratio", "9"), "downsample_ratio"),
    ],
)
def test_export_refuses_sizes_and_ratios_that_are_none(
    pth: Path, tmp_path: Path, flags: tuple[str, ...], field: str
) -> None:
    error = failed("export", pth, tmp_path / "hero.onnx", *flags)

    assert isinstance(error, JobError)
    assert error.field == field


# help


@pytest.mark.parametrize("name", ["list", "fetch", "add", "verify", "export"])
def test_help_says_what_the_command_does(name: str) -> None:
    assert len(done(name, "--help").split()) > 30
    assert lines_of(done("--help"), name)
