"""One shot's way from plate to network picture and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from matteline.colour.background import STRIDE, Background, guess_background
from matteline.colour.codec import Codec, OcioCodec
from matteline.colour.denoise import denoise
from matteline.colour.foreground import clamp_to_mixture, decode_prediction, estimated_share, weigh_prediction
from matteline.colour.levels import OPAQUE_ALPHA
from matteline.colour.multilevel import estimate_foreground
from matteline.colour.pixel_codec import PixelCodec, colour_tensor, make_pixel_codec, unit_floats
from matteline.colour.space import PlateSpace
from matteline.colour.tone import ShoulderToneMap, SrgbToneMap, ToneMap
from matteline.colour.view import ViewToneMap


@dataclass(frozen=True)
class _DeviceTransform:
    """Both halves of the way from plate to picture, ready on one device."""

    codec: PixelCodec
    tone_map: ToneMap


class PictureTransform:
    """Plate to network picture, and the network's foreground back to the plate's space. One for each shot.

    Integer plates in sRGB or Rec.709 are shown to the network as they are. All others become linear Rec.709,
    are exposed by the same number of stops in every frame, and are shown through the sRGB curve with a
    shoulder near white. Safe to use from several threads at once.

    Args:
        space: The plate's space.
        exposure_stops: What the network's picture is lifted by, in linear light. The foreground is not.
        denoise: How much grain is taken out of the network's picture, 0 to 1. The foreground keeps its own.
        view: `display/view` of the plate's config to show the picture through, instead of the sRGB curve.

    Raises:
        ColourError: From any method, where the config cannot do its part.
    """

    def __init__(
        self, space: PlateSpace, *, exposure_stops: float = 0.0, denoise: float = 0.0, view: str | None = None
    ) -> None:
        self._space = space
        self._is_as_shown = space.is_picture and exposure_stops == 0 and view is None
        self._denoise = denoise
        self._view = view
        self._codec: Codec | OcioCodec = space.codec.scaled(2.0**exposure_stops)
        self._ready: dict[torch.device, _DeviceTransform] = {}

    def _on(self, device: torch.device) -> _DeviceTransform:
        # Two threads may both build one; either will do.
        if device not in self._ready:
            tone_map: ToneMap = (
                ShoulderToneMap(device)
                if self._view is None
                else ViewToneMap(self._space.config, self._view, device)
            )
            self._ready[device] = _DeviceTransform(make_pixel_codec(self._codec, device), tone_map)
        return self._ready[device]

    def _is_picture(self, pixels: np.ndarray) -> bool:
        return self._is_as_shown and pixels.dtype.kind == "u"

    def to_network(self, pixels: np.ndarray, device: torch.device) -> Tensor:
        """Return the picture of a frame that the network sees.

        Args:
            pixels: (H, W, 3 or 4) uint8, uint16, float16 or float32 in the plate's space; integers are
                full-scale. A fourth channel is left out.
            device: Where the picture is wanted.

        Returns:
            (3, H, W) float32, contiguous, sRGB-encoded, 0..1, finite.
        """
        values = _uploaded(colour_tensor(pixels), device)
        return denoise(self._shown(values, self._is_picture(pixels)), self._denoise)

    def _shown(self, values: Tensor, is_picture: bool) -> Tensor:
        if is_picture:
            return unit_floats(values.permute(2, 0, 1).contiguous())
        own, (height, width, _) = self._on(values.device), values.shape
        made = torch.empty(3, height * width, device=values.device)
        pieces = zip(_pieces(values.reshape(-1, 3), own), _pieces(made.T, own), strict=True)
        for piece, place in pieces:
            place.T.copy_(own.tone_map.encode(own.codec.to_linear(piece)))
        return made.view(3, height, width)

    def restore(
        self, *, plate: np.ndarray, alpha: Tensor, fgr: Tensor | None, codes: bool = False
    ) -> np.ndarray:
        """Return the straight foreground in the plate's own space.

        Where alpha is 1, or rounds to it in 8 bits, the values are the plate's own, bit for bit. In soft
        edges they are estimated from plate and alpha (see `multilevel`), and mixed with the predicted colour
        weighed against the plate (see `foreground.weigh_prediction`) if there is a prediction. Where alpha
        is 0 they are 0, so that files stay small and nothing hides there.

        Args:
            plate: (H, W, 3 or 4) as `to_network` had it.
            alpha: (H, W) float, 0..1, on any device.
            fgr: (3, H, W) float, sRGB-encoded, 0..1, on alpha's device: the network's straight foreground;
                None for mattes from elsewhere.
            codes: Returns 8-bit codes of an 8-bit plate, so that most of a frame never becomes floats.

        Returns:
            (H, W, 3), plane after plane: float16 for a float16 plate, uint8 where codes are wanted, else float32,
            with integers as 0..1.
        """
        flat = alpha.detach().reshape(-1)
        # The plate's values are copied and only soft pixels computed: most of a frame is one or the other.
        values = colour_tensor(plate)
        kind = values.dtype if codes or values.dtype.is_floating_point else torch.float32
        covered = (flat > 0).view(alpha.shape).cpu()
        made = torch.empty(3, *alpha.shape, dtype=kind)
        for plane, own in zip(made, values.unbind(2), strict=True):
            torch.where(
                covered, own if own.dtype == kind else unit_floats(own), plane.new_zeros(()), out=plane
            )
        soft = torch.nonzero((flat > 0) & (flat < OPAQUE_ALPHA)).squeeze(1)
        if soft.numel():
            edges = self._edges(plate, alpha.detach().float().contiguous(), soft, fgr)
            if codes:
                # Rounded as a writer of floats would: the nearest code, and 0 for what is no number.
                edges = edges.nan_to_num(0).clamp(0, 1).mul(255).add(0.5)
            made.view(3, -1)[:, soft.cpu()] = edges.T.to(made)
        return made.permute(1, 2, 0).numpy()

    def network_foreground(self, *, plate: np.ndarray, fgr: Tensor) -> np.ndarray:
        """Return the network's foreground as predicted, everywhere, in the plate's own space.

        Args:
            plate: The frame, for its dtype alone.
            fgr: As for `restore`.

        Returns:
            As `restore`, without what the network cannot see: highlights, and colours outside Rec.709. Planes may
            lie one after the other, and be those of `fgr`: it is only to be read.
        """
        height, width = fgr.shape[1:]
        flat = fgr.detach().reshape(3, -1).float()
        own, shown = self._on(fgr.device), self._is_picture(plate)
        made = flat.T if shown else own.codec.from_linear(own.tone_map.decode(flat))
        kind = torch.float16 if plate.dtype == np.float16 else torch.float32
        return made.view(height, width, 3).to("cpu", kind).numpy()

    def _edges(self, plate: np.ndarray, alpha: Tensor, soft: Tensor, fgr: Tensor | None) -> Tensor:
        """Return the foreground (N, 3), in the plate's space, of soft pixels given by their flat places (N,)."""
        values, own, shown = colour_tensor(plate), self._on(alpha.device), self._is_picture(plate)
        flat = values.reshape(-1, 3)

        def recorded(places: Tensor) -> Tensor:
            return flat[places.cpu()].to(alpha.device)

        def colours(places: Tensor) -> Tensor:
            # A plate that is shown as it is was matted in its own values, so there its colours mix.
            if shown:
                return unit_floats(recorded(places)).T.contiguous()
            return torch.cat([own.codec.to_linear(part) for part in _pieces(recorded(places), own)], 1)

        cover = (alpha.view(-1)[soft] / OPAQUE_ALPHA).clamp_(max=1)
        background = self._background(values, alpha)
        if fgr is None:
            estimate = clamp_to_mixture(estimate_foreground(colours, alpha, soft), colours(soft), cover)
            return estimate.T if shown else self._recorded(estimate)
        light = torch.cat([own.codec.to_linear(part) for part in _pieces(recorded(soft), own)], 1)
        seen = fgr.detach().view(3, -1)[:, soft].float().clamp(0, 1)
        predicted, doubt = decode_prediction(seen, cover, SrgbToneMap() if shown else own.tone_map)
        # The picture ends at black; what the plate holds below it is added back.
        predicted = predicted + light.clamp(max=0)
        if background is None:
            # Nothing shows the background alone, so an estimate has nothing to tell it from the foreground by.
            return self._recorded(weigh_prediction(light, cover, predicted, doubt, None))
        behind = background.at(soft)
        weighed = weigh_prediction(light, cover, predicted, doubt, behind)
        share = estimated_share(predicted, doubt, behind)
        if shown:
            estimate = clamp_to_mixture(estimate_foreground(colours, alpha, soft), colours(soft), cover)
            return torch.lerp(self._recorded(weighed), estimate.T, share.T)
        estimate = clamp_to_mixture(estimate_foreground(colours, alpha, soft), light, cover)
        return self._recorded(torch.lerp(weighed, estimate, share))

    def _recorded(self, linear: Tensor) -> Tensor:
        """Return linear Rec.709 (3, N) in the plate's space (N, 3)."""
        codec = self._on(linear.device).codec
        return torch.cat([codec.from_linear(part) for part in torch.split(linear, codec.at_once, 1)])

    def _background(self, values: Tensor, alpha: Tensor) -> Background | None:
        # A sixteenth of the plate travels to the device and through the codec.
        some = values[::STRIDE, ::STRIDE].to(alpha.device)
        linear = self._on(alpha.device).codec.to_linear(some.reshape(-1, 3)).view(3, *some.shape[:2])
        height, width = alpha.shape
        return guess_background(linear, alpha[::STRIDE, ::STRIDE] <= 0, (height, width))


def _uploaded(values: Tensor, device: torch.device) -> Tensor:
    """Return a copy on a device, where it is not the CPU."""
    if device.type != "cuda":
        return values.to(device)
    # A GPU reads pinned memory by itself and at full speed; torch keeps it until that is done.
    return values.pin_memory().to(device, non_blocking=True)


def _pieces(pixels: Tensor, transform: _DeviceTransform) -> tuple[Tensor, ...]:
    """Split pixels (N, ...) of a plate into pieces as large as its codec likes."""
    return torch.split(pixels, transform.codec.at_once)
