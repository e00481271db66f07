"""Features of a teacher, and a student that learns them."""

from __future__ import annotations

import pytest
import torch

from matteline.matting.rvm.network import MattingNetwork
from matteline.training.student import NO_STATE, Student
from matteline.training.teacher_features import FeatureLoss, TeacherFeatures, feature_channels

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network() -> MattingNetwork:
    torch.manual_seed(0)
    return MattingNetwork(width=0.25).eval()


def _pictures(count: int = 2, seed: int = 1) -> torch.Tensor:
    return torch.rand(count, 3, 64, 80, generator=torch.Generator().manual_seed(seed))


def test_features_are_those_that_the_teachers_decoder_is_given(network: MattingNetwork) -> None:
    pictures = _pictures()
    with torch.no_grad():
        _, *features = network.backbone(pictures)
        expected = [*features, network.aspp(features[-1])]

    teacher = TeacherFeatures(network, CPU)
    found = teacher.of(pictures)

    channels = tuple(each.shape[1] for each in found)
    assert teacher.channels == feature_channels(network.architecture) == channels
    for feature, want in zip(found, expected, strict=True):
        torch.testing.assert_close(feature, want, atol=1e-4, rtol=1e-4)


def test_knowing_nothing_costs_one() -> None:
    loss = FeatureLoss(4, 6)
    torch.nn.init.zeros_(loss.projection.weight)
    torch.nn.init.zeros_(loss.projection.bias)  # type: ignore[arg-type]
    wanted = 3 + 2 * torch.randn(8, 6, 16, 16, generator=torch.Generator().manual_seed(2))

    assert loss(torch.zeros(8, 4, 16, 16), wanted).item() == pytest.approx(1, abs=0.12)


def test_equal_features_cost_nothing() -> None:
    loss = FeatureLoss(6, 6)
    wanted = 3 + 2 * torch.randn(8, 6, 16, 16, generator=torch.Generator().manual_seed(2))
    loss(wanted, wanted)  # it has learned the teacher's mean and deviation
    with torch.no_grad():
        identity = torch.diag(1 / loss.deviation).view(6, 6, 1, 1)
        loss.projection.weight.copy_(identity)
        loss.projection.bias.copy_(-loss.mean / loss.deviation)  # type: ignore[union-attr]

    assert loss.eval()(wanted, wanted).item() == pytest.approx(0, abs=1e-10)


def test_the_teachers_statistics_are_kept_with_the_training() -> None:
    loss = FeatureLoss(2, 3)
    loss(torch.rand(1, 2, 4, 4), torch.rand(1, 3, 4, 4))

    assert {"mean", "deviation", "seen"} <= set(loss.state_dict())
    assert int(loss.seen) == 1
    loss.eval()(torch.rand(1, 2, 4, 4), torch.rand(1, 3, 4, 4))
    assert int(loss.seen) == 1


def test_the_teachers_statistics_stay_once_they_are_learned() -> None:
    loss = FeatureLoss(2, 3)
    loss.seen.fill_(10_000)
    before = loss.mean.clone()

    loss(torch.rand(1, 2, 4, 4), 5 + torch.rand(1, 3, 4, 4))

    assert torch.equal(loss.mean, before)


def test_with_features_alone_only_the_encoder_learns(network: MattingNetwork) -> None:
    teacher = TeacherFeatures(network, CPU)
    student = Student(MattingNetwork(width=0.125), teacher.channels)
    clips = _pictures()[:, None]
    wanted = teacher.of(clips.flatten(0, 1))

    prediction = student(clips, NO_STATE, 1.0, wanted, features_only=True)
    assert prediction.feature_error is not None
    prediction.feature_error.backward()

    assert prediction.alpha is None and prediction.seg is None
    learned = {name.split(".")[1] for name, each in student.named_parameters() if each.grad is not None}
    assert {"backbone", "aspp"} <= learned and not {"decoder", "refiner", "project_mat"} & learned


@pytest.mark.slow
def test_a_student_learns_its_teachers_features(network: MattingNetwork) -> None:
    teacher = TeacherFeatures(network, CPU)
    torch.manual_seed(3)
    student = Student(MattingNetwork(width=0.25), teacher.channels).train()
    optimiser = torch.optim.AdamW(student.parameters(), lr=3e-3)
    errors = []
    for step in range(40):
        clips = _pictures(4, seed=step % 4)[:, None]
        wanted = teacher.of(clips.flatten(0, 1))
        prediction = student(clips, NO_STATE, 1.0, wanted, features_only=True)
        assert prediction.feature_error is not None
        optimiser.zero_grad()
        prediction.feature_error.backward()
        optimiser.step()
        errors.append(prediction.feature_error.item())

    assert sum(errors[-4:]) < 0.7 * sum(errors[:4])
