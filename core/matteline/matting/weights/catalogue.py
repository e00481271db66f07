"""List the networks that can be used or fetched: the official ones, those installed, the small one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from matteline.contract.errors import ModelError
from matteline.matting.rvm.architecture import Architecture
from matteline.matting.weights.find import AUTO, find_weights, inspect, weight_files
from matteline.matting.weights.registry import OFFICIAL_NETWORKS, OfficialNetwork, official_named


@dataclass(frozen=True)
class ListedNetwork:
    """One network of the list.

    Attributes:
        name: What the weights setting takes for it.
        quality: How good it is, in one line; empty where nobody measured it.
        licence: What its makers say of it; empty where the file does not say.
        size: Bytes of its file, or bytes to fetch.
        architecture: None where the file cannot be used.
        official: The name of the official network that it is; empty for all others.
        path: Its file; None where it is not installed.
        problem: Why its file cannot be used; empty where it can.
        automatic: True for the one that the weights setting `auto` takes.
    """

    name: str
    quality: str
    licence: str
    size: int
    architecture: Architecture | None
    official: str = ""
    path: Path | None = None
    problem: str = ""
    automatic: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        shown = self.architecture
        return {
            **asdict(self),
            "architecture": {"encoder": shown.variant, "refiner": shown.refiner} if shown else None,
            "path": str(self.path) if self.path else None,
            "installed": self.path is not None,
        }


def list_networks(folders: Sequence[Path]) -> list[ListedNetwork]:
    """List official networks that are not installed, then every file of the folders in their order.

    Raises:
        ModelError: A folder cannot be read.
    """
    try:
        automatic = find_weights(AUTO, folders=folders).path
    except ModelError:
        automatic = None  # the file that is in the way is listed with its problem
    files = [path for folder in folders for path in weight_files(folder)]
    listed = [_of_file(path, automatic) for path in files]
    there = {each.official for each in listed}
    missing = (each for each in OFFICIAL_NETWORKS if each.name not in there)
    return [*map(_not_installed, missing), *listed]


def _not_installed(network: OfficialNetwork) -> ListedNetwork:
    return ListedNetwork(
        network.name, network.quality, network.licence, network.size, network.architecture, network.name
    )


def _of_file(path: Path, automatic: Path | None) -> ListedNetwork:
    size = path.stat().st_size
    try:
        found = inspect(path)
    except ModelError as error:
        return ListedNetwork(path.stem, "", "", size, None, path=path, problem=error.message)
    return ListedNetwork(
        path.stem,  # which is what a file is asked for by, also an official one that was renamed
        found.quality,
        found.licence,
        size,
        found.architecture,
        found.name if official_named(found.name) else "",
        path,
        automatic=path == automatic,
    )
