"""The settings of a render farm, each described once: flags of `matteline farm submit` and hosts' controls."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from matteline.contract.choices import Choice, check_values, choices_of, setting
from matteline.contract.errors import JobError

ENGINES = ("openjd", "deadlinecloud", "deadline10", "opencue", "flamenco")
EXACT = ("auto", "states", "chain", "none")
MOST_FRAMES = 100_000
"""Of a task, and between two states: more than an hour at any rate."""


@dataclass(frozen=True)
class FarmSettings:
    """Settings of how shots are cut for a farm and submitted to its engine. A farm job keeps them as used."""

    engine: str = setting(
        "openjd",
        label="Engine",
        kind="choice",
        options=ENGINES,
        help="Farm that renders: 'openjd' writes a job bundle for any Open Job Description runner.",
    )
    chunk: int = setting(
        # A compromise: longer chunks load the model less often, shorter ones leave less to do again (docs/farm.md).
        96,
        label="Chunk",
        kind="count",
        unit="frames",
        minimum=1,
        maximum=MOST_FRAMES,
        help="Frames that one task renders.",
    )
    state_every: int = setting(
        # A state of the usual size takes about 3 MB, and a chunk has at most 15 frames to go over again.
        16,
        label="States every",
        kind="count",
        unit="frames",
        minimum=1,
        maximum=MOST_FRAMES,
        help="Frames between the states that the first pass saves; chunks start from them.",
    )
    exact: str = setting(
        "auto",
        label="Exact by",
        kind="choice",
        options=EXACT,
        help="How chunks get the pixels of one unbroken render: 'states' saves the network's state in a cheap "
        "first pass, 'chain' renders the chunks one after another, 'none' gives each a preroll, and seams may "
        "show. 'auto' takes states, or a chain where the first pass would cost as much as the render.",
    )
    chunk_preroll: int = setting(
        24,
        label="Chunk preroll",
        kind="count",
        unit="frames",
        minimum=0,
        maximum=1000,
        help="Frames shown to the network before each chunk where chunks are exact by 'none'.",
    )
    target_seconds: int = setting(
        0,
        label="Target time",
        kind="count",
        unit="seconds",
        minimum=0,
        maximum=7 * 86400,
        help="Time of a task, for engines that can fit the chunks to it; 0 keeps the chunks as they are.",
    )
    priority: int = setting(
        50,
        label="Priority",
        kind="count",
        minimum=0,
        maximum=100,
        help="Priority of the jobs, 0 to 100; 50 is usual.",
    )
    retries: int = setting(
        2,
        label="Retries",
        kind="count",
        minimum=0,
        maximum=100,
        help="Times that a failed task is tried again.",
    )
    timeout_minutes: int = setting(
        0,
        label="Timeout",
        kind="count",
        unit="minutes",
        minimum=0,
        maximum=7 * 1440,
        help="Time after which a task is stopped; 0 for the engine's own limit.",
    )
    pool: str = setting(
        "default",
        label="Pool",
        kind="text",
        options=("default",),
        help="Pool, group, queue or tag of machines, whatever the engine has; 'default' leaves it to the engine.",
    )
    gpu_memory: float = setting(
        0.0,
        label="GPU memory",
        kind="number",
        unit="GiB",
        minimum=0,
        maximum=1024,
        help="GPU memory that a task needs; 0 leaves it to the engine.",
    )
    after: str = setting(
        "nothing",
        label="After",
        kind="text",
        options=("nothing",),
        help="Id of an engine's job that must end first.",
    )
    command: str = setting(
        "matteline",
        label="Command",
        kind="text",
        options=("matteline",),
        help="Command by which the farm's machines call matteline.",
    )

    def __post_init__(self) -> None:
        check_values(self)

    @property
    def has_queue(self) -> bool:
        """True where the engine has a queue; `openjd` is a file format, for any runner of it."""
        return self.engine != "openjd"

    def to_json(self) -> str:
        """Return the settings as one JSON object."""
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
    """Map field names to presentations, in the order doors show them."""
    return choices_of(FarmSettings)
