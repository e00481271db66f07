"""What every result on disk keeps to, whatever its format: whole or absent, and refused in clear words."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from matteline.contract.errors import WriteError
from matteline.contract.files import replacing
from matteline.contract.plate import Window
from matteline.media.writer import Encoding, estimate_bytes, frame_path, is_complete, write_image
from tests.media.writing import RGB, RGBA, exr_channels, header, picture
from tests.waiting import PATIENCE_SECONDS

EXR = Encoding("exr", "half")
PNG = Encoding("png", "8")
BOTH = pytest.mark.parametrize("encoding", [EXR, PNG], ids=["exr", "png"])


def write(path: Path, encoding: Encoding, seed: int = 0, size: tuple[int, int] = (48, 32)) -> np.ndarray:
    pixels = picture(*size, 4, seed)
    write_image(path, pixels, encoding, header(*size), channels=RGBA)
    return pixels


def read(path: Path) -> np.ndarray:
    if path.suffix == ".png":
        with Image.open(path) as image:
            return np.asarray(image) / 255
    planes = exr_channels(path)
    return np.stack([planes[name] for name in RGBA], -1)


def test_results_lie_in_a_folder_per_product_under_the_plates_name_and_number():
    assert frame_path(Path("out"), "alpha", "sh010", "1001", "exr") == Path("out/alpha/sh010_alpha.1001.exr")
    assert frame_path(Path("out"), "fgr", "sh010", "000007", "png") == Path("out/fgr/sh010_fgr.000007.png")


@BOTH
def test_nothing_but_the_picture_is_left_in_the_folder(tmp_path, encoding):
    path = tmp_path / f"m.0001.{encoding.file_format}"
    write(path, encoding)
    assert os.listdir(tmp_path) == [path.name]


@BOTH
def test_a_second_write_takes_the_place_of_the_first(tmp_path, encoding):
    path = tmp_path / f"m.0001.{encoding.file_format}"
    write(path, encoding, seed=1)
    pixels = write(path, encoding, seed=2)
    assert np.abs(read(path) - pixels).max() < 3e-3


@BOTH
def test_names_may_hold_any_script(tmp_path, encoding):
    folder = tmp_path / "рендер 渲染"
    folder.mkdir()
    pixels = write(folder / f"größe_人.1001.{encoding.file_format}", encoding)
    [path] = folder.iterdir()
    path = path.rename(tmp_path / f"plain.{encoding.file_format}")
    assert np.abs(read(path) - pixels).max() < 3e-3


@BOTH
def test_a_missing_folder_is_named(tmp_path, encoding):
    path = tmp_path / "gone" / f"m.0001.{encoding.file_format}"
    with pytest.raises(WriteError, match="its folder does not exist") as caught:
        write(path, encoding)
    assert caught.value.path == str(path)
    assert caught.value.hint


@BOTH
def test_a_name_too_long_for_the_disk_is_refused_and_leaves_nothing(tmp_path, encoding):
    with pytest.raises(WriteError, match="its name is too long"):
        write(tmp_path / f"{'n' * 300}.{encoding.file_format}", encoding)
    assert os.listdir(tmp_path) == []


@BOTH
def test_the_longest_name_a_disk_takes_can_be_written(tmp_path, encoding):
    path = tmp_path / f"{'n' * 251}.{encoding.file_format}"
    write(path, encoding)
    assert path.exists()


@BOTH
def test_a_folder_in_the_place_of_the_file_is_refused_and_stays(tmp_path, encoding):
    path = tmp_path / f"m.0001.{encoding.file_format}"
    path.mkdir()
    with pytest.raises(WriteError, match="a folder of that name") as caught:
        write(path, encoding)
    assert caught.value.hint
    assert os.listdir(tmp_path) == [path.name]


@BOTH
@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="rights of folders are another matter on Windows")
def test_a_folder_without_the_right_to_write_is_refused(tmp_path, encoding):
    (tmp_path / "warm").mkdir()
    write(tmp_path / "warm" / f"m.0001.{encoding.file_format}", encoding)  # all libraries are loaded by now
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o500)
    with unprivileged(tmp_path), pytest.raises(WriteError, match="permission is denied") as caught:
        write(locked / f"m.0001.{encoding.file_format}", encoding)
    assert caught.value.hint


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """Root may write everywhere, so step down to a user who may enter the folder but not own it."""
    if os.geteuid() != 0:
        yield
        return
    for each in [folder, *folder.parents][:3]:
        each.chmod(0o755)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder_not_unicode(tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"this disk only takes Unicode names: {error}")
    return folder


@pytest.mark.parametrize("encoding", [EXR, PNG], ids=["exr", "png"])
def test_results_can_be_written_to_a_folder_whose_name_is_not_unicode(folder_not_unicode, encoding):
    path = folder_not_unicode / f"m.0001.{encoding.file_format}"
    write(path, encoding)
    assert is_complete(path, canvas=Window(0, 0, 48, 32), channels=4)


def test_an_interrupt_leaves_what_was_there_before(tmp_path):
    path = tmp_path / "m.0001.exr"
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_bytes(b"half a picture")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == [path.name]
    assert path.read_bytes() == b"before"


def test_the_temporary_name_is_no_frame_of_any_sequence(tmp_path):
    with replacing(tmp_path / "plate.1001.exr") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(".")
        assert temporary.suffix == ".tmp"
        temporary.write_bytes(b"")


LIMITED = textwrap.dedent(
    """
    import os, resource, sys
    from pathlib import Path
    from matteline.contract.errors import WriteError
    from matteline.media.writer import Encoding, write_image
    from tests.media.writing import RGBA, header, picture

    folder, file_format, depth, compression = Path(sys.argv[1]), *sys.argv[2:]
    path, encoding = folder / f"m.0001.{file_format}", Encoding(file_format, depth, compression)
    pixels = picture(160, 90, 4)

    def write():
        write_image(path, pixels, encoding, header(160, 90), channels=RGBA)

    write()
    size = path.stat().st_size
    path.unlink()
    for missing in (1, 2, 50, 400, 1000, 3000, 4095, 4097, 9000, size // 2, size - 1, size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size - missing, resource.RLIM_INFINITY))
        try:
            write()
        except WriteError as error:
            assert "larger than the disk or the user's limit" in error.message, error.message
            assert str(path) in error.message and error.hint
        else:
            sys.exit(f"{missing} bytes too few were not noticed")
        left = os.listdir(folder)
        assert left == [], left
    """
)


@pytest.mark.parametrize(
    "stored",
    [
        ("exr", "half", "none"),
        ("exr", "half", "zips"),
        ("exr", "half", "piz"),
        ("exr", "float", "dwaa"),
        ("png", "8", "zips"),
    ],
    ids="-".join,
)
def test_a_disk_that_takes_only_part_of_a_file_is_always_noticed(tmp_path, stored):
    pytest.importorskip("resource", reason="Windows has no limit on the size of files")
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", LIMITED, str(tmp_path), *stored]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small disk cannot be mounted here: {error}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@BOTH
def test_a_full_disk_is_named_and_nothing_is_left_on_it(small_disk, encoding):
    path = small_disk / f"m.0001.{encoding.file_format}"
    with pytest.raises(WriteError, match="the disk is full") as caught:
        write(path, encoding, size=(320, 180))
    assert "Free space" in caught.value.hint
    assert os.listdir(small_disk) == []


@BOTH
def test_four_threads_write_at_once(tmp_path, encoding):
    paths = [tmp_path / f"m.{number:04d}.{encoding.file_format}" for number in range(24)]
    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(lambda seed: write(paths[seed], encoding, seed), range(24)))
    for path, pixels in zip(paths, pictures, strict=True):
        assert np.abs(read(path) - pixels).max() < 3e-3


@BOTH
def test_threads_that_write_the_same_file_leave_one_whole_picture(tmp_path, encoding):
    path = tmp_path / f"m.0001.{encoding.file_format}"
    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(lambda seed: write(path, encoding, seed), range(16)))
    assert os.listdir(tmp_path) == [path.name]
    assert min(np.abs(read(path) - pixels).max() for pixels in pictures) < 3e-3


@pytest.mark.slow
@pytest.mark.parametrize(
    "stored",
    [
        ("exr", "half", "none"),
        ("exr", "half", "zips"),
        ("exr", "float", "piz"),
        ("png", "8", ""),
        ("png", "16", ""),
    ],
    ids="-".join,
)
def test_a_file_cut_off_at_any_byte_is_not_complete(tmp_path, stored):
    whole = tmp_path / f"whole.{stored[0]}"
    write_image(whole, picture(11, 7, 4), Encoding(*stored), header(11, 7), channels=RGBA)
    canvas, cut = Window(0, 0, 11, 7), tmp_path / f"cut.{stored[0]}"
    data = whole.read_bytes()
    assert is_complete(whole, canvas=canvas, channels=4)
    for length in range(len(data)):
        cut.write_bytes(data[:length])
        assert not is_complete(cut, canvas=canvas, channels=4), f"cut at {length} of {len(data)} bytes"


def test_a_damaged_byte_of_a_png_is_found(tmp_path):
    path = tmp_path / "m.png"
    write(path, PNG)
    data = bytearray(path.read_bytes())
    for place in range(8, len(data), 97):
        data[place] ^= 0x10
        path.write_bytes(data)
        assert not is_complete(path, canvas=Window(0, 0, 48, 32), channels=4), place
        data[place] ^= 0x10


@BOTH
def test_a_picture_of_another_shape_is_not_complete(tmp_path, encoding):
    path = tmp_path / f"m.{encoding.file_format}"
    write(path, encoding)
    assert is_complete(path, canvas=Window(0, 0, 48, 32), channels=4)
    assert not is_complete(path, canvas=Window(0, 0, 48, 32), channels=3)
    assert not is_complete(path, canvas=Window(0, 0, 47, 32), channels=4)


@BOTH
def test_files_that_are_absent_empty_or_foreign_are_not_complete(tmp_path, encoding, capfd):
    path = tmp_path / f"m.{encoding.file_format}"
    canvas = Window(0, 0, 48, 32)
    assert not is_complete(path, canvas=canvas, channels=4)
    for content in (b"", b"no picture at all" * 100):
        path.write_bytes(content)
        assert not is_complete(path, canvas=canvas, channels=4)
    path.unlink()
    path.mkdir()
    assert not is_complete(path, canvas=canvas, channels=4)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("compression", ["none", "rle", "zips", "zip", "piz", "dwaa", "dwab"])
@pytest.mark.parametrize("depth", ["half", "float"])
def test_the_estimate_for_exr_is_not_far_from_what_grain_takes(tmp_path, depth, compression):
    encoding = Encoding("exr", depth, compression)
    path = tmp_path / "m.exr"
    write_image(path, picture(320, 180, 3), encoding, header(320, 180), channels=RGB)
    assert 0.6 < estimate_bytes(320, 180, 3, encoding) / path.stat().st_size < 3


@pytest.mark.parametrize("depth", ["8", "16"])
def test_the_estimate_for_png_is_not_far_from_what_grain_takes(tmp_path, depth):
    encoding = Encoding("png", depth)
    path = tmp_path / "m.png"
    write_image(path, picture(320, 180, 3), encoding, header(320, 180), channels=RGB)
    assert 0.6 < estimate_bytes(320, 180, 3, encoding) / path.stat().st_size < 3


def test_a_matte_is_estimated_far_smaller_than_a_picture():
    assert estimate_bytes(1920, 1080, 3, EXR, matte=True) < estimate_bytes(1920, 1080, 3, EXR) / 5
