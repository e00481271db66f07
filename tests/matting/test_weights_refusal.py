"""Refusing files that are no whole RVM weights: with a sentence, without torch, and without running them."""

from __future__ import annotations

import os
import pickle
import shutil
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from matteline.contract.errors import ModelError
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.find import find_weights, inspect

SMALL = 0.25


@pytest.fixture(scope="module")
def pth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as the authors save theirs."""
    path = tmp_path_factory.mktemp("weights") / "hero.pth"
    torch.save(MattingNetwork(width=SMALL).state_dict(), path)
    return path


def copied(path: Path, folder: Path, name: str = "") -> Path:
    """A copy in a folder, made if needed."""
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(path, folder / (name or path.name)))


def refused(path: Path) -> ModelError:
    """The refusal of a file, which must name it and advise something."""
    with pytest.raises(ModelError) as caught:
        inspect(path)
    assert str(path) in caught.value.message
    assert caught.value.path == str(path)
    assert caught.value.hint
    return caught.value


def test_a_folder_is_no_weights(tmp_path: Path) -> None:
    (tmp_path / "hero.pth").mkdir()

    assert "is not a file" in refused(tmp_path / "hero.pth").message


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="needs a user whom permissions bind")
def test_a_file_without_permission_says_so(pth: Path, tmp_path: Path) -> None:
    path = copied(pth, tmp_path)
    path.chmod(0)

    assert "Permission denied" in refused(path).message


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rvm.mlmodel", "Core ML"),
        ("training.ckpt", "training checkpoint"),
        ("x.txt", "no weights"),
    ],
)
def test_other_kinds_of_file_are_refused_with_those_accepted(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / name).write_bytes(b"something")
    error = refused(tmp_path / name)

    assert kind in error.message
    assert ".safetensors, .pth" in error.message


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".torchscript", ".onnx", ".safetensors"])
@pytest.mark.parametrize(
    "content", [b"", b"some text\n" * 50, b"\x80\x02}q\x00.", b"PK\x03\x04", b"\xff" * 64]
)
def test_a_file_of_another_kind_under_a_right_name_is_refused(
    tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"renamed{suffix}"
    path.write_bytes(content)

    refused(path)


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5, 0.99, 0.99999])
def test_a_truncated_pth_is_refused(pth: Path, tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.pth"
    path.write_bytes(pth.read_bytes()[: int(pth.stat().st_size * share)])

    assert "cut short" in refused(path).message


@pytest.mark.parametrize("share", [0.0000003, 0.0001, 0.01, 0.5, 0.9999999])
def test_truncated_safetensors_are_refused(weights_file: Path, tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(weights_file.read_bytes()[: int(weights_file.stat().st_size * share)])

    assert "cut short" in refused(path).message


def test_one_changed_bit_in_a_pth_is_refused(pth: Path, tmp_path: Path) -> None:
    data = bytearray(pth.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "flipped.pth").write_bytes(data)

    assert "fails its checksum" in refused(tmp_path / "flipped.pth").message


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "holiday.pth", "w") as archive:
        archive.writestr("photos/beach.txt", "sand")

    assert "not a PyTorch checkpoint" in refused(tmp_path / "holiday.pth").message


def test_a_compressed_zip_is_refused_without_unfolding_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", bytes(50_000_000))

    assert "compressed" in refused(tmp_path / "bomb.pth").message


def test_records_that_overlap_cannot_unfold_either(tmp_path: Path) -> None:
    path = tmp_path / "overlap.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", bytes(100_000))
        archive.filelist += archive.filelist * 50

    assert "more than its own size" in refused(path).message


def test_an_endless_list_of_tensors_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "long.pth", "w") as archive:
        archive.writestr("long/data.pkl", bytes(2 << 20))

    assert "too long" in refused(tmp_path / "long.pth").message


def test_a_few_bytes_cannot_make_room_for_gigabytes(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w") as archive:
        archive.writestr("bomb/data.pkl", b"\x80\x02}r" + (1 << 26).to_bytes(4, "little") + b".")

    assert "beyond any" in str(refused(tmp_path / "bomb.pth").__cause__)


def test_a_torchscript_program_is_told_from_a_checkpoint(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:
        for name in ("data.pkl", "constants.pkl", "version"):
            archive.writestr(f"script/{name}", b"")

    assert "TorchScript" in refused(tmp_path / "script.pt").message


class Evil:
    """Runs a command when it is unpickled the ordinary way."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def test_the_malicious_pickle_of_these_tests_would_work(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Evil(tmp_path / "marker")))

    assert (tmp_path / "marker").exists()


