"""One path on many machines: the beginnings that differ between them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matteline.contract.errors import JobError, ReadError

PathMap = tuple[tuple[str, str], ...]
RULES_VERSION = "pathmapping-1.0"
LONGEST_RULES_BYTES = 1 << 20


def mapped(path: str, rules: PathMap, is_here: Callable[[str], bool] = os.path.isdir) -> str:
    r"""A path as it was submitted, as it is on this machine.

    A rule counts where its source is no folder of this machine and its target is one, so the same rules serve
    all machines. Whole folder names are compared; those of Windows in any case, with `\` and `/` alike.

    Args:
        path: Such as `Z:\show\sh010\plate.####.exr`.
        rules: Such as `("Z:\show", "/mnt/show")`; the first that fits and whose target is here is taken.
        is_here: Whether a folder exists on this machine.
    """
    fitting = (each for each in rules if moved(path, (each,)) != path)
    chosen = next((each for each in fitting if not is_here(each[0]) and is_here(each[1])), None)
    return moved(path, (chosen,)) if chosen else path


def moved(path: str, rules: PathMap) -> str:
    """A path with its beginning replaced by the first rule that fits, whichever folders this machine has."""
    for source, target in rules:
        rest = _below(path, source)
        if rest is not None:
            return _joined(target, rest)
    return path


def rules_in(file: Path) -> PathMap:
    """The rules that a session of Open Job Description has written for its tasks, the nearest first.

    Rules about addresses such as `s3://` are left out, because nothing in a ticket is one.

    Raises:
        ReadError: The file cannot be read.
        JobError: It holds no such rules.
    """
    try:
        with open(file, "rb") as stream:
            data = json.loads(stream.read(LONGEST_RULES_BYTES))
        # An object without anything says that there are none.
        if data == {}:
            return ()
        if data["version"] != RULES_VERSION:
            raise ValueError(f"version {data['version']!r}")
        found = [_rule(each) for each in data["path_mapping_rules"] if each["source_path_format"] != "URI"]
    except OSError as error:
        reason = error.strerror or "the system gives no reason"
        raise ReadError(f"The path rules {file} cannot be read: {reason}.", path=file) from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise JobError(
            f"{file} holds no path mapping rules of Open Job Description ({error}).",
            field="path_rules",
            hint=f"Give a file of version {RULES_VERSION}, such as {{{{Session.PathMappingRulesFile}}}}.",
        ) from None
    return tuple(sorted(found, key=lambda rule: -len(_folders(rule[0]))))


def _rule(rule: Any) -> tuple[str, str]:
    source, target = rule["source_path"], rule["destination_path"]
    if not (isinstance(source, str) and source and isinstance(target, str) and target):
        raise ValueError("a rule without two paths")
    return source, target


def _folders(path: str) -> list[str]:
    return [each for each in path.replace("\\", "/").split("/") if each]


def parse_rule(text: str) -> tuple[str, str] | None:
    r"""Read `Z:\show=/mnt/show`; None where it is no rule."""
    source, equals, target = text.partition("=")
    return (source.strip(), target.strip()) if equals and source.strip() and target.strip() else None


def _below(path: str, source: str) -> str | None:
    """What follows `source` in a path; None where the path does not lie there."""
    if source[1:2] == ":" or source.startswith("\\\\"):
        begin, whole = source.replace("\\", "/").rstrip("/"), path.replace("\\", "/")
        same = whole[: len(begin)].lower() == begin.lower()
    else:
        # A backslash may be part of a name here.
        begin, whole = source.rstrip("/"), path
        same = whole.startswith(begin)
    return whole[len(begin) :].lstrip("/") if same and whole[len(begin) :][:1] in ("", "/") else None


def _joined(target: str, rest: str) -> str:
    slash = "\\" if "\\" in target and "/" not in target else "/"
    return slash.join([target.rstrip("/\\"), *rest.split("/")]) if rest else target
