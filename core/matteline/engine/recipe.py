"""Recipes: everything that decides the pixels of a result, so that results can be told to belong together.

A recipe is made from the settings' own `affects`, so a new setting is part of it without being listed here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from matteline.contract.settings import AUTO_PREROLL_FRAMES, MatteSettings, choices
from matteline.engine.fingerprint import PlateFingerprint, config_fingerprint
from matteline.engine.plan import Plan
from matteline.engine.segments import segment_of
from matteline.engine.timeline import SavedState
from matteline.media.plate import open_plate

PIXELS = 3
"""Raised whenever a release makes other pixels of the same settings."""

# Settings that decide a frame's pixels by way of its segment; see `segment_mark`.
_BY_FRAME = ("cuts", "focus")

# Words of a recipe that decide what the first look sees.
_LOOK = ("missing", "colour_space", "ocio", "exposure", "denoise", "network_view", "first_frame")

# Words of a recipe that differ between machines which mount the same files elsewhere.
_PATHS = ("plate", "alpha", "garbage", "holdout")


def recipe(plan: Plan) -> dict[str, object]:
    """Return what decides the pixels and files of a plan's frames, whichever of them are rendered.

    Plain JSON values. Under a setting's name stands its value, or what it stands for: the SHA-256 of weights,
    the name of the colour space.
    """
    names = [name for name in settings_that_affect("network", "matte", "file") if name not in _BY_FRAME]
    return {
        "pixels": PIXELS,
        "plate": plan.plate.path,
        # Which picture of a movie a number means; images carry their own.
        "first_frame": plan.plate.frames.first if plan.plate.kind == "movie" else None,
        # Where a plate has several pictures a frame, or pixels outside the picture that is delivered.
        **({"layer": plan.plate.layer} if plan.plate.layer else {}),
        **({"canvas": str(canvas)} if (canvas := plan.plate.canvas) != plan.plate.display_window else {}),
        **{name: getattr(plan.settings, name) for name in names},
        "weights": plan.weights.sha256,
        "colour_space": plan.space.name,
        # Another machine counts its GPUs in another way.
        "device": plan.settings.device.partition(":")[0],
        **{f"{matte.field}_files": matte.identity for matte in plan.user_mattes},
        # Everyone's name and share follow from the whole plate.
        **({} if plan.people is None else {"people_files": plan.people.mark}),
    }


def recipe_mark(plan: Plan) -> str:
    """Return the word for the recipe that every result carries, the same on all machines."""
    return _digest(_portable(plan))[:16]


def segment_mark(plan: Plan, number: int) -> str:
    """Return the word for all that a frame's cuts and regions decide of its pixels.

    It depends on nothing that comes after the frame, so that a plate may grow behind it.
    """
    segment = segment_of(plan.segments, number)
    shot = next(each for each in plan.shots if number in each)
    regions = [
        [
            region.width,
            region.height,
            region.step,
            [region.window(number).x, region.window(number).y],
            # Where it lay before matters too: the state was moved along.
            [list(place) for place in region.places[1:] if place[0] <= number],
        ]
        for region in segment.regions
    ]
    preroll = plan.settings.preroll
    mirrored = AUTO_PREROLL_FRAMES if isinstance(preroll, str) else int(preroll)
    words: dict[str, object] = {
        "shot": shot.first if shot.first in plan.cuts else None,
        "part": segment.frames.first if segment.frames.first != shot.first else None,
        # In a very short shot the mirrored frames bounce between its ends.
        "length": min(len(shot), mirrored + 1),
        "regions": regions,
    }
    return _digest(words)[:16]


def look_settings(plan: Plan) -> dict[str, object]:
    """Return the words of a recipe that decide what the first look sees, the same on all machines."""
    return {name: value for name, value in _portable(plan).items() if name in _LOOK}


def state_hashes(plan: Plan, plate: str, segment: str = "") -> dict[str, str]:
    """Return what a saved recurrent state must agree on to be used for a plan, the same on all machines.

    Args:
        plan: The plan.
        plate: The fingerprint of the frames that the state depends on; see `PlateFingerprint.of_frames`.
        segment: The mark of the segment of the frame before the state.
    """
    # Edges, foreground and files are made after the state, so a state serves all of their settings.
    later = settings_that_affect("matte", "file")
    mattes = [*(f"{matte.field}_files" for matte in plan.user_mattes), "people_files"]
    left_out = ("weights", *later, *mattes)
    settings = {name: value for name, value in _portable(plan).items() if name not in left_out}
    settings["segment"] = segment
    return {"plate": plate, "weights": plan.weights.sha256, "settings": _digest(settings)}


def whole_plate_hashes(plan: Plan) -> dict[str, str]:
    """Return the state hashes over all frames of a plate, for machines that share one job. Raises `ReadError`."""
    with open_plate(plan.job.plate, first_frame=plan.job.first_frame) as plate:
        return state_hashes(plan, PlateFingerprint(plate).of_frames(plate.info.frames))


class RunHashes:
    """The hashes of the states of one plan, each over the frames of its run up to the state.

    So a state stays usable when the plate grows behind it.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        with open_plate(plan.job.plate, first_frame=plan.job.first_frame) as plate:
            self._fingerprint = PlateFingerprint(plate)

    def __call__(self, state: SavedState) -> dict[str, str]:
        """Return the hashes of one state. Reads pieces of the plate's files; raises `ReadError`."""
        start, mirrored = state.run
        # Mirrored frames may lie beyond the state.
        frames = range(start, max(state.next_frame, start + mirrored + 1))
        segment = segment_mark(self._plan, state.next_frame - 1)
        return state_hashes(self._plan, self._fingerprint.of_frames(frames), segment)


def plate_file_fingerprints(plan: Plan) -> Callable[[int], str]:
    """Return a function from frame number to the fingerprint of the plate's file; empty for a gap."""
    with open_plate(plan.job.plate, first_frame=plan.job.first_frame) as plate:
        return PlateFingerprint(plate).of_frame


def settings_that_affect(*stages: str) -> list[str]:
    """List the names of settings whose first effect is one of these stages; see `Choice.affects`."""
    return [name for name, choice in choices().items() if choice.affects in stages]


def differences(found: dict[str, object], wanted: dict[str, object]) -> list[str]:
    """Word what differs between two recipes as an artist would: `Choke 0, now 1`.

    Hashes stand for files and are not shown: of them it is only said that they are others.
    """
    labels = {name: choice.label for name, choice in choices().items()}
    defaults = MatteSettings()
    words = []
    for name, now in json.loads(json.dumps(wanted)).items():
        # A recipe of an earlier release lacks newer settings, which had their default then.
        before = found.get(name, getattr(defaults, name, None))
        if before == now:
            continue
        setting = name.removesuffix("_files")
        label = labels.get(setting, name.replace("_", " ").capitalize())
        hashed = name == "weights" or name.endswith("_files")
        words.append(f"{label}: other files" if hashed else f"{label} {before}, now {now}")
    return words


def _portable(plan: Plan) -> dict[str, object]:
    words = {name: value for name, value in recipe(plan).items() if name not in _PATHS}
    return {**words, "ocio": config_fingerprint(plan.space.config.source)}


def _digest(data: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
