"""Exported networks give in ONNX Runtime what ours give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from matteline.contract.errors import JobError, WriteError
from matteline.matting.rvm.architecture import Architecture
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.export import export_onnx
from matteline.matting.weights.find import inspect
from matteline.matting.weights.load import load_network
from tests.matting.filling import filled, moving_pictures

FRAMES = 8
TOLERANCE = 1e-4


def ours(network: MattingNetwork, frames: np.ndarray, ratio: float) -> list[list[np.ndarray]]:
    """Foreground, alpha and state after each frame."""
    state: list[torch.Tensor | None] = [None] * 4
    made = []
    with torch.inference_mode():
        for frame in torch.from_numpy(frames):
            fgr, pha, *state = network(frame[None], *state, ratio)
            made.append([each.numpy() for each in (fgr, pha, *state)])
    return made


def theirs(path: Path, frames: np.ndarray) -> list[list[np.ndarray]]:
    """The same of an exported graph in ONNX Runtime."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    source, *names = (each.name for each in session.get_inputs())
    state = [np.zeros(each.shape, np.float32) for each in session.get_inputs()[1:]]
    made = []
    for frame in frames:
        outputs = session.run(None, {source: frame[None], **dict(zip(names, state, strict=True))})
        made.append(outputs)
        state = outputs[2:]
    return made


def worst(one: list[list[np.ndarray]], other: list[list[np.ndarray]]) -> float:
    """The largest difference of foreground and alpha, of all frames.

    The state is fed back, so that its differences show in later frames; filled by rule, it is far from steady.
    """
    pairs = (pair for x, y in zip(one, other, strict=True) for pair in zip(x[:2], y[:2], strict=True))
    return max(float(np.abs(a - b).max()) for a, b in pairs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "width", "height", "ratio"),
    [
        (Architecture(width=0.25), 160, 96, 0.5),
        (Architecture(width=0.25), 160, 96, 1.0),
        (Architecture(width=0.25), 167, 101, 0.375),
        # The ratio of 'auto' for a width whose reduced size depends on how products are rounded.
        (Architecture(width=0.25), 561, 95, 512 / 561),
        (Architecture("resnet50"), 96, 64, 0.5),
    ],
)
def test_an_exported_network_gives_the_same_over_eight_frames(
    architecture: Architecture, width: int, height: int, ratio: float, tmp_path: Path
) -> None:
    network = filled(architecture)
    frames = moving_pictures(FRAMES, width, height).numpy()
    export_onnx(network, tmp_path / "network.onnx", width, height, ratio)

    expected = ours(network, frames, ratio)
    assert all(each[1].std() > 1e-3 for each in expected)
    assert worst(expected, theirs(tmp_path / "network.onnx", frames)) <= TOLERANCE


@pytest.mark.slow
@pytest.mark.footage
def test_the_official_network_gives_the_same_once_exported(official_file: Path, tmp_path: Path) -> None:
    network = load_network(inspect(official_file), "deep")
    with np.load(Path(__file__).parent / "golden" / "official_trees.npz") as held:
        drawn = held["frames"].transpose(0, 3, 1, 2).astype(np.float32) / 255
    frames = np.concatenate([drawn, drawn[::-1]])[:FRAMES]
    export_onnx(network, tmp_path / "official.onnx", 192, 108, 0.75)

    expected = ours(network, frames, 0.75)
    assert all(each[1].std() > 0.1 for each in expected)
    assert worst(expected, theirs(tmp_path / "official.onnx", frames)) <= TOLERANCE


@pytest.mark.slow
def test_all_shapes_are_fixed_and_the_graph_is_valid(tmp_path: Path) -> None:
    small = export_onnx(filled(Architecture(width=0.25)), tmp_path / "network.onnx", 192, 108, 0.5)

    model = onnx.load(tmp_path / "network.onnx")
    onnx.checker.check_model(model, full_check=True)
    shapes = {
        each.name: [side.dim_value for side in each.type.tensor_type.shape.dim]
        for each in (*model.graph.input, *model.graph.output)
    }
    assert small == (96, 54)
    assert shapes["src"] == shapes["fgr"] == [1, 3, 108, 192]
    assert shapes["pha"] == [1, 1, 108, 192]
    assert [shapes[f"r{each}i"] for each in range(1, 5)] == [shapes[f"r{each}o"] for each in range(1, 5)]
    assert all(side > 0 for shape in shapes.values() for side in shape)


@pytest.mark.slow
def test_an_exported_network_can_be_read_again(tmp_path: Path) -> None:
    network = filled(Architecture(width=0.25))
    export_onnx(network, tmp_path / "network.onnx", 128, 96, 0.5)

    again = load_network(inspect(tmp_path / "network.onnx"), "deep")
    frames = moving_pictures(2, 128, 96).numpy()
    assert worst(ours(network, frames, 0.5), ours(again, frames, 0.5)) <= 1e-5


def test_a_reduced_picture_that_is_too_small_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="are only 12x6") as caught:
        export_onnx(filled(Architecture(width=0.25)), tmp_path / "network.onnx", 128, 64, 0.1)

    assert caught.value.field == "downsample_ratio"
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_write_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(WriteError):
        export_onnx(filled(Architecture(width=0.25)), tmp_path / "file" / "network.onnx", 128, 96, 0.5)
