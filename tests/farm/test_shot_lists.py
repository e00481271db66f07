"""Shot lists and timelines: many clips from one file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matteline.contract.errors import JobError, MattelineError, ReadError
from matteline.contract.farm_settings import FarmSettings
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.farm.shot_list import read_shot_list
from matteline.farm.submit import prepare

from .conftest import NOTHING_AROUND, draw


def template(output: str = "mattes", **values) -> Job:
    """What a list's shots have that do not say otherwise."""
    return Job("", output, **values)


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_names_clips_with_settings_of_their_own(tmp_path):
    table = _written(
        tmp_path / "shots.csv",
        "plate,name,frames,first_frame,choke,write\n"
        'a/plate.####.exr,sh010,"1001-1010,1020",,1.5,"alpha,rgba"\n'
        "/abs/b.mov,,,1001,,\n",
    )
    (one, other), notes = read_shot_list(table, template(settings=MatteSettings(soften=2.0)))
    assert (one.job.plate, one.name) == (str(tmp_path / "a/plate.####.exr"), "sh010")
    assert str(one.job.frames) == "1001-1010,1020"
    settings = one.job.settings
    assert (settings.choke, settings.soften, settings.write) == (1.5, 2.0, ("alpha", "rgba"))
    assert (other.job.plate, other.job.first_frame, other.job.frames) == ("/abs/b.mov", 1001, None)
    assert notes == ()


def test_a_json_list_names_the_same(tmp_path):
    clips = [{"plate": "a.mov", "frames": "1-3", "batch": 2, "write": ["alpha"]}]
    (one,), _ = read_shot_list(_written(tmp_path / "shots.json", json.dumps(clips)), template())
    assert one.job.settings == MatteSettings(batch=2, write=("alpha",))
    assert str(one.job.frames) == "1-3"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", "{}", "is not a list"),
        ("a.json", "[", "is not JSON"),
        ("a.json", "[]", "names no shot"),
        ("a.json", '[{"name": "x"}]', "Shot 1 of .* names no plate"),
        ("a.json", '[{"plate": "x", "color": 1}]', "has 'color'"),
        ("a.csv", "plate,first_frame\nx,soon\n", "number of its first frame"),
        ("a.csv", "plate\nx,y\n", "more columns"),
        ("a.csv", "plate,frames\nx,1to5\n", "not a frame range"),
        ("a.csv", "plate,choke\nx,lots\n", "cannot be 'lots'"),
        ("a.csv", "plate\n", "names no shot"),
    ],
)
def test_a_list_that_says_nothing_sensible_is_refused(tmp_path, name, text, words):
    with pytest.raises(JobError, match=words):
        read_shot_list(_written(tmp_path / name, text), template())


def test_a_list_that_is_no_text_cannot_be_read(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"plate\n\xff\xfe\n")
    with pytest.raises(ReadError, match="not text"):
        read_shot_list(tmp_path / "a.csv", template())


def test_clips_of_the_same_name_get_folders_of_their_own(farm, tmp_path):
    draw(tmp_path / "sh020", range(1, 4))
    clips = [{"plate": str(farm.plate)}, {"plate": "sh020"}, {"plate": "sh020", "name": "sh010"}]
    common = template(str(tmp_path / "out"), settings=farm.settings)
    requests, _ = read_shot_list(_written(tmp_path / "shots.json", json.dumps(clips)), common)
    made = prepare(requests, FarmSettings(), NOTHING_AROUND)
    names = [one.farm_job.name for one in made]
    assert names[0] == "sh010" and len(set(names)) == 3
    assert [one.farm_job.job.output for one in made] == [str(tmp_path / "out" / name) for name in names]
    assert [one.folder for one in made] == [tmp_path / "out/farm" / name for name in names]


def test_two_clips_never_write_the_same_files(farm, tmp_path):
    draw(tmp_path / "sh020", range(1, 4))
    clips = [{"plate": each, "output": "out"} for each in (str(farm.plate), "sh020")]
    common = template(str(tmp_path), settings=farm.settings)
    requests, _ = read_shot_list(_written(tmp_path / "shots.json", json.dumps(clips)), common)
    with pytest.raises(JobError, match="would write the same results"):
        prepare(requests, FarmSettings(), NOTHING_AROUND)


class TestTimelines:
    """Read by OpenTimelineIO, written by it too."""

    @pytest.fixture
    def otio(self):
        return pytest.importorskip("opentimelineio")

    @pytest.fixture
    def timeline(self, otio, tmp_path):
        time, schema = otio.opentime, otio.schema

        def span(first: int, count: int):
            return time.TimeRange(time.RationalTime(first, 24), time.RationalTime(count, 24))

        def clip(name: str, first: int, count: int, media: object):
            return schema.Clip(name=name, source_range=span(first, count), media_reference=media)

        plate = schema.ImageSequenceReference(
            target_url_base=f"file://{tmp_path}/sh%20010/",
            name_prefix="plate.",
            name_suffix=".exr",
            start_frame=1001,
            rate=24,
            frame_zero_padding=4,
            available_range=span(1001, 100),
        )
        movie = schema.ExternalReference(target_url="b.mov", available_range=span(86400, 50))
        slow = clip("slow", 86410, 10, movie)
        slow.effects.append(schema.LinearTimeWarp(time_scalar=2.0))
        track = schema.Track(name="v1", kind="Video")
        track.extend(
            [
                clip("sh010", 1010, 20, plate),
                schema.Gap(source_range=span(0, 5)),
                clip("sh010 again", 1095, 6, plate.clone()),
                slow,
                clip("title", 0, 10, schema.MissingReference()),
            ]
        )
        made = schema.Timeline(name="cut")
        made.tracks.append(track)
        path = tmp_path / "cut.otio"
        otio.adapters.write_to_file(made, str(path))
        return path

    def test_each_plate_is_one_clip_with_its_handles(self, timeline, tmp_path):
        (plate, movie), notes = read_shot_list(timeline, template(), handles=4)
        assert plate.job.plate == str(tmp_path / "sh 010/plate.####.exr")
        assert (plate.name, str(plate.job.frames)) == ("sh010", "1006-1033,1091-1100")
        assert movie.job.plate == str(tmp_path / "b.mov")
        assert str(movie.job.frames) == "7-33", "ten frames at double speed, counted from 1, four around them"
        assert notes == ("title was left out: its media is no file.",)

    def test_what_is_no_timeline_cannot_be_read(self, otio, tmp_path):
        with pytest.raises(ReadError, match="cannot be read"):
            read_shot_list(_written(tmp_path / "cut.otio", "{"), template())
        with pytest.raises(MattelineError):
            read_shot_list(tmp_path / "gone.otio", template())
