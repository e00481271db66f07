"""Movies made of results: what they show, and what they say of themselves, read by ffprobe and ffmpeg."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from matteline.contract.errors import JobError, ReadError, WriteError
from matteline.contract.events import Assembling, Finished, FrameDone, Notice
from matteline.contract.plate import Header, Window
from matteline.contract.settings import MatteSettings
from matteline.engine.describe import describe, plan_data
from matteline.engine.make_movies import make_movies
from matteline.engine.outputs import Product
from matteline.engine.plan import Plan
from matteline.engine.planner import plan
from matteline.media.movie_kinds import KINDS
from matteline.media.writer import write_image

from .conftest import HEIGHT, SURROUNDINGS, WIDTH, read_exr, write_exr

BARS = np.array(
    [[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0]], np.float32
)
"""White, yellow, cyan, green, magenta, red, blue, black."""


def _bars(level: float = 0.75) -> np.ndarray:
    """Colour bars, (46, 70, 3) float32."""
    column = np.arange(WIDTH) * len(BARS) // WIDTH
    return np.broadcast_to(BARS[column] * level, (HEIGHT, WIDTH, 3)).astype(np.float32)


def _ramp() -> np.ndarray:
    """An alpha from 0 to 1 down the picture, (46, 70) float32."""
    return np.repeat(np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None], WIDTH, axis=1)


def _inside_bars() -> np.ndarray:
    """Columns that chroma of the neighbouring bar does not reach."""
    edges = np.arange(1, len(BARS)) * WIDTH / len(BARS)
    return np.array([column for column in range(WIDTH) if np.abs(edges - column).min() > 2.5])


@pytest.fixture
def finished(render, tmp_path: Path) -> Callable[..., Plan]:
    """A plan whose products lie on disk, with colour bars as foreground and a ramp down as alpha."""

    def finish(plate: str, frames: str | None = "1001-1003", **values: object) -> Plan:
        ready = plan(render.job(plate, tmp_path / "out", frames, **values), SURROUNDINGS)
        for product in ready.outputs.products:
            (ready.outputs.folder / product.name).mkdir(parents=True)
            for frame in ready.frames:
                _write(ready, product, frame)
        return ready

    return finish


def _write(ready: Plan, product: Product, frame: int) -> None:
    alpha, fgr = _ramp()[..., None], _bars()
    colour = fgr if product.encoding.straight_alpha else fgr * alpha
    pixels = {
        "alpha": np.repeat(alpha, len(product.channels), axis=2),
        "fgr": fgr,
        "rgba": np.dstack([colour, alpha]),
        "layers": np.dstack([colour, alpha, fgr]),
    }[product.name]
    header = Header(ready.plate.canvas, ready.plate.display_window, ready.plate.pixel_aspect)
    write_image(
        ready.outputs.path(product, frame), pixels, product.encoding, header, channels=product.channels
    )


def _decoded(path: Path, pixel_format: str = "rgba64le") -> np.ndarray:
    """All pictures, (N, H, W, C) float64 of 0..1, as ffmpeg's own command decodes them."""
    form = {"rgba64le": (4, np.uint16), "rgb24": (3, np.uint8), "gray": (1, np.uint8)}[pixel_format]
    probe = _probe(path)["video"]
    accurate = ("-sws_flags", "accurate_rnd+full_chroma_int+full_chroma_inp")
    data = subprocess.run(
        [
            _tool("ffmpeg"),
            "-v",
            "error",
            "-i",
            str(path),
            "-f",
            "rawvideo",
            "-pix_fmt",
            pixel_format,
            *accurate,
            "-",
        ],
        capture_output=True,
        check=True,
    ).stdout
    pixels = np.frombuffer(data, form[1]).reshape(-1, probe["height"], probe["width"], form[0])
    return pixels / np.iinfo(form[1]).max


def _probe(path: Path) -> dict[str, dict]:
    """What ffprobe says: by kind of stream, and `format`."""
    command = [_tool("ffprobe"), "-v", "error", "-show_streams", "-show_format", "-of", "json", str(path)]
    said = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return {"format": said["format"], **{each["codec_type"]: each for each in said["streams"]}}


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("REQUIRE_HOST") == "1":
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed, so movies cannot be read by another program")
    return found


