"""`matteline package`: plug-ins for host programs, ready to install."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def package() -> None:
    """Build the plug-in of a host program, ready to install."""


@package.command()
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for the zip and the repository's index; made if needed.",
)
def blender(output: Path) -> None:
    """Build the Blender extension, and a repository to install it from.

    The zip installs by hand in Blender 3.4 and later. The folder as a whole is a repository: served by a web
    server, its index.json is a remote repository in Blender 4.2 and later, with updates.
    """
    from matteline.packaging.blender import package_blender

    for path in package_blender(output):
        click.echo(path)


@package.command()
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path),
    help="Receives the folder matteline-nuke and its zip; made if needed.",
)
def nuke(output: Path) -> None:
    """Build the Nuke plug-in: a folder to put on NUKE_PATH, and the same folder as a zip.

    For Nuke 14 and later. README.md inside says how to install it, and selftest.py, run with 'nuke -t', says
    whether it works there.
    """
    from matteline.packaging.nuke import package_nuke

    for path in package_nuke(output):
        click.echo(path)
