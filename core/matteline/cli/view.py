"""`matteline view`: the window."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import click
import platformdirs

from matteline.contract.errors import MattelineError
from matteline.contract.messages import how_to_install

if TYPE_CHECKING:
    from matteline.window.main import WindowConfig

# Every call into this release drops one reference to None too many, which ends Python before 3.12.
BROKEN = "6.12.0"


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]…")
@click.option(
    "--settings",
    metavar="FILE",
    default="",
    help="Keep the window's settings in this file. [the system's place for them]",
)
@click.option("--self-test", is_flag=True, help="Open the window, close it once it is painted, and exit.")
def view(paths: tuple[str, ...], settings: str, self_test: bool) -> None:
    """Open the window: look at plates and mattes, matte shots, queue them, judge them.

    PATH is a plate, as `matteline render` takes it, or a folder of results. Files can also be dropped on the
    window. It needs PySide6: pip install -c constraints.txt '.[window]'

    \b
    matteline view plate.####.exr
    matteline view mattes            results, with the plate that they were made of
    """
    # Before Qt is imported, because the broken release ends Python instead of raising an error.
    check_qt(version_of_qt(), sys.version_info[:2])
    from matteline.window.app import run

    when_shown = (lambda window: window.close()) if self_test else None
    # The window ends at signals in its own way, between two of its events.
    sys.exit(run(paths, window_config(), settings_file=settings, when_shown=when_shown))


def check_qt(version: str | None, python: tuple[int, int]) -> None:
    """Refuse to open a window with a PySide6 that cannot work.

    Args:
        version: Version of PySide6; None where it is not installed.
        python: The version of this Python.

    Raises:
        MattelineError: PySide6 is not installed, or is the release that does not work with this Python.
    """
    if version is None:
        raise MattelineError(
            "The window needs PySide6, which is not installed.", hint=how_to_install("window")
        )
    if version == BROKEN and python < (3, 12):
        raise MattelineError(
            f"PySide6 {version} crashes with Python {python[0]}.{python[1]}.",
            hint="Install another release with: pip install 'PySide6-Essentials!=6.12.0'",
        )


def version_of_qt() -> str | None:
    """Return the version of PySide6 without loading it; None where it is not installed."""
    try:
        return metadata.version("PySide6-Essentials")
    except metadata.PackageNotFoundError:
        return None


def window_config() -> WindowConfig:
    """Return the commands and paths of this machine and user that the window needs."""
    from matteline.contract.files import make_folder
    from matteline.window.main import WindowConfig

    state = Path(platformdirs.user_state_dir("matteline", appauthor=False))
    make_folder(state)
    return WindowConfig(
        worker=[sys.executable, "-m", "matteline", "worker"],
        environ=dict(os.environ),
        ocio=os.environ.get("OCIO") or None,
        log_file=str(state / "window-worker.log"),
        queue_file=state / "queue.sqlite",
    )
