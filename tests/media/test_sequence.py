"""Sequences of every format: full depth, windows, metadata, and every frame that is not as it should be."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest
from PIL import Image, ImageOps

from matteline.contract.errors import DeviceError, ReadError
from matteline.contract.plate import Window
from matteline.media.memory import free_memory_bytes
from matteline.media.plate import open_plate
from tests.media.reading import ramp, truncate, write_exr


def only_frame(path):
    with open_plate(str(path)) as plate:
        (frame,) = plate.read(plate.info.frames)
    return plate.info, frame


def write_oiio(path, pixels, stored, **attributes):
    """Write through OpenImageIO, for formats that no other library here writes."""
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], stored)
    for name, value in attributes.items():
        spec.attribute(name.replace("__", ":"), *(value if isinstance(value, tuple) else (value,)))
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec), output.geterror()
    assert output.write_image(pixels), output.geterror()
    output.close()
    return path


class TestPixels:
    @pytest.mark.parametrize(("dtype", "pixel_type"), [(np.float16, "half"), (np.float32, "float")])
    @pytest.mark.parametrize("channels", ["RGB", "RGBA"])
    def test_an_exr_is_delivered_bit_by_bit(self, tmp_path, dtype, pixel_type, channels):
        pixels = ramp(channels=len(channels), dtype=dtype) * 3 - 1
        pixels[0, 0, 0] = np.inf
        info, frame = only_frame(write_exr(tmp_path / "p.exr", {channels: pixels}))
        assert info.pixel_type == pixel_type
        assert frame.pixels.dtype == dtype
        np.testing.assert_array_equal(frame.pixels, pixels)

    def test_channels_are_found_by_name_in_any_order(self, tmp_path):
        planes = {name: ramp(channels=1)[..., 0] * (index + 1) for index, name in enumerate("ARGBXZ")}
        _, frame = only_frame(write_exr(tmp_path / "p.exr", planes))
        for index, name in enumerate("RGBA"):
            np.testing.assert_array_equal(frame.pixels[..., index], planes[name])

    @pytest.mark.parametrize("layer", ["rgba", "beauty", "ViewLayer.Combined"])
    def test_a_picture_in_a_layer_is_found_where_there_is_no_plain_one(self, tmp_path, layer):
        pixels = ramp()
        planes = {f"{layer}.{name}": pixels[..., index] for index, name in enumerate("RGB")}
        normals = {f"N.{name}": pixels[..., 0] for name in "RGB"}
        info, frame = only_frame(write_exr(tmp_path / "p.exr", normals | planes))
        np.testing.assert_array_equal(frame.pixels, pixels)
        assert f"layer {layer}" in info.description

    def test_plain_channels_of_a_later_part_come_before_layers_of_the_first(self, tmp_path):
        pixels = ramp()
        first = {f"beauty.{name}": np.zeros((12, 16), np.float16) for name in "RGB"}
        parts = [
            OpenEXR.Part({"name": "utility"}, {**first, "Z": np.zeros((12, 16), np.float32)}),
            OpenEXR.Part({"name": "rgba"}, {"RGB": pixels}),
        ]
        OpenEXR.File(parts).write(str(tmp_path / "p.exr"))
        _, frame = only_frame(tmp_path / "p.exr")
        np.testing.assert_array_equal(frame.pixels, pixels)

    def test_half_colour_with_float_alpha_becomes_float(self, tmp_path):
        planes = {name: ramp()[..., 0] for name in "RGB"} | {"A": ramp(dtype=np.float32)[..., 1]}
        _, frame = only_frame(write_exr(tmp_path / "p.exr", planes))
        assert frame.pixels.dtype == np.float32
        np.testing.assert_array_equal(frame.pixels[..., 3], planes["A"])

    def test_luminance_alone_becomes_grey(self, tmp_path):
        grey = ramp()[..., 0]
        _, frame = only_frame(write_exr(tmp_path / "p.exr", {"Y": grey}))
        np.testing.assert_array_equal(frame.pixels, np.dstack([grey] * 3))

    @pytest.mark.parametrize("suffix", ["png", "tif", "tga"])
    @pytest.mark.parametrize("channels", [3, 4])
    def test_8_bits_stay_as_stored_even_under_alpha(self, tmp_path, suffix, channels):
        pixels = ramp(channels=channels, dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"p.{suffix}")
        info, frame = only_frame(tmp_path / f"p.{suffix}")
        assert info.pixel_type == "uint8"
        np.testing.assert_array_equal(frame.pixels, pixels)

    @pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "I;16"])
    def test_grey_palette_and_one_bit_become_rgb(self, tmp_path, mode):
        ramp16 = ramp(channels=1, dtype=np.uint16)[..., 0]
        image = Image.fromarray(ramp16) if mode == "I;16" else Image.fromarray((ramp16 >> 8).astype(np.uint8))
        image = image if mode == "I;16" else image.convert(mode)
        image.save(tmp_path / "p.png")
        _, frame = only_frame(tmp_path / "p.png")
        expected = ramp16 if mode == "I;16" else np.asarray(image.convert("L"))
        np.testing.assert_array_equal(frame.pixels[..., :3], np.dstack([expected] * 3))
        assert frame.pixels.shape[2] == (4 if mode == "LA" else 3)

    @pytest.mark.parametrize("suffix", ["png", "tif"])
    def test_16_bits_are_delivered_whole(self, tmp_path, suffix):
        pixels = ramp(channels=4, dtype=np.uint16)
        info, frame = only_frame(
            write_oiio(tmp_path / f"p.{suffix}", pixels, "uint16", oiio__UnassociatedAlpha=1)
        )
        assert info.pixel_type == "uint16"
        np.testing.assert_array_equal(frame.pixels, pixels)

    @pytest.mark.parametrize("bits", [10, 12])
    @pytest.mark.parametrize("suffix", ["dpx", "tif"])
    def test_10_and_12_bits_fill_16(self, tmp_path, suffix, bits):
        codes = np.arange(1 << bits, dtype=np.uint32).reshape(32, -1, 1).repeat(3, 2)
        full = np.round(codes * (65535 / ((1 << bits) - 1))).astype(np.uint16)
        info, frame = only_frame(
            write_oiio(tmp_path / f"p.{suffix}", full, "uint16", oiio__BitsPerSample=bits)
        )
        assert info.pixel_type == f"uint{bits}"
        assert (frame.pixels.min(), frame.pixels.max()) == (0, 65535)
        np.testing.assert_array_equal(frame.pixels >> (16 - bits), codes)

    def test_jpeg_is_decoded_as_pillow_does(self, tmp_path):
        Image.fromarray(ramp(64, 32, dtype=np.uint8)).save(tmp_path / "p.jpg", quality=95)
        _, frame = only_frame(tmp_path / "p.jpg")
        with Image.open(tmp_path / "p.jpg") as image:
            difference = frame.pixels.astype(int) - np.asarray(image)
        assert frame.pixels.dtype == np.uint8
        assert np.abs(difference).max() <= 1

    @pytest.mark.parametrize("mode", ["L", "CMYK"])
    def test_grey_and_cmyk_jpegs_become_rgb(self, tmp_path, mode):
        Image.new("RGB", (16, 16), (128, 128, 128)).convert(mode).save(tmp_path / "p.jpg")
        _, frame = only_frame(tmp_path / "p.jpg")
        assert frame.pixels.shape == (16, 16, 3)
        assert np.abs(frame.pixels.astype(int) - 128).max() <= 2

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_photos_come_upright(self, tmp_path, orientation):
        stored = np.repeat(np.repeat(ramp(4, 2, dtype=np.uint8), 16, 0), 16, 1)
        exif = Image.Exif()
        exif[274] = orientation
        Image.fromarray(stored).save(tmp_path / "p.jpg", exif=exif, quality=100, subsampling=0)
        with Image.open(tmp_path / "p.jpg") as image:
            expected = np.asarray(ImageOps.exif_transpose(image))
        info, frame = only_frame(tmp_path / "p.jpg")
        assert (info.canvas.height, info.canvas.width) == expected.shape[:2]
        assert frame.header.data_window == info.canvas
        assert np.abs(frame.pixels.astype(int) - expected).max() <= 2
        assert "Orientation" not in dict(frame.header.attributes)


class TestWindows:
    def test_overscan_is_delivered_with_the_display_window(self, tmp_path):
        pixels = ramp(20, 14)
        path = write_exr(tmp_path / "p.exr", {"RGB": pixels}, origin=(-2, -1), display=(0, 0, 16, 12))
        info, frame = only_frame(path)
        assert info.canvas == Window(-2, -1, 20, 14)
        assert info.display_window == Window(0, 0, 16, 12)
        np.testing.assert_array_equal(frame.pixels, pixels)

    def test_outside_a_small_data_window_the_frame_is_zero(self, tmp_path):
        pixels = ramp(5, 4) + np.float16(1)
        path = write_exr(tmp_path / "p.exr", {"RGB": pixels}, origin=(3, 2), display=(0, 0, 16, 12))
        info, frame = only_frame(path)
        expected = np.zeros((12, 16, 3), np.float16)
        expected[2:6, 3:8] = pixels
        assert info.canvas == Window(0, 0, 16, 12)
        assert frame.header.data_window == Window(3, 2, 5, 4)
        np.testing.assert_array_equal(frame.pixels, expected)

    def test_a_data_window_may_move_inside_the_canvas(self, tmp_path):
        pixels = ramp(8, 6)
        write_exr(tmp_path / "p.0001.exr", {"RGB": ramp(20, 14)}, origin=(-2, -1), display=(0, 0, 16, 12))
        write_exr(tmp_path / "p.0002.exr", {"RGB": pixels}, origin=(10, -1), display=(0, 0, 16, 12))
        frame = open_plate(str(tmp_path)).frame(2)
        assert frame.header.data_window == Window(10, -1, 8, 6)
        assert frame.pixels.shape == (14, 20, 3)
        np.testing.assert_array_equal(frame.pixels[0:6, 12:20], pixels)
        assert not frame.pixels[6:].any()

    def test_data_windows_that_grow_and_move_share_one_canvas(self, tmp_path):
        windows = {1: (0, 0, 16, 12), 2: (-4, -2, 24, 16), 3: (6, 5, 2, 2), 4: (10, 8, 12, 9)}
        for number, (x, y, width, height) in windows.items():
            path = tmp_path / f"p.{number:04d}.exr"
            write_exr(path, {"RGB": ramp(width, height) + 1}, origin=(x, y), display=(0, 0, 16, 12))
        plate = open_plate(str(tmp_path))
        assert plate.info.canvas == Window(-4, -2, 26, 19)
        assert "differ from frame to frame" in " ".join(plate.info.notes)
        for number, (x, y, width, height) in windows.items():
            frame = plate.frame(number)
            own = frame.pixels[y + 2 : y + 2 + height, x + 4 : x + 4 + width]
            np.testing.assert_array_equal(own, ramp(width, height) + 1)
            assert frame.pixels.any(axis=2).sum() == width * height

    def test_one_header_that_claims_pixels_far_away_does_not_make_every_frame_huge(self, tmp_path):
        for number, x in ((1, 0), (2, 9000)):
            write_exr(
                tmp_path / f"p.{number:04d}.exr", {"RGB": ramp()}, origin=(x, 0), display=(0, 0, 16, 12)
            )
        plate = open_plate(str(tmp_path))
        assert plate.info.canvas == Window(0, 0, 16, 12)
        assert not plate.frame(2).pixels.any()

    def test_a_first_header_that_cannot_be_read_leaves_the_others(self, tmp_path):
        (tmp_path / "p.0001.exr").write_bytes(b"no image")
        write_exr(tmp_path / "p.0002.exr", {"RGB": ramp()})
        plate = open_plate(str(tmp_path))
        np.testing.assert_array_equal(plate.frame(2).pixels, ramp())
        with pytest.raises(ReadError, match="Frame 1"):
            plate.frame(1)

    def test_a_frame_of_another_size_names_both_sizes(self, tmp_path):
        write_exr(tmp_path / "p.0001.exr", {"RGB": ramp(16, 12)})
        write_exr(tmp_path / "p.0002.exr", {"RGB": ramp(17, 12)})
        with pytest.raises(ReadError, match=r"Frame 2 of .* 17x12\+0\+0, the first frame's 16x12\+0\+0"):
            open_plate(str(tmp_path)).frame(2)

    @pytest.mark.parametrize("first", ["RGB", "RGBA"])
    def test_alpha_that_comes_or_goes_in_the_middle_stops_nothing(self, tmp_path, first):
        for number, names in enumerate([first, "RGB", "RGBA"], 1):
            planes = {name: ramp(channels=1)[..., 0] + index for index, name in enumerate(names)}
            write_exr(tmp_path / f"p.{number:04d}.exr", planes)
        plate = open_plate(str(tmp_path))
        frames = [plate.frame(number).pixels for number in (1, 2, 3)]
        assert {frame.shape[2] for frame in frames} == {len(first)}
        for frame in frames[1:]:
            np.testing.assert_array_equal(frame[..., :3], frames[0][..., :3])


class TestLayers:
    """The picture of several that a user names after a colon, and what is read where none is named."""

    LAYERS = ("", "diffuse.", "beauty.key.")

    def write(self, path, layers=LAYERS):
        planes = {
            f"{layer}{name}": ramp(channels=1)[..., 0] + at
            for at, layer in enumerate(layers)
            for name in "RGB"
        }
        return write_exr(path, planes)

    @pytest.mark.parametrize(
        ("name", "offset"), [("", 0), (":diffuse", 1), (":DIFFUSE", 1), (":beauty.key", 2), (":key", 2)]
    )
    def test_a_layer_is_named_after_a_colon(self, tmp_path, name, offset):
        for number in (1, 2):
            self.write(tmp_path / f"p.{number:04d}.exr")
        for plate in (
            f"{tmp_path}{name}",
            f"{tmp_path / 'p.####.exr'}{name}",
            f"{tmp_path / 'p.0001.exr'}{name}",
        ):
            frame = open_plate(plate).frame(2)
            np.testing.assert_array_equal(frame.pixels[..., 0], ramp(channels=1)[..., 0] + offset)

    def test_the_choice_is_offered_where_there_is_one(self, tmp_path):
        (note,) = open_plate(str(self.write(tmp_path / "p.exr"))).info.notes
        assert "beauty.key, diffuse" in note
        assert not open_plate(f"{tmp_path / 'p.exr'}:diffuse").info.notes

    def test_the_only_layer_is_read_whatever_its_name(self, tmp_path):
        info, frame = only_frame(self.write(tmp_path / "p.exr", ["FinalImage."]))
        np.testing.assert_array_equal(frame.pixels[..., 0], ramp(channels=1)[..., 0])
        assert "layer FinalImage" in info.description

    def test_one_of_several_unknown_layers_has_to_be_named(self, tmp_path):
        path = self.write(tmp_path / "p.exr", ["Ci.", "albedo."])
        with pytest.raises(ReadError, match=r"only Ci\.R") as caught:
            open_plate(str(path))
        assert "Name the layer" in caught.value.hint
        with pytest.raises(ReadError, match="no layer specular"):
            open_plate(f"{path}:specular")

    @pytest.mark.parametrize("eyes", [("left", "right"), ("right", "left")])
    @pytest.mark.parametrize("name", ["", ":left", ":right"])
    def test_an_eye_of_a_stereo_file_is_named_and_left_is_the_first(self, tmp_path, eyes, name):
        parts = [
            OpenEXR.Part(
                {"type": OpenEXR.scanlineimage, "view": eye},
                {"RGB": ramp() + (eye == "right")},
                name=f"rgb.{eye}",
            )
            for eye in eyes
        ]
        OpenEXR.File(parts).write(str(tmp_path / "p.exr"))
        frame = open_plate(f"{tmp_path / 'p.exr'}{name}").frame(1)
        np.testing.assert_array_equal(frame.pixels, ramp() + (name == ":right"))

    @pytest.mark.parametrize(("name", "offset"), [("", 0), (":left", 0), (":right", 1)])
    def test_an_eye_in_one_part_is_a_layer_or_the_plain_picture(self, tmp_path, name, offset):
        planes = {
            f"{layer}{each}": ramp(channels=1)[..., 0] + at
            for at, layer in enumerate(("", "right."))
            for each in "RGB"
        }
        header = {"type": OpenEXR.scanlineimage, "multiView": ["left", "right"]}
        OpenEXR.File(header, planes).write(str(tmp_path / "p.exr"))
        frame = open_plate(f"{tmp_path / 'p.exr'}{name}").frame(1)
        np.testing.assert_array_equal(frame.pixels[..., 0], ramp(channels=1)[..., 0] + offset)


class TestHeaders:
    def test_what_an_exr_says_beside_its_pixels_travels(self, tmp_path):
        timecode = OpenEXR.TimeCode(1, 2, 3, 4, 1, *[0] * 13)
        path = write_exr(
            tmp_path / "p.1001.exr",
            {"RGB": ramp()},
            pixelAspectRatio=2.0,
            framesPerSecond=Fraction(24000, 1001),
            timeCode=timecode,
            owner="the studio",
            **{"nuke/node_hash": "abc", "take": 7, "gain": 1.5, "offset": np.array([1, 2, 3], np.float32)},
        )
        info, frame = only_frame(path)
        assert (info.pixel_aspect, frame.header.pixel_aspect, info.rate) == (2.0, 2.0, Fraction(24000, 1001))
        assert frame.header.timecode == "01:02:03;04"
        attributes = dict(frame.header.attributes)
        assert attributes == {
            "Copyright": "the studio",
            "nuke/node_hash": "abc",
            "take": 7,
            "gain": 1.5,
            "offset": (1.0, 2.0, 3.0),
        }

    def test_each_frame_has_its_own_timecode(self, tmp_path):
        for number in (1, 2):
            timecode = OpenEXR.TimeCode(1, 0, 0, number, 0, *[0] * 13)
            write_exr(tmp_path / f"p.{number:04d}.exr", {"RGB": ramp()}, timeCode=timecode)
        plate = open_plate(str(tmp_path))
        assert [frame.header.timecode for frame in plate.read([1, 2])] == ["01:00:00:01", "01:00:00:02"]

    def test_colour_tags_of_an_exr(self, tmp_path):
        primaries = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
        path = write_exr(
            tmp_path / "p.exr", {"RGB": ramp()}, colorInteropID="lin_ap1_scene", chromaticities=primaries
        )
        info, frame = only_frame(path)
        assert info.colour.interop_id == "lin_ap1_scene"
        assert info.colour.chromaticities == pytest.approx(primaries, abs=1e-6)
        assert not {"colorInteropID", "chromaticities"} & set(dict(frame.header.attributes))

    def test_an_exr_without_colour_tags_has_none(self, tmp_path):
        info, _ = only_frame(write_exr(tmp_path / "p.exr", {"RGB": ramp()}))
        assert (info.colour.interop_id, info.colour.chromaticities, info.colour.colour_space) == (
            None,
            None,
            None,
        )

    @pytest.mark.parametrize(
        ("transfer", "word"), [("Linear", "linear"), ("ITU-R 709-4", "bt709"), ("Printing density", None)]
    )
    def test_dpx_transfer_and_rate(self, tmp_path, transfer, word):
        path = write_oiio(
            tmp_path / "p.dpx", ramp(dtype=np.uint16), "uint16", dpx__Transfer=transfer, dpx__FrameRate=23.976
        )
        info, _ = only_frame(path)
        assert (info.colour.transfer, info.rate) == (word, Fraction(24000, 1001))

    def test_log_film_scans_say_so(self, tmp_path):
        path = write_oiio(tmp_path / "p.dpx", ramp(dtype=np.uint16), "uint16", dpx__Transfer="Logarithmic")
        assert only_frame(path)[0].colour.colour_space == "KodakLog"

    @pytest.mark.parametrize(
        ("name", "dtype", "description"),
        [
            ("p.exr", np.float16, "EXR half, zips"),
            ("p.png", np.uint8, "PNG 8-bit"),
            ("p.tga", np.uint8, "TGA 8-bit"),
        ],
    )
    def test_a_plate_describes_itself(self, tmp_path, name, dtype, description):
        if name.endswith("exr"):
            write_exr(tmp_path / name, {"RGB": ramp()})
        else:
            Image.fromarray(ramp(dtype=dtype)).save(tmp_path / name)
        assert only_frame(tmp_path / name)[0].description == description


FORMATS = {
    "exr": ("half", {"compression": "zips"}),
    "raw.exr": ("float", {"compression": "none"}),
    "dwa.exr": ("half", {"compression": "dwab"}),
    "png": ("uint8", {}),
    "16.png": ("uint16", {}),
    "tif": ("uint16", {"compression": "lzw"}),
    "raw.tif": ("uint8", {"compression": "none"}),
    "dpx": ("uint16", {"oiio__BitsPerSample": 10}),
    "16.dpx": ("uint16", {}),
    "jpg": ("uint8", {}),
    "tga": ("uint8", {}),
    "hdr": ("float", {}),
}


class TestBadFrames:
    @pytest.mark.parametrize("share", [0.05, 0.5, 0.97])
    @pytest.mark.parametrize("kind", FORMATS)
    def test_a_truncated_frame_is_named_and_called_truncated(self, tmp_path, kind, share):
        stored, attributes = FORMATS[kind]
        grain = np.random.default_rng(0).random((120, 160, 3)).astype(np.float32)
        suffix = kind.rpartition(".")[2]
        for number in (1041, 1042):
            write_oiio(tmp_path / f"plate.{number}.{suffix}", grain, stored, **attributes)
        truncate(tmp_path / f"plate.1042.{suffix}", share)
        with open_plate(str(tmp_path)) as plate:
            frames = plate.read([1041, 1042])
            assert next(frames).number == 1041
            with pytest.raises(ReadError) as caught:
                next(frames)
        assert (
            caught.value.message
            == f"Frame 1042 of plate.####.{suffix} cannot be read: the file is truncated."
        )
        assert caught.value.hint == "Re-render it, or set missing frames to 'hold'."
        assert caught.value.where() == {"path": str(tmp_path / f"plate.1042.{suffix}"), "frame": 1042}

    def test_an_empty_frame_is_called_empty(self, tmp_path):
        write_exr(tmp_path / "p.0001.exr", {"RGB": ramp()})
        (tmp_path / "p.0002.exr").touch()
        with pytest.raises(ReadError, match=r"Frame 2 of p\.####\.exr cannot be read: the file is empty"):
            open_plate(str(tmp_path)).frame(2)

    def test_a_frame_that_went_away_is_called_missing(self, tmp_path):
        for number in (1, 2):
            write_exr(tmp_path / f"p.{number:04d}.exr", {"RGB": ramp()})
        plate = open_plate(str(tmp_path))
        (tmp_path / "p.0002.exr").unlink()
        with pytest.raises(ReadError, match=r"Frame 2 .* the file is missing"):
            plate.frame(2)

    def test_a_frame_that_never_was_is_called_missing(self, tmp_path):
        for number in (1, 3):
            write_exr(tmp_path / f"p.{number:04d}.exr", {"RGB": ramp()})
        with pytest.raises(ReadError, match=r"Frame 2 .* the file is missing") as caught:
            list(open_plate(str(tmp_path)).read([1, 2, 3]))
        assert caught.value.where() == {"path": str(tmp_path / "p.0002.exr"), "frame": 2}

    def test_a_damaged_frame_keeps_the_library_s_reason(self, tmp_path):
        write_exr(tmp_path / "p.0001.exr", {"RGB": ramp()})
        (tmp_path / "p.0002.exr").write_bytes(b"nothing like an EXR" * 99)
        with pytest.raises(ReadError, match=r"Frame 2 .* damaged or not what its name says"):
            open_plate(str(tmp_path)).frame(2)

    def test_a_deep_image_is_refused(self, tmp_path):
        spec = oiio.ImageSpec(4, 4, 4, "half")
        spec.deep = True
        spec.channelnames = ("R", "G", "B", "A")
        samples = oiio.DeepData()
        samples.init(16, 4, spec.format, spec.channelnames)
        output = oiio.ImageOutput.create(str(tmp_path / "p.exr"))
        assert output.open(str(tmp_path / "p.exr"), spec)
        assert output.write_deep_image(samples)
        output.close()
        with pytest.raises(ReadError, match="it is a deep image"):
            open_plate(str(tmp_path / "p.exr"))

    @pytest.mark.parametrize(
        "names", [["crypto00.R", "crypto00.G", "crypto00.B", "crypto00.A"], ["Z"], ["A"]]
    )
    def test_an_image_without_colour_is_refused_with_what_it_has(self, tmp_path, names):
        write_exr(tmp_path / "p.exr", {name: ramp(dtype=np.float32)[..., 0] for name in names})
        with pytest.raises(ReadError, match="it has no colour channels, only") as caught:
            open_plate(str(tmp_path / "p.exr"))
        assert names[0] in caught.value.message

    def test_whole_numbers_of_32_bits_are_refused(self, tmp_path):
        write_exr(tmp_path / "p.exr", {name: ramp(dtype=np.uint32)[..., 0] for name in "RGB"})
        with pytest.raises(ReadError, match="its colour is stored as uint"):
            open_plate(str(tmp_path / "p.exr"))

    @pytest.mark.parametrize("size", [(70_000, 8), (8, 70_000), (40_000, 40_000)])
    def test_a_header_that_claims_too_much_is_refused_before_memory_is_taken(self, tmp_path, size):
        path = write_exr(tmp_path / "p.exr", {"RGB": ramp(8, 8)})
        data = bytearray(path.read_bytes())
        for window in (b"dataWindow\0box2i\0", b"displayWindow\0box2i\0"):
            corner = data.index(window) + len(window) + 4 + 8
            data[corner : corner + 8] = b"".join((each - 1).to_bytes(4, "little") for each in size)
        path.write_bytes(data)
        with pytest.raises(ReadError) as caught:
            open_plate(str(path))
        assert caught.value.message.startswith("p.exr cannot be read: ")

    def test_windows_far_apart_are_refused(self, tmp_path):
        write_exr(tmp_path / "p.exr", {"RGB": ramp()}, origin=(2_000_000, 0), display=(0, 0, 16, 12))
        with pytest.raises(ReadError, match="its header claims 2000016 x 12 pixels"):
            open_plate(str(tmp_path / "p.exr"))


class TestReading:
    def test_frames_can_be_read_by_several_threads_at_once(self, tmp_path):
        planes = {number: ramp() + np.float16(number) for number in range(1, 9)}
        for number, pixels in planes.items():
            write_exr(tmp_path / f"p.{number:04d}.exr", {"RGB": pixels})
        plate = open_plate(str(tmp_path))
        assert plate.random_access
        with ThreadPoolExecutor(4) as pool:
            for frame in pool.map(plate.frame, [*planes] * 5):
                np.testing.assert_array_equal(frame.pixels, planes[frame.number])

    def test_a_frame_is_the_reader_s_own_to_change(self, tmp_path):
        write_exr(tmp_path / "p.0001.exr", {"RGB": ramp()})
        plate = open_plate(str(tmp_path / "p.0001.exr"))
        plate.frame(1).pixels[:] = 5
        np.testing.assert_array_equal(plate.frame(1).pixels, ramp())

    def test_no_file_stays_open(self, tmp_path):
        psutil = pytest.importorskip("psutil")
        for number in (1, 2):
            write_exr(tmp_path / f"p.{number:04d}.exr", {"RGB": ramp()})
        with open_plate(str(tmp_path)) as plate:
            frames = plate.read([1, 2])
            next(frames)
            opened = [each.path for each in psutil.Process(os.getpid()).open_files()]
        assert not [path for path in opened if str(tmp_path) in path]


@pytest.mark.slow
@pytest.mark.footage
def test_real_photos_are_read_without_complaint(footage, tmp_path):
    photos = sorted((footage / "photos").glob("*.jpg")) + sorted((footage / "rgba").glob("*.png"))
    for path in photos:
        alone = tmp_path / f"{path.stem}_alone{path.suffix}"
        _, frame = only_frame(shutil.copy(path, alone))
        with Image.open(path) as image:
            stored = np.asarray(image)
        assert np.abs(frame.pixels.astype(int) - stored).max() <= (3 if path.suffix == ".jpg" else 0)


class TestPictures:
    """Files that hold more than one picture, or a picture in a form that libraries misread."""

    def test_an_animated_png_is_refused_rather_than_shown_as_its_first_picture(self, tmp_path):
        pictures = [Image.new("RGB", (16, 12), (number * 90, 0, 0)) for number in range(3)]
        pictures[0].save(tmp_path / "p.png", save_all=True, append_images=pictures[1:])
        with pytest.raises(ReadError, match="animated PNG"):
            open_plate(str(tmp_path / "p.png"))

    def test_a_tiff_of_several_pages_says_that_the_first_is_read(self, tmp_path):
        pages = [Image.new("RGB", (16, 12), (number * 90, 0, 0)) for number in range(3)]
        pages[1].save(tmp_path / "p.tif", save_all=True, append_images=pages[:1])
        info, frame = only_frame(tmp_path / "p.tif")
        assert "2 pictures each" in info.notes[0]
        assert frame.pixels[0, 0, 0] == 90

    def test_a_dpx_of_ycbcr_is_refused(self, tmp_path):
        path = write_oiio(tmp_path / "p.dpx", ramp(dtype=np.uint8), oiio.UINT8)
        data = bytearray(path.read_bytes())
        assert data[800] == 50  # the descriptor of the first element: RGB
        data[800] = 102  # Cb Y Cr
        path.write_bytes(data)
        with pytest.raises(ReadError, match="its colour is YCbCr"):
            open_plate(str(path))

    def test_a_luminance_chroma_exr_is_read_as_openexr_reads_it(self, cases):
        info, frame = only_frame(cases / "10_subsampled" / "Rec709_YC.exr")
        np.testing.assert_allclose(frame.pixels.mean((0, 1), np.float64), [0.3658, 0.2778, 0.1152], atol=1e-3)
        assert info.pixel_type == "half"


def test_a_header_that_claims_more_than_memory_holds_is_refused_before_it_is_taken(tmp_path):
    write_exr(tmp_path / "p.exr", {"RGB": ramp()}, display=(0, 0, 32000, 32000))
    free = free_memory_bytes()
    if free is None or free > 60e9:
        pytest.skip("this machine has memory for such a plate")
    with pytest.raises(DeviceError, match="32000 x 32000 pixels take 66 GB of memory") as caught:
        open_plate(str(tmp_path / "p.exr"))
    assert caught.value.exit_code == 4
