"""What goes wrong costs one sentence, and leaves the scene, the disk and the machine as they should be."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image

from matteline.contract.wire import PROTOCOL
from tests.blender import plates
from tests.blender.conftest import Blender
from tests.blender.test_render import quick
from tests.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.host

LONG = 400
"""Frames that no machine is done with before a test ends their render."""


@pytest.fixture
def movie(tmp_path: Path) -> str:
    return str(plates.write_movie(tmp_path / "plate.mkv", 12))


@pytest.fixture
def untouched(blender: Blender, weights_file: Path, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Set a scene up; at the end strips and data must be as they were when `untouched()` was called."""
    blender.call("sequencer", output=str(tmp_path / "mattes"))
    quick(blender, weights_file)
    before: dict[str, object] = {}

    def remember() -> None:
        before.update(strips=blender.call("strips_now"), data=blender.call("data_now"))

    yield remember
    assert before, "the test did not say from when on nothing may change"
    assert before == {"strips": blender.call("strips_now"), "data": blender.call("data_now")}
    assert not blender.call("evaluate", expression="bpy.context.window_manager.matteline.running")


def refused(blender: Blender, name: str = "render_strip", **values: object) -> str:
    """The one sentence, or two, that an operator reports."""
    said = blender.call("operator", name=name, **values)
    assert isinstance(said, str), f"{name} was to be refused and returned {said}"
    assert said.startswith("Error: ") and "Traceback" not in said
    assert said.strip().count("\n") == 0 or "The end of its log" in said
    return said


def test_missing_media(blender, untouched, movie):
    blender.call("add_movie", path=movie)
    os.remove(movie)
    untouched()
    assert "plate.mkv, the footage of plate, is not there" in refused(blender)


def test_a_missing_picture_of_a_sequence(blender, untouched, tmp_path):
    paths = plates.write_sequence(tmp_path / "plate", range(1001, 1005))
    blender.call("add_images", paths=[str(each) for each in paths])
    paths[2].unlink()
    untouched()
    assert "plate.1003.png, the footage of plate, is not there" in refused(blender)


def test_a_movie_that_is_none(blender, untouched, movie):
    blender.call("add_movie", path=movie)
    Path(movie).write_text("no movie")
    untouched()
    assert "plate.mkv, the footage of plate, cannot be opened" in refused(blender)


def test_pictures_that_are_not_one_sequence(blender, untouched, tmp_path):
    paths = [
        *plates.write_sequence(tmp_path / "plate", [1]),
        *plates.write_sequence(tmp_path / "plate", [2], "other"),
    ]
    blender.call("add_images", paths=[str(each) for each in paths])
    untouched()
    assert "are not one numbered sequence" in refused(blender)


def test_a_file_that_was_never_saved(blender, untouched, movie):
    blender.call("add_movie", path=movie)
    blender.call("values", output="//mattes")
    untouched()
    assert "has not been saved yet. Save the file, or choose" in refused(blender)


def test_an_emptied_output_is_the_folder_beside_the_file(blender, untouched, movie):
    blender.call("add_movie", path=movie)
    blender.call("values", output="")
    untouched()
    assert "The output folder //mattes is beside the blend file" in refused(blender)


def test_an_output_that_cannot_be_written(blender, untouched, movie, tmp_path):
    (tmp_path / "file").write_text("in the way")
    blender.call("add_movie", path=movie)
    blender.call("values", output=str(tmp_path / "file"))
    untouched()
    assert "nothing can be written below it" in refused(blender)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not hold for this user")
