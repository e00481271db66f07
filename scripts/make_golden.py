"""Make the reference outputs of the official network that tests/matting/test_official.py compares ours with.

Each file holds a drawn clip of six frames, and what the authors' own graph makes of it in ONNX Runtime. They were
made once, and drawing may change since: the frames are in the file. Run it with the authors'
rvm_mobilenetv3_fp32.onnx:

    python scripts/make_golden.py rvm_mobilenetv3_fp32.onnx tests/matting/golden
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnxruntime

from matteline.drawing import draw_people

FRAMES = 6
CLIPS = (
    # Name, width, height, downsample ratio, seed of the drawing. Below ratio 1: the graph refines at any ratio,
    # where the authors' own code, and ours, leave a matte of ratio 1 as it is.
    ("trees", 192, 108, 0.875, 222),
    ("shop", 192, 108, 0.75, 10),
)


def main(graph: str, folder: str) -> None:
    """Write one file for each clip.

    Args:
        graph: The authors' ONNX file.
        folder: Where to.
    """
    # On the processor, so that no GPU's arithmetic is in the reference.
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    for name, width, height, ratio, seed in CLIPS:
        drawings = draw_people(width, height, FRAMES, seed=seed, sensor=False)
        frames = np.stack([np.round(each.plate * 255).astype(np.uint8) for each in drawings])
        # By this the authors' graph knows that there is no state yet.
        state = [np.zeros((1, 1, 1, 1), np.float32)] * 4
        alphas = []
        for frame in frames:
            source = (frame.astype(np.float32) / 255).transpose(2, 0, 1)[None]
            inputs = {"src": source, **{f"r{n}i": each for n, each in enumerate(state, 1)}}
            fgr, pha, *state = session.run(
                None, {**inputs, "downsample_ratio": np.array([ratio], np.float32)}
            )
            alphas.append(pha[0, 0])
        np.savez_compressed(
            Path(folder) / f"official_{name}.npz",
            frames=frames,
            ratio=ratio,
            alpha=_quantised(np.stack(alphas)),
            fgr=_quantised(fgr[0]),
        )


def _quantised(values: np.ndarray) -> np.ndarray:
    # Half a step of 16 bits is 8e-6, below what is compared; floats would be twice as large.
    return np.round(values * 65535).astype(np.uint16)


if __name__ == "__main__":
    main(*sys.argv[1:])
