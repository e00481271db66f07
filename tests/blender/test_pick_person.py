"""A person picked by a click: a hint at the right pixel and frame, and the name that is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.blender.conftest import PERSON_SIZE, Blender
from tests.blender.test_render import quick

pytestmark = pytest.mark.host


@pytest.fixture
def clip(blender: Blender, person: Any, weights_file: Path, tmp_path: Path) -> None:
    """A clip of 128x72 pixels whose first picture, 1001, is shown at frame 11."""
    path = str(tmp_path / "plate" / "demo.1001.png")
    blender.call("open_clip", path=path, start=11, output=str(tmp_path / "mattes"), size=PERSON_SIZE)
    quick(blender, weights_file)
    blender.call("execute", statements="bpy.context.scene.frame_set(12)")


def matte(blender: Blender, name: str) -> Any:
    return blender.call("evaluate", expression=f"bpy.context.scene.matteline.matte.{name}")


def test_a_click_is_a_hint_at_its_pixel_and_the_person_is_kept(blender, clip):
    assert blender.call("operator", name="pick_person", place=[0.5, 0.25], person="anna") == ["FINISHED"]
    assert (matte(blender, "hints"), matte(blender, "keep")) == ("1002:64,54:anna", "anna")
    assert "people" in blender.call("requests_for", kind="CLIP")[0]["write"]


def test_more_clicks_add_hints_and_people_only_when_asked(blender, clip):
    for name, add in (("anna", False), ("ben", True), ("ben", True)):
        blender.call("operator", name="pick_person", place=[0.25, 0.5], person=name, add=add)
    assert matte(blender, "hints").count(";") == 2 and matte(blender, "keep") == "anna,ben"
    blender.call("operator", name="pick_person", place=[0.25, 0.5], person="cleo")
    assert matte(blender, "keep") == "cleo"


def test_where_the_clip_shows_nothing_nobody_is_picked(blender, clip):
    blender.call("execute", statements="bpy.context.scene.frame_set(5)")
    assert "shows no picture at frame 5" in blender.call("operator", name="pick_person", place=[0.5, 0.5])
    assert matte(blender, "keep") == "everyone"


def test_a_name_that_pickers_refuse_is_a_sentence(blender, clip):
    said = blender.call("operator", name="pick_person", place=[0.5, 0.5], person="a,b")
    assert "cannot be called" in said and matte(blender, "hints") == "none"
