"""Pixels through the stand-in for Nuke: what it reads, makes and writes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.nuke import plates
from tests.nuke.fake import FakeNuke, Format


@pytest.fixture
def host():
    made = FakeNuke()
    yield made
    made.main.close()


@pytest.fixture
def nuke(host):
    return host.module


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


@pytest.fixture
def read(nuke, plate):
    made = nuke.nodes.Read()
    made["file"].fromUserText(f"{plate} 1001-1004")
    return made


def writer(nuke, source, pattern, **knobs):
    write = nuke.nodes.Write(inputs=[source], file_type="exr", file=str(pattern))
    for name, value in knobs.items():
        write[name].setValue(value)
    return write


def test_a_read_shows_its_files(host, read, tmp_path):
    shown = host.pull(read, 1002)
    assert np.array_equal(shown.rgb()[..., 1], plates.read(tmp_path / "plate/sh010.1002.exr")["G"])


@pytest.mark.parametrize(
    ("knobs", "frame", "file"),
    [
        ({}, 1003, 1003),
        ({}, 900, 1001),
        ({"before": "loop"}, 1000, 1004),
        ({"after": "bounce"}, 1005, 1003),
        ({"frame_mode": "start at", "frame": "1"}, 2, 1002),
        ({"frame_mode": "offset", "frame": "100"}, 902, 1002),
        ({"frame": "frame + 1000"}, 4, 1004),
    ],
)
def test_a_read_maps_frames(host, read, tmp_path, knobs, frame, file):
    for name, value in knobs.items():
        read[name].setValue(value)
    expected = plates.read(tmp_path / f"plate/sh010.{file}.exr")["R"]
    assert np.array_equal(host.pull(read, frame).plane("rgba.red"), expected)


def test_a_missing_frame_is_an_error_unless_told(host, read, tmp_path):
    (tmp_path / "plate/sh010.1002.exr").unlink()
    with pytest.raises(RuntimeError, match="1002"):
        host.pull(read, 1002)
    read["on_error"].setValue("black")
    assert host.pull(read, 1002).rgb().max() == 0


def test_a_read_shows_what_it_has_decoded_until_it_is_reloaded(host, read, tmp_path):
    before = host.pull(read, 1001).rgb()
    plates.write(tmp_path / "plate", [1001], gain=2)
    assert np.array_equal(host.pull(read, 1001).rgb(), before)
    read["reload"].execute()
    assert host.pull(read, 1001).rgb().max() > before.max()


def test_eight_bit_files_become_linear_unless_raw(nuke, host, tmp_path):
    read = nuke.nodes.Read()
    read["file"].fromUserText(f"{plates.write_png(tmp_path / 'png')} 1001-1004")
    linear = host.pull(read, 1001).rgb()
    read["raw"].setValue(True)
    read["reload"].execute()
    raw = host.pull(read, 1001).rgb()
    assert linear.mean() < raw.mean()


def test_a_write_keeps_windows_values_and_pixel_aspect(nuke, host, tmp_path):
    read = nuke.nodes.Read()
    pattern = plates.write(tmp_path / "over", overscan=4, pixel_aspect=2, gain=5)
    read["file"].fromUserText(f"{pattern} 1001-1004")
    (tmp_path / "out").mkdir()
    nuke.execute(writer(nuke, read, tmp_path / "out/o.%04d.exr", raw=True), 1001, 1002, 1)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["o.1001.exr", "o.1002.exr"]
    written, original = tmp_path / "out/o.1002.exr", tmp_path / "over/sh010.1002.exr"
    assert plates.windows(written) == ((-4, -4, 72, 44), (0, 0, 64, 36), 2.0)
    assert np.array_equal(plates.read(written)["R"], plates.read(original)["R"])
    assert plates.read(written)["R"].max() > 5


def test_negative_frames_count_their_sign_as_a_digit(nuke, tmp_path):
    nuke.execute(writer(nuke, nuke.nodes.Constant(), tmp_path / "o.####.exr"), -1, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.-001.exr", "o.0000.exr"]


def test_proxy_halves_what_is_written(nuke, host, read, tmp_path):
    host.root["proxy"].setValue(True)
    nuke.execute(writer(nuke, read, tmp_path / "o.####.exr"), 1001, 1001)
    assert plates.windows(tmp_path / "o.1001.exr")[1] == (0, 0, 32, 18)


def test_a_write_makes_no_folders_unless_told(nuke, read, tmp_path):
    write = writer(nuke, read, tmp_path / "new/o.####.exr")
    with pytest.raises(RuntimeError, match="No such file or directory"):
        nuke.execute(write, 1001, 1001)
    write["create_directories"].setValue(True)
    nuke.execute(write, 1001, 1001)


def test_executing_a_disabled_write_is_an_offence(nuke, host, read, tmp_path):
    write = writer(nuke, read, tmp_path / "o.####.exr", disable=True)
    with pytest.raises(RuntimeError):
        nuke.execute(write, 1001, 1001)
    assert host.offences


def test_a_user_can_cancel_what_is_executed(nuke, host, read, tmp_path):
    host.executing.cancel_at = 1002
    with pytest.raises(RuntimeError, match="Cancelled"):
        nuke.execute(writer(nuke, read, tmp_path / "o.####.exr"), 1001, 1004)
    assert host.executing.frames == [1001] and not nuke.executing()


def test_nothing_can_be_executed_within_an_execution(nuke, read, tmp_path):
    inner = writer(nuke, read, tmp_path / "i.####.exr")
    nuke.addBeforeRender(lambda: nuke.execute(inner, 1001, 1001))
    with pytest.raises(RuntimeError, match="already executing"):
        nuke.execute(writer(nuke, read, tmp_path / "o.####.exr"), 1001, 1001)


def test_each_view_has_files_of_its_own(nuke, host, tmp_path):
    host.views, host.view = ["left", "right"], "left"
    plates.write(tmp_path / "left")
    plates.write(tmp_path / "right", gain=2)
    read = nuke.nodes.Read()
    read["file"].fromUserText(f"{tmp_path}/%V/sh010.####.exr 1001-1004")
    nuke.execute(writer(nuke, read, tmp_path / "o.%v.####.exr"), 1001, 1001)
    left, right = (plates.read(tmp_path / f"o.{eye}.1001.exr")["R"] for eye in "lr")
    assert right.mean() > 1.9 * left.mean()


def test_copy_takes_from_its_second_input_into_its_first(nuke, host):
    below, above = nuke.nodes.Constant(color=0.25), nuke.nodes.Constant(color=0.75)
    copy = nuke.nodes.Copy(inputs=[below, above], from0="rgba.red", to0="rgba.alpha")
    shown = host.pull(copy, 1)
    assert (shown.rgb().max(), shown.alpha.max()) == (0.25, 0.75)


def test_crop_counts_from_below(nuke, host, read):
    crop = nuke.nodes.Crop(inputs=[read], box=(0, 0, 10, 6), reformat=True)
    shown = host.pull(crop, 1001)
    assert (shown.format.width(), shown.format.height()) == (10, 6)
    assert np.array_equal(shown.rgb(), host.pull(read, 1001).rgb()[-6:, :10])


def test_time_moves_with_time_offset(nuke, host, read):
    later = nuke.nodes.TimeOffset(inputs=[read], time_offset=10)
    assert np.array_equal(host.pull(later, 1012).rgb(), host.pull(read, 1002).rgb())
    assert (later.frameRange().first(), later.frameRange().last()) == (1011, 1014)


def test_a_format_is_written_and_read(nuke):
    made = Format.parse(Format(64, 36, 2.0, "squeezed").to_script())
    assert (made.width(), made.height(), made.pixelAspect(), made.name()) == (64, 36, 2.0, "squeezed")
