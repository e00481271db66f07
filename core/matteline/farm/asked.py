"""What a machine is asked for, in the words of `matteline farm`: the same in a session and without one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

from matteline.contract.errors import JobError
from matteline.contract.events import Event
from matteline.contract.frames import FrameSet
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Resources
from matteline.farm.chunk import VERBS, Networks
from matteline.farm.clip import open_clip
from matteline.farm.paths import rules_in


def begin(
    request: Mapping[str, Any],
    resources: Resources,
    *,
    networks: Networks | None = None,
    between_frames: Callable[[], None] = do_nothing,
) -> Generator[Event, None, None]:
    """Open the clip of a request; the work, for who follows it.

    Args:
        request: `do`, a word of `VERBS`; `job` and `frames`; and where wanted `device`, `path_rules` (a file)
            and `overwrite`.
        resources: What the environment says.
        networks: Gives the network; by default it is loaded.
        between_frames: Called before each frame; what it raises ends the work.

    Raises:
        JobError: There is no such work.
        MattelineError: As `open_clip` says.
    """
    words = {name: str(request.get(name) or "") for name in ("do", "job", "frames", "device", "path_rules")}
    if words["do"] not in VERBS:
        raise JobError(f"A machine of the farm cannot do '{words['do']}'.", field="do")
    rules = rules_in(Path(words["path_rules"])) if words["path_rules"] else ()
    clip = open_clip(Path(words["job"]), resources, device=words["device"], rules=rules)
    return VERBS[words["do"]](
        clip,
        FrameSet.parse(words["frames"]),
        overwrite=request.get("overwrite") is True,
        networks=networks,
        between_frames=between_frames,
    )
