"""Alpha round the edge from the plate's own colours: closed-form matting in a narrow band, coarse to fine.

Closed-form matting (Levin, Lischinski and Weiss, "A Closed-Form Solution to Natural Image Matting", 2008)
assumes that alpha in any 3x3 window is an affine function of colour, and measures how far a matte is from
that by a quadratic form, whose matrix is the matting Laplacian L. Given a matte a, this minimises

    x' L x  +  sum of c (x - a)^2

over a narrow band round the edge, beginning at a. c holds a pixel where the matte is sure of itself; outside
the band alpha stays as it is. The band is solved at a reduced size first, about that of the picture that the
matte was made from, and the next size begins with what changed there. So a soft edge of many pixels is
crossed in few steps, and detail of the plate is taken from the plate.

Steps are Chebyshev's semi-iteration over Jacobi's (Golub and Varga, "Chebyshev semi-iterative methods",
1961) and not conjugate gradients, because they need no sums over the picture: a pixel depends on what lies
within two pixels a step of it and on nothing else. Its bits are the same for any number of threads, and
whatever happens elsewhere. They stop long before they converge: the full solution measured worse.

The band is kept as tiles of 8x8 pixels with the tile's number innermost. A neighbour is then a slice, a step
is two dozen long multiply-adds, and only the two pixels round each tile are gathered. Time and memory grow
with the length of the edge, not with the picture.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d, pad

_TILE: Final = 8
# Two 3x3 windows that share a pixel reach two pixels away from it.
_HALO: Final = 2
_WIDE: Final = _TILE + 2 * _HALO
_CORE: Final = slice(_HALO, _HALO + _TILE)

# Tiles whose windows are worked on at once on a CPU: what lies between two steps then stays in its cache.
_CHUNK_TILES: Final = 384

_WINDOW: Final = tuple((down, right) for down in range(3) for right in range(3))
# The 24 neighbours that share a window with a pixel, as rows down and columns right.
_NEAR: Final = tuple((down, right) for down in range(-2, 3) for right in range(-2, 3) if down or right)

# Eigenvalues of the Jacobi-scaled system that the steps act on. The greatest measured is 2.05; whatever lies below
# the least is left as it was given, which is the point of stopping early.
_SPECTRUM: Final = (0.02, 2.2)

# c falls off as |2a - 1|^16: to a third of its greatest value at alpha 0.03, to nothing at 0.15.
_SURE_POWER: Final = 16

_LOWEST, _HIGHEST = 0.02, 0.98
"""Alpha between these is soft."""


@dataclass(frozen=True)
class BandSolver:
    """Closed-form alpha in a band round the edges of a matte. See `FOR_NETWORK` and `FOR_MASKS`.

    Attributes:
        reach_pixels: How far the band goes beyond soft pixels, and to both sides of a hard edge, at each size
            that is solved.
        certainty: c where the matte is 0 or 1. 0 for mattes that are not soft where they are unsure.
        coarse_steps: Steps at the least size.
        fine_steps: Steps at each larger size.
        weight: Share of the solution in the result; the rest is the matte as given.
        epsilon: Regularises colour in a window, in squares of 0..1. More keeps grain out of alpha and costs detail:
            1e-5 a twentieth of Grad, 3e-5 a tenth.
        most_tiles: Tiles of 64 pixels solved at once. Larger bands are cut into overlapping strips, with the
            same result.
    """

    reach_pixels: int
    certainty: float
    coarse_steps: int
    fine_steps: int
    weight: float
    epsilon: float = 1e-6
    most_tiles: int = 1 << 14

    def refine(self, picture: Tensor, alpha: Tensor, halvings: int) -> Tensor:
        """Solve for alpha round the edge of one frame.

        Args:
            picture: (3, H, W) float32, display-referred, 0..1 and finite: the network's picture.
            alpha: (H, W) float32, 0..1, on the picture's device. Never changed.
            halvings: How often the picture is halved for the least size, 0 or more; see `halvings`. From two on the
                largest size solved is half that of the picture.

        Returns:
            (H, W) float32, 0..1; outside the band alpha's own values, bit for bit. A picture smaller than a
            window gets `alpha` itself.
        """
        if min(alpha.shape) < 3:
            return alpha
        sizes = [alpha]
        while len(sizes) <= halvings and min(sizes[-1].shape) > 2 * _TILE:
            sizes.append(_halved(sizes[-1]))
        change: Tensor | None = None
        finest = 1 if len(sizes) > 2 else 0
        for halved in reversed(range(finest, len(sizes))):
            steps = self.coarse_steps if change is None else self.fine_steps
            change = self._change(picture, sizes[halved], halved, change, steps)
        assert change is not None
        if finest:
            # Half the time, for five hundredths of the gain: the matte at full size keeps its own detail.
            change = interpolate(change[None, None], scale_factor=2, mode="bilinear")[0, 0]
            change = change[: alpha.shape[0], : alpha.shape[1]]
        # Where nothing changed this adds an exact zero.
        return torch.add(alpha, change, alpha=self.weight).clamp_(0, 1)

    def _change(
        self, picture: Tensor, alpha: Tensor, halved: int, coarse: Tensor | None, steps: int
    ) -> Tensor:
        """Solve at one size: what it adds to that size's alpha (h, w), 0 outside the band.

        Args:
            picture: At full size.
            alpha: At this size.
            halved: How often this size was halved.
            coarse: What solving at half this size added to its alpha; None to begin from alpha.
            steps: How many.
        """
        change = torch.zeros_like(alpha)
        near = _near_edges(alpha, self.reach_pixels)
        for index, own in _strips(near, alpha.shape, steps, self.most_tiles):
            tiles = _Tiles.of(index, alpha, self.reach_pixels)
            core = tiles.gather(alpha, 0)
            sure = self.certainty * (2 * core - 1).square_().square_().square_().square_()
            weights, goal = _system(tiles, picture, halved, core, sure, self.epsilon)
            x = tiles.gather(alpha, _HALO)
            if coarse is not None:
                begun = (core + tiles.gather_twice_as_large(coarse)).clamp_(0, 1)
                x[_CORE, _CORE] = torch.where(tiles.band, begun, core)
                tiles.exchange(x)
            solved = _steps(tiles, weights, goal, x, steps)
            tiles.put(change, solved.clamp(0, 1).sub_(core), own)
        return change


FOR_NETWORK: Final = BandSolver(reach_pixels=1, certainty=0.4, coarse_steps=24, fine_steps=16, weight=0.9)
"""For mattes of the network: hardly more than their soft pixels, since a wider band measured worse, and held
where the network is sure. `python -m tests.benchmarks.quality alpha` shows the gain."""

FOR_MASKS: Final = BandSolver(reach_pixels=5, certainty=0, coarse_steps=50, fine_steps=15, weight=1)
"""For binary and coarse mattes, halved once: ten pixels to both sides of the edge may become soft."""


def is_mask(alpha: Tensor) -> bool:
    """Tell if a matte (H, W), 0..1, has edges that are hard, or smoothed over a pixel or two: `FOR_MASKS` fits it."""
    inside = alpha > 0.5
    beside, below = inside[:, 1:] != inside[:, :-1], inside[1:] != inside[:-1]
    soft = ((alpha > _HARD) & (alpha < 1 - _HARD)).sum()
    return bool(soft <= _SMOOTHED_PIXELS * (beside.sum() + below.sum()))


_HARD: Final = 0.02
_SMOOTHED_PIXELS: Final = 3.0
"""Soft pixels for each pixel of an edge's length, up to which a matte counts as a mask; mattes of a network have five
and more, of hair far more."""


def halvings(downsample_ratio: float) -> int:
    """Return how often to halve a plate, at least once, by the ratio at which the network saw it."""
    return max(1, round(-math.log2(downsample_ratio)))


@dataclass(frozen=True)
class _Tiles:
    """Tiles of one size of a frame.

    Attributes:
        index: (T,) int64, ascending: numbers of the tiles in reading order.
        band: (8, 8, T) bool: pixels to solve for.
        size: Height and width of the picture.
        borders: Four strips of the two pixels round each tile: their rows, their columns, and where in a
            flattened (12, 12, T) their values are found; in themselves where no tile of the band is.
    """

    index: Tensor
    band: Tensor
    size: tuple[int, int]
    borders: tuple[tuple[slice, slice, Tensor], ...]

    @classmethod
    def of(cls, index: Tensor, alpha: Tensor, reach: int) -> _Tiles:
        """Those of some tiles that hold pixels of the band."""
        size = (alpha.shape[0], alpha.shape[1])
        rows, columns = _places(index, reach, size)
        near = _taken(alpha, rows, columns)
        band = _any_within(near > _LOWEST, reach) & _any_within(near < _HIGHEST, reach)
        rows, columns = _places(index, 0, size, clamped=False)
        band &= (rows < size[0])[:, None] & (columns < size[1])
        held = torch.nonzero(band.view(-1, len(index)).any(0)).squeeze(1)
        index = index[held]
        return cls(index, band[..., held], size, _borders(index, size))

    def gather(self, image: Tensor, halo: int) -> Tensor:
        """An image's pixels in and `halo` pixels round each tile: (8 + 2 halo, 8 + 2 halo, T)."""
        return _taken(image, *_places(self.index, halo, self.size))

    def gather_twice_as_large(self, half: Tensor) -> Tensor:
        """Pixels (8, 8, T) of an image of half the size, enlarged bilinearly."""
        (near, far), (left, right) = (
            (each // 2, (each // 2 + each % 2 * 2 - 1).clamp_(0, most - 1))
            for each, most in zip(_places(self.index, 0, self.size), half.shape, strict=True)
        )
        made = _taken(half, near, left) * 0.5625
        made.add_(_taken(half, near, right), alpha=0.1875).add_(_taken(half, far, left), alpha=0.1875)
        return made.add_(_taken(half, far, right), alpha=0.0625)

    def exchange(self, x: Tensor) -> None:
        """Bring the pixels round each tile (12, 12, T) up to date with the tiles beside it."""
        flat = x.view(-1)
        for rows, columns, source in self.borders:
            x[rows, columns] = flat.index_select(0, source.view(-1)).view(source.shape)

    def put(self, image: Tensor, values: Tensor, rows: range) -> None:
        """Write the band's values (8, 8, T) of tiles in a range of rows of tiles into an image."""
        row, column = _places(self.index, 0, self.size)
        chosen = self.band & (row[0] >= rows.start * _TILE) & (row[0] < rows.stop * _TILE)
        image.view(-1)[(row[:, None] * self.size[1] + column)[chosen]] = values[chosen]


def _near_edges(alpha: Tensor, reach: int) -> Tensor:
    """Numbers of the tiles that may hold pixels of the band, ascending."""
    down, across = _grid(alpha.shape)
    missing = (0, across * _TILE - alpha.shape[1], 0, down * _TILE - alpha.shape[0])
    # Rows first: those lie one after another in memory.
    rows = (pad(alpha[None], missing, mode="replicate")[0] if any(missing) else alpha).view(down, _TILE, -1)
    most = rows.amax(1).view(down, across, _TILE).amax(2)
    least = rows.amin(1).view(down, across, _TILE).amin(2)
    ring = -(-reach // _TILE)
    most, least = (max_pool2d(each[None, None], 2 * ring + 1, 1, ring)[0, 0] for each in (most, -least))
    return torch.nonzero(((most > _LOWEST) & (-least < _HIGHEST)).view(-1)).squeeze(1)


def _strips(index: Tensor, size: torch.Size, steps: int, most: int) -> Iterator[tuple[Tensor, range]]:
    """Cut a band that is too large into strips of rows of tiles.

    Yields:
        Numbers of the tiles to solve for, with as many around a strip as reach into it; and the strip's rows.
    """
    down, across = _grid(size)
    if len(index) <= most:
        if len(index):
            yield index, range(down)
        return
    row = index // across
    held = row.bincount(minlength=down).tolist()
    # A step reaches two pixels further: with these tiles around it a strip comes out as in the whole band.
    margin = -(-_HALO * (steps + 1) // _TILE)
    first = 0
    while first < down:
        last, count = first + 1, held[first]
        while last < down and count + held[last] <= most:
            count += held[last]
            last += 1
        yield index[(row >= first - margin) & (row < last + margin)], range(first, last)
        first = last


def _grid(size: torch.Size | tuple[int, int]) -> tuple[int, int]:
    """Return the number of tiles that cover a picture, down and across."""
    return -(-size[0] // _TILE), -(-size[1] // _TILE)


def _places(
    index: Tensor, halo: int, size: tuple[int, int], *, clamped: bool = True
) -> tuple[Tensor, Tensor]:
    """Rows and columns (8 + 2 halo, T) of pixels in and round tiles; clamped, they lie in the picture."""
    around = torch.arange(-halo, _TILE + halo, device=index.device)[:, None]
    across = _grid(size)[1]
    rows, columns = index // across * _TILE + around, index % across * _TILE + around
    return (rows.clamp_(0, size[0] - 1), columns.clamp_(0, size[1] - 1)) if clamped else (rows, columns)


def _taken(image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Pixels of an image (H, W) at rows (R, T) by columns (C, T): (R, C, T)."""
    place = rows[:, None] * image.shape[1] + columns
    return image.reshape(-1).index_select(0, place.view(-1)).view(place.shape)


def _any_within(near: Tensor, reach: int) -> Tensor:
    """Mark pixels in whose surrounding square any pixel is true: (n, n, T) from (n + 2 reach, n + 2 reach, T)."""
    for axis in (0, 1):
        length = near.shape[axis] - 2 * reach
        found = near.narrow(axis, 0, length).clone()
        for step in range(1, 2 * reach + 1):
            found |= near.narrow(axis, step, length)
        near = found
    return near


def _borders(index: Tensor, size: tuple[int, int]) -> tuple[tuple[slice, slice, Tensor], ...]:
    down, across = _grid(size)
    number = torch.full((down * across,), -1, device=index.device)
    number[index] = torch.arange(len(index), device=index.device)
    rows, columns = _places(index, _HALO, size)
    first, last, whole = slice(0, _HALO), slice(_HALO + _TILE, _WIDE), slice(0, _WIDE)
    own = torch.arange(_WIDE * _WIDE * len(index), device=index.device).view(_WIDE, _WIDE, -1)
    made = []
    for r, c in ((first, whole), (last, whole), (_CORE, first), (_CORE, last)):
        row, column = rows[r][:, None], columns[c]
        tile = number[row // _TILE * across + column // _TILE]
        source = ((row % _TILE + _HALO) * _WIDE + column % _TILE + _HALO) * len(index) + tile
        made.append((r, c, torch.where(tile < 0, own[r, c], source)))
    return tuple(made)


def _steps(tiles: _Tiles, weights: Tensor, goal: Tensor, x: Tensor, steps: int) -> Tensor:
    """Move x towards x = goal + sum of weights * neighbours.

    Args:
        tiles: The band.
        weights: (24, 8, 8, T), by the neighbours of `_NEAR`; 0 outside the band.
        goal: (8, 8, T); outside the band the value that stays.
        x: (12, 12, T), where to begin. Changed.
        steps: How many.

    Returns:
        The inner part of x, (8, 8, T).
    """
    middle, half = (_SPECTRUM[1] + _SPECTRUM[0]) / 2, (_SPECTRUM[1] - _SPECTRUM[0]) / 2
    core, rest, step = x[_CORE, _CORE], torch.empty_like(goal), torch.zeros_like(goal)
    # Views, which follow x from step to step.
    neighbours = [x[_moved(down), _moved(right)] for down, right in _NEAR]
    # The ratio of two Chebyshev polynomials that follow one another, at the spectrum's distance from 0.
    ratio, momentum, length = half / middle, 0.0, 1 / middle
    for _ in range(steps):
        # All pixels are judged before any of them moves, so that their order does not matter.
        torch.sub(goal, core, out=rest)
        for weight, neighbour in zip(weights, neighbours, strict=True):
            rest.addcmul_(weight, neighbour)
        step.mul_(momentum).add_(rest, alpha=length)
        core.add_(step)
        tiles.exchange(x)
        before, ratio = ratio, 1 / (2 * middle / half - ratio)
        momentum, length = ratio * before, 2 * ratio / half
    return core


def _moved(by: int) -> slice:
    return slice(_HALO + by, _HALO + by + _TILE)


def _system(
    tiles: _Tiles, picture: Tensor, halved: int, core: Tensor, sure: Tensor, epsilon: float
) -> tuple[Tensor, Tensor]:
    """Weights (24, 8, 8, T) and goal (8, 8, T) of `_steps`: the rows of L + c, each divided by its diagonal.

    Args:
        tiles: The band.
        picture: (3, H, W) at full size.
        halved: How often the picture is halved for the band's size.
        core: The alpha that is there, (8, 8, T).
        sure: c, (8, 8, T).
        epsilon: As of `BandSolver`.
    """
    count = len(tiles.index)
    weights = core.new_empty(len(_NEAR), _TILE, _TILE, count)
    goal = core.clone()
    chunk = _CHUNK_TILES if core.device.type == "cpu" else count
    for first in range(0, count, chunk):
        part = slice(first, first + chunk)
        index, own = tiles.index[part], weights[..., part]
        colours = _colours(picture, halved, index, tiles.size)
        _fill_affinities(own, colours, _whole_windows(index, tiles.size), epsilon)
        diagonal = sure[..., part].clone()
        for each in own:
            # One by one, since a sum over an axis adds in an order that depends on where a pixel lies.
            diagonal.add_(each)
        inside = tiles.band[..., part] & (diagonal > 0)
        scale = torch.where(inside, 1 / diagonal, 0)
        own.mul_(scale)
        goal[..., part] = torch.where(inside, core[..., part] * sure[..., part] * scale, core[..., part])
    return weights, goal


def _colours(picture: Tensor, halved: int, index: Tensor, size: tuple[int, int]) -> Tensor:
    """Colours (3, 12, 12, T) in and round tiles of a picture that is halved so many times.

    Each is the mean of four pixels about the middle of those it stands for: as good as the mean of all, as
    measured, and no reduced picture is needed.
    """
    rows, columns = (each << halved for each in _places(index, _HALO, size))
    taps = {(1 << halved) // 4, (1 << halved) - 1 - (1 << halved) // 4}
    height, width = picture.shape[1:]
    made = picture.new_zeros(3, _WIDE, _WIDE, len(index))
    planes = picture.reshape(3, -1)
    for down, right in itertools.product(sorted(taps), repeat=2):
        row, column = (rows + down).clamp_(max=height - 1), (columns + right).clamp_(max=width - 1)
        place = (row[:, None] * width + column).view(-1)
        for plane, colour in zip(planes, made, strict=True):
            colour.add_(plane.index_select(0, place).view_as(colour))
    return made.div_(len(taps) ** 2)


def _whole_windows(index: Tensor, size: tuple[int, int]) -> Tensor:
    """1 where a window lies wholly in the picture, else 0: (10, 10, T) float32, by windows' middles."""
    rows, columns = _places(index, 1, size, clamped=False)
    down, across = (rows > 0) & (rows < size[0] - 1), (columns > 0) & (columns < size[1] - 1)
    return (down[:, None] & across).float()


def _fill_affinities(weights: Tensor, colours: Tensor, whole: Tensor, epsilon: float) -> None:
    """-L off its diagonal: for each pixel of tiles how strongly each neighbour ties it.

    A window with mean m and covariance C ties its pixels i and j by
    (1 + (I_i - m)' (C + e/9)^-1 (I_j - m)) / 9 (Levin et al., equation 12). With colours whitened by the
    Cholesky factor of the matrix in the middle that is a product of three numbers by three.

    Args:
        weights: (24, 8, 8, T), to be filled.
        colours: (3, 12, 12, T), 0..1.
        whole: (10, 10, T), from `_whole_windows`.
        epsilon: As of `BandSolver`.
    """
    white = _whitened(colours, whole, epsilon / 9)
    all_whole = bool(whole.all())
    total = colours.new_empty(_WIDE, _WIDE, whole.shape[2])
    for (down, right), pairs in _PAIRS.items():
        # The window at (i, j) of `white` has its upper left pixel at (i, j) of the tile and its halo.
        places = [
            total[row : row + _TILE + 2, column : column + _TILE + 2]
            for row, column in (_WINDOW[one] for one, _ in pairs)
        ]
        total.fill_(len(pairs) if all_whole else 0)
        for place in () if all_whole else places:
            place.add_(whole)
        total.div_(9)
        for place, (one, other) in zip(places, pairs, strict=True):
            for u, v in zip(white[one], white[other], strict=True):
                place.addcmul_(u, v)
        # L is symmetric: this ties a pixel to its neighbour there, and to the one on the other side.
        weights[_NEAR.index((down, right))] = total[_CORE, _CORE]
        weights[_NEAR.index((-down, -right))] = total[_moved(-down), _moved(-right)]


def _whitened(colours: Tensor, whole: Tensor, least: float) -> Tensor:
    """A third of the whitened colours of each window's nine pixels (9, 3, 10, 10, T); 0 if not whole."""
    seen = [colours[:, row : row + _TILE + 2, column : column + _TILE + 2] for row, column in _WINDOW]
    mean = seen[0] + seen[1]
    for each in seen[2:]:
        mean.add_(each)
    mean.div_(9)
    white = colours.new_empty(9, *mean.shape)
    for each, place in zip(seen, white, strict=True):
        torch.sub(each, mean, out=place)
    # So that products of two are divided by the nine pixels of a window.
    red, green, blue = white.div_(3).unbind(1)
    # Cholesky's factor by rows; rounding may leave less than epsilon below the root, which is never right.
    a = _dots(red, red).add_(least).sqrt_()
    b, d = _dots(green, red).div_(a), _dots(blue, red).div_(a)
    c = _dots(green, green).add_(least).addcmul_(b, b, value=-1).clamp_(min=least).sqrt_()
    e = _dots(blue, green).addcmul_(d, b, value=-1).div_(c)
    f = (
        _dots(blue, blue)
        .add_(least)
        .addcmul_(d, d, value=-1)
        .addcmul_(e, e, value=-1)
        .clamp_(min=least)
        .sqrt_()
    )
    red.mul_(whole / a)
    green.addcmul_(b, red, value=-1).mul_(whole / c)
    blue.addcmul_(d, red, value=-1).addcmul_(e, green, value=-1).mul_(whole / f)
    return white


def _dots(one: Tensor, other: Tensor) -> Tensor:
    """The sum over nine pixels of products: (n, n, T) from (9, n, n, T) each."""
    total = one[0] * other[0]
    for u, v in zip(one[1:], other[1:], strict=True):
        total.addcmul_(u, v)
    return total


def _pairs() -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Pairs of pixels of a window, by how far the second lies down and right of the first."""
    made: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for one, (row, column) in enumerate(_WINDOW):
        for other in range(one + 1, 9):
            apart = (_WINDOW[other][0] - row, _WINDOW[other][1] - column)
            made.setdefault(apart, []).append((one, other))
    return made


_PAIRS: Final = _pairs()


def _halved(image: Tensor) -> Tensor:
    """An image (H, W) at half its size, rounded up, each pixel the mean of four."""
    height, width = image.shape
    if height % 2 or width % 2:
        image = pad(image[None], (0, width % 2, 0, height % 2), mode="replicate")[0]
    rows = image[::2] + image[1::2]
    return (rows[:, ::2] + rows[:, 1::2]).mul_(0.25)
