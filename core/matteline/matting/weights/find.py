"""Find weights by name, by file or by themselves, and say exactly what was found.

Torch is only loaded for `.onnx` files, so that a job can be planned without it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import platformdirs

from matteline.contract.errors import JobError, ModelError
from matteline.matting.rvm.architecture import Architecture, variant_of
from matteline.matting.weights.card import USUAL_LONGER_SIDE, Card, card_in
from matteline.matting.weights.files import SUFFIXES, Tensors, is_weights_name, read_weights, refusal
from matteline.matting.weights.read import read_tensors, tensors_sha256
from matteline.matting.weights.registry import (
    OFFICIAL_NETWORKS,
    SHIPPED_QUALITY,
    official_in,
    official_named,
)

AUTO: Final = "auto"
FOLDER_VARIABLE: Final = "MATTELINE_WEIGHTS"
"""The environment variable that names a folder of weights, such as one a whole studio shares."""

# Beside the code, so that it is found in a wheel, in a checkout and in a zip of a farm alike.
_SHIPPED: Final = Path(__file__).parent / "shipped"
_PROPER_NAMES: Final = {"mobilenetv3": "MobileNetV3", "resnet50": "ResNet50"}
_PREFERRED: Final = OFFICIAL_NETWORKS[0].name


@dataclass(frozen=True)
class FoundWeights:
    """A weights file that holds an RVM network.

    Attributes:
        name: The official network's name, otherwise the file's stem.
        path: The file.
        sha256: Of the whole file, lower-case hexadecimal.
        architecture: The network it holds.
        origin: Whose weights these are, such as "official RVM MobileNetV3".
        longer_side: The longer side in pixels of the reduced picture that the network wants.
        shipped: True for those that come with matteline, to stand in until there are better ones.
        tensors_sha256: Of the tensors' names, shapes and values, whatever the file is called and however it
            stores them.
        quality: How good the network is, in one line; empty where nobody measured it.
        licence: What its makers say of it; empty where the file does not say.
    """

    name: str
    path: Path
    sha256: str
    architecture: Architecture
    origin: str
    longer_side: int = USUAL_LONGER_SIDE
    shipped: bool = False
    tensors_sha256: str = ""
    quality: str = ""
    licence: str = ""

    @property
    def advice(self) -> str:
        """A sentence on what the small network lacks, and the name of a better one; empty for any other."""
        if not self.shipped:
            return ""
        return f"It is only the small network: {self.quality}. Fetch the official one, {_PREFERRED}."


NO_WEIGHTS = FoundWeights("none", Path(), "", Architecture("mobilenetv3", "fast_guided_filter"), "no network")
"""In place of weights where alpha comes from another tool; there is no such network."""


def user_folder() -> Path:
    """Return where this user's weights are installed, by the system's convention; it may not exist yet."""
    return platformdirs.user_data_path("matteline", appauthor=False) / "weights"


def weight_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the folders to look in, in order: MATTELINE_WEIGHTS, the user's own, the package's.

    Raises:
        ModelError: MATTELINE_WEIGHTS is set but names no folder. Falling back to other weights would let
            one machine of a farm render another matte than the rest.
    """
    folders = (user_folder(), _SHIPPED)
    if not environ.get(FOLDER_VARIABLE):
        return folders
    shared = Path(environ[FOLDER_VARIABLE])
    if not shared.is_dir():
        why = f"is not a folder, but {FOLDER_VARIABLE} names it as the place of the weights"
        raise refusal(shared, why, f"Mount it, correct {FOLDER_VARIABLE}, or unset it.")
    # A studio's folder before the user's own: what a supervisor chose for a show must win on every machine.
    return (shared, *folders)


def find_weights(wanted: str, *, folders: Sequence[Path]) -> FoundWeights:
    """Find the weights a user means.

    Args:
        wanted: A file; or the name of an official network or the stem of a file in one of the folders; or
            'auto': of the first folder that holds any, the first official network, otherwise the first
            other RVM network by file name. The package's own folder comes last, so that the small network
            in it only serves where there is no other.
        folders: Where to look, in order. Those that do not exist are passed over.

    Raises:
        ModelError: Nothing was found, or it is damaged, foreign, or not what its name says.
    """
    if wanted == AUTO:
        return _best(folders)
    if is_weights_name(wanted):
        return inspect(_file(wanted, folders))
    return inspect(_named(wanted, folders))


def inspect(path: Path) -> FoundWeights:
    """Hash a weights file and tell which network it holds.

    Raises:
        ModelError: The file is absent, damaged, foreign, or named like an official network without being it.
    """
    data = read_weights(path)
    return examine(data, read_tensors(data, path), path)


