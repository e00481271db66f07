"""Lite R-ASPP (Howard et al. 2019): features narrowed, each channel gated by the whole picture."""

from __future__ import annotations

from torch import Tensor, nn


class LRASPP(nn.Module):
    """Context at the encoder's last scale."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.aspp1 = nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
        )
        self.aspp2 = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(inputs, outputs, 1, bias=False), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """Narrow (N, inputs, h, w) to (N, outputs, h, w)."""
        narrowed: Tensor = self.aspp1(x)
        gate: Tensor = self.aspp2(x)
        return narrowed * gate