def test_an_output_that_may_not_be_written(blender, untouched, movie, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    blender.call("add_movie", path=movie)
    blender.call("values", output=str(folder))
    untouched()
    assert "is not writable" in refused(blender)


def test_settings_that_contradict_each_other(blender, weights_file, tmp_path):
    path = str(plates.write_movie(tmp_path / "plate.mkv", 3))
    blender.call("compositor", kind="MovieClip", path=path, output=str(tmp_path / "mattes"))
    quick(blender, weights_file, depth="8")
    assert "An EXR file cannot hold depth '8'" in refused(blender, "render_node")


def test_weights_that_are_not_there(blender, untouched, movie):
    blender.call("add_movie", path=movie)
    blender.call("values", matte__weights="no_such_model")
    untouched()
    assert "no_such_model" in refused(blender)


def test_no_free_channel(blender, untouched, movie, tmp_path):
    channel = "strip('background').bl_rna.properties['channel']"
    most = blender.call("evaluate", expression=f"int({channel}.hard_max)")
    blender.call("add_movie", path=movie, channel=most)
    untouched()
    assert "There is no free channel above plate" in refused(blender)


def test_a_file_that_has_become_shorter_than_its_trims(blender, untouched, movie):
    blender.call("add_movie", path=movie, trim=[6, 4])
    plates.write_movie(Path(movie), 5)
    untouched()
    assert "more is trimmed than its file's 5 frames" in refused(blender)


def test_a_picture_of_another_size_than_its_matte(blender, untouched, tmp_path):
    """As where Blender and the worker read a file's rotation in two ways."""
    path = plates.write_sequence(tmp_path / "plate", [1])[0].with_suffix(".jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(plates.picture(0)).save(path, exif=exif)
    blender.call("add_images", paths=[str(path)])
    blender.call("render", frames=[1], folder=str(tmp_path), background=False)
    untouched()
    assert "has 64x36 pixels in Blender, and its matte would have 36x64" in refused(blender)


def test_nothing_selected_says_what_to_select(blender, untouched, movie):
    blender.call("add_movie", path=movie)
    blender.call("select", names=["background"])
    untouched()
    said = blender.call("operator", name="render_strip")
    assert "Select at least one movie, image or movie clip strip" in said


@pytest.fixture
def good_and_broken(blender: Blender, movie: str, tmp_path: Path) -> Callable[[], str]:
    """Render a good strip, a broken one and a scene strip together; returns the sentences reported."""

    def render() -> str:
        blender.call("add_movie", path=movie, name="one")
        two = plates.write_sequence(tmp_path / "two", range(1001, 1004))
        blender.call("add_images", paths=[str(each) for each in two], name="two", start=30)
        two[1].write_bytes(two[1].read_bytes()[:60])
        blender.call("execute", statements=ADD_SCENE_STRIP)
        blender.call("select", names=["one", "two", "titles"])
        return refused(blender)

    return render


ADD_SCENE_STRIP = """
made = addon('compat').strips(bpy.context.scene.sequence_editor).new_scene(
    name='titles', scene=bpy.data.scenes.new('Titles'), channel=9, frame_start=1)
"""


def test_a_bad_strip_does_not_keep_the_others_from_their_mattes(
    blender, weights_file, good_and_broken, tmp_path
):
    blender.call("sequencer", output=str(tmp_path / "mattes"))
    quick(blender, weights_file)
    said = good_and_broken()
    assert said.startswith("Error: Added one matte.")
    assert "two: " in said and "1002" in said
    assert "titles is a scene strip" in said
    assert "one matte" in blender.call("strips_now")
    assert len(list((tmp_path / "mattes" / "one").rglob("*.png"))) == 12


@pytest.fixture
def long_render(
    blender: Blender, untouched: Callable[..., None], tmp_path: Path
) -> Callable[[], psutil.Process]:
    """Begin a render of many frames; returns its worker when the first frame is on disk."""

    def begin() -> psutil.Process:
        movie = plates.write_movie(tmp_path / "long.mkv", LONG)
        blender.call("add_movie", path=str(movie), name="long")
        untouched()
        blender.start("operator", name="render_strip")
        wait_until(lambda: list((tmp_path / "mattes").rglob("*.png")))
        return workers(blender)[0]

    return begin


def workers(blender: Blender) -> list[psutil.Process]:
    return [each for each in psutil.Process(blender.pid).children(recursive=True) if each.is_running()]


def test_a_worker_killed_in_the_middle(blender, long_render, tmp_path):
    long_render().kill()
    said = blender.result()
    assert "The matteline worker ended by itself during 'render'" in said
    assert "Complete frames are kept" in said
    assert workers(blender) == []
    files = [each for each in (tmp_path / "mattes").rglob("*") if each.suffix == ".png"]
    assert 0 < len(files) < LONG
    for path in files:
        Image.open(path).load()


def test_a_render_given_up_in_the_middle(blender, untouched, tmp_path):
    movie = plates.write_movie(tmp_path / "long.mkv", LONG)
    blender.call("add_movie", path=str(movie), name="long")
    untouched()
    assert blender.call("cancel_midway") == {"cancelled": True, "rendered": 0, "client": False}
    assert workers(blender) == []
    files = list((tmp_path / "mattes").rglob("*.png"))
    assert 0 < len(files) < LONG
    for path in files:
        Image.open(path).load()


def test_an_add_on_switched_off_takes_its_worker_along(start_blender, command):
    blender = start_blender(command, MATTELINE_WORKER=sys.executable)
    assert blender.call("operator", name="check") == ["FINISHED"]
    assert len(workers(blender)) >= 1
    blender.call("unregister")
    assert workers(blender) == []
    blender.close()


def test_a_blender_that_dies_takes_its_worker_along(start_blender, command):
    blender = start_blender(command, MATTELINE_WORKER=sys.executable)
    assert blender.call("operator", name="check") == ["FINISHED"]
    left = workers(blender)
    psutil.Process(blender.pid).kill()
    _, alive = psutil.wait_procs(left, timeout=PATIENCE_SECONDS)
    assert left and not alive
    blender.close()


def with_worker(blender: Blender, program: str) -> None:
    blender.call(
        "execute", statements=f"addon('worker').worker.close(); os.environ['MATTELINE_WORKER'] = {program!r}"
    )


@pytest.fixture
def other_worker(blender: Blender) -> Iterator[Callable[[str], None]]:
    """Name another worker until the end of the test."""
    yield lambda program: with_worker(blender, program)
    with_worker(blender, sys.executable)


def test_a_worker_that_is_not_there(blender, untouched, movie, other_worker, tmp_path):
    other_worker(str(tmp_path / "nowhere" / "matteline"))
    blender.call("add_movie", path=movie)
    untouched()
    assert "The matteline worker was not found" in refused(blender)
    assert "Correct it in the preferences" in refused(blender, "check")


def test_a_worker_that_is_nowhere_is_asked_for_in_the_preferences(blender, other_worker, tmp_path):
    if any(Path(each, "matteline").exists() for each in ("/usr/local/bin", "/opt/matteline/bin")):
        pytest.skip("matteline is installed for this whole machine, so it is found")
    other_worker("")
    search = {name: blender.call("evaluate", expression=f"os.environ.get({name!r}, '')") for name in PLACES}
    try:
        blender.call("execute", statements=f"os.environ.update({dict.fromkeys(PLACES, str(tmp_path))!r})")
        said = refused(blender, "check")
    finally:
        blender.call("execute", statements=f"os.environ.update({search!r})")
    assert "The matteline worker was not found" in said
    assert "Worker in the add-on's preferences" in said and "pip install" not in said


PLACES = ("PATH", "HOME", "USERPROFILE", "LOCALAPPDATA", "PROGRAMFILES")


def test_check_does_not_show_the_answer_of_another_worker(blender, other_worker, tmp_path):
    shown = "bpy.context.window_manager.matteline.worker"
    assert blender.call("operator", name="check") == ["FINISHED"]
    assert blender.call("evaluate", expression=shown).startswith("matteline ")
    other_worker(str(tmp_path / "nowhere" / "matteline"))
    refused(blender, "check")
    assert blender.call("evaluate", expression=shown) == ""


GREETING = '{"event": "hello", "protocol": 99, "job": 1, "matteline": "9.0"}'


DEAF = f"""
import json, sys
PROTOCOL = {PROTOCOL}
"""
DEAF += """
print(json.dumps({"event": "hello", "protocol": PROTOCOL, "job": 1, "matteline": "0"}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked["request"] == "render":
        plan = {"event": "plan", "size": [64, 36], "outputs": {}}
        for said in (plan, {"event": "frame", "done": 1, "total": 9}):
            print(json.dumps({"id": asked["id"], **said}), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a first line for Unix")
def test_a_worker_that_does_not_hear_a_cancel_is_ended(blender, untouched, movie, other_worker, tmp_path):
    other_worker(program(tmp_path, DEAF))
    blender.call("add_movie", path=movie)
    untouched()
    assert blender.call("cancel_midway") == {"cancelled": True, "rendered": 0, "client": False}
    assert workers(blender) == []


def program(folder: Path, script: str) -> str:
    path = folder / "matteline"
    path.write_text(f"#!{sys.executable}\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a first line for Unix")
@pytest.mark.parametrize(
    ("does", "sentence"),
    [
        (f"print({GREETING!r}, flush=True); input()", "matteline 9.0 speaks protocol 99"),
        ("raise SystemExit('no library of that name')", "ended by itself before it was ready: exit code 1"),
    ],
    ids=["of another version", "that does not start"],
)
def test_a_worker(blender, untouched, movie, other_worker, tmp_path, does, sentence):
    other_worker(program(tmp_path, does))
    blender.call("add_movie", path=movie)
    untouched()
    assert sentence in refused(blender)
    assert workers(blender) == []
