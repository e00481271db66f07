"""Write a network as an ONNX graph for other runtimes, with every shape fixed."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from matteline.contract.errors import JobError
from matteline.contract.files import make_folder, replacing
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.rvm.reduction import reduced_size

INPUTS: Final = ("src", "r1i", "r2i", "r3i", "r4i")
OUTPUTS: Final = ("fgr", "pha", "r1o", "r2o", "r3o", "r4o")
OPSET: Final = 17
"""ONNX operators of 2022: the newest that torch's exporter writes which TensorRT 8.6 and later all read."""

_STRIDES_BELOW: Final = 16  # the deepest features are this many times smaller than the reduced picture


def export_onnx(
    network: MattingNetwork, path: Path, width: int, height: int, downsample_ratio: float
) -> tuple[int, int]:
    """Write a network as an ONNX graph for frames of one size, whole or not at all.

    Inputs are `src`, (1, 3, height, width) float32, sRGB-encoded 0..1, and the state of the frame before,
    `r1i` to `r4i`, zeros at the start of a shot. Outputs are `fgr`, (1, 3, height, width), `pha`, (1, 1, height,
    width), both 0..1, and the new state `r1o` to `r4o`. The names are those of the authors' own graphs.

    Args:
        network: The network, ready for inference.
        path: The file.
        width: Of the frames, in pixels.
        height: Of the frames, in pixels.
        downsample_ratio: Size of the picture that encoder and decoder see over the size of the frames.

    Returns:
        Width and height of that reduced picture in pixels.

    Raises:
        JobError: The reduced picture would be too small for the network.
        WriteError: The file cannot be written.
    """
    small = reduced_size(width, height, downsample_ratio)
    if min(small) < _STRIDES_BELOW:
        raise JobError(
            f"Frames of {width}x{height} reduced by {downsample_ratio:g} are only {small[0]}x{small[1]}.",
            field="downsample_ratio",
            hint=f"The network needs {_STRIDES_BELOW} pixels each way: choose a larger ratio or size.",
        )
    ratio = _ratio_in_single_precision(width, height, downsample_ratio)
    state = [torch.zeros(1, *each) for each in network.architecture.state_shapes(*small)]
    make_folder(path.parent)
    with replacing(path) as temporary, warnings.catch_warnings():
        # The exporter that writes scripts of traces warns of its age, and of each shape that it fixes.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _AtRatio(network, ratio).eval(),
            (torch.zeros(1, 3, height, width), *state),
            str(temporary),
            input_names=INPUTS,
            output_names=OUTPUTS,
            opset_version=OPSET,
            dynamo=False,  # the newer exporter needs two more packages
        )
    return small


class _AtRatio(nn.Module):
    """The network with nothing to choose but the picture and the state."""

    def __init__(self, network: MattingNetwork, downsample_ratio: float) -> None:
        super().__init__()
        self.network, self.downsample_ratio = network, downsample_ratio

    def forward(self, src: Tensor, r1: Tensor, r2: Tensor, r3: Tensor, r4: Tensor) -> tuple[Tensor, ...]:
        return self.network(src, r1, r2, r3, r4, self.downsample_ratio)  # type: ignore[no-any-return]


def _ratio_in_single_precision(width: int, height: int, downsample_ratio: float) -> float:
    """Return the single-precision number nearest to a ratio that reduces a frame to the same size.

    ONNX keeps the ratio as a single-precision number, and runtimes multiply in that precision. Where the product
    is a whole number but for rounding, the size would be another: 1279 * (512 / 1279) has to give 511 or 512
    as it does in double precision.
    """
    wanted = reduced_size(width, height, downsample_ratio)
    ratio = np.float32(downsample_ratio)
    for candidate in (ratio, np.nextafter(ratio, np.float32(0)), np.nextafter(ratio, np.float32(2))):
        if (int(np.float32(width) * candidate), int(np.float32(height) * candidate)) == wanted:
            return float(candidate)
    raise JobError(
        f"The ratio {downsample_ratio!r} cannot be written for frames of {width}x{height}: rounding it to single "
        "precision changes the reduced size.",
        field="downsample_ratio",
        hint="Choose a ratio that differs a little.",
    )
