"""Pictures with masks made by hand, as packed examples: true labels, though without soft edges."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from matteline.contract.errors import ReadError
from matteline.training.folders import people_in_mask
from matteline.training.pack import Example, Pack, add_to_pack, packed_keys
from matteline.training.pairs import Pair
from matteline.training.pictures import read_picture, shrink

_LONGEST = 512  # longer side of a picture in pixels, before it is packed


def masked_examples(
    pairs: Sequence[Pair], cache: Path, *, side: int, progress: Callable[[int, int], None]
) -> Pack:
    """Pack pictures with their masks, or take them from the cache as far as it goes.

    The mask stands for alpha, and the picture for the foreground.

    Args:
        pairs: Pictures and masks.
        cache: Folder for all caches.
        side: Side in pixels of the squares that are kept.
        progress: Called with the number of pictures done, and of all.

    Raises:
        ReadError: A picture or a mask cannot be read.
        WriteError: The cache cannot be written.
    """
    folder = cache / f"masked-{side}"
    by_key: dict[str, Pair] = {}
    for pair in pairs:
        # Of both files, so that a mask that was mended makes a new example.
        digest = hashlib.sha256()
        for path in (pair.picture.path, pair.truth.path):
            try:
                digest.update(path.read_bytes())
            except OSError as error:
                raise ReadError(f"{path} cannot be read: {error.strerror}.", path=path) from error
        by_key[digest.hexdigest()[:24]] = pair
    there = packed_keys(folder)
    missing = {key: pair for key, pair in by_key.items() if key not in there}
    for added in add_to_pack(folder, _examples(missing), side):
        progress(len(by_key) - len(missing) + added, len(by_key))
    return Pack(folder, list(by_key))


def _examples(pairs: Mapping[str, Pair]) -> Iterable[Example]:
    for key, pair in pairs.items():
        # Shrunk before they are made square, so that both are averaged alike.
        picture = shrink(read_picture(pair.picture.path), _LONGEST)
        # Hard edges stay hard but for the averaging; soft ones are learned from drawn people.
        mask = people_in_mask(read_picture(pair.truth.path))
        mask = shrink(mask[..., None], _LONGEST)[..., 0]
        height, width = picture.shape[:2]
        yield Example(key, picture, picture, mask, mask, width / height)
