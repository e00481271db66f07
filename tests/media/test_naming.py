"""Names of sequences: taken apart, matched and gathered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matteline.contract.errors import ReadError
from matteline.media.naming import (
    NamePattern,
    NumberedName,
    SequenceFiles,
    gather_sequence,
    list_sequences,
    padded,
    result_name,
)

PREFIXES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), max_size=12
).filter(lambda text: not text[-1:].isdigit() and not text.endswith("-"))


@pytest.mark.parametrize(
    ("name", "prefix", "digits"),
    [
        ("plate.1001.exr", "plate.", "1001"),
        ("plate_0007.exr", "plate_", "0007"),
        ("plate-0003.exr", "plate-", "0003"),
        ("plate0042.exr", "plate", "0042"),
        ("plate.-0003.exr", "plate.", "-0003"),
        ("plate_-3.exr", "plate_", "-3"),
        ("-0003.exr", "", "-0003"),
        ("1001.exr", "", "1001"),
        ("v002_plate.1001.exr", "v002_plate.", "1001"),
        ("sh 010 [é] 50%.0100.exr", "sh 010 [é] 50%.", "0100"),
    ],
)
def test_a_frame_number_is_the_last_run_of_digits_before_the_extension(name, prefix, digits):
    assert NumberedName.parse(name) == NumberedName(prefix, digits, ".exr")


@pytest.mark.parametrize("name", ["plate.exr", "50mm_lens.exr", "plate.1001b.exr", "exr", ""])
def test_a_name_without_digits_before_its_extension_has_no_number(name):
    assert NumberedName.parse(name) is None


@given(prefix=PREFIXES, number=st.integers(-99999, 999999), width=st.integers(2, 8))
def test_a_name_that_a_pattern_made_gives_its_number_back(prefix, number, width):
    pattern = NamePattern(prefix, ".exr", width)
    found = pattern.match(pattern.name(number))
    assert found is not None
    assert int(found) == number


@given(prefix=PREFIXES.map(lambda text: f"{text}."), number=st.integers(-99999, 999999))
def test_a_name_that_a_pattern_made_is_taken_apart_into_the_same_parts(prefix, number):
    pattern = NamePattern(prefix, ".exr", 4)
    file = NumberedName.parse(pattern.name(number))
    assert file is not None
    assert (file.prefix, int(file.digits), file.suffix) == (prefix, number, ".exr")


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("plate.####.exr", NamePattern("plate.", ".exr", 4)),
        ("plate.#.exr", NamePattern("plate.", ".exr", 1)),
        ("plate.%04d.exr", NamePattern("plate.", ".exr", 4)),
        ("plate.%5d.exr", NamePattern("plate.", ".exr", 5)),
        ("plate.%d.exr", NamePattern("plate.", ".exr", 1)),
        ("take#3.####.left.exr", NamePattern("take#3.", ".left.exr", 4)),
        ("plate.exr", None),
        ("100%.exr", None),
    ],
)
def test_patterns_are_read_by_their_last_token(text, pattern):
    assert NamePattern.parse(text) == pattern


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("plate.1001.exr", True),
        ("plate.0001.exr", True),
        ("plate.-0003.exr", True),
        ("plate.-003.exr", True),
        ("plate.10001.exr", True),
        ("plate.1001.EXR", True),
        ("plate.01001.exr", False),
        ("plate.001.exr", False),
        ("plate.1001.png", False),
        ("plate.1001.exr.tmp", False),
        ("other.1001.exr", False),
        ("plate..exr", False),
        ("plate.exr", False),
    ],
)
def test_four_signs_stand_for_four_digits_or_more_without_zeros_in_front(name, fits):
    assert (NamePattern("plate.", ".exr", 4).match(name) is not None) == fits


def test_accents_match_in_either_unicode_form():
    assert NamePattern("caf\u00e9.", ".exr", 4).match("cafe\u0301.1001.exr") == "1001"


@pytest.mark.parametrize(
    ("names", "width"),
    [
        (["p.0998.exr", "p.1000.exr", "p.10001.exr"], 4),
        (["p.998.exr", "p.1000.exr"], 3),
        (["p.-0003.exr", "p.0001.exr"], 4),
        (["p.-003.exr", "p.0001.exr"], 4),
        (["p.0.exr", "p.1.exr"], 1),
    ],
)
def test_the_padding_of_a_sequence_is_found(names, width):
    files = gather_sequence("", names, NamePattern("p.", ".exr", 1))
    assert files is not None
    assert files.pattern.width == width
    assert list(files.names.values()) == names


def test_frames_come_in_ascending_order_whatever_the_folder_gives():
    files = gather_sequence("", ["p.10.exr", "p.9.exr", "p.-1.exr"], NamePattern("p.", ".exr", 1))
    assert files is not None
    assert list(files.names) == [-1, 9, 10]


@pytest.mark.parametrize(
    "names", [["p.1001.exr", "p.01002.exr"], ["p.01.exr", "p.002.exr"], ["p.7.exr", "p.08.exr"]]
)
def test_mixed_padding_is_refused_with_two_names(names):
    with pytest.raises(ReadError, match="padded in two ways") as caught:
        gather_sequence("", names, NamePattern("p.", ".exr", 1))
    assert all(name in caught.value.message for name in names)


@pytest.mark.parametrize("names", [["p.1001.exr", "p.01001.exr"], ["p.1001.exr", "p.1001.EXR"]])
def test_a_frame_that_exists_twice_is_refused(names):
    with pytest.raises(ReadError, match=r"Frame 1001 .* exists twice") as caught:
        gather_sequence("", names, NamePattern("p.", ".exr", 1))
    assert caught.value.frame == 1001


def test_a_folder_is_sorted_into_its_sequences():
    names = ["a.1.exr", "b.1.exr", "a.2.exr", "b.2.png", ".a.3.exr", "a.3.exr.tmp", "notes.txt", "still.exr"]
    found = [(str(each.pattern), list(each.names)) for each in list_sequences("", names)]
    assert found == [("a.#.exr", [1, 2]), ("b.#.exr", [1]), ("b.#.png", [2])]


def test_a_frame_lies_in_its_folder(tmp_path):
    files = SequenceFiles(str(tmp_path), NamePattern("p.", ".exr", 4), {7: "p.0007.exr"})
    assert files.path(7) == str(tmp_path / "p.0007.exr")


@pytest.mark.parametrize(
    ("prefix", "name"),
    [("plate.", "plate"), ("sh010_v2_", "sh010_v2"), ("plate", "plate"), ("", "sh020"), ("-", "sh020")],
)
def test_results_are_named_after_the_prefix_or_the_folder(tmp_path, prefix, name):
    assert result_name(str(tmp_path / "sh020"), prefix) == name


@pytest.mark.parametrize(
    "names",
    [
        ["foo -002.png", "foo -001.png", "foo 0000.png", "foo 0001.png"],  # 3ds Max
        ["foo-002.png", "foo-001.png", "foo0000.png", "foo0001.png"],  # Blender
        ["foo.-0002.png", "foo.-0001.png", "foo.0000.png", "foo.0001.png"],
        ["foo_-002.png", "foo_-001.png", "foo_0000.png", "foo_0001.png"],  # C
    ],
)
def test_negative_numbers_are_read_as_every_package_writes_them(names):
    (found,) = list_sequences("", names)
    assert list(found.names.values()) == names
    assert list(found.names) == [-2, -1, 0, 1]
    written = [
        f"{found.pattern.prefix}{padded(n, 4, counts_sign=found.counts_sign)}.png" for n in found.names
    ]
    assert written == names


@pytest.mark.parametrize("name", ["foo-002.png", "foo0001.png"])
def test_a_minus_behind_a_letter_is_a_sign_where_the_name_goes_on_without_it(name):
    names = ["foo-002.png", "foo-001.png", "foo0000.png", "foo0001.png"]
    assert NumberedName.among(name, names).prefix == "foo"


def test_a_minus_behind_a_letter_separates_where_nothing_goes_on_without_it():
    (found,) = list_sequences("", ["foo-0001.png", "foo-0002.png", "other0003.png"][:2])
    assert list(found.names) == [1, 2]
