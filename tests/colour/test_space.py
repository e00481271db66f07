"""Which space a plate is taken to be in, and why."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from matteline.colour.codec import Codec
from matteline.colour.config import Config
from matteline.colour.primaries import ACES_AP1, REC2020
from matteline.colour.space import PlateSpace, choose_space
from matteline.contract.errors import ColourError
from matteline.contract.plate import ColourTags

from .conftest import FACILITY, ISLAND, OLD

NOTHING = ColourTags()
CAMERA = (0.7347, 0.2653, 0.1424, 0.8576, 0.0991, -0.0308, 0.3127, 0.3290)


def chosen(
    config: Config,
    wanted: str = "auto",
    *,
    tags: ColourTags = NOTHING,
    path: str = "/show/a.1001.exr",
    pixel_type: str = "half",
    kind: str = "sequence",
) -> PlateSpace:
    return choose_space(wanted, tags=tags, path=path, pixel_type=pixel_type, kind=kind, config=config)


SRGB = "sRGB Encoded Rec.709 (sRGB)"
VIDEO = "Rec.1886 Rec.709 - Display"
PQ, PQ_P3, HLG = "Rec.2100-PQ - Display", "ST2084-P3-D65 - Display", "Rec.2100-HLG - Display"


@pytest.mark.parametrize(
    ("tags", "name", "encoding"),
    [
        (ColourTags(interop_id="lin_ap1_scene"), "ACEScg", "scene-linear"),
        (ColourTags(interop_id="srgb_rec709_scene"), SRGB, "display"),
        (ColourTags(interop_id="ocio:arrilogc4_awg4_scene"), "ARRI LogC4", "log"),
        (ColourTags(interop_id="unknown", chromaticities=ACES_AP1), "ACEScg", "scene-linear"),
        (ColourTags(chromaticities=CAMERA), "Linear, the file's own primaries", "scene-linear"),
        (ColourTags(colour_space="lin_rec2020_scene"), "Linear Rec.2020", "scene-linear"),
        (NOTHING, "Linear Rec.709", "scene-linear"),
    ],
)
def test_a_float_file_is_in_the_space_of_its_tags(
    studio: Config, tags: ColourTags, name: str, encoding: str
) -> None:
    found = chosen(studio, tags=tags)
    assert (found.name, found.encoding) == (name, encoding)


@pytest.mark.parametrize(
    ("primaries", "transfer", "name", "encoding"),
    [
        ("bt2020", "smpte2084", PQ, "pq"),
        (None, "smpte2084", PQ, "pq"),
        ("smpte432", "smpte2084", PQ_P3, "pq"),
        ("bt2020", "arib-std-b67", HLG, "hlg"),
        (None, "arib-std-b67", HLG, "hlg"),
        ("bt709", "bt709", VIDEO, "display"),
        ("bt709", None, VIDEO, "display"),
        ("smpte170m", "smpte170m", VIDEO, "display"),
        ("bt709", "iec61966-2-1", SRGB, "display"),
        ("bt2020", "bt2020-10", "Video with bt2020 primaries", "display"),
        ("smpte432", "iec61966-2-1", "Video with smpte432 primaries", "display"),
        (None, None, VIDEO, "display"),
    ],
)
def test_a_movie_is_in_the_space_of_its_stream(
    studio: Config, primaries: str | None, transfer: str | None, name: str, encoding: str
) -> None:
    tags = ColourTags(primaries=primaries, transfer=transfer, matrix="bt709", full_range=False)
    found = chosen(studio, tags=tags, path="a.mov", pixel_type="uint10", kind="movie")
    assert (found.name, found.encoding) == (name, encoding)


@pytest.mark.parametrize(
    ("tags", "path", "name"),
    [
        (ColourTags(chromaticities=ACES_AP1), "a.png", SRGB),
        (ColourTags(colour_space="srgb_rec709_scene"), "a.png", SRGB),
        (ColourTags(colour_space="srgb_rec709_scene"), "a_ACEScct.png", "ACEScct"),
        (ColourTags(colour_space="KodakLog"), "a.dpx", "Cineon"),
        (ColourTags(colour_space="scene of a crime"), "a.dpx", SRGB),
        (ColourTags(transfer="linear"), "a.dpx", "Linear"),
        (NOTHING, "a_slog3_sgamut3.0001.dpx", "S-Log3 S-Gamut3"),
        (NOTHING, "faces.0001.dpx", SRGB),
    ],
)
def test_an_integer_file_is_in_the_space_of_tags_then_its_name_then_srgb(
    studio: Config, tags: ColourTags, path: str, name: str
) -> None:
    assert chosen(studio, tags=tags, path=f"/show/{path}", pixel_type="uint16").name == name


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("ACEScg", "ACEScg"),
        ("acescct", "ACEScct"),
        ("scene_linear", "ACEScg"),
        ("logc3ei800_alexawide", "ARRI LogC3 (EI800)"),
        ("sRGB", "sRGB Encoded Rec.709 (sRGB)"),
        ("Rec.709", "Rec.1886 Rec.709 - Display"),
        ("bt709", "Rec.1886 Rec.709 - Display"),
        ("Cineon", "Cineon"),
        (" ARRI LogC4 ", "ARRI LogC4"),
    ],
)
def test_a_space_is_named_by_name_alias_role_or_synonym(studio: Config, word: str, name: str) -> None:
    assert chosen(studio, word).name == name


def test_an_unknown_name_is_an_error_that_lists_the_nearest(studio: Config) -> None:
    with pytest.raises(ColourError, match="no colour space called 'ARRI LogC5'") as caught:
        chosen(studio, "ARRI LogC5")
    assert caught.value.hint.startswith("Nearest: ARRI LogC")
    assert caught.value.space == "ARRI LogC5"


def test_a_name_like_no_other_is_an_error_that_lists_some(studio: Config) -> None:
    with pytest.raises(ColourError) as caught:
        chosen(studio, "qqqqqqqq")
    assert "and more" in caught.value.hint


def test_data_is_no_space_for_a_plate(studio: Config, config_of: Callable[[str], Config]) -> None:
    for config, word in ((studio, "Raw"), (config_of(FACILITY), "stills")):
        with pytest.raises(ColourError, match="holds no colour"):
            chosen(config, word)


def test_a_file_tagged_as_data_says_so_and_falls_back(studio: Config) -> None:
    found = chosen(studio, tags=ColourTags(interop_id="data"))
    assert found.name == "Linear Rec.709"
    assert "its colorInteropID says that it holds no colour" in found.why


def test_a_tag_that_is_not_understood_is_mentioned(studio: Config) -> None:
    found = chosen(studio, tags=ColourTags(interop_id="lin_mars_scene", chromaticities=(0.0,) * 8))
    assert found.name == "Linear Rec.709"
    assert "lin_mars_scene is unknown; its chromaticities cannot be used" in found.why


def test_hdr_with_primaries_that_do_not_belong_to_it_asks_the_artist(studio: Config) -> None:
    with pytest.raises(ColourError, match="smpte2084 with primaries bt709"):
        chosen(studio, tags=ColourTags(primaries="bt709", transfer="smpte2084"), kind="movie")


def test_what_was_chosen_and_why_is_one_sentence(studio: Config) -> None:
    for tags in (NOTHING, ColourTags(interop_id="lin_ap1_scene"), ColourTags(chromaticities=CAMERA)):
        why = chosen(studio, tags=tags).why
        assert why.endswith(".")
        assert ": " in why


def test_an_untagged_float_file_is_in_a_facilitys_own_working_space(
    config_of: Callable[[str], Config],
) -> None:
    found = chosen(config_of(FACILITY))
    assert found.name == "working"
    assert found.assumed


def test_a_facilitys_file_rules_are_followed(config_of: Callable[[str], Config]) -> None:
    assert chosen(config_of(FACILITY), path="/show/plates/a.exr").name == "house_log"


def test_a_tag_that_the_config_does_not_know_is_taken_from_the_built_in_one(
    config_of: Callable[[str], Config],
) -> None:
    found = chosen(config_of(ISLAND), tags=ColourTags(primaries="bt2020", transfer="smpte2084"), kind="movie")
    assert (found.encoding, found.config.is_built_in) == ("pq", True)


@pytest.mark.parametrize("text", [FACILITY, OLD, ISLAND])
def test_video_and_srgb_need_nothing_of_the_config(config_of: Callable[[str], Config], text: str) -> None:
    config = config_of(text)
    for wanted in ("sRGB", "Rec.709"):
        found = chosen(config, wanted)
        assert found.is_picture
    assert chosen(config, pixel_type="uint8", kind="movie").is_picture


def test_only_what_nothing_says_is_marked_as_assumed(studio: Config) -> None:
    assert chosen(studio).assumed
    assert not chosen(studio, "lin_rec709").assumed
    assert not chosen(studio, tags=ColourTags(interop_id="lin_rec709_scene")).assumed


def test_interop_ids_are_known_for_what_files_may_say(studio: Config) -> None:
    assert chosen(studio, "ACEScg").interop_id == "lin_ap1_scene"
    assert chosen(studio, tags=ColourTags(chromaticities=REC2020)).interop_id == "lin_rec2020_scene"
    assert chosen(studio, tags=ColourTags(chromaticities=CAMERA)).interop_id == ""


def test_the_files_own_primaries_are_what_is_undone(studio: Config) -> None:
    own = chosen(studio, tags=ColourTags(chromaticities=CAMERA))
    assert isinstance(own.codec, Codec)
    assert own.codec.matrix.sum(axis=1) == pytest.approx(np.ones(3))
    assert own.own_primaries


def test_choosing_a_space_does_not_load_torch() -> None:
    code = inspect.cleandoc("""
        import sys
        from matteline.colour.config import open_config
        from matteline.colour.space import choose_space
        from matteline.contract.plate import ColourTags
        config = open_config(None)
        tags = ColourTags()
        choose_space("ARRI LogC4", tags=tags, path="a", pixel_type="half", kind="still", config=config)
        sys.exit("torch" in sys.modules)
    """)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
