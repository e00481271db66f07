"""What the colour room promises, on real pictures and with the real network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from matteline.colour.config import Config
from matteline.colour.picture import PictureTransform
from matteline.colour.space import PlateSpace

from .conftest import CPU
from .curves import encode
from .dark_plates import RATIO, composites, measure, network_of, recorded

SpaceOf = Callable[[str], PlateSpace]


def photos(footage: Path) -> Iterator[np.ndarray]:
    for path in sorted((footage / "photos").iterdir()):
        yield np.asarray(Image.open(path).convert("RGB"))


@pytest.mark.slow
@pytest.mark.footage
def test_a_photo_in_acescg_is_shown_like_the_same_photo_in_srgb(
    footage: Path, studio: Config, space_of: SpaceOf
) -> None:
    plain, linear = PictureTransform(space_of("sRGB")), PictureTransform(space_of("ACEScg"))
    for photo in photos(footage):
        light = studio.convert(np.float32(photo / 255).reshape(-1, 3), "sRGB", "ACEScg").reshape(photo.shape)
        shown = linear.to_network(light.astype(np.float16), CPU)
        assert (shown - plain.to_network(photo, CPU)).abs().mean() < 0.002


@pytest.mark.footage
@pytest.mark.slow
def test_measured_exposure_saves_dark_plates_as_well_as_the_true_one(
    footage: Path, weights_file: Path
) -> None:
    found = measure(footage, weights_file, 6, (3.0,), ("as it is", "lifted back", "auto exposure"))
    dark, true, auto = (float(np.mean(missed)) for missed in found.values())
    assert auto < 0.5 * dark
    assert auto < 1.25 * true


@pytest.mark.footage
@pytest.mark.slow
def test_taking_the_grain_out_helps_where_there_is_much_of_it(footage: Path, weights_file: Path) -> None:
    found = measure(footage, weights_file, 6, (4.0,), ("auto exposure", "auto, denoised"))
    grainy, denoised = (float(np.mean(missed)) for missed in found.values())
    assert denoised < 0.85 * grainy


@pytest.mark.footage
@pytest.mark.slow
def test_soft_edges_come_closer_to_the_truth_than_the_prediction(
    footage: Path, weights_file: Path, space_of: SpaceOf
) -> None:
    network, transform = network_of(weights_file), PictureTransform(space_of("sRGB"))
    predicted, restored = [], []
    for composite in composites(footage, 5):
        plate = recorded(composite.light, 0, seed=1)
        *_, (alpha, fgr) = mattes(network, [transform.to_network(pixels, CPU) for pixels in plate], RATIO)
        made = transform.restore(plate=plate[-1], alpha=alpha, fgr=fgr)
        truth, colour = composite.alpha[-1], encode(composite.colour[-1]).clamp(0, 1)
        edge = (truth > 0.5) & (truth < 0.95) & ((alpha - truth).abs() < 0.1)
        predicted.append(off(fgr, colour, edge))
        restored.append(off(torch.from_numpy(made).permute(2, 0, 1), colour, edge))
    assert np.mean(restored) < 0.9 * np.mean(predicted)


CLIPS = ("lp_d13_room.mp4", "intel_asl_milk.mkv", "sammie_dance.mp4")


@pytest.mark.slow
@pytest.mark.footage
@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_in_acescg_or_camera_log_gives_the_alphas_of_the_same_clip_in_srgb(
    footage: Path, weights_file: Path, studio: Config, space_of: SpaceOf, name: str
) -> None:
    network, frames = network_of(weights_file), frames_of(footage / "clips" / name, 3)
    wanted = alphas(network, space_of("sRGB"), frames)
    for space, dtype in (("ACEScg", np.float16), ("ARRI LogC4", np.float32)):
        light = [studio.convert(np.float32(each / 255).reshape(-1, 3), "sRGB", space) for each in frames]
        plates = [each.reshape(frames[0].shape).astype(dtype) for each in light]
        assert (alphas(network, space_of(space), plates) - wanted).abs().mean() < 0.001


def frames_of(clip: Path, count: int) -> list[np.ndarray]:
    with av.open(str(clip)) as container:
        pictures = zip(range(count), container.decode(video=0), strict=False)
        return [picture.to_ndarray(format="rgb24") for _, picture in pictures]


def alphas(network: torch.nn.Module, space: PlateSpace, plates: list[np.ndarray]) -> Tensor:
    """The alphas (T, H, W) of consecutive frames of a plate in its space."""
    transform = PictureTransform(space)
    pictures = [transform.to_network(plate, CPU) for plate in plates]
    ratio = min(512 / max(plates[0].shape[:2]), 1)
    return torch.stack([alpha for alpha, _ in mattes(network, pictures, ratio)])


@torch.inference_mode()
def mattes(network: torch.nn.Module, pictures: list[Tensor], ratio: float) -> Iterator[tuple[Tensor, Tensor]]:
    """Alpha (H, W) and foreground (3, H, W) of consecutive pictures."""
    state: tuple[Tensor | None, ...] = (None,) * 4
    for picture in pictures:
        fgr, alpha, *state = network(picture[None], *state, downsample_ratio=ratio)
        yield alpha[0, 0].clone(), fgr[0].clone()


def off(made: Tensor, colour: Tensor, edge: Tensor) -> float:
    """Root mean square error of a foreground at an edge."""
    return float((made - colour)[:, edge].square().mean().sqrt())
