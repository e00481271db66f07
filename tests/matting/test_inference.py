"""The network in its fast form against the network as published."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from matteline.matting.rvm.architecture import Architecture
from matteline.matting.rvm.folded import folded
from matteline.matting.rvm.fullsize import FullSize
from matteline.matting.rvm.inference import InferenceNetwork
from matteline.matting.rvm.network import MattingNetwork, reduce
from tests.matting.filling import filled, moving_pictures

CPU = torch.device("cpu")
ALIKE = 1e-5
"""How far the fast form may be from the published one in float32."""


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def fast(
    network: MattingNetwork, pictures: Tensor, ratio: float, dtype: torch.dtype = torch.float32
) -> dict[str, Tensor]:
    """Matte pictures (T, 3, H, W) one by one, finishing alpha with and without the foreground."""
    prepared = InferenceNetwork(network, CPU, dtype)
    smalls = reduce(pictures, ratio)
    height, width = pictures.shape[2:]
    full_size = FullSize((smalls.shape[3], smalls.shape[2]), (width, height), CPU)
    fgr, alpha, lone_alpha = torch.empty_like(pictures), *torch.empty(2, len(pictures), height, width)
    state = None
    for number, (picture, small) in enumerate(zip(pictures, smalls, strict=True)):
        hidden, state = prepared.decode(prepared.encode(small[None]), state, [0], finish=True)
        coarse = prepared.coarse(small, hidden[0], refined=ratio != 1)
        full_size.finish(coarse, picture, alpha[number], fgr[number])
        full_size.finish(coarse, picture, lone_alpha[number])
    return {"fgr": fgr, "alpha": alpha, "lone alpha": lone_alpha, **_named(state)}


def published(network: MattingNetwork, pictures: Tensor, ratio: float) -> dict[str, Tensor]:
    fgr, pha, *state = network(pictures[None], downsample_ratio=ratio)
    return {"fgr": fgr[0], "alpha": pha[0, :, 0], "lone alpha": pha[0, :, 0], **_named(state)}


def _named(state: list[Tensor]) -> dict[str, Tensor]:
    return dict(zip(("r1", "r2", "r3", "r4"), state, strict=True))


def assert_alike(made: dict[str, Tensor], expected: dict[str, Tensor], tolerance: float) -> None:
    for name, tensor in made.items():
        torch.testing.assert_close(
            tensor,
            expected[name],
            rtol=0,
            atol=tolerance,
            check_dtype=False,
            msg=lambda text, name=name: f"{name}: {text}",
        )


@pytest.mark.parametrize("ratio", [1, 0.5, 0.37])
def test_with_real_weights_the_fast_form_gives_the_published_mattes(trained: MattingNetwork, ratio: float):
    pictures = moving_pictures(3, 211, 133)
    assert_alike(fast(trained, pictures, ratio), published(trained, pictures, ratio), ALIKE)


@pytest.mark.slow
@pytest.mark.parametrize(
    "architecture",
    [
        Architecture("mobilenetv3", "deep_guided_filter"),
        Architecture("mobilenetv3", "fast_guided_filter"),
        Architecture("mobilenetv3", "deep_guided_filter", 0.5),
        Architecture("resnet50", "deep_guided_filter"),
    ],
)
def test_every_architecture_computes_the_same_state_in_float64(architecture: Architecture):
    # In float64 nothing hides a mistake; the guided filter stays in float32, and so do fgr and alpha.
    network, pictures = filled(architecture).double(), moving_pictures(2, 97, 75).double()
    expected = published(network, pictures, 0.5)
    state = None
    prepared = InferenceNetwork(network, CPU, torch.float64)
    for small in reduce(pictures, 0.5):
        _, state = prepared.decode(prepared.encode(small[None]), state, [0], finish=False)
    assert_alike(_named(state), {name: expected[name] for name in ("r1", "r2", "r3", "r4")}, 1e-9)


def test_the_fast_filter_gives_the_published_mattes(trained: MattingNetwork):
    network = MattingNetwork("mobilenetv3", "fast_guided_filter").eval()
    network.load_state_dict(
        {name: each for name, each in trained.state_dict().items() if not name.startswith("refiner.")}
    )
    pictures = moving_pictures(2, 160, 120)
    # Slopes are quotients by variances near zero: the published form in float32 is as far from the truth.
    expected = published(copy.deepcopy(network).double(), pictures.double(), 0.5)
    assert_alike(fast(network, pictures, 0.5), expected, 1e-4)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.1), (torch.float16, 0.02)])
def test_lower_precision_stays_near(trained: MattingNetwork, dtype: torch.dtype, tolerance: float):
    pictures = moving_pictures(2, 128, 96)
    made, expected = fast(trained, pictures, 0.5, dtype), published(trained, pictures, 0.5)
    assert made["r1"].dtype == dtype
    assert (made["alpha"] - expected["alpha"]).abs().mean() < tolerance


def test_frames_of_a_batch_do_not_see_each_other_in_the_encoder(untrained: MattingNetwork):
    prepared = InferenceNetwork(untrained, CPU)
    one, two, three = moving_pictures(3, 64, 48)
    with_two = prepared.encode(torch.stack([one, two])).features
    with_three = prepared.encode(torch.stack([one, three])).features
    for left, right in zip(with_two, with_three, strict=True):
        assert torch.equal(left[0], right[0])


def test_folding_leaves_the_network_as_it_was(untrained: MattingNetwork):
    before = copy.deepcopy(untrained.state_dict())
    picture = moving_pictures(1, 32, 32)
    expected = untrained.backbone(picture)
    made = folded(untrained).backbone(picture.double())
    for left, right in zip(made, expected, strict=True):
        torch.testing.assert_close(left.float(), right, rtol=0, atol=1e-4)
    after = untrained.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


@pytest.mark.parametrize(("reduced", "full"), [((40, 30), (150, 111)), ((1, 1), (5, 3)), ((7, 64), (9, 65))])
def test_bands_enlarge_as_one_whole(reduced: tuple[int, int], full: tuple[int, int]):
    planes = torch.randn(8, reduced[1], reduced[0])
    whole = torch.nn.functional.interpolate(planes[None], (full[1], full[0]), mode="bilinear")[0]
    bands = torch.cat([part for _, part in FullSize(reduced, full, CPU)._enlarged(planes)], 1)
    torch.testing.assert_close(bands, whole, rtol=0, atol=2e-6)


@pytest.mark.gpu
def test_a_gpu_gives_the_published_mattes(trained: MattingNetwork, cuda: torch.device):
    pictures = moving_pictures(1, 211, 133)
    expected = published(trained, pictures, 0.5)
    prepared = InferenceNetwork(trained, cuda)
    small = reduce(pictures, 0.5).to(cuda)
    alpha, fgr = torch.empty(133, 211, device=cuda), torch.empty(3, 133, 211, device=cuda)
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        hidden, _ = prepared.decode(prepared.encode(small), None, [0], finish=True)
        coarse = prepared.coarse(small[0], hidden[0], refined=True)
    full_size = FullSize((small.shape[3], small.shape[2]), (211, 133), cuda)
    full_size.finish(coarse, pictures[0].to(cuda), alpha, fgr)
    torch.testing.assert_close(alpha.cpu(), expected["alpha"][0], rtol=0, atol=1e-4)
    torch.testing.assert_close(fgr.cpu(), expected["fgr"][0], rtol=0, atol=1e-4)
