"""Events of a render, in the order they happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Union

from matteline.contract.errors import (
    ColourError,
    DeviceError,
    FetchError,
    JobError,
    MattelineError,
    ModelError,
    ReadError,
    StateError,
    WorkerError,
    WriteError,
)


@dataclass(frozen=True)
class Started:
    """The render begins: how many frames it will write, with what model, on which device."""

    frames: int
    model: str
    device: str
    output: str


@dataclass(frozen=True)
class FrameDone:
    """All products of one frame are complete on disk under their final names."""

    number: int
    files: tuple[str, ...]
    done: int
    total: int


@dataclass(frozen=True)
class Preroll:
    """A frame was shown to the network without being written: preroll, or a frame that a resume finds done."""

    done: int
    total: int


@dataclass(frozen=True)
class Looking:
    """The first look went over a frame of the plate, before anything is rendered."""

    done: int
    total: int


@dataclass(frozen=True)
class Assembling:
    """The movie `name` of `MatteSettings.movies` is being made of the frames: how many are in it, of how many."""

    name: str
    done: int
    total: int


@dataclass(frozen=True)
class Notice:
    """A sentence that the user should read; the render continues."""

    message: str


@dataclass(frozen=True)
class Finished:
    """The render is complete: frames written, and wall-clock seconds it took."""

    frames: int
    seconds: float


@dataclass(frozen=True)
class Failed:
    """The render stopped. Complete frames stay; `exit_code` is what the command returns."""

    kind: str
    message: str
    hint: str
    exit_code: int
    where: dict[str, object]

    @classmethod
    def of(cls, error: MattelineError) -> Failed:
        """Describe an error for a reader in another process."""
        return cls(type(error).__name__, error.message, error.hint, error.exit_code, error.where())


_FORESEEN = (
    ColourError,
    DeviceError,
    FetchError,
    JobError,
    ModelError,
    ReadError,
    StateError,
    WorkerError,
    WriteError,
)
# By name, not by class: the two processes may be of different releases.
_KINDS: Mapping[str, type[MattelineError]] = {
    "InternalError": WorkerError,
    **{each.__name__: each for each in _FORESEEN},
}


def error_of(failed: Mapping[str, Any]) -> MattelineError:
    """Return the error that a `failed` message of another process tells of.

    After an error that it did not foresee a worker is not to be trusted with another job: such a one comes
    back as `WorkerError`.
    """
    # Of a kind that this release does not know the sentence still reads well.
    error = _KINDS.get(failed["kind"], MattelineError)(failed["message"], hint=failed["hint"])
    # As the worker said it: another release may have another code for the kind.
    error.exit_code = failed["exit_code"]
    # By the names of the class's own fields, so that whatever else a message holds is passed over.
    vars(error).update((name, failed["where"].get(name, own)) for name, own in error.where().items())
    error.settings = tuple(failed["where"].get("settings", ()))
    return error


Event = Union[Started, Looking, FrameDone, Preroll, Assembling, Notice, Finished, Failed]

# Written out, not made of the class names: renaming a class must not change the protocol.
_NAMES = {
    Started: "started",
    FrameDone: "frame",
    Looking: "look",
    Preroll: "preroll",
    Assembling: "assembling",
    Notice: "notice",
    Finished: "finished",
    Failed: "failed",
}


def to_dict(event: Event) -> dict[str, Any]:
    """Return the event as plain data, its kind under the key `event`."""
    return {"event": _NAMES[type(event)], **asdict(event)}
