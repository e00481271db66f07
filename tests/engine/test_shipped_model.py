"""The small network that comes with matteline: taken last, at its own size, and named everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.torch

from matteline.contract.job import Job
from matteline.contract.plate import Header, Window
from matteline.engine.describe import describe
from matteline.engine.plan import Plan, Resources
from matteline.engine.planner import plan
from matteline.engine.provenance import attributes
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights import find
from matteline.matting.weights.load import load_network
from matteline.media.encoding import Encoding
from matteline.media.writer import write_image


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    folder = tmp_path / "shipped"
    folder.mkdir()
    state = MattingNetwork(width=0.125).state_dict()
    safetensors.torch.save_file(state, folder / "matteline-small.safetensors", {"longer_side": "256"})
    monkeypatch.setattr(find, "_SHIPPED", folder)
    window = Window(0, 0, 512, 64)
    plate = tmp_path / "plate.0001.png"
    channels = ("R", "G", "B")
    write_image(
        plate,
        np.zeros((64, 512, 3), np.uint8),
        Encoding("png", "8"),
        Header(window, window),
        channels=channels,
    )
    return plan(Job(str(plate), str(tmp_path / "out")), Resources((folder,)))


def test_it_is_shown_the_size_it_was_trained_for(planned: Plan) -> None:
    assert planned.downsample_ratio == 0.5
    assert planned.reduced_size == (256, 32)


def test_the_plan_names_it_and_says_how_to_get_the_official_one(planned: Plan) -> None:
    words = " ".join(text for _, text in describe(planned))

    assert "matteline-small (small RVM MobileNetV3 that comes with matteline)" in words
    assert "Fetch the official one, rvm_mobilenetv3" in words


def test_every_result_names_it(planned: Plan) -> None:
    for product in planned.outputs.products:
        assert attributes(planned, product)["matteline/model"] == "matteline-small"


def test_what_comes_along_is_small_and_whole() -> None:
    (path,) = find._SHIPPED.glob("*.safetensors")
    found = find.inspect(path)

    assert found.shipped and found.name == "matteline-small"
    assert path.stat().st_size <= 8_000_000
    load_network(found, "auto")


def test_what_comes_along_says_what_made_it() -> None:
    (path,) = find._SHIPPED.glob("*.safetensors")
    with safetensors.safe_open(path, framework="pt") as file:
        words = file.metadata()

    assert words["licence"] == "GPL-3.0-or-later"
    assert "matteline train --preset small-cpu" in words["trained"] and "random weights" in words["trained"]