@pytest.mark.parametrize("wrap", [lambda evil: evil, lambda evil: {"backbone": evil}, lambda evil: [evil]])
def test_a_malicious_checkpoint_runs_nothing(tmp_path: Path, wrap: Callable[[Evil], Any]) -> None:
    path = tmp_path / "evil.pth"
    torch.save(wrap(Evil(tmp_path / "marker")), path)

    assert "refused: it asks to use" in refused(path).message
    assert not (tmp_path / "marker").exists()


def test_a_malicious_bare_pickle_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(Evil(tmp_path / "marker")))

    refused(path)
    assert not (tmp_path / "marker").exists()


def test_a_pickle_cannot_write_to_what_it_is_given(tmp_path: Path, pth: Path) -> None:
    program = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x08\x00\x00\x00__code__K\x01s\x86b."
    for target in (
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        b"ccollections\nOrderedDict\n",
        b"ctorch\nFloatStorage\n",
    ):
        path = tmp_path / "writer.pth"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a/data.pkl", program.replace(b"ctorch._utils\n_rebuild_tensor_v2\n", target))
        refused(path)

    assert inspect(pth).architecture.width == SMALL
    assert vars(OrderedDict(a=1)) == {}


@pytest.mark.parametrize(
    "held",
    [
        [1, 2],
        {"epoch": 3},
        {"model": {"weight": torch.zeros(1)}},
        {1: torch.zeros(1)},
        torch.zeros(3),
        None,
        {"weight": torch.Size([1, 2])},
    ],
)
def test_anything_but_tensors_by_name_is_refused(tmp_path: Path, held: object) -> None:
    torch.save(held, tmp_path / "training.pth")

    refused(tmp_path / "training.pth")


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save(torch.nn.Conv2d(3, 4, 1).state_dict(), tmp_path / "conv.pth")
    save_file(torch.nn.Conv2d(3, 4, 1).state_dict(), tmp_path / "conv.safetensors")

    for each in tmp_path.iterdir():
        assert "not a Robust Video Matting checkpoint" in refused(each).message


@pytest.mark.parametrize("name", ["rvm_mobilenetv3.pth", "rvm_resnet50.pth", "rvm_resnet50.safetensors"])
def test_a_file_that_bears_an_official_name_must_be_it(pth: Path, tmp_path: Path, name: str) -> None:
    path = copied(pth, tmp_path, name)
    if path.suffix == ".safetensors":
        save_file(MattingNetwork(width=SMALL).state_dict(), path)

    assert "SHA-256 differs" in refused(path).message
    with pytest.raises(ModelError, match="SHA-256 differs"):
        find_weights(path.stem, folders=[tmp_path])


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 60_000), bytes_=st.binary(min_size=1, max_size=6))
def test_no_damage_to_the_list_of_tensors_ends_in_a_traceback(
    pth: Path, tmp_path: Path, at: int, bytes_: bytes
) -> None:
    with zipfile.ZipFile(pth) as archive:
        pickled = archive.read("hero/data.pkl")
    at %= len(pickled)
    with zipfile.ZipFile(tmp_path / "fuzzed.pth", "w") as archive:
        archive.writestr("hero/data.pkl", pickled[:at] + bytes_ + pickled[at + len(bytes_) :])

    try:
        inspect(tmp_path / "fuzzed.pth")
    except ModelError as error:
        assert error.hint


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(1, 40_000), bytes_=st.binary(min_size=1, max_size=6), cut=st.integers(0, 100))
def test_no_damage_to_the_table_of_contents_ends_in_a_traceback(
    pth: Path, tmp_path: Path, at: int, bytes_: bytes, cut: int
) -> None:
    whole = pth.read_bytes()
    at = len(whole) - at
    (tmp_path / "fuzzed.pth").write_bytes(
        (whole[:at] + bytes_ + whole[at + len(bytes_) :])[: len(whole) - cut]
    )

    try:
        inspect(tmp_path / "fuzzed.pth")
    except ModelError as error:
        assert error.hint
