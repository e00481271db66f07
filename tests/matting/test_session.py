"""A shot's session: what it gives, what it remembers, and that cutting a range changes no pixel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from torch import Tensor

from matteline.contract.errors import JobError
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.session import Matte, NetworkInput, Session, State
from tests.matting.filling import moving_pictures

CPU = torch.device("cpu")
WIDTH, HEIGHT, RATIO = 90, 62, 0.5
FIRST = 1001
BATCHES = (1, 2, 4)


@pytest.fixture(scope="module")
def pictures() -> Tensor:
    return moving_pictures(9, WIDTH, HEIGHT)


def opened(network: MattingNetwork, batch: int = 1, **changes: object) -> Session:
    settings = {"width": WIDTH, "height": HEIGHT, "downsample_ratio": RATIO, "device": CPU, "batch": batch}
    return Session(network, **{**settings, **changes})


def inputs_of(pictures: Tensor, *, matte_wanted: bool = True, first: int = FIRST) -> list[NetworkInput]:
    return [NetworkInput(number, picture, matte_wanted) for number, picture in enumerate(pictures, first)]


def run(session: Session, inputs: Sequence[NetworkInput], batch: int) -> list[Matte]:
    windows = [list(window) for _, window in groupby(inputs, key=lambda each: each.number // batch)]
    return [matte for window in windows for matte in session.advance(window)]


def assert_same_bits(left: Sequence[Matte], right: Sequence[Matte]) -> None:
    assert [matte.number for matte in left] == [matte.number for matte in right]
    for one, other in zip(left, right, strict=True):
        assert torch.equal(one.alpha, other.alpha), f"alpha of frame {one.number}"
        assert torch.equal(one.fgr, other.fgr), f"fgr of frame {one.number}"


def assert_same_state(left: State, right: State) -> None:
    assert all(torch.equal(one, other) for one, other in zip(left, right, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("batch", BATCHES)
def test_a_range_cut_anywhere_gives_the_same_bits(untrained: MattingNetwork, pictures: Tensor, batch: int):
    inputs = inputs_of(pictures)
    session = opened(untrained, batch)
    whole, end = run(session, inputs, batch), session.state
    for cut in range(1, len(inputs)):
        before, after = opened(untrained, batch), opened(untrained, batch)
        head = run(before, inputs[:cut], batch)
        after.restore(before.state)
        assert_same_bits([*head, *run(after, inputs[cut:], batch)], whole)
        assert_same_state(after.state, end)


@pytest.mark.slow
@pytest.mark.parametrize("batch", BATCHES)
def test_rolling_over_frames_leaves_the_state_that_finishing_them_leaves(
    untrained: MattingNetwork, pictures: Tensor, batch: int
):
    inputs = inputs_of(pictures)
    whole = run(opened(untrained, batch), inputs, batch)
    for start in range(1, len(inputs)):
        rolled = [*inputs_of(pictures[:start], matte_wanted=False), *inputs[start:]]
        assert_same_bits(run(opened(untrained, batch), rolled, batch), whole[start:])


@pytest.mark.parametrize("batch", BATCHES)
def test_windows_keep_their_place_below_frame_zero(untrained: MattingNetwork, pictures: Tensor, batch: int):
    inputs = inputs_of(pictures[:4], first=-3)
    mattes = run(opened(untrained, batch), inputs, batch)
    assert [matte.number for matte in mattes] == [-3, -2, -1, 0]


@pytest.mark.slow
def test_batches_agree_with_single_frames(trained: MattingNetwork, pictures: Tensor):
    single = run(opened(trained, 1), inputs_of(pictures), 1)
    batched = run(opened(trained, 4), inputs_of(pictures), 4)
    for one, other in zip(single, batched, strict=True):
        torch.testing.assert_close(one.alpha, other.alpha, rtol=0, atol=1e-5)
        torch.testing.assert_close(one.fgr, other.fgr, rtol=0, atol=1e-5)


def test_preroll_leaves_the_state_of_the_same_frames(untrained: MattingNetwork, pictures: Tensor):
    prerolled, advanced = opened(untrained), opened(untrained)
    prerolled.preroll([prerolled.reduce(picture) for picture in pictures[:3]])
    run(advanced, inputs_of(pictures[:3], matte_wanted=False), 1)
    assert_same_state(prerolled.state, advanced.state)


def test_a_session_begins_with_no_state_and_can_forget(untrained: MattingNetwork, pictures: Tensor):
    session = opened(untrained)
    assert session.state is None
    (fresh,) = session.advance(inputs_of(pictures[:1]))
    assert session.state is not None
    session.restore(None)
    (again,) = session.advance(inputs_of(pictures[:1]))
    assert_same_bits([again], [fresh])


def test_the_state_handed_out_is_a_copy(untrained: MattingNetwork, pictures: Tensor):
    session = opened(untrained)
    session.advance(inputs_of(pictures[:1]))
    kept = session.state
    for tensor in session.state:
        tensor.zero_()
    assert_same_state(session.state, kept)


def test_a_matte_may_be_changed_by_whoever_receives_it(untrained: MattingNetwork, pictures: Tensor):
    (matte,) = opened(untrained).advance(inputs_of(pictures[:1]))
    matte.alpha.mul_(2)
    matte.fgr.mul_(matte.alpha)
    assert not matte.alpha.is_inference()


@pytest.mark.slow
def test_the_pictures_handed_in_are_left_as_they_were(untrained: MattingNetwork, pictures: Tensor):
    for ratio in (0.5, 1):
        before = pictures.clone()
        run(opened(untrained, downsample_ratio=ratio), inputs_of(pictures[:2]), 1)
        assert torch.equal(pictures, before)


def test_an_enlarged_picture_gives_a_matte_of_its_own_size(untrained: MattingNetwork, pictures: Tensor):
    session, other = (opened(untrained, downsample_ratio=1.6) for _ in range(2))
    assert session.reduced_size == (144, 99)
    whole = run(session, inputs_of(pictures[:3]), 1)
    parts = [other.advance([each])[0] for each in inputs_of(pictures[:3])]
    assert_same_bits(whole, parts)
    assert whole[0].alpha.shape == (HEIGHT, WIDTH)
    assert all(each.min() >= 0 and each.max() <= 1 for matte in whole for each in (matte.alpha, matte.fgr))


def test_without_foreground_alpha_stays_the_same(untrained: MattingNetwork, pictures: Tensor):
    (matte,) = opened(untrained).advance(inputs_of(pictures[:1]))
    (alone,) = opened(untrained, want_fgr=False).advance(inputs_of(pictures[:1]))
    assert alone.fgr is None
    torch.testing.assert_close(alone.alpha, matte.alpha, rtol=0, atol=1e-6)


def test_mattes_of_real_weights_stay_between_0_and_1(trained: MattingNetwork, pictures: Tensor):
    for matte in opened(trained).mattes(pictures[:2]):
        for tensor in (matte.alpha, matte.fgr):
            assert tensor.isfinite().all() and tensor.min() >= 0 and tensor.max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, np.float16])
def test_arrays_of_every_type_are_matted_as_pictures(
    untrained: MattingNetwork, pictures: Tensor, dtype: type[np.generic]
):
    scale = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    array = (pictures[0].permute(1, 2, 0).numpy() * scale).astype(dtype)
    exact = torch.from_numpy(array.astype(np.float64) / scale).permute(2, 0, 1).float()
    session = opened(untrained)
    (of_array,) = session.mattes([array])
    session.restore(None)
    (of_tensor,) = session.mattes([exact])
    torch.testing.assert_close(of_array.alpha, of_tensor.alpha, rtol=0, atol=1e-5)


def test_mattes_are_numbered_from_the_first(untrained: MattingNetwork, pictures: Tensor):
    mattes = list(opened(untrained, batch=4).mattes(iter(pictures), first=FIRST))
    assert_same_bits(mattes, run(opened(untrained, 4), inputs_of(pictures), 4))


def test_a_picture_gives_the_same_bits_however_it_lies_in_memory(untrained: MattingNetwork, pictures: Tensor):
    interleaved = pictures[0].permute(1, 2, 0).contiguous().permute(2, 0, 1)
    planar, other = opened(untrained), opened(untrained)
    assert_same_bits(
        planar.advance([NetworkInput(1, pictures[0])]), other.advance([NetworkInput(1, interleaved)])
    )


@pytest.mark.parametrize("shape", [(3, HEIGHT, WIDTH + 1), (3, HEIGHT // 2, WIDTH), (4, HEIGHT, WIDTH)])
def test_a_picture_of_another_size_is_refused_and_forgotten(
    untrained: MattingNetwork, pictures: Tensor, shape: tuple[int, ...]
):
    session = opened(untrained)
    session.advance(inputs_of(pictures[:1]))
    before = session.state
    with pytest.raises(JobError, match=f"a shot of {WIDTH}x{HEIGHT}") as raised:
        session.advance([NetworkInput(FIRST + 1, torch.zeros(shape))])
    assert raised.value.field == "plate"
    assert_same_state(session.state, before)


def test_what_fails_halfway_leaves_the_state_unchanged(untrained: MattingNetwork, pictures: Tensor):
    session = opened(untrained, batch=2)
    session.advance(inputs_of(pictures[:1], first=2))
    before = session.state
    good, bad = NetworkInput(4, pictures[1]), NetworkInput(5, pictures[2].double())
    with pytest.raises(RuntimeError):
        session.advance([good, bad])
    assert_same_state(session.state, before)


@pytest.mark.parametrize("numbers", [(0, 2), (1, 0), (3, 4), (0, 1, 2, 3, 4)])
def test_takes_outside_one_window_are_refused(
    untrained: MattingNetwork, pictures: Tensor, numbers: tuple[int, ...]
):
    with pytest.raises(ValueError, match="not consecutive in one window of 4"):
        opened(untrained, batch=4).advance([NetworkInput(number, pictures[0]) for number in numbers])


def test_a_state_of_another_size_is_refused(untrained: MattingNetwork, pictures: Tensor):
    session, other = opened(untrained), opened(untrained, downsample_ratio=0.25)
    session.advance(inputs_of(pictures[:1]))
    with pytest.raises(JobError, match="another network, picture size or downsample ratio"):
        other.restore(session.state)
    assert other.state is None


def test_a_ratio_that_leaves_nothing_is_refused(untrained: MattingNetwork):
    with pytest.raises(JobError, match="leaves nothing") as raised:
        opened(untrained, downsample_ratio=0.01)
    assert raised.value.field == "downsample_ratio"


def test_an_array_that_is_no_picture_is_refused(untrained: MattingNetwork):
    with pytest.raises(JobError, match="not a picture"):
        next(opened(untrained).mattes([np.zeros((HEIGHT, WIDTH), np.uint8)]))


def test_the_reduced_size_is_told(untrained: MattingNetwork, pictures: Tensor):
    session = opened(untrained, downsample_ratio=0.37)
    assert session.reduced_size == (33, 22)
    assert session.reduce(pictures[0]).shape == (3, 22, 33)


@pytest.mark.slow
@pytest.mark.footage
@pytest.mark.parametrize("clip", ["mdn_chroma_man.mp4", "lp_s20_hands.mp4"])
def test_mattes_of_real_footage_are_those_of_the_reference(trained: MattingNetwork, footage: Path, clip: str):
    with np.load(footage / "reference" / f"{Path(clip).stem}.npz") as arrays:
        reference = dict(arrays)
    frames, height, width = reference["alpha"].shape
    ratio = float(reference["ratio"])
    session = opened(trained, width=width, height=height, downsample_ratio=ratio)
    mattes = session.mattes(_decoded(footage / "clips" / clip, str(reference["matrix"]), frames))
    for alpha, matte in zip(reference["alpha"], mattes, strict=True):
        assert np.abs(matte.alpha.numpy() - alpha / 255).mean() < 1e-3
    assert np.abs(matte.fgr.permute(1, 2, 0).numpy() - reference["fgr_last"] / 255).mean() < 2e-3


def _decoded(path: Path, matrix: str, count: int) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [
            next(frames).to_ndarray(
                format="rgb24", src_colorspace=matrix, src_color_range="MPEG", dst_color_range="JPEG"
            )
            for _ in range(count)
        ]


@pytest.mark.gpu
@pytest.mark.parametrize("batch", BATCHES)
def test_on_a_gpu_a_range_cut_anywhere_gives_the_same_bits(
    untrained: MattingNetwork, pictures: Tensor, cuda: torch.device, batch: int
):
    inputs = inputs_of(pictures.to(cuda))
    whole = run(opened(untrained, batch, device=cuda), inputs, batch)
    for cut in range(1, len(inputs)):
        before, after = (opened(untrained, batch, device=cuda) for _ in range(2))
        head = run(before, inputs[:cut], batch)
        after.restore(before.state)
        assert_same_bits([*head, *run(after, inputs[cut:], batch)], whole)


@pytest.mark.gpu
def test_a_gpu_in_half_precision_stays_near_the_processor(
    trained: MattingNetwork, pictures: Tensor, cuda: torch.device
):
    on_cpu = opened(trained).mattes(pictures)
    on_gpu = opened(trained, 4, device=cuda, dtype=torch.float16).mattes(pictures)
    for one, other in zip(on_cpu, on_gpu, strict=True):
        assert (one.alpha - other.alpha.cpu()).abs().mean() < 2e-3
