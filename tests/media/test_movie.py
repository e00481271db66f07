"""Movies: which picture a frame number means, in every container and codec that plates come in."""

from __future__ import annotations

import csv
import os
import random
import struct
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from matteline.contract.errors import ReadError
from matteline.media.movie_format import probe_movie
from matteline.media.picture_index import index_pictures
from matteline.media.plate import open_plate
from matteline.media.source_file import SourceFile
from tests.media.reading import damage, numbered, shown, truncate, write_movie

X264 = {"bf": "3", "g": "12"}
X264_OPEN = {"bf": "3", "g": "12", "x264-params": "open-gop=1:b-adapt=0:scenecut=0"}
X265 = {"x265-params": "keyint=12:min-keyint=12:bframes=3:log-level=none"}
X265_OPEN = {"x265-params": "keyint=12:bframes=4:open-gop=1:scenecut=0:log-level=none"}
VPX = {"g": "15", "cpu-used": "8", "deadline": "realtime"}
MPEG2 = {"bf": "2", "g": "12"}

MOVIES = {
    "h264.mp4": ("libx264", "yuv420p", X264),
    "h264_open.mp4": ("libx264", "yuv420p", X264_OPEN),
    "h264_open.mkv": ("libx264", "yuv420p", X264_OPEN),
    "h264_refresh.mkv": ("libx264", "yuv420p", {"g": "12", "x264-params": "intra-refresh=1"}),
    "h264.mov": ("libx264", "yuv422p10le", X264),
    "h264.ts": ("libx264", "yuv420p", X264),
    "h264.avi": ("libx264", "yuv420p", X264),
    "h264_fields.ts": ("libx264", "yuv420p", {**X264, "x264-params": "interlaced=1"}),
    "hevc.mp4": ("libx265", "yuv420p10le", X265),
    "hevc_open.mp4": ("libx265", "yuv420p", X265_OPEN),
    "hevc_open.mkv": ("libx265", "yuv420p", X265_OPEN),
    "vp8.webm": ("libvpx", "yuv420p", VPX),
    "vp8_alpha.webm": ("libvpx", "yuva420p", {**VPX, "auto-alt-ref": "0"}),
    "vp9.webm": ("libvpx-vp9", "yuv420p", {**VPX, "auto-alt-ref": "1", "lag-in-frames": "16"}),
    "vp9_alpha.webm": ("libvpx-vp9", "yuva420p", {**VPX, "auto-alt-ref": "0"}),
    "av1.mp4": ("libsvtav1", "yuv420p", {"g": "15", "preset": "8", "crf": "10"}),
    "prores.mov": ("prores_ks", "yuv422p10le", {}),
    "prores_4444.mov": ("prores_ks", "yuva444p10le", {"profile": "4444", "alpha_bits": "16"}),
    "dnxhr.mov": ("dnxhd", "yuv422p", {"profile": "dnxhr_hq"}),
    "dnxhr.mxf": ("dnxhd", "yuv422p10le", {"profile": "dnxhr_hqx"}),
    "mpeg2.mxf": ("mpeg2video", "yuv420p", MPEG2),
    "mpeg2.mpg": ("mpeg2video", "yuv420p", MPEG2),
    "mpeg2.ts": ("mpeg2video", "yuv420p", MPEG2),
    "mpeg4.avi": ("mpeg4", "yuv420p", MPEG2),
    "mjpeg.avi": ("mjpeg", "yuvj422p", {}),
    "ffv1.mkv": ("ffv1", "yuv444p16le", {}),
    "animation.mov": ("qtrle", "argb", {}),
    "animation_rgb.mov": ("qtrle", "rgb24", {}),
    "cineform.mov": ("cfhd", "gbrp12le", {}),
}


@pytest.fixture(scope="module")
def movies(tmp_path_factory):
    """Makes a movie of MOVIES by its name, once."""
    folder = tmp_path_factory.mktemp("movies")

    def made(name):
        codec, pixel_format, options = MOVIES[name]
        path = folder / name
        return path if path.exists() else write_movie(path, codec, pixel_format, options=dict(options))

    return made


def test_every_codec_of_the_list_is_decoded(movies):
    plate = open_plate(str(movies("av1.mp4")))
    assert plate.info.description.startswith("av1 8-bit")


