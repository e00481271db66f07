"""One path on many machines: the beginnings that differ between them."""

from __future__ import annotations

import os
from collections.abc import Callable

PathMap = tuple[tuple[str, str], ...]


def mapped(path: str, rules: PathMap, is_here: Callable[[str], bool] = os.path.isdir) -> str:
    r"""A path as it was submitted, as it is on this machine.

    A rule counts where its source is no folder of this machine and its target is one, so the same rules serve
    all machines. Whole folder names are compared, `\` and `/` alike, and drive letters in any case.

    Args:
        path: Such as `Z:\show\sh010\plate.####.exr`.
        rules: Such as `("Z:\show", "/mnt/show")`; the first that fits and whose target is here is taken.
        is_here: Whether a folder exists on this machine.
    """
    for source, target in rules:
        rest = _below(path, source)
        if rest is not None and not is_here(source) and is_here(target):
            return _joined(target, rest)
    return path


def parse_rule(text: str) -> tuple[str, str] | None:
    r"""Read `Z:\show=/mnt/show`; None where it is no rule."""
    source, equals, target = text.partition("=")
    return (source.strip(), target.strip()) if equals and source.strip() and target.strip() else None


def _below(path: str, source: str) -> str | None:
    """What follows `source` in a path; None where the path does not lie there."""
    begin, whole = source.replace("\\", "/").rstrip("/"), path.replace("\\", "/")
    if source[1:2] == ":" or source.startswith("\\\\"):
        same = whole[: len(begin)].lower() == begin.lower()
    else:
        same = whole.startswith(begin)
    return whole[len(begin) :].lstrip("/") if same and whole[len(begin) :][:1] in ("", "/") else None


def _joined(target: str, rest: str) -> str:
    slash = "\\" if "\\" in target and "/" not in target else "/"
    return slash.join([target.rstrip("/\\"), *rest.split("/")]) if rest else target
