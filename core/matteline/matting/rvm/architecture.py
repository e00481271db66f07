"""The architecture of a checkpoint, recognised by the names and shapes of its tensors. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matteline.contract.errors import ModelError

VARIANTS = ("mobilenetv3", "resnet50")
REFINERS = ("deep_guided_filter", "fast_guided_filter")

# The one tensor of each encoder that nothing else has, and how many channels it makes at width 1.
_LAST_LAYER = {
    "mobilenetv3": ("backbone.features.16.0.weight", 960),
    "resnet50": ("backbone.layer4.2.conv3.weight", 2048),
}
# Present in every checkpoint, whatever its encoder: their absence tells a foreign file before torch loads it.
_ALWAYS = ("aspp.aspp1.0.weight", "decoder.decode4.gru.ih.0.weight", "project_mat.conv.weight")

# Channels as in the authors' code: f1..f4, LR-ASPP, and the decoder's stages 3, 2, 1 and 0.
_FEATURES = {"mobilenetv3": (16, 24, 40, 960), "resnet50": (64, 256, 512, 2048)}
_CONTEXT = {"mobilenetv3": 128, "resnet50": 256}
_DECODER = {"mobilenetv3": (80, 40, 32, 16), "resnet50": (128, 64, 32, 16)}

_STEPS_OF_WIDTH = 120  # 960 / 8: in these steps the last layer's size tells the width exactly


@dataclass(frozen=True)
class Architecture:
    """Everything that decides the names and shapes of a network's parameters.

    Attributes:
        variant: The encoder, one of `VARIANTS`.
        refiner: The guided filter that brings the matte to full size, one of `REFINERS`.
        width: Multiplies the channels of a mobilenetv3 encoder, its context and decoder; a multiple of
            1/120. 1 is the network of the paper, and all that resnet50 can have.
    """

    variant: str = "mobilenetv3"
    refiner: str = "deep_guided_filter"
    width: float = 1.0

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise ModelError(f"There is no network '{self.variant}'.", hint=_one_of(VARIANTS))
        if self.refiner not in REFINERS:
            raise ModelError(f"There is no refiner '{self.refiner}'.", hint=_one_of(REFINERS))
        if not self._has_width():
            raise ModelError(
                f"A {self.variant} network cannot be {self.width:g} wide.",
                hint="mobilenetv3 takes multiples of 1/120 up to 4, resnet50 only 1.",
            )

    def _has_width(self) -> bool:
        steps = self.width * _STEPS_OF_WIDTH
        if self.variant == "resnet50":
            return self.width == 1.0
        return 0 < self.width <= 4 and abs(steps - round(steps)) < 1e-6

    @property
    def feature_channels(self) -> tuple[int, int, int, int]:
        """Channels of the encoder's outputs f1..f4, at strides 2, 4, 8 and 16."""
        one, two, three, four = (scaled(each, self.width) for each in _FEATURES[self.variant])
        return one, two, three, four

    @property
    def context_channels(self) -> int:
        """Channels of LR-ASPP's output, at stride 16."""
        return scaled(_CONTEXT[self.variant], self.width)

    @property
    def decoder_channels(self) -> tuple[int, int, int, int]:
        """Channels of the decoder's stages 3, 2, 1 and 0; half of each of the first three is recurrent."""
        three, two, one, hidden = _DECODER[self.variant]
        # The hidden picture keeps 16 channels at every width: the refiner's input is of that size.
        return scaled(three, self.width), scaled(two, self.width), scaled(one, self.width), hidden

    @property
    def state_channels(self) -> tuple[int, int, int, int]:
        """Channels of the recurrent state r1..r4, at strides 2, 4, 8 and 16 of the reduced picture."""
        three, two, one, _ = self.decoder_channels
        return one // 2, two // 2, three // 2, self.context_channels // 2

    def state_shapes(self, width: int, height: int) -> tuple[tuple[int, int, int], ...]:
        """Channels, rows and columns of r1..r4 for a reduced picture of that width and height in pixels."""
        strides = (2, 4, 8, 16)
        return tuple(
            # Rounded up, as `ceil_mode` does at each stride.
            (channels, -(-height // stride), -(-width // stride))
            for channels, stride in zip(self.state_channels, strides, strict=True)
        )


def scaled(channels: int, width: float) -> int:
    """Channels at a width; at width 1 exactly those of the paper."""
    return channels if width == 1.0 else round_to_8(channels * width)


def round_to_8(channels: float) -> int:
    """The nearest multiple of 8, never below 8 nor below 90 % of what was asked for."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels else nearest + 8


def variant_of(shapes: Mapping[str, tuple[int, ...]]) -> Architecture:
    """Tell the architecture from a state dict's names and shapes.

    Only telling names are looked at; loading with `strict=True` checks the rest.

    Args:
        shapes: The shape of every tensor by its name, as the authors name them.

    Raises:
        ModelError: The names are not those of a Robust Video Matting checkpoint.
    """
    variant, channels = _encoder(shapes)
    for name in _ALWAYS:
        if name not in shapes:
            raise _foreign(f"it has no '{name}'")
    refined = any(name.startswith("refiner.") for name in shapes)
    width = channels / _LAST_LAYER[variant][1]
    return Architecture(variant, REFINERS[0] if refined else REFINERS[1], width)


def _encoder(shapes: Mapping[str, tuple[int, ...]]) -> tuple[str, int]:
    for variant, (name, _) in _LAST_LAYER.items():
        if shapes.get(name):
            return variant, shapes[name][0]
    raise _foreign("it has neither a mobilenetv3 nor a resnet50 encoder")


def _foreign(why: str) -> ModelError:
    return ModelError(
        f"These weights are not a Robust Video Matting checkpoint: {why}.",
        hint="Use a checkpoint of the RVM authors, or an installed network.",
    )


def _one_of(words: tuple[str, ...]) -> str:
    return f"Choose from: {', '.join(words)}."
