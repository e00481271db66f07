"""What a teacher thinks, and a pupil that learns to think alike."""

from __future__ import annotations

import pytest
import torch

from matteline.matting.rvm.network import MattingNetwork
from matteline.training.forward import NO_STATE, Pupil
from matteline.training.hints import Likeness, Thinker, hint_channels

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network() -> MattingNetwork:
    torch.manual_seed(0)
    return MattingNetwork(width=0.25).eval()


def _pictures(count: int = 2, seed: int = 1) -> torch.Tensor:
    return torch.rand(count, 3, 64, 80, generator=torch.Generator().manual_seed(seed))


def test_hints_are_what_the_teachers_decoder_is_given(network: MattingNetwork) -> None:
    pictures = _pictures()
    with torch.no_grad():
        _, *features = network.backbone(pictures)
        expected = [*features, network.aspp(features[-1])]

    thinker = Thinker(network, CPU)
    hints = thinker.hints(pictures)

    assert thinker.channels == hint_channels(network.architecture) == tuple(each.shape[1] for each in hints)
    for hint, want in zip(hints, expected, strict=True):
        torch.testing.assert_close(hint, want, atol=1e-4, rtol=1e-4)


def test_knowing_nothing_costs_one() -> None:
    likeness = Likeness(4, 6)
    torch.nn.init.zeros_(likeness.belief.weight)
    torch.nn.init.zeros_(likeness.belief.bias)  # type: ignore[arg-type]
    hint = 3 + 2 * torch.randn(8, 6, 16, 16, generator=torch.Generator().manual_seed(2))

    assert likeness(torch.zeros(8, 4, 16, 16), hint).item() == pytest.approx(1, abs=0.12)


def test_thinking_the_same_costs_nothing() -> None:
    likeness = Likeness(6, 6)
    hint = 3 + 2 * torch.randn(8, 6, 16, 16, generator=torch.Generator().manual_seed(2))
    likeness(hint, hint)  # it has seen the teacher's mean and deviation
    with torch.no_grad():
        turned = torch.diag(1 / likeness.deviation).view(6, 6, 1, 1)
        likeness.belief.weight.copy_(turned)
        likeness.belief.bias.copy_(-likeness.mean / likeness.deviation)  # type: ignore[union-attr]

    assert likeness.eval()(hint, hint).item() == pytest.approx(0, abs=1e-10)


def test_what_was_seen_of_a_teacher_is_kept_with_the_training() -> None:
    likeness = Likeness(2, 3)
    likeness(torch.rand(1, 2, 4, 4), torch.rand(1, 3, 4, 4))

    assert {"mean", "deviation", "seen"} <= set(likeness.state_dict())
    assert int(likeness.seen) == 1
    likeness.eval()(torch.rand(1, 2, 4, 4), torch.rand(1, 3, 4, 4))
    assert int(likeness.seen) == 1


def test_a_glance_ends_at_the_context(network: MattingNetwork) -> None:
    thinker = Thinker(network, CPU)
    pupil = Pupil(MattingNetwork(width=0.125), thinker.channels)
    clips = _pictures()[:, None]
    hints = thinker.hints(clips.flatten(0, 1))

    answer = pupil(clips, NO_STATE, 1.0, hints, glance=True)
    assert answer.unlike is not None
    answer.unlike.backward()

    assert answer.alpha is None and answer.seg is None
    learned = {name.split(".")[1] for name, each in pupil.named_parameters() if each.grad is not None}
    assert {"backbone", "aspp"} <= learned and not {"decoder", "refiner", "project_mat"} & learned


def test_a_pupil_comes_to_think_as_its_teacher(network: MattingNetwork) -> None:
    thinker = Thinker(network, CPU)
    torch.manual_seed(3)
    pupil = Pupil(MattingNetwork(width=0.25), thinker.channels).train()
    optimiser = torch.optim.AdamW(pupil.parameters(), lr=3e-3)
    unlike = []
    for step in range(40):
        clips = _pictures(4, seed=step % 4)[:, None]
        answer = pupil(clips, NO_STATE, 1.0, thinker.hints(clips.flatten(0, 1)), glance=True)
        assert answer.unlike is not None
        optimiser.zero_grad()
        answer.unlike.backward()
        optimiser.step()
        unlike.append(answer.unlike.item())

    assert sum(unlike[-4:]) < 0.7 * sum(unlike[:4])