def _movie(ready: Plan, name: str) -> Path:
    return next(movie.path for movie in ready.movies if movie.kind.name == name)


def _over(background: np.ndarray | float) -> np.ndarray:
    alpha = _ramp()[..., None]
    return _bars() * alpha + background * (1 - alpha)


def test_prores_holds_straight_colour_and_alpha(finished, png_plate):
    ready = finished(png_plate, movies=("prores4444",))
    list(make_movies(ready))
    pictures = _decoded(_movie(ready, "prores4444"))
    assert pictures.shape == (3, HEIGHT, WIDTH, 4)
    np.testing.assert_allclose(pictures[1, ..., 3], _ramp(), atol=1 / 255)
    inside = _inside_bars()
    np.testing.assert_allclose(pictures[1][:, inside, :3], _bars()[:, inside], atol=2.5 / 255)
    words = _probe(_movie(ready, "prores4444"))["format"]["tags"]
    assert words["matteline/alpha"] == "straight" and words["matteline/model"] == "untrained"


def test_the_matte_movie_is_alpha_as_luma_in_video_range(finished, png_plate):
    ready = finished(png_plate, write=("alpha",), movies=("matte",))
    list(make_movies(ready))
    path = _movie(ready, "matte")
    pictures = _decoded(path, "gray")
    np.testing.assert_allclose(pictures[1, ..., 0], _ramp(), atol=1 / 255)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        luma = np.asarray(memoryview(frame.planes[0])).reshape(HEIGHT, -1).view(np.uint16)[:, :WIDTH]
    assert (luma[0].min(), luma[-1].max()) == (64, 940)
    assert np.all(np.abs(luma / 1.0 - (64 + 876 * _ramp())) <= 2)


def test_the_full_range_matte_says_so_and_is_the_same_alpha(finished, png_plate):
    ready = finished(png_plate, write=("alpha",), movies=("matte_full",))
    list(make_movies(ready))
    path = _movie(ready, "matte_full")
    assert _probe(path)["video"]["color_range"] == "pc"
    np.testing.assert_allclose(_decoded(path, "gray")[1, ..., 0], _ramp(), atol=4 / 255)


def test_the_preview_can_be_hevc(finished, png_plate):
    ready = finished(png_plate, movies=("preview_hevc",), over="black")
    list(make_movies(ready))
    video = _probe(_movie(ready, "preview_hevc"))["video"]
    assert (video["codec_name"], video["codec_tag_string"], video["pix_fmt"]) == (
        "hevc",
        "hvc1",
        "yuv420p10le",
    )
    pictures = _decoded(_movie(ready, "preview_hevc"), "rgb24")
    assert np.abs(pictures[1] - _over(np.zeros(3, np.float32)))[:, _inside_bars()].mean() < 3 / 255


def test_the_preview_lies_over_a_colour(finished, png_plate):
    ready = finished(png_plate, movies=("preview",), over="#3366cc")
    list(make_movies(ready))
    pictures = _decoded(_movie(ready, "preview"), "rgb24")
    wanted = _over(np.array([0x33, 0x66, 0xCC], np.float32) / 255)
    inside = _inside_bars()
    assert np.abs(pictures[1] - wanted)[:, inside].mean() < 2 / 255
    assert np.abs(pictures[1] - wanted)[:, inside].max() < 16 / 255


@pytest.mark.parametrize(
    ("over", "top"), [("green", (0, 177, 64)), ("black", (0, 0, 0)), ("white", (255,) * 3)]
)
def test_the_preview_lies_over_colours_by_name(finished, png_plate, over, top):
    ready = finished(png_plate, "1001", movies=("preview",), over=over)
    list(make_movies(ready))
    corner = _decoded(_movie(ready, "preview"), "rgb24")[0, 0, 2:6].mean(axis=0) * 255
    np.testing.assert_allclose(corner, top, atol=3)


def test_the_checker_shows_two_greys_behind_the_person(finished, png_plate):
    ready = finished(png_plate, "1001", movies=("preview",))
    alpha = next(product for product in ready.outputs.products if product.name == "alpha")
    write_exr(ready.outputs.path(alpha, 1001), np.zeros((HEIGHT, WIDTH, 3), np.float16))
    list(make_movies(ready))
    picture = _decoded(_movie(ready, "preview"), "rgb24")[0]
    assert np.ptp(picture, axis=2).max() < 3 / 255
    dark, light = np.abs(picture - 0.35).max(axis=2) < 0.05, np.abs(picture - 0.5).max(axis=2) < 0.05
    assert dark.mean() == pytest.approx(0.5, abs=0.05) and light.mean() == pytest.approx(0.5, abs=0.05)


