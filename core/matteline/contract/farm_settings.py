"""The settings of a render farm, described once: flags of `matteline farm submit`, and what hosts ask before."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from matteline.contract.choices import Choice, check_values, choices_of, setting
from matteline.contract.errors import JobError

ENGINES = ("openjd", "deadlinecloud", "deadline10", "opencue", "flamenco")
EXACT = ("auto", "states", "chain", "none")


@dataclass(frozen=True)
class FarmSettings:
    """Settings of how clips are cut for a farm and submitted to its engine."""

    engine: str = setting(
        "openjd",
        label="Engine",
        kind="choice",
        options=ENGINES,
        help="Who renders: 'openjd' writes a job bundle that any Open Job Description runner takes.",
    )
    chunk: int = setting(
        96, label="Chunk", kind="count", unit="frames", minimum=1, maximum=100000, help="Frames of a task."
    )
    state_every: int = setting(
        16,
        label="States every",
        kind="count",
        unit="frames",
        minimum=1,
        maximum=100000,
        help="How far apart the first pass leaves the states that chunks begin from.",
    )
    exact: str = setting(
        "auto",
        label="Exact by",
        kind="choice",
        options=EXACT,
        help="How chunks get the pixels of one unbroken render: from 'states' of a cheap first pass, in a "
        "'chain' each from the one before, or 'none': each settles by a preroll and seams may show. 'auto' "
        "takes states, or a chain where the first pass would cost as much as the render.",
    )
    chunk_preroll: int = setting(
        24,
        label="Chunk preroll",
        kind="count",
        unit="frames",
        minimum=0,
        maximum=1000,
        help="Frames shown to the network before each chunk that is exact by 'none'.",
    )
    target_seconds: int = setting(
        0,
        label="Target time",
        kind="count",
        unit="seconds",
        minimum=0,
        maximum=7 * 86400,
        help="Let an engine that can do so fit its chunks to this time; 0 keeps them as they are.",
    )
    priority: int = setting(
        50,
        label="Priority",
        kind="count",
        minimum=0,
        maximum=100,
        help="0 to 100, as most engines count.",
    )
    retries: int = setting(
        2,
        label="Retries",
        kind="count",
        minimum=0,
        maximum=100,
        help="How often a failed task is tried again.",
    )
    timeout_minutes: int = setting(
        0,
        label="Timeout",
        kind="count",
        unit="minutes",
        minimum=0,
        maximum=7 * 1440,
        help="After which a task is ended; 0 for the engine's own.",
    )
    pool: str = setting(
        "default",
        label="Pool",
        kind="text",
        options=("default",),
        help="Pool, group, queue or tag, as the engine has it; 'default' is the engine's own.",
    )
    gpu_memory: float = setting(
        0.0,
        label="GPU memory",
        kind="number",
        unit="GiB",
        minimum=0,
        maximum=1024,
        help="What a task needs; 0 leaves it to the engine.",
    )
    after: str = setting(
        "nothing",
        label="After",
        kind="text",
        options=("nothing",),
        help="Id of a job of the engine that must end first.",
    )
    command: str = setting(
        "matteline", label="Command", kind="text", options=("matteline",), help="How workers call matteline."
    )

    def __post_init__(self) -> None:
        check_values(self)

    @property
    def has_queue(self) -> bool:
        """True where the engine has a queue; `openjd` is a file format, for any runner of it."""
        return self.engine != "openjd"

    def to_json(self) -> str:
        """The settings as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_data(cls, data: Any) -> FarmSettings:
        """Read what `to_json` wrote, parsed; fields left out take their defaults.

        Raises:
            JobError: An unknown field, or a value that is not allowed.
        """
        if not isinstance(data, dict):
            raise JobError("The farm settings are not a JSON object.", field="farm")
        for name in data:
            if name not in {each.name for each in fields(cls)}:
                raise JobError(f"There is no farm setting '{name}'.", field=name)
        return cls(**data)


def farm_choices() -> dict[str, Choice]:
    """Field name to presentation, in the order doors show them."""
    return choices_of(FarmSettings)
