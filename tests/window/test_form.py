"""The shot form: all settings, errors where they belong, and jobs."""

from __future__ import annotations

import json
import os

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox

from matteline.contract.errors import JobError
from matteline.contract.farm_settings import farm_choices
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings, choices
from matteline.window.form.fields import field_for
from matteline.window.form.shot_form import ShotForm
from matteline.window.shot_paths import suggested_output
from tests.window.conftest import FIRST, settle, shown


@pytest.fixture
def form(app):
    made = ShotForm()
    yield made
    made.deleteLater()


def test_every_setting_has_a_control_with_its_words(form):
    for name, choice in choices().items():
        field = form.field(name)
        assert field is not None, name
        assert field.label.text() == choice.label
        assert choice.help.split("'")[0].split("<")[0] in field.toolTip()


def test_a_fresh_form_is_the_defaults(form):
    assert form.settings() == MatteSettings()


def test_settings_survive_the_form(form):
    settings = MatteSettings(
        weights="rvm_resnet50",
        downsample_ratio=0.25,
        preroll="all",
        exposure=1.5,
        choke=-2.5,
        despill="#00b140",
        write=("rgba", "alpha"),
        movies=("matte",),
        batch=4,
    )
    job = Job(
        os.path.abspath("a.mov"), os.path.abspath("out"), FrameSet.parse("1-5,9"), 1001, "resume", settings
    )
    form.set_job(job)
    assert form.job() == job


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("downsample_ratio", "much", "Downsample ratio cannot be 'much'"),
        ("preroll", "2.5", "Preroll cannot be '2.5'"),
        ("batch", "65", "Batch cannot be 65"),
    ],
)
def test_a_wrong_setting_is_told_at_its_field(window, form, name, typed, says):
    shot = window.shot
    shot.form.set_plate("/nowhere/plate.exr")
    shot.form.field(name).set_value(typed)
    shot.ask_plan()
    assert says in shot.form.field(name).error
    assert not shot.form.field("plate").error


@pytest.mark.parametrize("typed", ["ten", "--5", "²"])
def test_a_first_frame_that_is_no_number_costs_a_sentence(form, typed):
    form.set_plate("/nowhere/shot.mov")
    form.first_frame._edit.setText(typed)
    with pytest.raises(JobError, match="The first frame cannot be") as caught:
        form.job()
    assert caught.value.field == "first_frame"


def test_a_wheel_over_the_form_changes_no_setting(form):
    before = {field.name: field.value() for field in form.all_fields()}
    for control in (*form.findChildren(QComboBox), *form.findChildren(QAbstractSpinBox)):
        QApplication.sendEvent(control, _wheel())
    assert {field.name: field.value() for field in form.all_fields()} == before


def _wheel():
    down = (QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120))
    more = (Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    return QWheelEvent(*down, *more)


def test_contradictions_are_told_at_the_field_that_can_end_them(window):
    shot = window.shot
    shot.form.set_plate("/nowhere/plate.exr")
    shot.form.field("format").set_value("png")
    shot.form.field("layout").set_value("layered")
    shot.ask_plan()
    assert "A PNG file cannot hold layers." in shot.form.field("layout").error


def test_no_products_is_an_error_and_not_a_crash(window):
    window.shot.form.set_plate("/nowhere/plate.exr")
    window.shot.form.field("write").set_value(())
    window.shot.ask_plan()
    assert "No product is chosen" in window.shot.form.field("write").error


def test_a_dropped_plate_is_shown_and_fills_the_form(window, plate):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(plate)])
    more = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(100, 100), *more)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(100, 100), Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, *more[1:])
    QApplication.sendEvent(window, drop)
    assert drop.dropAction() == Qt.DropAction.CopyAction, "what is told to be moved is deleted"
    settle(shown(window, FIRST))
    assert window.shot.form.plate.value() == plate
    assert window.shot.form.output.value().endswith("sh010_mattes")


def test_a_dropped_folder_of_results_brings_its_plate(window, results, plate):
    window.open([str(results)])
    settle(shown(window, FIRST))
    assert window.shot.form.plate.value() == plate
    assert window.shot.form.output.value() == str(results)
    assert window.shot.form.existing.value() == "resume"


