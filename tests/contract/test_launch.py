"""Where the worker is found, and what of the host's environment reaches it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from matteline.contract.errors import WorkerError
from matteline.contract.launch import clean_environment, find_worker, standard_places

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX paths")


def joined(*entries: str) -> str:
    return os.pathsep.join(entries)


@pytest.mark.parametrize(
    "name",
    [
        "PYTHONPATH", "PYTHONHOME", "PYTHONEXECUTABLE", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONWARNINGS",
        "VIRTUAL_ENV", "CONDA_PREFIX", "UV_PYTHON", "UV_SYSTEM_PYTHON", "__PYVENV_LAUNCHER__", "TCL_LIBRARY",
        "TK_LIBRARY", "QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH",
    ],
)  # fmt: skip
def test_what_leads_a_python_astray_is_left_out(name):
    assert name not in clean_environment({name: "/opt/host"})


@pytest.mark.parametrize("name", ["HOME", "OCIO", "MATTELINE_WEIGHTS", "CUDA_VISIBLE_DEVICES", "MY_QT_THEME"])
def test_all_else_stays(name):
    assert clean_environment({name: "/value"}, ["/opt/host"])[name] == "/value"


def test_the_worker_sees_no_packages_of_the_user_and_reads_names_as_utf_8():
    cleaned = clean_environment({})
    assert (cleaned["PYTHONNOUSERSITE"], cleaned["PYTHONUTF8"]) == ("1", "1")


def test_the_hosts_own_environment_is_left_as_it_is():
    environ = {"PYTHONPATH": "/opt/host", "PATH": joined("/opt/host/bin", "/usr/bin")}
    before = dict(environ)
    clean_environment(environ, ["/opt/host"])
    assert environ == before


@posix
@pytest.mark.parametrize("name", ["PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH"])
def test_only_the_hosts_own_folders_leave_the_search_paths(name):
    entries = joined("/opt/Nuke15.1", "/opt/Nuke15.1/lib", "/opt/Nuke15.10/lib", "/usr/lib/nvidia")
    cleaned = clean_environment({name: entries}, ["/opt/Nuke15.1/"])
    assert cleaned[name] == joined("/opt/Nuke15.10/lib", "/usr/lib/nvidia")


@posix
def test_a_search_path_of_the_host_alone_is_left_out():
    assert "LD_LIBRARY_PATH" not in clean_environment({"LD_LIBRARY_PATH": "/opt/host/lib:"}, ["/opt/host"])


@posix
@pytest.mark.parametrize("folder", ["/", "/usr", "/usr/bin", "/usr/local/bin", "/bin"])
def test_a_host_from_the_systems_packages_takes_no_shared_folder_along(folder):
    path = joined("/usr/local/bin", "/usr/bin", "/bin")
    assert clean_environment({"PATH": path}, [folder])["PATH"] == path


@posix
def test_a_host_reached_through_a_link_is_still_the_host(tmp_path):
    (tmp_path / "Nuke15.1" / "lib").mkdir(parents=True)
    (tmp_path / "current").symlink_to(tmp_path / "Nuke15.1")
    entries = joined(str(tmp_path / "current" / "lib"), "/usr/bin")
    assert clean_environment({"PATH": entries}, [str(tmp_path / "Nuke15.1")])["PATH"] == "/usr/bin"


def program(folder: Path, name: str = "matteline") -> Path:
    """A file that can be run."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (f"{name}.exe" if sys.platform == "win32" else name)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_worker_is_found_on_path(tmp_path):
    found = program(tmp_path / "b")
    (tmp_path / "a").mkdir()
    path = joined(str(tmp_path / "a"), str(tmp_path / "b"))
    assert find_worker({"PATH": path}) == [str(found), "worker"]


@posix
def test_a_worker_that_is_not_on_path_is_found_beside_the_users_weights(tmp_path):
    found = program(tmp_path / "data/matteline/venv/bin")
    assert find_worker({"PATH": "", "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}) == [
        str(found),
        "worker",
    ]


@posix
def test_a_file_that_cannot_be_run_is_not_the_worker(tmp_path):
    program(tmp_path / "a").chmod(0o644)
    found = program(tmp_path / "b")
    assert find_worker({"PATH": joined(str(tmp_path / "a"), str(tmp_path / "b"))})[0] == str(found)


def test_the_current_folder_is_never_searched(tmp_path, monkeypatch):
    program(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkerError):
        find_worker({"PATH": joined("", ".")}, places=[])


@pytest.mark.parametrize("inside", ["bin", "Scripts", ""])
def test_a_chosen_environment_is_searched_for_its_program(tmp_path, inside):
    found = program(tmp_path / "venv" / inside)
    assert find_worker({}, chosen=str(tmp_path / "venv")) == [str(found), "worker"]


def test_a_chosen_program_is_taken_before_any_other(tmp_path):
    program(tmp_path / "path")
    chosen = program(tmp_path / "chosen")
    assert find_worker({"PATH": str(tmp_path / "path")}, chosen=str(chosen)) == [str(chosen), "worker"]


def test_a_chosen_python_runs_the_package(tmp_path):
    chosen = program(tmp_path, "python3.11")
    assert find_worker({}, chosen=str(chosen)) == [str(chosen), "-m", "matteline", "worker"]


def test_a_chosen_place_without_a_program_is_named(tmp_path):
    with pytest.raises(WorkerError, match="not found") as caught:
        find_worker({"PATH": str(program(tmp_path / "path").parent)}, chosen=str(tmp_path / "wrong"))
    assert str(tmp_path / "wrong") in caught.value.message


def test_a_worker_that_is_nowhere_costs_one_sentence_that_says_where_it_was_sought(tmp_path):
    with pytest.raises(WorkerError, match="neither on PATH nor in") as caught:
        find_worker({"PATH": str(tmp_path)}, places=[str(tmp_path / "a"), str(tmp_path / "b")])
    assert str(tmp_path / "b") in caught.value.message
    assert "pip install -c constraints.txt ." in caught.value.hint


@pytest.mark.parametrize(
    ("platform", "environ", "first"),
    [
        ("linux", {"HOME": "/home/a"}, "/home/a/.local/share/matteline/venv/bin"),
        ("linux", {"HOME": "/home/a", "XDG_DATA_HOME": "/data"}, "/data/matteline/venv/bin"),
        ("darwin", {"HOME": "/Users/a"}, "/Users/a/Library/Application Support/matteline/venv/bin"),
        ("win32", {"LOCALAPPDATA": "C:\\L"}, "C:\\L\\matteline\\venv\\Scripts"),
        ("win32", {"USERPROFILE": "C:\\U"}, "C:\\U\\AppData\\Local\\matteline\\venv\\Scripts"),
    ],
)
def test_the_standard_place_is_beside_the_users_weights(platform, environ, first):
    assert standard_places(environ, platform)[0] == first
