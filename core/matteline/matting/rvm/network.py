"""The whole network, as published: what checkpoints load into and what training trains."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from matteline.matting.rvm.architecture import Architecture
from matteline.matting.rvm.decoder import PartialState, Projection, RecurrentDecoder, State
from matteline.matting.rvm.lraspp import LRASPP
from matteline.matting.rvm.mobilenetv3 import MobileNetV3
from matteline.matting.rvm.refiner import DeepGuidedFilter, FastGuidedFilter
from matteline.matting.rvm.resnet import ResNet50


class MattingNetwork(nn.Module):
    """Robust Video Matting: alpha and foreground of the people in a clip.

    Parameters bear the authors' names, so that their checkpoints load with `strict=True`.

    Args:
        variant: The encoder, `mobilenetv3` or `resnet50`.
        refiner: `deep_guided_filter` or `fast_guided_filter`.
        width: Multiplies the channels of a mobilenetv3 network; see `Architecture`.
    """

    def __init__(
        self, variant: str = "mobilenetv3", refiner: str = "deep_guided_filter", width: float = 1.0
    ) -> None:
        super().__init__()
        self.architecture = Architecture(variant, refiner, width)
        one, two, three, four = self.architecture.feature_channels
        context = self.architecture.context_channels
        outputs = self.architecture.decoder_channels
        self.backbone: MobileNetV3 | ResNet50
        self.backbone = MobileNetV3(width) if variant == "mobilenetv3" else ResNet50()
        self.aspp = LRASPP(four, context)
        self.decoder = RecurrentDecoder((one, two, three, context), outputs)
        self.project_mat = Projection(outputs[3], 4)
        # Used in training alone, but checkpoints hold it and are loaded strictly.
        self.project_seg = Projection(outputs[3], 1)
        deep = refiner == "deep_guided_filter"
        self.refiner: DeepGuidedFilter | FastGuidedFilter
        self.refiner = DeepGuidedFilter(outputs[3]) if deep else FastGuidedFilter()

    @classmethod
    def of(cls, architecture: Architecture) -> MattingNetwork:
        """A network with fresh parameters."""
        return cls(architecture.variant, architecture.refiner, architecture.width)

    def forward(
        self,
        src: Tensor,
        r1: Tensor | None = None,
        r2: Tensor | None = None,
        r3: Tensor | None = None,
        r4: Tensor | None = None,
        downsample_ratio: float = 1.0,
        segmentation: bool = False,
    ) -> tuple[Tensor, ...]:
        """Matte pictures, or frames of a clip in order of time.

        Args:
            src: (B, 3, H, W), or (B, T, 3, H, W) for T frames of each of B clips; sRGB-encoded RGB, 0..1.
            r1: Recurrent state of the frame before, (B, C, h, w) at stride 2 of the reduced picture;
                None at the start of a shot.
            r2: The same at stride 4.
            r3: The same at stride 8.
            r4: The same at stride 16.
            downsample_ratio: Size of the picture that encoder and decoder see, over the size of `src`.
            segmentation: Whether to find people instead of mattes, as training does.

        Returns:
            Foreground (3 channels, straight, sRGB-encoded) and alpha (1 channel), 0..1 and the size of
            `src`, and the state r1..r4 after the last frame; or, for segmentation, one channel of logits
            at the reduced size and the state.
        """
        frames = src.shape[1] if src.ndim == 5 else 1
        pictures = src.flatten(0, 1) if src.ndim == 5 else src
        small = reduce(pictures, downsample_ratio)
        hidden, state = self.decode(small, (r1, r2, r3, r4), frames)
        made = [self.project_seg(hidden)] if segmentation else self._matte(pictures, small, hidden)
        if src.ndim == 5:
            made = [each.view(*src.shape[:2], *each.shape[1:]) for each in made]
        return *made, *state

    def decode(self, small: Tensor, state: PartialState, frames: int) -> tuple[Tensor, State]:
        """The hidden picture (B * T, 16, h, w) of reduced pictures (B * T, 3, h, w), and the new state."""
        f1, f2, f3, f4 = self.backbone(small)
        decoded: tuple[Tensor, State] = self.decoder(small, (f1, f2, f3, self.aspp(f4)), state, frames)
        return decoded

    def _matte(self, pictures: Tensor, small: Tensor, hidden: Tensor) -> list[Tensor]:
        made = self.project_mat(hidden)
        # At a ratio of 1 `reduce` returns the pictures themselves, and there is nothing to enlarge.
        if small is not pictures:
            made = self.refiner(pictures, small, made, hidden)
        residual, alpha = made.split([3, 1], 1)
        return [(residual + pictures).clamp(0, 1), alpha.clamp(0, 1)]


def reduce(pictures: Tensor, downsample_ratio: float) -> Tensor:
    """Pictures (N, 3, H, W) at the size the network looks at; the same object where the ratio is 1.

    The ratio itself is the step of the sampling grid, also where the size was rounded down.
    """
    if downsample_ratio == 1:
        return pictures
    return functional.interpolate(
        pictures,
        scale_factor=downsample_ratio,
        mode="bilinear",
        align_corners=False,
        recompute_scale_factor=False,
    )
