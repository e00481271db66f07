"""From a plate to files: numbers, names, channels, and the same pixels however a range is cut."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import OpenEXR
import pytest
from PIL import Image

from matteline.contract.errors import JobError, ReadError
from matteline.contract.events import Finished, FrameDone, Notice, Preroll, Started
from matteline.engine.checkpoints import STATE_EVERY_FRAMES
from matteline.engine.describe import describe, plan_data
from matteline.engine.planner import plan
from matteline.engine.run import run
from tests.media.reading import write_movie

from .conftest import HEIGHT, SURROUNDINGS, WIDTH, read_exr, write_exr


def _files(folder: Path) -> dict[str, bytes]:
    """Relative path to content of every result."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".matteline" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _pixels(folder: Path) -> dict[str, bytes]:
    """Relative path to the pixels of every EXR result: files also say how they were made."""
    return {
        str(path.relative_to(folder)): b"".join(
            plane.tobytes() for _, plane in sorted(read_exr(path).items())
        )
        for path in folder.rglob("*.exr")
    }


def test_results_carry_the_plates_frame_numbers(render, exr_plate, tmp_path):
    render(exr_plate, tmp_path / "out", "1003-1005", write=("alpha", "fgr", "rgba"))
    expected = {
        f"{product}/sh010_{product}.{number}.exr"
        for product in ("alpha", "fgr", "rgba")
        for number in (1003, 1004, 1005)
    }
    assert set(_files(tmp_path / "out")) == expected


def test_an_alpha_exr_holds_the_matte_in_red_green_and_blue(render, exr_plate, tmp_path):
    render(exr_plate, tmp_path / "out", "1003", write=("alpha",))
    channels = read_exr(tmp_path / "out/alpha/sh010_alpha.1003.exr")
    assert set(channels) == {"R", "G", "B"}
    assert channels["R"].dtype == np.float16 and channels["R"].shape == (HEIGHT, WIDTH)
    assert np.array_equal(channels["R"], channels["G"]) and np.array_equal(channels["R"], channels["B"])
    assert channels["R"].astype(np.float32).std() > 0.01


@pytest.mark.slow
def test_rgba_is_premultiplied_in_exr_and_straight_in_png(render, exr_plate, png_plate, tmp_path):
    render(exr_plate, tmp_path / "exr_out", "1003", write=("alpha", "fgr", "rgba"), depth="float")
    fgr = read_exr(tmp_path / "exr_out/fgr/sh010_fgr.1003.exr")
    rgba = read_exr(tmp_path / "exr_out/rgba/sh010_rgba.1003.exr")
    assert np.allclose(rgba["R"], fgr["R"] * rgba["A"], atol=1e-6)

    render(png_plate, tmp_path / "png_out", "1003", write=("alpha", "fgr", "rgba"), format="png")
    straight = np.asarray(Image.open(tmp_path / "png_out/rgba/sh010_rgba.1003.png"))
    assert np.array_equal(
        straight[..., :3], np.asarray(Image.open(tmp_path / "png_out/fgr/sh010_fgr.1003.png"))
    )
    assert np.array_equal(
        straight[..., 3], np.asarray(Image.open(tmp_path / "png_out/alpha/sh010_alpha.1003.png"))
    )


def test_events_tell_the_whole_story(render, png_plate, tmp_path):
    events = render(png_plate, tmp_path / "out", "1003-1005")
    assert isinstance(events[0], Started) and events[0].frames == 3
    assert [event.number for event in events if isinstance(event, FrameDone)] == [1003, 1004, 1005]
    rolled = [event for event in events if isinstance(event, Preroll)]
    assert (rolled[-1].done, rolled[-1].total) == (3, 3)
    assert isinstance(events[-1], Finished) and events[-1].frames == 3
    assert all(
        Path(file).is_file() for event in events if isinstance(event, FrameDone) for file in event.files
    )


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("cut", [1001, 1004, 1007, 1011])
def test_two_halves_rolled_from_the_start_equal_the_whole(render, png_plate, tmp_path, cut, batch):
    values = {"preroll": "all", "depth": "float", "batch": batch}
    render(png_plate, tmp_path / "whole", **values)
    render(png_plate, tmp_path / "halves", f"1001-{cut}", **values)
    render(png_plate, tmp_path / "halves", f"{cut + 1}-1012", **values)
    assert _pixels(tmp_path / "halves") == _pixels(tmp_path / "whole")


@pytest.mark.slow
def test_ranges_rolled_from_the_start_equal_the_same_frames_of_the_whole(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "whole", depth="float", preroll="auto")
    render(png_plate, tmp_path / "part", "1003-1004,1009", depth="float", preroll="all")
    whole = _pixels(tmp_path / "whole")
    part = _pixels(tmp_path / "part")
    assert len(part) == 6
    assert {name: whole[name] for name in part} == part