def test_the_preview_lies_over_another_clip_frame_by_frame(finished, png_plate, tmp_path):
    folder = tmp_path / "clean"
    folder.mkdir()
    for number, level in ((7, 40), (8, 120)):
        Image.new("RGB", (WIDTH * 2, HEIGHT * 3), (level, level, level)).save(
            folder / f"clean.{number:04d}.png"
        )
    ready = finished(png_plate, "1001-1003", movies=("preview",), over=str(folder / "clean.####.png"))
    list(make_movies(ready))
    tops = _decoded(_movie(ready, "preview"), "rgb24")[:, 0].mean(axis=(1, 2)) * 255
    np.testing.assert_allclose(tops, [40, 120, 120], atol=3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "values",
    [
        {"write": ("rgba",)},
        {"write": ("rgba",), "rgba_alpha": "straight"},
        {"layout": "layered"},
        {"write": ("rgba",), "format": "png", "depth": "16"},
        {"write": ("alpha", "fgr"), "format": "png"},
    ],
    ids=lambda values: " ".join(str(each) for each in values.values()),
)
def test_every_way_of_writing_gives_the_same_movie(finished, png_plate, values):
    ready = finished(png_plate, "1001", movies=("prores4444", "matte"), **values)
    list(make_movies(ready))
    picture = _decoded(_movie(ready, "prores4444"))[0]
    np.testing.assert_allclose(picture[..., 3], _ramp(), atol=1.5 / 255)
    covered = picture[6:, _inside_bars(), :3]  # where alpha is 0, a multiplied picture has no colour
    np.testing.assert_allclose(covered, _bars()[6:, _inside_bars()], atol=4 / 255)
    np.testing.assert_allclose(_decoded(_movie(ready, "matte"), "gray")[0, ..., 0], _ramp(), atol=1.5 / 255)


def test_a_scene_linear_plate_is_shown_as_people_see_it(finished, exr_plate):
    ready = finished(exr_plate, "1001", movies=("prores4444",), colour_space="ACEScg", exposure=2.0)
    grey = np.broadcast_to(np.float32(0.18), (HEIGHT, WIDTH, 3))
    fgr = next(product for product in ready.outputs.products if product.name == "fgr")
    write_exr(ready.outputs.path(fgr, 1001), grey.astype(np.float16))
    list(make_movies(ready))
    picture = _decoded(_movie(ready, "prores4444"))[0]
    np.testing.assert_allclose(picture[..., :3], 0.461, atol=1.5 / 255)


def test_movies_show_the_display_window_whatever_the_data_window(finished, png_plate):
    ready = finished(png_plate, "1001-1002", write=("alpha",), movies=("matte",))
    [alpha] = ready.outputs.products
    canvas, display = Window(-10, -6, WIDTH + 20, HEIGHT + 12), ready.plate.display_window
    for frame, window in ((1001, Window(20, 10, 30, 20)), (1002, canvas)):
        pixels = np.ones((window.height, window.width, 3), np.float32)
        header = Header(window, display)
        write_image(ready.outputs.path(alpha, frame), pixels, alpha.encoding, header, channels=alpha.channels)
    list(make_movies(ready))
    cropped, overscan = _decoded(_movie(ready, "matte"), "gray")[..., 0]
    wanted = np.zeros((HEIGHT, WIDTH))
    wanted[10:30, 20:50] = 1
    np.testing.assert_allclose(cropped, wanted, atol=4 / 255)
    np.testing.assert_allclose(overscan, 1, atol=1 / 255)


