"""Results on disk: their paths, and which of them exist."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from matteline.contract.errors import WriteError
from matteline.contract.files import make_folder
from matteline.contract.frames import FrameSet
from matteline.contract.plate import PlateInfo
from matteline.contract.record import RECORD_FOLDER, record_file
from matteline.contract.settings import MatteSettings
from matteline.media.cryptomatte import cryptomatte_channels
from matteline.media.naming import padded
from matteline.media.writer import Encoding, frame_path, is_complete

# Channel names as compositing programs know them: the matte is the alpha of the picture that needs no layer. A
# channel of its own called `matte` would end in Nuke's layer 'other'.
_CHANNELS = {
    "alpha": ("R", "G", "B"),
    "fgr": ("R", "G", "B"),
    "rgba": ("R", "G", "B", "A"),
    "layers": ("R", "G", "B", "A", "fgr.R", "fgr.G", "fgr.B"),
}


_CRYPTOMATTE = Encoding("exr", "float", "zip")
"""The only encoding of people: half floats and lossy compression destroy their ids."""


@dataclass(frozen=True)
class Product:
    """One kind of picture to write.

    Attributes:
        name: Of its folder, such as `alpha`, or `people/anna` for the alpha of one person.
        channels: Their names in the file.
        encoding: Of its files.
    """

    name: str
    channels: tuple[str, ...]
    encoding: Encoding

    @property
    def person(self) -> str:
        """The person whose alpha alone it is; empty for others."""
        return self.name.partition("/")[2]

    @property
    def is_matte(self) -> bool:
        """True where it holds no colour."""
        return self.name == "alpha" or self.name.startswith("people")


@dataclass(frozen=True)
class Outputs:
    """The results of one shot in one folder: `folder/<product>/<name>_<product>.<frame>.<ext>`.

    The alpha of one person is `folder/people/<person>/<name>_<person>.<frame>.<ext>`.
    """

    folder: Path
    name: str
    padding: int
    products: tuple[Product, ...]
    counts_sign: bool = True

    def path(self, product: Product, frame: int) -> Path:
        """Return the file of a product of a frame; it need not exist."""
        extension = product.encoding.file_format
        digits = padded(frame, self.padding, counts_sign=self.counts_sign)
        if product.person:
            return frame_path(self.folder / "people", product.person, self.name, digits, extension)
        return frame_path(self.folder, product.name, self.name, digits, extension)

    def paths(self, frame: int) -> list[Path]:
        """Return the files of all products of a frame, in the order of `products`."""
        return [self.path(product, frame) for product in self.products]

    @property
    def record(self) -> Path:
        """The file that says how these results are made."""
        return record_file(self.folder, self.name)


def lay_out_results(folder: Path, plate: PlateInfo, settings: MatteSettings) -> Outputs:
    """Lay out the results that the settings ask for."""
    names = tuple(dict.fromkeys(settings.write))
    if settings.layout == "layered":
        # People keep a file of their own: their ids need 32-bit floats and `zip`, however the layers are stored.
        names = ("layers", *(name for name in names if name == "people"))
    products = tuple(_product(name, settings) for name in names)
    return Outputs(folder, plate.name, plate.padding, products, plate.counts_sign)


def people_products(names: Sequence[str], settings: MatteSettings) -> tuple[Product, ...]:
    """Return the products that hold people of these names: one of all, or one of each who is kept."""
    if settings.people_as == "separate":
        alpha = _product("alpha", settings)
        return tuple(replace(alpha, name=f"people/{name}") for name in names if settings.keeps(name))
    # Its channels depend on the number of people.
    return (Product("people", cryptomatte_channels(len(names)), _CRYPTOMATTE),)


def _product(name: str, settings: MatteSettings) -> Product:
    if name == "people":
        return Product(name, cryptomatte_channels(1), _CRYPTOMATTE)  # until they are known
    png = settings.format == "png"
    depth = settings.depth if settings.depth != "auto" else ("8" if png else "half")
    # PNG defines its colour as not multiplied by alpha; EXR defines it as multiplied.
    straight = png if settings.rgba_alpha == "auto" else settings.rgba_alpha == "straight"
    # PNG has a grey type of its own; an EXR of `Y` alone lands outside rgba in Nuke.
    channels = ("Y",) if png and name == "alpha" else _CHANNELS[name]
    return Product(name, channels, Encoding(settings.format, depth, settings.compression, straight))


def existing_frames(outputs: Outputs, frames: FrameSet) -> FrameSet:
    """Return those of `frames` of which any product exists, whole or not. Lists folders, opens no file."""
    # One listing a folder: on a network disk asking for each file would be one request a frame.
    there = {product.name: _names(outputs.folder / product.name) for product in outputs.products}
    return FrameSet.of(
        frame
        for frame in frames
        for product in outputs.products
        if outputs.path(product, frame).name in there[product.name]
    )


def complete_frames(outputs: Outputs, plate: PlateInfo, frames: FrameSet) -> FrameSet:
    """Return those of `frames` of which every product can be read to its last pixel."""
    # Reading to the last pixel is decoding, which releases the interpreter: threads are enough.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        numbers = list(existing_frames(outputs, frames))
        whole = pool.map(lambda frame: _is_whole(outputs, plate, frame), numbers)
        return FrameSet.of(number for number, ok in zip(numbers, whole, strict=True) if ok)


def _is_whole(outputs: Outputs, plate: PlateInfo, frame: int) -> bool:
    return all(
        is_complete(outputs.path(product, frame), canvas=plate.canvas, channels=len(product.channels))
        for product in outputs.products
    )


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return set()


def prepare_folders(outputs: Outputs) -> None:
    """Make the folders that results go to.

    Raises:
        WriteError: A folder cannot be made or written to.
    """
    folders = [outputs.folder / product.name for product in outputs.products]
    for folder in [outputs.folder / RECORD_FOLDER, *folders]:
        make_folder(folder)


def check_writable(folder: Path) -> None:
    """Refuse an output folder that certainly cannot be written, before any work is done.

    Raises:
        WriteError: The folder, or the nearest one above it that exists, is a file or is not writable.
    """
    try:
        nearest = _nearest(folder)
    except OSError as error:
        # The system refuses to look for it, as for a part of more than 255 bytes.
        longest = max(folder.parts, key=len)
        raise WriteError(
            f"The output folder cannot be made: {error.strerror or error} ('{longest}').",
            path=folder,
            hint="Choose a shorter name.",
        ) from None
    if not nearest.is_dir():
        raise WriteError(f"{nearest} is a file, so nothing can be written below it.", path=nearest)
    if not os.access(nearest, os.W_OK):
        raise WriteError(
            f"The folder {nearest} is not writable.",
            path=nearest,
            hint="Choose another output folder, or ask for the right to write there.",
        )


def free_bytes(folder: Path) -> int:
    """Return the free space of the disk that a folder lies on, or will lie on."""
    return shutil.disk_usage(_nearest(folder)).free


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(each for each in [folder, *folder.absolute().parents] if each.exists())