@pytest.mark.slow
def test_a_preroll_changes_the_first_frame(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "cold", "1001", preroll=0)
    render(png_plate, tmp_path / "warm", "1001", preroll=5)
    assert _files(tmp_path / "cold") != _files(tmp_path / "warm")


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 4, 7])
def test_a_stopped_render_keeps_whole_frames_and_resumes_to_the_same_pixels(
    render, png_plate, tmp_path, after
):
    render(png_plate, tmp_path / "whole")
    events = render.events(png_plate, tmp_path / "stopped")
    done = 0
    for event in events:
        done += isinstance(event, FrameDone)
        if done == after:
            break
    events.close()
    whole = _files(tmp_path / "whole")
    stopped = _files(tmp_path / "stopped")
    assert stopped and len(stopped) < len(whole)
    assert all(whole[name] == content for name, content in stopped.items())
    render(png_plate, tmp_path / "stopped", existing="resume")
    assert _files(tmp_path / "stopped") == whole


@pytest.mark.slow
def test_a_resume_takes_up_a_saved_state(render, tmp_path, picture):
    first = STATE_EVERY_FRAMES - 3
    folder = tmp_path / "plate"
    folder.mkdir()
    for number in range(first, STATE_EVERY_FRAMES + 24):
        Image.fromarray((picture(number) * 255 + 0.5).astype(np.uint8)).save(folder / f"a.{number:04d}.png")
    render(str(folder), tmp_path / "whole")
    events = render.events(str(folder), tmp_path / "out")
    for event in events:
        if isinstance(event, FrameDone) and event.number == STATE_EVERY_FRAMES + 2:
            break
    events.close()
    ready = plan(render.job(str(folder), tmp_path / "out", existing="resume"), SURROUNDINGS)
    (span,) = ready.spans
    assert span.from_state and span.frames.first == STATE_EVERY_FRAMES
    render(str(folder), tmp_path / "out", existing="resume")
    assert _files(tmp_path / "out") == _files(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["removed", "truncated", "emptied"])
