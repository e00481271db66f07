"""Finding weights by name, by file and by themselves, without torch."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from matteline.contract.errors import JobError, ModelError
from matteline.matting.rvm.architecture import Architecture
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights import find, registry
from matteline.matting.weights.find import (
    choose_refiner,
    find_weights,
    inspect,
    user_folder,
    weight_files,
    weight_folders,
)
from matteline.matting.weights.read import read_tensors, tensors_sha256
from matteline.matting.weights.registry import OFFICIAL_NETWORKS, OfficialNetwork, ReleaseFile

SMALL = 0.25
State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def state() -> State:
    """The tensors of a narrow network with a learned refiner."""
    return dict(MattingNetwork(width=SMALL).state_dict())


@pytest.fixture(scope="module")
def pth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as the authors save theirs."""
    path = tmp_path_factory.mktemp("weights") / "hero.pth"
    torch.save(MattingNetwork(width=SMALL).state_dict(), path)
    return path


@pytest.fixture
def official(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Publishes a small checkpoint under an official name, and returns its file."""

    def publish(name: str) -> Path:
        path = tmp_path / "published" / f"{name}.pth"
        path.parent.mkdir(exist_ok=True)
        torch.save(MattingNetwork(width=SMALL).state_dict(), path)
        known = tuple(
            _as_published(each, path) if each.name == name else each for each in registry.OFFICIAL_NETWORKS
        )
        for module in (registry, find):
            monkeypatch.setattr(module, "OFFICIAL_NETWORKS", known)
        return path

    return publish


def _as_published(network: OfficialNetwork, path: Path) -> OfficialNetwork:
    data = path.read_bytes()
    file = ReleaseFile(path.name, len(data), hashlib.sha256(data).hexdigest())
    return replace(network, files=(file,), tensors_sha256=tensors_sha256(read_tensors(data, path)))


def copied(path: Path, folder: Path, name: str = "") -> Path:
    """A copy in a folder, made if needed."""
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(path, folder / (name or path.name)))


# What is found


def test_real_weights_are_recognised_as_they_are(weights_file: Path) -> None:
    found = find_weights(str(weights_file), folders=[])

    assert found.name == "rvm_mobilenetv3_u8"
    assert found.path == weights_file
    assert found.sha256 == hashlib.sha256(weights_file.read_bytes()).hexdigest()
    assert found.architecture == Architecture("mobilenetv3", "deep_guided_filter", 1.0)
    assert "other origin" in found.origin


def test_a_pth_file_tells_its_network_and_width(pth: Path) -> None:
    assert inspect(pth).architecture == Architecture("mobilenetv3", "deep_guided_filter", SMALL)


@pytest.mark.parametrize("variant", ["mobilenetv3", "resnet50"])
@pytest.mark.parametrize("refiner", ["deep_guided_filter", "fast_guided_filter"])
def test_every_network_is_told_from_its_file(tmp_path: Path, variant: str, refiner: str) -> None:
    with torch.device("meta"):
        shapes = MattingNetwork(variant, refiner).state_dict()
    state = {name: torch.zeros((), dtype=each.dtype).expand(each.shape) for name, each in shapes.items()}
    torch.save(state, tmp_path / "light.pth")

    assert inspect(tmp_path / "light.pth").architecture == Architecture(variant, refiner)


def test_parameters_saved_as_such_are_tensors_too(tmp_path: Path) -> None:
    network = MattingNetwork(width=SMALL)
    torch.save({**network.state_dict(), **dict(network.named_parameters())}, tmp_path / "own.pt")

    assert inspect(tmp_path / "own.pt").architecture == network.architecture


def test_finding_imports_no_torch(weights_file: Path, pth: Path) -> None:
    code = (
        "import sys; from matteline.matting.weights.find import find_weights\n"
        "for each in sys.argv[1:]: find_weights(each, folders=[])\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(weights_file), str(pth)], check=True)


# Where it is found


def test_a_name_is_looked_up_in_the_folders_in_order(pth: Path, tmp_path: Path) -> None:
    first = copied(pth, tmp_path / "first")
    copied(pth, tmp_path / "second")
    folders = [tmp_path / "missing", tmp_path / "first", tmp_path / "second"]

    assert find_weights("hero", folders=folders).path == first
    assert find_weights("hero.pth", folders=folders).path == first


def test_a_name_may_contain_dots(pth: Path, tmp_path: Path) -> None:
    path = copied(pth, tmp_path, "hero.v2.pth")

    assert find_weights("hero.v2", folders=[tmp_path]).path == path


def test_of_two_kinds_with_one_name_safetensors_is_taken(pth: Path, state: State, tmp_path: Path) -> None:
    copied(pth, tmp_path)
    save_file(state, tmp_path / "hero.safetensors")

    assert find_weights("hero", folders=[tmp_path]).path.suffix == ".safetensors"


def test_a_file_in_the_working_folder_needs_no_path(
    pth: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(pth, tmp_path)
    monkeypatch.chdir(tmp_path)

    assert find_weights("hero.pth", folders=[]).path == Path("hero.pth")


def test_the_shared_folder_comes_before_the_users_own(tmp_path: Path) -> None:
    assert weight_folders({"MATTELINE_WEIGHTS": str(tmp_path)})[:2] == (tmp_path, user_folder())
    assert weight_folders({"MATTELINE_WEIGHTS": ""})[0] == user_folder()
    assert weight_folders({})[0] == user_folder()


def test_a_shared_folder_that_is_not_there_is_never_passed_over(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        weight_folders({"MATTELINE_WEIGHTS": str(tmp_path / "unmounted")})

    assert "MATTELINE_WEIGHTS" in caught.value.message


def test_names_are_listed_in_order_and_other_files_left_out(tmp_path: Path) -> None:
    for name in ("b.pth", "a.PT", "b.safetensors", "c.h5", "d.pth.part"):
        (tmp_path / name).touch()
    (tmp_path / "folder.pth").mkdir()

    assert [each.name for each in weight_files(tmp_path)] == ["a.PT", "b.safetensors", "b.pth"]


# auto


def test_auto_takes_the_first_network_by_name(pth: Path, tmp_path: Path) -> None:
    copied(pth, tmp_path, "b.pth")
    copied(pth, tmp_path, "c.pth")
    (tmp_path / "a.pth").write_text("not weights")

    assert find_weights("auto", folders=[tmp_path]).name == "b"


def test_auto_prefers_an_official_file_under_any_name(
    official: Callable[[str], Path], pth: Path, tmp_path: Path
) -> None:
    copied(pth, tmp_path / "w", "a.pth")
    path = copied(official("rvm_resnet50"), tmp_path / "w", "renamed.pth")

    found = find_weights("auto", folders=[tmp_path / "w"])

    assert (found.path, found.name, found.origin) == (path, "rvm_resnet50", "official RVM ResNet50")
    assert found.architecture.width == SMALL


def test_auto_prefers_mobilenetv3_of_the_official_files(
    official: Callable[[str], Path], tmp_path: Path
) -> None:
    for name in ("rvm_resnet50", "rvm_mobilenetv3"):
        copied(official(name), tmp_path / "w")

    assert find_weights("auto", folders=[tmp_path / "w"]).origin == "official RVM MobileNetV3"


def test_auto_takes_what_the_earlier_folder_has(
    official: Callable[[str], Path], pth: Path, tmp_path: Path
) -> None:
    path = copied(pth, tmp_path / "studio")
    copied(official("rvm_mobilenetv3"), tmp_path / "own")

    assert find_weights("auto", folders=[tmp_path / "studio", tmp_path / "own"]).path == path


def test_auto_never_passes_over_a_damaged_official_file(pth: Path, tmp_path: Path) -> None:
    copied(pth, tmp_path, "a.pth")
    copied(pth, tmp_path, "rvm_mobilenetv3.pth")

    with pytest.raises(ModelError, match="not the official rvm_mobilenetv3"):
        find_weights("auto", folders=[tmp_path])


def test_auto_with_nothing_installed_says_where_it_looked_and_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        find_weights("auto", folders=[tmp_path, tmp_path / "missing"])

    assert str(tmp_path / "missing") in caught.value.message
    assert "Fetch" in caught.value.hint and "fetch=rvm_mobilenetv3" in caught.value.settings


# What is not found


def test_a_known_name_that_is_not_installed_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        find_weights("rvm_resnet50", folders=[tmp_path])

    assert "not installed" in caught.value.message
    assert "Fetch" in caught.value.hint and "fetch=rvm_resnet50" in caught.value.settings


@pytest.mark.parametrize("name", ["rvm_mobilnet", "..", " ", "", "\0"])
def test_an_unknown_name_says_which_are_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError) as caught:
        find_weights(name, folders=[tmp_path])

    assert all(each.name in caught.value.hint for each in OFFICIAL_NETWORKS)


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"hero\.pth does not exist"):
        find_weights(str(tmp_path / "hero.pth"), folders=[tmp_path])


# Which refiner


@pytest.mark.parametrize(
    ("held", "wanted", "chosen"),
    [
        ("deep_guided_filter", "auto", "deep"),
        ("deep_guided_filter", "deep", "deep"),
        ("deep_guided_filter", "fast", "fast"),
        ("fast_guided_filter", "auto", "fast"),
        ("fast_guided_filter", "fast", "fast"),
    ],
)
def test_the_refiner_follows_the_weights_unless_named(held: str, wanted: str, chosen: str) -> None:
    found = find.FoundWeights("n", Path("n.pth"), "", Architecture("mobilenetv3", held), "")

    assert choose_refiner(found, wanted) == chosen


def test_a_learned_refiner_that_the_weights_lack_is_a_mistake_of_the_request() -> None:
    found = find.FoundWeights("n", Path("n.pth"), "", Architecture("mobilenetv3", "fast_guided_filter"), "")

    with pytest.raises(JobError) as caught:
        choose_refiner(found, "deep")

    assert caught.value.field == "refiner"
    assert "'fast' or 'auto'" in caught.value.hint
