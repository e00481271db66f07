"""The two distributions: what a renderer installs, and training."""

from __future__ import annotations

import zipfile
from pathlib import Path

import hatchling.build
import pytest

ROOT = Path(__file__).parents[1]


def _files(project: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(project)
    with zipfile.ZipFile(out / hatchling.build.build_wheel(str(out))) as wheel:
        return wheel.namelist()


@pytest.mark.slow
def test_a_renderers_wheel_leaves_training_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = _files(ROOT, tmp_path, monkeypatch)

    assert "matteline/drawing/clip.py" in files, "the demo draws"
    assert "matteline/matting/weights/shipped/matteline-small.safetensors" in files
    assert not [name for name in files if name.startswith("matteline/training/")]


@pytest.mark.slow
def test_trainings_wheel_holds_training_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = _files(ROOT / "training", tmp_path, monkeypatch)

    assert "matteline/training/trainer.py" in files
    assert all(name.startswith(("matteline/training/", "matteline_train-")) for name in files)
