"""Reading tables of 65,536 entries, one for each 16-bit code or half."""

from __future__ import annotations

import torch
from torch import Tensor


def look_up(table: Tensor, values: Tensor) -> Tensor:
    """Return the table's entry for each value: of integers by their code, of floats by their bits as a half."""
    if values.dtype == torch.uint8:
        index = values.int()
    else:
        # torch indexes by no unsigned 16 bits: read as signed, and the sign masked away.
        bits = values if values.dtype in (torch.uint16, torch.float16) else values.half()
        index = bits.view(torch.int16).int().bitwise_and_(0xFFFF)
    return table.index_select(0, index.reshape(-1)).view(values.shape)
