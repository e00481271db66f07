"""The worker's environment, made from Blender's preferences."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blender.conftest import Blender

pytestmark = pytest.mark.host


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel called matteline that needs nothing, with a program."""
    path = tmp_path / "matteline-0.0.1-py3-none-any.whl"
    info = "matteline-0.0.1.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("matteline_here.py", "def main():\n    print('here')\n")
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: matteline\nVersion: 0.0.1\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/entry_points.txt", "[console_scripts]\nmatteline = matteline_here:main\n")
        file.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture(autouse=True)
def online(blender: Blender) -> Iterator[None]:
    """Blender's online access switched on until the end of the test, where it has a switch."""
    switch(blender, True)
    yield
    switch(blender, False)


def switch(blender: Blender, on: bool) -> None:
    statements = f"""
system = bpy.context.preferences.system
if hasattr(system, "use_online_access"):
    system.use_online_access = {on}
"""
    blender.call("execute", statements=statements)


def old(blender: Blender) -> bool:
    return blender.call("evaluate", expression="sys.version_info < (3, 11)")


def make(blender: Blender, folder: Path, source: Path) -> list[str] | str:
    return blender.call("operator", name="make_environment", folder=str(folder), source=str(source))


@pytest.mark.slow
def test_an_environment_is_made_with_matteline_in_it(blender, wheel, tmp_path):
    if old(blender):
        assert "too old" in make(blender, tmp_path / "made", wheel)
        return
    assert make(blender, tmp_path / "made", wheel) == ["FINISHED"]
    assert list((tmp_path / "made").glob("*/matteline*")), "the program that Worker looks for"


@pytest.mark.slow
def test_what_cannot_be_installed_says_why(blender, tmp_path):
    if old(blender):
        pytest.skip("this Blender's Python is too old")
    (tmp_path / "empty").mkdir()
    said = make(blender, tmp_path / "made", tmp_path / "empty")
    assert "cannot be made" in said and "environment.log" in said


def test_a_folder_that_holds_something_is_left_alone(blender, wheel, tmp_path):
    if old(blender):
        pytest.skip("this Blender's Python is too old")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    assert "holds something else" in make(blender, tmp_path / "full", wheel)
    assert [each.name for each in (tmp_path / "full").iterdir()] == ["letter.txt"]
    assert "no matteline at" in make(blender, tmp_path / "made", tmp_path / "nowhere")


def test_nothing_is_made_where_blender_may_not_go_online(blender, wheel, tmp_path):
    switch(blender, False)
    if old(blender) or blender.call("evaluate", expression="getattr(bpy.app, 'online_access', True)"):
        pytest.skip("this Blender has no such switch, or its Python is too old")
    assert "Online access is off" in make(blender, tmp_path / "made", wheel)
    assert not (tmp_path / "made").exists()
