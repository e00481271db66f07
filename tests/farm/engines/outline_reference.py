"""Print the specification that OpenCue's own pyoutline makes of a render with a state pass and a check.

Runs in an environment with opencue-pyoutline. What it prints is compared with ours, element by element.
"""

from __future__ import annotations

import outline
import outline.cuerun
from outline.constants import LayerType
from outline.modules.shell import Shell

job = outline.Outline("sh010", shot="sh010_mattes", show="testing", user="artist")
asked = {"threadable": True, "tags": ["gpu"], "service": "shell"}
gpu = {"gpus": 1, "gpu_memory": "6g"}
states = Shell(
    "states", command="states", range="1", chunk=1, timeout=270, type=LayerType.UTIL, **asked, **gpu
)
frames = Shell("frames_1001_1020", command="chunk", range="1001-1020", chunk=8, timeout=90, **asked, **gpu)
check = Shell("check", command="check", range="1", chunk=1, timeout=270, type=LayerType.UTIL, **asked)
for layer in (states, frames, check):
    job.add_layer(layer)
frames.depend_all(states)
check.depend_all(frames)
print(
    outline.cuerun.OutlineLauncher(job, priority=50, maxretries=1, nomail=True).serialize(use_pycuerun=False)
)