def test_another_plate_never_keeps_the_folder_of_the_one_before(form):
    form.set_plate("/a/one.0001.exr")
    assert form.output.value().endswith("one_mattes")
    form.output.set_value("/mine")
    form.set_plate("/a/two.0001.exr")
    assert form.output.value().endswith("two_mattes")


def test_results_do_not_go_into_the_folder_of_the_frames(tmp_path):
    plate = tmp_path / "sh010" / "plate" / "plate.####.exr"
    assert suggested_output(str(plate)) == str(tmp_path / "sh010" / "plate_mattes")
    movie = tmp_path / "sh010" / "take_02.mov"
    assert suggested_output(str(movie)) == str(tmp_path / "sh010" / "take_02_mattes")


def test_paths_of_a_job_are_absolute_and_names_stay(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.safetensors").touch()
    form.set_plate("plate.mov")
    for name, text in (
        ("garbage", "roto.####.exr:mask.A"),
        ("over", "green"),
        ("weights", "mine.safetensors"),
    ):
        form.field(name).set_text(text)
    job = form.job()
    assert (job.plate, job.output) == (str(tmp_path / "plate.mov"), str(tmp_path / "plate_mattes"))
    assert job.settings.garbage == str(tmp_path / "roto.####.exr:mask.A")
    assert job.settings.weights == str(tmp_path / "mine.safetensors")
    assert (job.settings.over, job.settings.holdout, job.settings.ocio) == ("green", "none", "auto")
    form.field("weights").set_text("rvm_resnet50")
    assert form.job().settings.weights == "rvm_resnet50"


def test_a_slider_and_its_number_follow_each_other(form):
    choke = form.field("choke")
    choke._slider.setValue(choke._slider.maximum())
    assert choke.value() == 50
    choke.set_value(-2.5)
    place = choke._slider.value()
    choke._slider.setValue(0)
    choke._slider.setValue(place)
    assert choke.value() == pytest.approx(-2.5, abs=0.05)


def test_what_differs_from_the_default_is_marked_and_can_be_reset(form):
    choke = form.field("choke")
    assert choke.label.property("role") == ""
    choke.set_value(2)
    assert choke.label.property("role") == "changed"
    choke._reset.trigger()
    assert choke.value() == 0 and choke.label.property("role") == ""


def test_a_long_word_in_an_error_does_not_widen_the_form(form):
    before = form.minimumSizeHint().width()
    form.show_error("JobError", "output", f"The digest is {'0123456789abcdef' * 8}.")
    assert form.minimumSizeHint().width() == before
    assert "0123456789abcdef" * 8 in form.output.error


@pytest.mark.parametrize(
    ("plate", "folder"),
    [
        ("/s/plate.####.exr", "plate_mattes"),
        ("/s/plate.%04d.exr", "plate_mattes"),
        ("/s/plate_v002.1001.exr", "plate_v002_mattes"),
        ("/s/clip.mov", "clip_mattes"),
    ],
)
def test_results_go_beside_the_plate(plate, folder):
    assert suggested_output(plate).replace("\\", "/").endswith(f"/s/{folder}")


def test_a_job_file_is_written_whole_and_read_back(window, plate, tmp_path):
    window.shot.form.set_plate(plate)
    window.shot.form.frames.set_value(FrameSet.parse("1002-1004"))
    path = tmp_path / "job.json"
    window.shot.write_job(str(path))
    assert json.loads(path.read_text())["frames"] == "1002-1004"
    window.shot.form.frames.set_value(None)
    window.shot.open_job(str(path))
    assert str(window.shot.form.frames.value()) == "1002-1004"


def test_a_job_file_that_is_none_is_refused_in_words(window, tmp_path):
    path = tmp_path / "job.json"
    path.write_text("{not json")
    window.shot.open_job(str(path))
    assert "The job is not JSON" in window.shot.error.text()


def test_frames_between_the_marks_can_be_taken(window, plate):
    window.open([plate])
    settle(shown(window, FIRST))
    window.viewer.player.mark(first=1003, last=1006)
    window.shot.form.frames.marks_wanted.emit()
    assert str(window.shot.form.frames.value()) == "1003-1006"


def test_a_count_is_a_whole_number(app):
    field = field_for("chunk", farm_choices()["chunk"])
    field.set_value(12)
    assert field.value() == 12 and isinstance(field.value(), int)
    field.deleteLater()
