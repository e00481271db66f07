"""Words of the media libraries: whatever a damaged file makes them say becomes one clean line."""

from __future__ import annotations

import av
import numpy as np
import OpenImageIO as oiio
import pytest
from PIL import Image

from matteline.contract.errors import ReadError, WriteError
from matteline.contract.files import replacing
from matteline.contract.library_text import LONGEST_WORDS, first_line
from matteline.contract.plate import Window
from matteline.media.complete import is_complete
from matteline.media.library_errors import EncodeError, encode_errors
from matteline.media.plate import open_plate


@pytest.fixture
def unprintable_exr(tmp_path):
    """An EXR whose header makes OpenEXR quote a channel's name that is no UTF-8."""
    path = tmp_path / "plate.1001.exr"
    assert oiio.ImageBuf(np.zeros((8, 8, 3), np.float32)).write(str(path), oiio.HALF)
    whole = path.read_bytes()
    # A channel is its name, a zero, and its pixel type; there are the types 0, 1 and 2.
    damaged = whole.replace(b"B\0\x01\0\0\0", b"\xff\0\x03\0\0\0", 1)
    assert damaged != whole
    path.write_bytes(damaged)
    return path


def test_a_header_that_is_no_text_is_one_sentence(unprintable_exr):
    with pytest.raises(ReadError, match="damaged") as caught:
        open_plate(str(unprintable_exr))
    assert caught.value.message.isprintable()


def test_a_result_whose_header_is_no_text_is_not_complete(unprintable_exr):
    assert not is_complete(unprintable_exr, canvas=Window(0, 0, 8, 8), channels=3)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ""),
        ("\n\n", ""),
        ("one.\ntwo", "one"),
        ("a\x1b[31mb\0c", "a [31mb c"),
        ("x" * 100_000, "x" * LONGEST_WORDS),
    ],
)
def test_a_sentence_takes_one_printable_line_of_a_librarys_words(words, expected):
    assert first_line(words) == expected


def test_a_file_that_ffmpeg_refuses_is_an_error_of_writing(tmp_path):
    with (
        pytest.raises(WriteError, match=r"a\.mov cannot be written: FFmpeg: "),
        replacing(tmp_path / "a.mov"),
        encode_errors(),
    ):
        raise av.InvalidDataError(1, "Invalid data found when processing input")
    assert list(tmp_path.iterdir()) == []
    assert issubclass(EncodeError, OSError)


def test_a_damaged_png_is_one_sentence_and_its_library_prints_nothing(tmp_path, capfd):
    path = tmp_path / "plate.0001.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8)).save(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ReadError, match="its data is damaged"):
        open_plate(str(path)).frame(1)
    assert capfd.readouterr().err == ""
