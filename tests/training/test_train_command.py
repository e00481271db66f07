"""`matteline train` as a user meets it: what it writes, and one sentence for every mistake."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors
import torch
from torch.nn import functional

from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.find import inspect
from matteline.matting.weights.load import load_network
from matteline.training.checkpoint import checkpoints_in
from matteline.training.losses import alpha_loss
from matteline.training.pack import Pack
from matteline.training.presets import SMALL_CPU
from tests.training.make import disc_pictures, weights

CPU = ("--device", "cpu")
SMALL = ("--width", "0.125", *CPU)
DRAWN = 20
"""So few people that a narrow network comes to know them within some hundred steps."""

LONGEST_SECONDS = 3600
"""Of a training that hangs: none here takes more than two minutes of a processor, however busy that is."""


def _train(*words: object, processes: int = 0, ok: bool = True) -> subprocess.CompletedProcess[str]:
    launcher = [sys.executable, "-m"]
    if processes:
        launcher += ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"]
    made = subprocess.run(
        [*launcher, "matteline", "train", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=LONGEST_SECONDS,
    )
    assert (made.returncode == 0) == ok, made.stdout + made.stderr
    return made


def _lines(run: Path) -> list[dict[str, str]]:
    with (run / "progress.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _loss(network: MattingNetwork, run: Path) -> float:
    """Of a network's alpha of all that a run drew; one that never learned goes by each batch's statistics."""
    batch = Pack(run / "cache" / f"drawn-people-{SMALL_CPU.kept_side}").take(range(DRAWN))
    pictures, truth = (
        functional.interpolate(each.float() / 255, (96, 96), mode="area")
        for each in (batch.pictures, batch.pha)
    )
    with torch.no_grad():
        _, alpha, *_ = network(pictures)
    return float(alpha_loss(alpha[:, None], truth[:, None]))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return disc_pictures(tmp_path_factory.mktemp("people"), 12)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return weights(tmp_path_factory.mktemp("teacher") / "teacher.safetensors")


@pytest.fixture(scope="module")
def run(people: Path, teacher: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    _train("--teacher", teacher, "--pictures", people, "--steps", 2, "-o", folder, *SMALL)
    return folder


@pytest.mark.slow
def test_a_run_leaves_a_model_that_renders(run: Path) -> None:
    found = inspect(run / "model.safetensors")

    assert found.architecture.width == 0.125
    assert found.longer_side == SMALL_CPU.longer_side
    assert "matteline-small-cpu" in found.origin
    assert not load_network(found, "auto").training


@pytest.mark.slow
def test_a_run_leaves_its_figures_and_pictures(run: Path) -> None:
    first, last = _lines(run)

    assert (first["step"], first["stage"]) == ("1", "features")
    assert (last["step"], last["stage"]) == ("2", "mixed")
    assert 0 <= float(last["iou"]) <= 1 and float(last["loss"]) > 0
    assert (run / "pictures" / "step-00000002.png").exists()


@pytest.mark.slow
def test_a_run_is_not_begun_over_another(run: Path, people: Path, teacher: Path) -> None:
    made = _train("--teacher", teacher, "--pictures", people, "--steps", 2, "-o", run, *SMALL, ok=False)

    assert f"{run} already holds a training." in made.stderr
    assert "--resume" in made.stderr


@pytest.mark.slow
def test_a_checkpoint_of_another_width_is_not_gone_on_from(run: Path, people: Path, teacher: Path) -> None:
    made = _train(
        *("--teacher", teacher, "--pictures", people, "--steps", 2, "-o", run),
        *("--resume", "--width", "0.25", "--device", "cpu"),
        ok=False,
    )

    assert made.returncode == 2
    assert "was trained with width 0.125, not 0.25." in made.stderr and "Traceback" not in made.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "It is not clear how long to train."),
        (("--steps", 1, "--minutes", 1), "It is not clear how long to train."),
        (("--steps", 1), "There is nothing to learn from."),
        (("--steps", 1, "--drawn", 1, "--preset", "huge"), "There is no training preset 'huge'."),
        (("--steps", 1, "--teacher", "T"), "The teacher has no pictures to look at."),
        (("--steps", 1, "--teacher", "T", "--pictures", "none"), "The data folder none does not exist."),
        (
            ("--steps", 1, "--begin", "T", "--drawn", 1, "--width", 0.5),
            "cannot begin a network that is 0.5 wide",
        ),
        (("--steps", 1, "--matting-images", "none", "--backgrounds", "none"), "none"),
        (("--steps", 1, "--matting-images", "none"), "need backgrounds"),
        (("--steps", 1, "--matting-images", "x", "--teacher", "T"), "from a teacher or from true mattes"),
    ],
)
def test_a_mistake_costs_a_sentence(
    words: tuple[object, ...], sentence: str, teacher: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # In this process: ten times loading torch would take longer than everything else.
    from matteline.cli.main import cli, show_error
    from matteline.contract.errors import MattelineError

    given = [str(teacher if word == "T" else word) for word in words]
    with pytest.raises(MattelineError) as caught:
        cli.main(["train", "-o", str(tmp_path / "run"), "--device", "cpu", *given], standalone_mode=False)
    show_error(caught.value)

    assert sentence in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.slow
def test_a_folder_that_cannot_be_made_is_told_before_training(
    people: Path, teacher: Path, tmp_path: Path
) -> None:
    from matteline.cli.main import cli
    from matteline.contract.errors import WriteError

    (tmp_path / "file").write_text("in the way")
    words = ["--teacher", str(teacher), "--pictures", str(people), "--cache", str(tmp_path / "cache")]
    with pytest.raises(WriteError, match="cannot be made"):
        cli.main(
            ["train", "-o", str(tmp_path / "file" / "run"), "--steps", "1", *SMALL, *words],
            standalone_mode=False,
        )


@pytest.mark.slow
def test_a_run_may_be_a_single_step(tmp_path: Path) -> None:
    from matteline.cli.main import cli

    run = tmp_path / "run"
    cli.main(["train", "-o", str(run), "--drawn", "2", "--steps", "1", *SMALL], standalone_mode=False)

    assert [line["step"] for line in _lines(run)] == ["1"]
    assert inspect(run / "model.safetensors").architecture.width == 0.125


@pytest.mark.slow
def test_drawn_people_join_the_papers_training(people: Path, tmp_path: Path) -> None:
    from matteline.cli.main import cli

    marked, run = tmp_path / "marked", tmp_path / "run"
    shutil.copytree(people, marked / "images")
    shutil.copytree(people, marked / "masks")
    data = ["--segmentation", str(marked), "--drawn", "2", "--preset", "rvm", "--memory-gb", "0.05"]
    cli.main(["train", "-o", str(run), "--steps", "4", *SMALL, *data], standalone_mode=False)

    last = _lines(run)[-1]
    assert last["step"] == "4"
    assert float(last["alpha"]) > 0 and float(last["seg"]) > 0


@pytest.mark.slow
def test_masks_made_by_hand_and_drawn_people_train_without_a_teacher(people: Path, tmp_path: Path) -> None:
    from matteline.cli.main import cli

    marked, run = tmp_path / "marked", tmp_path / "run"
    shutil.copytree(people, marked / "images")
    shutil.copytree(people, marked / "masks")
    data = ["--segmentation", str(marked), "--drawn", "2", "--hold-out", "4", "--memory-gb", "0.25"]
    cli.main(["train", "-o", str(run), "--steps", "2", *SMALL, *data], standalone_mode=False)

    last = _lines(run)[-1]
    assert float(last["alpha"]) > 0 and 0 <= float(last["iou"]) <= 1
    with safetensors.safe_open(run / "model.safetensors", framework="pt") as file:
        assert "9 masked pictures, 2 drawings" in file.metadata()["trained"]


@pytest.mark.slow
def test_two_processes_train_one_network(people: Path, teacher: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    _train(*("--teacher", teacher, "--pictures", people, "--steps", 2, "-o", folder, *SMALL), processes=2)

    assert _lines(folder)[-1]["step"] == "2"
    assert len(checkpoints_in(folder)) == 2


@pytest.mark.slow
@pytest.mark.timeout(LONGEST_SECONDS)
def test_five_hundred_steps_on_drawn_people_halve_the_loss(tmp_path: Path) -> None:
    folder, width = tmp_path / "run", 0.25
    # In little memory the pictures are small, and so are the steps.
    _train("--drawn", DRAWN, "--steps", 500, "--memory-gb", 0.12, "-o", folder, "--width", width, *CPU)

    torch.manual_seed(0)
    before = _loss(MattingNetwork(width=width), folder)
    after = _loss(load_network(inspect(folder / "model.safetensors"), "auto"), folder)
    assert after < 0.5 * before
