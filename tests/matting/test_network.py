"""The network against what the reference implementation computed, and against the authors' names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from matteline.contract.errors import ModelError
from matteline.matting.rvm.architecture import Architecture, variant_of
from matteline.matting.rvm.network import MattingNetwork, reduce
from matteline.matting.rvm.reduction import reduced_size
from tests.matting.filling import filled

GOLDEN = (
    "mobilenetv3_deep_guided_filter_96x160_1.0",
    "mobilenetv3_deep_guided_filter_101x167_0.5",
    "mobilenetv3_deep_guided_filter_144x256_0.375",
    "mobilenetv3_fast_guided_filter_96x160_1.0",
    "mobilenetv3_fast_guided_filter_101x167_0.5",
    "resnet50_deep_guided_filter_96x160_1.0",
    "resnet50_deep_guided_filter_101x167_0.5",
    "resnet50_deep_guided_filter_144x256_0.375",
    "resnet50_fast_guided_filter_96x160_1.0",
    "resnet50_fast_guided_filter_101x167_0.5",
)
STATE = ("r1", "r2", "r3", "r4")
TOLERANCE, LOGIT_TOLERANCE = 1e-6, 1e-5


@dataclass(frozen=True)
class Case:
    """One file of reference outputs and the network it is of, in float64."""

    network: MattingNetwork
    arrays: dict[str, np.ndarray]

    @property
    def pictures(self) -> Tensor:
        return torch.from_numpy(self.arrays["src"]).double() / 255

    def run(self, *parts: Tensor) -> dict[str, Tensor]:
        """Feed parts of clips one after another; fgr and pha of all frames, and the last state."""
        state: tuple[Tensor | None, ...] = (None,) * 4
        made = []
        for part in parts:
            fgr, pha, *state = self.network(part, *state, downsample_ratio=float(self.arrays["ratio"]))
            made.append([each if each.ndim == 5 else each[:, None] for each in (fgr, pha)])
        fgr, pha = (torch.cat(each, 1) for each in zip(*made, strict=True))
        return {"fgr": fgr, "pha": pha, **dict(zip(STATE, state, strict=True))}

    def check(self, made: dict[str, Tensor], tolerance: float = TOLERANCE) -> None:
        for name, tensor in made.items():
            np.testing.assert_allclose(
                tensor.numpy(), self.arrays[name], rtol=0, atol=tolerance, err_msg=name
            )


@pytest.fixture(scope="module", params=GOLDEN)
def case(request: pytest.FixtureRequest, golden: Path) -> Case:
    variant, kind, *_ = request.param.split("_")
    network = filled(Architecture(variant, f"{kind}_guided_filter")).double()
    with np.load(golden / f"{request.param}.npz") as arrays:
        return Case(network, dict(arrays))


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


@pytest.mark.slow
def test_every_array_agrees_with_the_reference(case: Case):
    src = case.pictures
    case.check(case.run(src[:, :2], src[:, 2], src[:, 3:]))


@pytest.mark.slow
def test_frames_fed_one_by_one_agree_with_the_reference(case: Case):
    case.check(case.run(*case.pictures.unbind(1)))


@pytest.mark.slow
def test_segmentation_agrees_with_the_reference(case: Case):
    logits, *_ = case.network(
        case.pictures[:, :2], downsample_ratio=float(case.arrays["ratio"]), segmentation=True
    )
    case.check({"seg": logits}, LOGIT_TOLERANCE)


@pytest.mark.slow
def test_two_clips_at_once_give_what_each_gives_alone(case: Case):
    src = case.pictures[:, :3]
    mirrored = src.flip(-1)
    both = case.run(torch.cat([src, mirrored]))
    for number, alone in enumerate((case.run(src), case.run(mirrored))):
        for name, tensor in alone.items():
            torch.testing.assert_close(both[name][number : number + 1], tensor, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(("variant", "parameters"), [("mobilenetv3", 3_748_633), ("resnet50", 26_890_461)])
def test_names_shapes_and_types_are_those_of_the_authors(variant: str, parameters: int, reference: Path):
    network = MattingNetwork(variant, "deep_guided_filter")
    table = (reference / f"{variant}_state_dict.tsv").read_text().splitlines()
    theirs = [tuple(line.split("\t")) for line in table if line]
    ours = [
        (name, "x".join(map(str, each.shape)) or "scalar", str(each.dtype).removeprefix("torch."))
        for name, each in network.state_dict().items()
    ]
    assert sorted(ours) == sorted(theirs)
    assert sum(each.numel() for each in network.parameters()) == parameters


def test_the_fast_refiner_has_no_weights():
    network = MattingNetwork("mobilenetv3", "fast_guided_filter")
    assert not [name for name in network.state_dict() if name.startswith("refiner")]


@pytest.mark.parametrize(
    "architecture",
    [
        Architecture("mobilenetv3", "deep_guided_filter"),
        Architecture("mobilenetv3", "fast_guided_filter"),
        Architecture("resnet50", "deep_guided_filter"),
        Architecture("mobilenetv3", "deep_guided_filter", 0.5),
        Architecture("mobilenetv3", "fast_guided_filter", 0.35),
        Architecture("mobilenetv3", "deep_guided_filter", 2.0),
    ],
)
def test_the_architecture_is_told_from_the_shapes(architecture: Architecture):
    state = MattingNetwork.of(architecture).state_dict()
    told = variant_of({name: tuple(tensor.shape) for name, tensor in state.items()})
    assert told.variant == architecture.variant
    assert told.refiner == architecture.refiner
    assert told.width == pytest.approx(architecture.width)
    MattingNetwork.of(told).load_state_dict(state, strict=True)


def test_a_narrow_network_mattes_with_fewer_weights():
    narrow = filled(Architecture(width=0.5))
    fgr, pha, *state = narrow(torch.rand(1, 3, 50, 70), downsample_ratio=0.5)
    assert (fgr.shape, pha.shape) == ((1, 3, 50, 70), (1, 1, 50, 70))
    shapes = narrow.architecture.state_shapes(*reduced_size(70, 50, 0.5))
    assert tuple(tuple(each.shape[1:]) for each in state) == shapes
    assert sum(each.numel() for each in narrow.parameters()) < 3_748_633 / 3


@pytest.mark.parametrize(
    "shapes",
    [
        {},
        {"classifier.weight": (10, 10)},
        {"backbone.features.16.0.weight": (960, 160, 1, 1)},
        {"backbone.features.16.0.weight": ()},
    ],
)
def test_foreign_weights_are_refused(shapes: dict[str, tuple[int, ...]]):
    with pytest.raises(ModelError, match="not a Robust Video Matting checkpoint"):
        variant_of(shapes)


def test_a_checkpoint_of_impossible_width_is_refused():
    shapes = {name: tuple(each.shape) for name, each in MattingNetwork().state_dict().items()}
    shapes["backbone.features.16.0.weight"] = (963, 160, 1, 1)
    with pytest.raises(ModelError, match="wide"):
        variant_of(shapes)


@pytest.mark.parametrize(
    ("variant", "refiner", "width"),
    [
        ("mobilenetv2", "deep_guided_filter", 1.0),
        ("mobilenetv3", "guided", 1.0),
        ("resnet50", "deep_guided_filter", 0.5),
        ("mobilenetv3", "deep_guided_filter", 0.0),
        ("mobilenetv3", "deep_guided_filter", 0.123),
    ],
)
def test_a_network_that_does_not_exist_is_refused(variant: str, refiner: str, width: float):
    with pytest.raises(ModelError) as raised:
        MattingNetwork(variant, refiner, width)
    assert raised.value.hint


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (17, 33), (31, 1)])
def test_tiny_and_odd_pictures_keep_their_size(width: int, height: int, untrained: MattingNetwork):
    fgr, pha, *_ = untrained(torch.rand(1, 3, height, width))
    assert (fgr.shape, pha.shape) == ((1, 3, height, width), (1, 1, height, width))


def test_the_reduced_size_is_the_one_that_resizing_gives():
    for width in range(300, 1000, 7):
        ratio = 512 / width
        small = reduce(torch.empty(1, 1, 2, width), ratio)
        assert reduced_size(width, 2, ratio) == (small.shape[3], small.shape[2])


def test_the_reduced_size_rounds_down_what_the_product_is_in_double_precision():
    assert reduced_size(561, 561, 512 / 561) == (511, 511)
    assert reduced_size(1920, 1080, 512 / 1920) == (512, 288)


def test_a_ratio_of_one_leaves_the_picture_as_it_is():
    picture = torch.rand(1, 3, 4, 4)
    assert reduce(picture, 1) is picture
