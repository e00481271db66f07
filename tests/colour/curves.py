"""The curves of the network's picture, for tensors."""

from __future__ import annotations

from functools import partial

import torch

from matteline.colour import shoulder
from matteline.pictures.srgb import srgb_decode, srgb_encode

encode = partial(srgb_encode, where=torch.where)
decode = partial(srgb_decode, where=torch.where)
roll_off = partial(shoulder.roll_off, where=torch.where)