@pytest.mark.parametrize("name", MOVIES)
def test_frame_numbers_are_positions_in_the_order_of_showing(movies, name):
    with open_plate(str(movies(name)), first_frame=1001) as plate:
        assert str(plate.info.frames) == "1001-1040"
        frames = list(plate.read(plate.info.frames))
    assert [frame.number for frame in frames] == list(range(1001, 1041))
    assert shown(frames) == list(range(40))


@pytest.mark.parametrize("name", MOVIES)
def test_a_range_equals_the_same_frames_of_the_whole(movies, name):
    plate = open_plate(str(movies(name)))
    whole = {frame.number: frame.pixels for frame in plate.read(plate.info.frames)}
    chance = random.Random(name)
    ranges = [sorted(chance.sample(range(1, 41), 2)) for _ in range(4)]
    wanted = [range(first, last + 1) for first, last in ranges] + [range(1, 41, 7), [1, 2, 25, 26, 40], [40]]
    for numbers in wanted:
        for frame in plate.read(numbers):
            np.testing.assert_array_equal(
                frame.pixels, whole[frame.number], err_msg=f"{frame.number} of {numbers}"
            )


@pytest.mark.parametrize("container", ["mkv", "mp4"])
def test_a_variable_rate_does_not_change_the_numbers(tmp_path, container):
    def stamp(number):
        return 33 * number + number * number % 17

    path = write_movie(tmp_path / f"clip.{container}", "libx264", "yuv420p", options=X264, stamp=stamp)
    plate = open_plate(str(path))
    assert shown(plate.read(plate.info.frames)) == list(range(40))
    assert shown(plate.read([17, 18, 35])) == [16, 17, 34]


@pytest.mark.parametrize("container", ["mkv", "mp4", "mov", "ts"])
def test_a_late_start_does_not_change_the_numbers(tmp_path, container):
    path = write_movie(
        tmp_path / f"clip.{container}",
        "libx264",
        "yuv420p",
        options=X264,
        stamp=lambda number: 5000 + 40 * number,
    )
    plate = open_plate(str(path))
    assert shown(plate.read([1, 2, 30, 40])) == [0, 1, 29, 39]