@pytest.mark.slow
def test_colour_tags_are_those_of_rec_709_in_video_range(finished, png_plate):
    ready = finished(png_plate, "1001", movies=("prores4444", "matte", "preview"))
    list(make_movies(ready))
    for movie in ready.movies:
        stream = _probe(movie.path)["video"]
        tags = ("color_range", "color_space", "color_transfer", "color_primaries")
        assert [stream[tag] for tag in tags] == ["tv", "bt709", "bt709", "bt709"]
    codecs = {movie.kind.name: _probe(movie.path)["video"] for movie in ready.movies}
    assert (codecs["prores4444"]["profile"], codecs["matte"]["profile"]) == ("4444", "HQ")
    assert (codecs["preview"]["codec_name"], codecs["preview"]["pix_fmt"]) == ("h264", "yuv420p")


def _write_plate_movie(
    path: Path, rate: Fraction, *, sound: str = "aac", timecode: str = "01:00:59;26"
) -> str:
    """Two seconds of pictures; silence, and from one second on a tone."""
    options = {"-c:a": sound} if sound else {}
    command = [_tool("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s=64x40:r={rate}:d=2"]
    if sound:
        command += ["-f", "lavfi", "-i", "aevalsrc='if(gte(t,1),0.5*sin(880*PI*t),0)':s=48000:d=2"]
    command += ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-timecode", timecode]
    command += [word for pair in options.items() for word in pair] + [str(path)]
    subprocess.run(command, check=True)
    return str(path)


def _onset(path: Path) -> float:
    """When the tone begins, in seconds from the first picture."""
    command = [
        _tool("ffmpeg"),
        "-v",
        "error",
        "-i",
        str(path),
        "-map",
        "0:a:0",
        "-f",
        "f32le",
        "-ar",
        "48000",
        "-",
    ]
    samples = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.float32)
    return float(np.flatnonzero(np.abs(samples) > 0.2)[0] / 48000)


def _write_small(ready: Plan) -> None:
    for product in ready.outputs.products:
        (ready.outputs.folder / product.name).mkdir(parents=True)
        for index, frame in enumerate(ready.frames):
            canvas = ready.plate.canvas
            pixels = np.full((canvas.height, canvas.width, len(product.channels)), 0.5, np.float32)
            timecode = "01:00:59;26" if index == 0 else None
            header = Header(canvas, ready.plate.display_window, ready.plate.pixel_aspect, timecode)
            path = ready.outputs.path(product, frame)
            write_image(path, pixels, product.encoding, header, channels=product.channels)


@pytest.mark.slow
@pytest.mark.parametrize("sound", ["aac", "pcm_s16le"])
@pytest.mark.parametrize(("frames", "onset"), [(None, 1.0), ("13-36", 1 - 12 * 1001 / 30000)])
def test_the_plates_sound_comes_along_in_step_with_its_pictures(render, tmp_path, sound, frames, onset):
    rate = Fraction(30000, 1001)
    plate = _write_plate_movie(tmp_path / "take.mov", rate, sound=sound)
    movies = ("matte", "preview")
    ready = plan(render.job(plate, tmp_path / "out", frames, movies=movies), SURROUNDINGS)
    _write_small(ready)
    list(make_movies(ready))
    for movie in ready.movies:
        probe = _probe(movie.path)
        assert probe["audio"]["codec_name"] == sound
        assert probe["video"]["index"] == 0
        assert _onset(movie.path) == pytest.approx(onset, abs=0.003)


def test_sound_of_two_ranges_joins_as_the_pictures_do(render, tmp_path):
    plate = _write_plate_movie(tmp_path / "take.mov", Fraction(25), sound="pcm_s16le", timecode="01:00:00:00")
    ready = plan(render.job(plate, tmp_path / "out", "1-10,24-40", movies=("matte",)), SURROUNDINGS)
    _write_small(ready)
    list(make_movies(ready))
    probe = _probe(_movie(ready, "matte"))
    assert int(probe["video"]["nb_frames"]) == 27
    # Frame 24 is shown at 0.92 s, and comes at 0.4 s. Sound can be cut between packets alone.
    assert _onset(_movie(ready, "matte")) == pytest.approx(0.48, abs=0.025)


def test_sound_that_a_container_cannot_hold_is_left_out_and_said(render, tmp_path):
    plate = _write_plate_movie(tmp_path / "take.mkv", Fraction(25), sound="libvorbis", timecode="01:00:00:00")
    ready = plan(render.job(plate, tmp_path / "out", "1-3", movies=("matte",)), SURROUNDINGS)
    _write_small(ready)
    notes = [event.message for event in make_movies(ready) if isinstance(event, Notice)]
    assert notes == ["take_matte.mov lacks some of the plate's sound: a MOV file cannot hold vorbis."]
    assert "audio" not in _probe(_movie(ready, "matte"))


