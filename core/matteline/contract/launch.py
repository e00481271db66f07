"""Starting the worker from a host: find `matteline`, and clean the host's own libraries out of the environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from matteline.contract.errors import WorkerError
from matteline.contract.messages import how_to_install

# Variables that belong to a Python, Qt or Tcl of the host and mislead those of the worker.
_FOREIGN = re.compile(
    r"PYTHON\w*|__PYVENV_LAUNCHER__|VIRTUAL_ENV|CONDA_PREFIX|UV_PYTHON|UV_SYSTEM_PYTHON"
    r"|QT_\w+|TCL_LIBRARY|TK_LIBRARY"
)

# Variables that drivers and studios need too, so that only the host's own folders leave them.
_SEARCH_PATHS = ("PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")

# Folders that are never a host's own, even where a package manager has put the host there.
_SHARED = re.compile(r"/|/opt|/usr|/usr/local|(/usr|/usr/local)?/(bin|sbin|lib|lib64)")


def clean_environment(environ: Mapping[str, str], host_dirs: Sequence[str] = ()) -> dict[str, str]:
    """The environment for the worker: `environ` without what would make it load the host's libraries.

    Args:
        environ: The host's environment; left as it is.
        host_dirs: The host's installation folders. Entries of the search paths at or below them are left out;
            all others stay, because wrappers put GPU libraries there.
    """
    # By capitals, because Windows does not tell the names of variables apart by case.
    kept = {name: value for name, value in environ.items() if not _FOREIGN.fullmatch(name.upper())}
    own = [_plain(each) for each in host_dirs if not _SHARED.fullmatch(_plain(each))]
    for name in [each for each in kept if each.upper() in _SEARCH_PATHS]:
        entries = kept[name].split(os.pathsep)
        kept[name] = os.pathsep.join(each for each in entries if not _is_below(each, own))
        # Left empty, it could be read as the current folder.
        if not kept[name]:
            del kept[name]
    # User site packages hold other versions of numpy and torch often enough; UTF-8, because pipes carry JSON.
    return {**kept, "PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1"}


def find_worker(
    environ: Mapping[str, str], chosen: str = "", *, places: Optional[Sequence[str]] = None
) -> list[str]:
    """The command that starts the worker.

    Args:
        environ: The host's environment.
        chosen: What the user's preferences say: the `matteline` program, the Python it is installed in, or
            the folder of that Python's virtual environment. Empty looks on PATH and in `places`.
        places: Folders to look in after PATH; by default the `standard_places` of this system.

    Raises:
        WorkerError: Nothing that can be run is there.
    """
    if chosen:
        return _command(_program(os.path.expanduser(chosen)), chosen)
    more = standard_places(environ, sys.platform) if places is None else places
    # Only absolute entries: a relative one depends on the host's current folder, which may be a project's.
    on_path = [each for each in environ.get("PATH", "").split(os.pathsep) if os.path.isabs(each)]
    for place in [*on_path, *more]:
        program = _in_folder(place)
        if program:
            return [program, "worker"]
    raise WorkerError(
        f"The matteline worker was not found: neither on PATH nor in {', '.join(more)}.",
        hint=f"Name the program in the preferences, or install it. {how_to_install()}",
    )


def standard_places(environ: Mapping[str, str], platform: str) -> list[str]:
    """Folders where `matteline` is installed when PATH does not say so, as of hosts started from a desktop.

    First the virtual environment beside the user's weights, then where pipx and uv put programs, then where a
    whole machine has its own.
    """
    if platform == "win32":
        return _windows_places(environ)
    home = environ.get("HOME") or os.path.expanduser("~")
    if platform == "darwin":
        data, shared = f"{home}/Library/Application Support", ["/opt/homebrew/bin", "/usr/local/bin"]
    else:
        data, shared = environ.get("XDG_DATA_HOME") or f"{home}/.local/share", ["/usr/local/bin"]
    return [f"{data}/matteline/venv/bin", f"{home}/.local/bin", "/opt/matteline/bin", *shared]


def popen_options() -> dict[str, Any]:
    """Options of `subprocess.Popen` that part the worker from the host's terminal, windows and signals."""
    if sys.platform == "win32":
        # Without the first a console would open over the host; with the second its Ctrl-C does not reach the worker.
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    # The interrupt key of the host's terminal does not reach it, and it can be ended with all that it started.
    return {"start_new_session": True}


def _windows_places(environ: Mapping[str, str]) -> list[str]:
    home = environ.get("USERPROFILE", "C:\\")
    data = environ.get("LOCALAPPDATA", f"{home}\\AppData\\Local")
    programs = environ.get("PROGRAMFILES", "C:\\Program Files")
    return [f"{data}\\matteline\\venv\\Scripts", f"{home}\\.local\\bin", f"{programs}\\matteline\\Scripts"]


def _program(chosen: str) -> str:
    # A folder may be an environment's, which keeps its programs in `Scripts` on Windows, or hold the program itself.
    inside = [_in_folder(os.path.join(chosen, *each)) for each in (("bin",), ("Scripts",), ())]
    return next((each for each in inside if each), chosen)


def _command(program: str, chosen: str) -> list[str]:
    if not _can_run(program):
        raise WorkerError(
            f"The matteline worker was not found: {chosen} is not a program, nor a folder that holds one.",
            hint="Correct it in the preferences, or leave it empty to look in the usual places.",
        )
    is_python = os.path.basename(program).lower().startswith("python")
    return [program, "-m", "matteline", "worker"] if is_python else [program, "worker"]


def _in_folder(folder: str) -> str:
    # Not shutil.which: on Windows it looks in the current folder first, which may be anybody's project.
    names = ("matteline.exe", "matteline.cmd", "matteline.bat") if sys.platform == "win32" else ("matteline",)
    programs = (os.path.join(folder, name) for name in names)
    return next((each for each in programs if _can_run(each)), "")


def _can_run(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _is_below(entry: str, folders: Sequence[str]) -> bool:
    """Tell if a search path's entry lies in one of the folders; an empty entry means the current folder."""
    if not os.path.isabs(entry):
        return not entry
    plain = _plain(entry)
    return any(plain == each or plain.startswith(each + os.sep) for each in folders)


def _plain(path: str) -> str:
    # Links are followed on both sides: hosts are often reached through a link to the current version.
    return os.path.normcase(os.path.realpath(path))