@pytest.mark.parametrize(("cut", "kept"), [(7, 33), (13, 20), (0, 25)])
def test_an_edit_list_decides_which_pictures_there_are(tmp_path, cut, kept):
    path = write_movie(tmp_path / "clip.mp4", "libx264", "yuv420p", options={"bf": "0", "g": "12"})
    _edit(path, cut, kept)
    plate = open_plate(str(path))
    expected = list(range(cut, cut + kept))
    assert len(plate.info.frames) == kept
    assert shown(plate.read(plate.info.frames)) == expected
    assert shown(plate.read([1, kept // 2, kept])) == [expected[0], expected[kept // 2 - 1], expected[-1]]


def _edit(path, cut, kept):
    """Make the one edit of an MP4 of 25 frames a second begin `cut` frames later and last `kept` frames."""
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 12
    time_scale = struct.unpack(">I", data[data.index(b"mdhd") + 16 :][:4])[0]
    _, start = struct.unpack(">Ii", data[at : at + 8])
    data[at : at + 8] = struct.pack(">Ii", kept * 40, start + cut * time_scale // 25)
    path.write_bytes(data)


def test_a_fragmented_movie_is_read_whole(tmp_path):
    muxing = {"movflags": "frag_keyframe+empty_moov"}
    path = write_movie(tmp_path / "clip.mp4", "libx264", "yuv420p", options=X264, muxing=muxing)
    plate = open_plate(str(path))
    assert shown(plate.read(plate.info.frames)) == list(range(40))


def test_packets_that_show_nothing_are_not_counted(tmp_path):
    """VP8 keeps pictures that only help others in packets of their own, by a bit of their first byte."""
    whole = write_movie(tmp_path / "whole.webm", "libvpx", "yuv420p", options=VPX)
    with av.open(str(whole)) as source, av.open(str(tmp_path / "clip.webm"), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(each for each in source.demux(video=0) if each.size):
            data = bytearray(bytes(packet))
            if number in (5, 22):
                data[0] &= ~0x10
            copy = av.Packet(bytes(data))
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.is_keyframe, copy.stream = packet.is_keyframe, stream
            container.mux(copy)
    plate = open_plate(str(tmp_path / "clip.webm"))
    expected = [number for number in range(40) if number not in (5, 22)]
    assert shown(plate.read(plate.info.frames)) == expected
    assert shown(plate.read([30, 38])) == [expected[29], 39]


def test_packets_that_may_be_fields_are_not_trusted(movies):
    source = SourceFile("clip", str(movies("h264_fields.ts")))
    _, first_pictures = probe_movie(source)
    assert first_pictures.fields
    assert index_pictures(source, first_pictures).by_counting
    assert not index_pictures(source, replace(first_pictures, fields=False)).by_counting


def test_the_index_of_a_mov_is_believed_without_reading_its_pictures(tmp_path):
    path = write_movie(tmp_path / "c.mov", "prores_ks", "yuv422p10le", muxing={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    source = SourceFile("clip", str(path))
    assert len(index_pictures(source, probe_movie(source)[1]).timestamps) == 40


def test_pictures_that_need_what_was_cut_off_are_not_counted(tmp_path):
    source = write_movie(tmp_path / "whole.mkv", "libx265", "yuv420p", options=X265_OPEN)
    with av.open(str(source)) as whole, av.open(str(tmp_path / "cut.mkv"), "w") as cut:
        stream = cut.add_stream_from_template(whole.streams.video[0])
        started = False
        for packet in whole.demux(video=0):
            started = started or (packet.is_keyframe and packet.pts > 0)
            if started and packet.size:
                packet.stream = stream
                cut.mux(packet)
    plate = open_plate(str(tmp_path / "cut.mkv"))
    numbers = shown(plate.read(plate.info.frames))
    assert numbers == list(range(numbers[0], 40))
    assert numbers[0] > 0


class TestWhatAMovieSays:
    @pytest.mark.parametrize("turn", range(8))
    def test_rotation_and_mirroring_come_upright(self, tmp_path, turn):
        path = write_movie(tmp_path / "clip.mp4", "libx264", "yuv420p", count=3)
        stored = open_plate(str(path)).frame(1).pixels
        quarters, mirrored = turn % 4, turn > 3
        _set_matrix(path, _matrix(quarters, mirrored))
        plate = open_plate(str(path))
        frame = plate.frame(1)
        expected = np.rot90(np.fliplr(stored) if mirrored else stored, -quarters)
        np.testing.assert_array_equal(frame.pixels, expected)
        assert (plate.info.canvas.height, plate.info.canvas.width) == expected.shape[:2]

    def test_pixel_aspect_turns_with_the_picture(self, tmp_path):
        def anamorphic(_, stream):
            stream.codec_context.sample_aspect_ratio = Fraction(2, 1)

        path = write_movie(tmp_path / "clip.mp4", "libx264", "yuv420p", count=3, prepare=anamorphic)
        assert open_plate(str(path)).info.pixel_aspect == 2.0
        _set_matrix(path, _matrix(1, False))
        assert open_plate(str(path)).info.pixel_aspect == 0.5

    @pytest.mark.parametrize(
        ("rate", "start", "expected"),
        [
            (Fraction(25), "01:00:10:05", ["01:00:10:05", "01:00:10:06", "01:00:10:24"]),
            (Fraction(24000, 1001), "10:00:00:22", ["10:00:00:22", "10:00:00:23", "10:00:01:17"]),
            (Fraction(30000, 1001), "00:00:59;28", ["00:00:59;28", "00:00:59;29", "00:01:00;19"]),
        ],
    )
    def test_timecode_is_counted_on(self, tmp_path, rate, start, expected):
        def stamped(_, stream):
            stream.metadata["timecode"] = start

        path = write_movie(tmp_path / "c.mov", "libx264", "yuv420p", count=20, rate=rate, prepare=stamped)
        plate = open_plate(str(path), first_frame=1001)
        assert plate.info.rate == rate
        assert [frame.header.timecode for frame in plate.read([1001, 1002, 1020])] == expected

    def test_a_movie_without_timecode_has_none(self, movies):
        assert open_plate(str(movies("h264.mp4"))).frame(5).header.timecode is None

    def test_metadata_travels_without_what_tells_of_the_file(self, tmp_path):
        def titled(container, _):
            container.metadata.update(title="sh010 take 3", comment="naïve 人")

        path = write_movie(tmp_path / "clip.mp4", "libx264", "yuv420p", count=3, prepare=titled)
        attributes = dict(open_plate(str(path)).frame(1).header.attributes)
        assert attributes == {"title": "sh010 take 3", "comment": "naïve 人"}

    @pytest.mark.parametrize(
        ("name", "pixel_type", "words"),
        [
            ("h264.mp4", "uint8", "h264 8-bit, smpte170m assumed, video range"),
            ("mjpeg.avi", "uint8", "mjpeg 8-bit, bt470bg, full range"),
            ("prores.mov", "uint10", "prores 10-bit, smpte170m assumed, video range"),
            ("ffv1.mkv", "uint16", "ffv1 16-bit, smpte170m assumed, video range"),
            ("cineform.mov", "uint12", "cfhd 12-bit, gbr, full range"),
            ("h264_fields.ts", "uint8", "h264 8-bit, smpte170m assumed, video range, interlaced"),
        ],
    )
    def test_a_movie_describes_itself(self, movies, name, pixel_type, words):
        info = open_plate(str(movies(name))).info
        assert (info.kind, info.pixel_type, info.description) == ("movie", pixel_type, words)
        assert info.name == name.partition(".")[0]


def _matrix(quarters, mirrored):
    """The display matrix that turns a picture clockwise by quarters, mirrored left to right before."""
    a, b, c, d = {0: (1, 0, 0, 1), 1: (0, 1, -1, 0), 2: (-1, 0, 0, -1), 3: (0, -1, 1, 0)}[quarters]
    if mirrored:
        a, b = -a, -b
    return struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)


def _set_matrix(path, matrix):
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = matrix
    path.write_bytes(data)


CUT = {
    "h264.mp4": ("libx264", "yuv420p", X264),
    "prores.mov": ("prores_ks", "yuv422p10le", {}),
    "h264.mkv": ("libx264", "yuv420p", X264),
    "vp9.webm": ("libvpx-vp9", "yuv420p", VPX),
    "dnxhr.mxf": ("dnxhd", "yuv422p10le", {"profile": "dnxhr_hqx"}),
    "mpeg2.mxf": ("mpeg2video", "yuv420p", MPEG2),
    "mjpeg.avi": ("mjpeg", "yuvj422p", {}),
}


class TestBadMovies:
    def made(self, tmp_path, name):
        codec, pixel_format, options = CUT[name]
        muxing = {"movflags": "faststart"} if name.endswith(("mp4", "mov")) else {}
        return write_movie(tmp_path / name, codec, pixel_format, options=dict(options), muxing=muxing)

    @pytest.mark.parametrize("name", CUT)
    def test_a_truncated_movie_gives_what_is_there_and_names_the_first_missing_frame(self, tmp_path, name):
        plate = open_plate(str(truncate(self.made(tmp_path, name))))
        assert len(plate.info.frames) == 40
        good = []
        with pytest.raises(ReadError, match="the file is truncated") as caught:
            good.extend(plate.read(plate.info.frames))
        assert shown(good) == list(range(len(good)))
        assert len(good) >= 10
        assert caught.value.frame == len(good) + 1
        assert caught.value.path == str(tmp_path / name)

    @pytest.mark.parametrize(
        ("name", "length"), [("prores.mov", 400), ("mjpeg.avi", 400), ("h264.mp4", 400), ("h264.mkv", 40)]
    )
    def test_damage_in_the_middle_names_its_frame_and_spares_the_others(self, tmp_path, name, length):
        plate = open_plate(str(damage(self.made(tmp_path, name), length=length)))
        assert len(plate.info.frames) == 40
        good = []
        with pytest.raises(ReadError, match=r"Frame .* cannot be read: its data is damaged") as caught:
            good.extend(plate.read(plate.info.frames))
        assert shown(good) == list(range(len(good)))
        assert 10 <= len(good) < 40
        assert caught.value.frame == len(good) + 1
        assert shown(plate.read([38, 39, 40])) == [37, 38, 39]

    def test_a_movie_whose_index_was_at_its_end_is_refused_when_cut(self, tmp_path):
        path = truncate(write_movie(tmp_path / "clip.mov", "prores_ks", "yuv422p10le"))
        with pytest.raises(ReadError, match=r"clip\.mov cannot be read"):
            open_plate(str(path))

    def test_a_movie_without_pictures_is_refused(self, tmp_path):
        with av.open(str(tmp_path / "sound.mov"), "w") as container:
            stream = container.add_stream("pcm_s16le", rate=48000)
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), layout="mono")
            sound.rate = 48000
            container.mux(stream.encode(sound))
            container.mux(stream.encode())
        with pytest.raises(ReadError, match="it has no pictures"):
            open_plate(str(tmp_path / "sound.mov"))

    @pytest.mark.parametrize("number", [0, 41, -3])
    def test_a_frame_that_is_not_there_is_refused_with_those_that_are(self, movies, number):
        with pytest.raises(ReadError, match="there is no such frame") as caught:
            open_plate(str(movies("h264.mp4"))).frame(number)
        assert caught.value.hint == "The movie has frames 1-40."

    def test_a_movie_that_went_away_is_called_missing(self, tmp_path):
        path = write_movie(tmp_path / "clip.mp4", "libx264", "yuv420p", count=3)
        plate = open_plate(str(path))
        path.unlink()
        with pytest.raises(ReadError, match="the file is missing"):
            plate.frame(1)

    def test_a_picture_size_that_changes_on_the_way_names_its_frame(self, tmp_path):
        parts = [
            write_movie(
                tmp_path / f"{width}.ts",
                "mpeg2video",
                "yuv420p",
                count=20,
                size=(width, 128),
                picture=lambda number, width=width: numbered(number, width, 128),
            )
            for width in (256, 320)
        ]
        (tmp_path / "clip.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
        plate = open_plate(str(tmp_path / "clip.ts"))
        with pytest.raises(ReadError, match="of 320x128, the first frame yuv420p of 256x128"):
            list(plate.read(plate.info.frames))


class TestReading:
    def test_two_readings_do_not_disturb_each_other(self, movies):
        plate = open_plate(str(movies("h264.mp4")))
        one, other = plate.read(range(1, 20)), plate.read(range(15, 40))
        pairs = [(shown([first]), shown([second])) for first, second in zip(one, other, strict=False)]
        assert pairs == [([number], [number + 14]) for number in range(19)]

    def test_frames_stay_as_they_are_when_the_reading_goes_on(self, movies):
        for name in ("h264.mp4", "prores.mov", "animation.mov", "animation_rgb.mov"):
            plate = open_plate(str(movies(name)))
            frames = list(plate.read(range(1, 12)))
            copies = [frame.pixels.copy() for frame in frames]
            for frame, copy in zip(plate.read(range(1, 12)), copies, strict=True):
                np.testing.assert_array_equal(frame.pixels, copy)
                frame.pixels[:] = 77

    def test_closing_the_iterator_closes_the_file(self, movies):
        psutil = pytest.importorskip("psutil")
        path = movies("h264.mp4")
        frames = open_plate(str(path)).read(range(1, 41))
        next(frames)
        frames.close()
        assert str(path) not in [each.path for each in psutil.Process(os.getpid()).open_files()]

    @pytest.mark.slow
    def test_a_late_frame_is_reached_without_decoding_all_before_it(self, tmp_path):
        path = write_movie(
            tmp_path / "clip.mp4",
            "libx264",
            "yuv420p",
            count=300,
            options=X264,
            size=(640, 360),
            picture=lambda number: numbered(number, 640, 360),
        )
        # Whoever decodes the frames before it meets the damage.
        damage(path, 0.25, path.stat().st_size // 2)
        plate = open_plate(str(path))
        assert shown(plate.read([295])) == [294 % 256]
        with pytest.raises(ReadError, match="is damaged"):
            list(plate.read(plate.info.frames))

    def test_going_back_is_slow_but_right(self, movies):
        for name in ("h264.mp4", "h264.avi"):
            assert shown(open_plate(str(movies(name))).read([30, 30, 2, 1, 25])) == [29, 29, 1, 0, 24]


@pytest.mark.footage
class TestRealFootage:
    @pytest.mark.slow
    def test_every_clip_has_as_many_frames_as_its_list_says(self, footage):
        with open(footage / "SOURCES.tsv", newline="", encoding="utf-8") as listing:
            counts = {row["file"]: row["frames"] for row in csv.DictReader(listing, delimiter="\t")}
        clips = {name: words.partition("@") for name, words in counts.items() if "@" in words}
        assert len(clips) == 13
        for name, (count, _, rate) in clips.items():
            info = open_plate(str(footage / name)).info
            assert len(info.frames) == int(count), name
            assert float(info.rate) == pytest.approx(float(rate), abs=0.01), name

    def test_a_clip_is_decoded_as_the_reference_decodes_it(self, footage):
        plate = open_plate(str(footage / "clips" / "lp_d10_longhair.mp4"), first_frame=1001)
        for frame in plate.read(range(1001, 1013)):
            with Image.open(footage / "sequences" / "longhair" / f"longhair.{frame.number}.png") as image:
                np.testing.assert_array_equal(frame.pixels, np.asarray(image))

    def test_a_full_range_webcam_clip_is_read_as_full_range(self, footage):
        info = open_plate(str(footage / "clips" / "intel_asl_milk.mkv")).info
        assert info.colour.full_range is True

    def test_a_webm_keeps_its_alpha(self, footage):
        plate = open_plate(str(footage / "rgba" / "dancer1_alpha.webm"))
        frame = plate.frame(300)
        assert frame.pixels.shape == (360, 640, 4)
        alpha = frame.pixels[..., 3]
        assert 0.02 < (alpha > 250).mean() < 0.9
        assert (alpha < 5).mean() > 0.1

    @pytest.mark.parametrize("first", [2, 400, 1200])
    def test_ranges_of_a_long_clip_equal_the_whole(self, footage, first):
        plate = open_plate(str(footage / "clips" / "mdn_chroma_man.mp4"))
        wanted = range(first, first + 30)
        part = {frame.number: frame.pixels for frame in plate.read(wanted)}
        for frame in plate.read(range(1, first + 30)):
            if frame.number in part:
                np.testing.assert_array_equal(frame.pixels, part[frame.number])


@pytest.mark.parametrize(
    ("gop", "expected"),
    [(1000, [1, 9, 17, 25, 33, 41]), (10, [1, 11, 21, 31, 41, 51]), (24, [1, 9, 25, 33, 49, 57])],
)
def test_samples_lie_on_keyframes_or_soon_after_them(tmp_path, gop, expected):
    """So a plan of a long movie with one keyframe decodes no more than the first seconds of it."""
    options = {"g": str(gop), "keyint_min": str(gop), "sc_threshold": "0"}
    path = write_movie(tmp_path / "a.mp4", "libx264", "yuv420p", count=60, options=options)
    with open_plate(str(path)) as plate:
        assert plate.sample(6) == expected


class TestLosses:
    """What was promised, by header and clock, against what came."""

    def without(self, tmp_path, name, codec, lost, pixel_format="yuv420p", **options):
        """Write a movie of 40 pictures and copy it without some of its packets, their times kept."""
        whole = write_movie(tmp_path / f"whole-{name}", codec, pixel_format, **options)
        path = tmp_path / name
        with av.open(str(whole)) as source, av.open(str(path), "w") as container:
            stream = container.add_stream_from_template(source.streams.video[0])
            for number, packet in enumerate(each for each in source.demux(video=0) if each.size):
                if number not in lost:
                    packet.stream = stream
                    container.mux(packet)
        return path

    @pytest.mark.parametrize(
        ("name", "codec", "pixel_format", "options"),
        [
            ("a.ts", "mpeg2video", "yuv420p", {"g": "1", "bf": "0"}),
            ("a.mkv", "mjpeg", "yuvj420p", {}),
            ("a.webm", "libvpx-vp9", "yuv420p", {**VPX, "g": "1"}),
        ],
    )
    def test_a_hole_is_a_missing_frame_and_the_others_keep_their_numbers(
        self, tmp_path, name, codec, pixel_format, options
    ):
        path = self.without(tmp_path, name, codec, {10, 11, 25}, pixel_format, options=options)
        plate = open_plate(str(path))
        assert str(plate.info.frames) == "1-10,13-25,27-40"
        assert "lacks frames 11-12,26" in plate.info.notes[-1]
        assert shown(plate.read(plate.info.frames)) == [n for n in range(40) if n not in (10, 11, 25)]
        with pytest.raises(ReadError, match="there is no such frame"):
            plate.frame(12)

    def test_a_long_hole_is_one_too(self, tmp_path):
        path = self.without(tmp_path, "a.mkv", "mjpeg", set(range(6, 37)), "yuvj420p")
        assert str(open_plate(str(path)).info.frames) == "1-6,38-40"

    def test_a_damaged_timestamp_costs_its_own_frame_alone(self, tmp_path):
        def stamp(number):
            return 40 * (number + (number > 9)) + (18 if number == 20 else 0)

        path = write_movie(tmp_path / "a.mkv", "mjpeg", "yuvj420p", stamp=stamp)
        plate = open_plate(str(path))
        assert str(plate.info.frames) == "1-10,12-21,23-41"
        assert shown(plate.read(plate.info.frames)) == [n for n in range(40) if n != 20]

    def test_the_last_picture_of_a_torn_matroska_file_is_missed(self, tmp_path):
        path = write_movie(tmp_path / "a.mkv", "mjpeg", "yuvj420p")
        with av.open(str(path)) as container:
            *_, last = (bytes(each) for each in container.demux(video=0) if each.size)
        data = path.read_bytes()
        path.write_bytes(data[: data.index(last)])
        plate = open_plate(str(path))
        assert len(plate.info.frames) == 40
        with pytest.raises(ReadError, match="truncated"):
            plate.frame(40)

    def test_frames_behind_a_damaged_table_of_samples_are_missed(self, tmp_path):
        path = write_movie(tmp_path / "a.mp4", "mpeg4", "yuv420p", options={"g": "1", "bf": "0"})
        data = bytearray(path.read_bytes())
        # Version, one size for all, count, then a size of four bytes for each sample.
        at = data.index(b"stsz") + 4 + 12 + 4 * 25
        data[at : at + 4] = b"\x7f\xff\xff\xff"
        path.write_bytes(data)
        plate = open_plate(str(path))
        assert len(plate.info.frames) == 40
        with pytest.raises(ReadError, match="truncated"):
            plate.frame(30)

    def test_no_older_picture_is_shown_in_place_of_one_that_the_decoder_refuses(self, tmp_path):
        whole = write_movie(tmp_path / "whole.ts", "mpeg2video", "yuv420p", options={"g": "6", "bf": "0"})
        path = tmp_path / "a.mkv"
        with av.open(str(whole)) as source, av.open(str(path), "w") as container:
            stream = container.add_stream_from_template(source.streams.video[0])
            for number, packet in enumerate(each for each in source.demux(video=0) if each.size):
                # The head of a keyframe without its slices.
                copy = av.Packet(bytes(packet)[:60] if number == 12 else bytes(packet))
                copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
                copy.is_keyframe, copy.stream = packet.is_keyframe, stream
                container.mux(copy)
        plate = open_plate(str(path))
        attempts = dict(zip(plate.info.frames, plate.attempts(plate.info.frames), strict=True))
        assert isinstance(attempts[13], ReadError)
        right = [number for number, each in attempts.items() if not isinstance(each, ReadError)]
        assert shown(attempts[number] for number in right) == [number - 1 for number in right]

    def test_a_variable_rate_that_keeps_to_an_even_clock_has_no_holes(self, tmp_path):
        path = self.without(tmp_path, "a.mkv", "mpeg4", set(range(1, 40, 2)), options={"g": "1"})
        assert len(open_plate(str(path)).info.frames) == 20

    def test_pictures_that_an_avi_promises_and_lacks_leave_its_numbers_in_doubt(self, tmp_path):
        path = write_movie(tmp_path / "a.avi", "mjpeg", "yuvj420p")
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 2 // 5] + data[len(data) * 3 // 5 :])
        info = open_plate(str(path)).info
        assert "promises 40 pictures" in info.shortfall
        assert info.shortfall in info.notes

    def test_pictures_that_an_avi_has_beyond_its_promise_leave_its_numbers_in_doubt(self, tmp_path):
        path = write_movie(tmp_path / "a.avi", "mjpeg", "yuvj420p")
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 3 // 5] + data[len(data) * 2 // 5 :])
        assert "promises 40 pictures" in open_plate(str(path)).info.shortfall

    def test_a_piece_that_was_written_twice_is_told_of(self, tmp_path):
        path = write_movie(tmp_path / "a.ts", "mpeg2video", "yuv420p", options={"g": "6"})
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 3 // 5] + data[len(data) * 2 // 5 :])
        assert "clock runs back" in open_plate(str(path)).info.notes[-1]

    def test_a_beginning_that_may_be_lost_is_told_of(self, tmp_path):
        path = self.without(tmp_path, "a.mkv", "mjpeg", set(range(15)), "yuvj420p")
        info = open_plate(str(path)).info
        assert (len(info.frames), "clock begins 15 pictures late" in info.notes[-1]) == (25, True)

    def test_pictures_up_to_the_next_keyframe_are_lost_with_the_one_they_build_on(self, tmp_path):
        path = self.without(tmp_path, "a.ts", "mpeg2video", {15}, options={"g": "10", "bf": "0"})
        plate = open_plate(str(path))
        assert str(plate.info.frames) == "1-15,17-40"
        attempts = dict(zip(plate.info.frames, plate.attempts(plate.info.frames), strict=True))
        assert [n for n, each in attempts.items() if isinstance(each, ReadError)] == [17, 18, 19, 20]
        with pytest.raises(ReadError, match="that it builds on"):
            plate.frame(19)

    @pytest.mark.parametrize("name", sorted(MOVIES))
    def test_a_whole_movie_is_not_in_doubt(self, movies, name):
        info = open_plate(str(movies(name))).info
        doubts = [note for note in info.notes if "interlaced" not in note]
        assert (len(info.frames), info.shortfall, doubts) == (40, "", [])

    def test_reading_goes_on_behind_a_frame_that_cannot_be_decoded(self, tmp_path):
        path = damage(write_movie(tmp_path / "a.mov", "prores_ks", "yuv422p10le"), 0.5, 3000)
        attempts = list(open_plate(str(path)).attempts(range(1, 41)))
        bad = [number for number, each in enumerate(attempts, 1) if isinstance(each, ReadError)]
        assert 0 < len(bad) < 5
        assert [
            number + 1 for number in shown(each for each in attempts if not isinstance(each, ReadError))
        ] == [number for number in range(1, 41) if number not in bad]


class TestSources:
    """Rates, scans and stills as cameras and phones write them."""

    @pytest.mark.parametrize(
        ("size", "pixel_format", "rate"),
        [((720, 576), "yuv420p", Fraction(25)), ((720, 480), "yuv411p", Fraction(30000, 1001))],
    )
    def test_raw_dv_has_the_rate_of_its_television(self, tmp_path, size, pixel_format, rate):
        def picture(number):
            return numbered(number, *size)

        path = write_movie(
            tmp_path / "a.dv", "dvvideo", pixel_format, size=size, rate=rate, count=5, picture=picture
        )
        assert open_plate(str(path)).info.rate == rate

    def test_an_interlaced_plate_says_what_helps(self, movies):
        info = open_plate(str(movies("h264_fields.ts"))).info
        assert "interlaced" in info.description
        assert "bwdif" in info.notes[0]

    def test_a_still_made_of_tiles_is_refused(self, cases):
        with pytest.raises(ReadError, match="its picture is made of 50 tiles"):
            open_plate(str(cases / "01_heic_tile" / "iphone.heic"))

    @pytest.mark.parametrize(
        ("name", "size", "count"),
        [("gradient_rotated.heic", (720, 1280), 1), ("cam_exif.mov", (320, 180), 8)],
    )
    def test_side_data_that_the_binding_does_not_know_stops_nothing(self, cases, name, size, count):
        info = open_plate(str(cases / "02_side_data_31" / name)).info
        assert (info.canvas.width, info.canvas.height) == size
        assert len(info.frames) == count
