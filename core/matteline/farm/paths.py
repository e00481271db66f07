"""Paths on many machines: rules for the beginnings that differ between them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from matteline.contract.errors import JobError, ReadError
from matteline.contract.files import read_limited

PathMap = tuple[tuple[str, str], ...]
"""Rules, each the beginning of a path and what replaces it."""

RULES_VERSION = "pathmapping-1.0"
LONGEST_RULES_BYTES = 1 << 20


def map_path(path: str, rules: PathMap, is_here: Callable[[str], bool] = os.path.isdir) -> str:
    r"""Return a path as it was submitted, as it is on this machine.

    A rule counts where its source is no folder of this machine and its target is one, so the same rules serve
    all machines. Whole folder names are compared; those of Windows in any case, with `\` and `/` alike.

    Args:
        path: Such as `Z:\show\sh010\plate.####.exr`.
        rules: Such as `("Z:\show", "/mnt/show")`; the first that fits and whose target is here is taken.
        is_here: Whether a folder exists on this machine.
    """
    # Asked of the disk, rather than of the system's name: studios mount the same disk in several places.
    fitting = (each for each in rules if replace_beginning(path, (each,)) != path)
    chosen = next((each for each in fitting if not is_here(each[0]) and is_here(each[1])), None)
    return replace_beginning(path, (chosen,)) if chosen else path


def replace_beginning(path: str, rules: PathMap) -> str:
    """Return a path with its beginning replaced by the first rule that fits, whichever folders are here."""
    for source, target in rules:
        rest = _rest_below(path, source)
        if rest is None:
            continue
        if not rest:
            return target
        slash = "\\" if "\\" in target and "/" not in target else "/"
        return slash.join([target.rstrip("/\\"), *rest.split("/")])
    return path


def read_path_rules(file: Path) -> PathMap:
    """Read the rules that a session of Open Job Description has written for its tasks, the nearest first.

    Rules about addresses such as `s3://` are left out, because nothing in a farm job is one.

    Raises:
        ReadError: The file cannot be read.
        JobError: It holds no such rules.
    """
    try:
        data = json.loads(read_limited(file, LONGEST_RULES_BYTES))
        # An object without anything says that there are none.
        if data == {}:
            return ()
        if data["version"] != RULES_VERSION:
            raise ValueError(f"version {data['version']!r}")
        found = []
        for rule in data["path_mapping_rules"]:
            if rule["source_path_format"] == "URI":
                continue
            source, target = rule["source_path"], rule["destination_path"]
            if not (isinstance(source, str) and source and isinstance(target, str) and target):
                raise ValueError("a rule without two paths")
            found.append((source, target))
    except OSError as error:
        reason = error.strerror or "the system gives no reason"
        raise ReadError(f"The path rules {file} cannot be read: {reason}.", path=file) from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise JobError(
            f"{file} holds no path mapping rules of Open Job Description ({error}).",
            field="path_rules",
            hint=f"Give a file of version {RULES_VERSION}, such as {{{{Session.PathMappingRulesFile}}}}.",
        ) from None
    # The deepest folder first, as the specification wants it: the nearest rule decides.
    return tuple(sorted(found, key=lambda rule: -len(PurePosixPath(rule[0].replace("\\", "/")).parts)))


def _rest_below(path: str, source: str) -> str | None:
    """Return what follows `source` in a path, with `/` between names; None where the path does not lie there."""
    # A drive letter or two backslashes mark a path of Windows, whichever system this is.
    if source[1:2] == ":" or source.startswith("\\\\"):
        begin, whole = source.replace("\\", "/").rstrip("/"), path.replace("\\", "/")
        same = whole[: len(begin)].lower() == begin.lower()
    else:
        # A backslash may be part of a name here.
        begin, whole = source.rstrip("/"), path
        same = whole.startswith(begin)
    # Whole names only: /show is no beginning of /showreel.
    return whole[len(begin) :].lstrip("/") if same and whole[len(begin) :][:1] in ("", "/") else None