def examine(data: bytes, tensors: Tensors, path: Path) -> FoundWeights:
    """Do what `inspect` does, for a file that has been read."""
    digest, tensors_digest = hashlib.sha256(data).hexdigest(), tensors_sha256(tensors)
    architecture = _architecture(tensors, path)
    known = FoundWeights(path.stem, path, digest, architecture, "", tensors_sha256=tensors_digest)
    official = official_in(digest, tensors_digest)
    if official is not None:
        origin = f"official RVM {_PROPER_NAMES[official.variant]}"
        return replace(
            known, name=official.name, origin=origin, quality=official.quality, licence=official.licence
        )
    if official_named(path.stem):
        why = f"is not the official {path.stem}, whatever its name says: its SHA-256 differs"
        again = f"Fetch {path.stem} again; if these are weights of your own, rename the file."
        raise refusal(path, why, again, fetch=path.stem)
    card = card_in(data, path)
    shipped = path.parent == _SHIPPED
    return replace(
        known,
        origin=_origin(architecture, card, shipped=shipped),
        longer_side=card.longer_side,
        shipped=shipped,
        quality=SHIPPED_QUALITY if shipped else "",
        licence=card.licence,
    )


def _architecture(tensors: Tensors, path: Path) -> Architecture:
    try:
        return variant_of({name: tensor.shape for name, tensor in tensors.items()})
    except ModelError as error:
        raise ModelError(f"{path}: {error.message}", path=path, hint=error.hint) from error


def _origin(architecture: Architecture, card: Card, *, shipped: bool) -> str:
    network = f"RVM {_PROPER_NAMES[architecture.variant]}"
    if shipped:
        return f"small {network} that comes with matteline"
    if card.name:
        return f"{network} that calls itself {card.name}"
    return f"{network} of other origin than the official release"


def weight_files(folder: Path) -> list[Path]:
    """Return the files of a folder that may hold weights, in name order; none where there is no folder.

    Raises:
        ModelError: The folder cannot be read.
    """
    try:
        files = [each for each in folder.iterdir() if each.suffix.lower() in SUFFIXES and each.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise refusal(folder, f"cannot be searched for weights: {error.strerror}", "") from error
    # Folders list in no order; every machine has to take the same of two files with one name.
    return sorted(files, key=lambda each: (each.stem, SUFFIXES.index(each.suffix.lower())))


def choose_refiner(found: FoundWeights, wanted: str) -> str:
    """Settle `deep`, `fast` or `auto` to `deep` or `fast`, by what the weights hold.

    Raises:
        JobError: `deep` is wanted, but the weights hold no learned refiner.
    """
    has_deep = found.architecture.refiner == "deep_guided_filter"
    if wanted == "deep" and not has_deep:
        raise JobError(
            f"The refiner cannot be 'deep': {found.path} holds no learned refiner.",
            field="refiner",
            hint="Set the refiner to 'fast' or 'auto', or choose weights that hold one.",
        )
    return "deep" if has_deep and wanted != "fast" else "fast"


def _file(wanted: str, folders: Sequence[Path]) -> Path:
    path = Path(wanted)
    if path.exists() or path.name != wanted:
        return path
    return next((folder / wanted for folder in folders if (folder / wanted).is_file()), path)


def _named(wanted: str, folders: Sequence[Path]) -> Path:
    for folder in folders:
        for path in weight_files(folder):
            if path.stem == wanted:
                return path
    if official_named(wanted) is None:
        names = ", ".join(each.name for each in OFFICIAL_NETWORKS)
        hint = f"Known names are {names}."
        raise ModelError(f"There are no weights called '{wanted}' in {_listed(folders)}.", hint=hint)
    raise ModelError(
        f"The weights {wanted} are not installed: nothing in {_listed(folders)}.",
        hint="Fetch them, or choose a file of weights.",
        settings=(f"fetch={wanted}", "weights"),
    )


def _best(folders: Sequence[Path]) -> FoundWeights:
    for folder in folders:
        found = _best_in(folder)
        if found is not None:
            return found
    raise ModelError(
        f"No RVM weights are installed: none in {_listed(folders)}.",
        hint="Fetch the official ones, or choose a file of weights.",
        settings=(f"fetch={_PREFERRED}", "weights"),
    )


def _best_in(folder: Path) -> FoundWeights | None:
    found = [each for each in map(_usable, weight_files(folder)) if each is not None]
    for network in OFFICIAL_NETWORKS:
        for each in found:
            if each.name == network.name:
                return each
    return found[0] if found else None


def _usable(path: Path) -> FoundWeights | None:
    try:
        return inspect(path)
    except ModelError:
        # A damaged official file is worth stopping for: passing over it would change the matte unasked.
        if official_named(path.stem):
            raise
        return None


def _listed(folders: Sequence[Path]) -> str:
    return ", ".join(str(each) for each in folders) or "no folder at all"