def test_a_resume_renders_again_what_is_missing_or_unreadable(render, exr_plate, tmp_path, damage):
    out = tmp_path / "out"
    render(exr_plate, out)
    whole = _files(out)
    victim = out / "alpha/sh010_alpha.1006.exr"
    if damage == "removed":
        victim.unlink()
    else:
        content = victim.read_bytes()
        victim.write_bytes(content[: len(content) // 2] if damage == "truncated" else b"")
    events = render(exr_plate, out, existing="resume")
    assert [event.number for event in events if isinstance(event, FrameDone)] == [1006]
    assert _files(out) == whole


@pytest.mark.slow
def test_a_resume_with_nothing_left_to_do_does_nothing(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "out")
    events = render(png_plate, tmp_path / "out", existing="resume")
    assert [type(event) for event in events] == [Started, Finished]


@pytest.mark.slow
def test_a_resume_with_other_settings_is_refused_and_says_which(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "out")
    with pytest.raises(JobError, match=r"Downsample ratio 0\.5, now 0\.25"):
        render(png_plate, tmp_path / "out", existing="resume", downsample_ratio=0.25)


@pytest.mark.slow
def test_other_settings_are_refused_where_nothing_describes_the_results(render, png_plate, tmp_path):
    render(png_plate, tmp_path / "out")
    (tmp_path / "out/.matteline/sh010.json").unlink()
    with pytest.raises(JobError, match="other settings, of which nothing is recorded"):
        render(png_plate, tmp_path / "out", existing="resume", choke=1)


def test_results_that_do_not_say_how_they_were_made_cannot_be_resumed(render, png_plate, tmp_path, picture):
    render(png_plate, tmp_path / "out")
    for path in (tmp_path / "out/alpha").iterdir():
        write_exr(path, np.zeros((HEIGHT, WIDTH, 3), np.float16))
    with pytest.raises(JobError, match="do not say how they were made"):
        render(png_plate, tmp_path / "out", existing="resume")


@pytest.mark.slow
def test_existing_results_are_refused_unless_they_may_be_replaced(render, png_plate, tmp_path):
    out = tmp_path / "out"
    render(png_plate, out, "1003-1004")
    before = _files(out)
    with pytest.raises(JobError, match="already holds results of sh010 for frames 1003-1004"):
        render(png_plate, out, "1001-1012")
    assert _files(out) == before
    render(png_plate, out, "1003-1004", existing="overwrite", preroll=0)
    assert _files(out) != before


def test_a_gap_is_an_error_that_names_the_frames(render, png_plate, tmp_path):
    for number in (1005, 1006, 1009):
        Path(png_plate.replace("####", str(number))).unlink()
    with pytest.raises(ReadError, match=r"Frames 1005-1006,1009 of .* are missing"):
        render(png_plate, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_range_beside_a_gap_is_rendered_without_reaching_across_it(render, png_plate, tmp_path):
    Path(png_plate.replace("####", "1005")).unlink()
    events = render(png_plate, tmp_path / "out", "1006-1008")
    assert sum(isinstance(event, FrameDone) for event in events) == 3


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["hold", "black"])
def test_a_gap_is_filled_as_asked_and_said(render, png_plate, tmp_path, missing, picture):
    Path(png_plate.replace("####", "1005")).unlink()
    events = render(png_plate, tmp_path / "out", missing=missing, preroll=0)
    notes = [event.message for event in events if isinstance(event, Notice)]
    filled = {"hold": "Frame 1004 is held instead.", "black": "It is replaced by black."}[missing]
    assert notes == [f"Frame 1005 is missing. {filled}"]

    pixels = picture(1004) if missing == "hold" else np.zeros((HEIGHT, WIDTH, 3), np.float32)
    filled = Path(png_plate.replace("####", "1005"))
    Image.fromarray((pixels * 255 + 0.5).astype(np.uint8)).save(filled)
    render(png_plate, tmp_path / "by_hand", missing=missing, preroll=0)
    # The files differ in one word: what they were made of.
    assert _pixels(tmp_path / "out") == _pixels(tmp_path / "by_hand")


@pytest.mark.slow
def test_a_truncated_frame_in_the_middle_stops_with_its_number(render, exr_plate, tmp_path):
    victim = Path(exr_plate.replace("####", "1006"))
    victim.write_bytes(victim.read_bytes()[:3000])
    with pytest.raises(ReadError, match="1006") as caught:
        render(exr_plate, tmp_path / "out")
    assert caught.value.frame == 1006
    assert set(_files(tmp_path / "out")) == {
        f"{product}/sh010_{product}.{number}.exr"
        for product in ("alpha", "fgr")
        for number in range(1001, 1006)
    }


@pytest.mark.slow
def test_a_truncated_frame_is_held_when_asked(render, exr_plate, tmp_path):
    victim = Path(exr_plate.replace("####", "1006"))
    victim.write_bytes(victim.read_bytes()[:3000])
    events = render(exr_plate, tmp_path / "out", missing="hold")
    notes = [event.message for event in events if isinstance(event, Notice)]
    assert len(notes) == 1 and "1006" in notes[0] and "Frame 1005 is held" in notes[0]
    assert sum(isinstance(event, FrameDone) for event in events) == 12


@pytest.fixture
def torn_movie(tmp_path):
    """A transport stream of 30 pictures without its sixth and seventh."""
    whole = write_movie(tmp_path / "whole.ts", "mpeg2video", "yuv420p", options={"g": "1"}, count=30)
    with av.open(str(whole)) as source, av.open(str(tmp_path / "torn.ts"), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(each for each in source.demux(video=0) if each.size):
            if number not in (5, 6):
                packet.stream = stream
                container.mux(packet)
    return str(tmp_path / "torn.ts")


def test_a_hole_in_a_movie_is_an_error_that_names_its_frames(render, torn_movie, tmp_path):
    with pytest.raises(ReadError, match=r"Frames 6-7 of .* are missing"):
        plan(render.job(torn_movie, tmp_path / "out"), SURROUNDINGS)


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["hold", "black"])
def test_a_hole_in_a_movie_is_filled_as_asked_and_said(render, torn_movie, tmp_path, missing):
    events = render(torn_movie, tmp_path / "out", "4-8", missing=missing, preroll=0)
    notes = [event.message for event in events if isinstance(event, Notice)]
    filled = {"hold": "Frame 5 is held instead.", "black": "It is replaced by black."}[missing]
    assert notes == [f"Frame {number} is missing. {filled}" for number in (6, 7)]
    assert sum(isinstance(event, FrameDone) for event in events) == 5


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 2), (3, 3), (900, 3)])
def test_a_tiny_plate_is_rendered(render, tmp_path, width, height):
    write_exr(tmp_path / "p.0001.exr", np.full((height, width, 3), 0.02, np.float16))
    render(str(tmp_path / "p.0001.exr"), tmp_path / "out", downsample_ratio="auto")
    assert read_exr(tmp_path / "out" / "alpha" / "p_alpha.0001.exr")["R"].shape == (height, width)


