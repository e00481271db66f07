"""People as Cryptomatte files: ids, ranks and metadata, read back by OpenEXR's own library."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import OpenEXR
import pytest

from matteline.contract.plate import Window
from matteline.media.cryptomatte import murmur3, object_id, write_cryptomatte
from tests.media.writing import exr_channels, exr_header, header

# Name, hash and id as published with the specification, or computed by another implementation (mmh3).
KNOWN = [
    ("person1", 0xDEBD999A, 0xDEBD999A),
    ("person2", 0xE7A16E0F, 0xE7A16E0F),
    ("person59", 0x803CB5F1, 0x80BCB5F1),
    ("person178", 0xFFD8BF4B, 0xFF58BF4B),
    ("person 2", 0x0A64A123, 0x0A64A123),
    ("José Núñez", 0xFC8761DF, 0xFC8761DF),
    ("torus", 0xF19C73FD, 0xF19C73FD),
    ("равнина", 0x9623511E, 0x9623511E),
]


def people(count, width=40, height=24, seed=0):
    """Shares of a soft matte, (count, height, width): their sum is at most 1."""
    rng = np.random.default_rng(seed)
    shares = rng.random((count, height, width), np.float32) ** 4
    return (shares / shares.sum(0) * rng.random((height, width), np.float32)).astype(np.float32)


def written(tmp_path, coverage, names, head=None, **more):
    path = tmp_path / "people.0001.exr"
    head = head or header(coverage.shape[2], coverage.shape[1])
    write_cryptomatte(path, coverage, head, names=names, **more)
    return path


def picked(path, name):
    """A person's matte as pickers make it: the sum of the coverages whose id is the name's."""
    planes = exr_channels(path)
    wanted = np.array([object_id(name)], np.uint32).view(np.float32)[0]
    matte = 0
    for layer in sorted({each.split(".")[0] for each in planes}):
        for one, other in ("rg", "ba"):
            matte = matte + np.where(planes[f"{layer}.{one}"] == wanted, planes[f"{layer}.{other}"], 0)
    return matte


@pytest.mark.parametrize(("name", "hashed", "bits"), KNOWN, ids=[each[0] for each in KNOWN])
def test_ids_are_those_of_the_specification(name, hashed, bits):
    assert murmur3(name.encode()) == hashed
    assert object_id(name) == bits


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7])
def test_every_person_is_picked_exactly(tmp_path, count):
    coverage, names = people(count), [f"person{number}" for number in (1, 2, 59, 178, 5, 10, 7)[:count]]
    path = written(tmp_path, coverage, names)
    for index, name in enumerate(names):
        expected = np.where(coverage[index] < 1 / 255, 0, coverage[index])
        np.testing.assert_array_equal(picked(path, name), expected)


def test_the_person_with_the_largest_share_comes_first(tmp_path):
    coverage = people(3)
    planes = exr_channels(written(tmp_path, coverage, ["a", "b", "c"]))
    np.testing.assert_array_equal(
        planes["CryptoObject00.g"], np.where(coverage.max(0) < 1 / 255, 0, coverage.max(0))
    )
    ranks = np.stack([planes["CryptoObject00.g"], planes["CryptoObject00.a"], planes["CryptoObject01.g"]])
    assert (np.diff(ranks, axis=0) <= 0).all()


@pytest.mark.parametrize(("count", "layers"), [(1, 1), (2, 1), (3, 2), (7, 4), (30, 12)])
def test_the_number_of_layers_follows_from_the_names_alone(tmp_path, count, layers):
    names = [f"person{number}" for number in range(1, count + 1)]
    planes = exr_channels(written(tmp_path, np.zeros((count, 8, 8), np.float32), names))
    assert set(planes) == {f"CryptoObject{layer:02d}.{each}" for layer in range(layers) for each in "rgba"}
    assert all(plane.dtype == np.float32 for plane in planes.values())


def test_nobody_is_nothing_at_all(tmp_path):
    planes = exr_channels(written(tmp_path, np.zeros((2, 8, 8), np.float32), ["a", "b"]))
    assert not any(plane.any() for plane in planes.values())


def test_coverage_that_nobody_sees_is_dropped(tmp_path):
    coverage = np.full((1, 4, 4), 0.003, np.float32)
    coverage[0, 0, 0] = 0.004
    planes = exr_channels(written(tmp_path, coverage, ["a"]))
    assert np.count_nonzero(planes["CryptoObject00.g"]) == np.count_nonzero(planes["CryptoObject00.r"]) == 1


def test_the_manifest_names_the_whole_shot_unescaped(tmp_path):
    coverage = np.zeros((3, 4, 4), np.float32)
    coverage[0] = 1
    words = exr_header(written(tmp_path, coverage, ["person59", "José", "away"]))
    assert "José" in words["cryptomatte/3ae39a5/manifest"]
    manifest = json.loads(words["cryptomatte/3ae39a5/manifest"])
    assert manifest == {name: f"{object_id(name):08x}" for name in ("person59", "José", "away")}
    assert words["cryptomatte/3ae39a5/name"] == "CryptoObject"
    assert words["cryptomatte/3ae39a5/hash"] == "MurmurHash3_32"
    assert words["cryptomatte/3ae39a5/conversion"] == "uint32_to_float32"


def test_the_file_is_one_scanline_part_of_data_compressed_without_loss(tmp_path):
    path = written(tmp_path, people(2), ["a", "b"])
    words = exr_header(path)
    assert words["colorInteropID"] == "data"
    assert words["compression"] == OpenEXR.ZIP_COMPRESSION
    assert words["type"] == OpenEXR.scanlineimage
    assert len(OpenEXR.File(str(path)).parts) == 1


def test_the_data_window_is_the_display_window_and_people_stay_in_place(tmp_path):
    head = replace(header(20, 10), data_window=Window(5, 3, 20, 10), display_window=Window(0, 0, 32, 16))
    coverage = np.ones((1, 10, 20), np.float32)
    path = written(tmp_path, coverage, ["a"], head)
    words = exr_header(path)
    assert [list(each) for each in words["dataWindow"]] == [[0, 0], [31, 15]]
    matte = picked(path, "a")
    assert matte.shape == (16, 32)
    assert matte[3:13, 5:25].all()
    assert matte.sum() == 200


def test_objects_of_the_plate_itself_are_not_promised(tmp_path):
    head = replace(header(8, 8), attributes=(("cryptomatte/abc/name", "uCryptoAsset"), ("shot", "sh010")))
    words = exr_header(written(tmp_path, np.zeros((1, 8, 8), np.float32), ["a"], head))
    assert "cryptomatte/abc/name" not in words
    assert words["shot"] == "sh010"


def test_coverage_of_more_people_than_names_is_a_programming_error(tmp_path):
    with pytest.raises(ValueError, match="2 people came with 1 names"):
        written(tmp_path, people(2), ["a"])


def test_a_name_twice_is_a_programming_error(tmp_path):
    with pytest.raises(ValueError, match="same Cryptomatte id"):
        written(tmp_path, people(2), ["a", "a"])
