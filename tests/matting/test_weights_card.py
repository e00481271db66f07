"""What a weights file says of itself, and what is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch

from matteline.contract.errors import ModelError
from matteline.contract.plate import Window
from matteline.engine.planner import choose_ratio
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights import find
from matteline.matting.weights.find import FoundWeights, find_weights, inspect

HD = Window(0, 0, 1920, 1080)


def _saved(path: Path, **words: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    safetensors.torch.save_file(MattingNetwork(width=0.125).state_dict(), path, words or None)
    return path


def test_a_model_may_wish_for_a_reduced_size(tmp_path: Path) -> None:
    found = inspect(_saved(tmp_path / "own.safetensors", longer_side="256"))

    assert found.longer_side == 256
    assert choose_ratio("auto", HD, found) == 256 / 1920


def test_a_model_without_a_wish_gets_the_authors_rule(tmp_path: Path) -> None:
    found = inspect(_saved(tmp_path / "own.safetensors"))

    assert choose_ratio("auto", HD, found) == 512 / 1920


def test_a_ratio_that_was_asked_for_is_kept(tmp_path: Path) -> None:
    found = inspect(_saved(tmp_path / "own.safetensors", longer_side="256"))

    assert choose_ratio(0.4, HD, found) == 0.4


def test_a_small_plate_is_not_enlarged(tmp_path: Path) -> None:
    assert choose_ratio("auto", Window(0, 0, 200, 100), inspect(_saved(tmp_path / "own.safetensors"))) == 1


@pytest.mark.parametrize("wish", ["0", "-256", "1e9", "99999999999", "²", ""])
def test_an_impossible_wish_is_refused(tmp_path: Path, wish: str) -> None:
    with pytest.raises(ModelError, match="no possible size"):
        inspect(_saved(tmp_path / "own.safetensors", longer_side=wish))


def test_a_model_is_called_what_it_calls_itself(tmp_path: Path) -> None:
    found = inspect(_saved(tmp_path / "own.safetensors", name="hero\x1b[31m"))

    assert found.name == "own"
    assert found.origin == "RVM MobileNetV3 that calls itself hero[31m"


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FoundWeights:
    # The package's own folder, with a small model in it.
    monkeypatch.setattr(find, "_SHIPPED", tmp_path / "shipped")
    return inspect(_saved(tmp_path / "shipped" / "small.safetensors", longer_side="256"))


def test_the_shipped_model_says_so(shipped: FoundWeights) -> None:
    assert shipped.shipped
    assert "comes with matteline" in shipped.origin


def test_the_shipped_model_is_the_last_that_is_taken(
    shipped: FoundWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "user_folder", lambda: tmp_path / "user")
    assert find_weights("auto", folders=find.weight_folders({})) == shipped

    own = _saved(tmp_path / "user" / "own.safetensors")

    assert find_weights("auto", folders=find.weight_folders({})).path == own
