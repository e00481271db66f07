"""The whole path on a pretended CUDA machine, and on a real one: nothing mixes devices, and pixels are the CPU's."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.shot_notes import Region, Segment
from matteline.engine.infer import Inference, SessionShape
from matteline.engine.planner import plan
from matteline.engine.preview import Previewer
from matteline.engine.read import PlateFrame
from matteline.engine.run import run
from matteline.matting.rvm.architecture import Architecture
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.session import NetworkInput, Session
from matteline.media.frame import Frame
from tests.matting.filling import filled, moving_pictures
from tests.pretended_cuda import PretendedCuda, pretended_cuda

from .conftest import HEIGHT, SURROUNDINGS, WIDTH, Renders

# Kernels of other layouts round differently; an edge is solved again from that.
NEAR = 2e-3


@pytest.fixture(scope="module")
def narrow() -> MattingNetwork:
    """A network of few channels, but all its layers, that sees somebody everywhere."""
    network = filled(Architecture("mobilenetv3", "deep_guided_filter", 0.25))
    with torch.no_grad():
        network.project_mat.conv.bias[3] += 0.4
    return network


@pytest.fixture(scope="module")
def weights(narrow: MattingNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("narrow") / "narrow.safetensors"
    save_file(narrow.state_dict(), path)
    return path


@pytest.fixture
def render(weights: Path) -> Renders:
    renders = Renders(weights)
    renders.settings |= {"precision": "fp32", "batch": 2, "preroll": 1, "depth": "float"}
    return renders


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[PretendedCuda]:
    with pretended_cuda(monkeypatch) as made:
        yield made
        assert not any(made.allocated.values()), "memory is still held on a device"


@pytest.fixture
def png_plate(tmp_path: Path, picture: Callable[[int], np.ndarray]) -> str:
    """An 8-bit sequence of few frames, 1001 to 1004, since looking for people goes over all of them."""
    (tmp_path / "plate").mkdir()
    for number in range(1001, 1005):
        codes = (picture(number) * 255 + 0.5).astype(np.uint8)
        Image.fromarray(codes).save(tmp_path / f"plate/sh010.{number}.png")
    return str(tmp_path / "plate/sh010.####.png")


@pytest.fixture
def matte(tmp_path: Path) -> str:
    """A matte with a soft edge, for all frames."""
    ramp = np.clip((np.arange(WIDTH) - 20) * 16, 0, 255).astype(np.uint8)
    Image.fromarray(np.broadcast_to(ramp, (HEIGHT, WIDTH)).copy()).save(tmp_path / "matte.png")
    return str(tmp_path / "matte.png")


def assert_same_files(one: Path, other: Path, within: float) -> None:
    """Compare all pictures below two folders."""
    pictures = [path for path in sorted(one.rglob("*.*")) if path.suffix in (".exr", ".png")]
    assert pictures
    for path in pictures:
        made, wanted = (
            oiio.ImageBuf(str(file)).get_pixels(oiio.FLOAT) for file in (path, other / path.relative_to(one))
        )
        np.testing.assert_allclose(made, wanted, rtol=within, atol=within, err_msg=path.name)


SETTINGS = {
    "edge tools": {
        "plate": "exr",
        "despill": "green",
        "choke": 1.5,
        "soften": 1.0,
        "black_point": 0.05,
        "garbage": "matte",
        "holdout": "matte",
    },
    "8 bits in half precision": {
        "plate": "png",
        "write": ("rgba",),
        "format": "png",
        "depth": "8",
        "precision": "fp16",
    },
    "network's foreground": {
        "plate": "png",
        "foreground": "network",
        "refiner": "fast",
        "downsample_ratio": 1.0,
        "edges": "network",
        "exposure": 2.0,
        "denoise": 1.0,
        "layout": "layered",
    },
    "OCIO view": {
        "plate": "exr",
        "colour_space": "ACEScg",
        "network_view": "sRGB - Display/Video (colorimetric)",
    },
    "given alpha of an HLG plate": {
        "plate": "png",
        "alpha": "matte",
        "colour_space": "Rec.2100-HLG - Display",
    },
    "first look and people": {
        "plate": "png",
        "write": ("alpha", "people"),
        "cuts": "auto",
        "focus": "people",
        "downsample_ratio": "auto",
    },
}
WITHIN = {"8 bits in half precision": 5 / 255}


@pytest.fixture
def compare_with_cpu(render, exr_plate, png_plate, matte, tmp_path) -> Callable[[str, str], None]:
    """Renders with some of `SETTINGS` on a device and on the CPU, and compares the files."""

    def compare(name: str, device: str) -> None:
        settings = {key: matte if value == "matte" else value for key, value in SETTINGS[name].items()}
        plate = {"exr": exr_plate, "png": png_plate}[settings.pop("plate")]
        for each in (device, "cpu"):
            render(plate, tmp_path / each, "1003-1004", device=each, **settings)
        assert_same_files(tmp_path / device, tmp_path / "cpu", WITHIN.get(name, NEAR))

    return compare


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_a_device_gives_the_pixels_of_the_processor(name, machine, compare_with_cpu):
    compare_with_cpu(name, "cuda:1")
    assert machine.moved["down"]


@pytest.mark.gpu
@pytest.mark.parametrize("name", SETTINGS)
def test_a_gpu_gives_the_pixels_of_the_processor(name, cuda, compare_with_cpu):
    compare_with_cpu(name, str(cuda))


@pytest.mark.slow
def test_a_region_that_moves_is_matted_on_the_device(machine, render, narrow, png_plate, tmp_path):
    places = ((1001, 0, 0), (1003, 16, 16))
    for device in ("cuda:1", "cpu"):
        ready = plan(render.job(png_plate, tmp_path / device, "1001-1004", device=device), SURROUNDINGS)
        (whole,) = ready.segments
        moving = Segment(whole.frames, (Region(48, 16, 16, places), Region(32, 16, 16, places)))
        list(run(replace(ready, segments=(moving,)), network=narrow))
    assert_same_files(tmp_path / "cuda:1", tmp_path / "cpu", NEAR)


@pytest.mark.slow
def test_a_resumed_render_goes_on_from_the_state_on_the_device(machine, render, narrow, png_plate, tmp_path):
    def render_on_device(folder: str, frames: str, existing: str = "refuse") -> bool:
        job = render.job(
            png_plate, tmp_path / folder, frames, device="cuda:1", write=("alpha",), existing=existing
        )
        ready = plan(job, SURROUNDINGS)
        list(run(ready, network=narrow))
        return ready.spans[0].from_state

    assert not render_on_device("whole", "1001-1004")
    assert not render_on_device("parts", "1001-1002")
    assert render_on_device("parts", "1001-1004", "resume")
    assert_same_files(tmp_path / "whole", tmp_path / "parts", 0)


@pytest.mark.slow
def test_one_network_serves_two_devices(machine, render, narrow, png_plate, tmp_path):
    for device in ("cuda:0", "cuda:1"):
        ready = plan(render.job(png_plate, tmp_path / device, "1003-1004", device=device), SURROUNDINGS)
        list(run(ready, network=narrow))
    assert_same_files(tmp_path / "cuda:0", tmp_path / "cuda:1", 0)


@pytest.mark.slow
def test_a_preview_is_made_on_the_device(machine, render, narrow, png_plate, tmp_path):
    previewer = Previewer(lambda plan: narrow)
    job = render.job(png_plate, tmp_path, device="cuda:1", choke=1.0)
    made = previewer.render(job, 1003, SURROUNDINGS)
    on_cpu = previewer.render(replace(job, settings=replace(job.settings, device="cpu")), 1003, SURROUNDINGS)
    previewer.forget()
    np.testing.assert_allclose(made.alpha, on_cpu.alpha, atol=NEAR)


@pytest.mark.slow
def test_a_batch_that_is_too_large_is_halved_and_goes_on_from_the_state_before(machine, narrow):
    device = torch.device("cuda:0")
    frames = [
        PlateFrame(Frame(number, np.zeros((0, 0, 3)), None), picture=picture.to(device))
        for number, picture in enumerate(moving_pictures(8, 64, 48))
    ]
    render, segment = FrameSet((FrameRange(0, 7),)), Segment(FrameRange(0, 7))
    shape = SessionShape(64, 48, 1.0, device, torch.float32, want_fgr=True)

    def alphas(batch: int) -> tuple[list[np.ndarray], list[str]]:
        inference = Inference(narrow, shape, segment, batch)
        inference.preroll([inference.reduce(frame.picture, 0) for frame in frames], 0)
        results = [each for made in inference.run(frames, render) for each in made]
        return [each.matte.alpha.cpu().numpy() for each in results], [
            n for each in results for n in each.notes
        ]

    in_pairs, no_notes = alphas(2)
    needed_by_pairs = machine.peak[device]
    assert no_notes == []
    machine.limit_bytes = needed_by_pairs + 1
    halved, notes = alphas(8)
    assert notes == [
        f"cuda:0 ran out of memory; continuing with batches of {batch} frames." for batch in (4, 2)
    ]
    np.testing.assert_array_equal(halved, in_pairs)


@pytest.mark.slow
def test_memory_that_runs_out_at_any_stage_costs_no_frame(machine, render, png_plate, tmp_path):
    settings = {"device": "cuda:1", "exposure": 2.0, "denoise": 1.0, "cuts": "auto", "focus": "people"}
    render(png_plate, tmp_path / "whole", "1003-1004", **settings)
    # Taking out grain, looking for people, and solving edges.
    machine.fail_at = {"aten::avg_pool2d", "aten::hardswish_", "aten::max_pool2d_with_indices"}
    render(png_plate, tmp_path / "failed", "1003-1004", **settings)
    assert not machine.fail_at
    assert_same_files(tmp_path / "whole", tmp_path / "failed", NEAR)


@pytest.mark.parametrize("forgotten_on", ["cpu", "cuda:1"])
def test_a_constant_on_another_device_is_found(machine, narrow, forgotten_on):
    def add_constant(module: torch.nn.Module, inputs: object, made: torch.Tensor) -> torch.Tensor:
        return made + torch.zeros(made.shape[1], 1, 1, device=forgotten_on)

    planted = copy.deepcopy(narrow)
    planted.decoder.decode2.conv.register_forward_hook(add_constant)
    session = Session(planted, width=64, height=48, downsample_ratio=1.0, device=torch.device("cuda:0"))
    (picture,) = moving_pictures(1, 64, 48).to("cuda:0")
    with pytest.raises(RuntimeError, match=rf"aten::add got .* on cuda:0, .* on {forgotten_on} "):
        session.advance([NetworkInput(1, picture)])