def test_sound_of_a_codec_that_nobody_knows_is_left_out_and_said(render, tmp_path):
    plate = Path(_write_plate_movie(tmp_path / "take.mp4", Fraction(25), timecode="01:00:00:00"))
    plate.write_bytes(plate.read_bytes().replace(b"mp4a", b"apac").replace(b"esds", b"free"))
    ready = plan(render.job(str(plate), tmp_path / "out", "1-3", movies=("preview",)), SURROUNDINGS)
    _write_small(ready)
    [note] = [event.message for event in make_movies(ready) if isinstance(event, Notice)]
    assert note.startswith("take_preview.mp4 lacks some of the plate's sound")


def test_a_silent_plate_makes_silent_movies(render, tmp_path):
    plate = _write_plate_movie(tmp_path / "take.mov", Fraction(25), sound="", timecode="01:00:00:00")
    ready = plan(render.job(plate, tmp_path / "out", "1-3", movies=("preview",)), SURROUNDINGS)
    _write_small(ready)
    assert {type(event) for event in make_movies(ready)} == {Assembling}
    assert "audio" not in _probe(_movie(ready, "preview"))


@pytest.mark.slow
def test_rate_and_timecode_of_a_plate_reach_its_movies(render, tmp_path):
    plate = _write_plate_movie(tmp_path / "take.mov", Fraction(30000, 1001))
    render(plate, tmp_path / "out", "4-9", write=("rgba",), movies=("prores4444", "preview"), format="png")
    for name in ("take_prores4444.mov", "take_preview.mp4"):
        stream = _probe(tmp_path / "out/movies" / name)["video"]
        assert (stream["r_frame_rate"], stream["nb_frames"]) == ("30000/1001", "6")
        assert stream["tags"]["timecode"] == "01:00:59;29"


def test_a_plate_that_tells_no_rate_runs_at_24_and_the_plan_says_so(finished, png_plate):
    ready = finished(png_plate, "1001-1002", movies=("preview",))
    assert "H.264, 24 fps assumed, over checker" in dict(describe(ready))["preview"]
    list(make_movies(ready))
    assert _probe(_movie(ready, "preview"))["video"]["r_frame_rate"] == "24/1"


def test_wide_pixels_stay_wide(finished, png_plate):
    ready = finished(png_plate, "1001", movies=("prores4444", "matte", "preview"))
    wide = replace(ready, plate=replace(ready.plate, pixel_aspect=2.0))
    list(make_movies(wide))
    assert {_probe(movie.path)["video"]["sample_aspect_ratio"] for movie in ready.movies} == {"2:1"}


def test_a_movie_has_all_frames_of_the_render_and_skips_its_gaps(finished, png_plate):
    ready = finished(png_plate, "1001-1002,1005", movies=("matte",))
    events = list(make_movies(ready))
    assert events == [Assembling("matte", done, 3) for done in (1, 2, 3)]
    assert int(_probe(_movie(ready, "matte"))["video"]["nb_frames"]) == 3


@pytest.mark.slow
def test_a_render_makes_its_movies_last(render, png_plate, tmp_path):
    out = tmp_path / "out"
    events = render(png_plate, out, "1001-1002", movies=("prores4444", "matte", "preview"))
    kinds = [type(event) for event in events if isinstance(event, (FrameDone, Assembling, Finished))]
    assert kinds == [FrameDone] * 2 + [Assembling] * 6 + [Finished]
    names = sorted(path.name for path in (out / "movies").iterdir())
    assert names == ["sh010_matte.mov", "sh010_preview.mp4", "sh010_prores4444.mov"]
    alpha = read_exr(out / "alpha/sh010_alpha.1002.exr")["R"].astype(np.float32)
    shown = _decoded(out / "movies/sh010_prores4444.mov")[1, ..., 3]
    np.testing.assert_allclose(shown, alpha, atol=1 / 255)


@pytest.mark.slow
def test_a_resume_makes_movies_of_frames_that_are_done(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "out", "1001-1003")
    events = render(png_plate, tmp_path / "out", "1001-1003", existing="resume", movies=("preview",))
    assert not any(isinstance(event, FrameDone) for event in events)
    assert (tmp_path / "out/movies/sh010_preview.mp4").is_file()