@pytest.mark.slow
def test_a_negative_frame_is_written_as_the_plate_writes_it(render, tmp_path, picture):
    for number in ("-0002", "-0001", "0000"):
        write_exr(tmp_path / f"foo_{number}.exr", picture(0).astype(np.float16))
    render(str(tmp_path / "foo_####.exr"), tmp_path / "out")
    assert {name for name in _files(tmp_path / "out") if "alpha" in name} == {
        f"alpha/foo_alpha.{number}.exr" for number in ("-0002", "-0001", "0000")
    }


@pytest.mark.parametrize(("rate", "timecodes"), [(25, 2), (60, 0)])
def test_timecode_is_in_every_exr_or_in_none(render, tmp_path, rate, timecodes):
    def prepare(container, _):
        container.metadata["timecode"] = "01:00:00:00"

    movie = write_movie(
        tmp_path / "a.mov", "prores_ks", "yuv422p10le", rate=Fraction(rate), count=2, prepare=prepare
    )
    ready = plan(render.job(str(movie), tmp_path / "out", downsample_ratio=0.25), SURROUNDINGS)
    assert any("timecode" in note for note in ready.plate.notes) == (timecodes == 0)
    list(run(ready))
    files = sorted((tmp_path / "out" / "alpha").glob("*.exr"))
    assert sum("timeCode" in OpenEXR.File(str(file)).header() for file in files) == timecodes


def test_other_frames_of_another_layer_are_not_resumed(render, tmp_path, picture):
    pixels = picture(0).astype(np.float16)
    planes = {f"{layer}{name}": pixels[..., at] for layer in ("", "key.") for at, name in enumerate("RGB")}
    header = {"compression": OpenEXR.ZIPS_COMPRESSION, "type": OpenEXR.scanlineimage}
    planes = {name: np.ascontiguousarray(plane) for name, plane in planes.items()}
    OpenEXR.File(header, planes).write(str(tmp_path / "p.0001.exr"))
    render(str(tmp_path / "p.0001.exr"), tmp_path / "out")
    with pytest.raises(JobError, match="cannot be resumed"):
        render(f"{tmp_path / 'p.0001.exr'}:key", tmp_path / "out", existing="resume")


def test_a_frame_of_another_size_stops_with_both_sizes(render, exr_plate, tmp_path):
    write_exr(Path(exr_plate.replace("####", "1004")), np.zeros((20, 30, 3), np.float16))
    with pytest.raises(ReadError, match=rf"1004.*30x20.*{WIDTH}x{HEIGHT}"):
        render(exr_plate, tmp_path / "out")


def test_a_range_outside_the_plate_says_what_the_plate_has(render, png_plate, tmp_path):
    with pytest.raises(JobError, match=r"Frames 1013-1020 are outside the plate .* 1001-1012"):
        render(png_plate, tmp_path / "out", "1010-1020")


def test_a_plan_makes_nothing_on_disk_and_is_plain_json(render, png_plate, tmp_path):
    ready = plan(render.job(png_plate, tmp_path / "out"), SURROUNDINGS)
    assert json.loads(json.dumps(plan_data(ready)))["render"] == "1001-1012"
    assert dict(describe(ready))["Size"] == "70x46, the network sees 35x23"
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_frames_around_zero_are_frames(render, tmp_path, picture):
    folder = tmp_path / "plate"
    folder.mkdir()
    for number in range(-3, 6):
        Image.fromarray((picture(number) * 255 + 0.5).astype(np.uint8)).save(folder / f"neg.{number:04d}.png")
    render(str(folder), tmp_path / "out", "-2-3", write=("alpha",), batch=4)
    names = sorted(path.name for path in (tmp_path / "out/alpha").iterdir())
    assert names == sorted(f"neg_alpha.{number:04d}.exr" for number in range(-2, 4))


@pytest.mark.slow
def test_the_networks_own_foreground_can_be_had(render, png_plate, tmp_path, picture):
    for kind in ("plate", "network"):
        values = {"write": ("alpha", "fgr"), "format": "png", "white_point": 0.02, "foreground": kind}
        render(png_plate, tmp_path / kind, "1003", **values)
    name = "fgr/sh010_fgr.1003.png"
    kept, bare = (np.asarray(Image.open(tmp_path / kind / name)).astype(int) for kind in ("plate", "network"))
    solid = np.asarray(Image.open(tmp_path / "plate/alpha/sh010_alpha.1003.png")) == 255
    own = (picture(1003) * 255 + 0.5).astype(int)
    assert solid.mean() > 0.5
    assert np.array_equal(kept[solid], own[solid])
    assert 0 < np.abs(bare - own)[solid].mean() < 60
