"""Reading OCIO configs, and what they know of names, paths and views."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from matteline.colour.config import Config, open_config
from matteline.contract.errors import ColourError

from .conftest import FACILITY


def test_without_a_path_the_built_in_studio_config_is_used(studio: Config) -> None:
    assert studio.is_built_in
    assert studio.find("ACEScg") == "ACEScg"


def test_a_missing_config_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ColourError, match=r"gone\.ocio cannot be used") as caught:
        open_config(str(tmp_path / "gone.ocio"))
    assert caught.value.hint


@pytest.mark.parametrize("name", ["broken.ocio", "broken.ocioz"])
def test_a_broken_config_is_an_error_that_says_why(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("ocio_profile_version: 2\nroles: [unclosed\n")
    with pytest.raises(ColourError, match=r"broken\.ocioz? cannot be used: .*yaml"):
        open_config(str(path))


def test_an_archived_config_is_read(tmp_path: Path) -> None:
    path = tmp_path / "house.ocioz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.ocio", FACILITY)
    assert open_config(str(path)).names() == ["ap0", "working", "house_log", "stills"]


def test_names_aliases_and_roles_are_found_in_any_case(config_of: Callable[[str], Config]) -> None:
    config = config_of(FACILITY)
    assert [config.find(word) for word in ("WORKING", "House Linear", "scene_linear")] == ["working"] * 3


def test_an_unknown_name_is_not_found(studio: Config) -> None:
    assert studio.find("ACESgc") is None
    assert studio.find("") is None


def test_the_nearest_names_begin_with_the_most_alike(studio: Config) -> None:
    assert studio.nearest("Arri LogC")[0].startswith("ARRI LogC")
    assert studio.nearest("S-Log 3 SGamut3")[0] == "S-Log3 S-Gamut3"
    assert studio.nearest("qqqqqqqq") == []


def test_a_word_that_contains_a_name_does_not_make_the_file_so(studio: Config) -> None:
    assert studio.space_of_path("/show/faces.1001.exr") is None
    assert studio.space_of_path("/aces/raw/plate.1001.exr") is None


def test_a_name_set_apart_in_the_file_name_counts(studio: Config) -> None:
    assert studio.space_of_path("/show/plate_ACEScg_v002.1001.exr") == "ACEScg"


def test_the_rules_of_a_config_that_someone_chose_are_followed(config_of: Callable[[str], Config]) -> None:
    config = config_of(FACILITY)
    assert config.space_of_path("/show/plates/a.exr") == "house_log"
    assert config.space_of_path("/show/other/a.exr") is None


def test_pixels_are_converted_as_the_standard_says(studio: Config) -> None:
    made = studio.convert(np.array([[0.5, 0.0, 1.0]], np.float32), "srgb_rec709_scene", "lin_rec709_scene")
    assert made == pytest.approx(np.array([[0.21404, 0.0, 1.0]]), abs=1e-4)


def test_a_conversion_that_the_config_cannot_do_is_an_error(studio: Config) -> None:
    with pytest.raises(ColourError, match="cannot convert from 'ACEScg' to 'nowhere'"):
        studio.convert(np.zeros((1, 3), np.float32), "ACEScg", "nowhere")


def test_an_unknown_display_or_view_is_an_error_that_lists_those_there_are(studio: Config) -> None:
    with pytest.raises(ColourError, match="no display called 'Cinema'") as display:
        studio.parse_view("Cinema/Raw")
    with pytest.raises(ColourError, match="no view of 'sRGB - Display' called 'Log'") as view:
        studio.parse_view("sRGB - Display/Log")
    assert "Rec.2100-PQ - Display" in display.value.hint
    assert "Un-tone-mapped" in view.value.hint