def test_a_movie_that_is_there_is_not_replaced_unasked(render, png_plate, tmp_path):
    movie = tmp_path / "out/movies/sh010_preview.mp4"
    movie.parent.mkdir(parents=True)
    movie.write_bytes(b"precious")
    with pytest.raises(JobError, match=r"sh010_preview\.mp4 exists already") as caught:
        render(png_plate, tmp_path / "out", "1001", movies=("preview",))
    assert caught.value.field == "existing" and movie.read_bytes() == b"precious"


def test_a_movie_given_up_leaves_nothing(finished, png_plate):
    ready = finished(png_plate, movies=("preview",))
    events = make_movies(ready)
    next(events)
    events.close()
    assert list((ready.outputs.folder / "movies").iterdir()) == []


def test_a_damaged_result_stops_the_movie_and_is_named(finished, png_plate):
    ready = finished(png_plate, movies=("matte",))
    victim = ready.outputs.path(ready.outputs.products[0], 1002)
    victim.write_bytes(victim.read_bytes()[:700])
    with pytest.raises(ReadError, match=r"sh010_alpha\.1002\.exr cannot be read") as caught:
        list(make_movies(ready))
    assert caught.value.frame == 1002 and "Resume" in caught.value.hint
    assert list((ready.outputs.folder / "movies").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file sizes to try this with")
@pytest.mark.parametrize("limit", [0, 3000, 6000])
def test_a_full_disk_is_named_and_no_movie_is_left(finished, png_plate, limit):
    import resource

    ready = finished(png_plate, movies=("prores4444",))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        with pytest.raises(WriteError, match=r"sh010_prores4444\.mov cannot be written: it would be larger"):
            list(make_movies(ready))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list((ready.outputs.folder / "movies").iterdir()) == []


@pytest.mark.parametrize(
    ("write", "movies", "said"),
    [
        (("alpha",), ("preview",), "'preview' is made of alpha and fgr, and fgr will not be written"),
        (("fgr",), ("prores4444",), "'prores4444' is made of alpha and fgr, and alpha will not be written"),
        (("fgr",), ("matte",), "'matte' is made of alpha, and alpha will not be written"),
    ],
)
def test_a_movie_without_what_it_is_made_of_is_refused_and_says_what_to_add(write, movies, said):
    with pytest.raises(JobError, match=said) as caught:
        MatteSettings(write=write, movies=movies)
    assert caught.value.field == "movies" and "rgba" in caught.value.hint


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ("#12345", "'#12345' is not a colour"),
        ("nowhere.mov", "cannot be laid over nowhere.mov: nowhere.mov does not exist"),
    ],
)
def test_a_preview_over_nothing_is_found_before_the_first_frame(render, png_plate, tmp_path, over, said):
    with pytest.raises(JobError, match=said) as caught:
        plan(render.job(png_plate, tmp_path / "out", movies=("preview",), over=over), SURROUNDINGS)
    assert caught.value.field == "over" and "checker" in caught.value.hint


def test_what_lies_behind_does_not_matter_without_a_preview(render, png_plate, tmp_path):
    ready = plan(render.job(png_plate, tmp_path / "out", movies=("matte",), over="nowhere.mov"), SURROUNDINGS)
    assert [movie.kind.name for movie in ready.movies] == ["matte"]


def test_an_encoder_that_is_not_there_is_one_sentence():
    kind = replace(KINDS["preview"], encoder="no_such_encoder")
    with pytest.raises(JobError, match=r"FFmpeg has no encoder for H\.264 \(no_such_encoder\)\.") as caught:
        kind.check()
    assert caught.value.field == "movies"


def test_the_plan_names_the_movies_and_counts_their_bytes(render, png_plate, tmp_path):
    ready = plan(render.job(png_plate, tmp_path / "out", movies=("prores4444",)), SURROUNDINGS)
    bare = plan(render.job(png_plate, tmp_path / "out"), SURROUNDINGS)
    assert plan_data(ready)["movies"] == {"prores4444": str(tmp_path / "out/movies/sh010_prores4444.mov")}
    assert ready.disk_bytes > bare.disk_bytes
