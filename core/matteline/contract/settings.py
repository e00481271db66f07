"""Every choice an artist has, once: name, label, unit, bounds and help.

Command flags, Blender properties, Nuke knobs and Qt widgets are generated from `MatteSettings`, so a choice
added here appears at every door under the same name and with the same words.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import Any, Optional, Union

from matteline.contract.errors import JobError

_A = {"exr": "An EXR", "png": "A PNG"}
PRODUCTS = ("alpha", "fgr", "rgba")
MOVIES = ("prores4444", "matte", "matte_full", "preview", "preview_hevc")
_MADE_OF = {movie: ("alpha",) if movie.startswith("matte") else ("alpha", "fgr") for movie in MOVIES}
COMPRESSIONS = ("none", "rle", "zips", "zip", "piz", "dwaa", "dwab")


@dataclass(frozen=True)
class Choice:
    """How a door presents one field of `MatteSettings`.

    Attributes:
        label: What an artist reads beside the control.
        help: One or two sentences for tooltip and `--help`.
        kind: `choice`, `choices` (several, ordered), `number`, `count`, `text` or `path`. Text and paths may
            be any word beside the options.
        options: The words allowed; for numbers, the words allowed beside a number, such as `auto`.
        unit: What a number counts, empty where it has none.
        minimum: The least number allowed.
        maximum: The greatest number allowed.
        group: The heading it stands under: `matte`, `colour`, `edge`, `output` or `machine`.
    """

    label: str
    help: str
    kind: str
    options: tuple[str, ...] = ()
    unit: str = ""
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    group: str = "matte"


def _choice(default: Any, **words: Any) -> Any:
    return field(default=default, metadata={"choice": Choice(**words)})


@dataclass(frozen=True)
class MatteSettings:
    """How a matte is made and delivered. Defaults suit a plate of one person at any size."""

    weights: str = _choice(
        "auto",
        label="Model",
        kind="text",
        options=("auto",),
        help="Weights by name (see 'matteline weights list') or a .safetensors or .pth file; "
        "'auto' takes the best that is installed.",
    )
    downsample_ratio: Union[float, str] = _choice(
        "auto",
        label="Downsample ratio",
        kind="number",
        options=("auto",),
        minimum=0.02,
        maximum=1.0,
        help="The network works on the plate scaled by this and refines edges at full size. "
        "'auto' makes the longer side 512 pixels; raise it towards 0.4 at HD for a full body far away.",
    )
    refiner: str = _choice(
        "auto",
        label="Refiner",
        kind="choice",
        options=("auto", "deep", "fast"),
        help="Guided filter that brings the matte to full size: 'deep' is learned and sharper on hair, "
        "'fast' needs no weights; 'auto' takes the one the weights hold.",
    )
    preroll: Union[int, str] = _choice(
        "auto",
        label="Preroll",
        kind="count",
        options=("auto", "all"),
        unit="frames",
        minimum=0,
        maximum=1000,
        help="Frames shown to the network before the first one rendered, so that it starts settled: real "
        "handles where the plate has them, mirrored frames where not. 'all' rolls from the plate's first "
        "frame, so that a range equals the same frames of the whole.",
    )
    missing: str = _choice(
        "error",
        label="Missing frames",
        kind="choice",
        options=("error", "hold", "black"),
        help="What to do where the plate has gaps: stop, repeat the frame before, or use black.",
    )
    colour_space: str = _choice(
        "auto",
        label="Colour space",
        kind="text",
        options=("auto",),
        group="colour",
        help="The plate's colour space by the OCIO config's name, alias or role, such as ACEScg, ARRI "
        "LogC4 or sRGB; 'auto' believes the file's tags, the config's file rules, then what is usual.",
    )
    ocio: str = _choice(
        "auto",
        label="OCIO config",
        kind="path",
        options=("auto",),
        group="colour",
        help="An .ocio or .ocioz file or an ocio:// address; 'auto' takes what OCIO in the environment "
        "names, else the built-in ACES studio config.",
    )
    exposure: Union[float, str] = _choice(
        "auto",
        label="Exposure",
        kind="number",
        options=("auto",),
        unit="stops",
        minimum=-10,
        maximum=10,
        group="colour",
        help="How much the network's picture is lifted, one number for the whole shot; the foreground "
        "is not. 'auto' measures a spread of frames and lifts dark plates.",
    )
    denoise: Union[float, str] = _choice(
        "auto",
        label="Denoise",
        kind="number",
        options=("auto",),
        minimum=0,
        maximum=1,
        group="colour",
        help="How much grain is taken out of the network's picture; the foreground keeps its own. 'auto' "
        "measures the grain of plates that are lifted, and leaves others alone.",
    )
    network_view: str = _choice(
        "none",
        label="Network view",
        kind="text",
        options=("none",),
        group="colour",
        help="Shows the plate to the network through 'display/view' of the OCIO config instead of the plain "
        "sRGB curve with highlights rolled off.",
    )
    foreground: str = _choice(
        "plate",
        label="Foreground",
        kind="choice",
        options=("plate", "network"),
        group="colour",
        help="'plate' keeps the plate's own values where alpha is 1 and weighs the prediction against "
        "them in soft edges; 'network' is the bare prediction, without highlights above white.",
    )
    choke: float = _choice(
        0.0,
        label="Choke",
        kind="number",
        unit="pixels",
        minimum=-50,
        maximum=50,
        group="edge",
        help="Moves the matte's edge inwards, or outwards where negative.",
    )
    soften: float = _choice(
        0.0,
        label="Soften",
        kind="number",
        unit="pixels",
        minimum=0,
        maximum=100,
        group="edge",
        help="Blurs the matte by this radius.",
    )
    black_point: float = _choice(
        0.0,
        label="Black point",
        kind="number",
        minimum=0,
        maximum=0.99,
        group="edge",
        help="Alpha at and below this becomes 0.",
    )
    white_point: float = _choice(
        1.0,
        label="White point",
        kind="number",
        minimum=0.01,
        maximum=1,
        group="edge",
        help="Alpha at and above this becomes 1.",
    )
    despill: str = _choice(
        "none",
        label="Despill",
        kind="text",
        options=("none", "green", "blue"),
        group="edge",
        help="Takes the spill of a screen of this colour out of the foreground: green, blue, or #RRGGBB.",
    )
    garbage: str = _choice(
        "none",
        label="Garbage matte",
        kind="path",
        options=("none",),
        group="edge",
        help="An image, sequence or movie; where it is 0, alpha becomes 0. A channel of an EXR is "
        "named as in roto.####.exr:mask.A; otherwise alpha is taken, or else red.",
    )
    holdout: str = _choice(
        "none",
        label="Hold-out matte",
        kind="path",
        options=("none",),
        group="edge",
        help="An image, sequence or movie; where it is 1, alpha becomes 1. Channels are named as for "
        "the garbage matte.",
    )
    write: tuple[str, ...] = _choice(
        ("alpha", "fgr"),
        label="Products",
        kind="choices",
        options=PRODUCTS,
        group="output",
        help="What to write: 'alpha' the matte, 'fgr' the straight foreground colour, "
        "'rgba' both in one picture.",
    )
    format: str = _choice(
        "exr",
        label="File format",
        kind="choice",
        options=("exr", "png"),
        group="output",
        help="EXR keeps highlights and metadata; PNG is for previews and 8-bit pipelines.",
    )
    depth: str = _choice(
        "auto",
        label="Bit depth",
        kind="choice",
        options=("auto", "half", "float", "8", "16"),
        group="output",
        help="'half' or 'float' for EXR, '8' or '16' for PNG; 'auto' is half for EXR and 8 for PNG.",
    )
    compression: str = _choice(
        "zips",
        label="EXR compression",
        kind="choice",
        options=COMPRESSIONS,
        group="output",
        help="All are lossless except dwaa and dwab, which damage a matte slightly.",
    )
    rgba_alpha: str = _choice(
        "auto",
        label="RGBA is",
        kind="choice",
        options=("auto", "premultiplied", "straight"),
        group="output",
        help="Whether the colour of 'rgba' is multiplied by alpha; 'auto' follows the file format: "
        "premultiplied in EXR, straight in PNG.",
    )
    layout: str = _choice(
        "separate",
        label="EXR layout",
        kind="choice",
        options=("separate", "layered"),
        group="output",
        help="'separate' writes a file for each product; 'layered' writes one EXR a frame in their "
        "place, with the matte as alpha of RGBA, and the straight foreground in the layer fgr.",
    )
    movies: tuple[str, ...] = _choice(
        (),
        label="Movies",
        kind="choices",
        options=MOVIES,
        group="output",
        help="Movies made of the results, with the plate's rate, timecode and sound: 'prores4444' with "
        "alpha, 'matte' the alpha as luma in video range, 'matte_full' in full range, 'preview' the "
        "person over something, H.264, 'preview_hevc' the same as HEVC.",
    )
    over: str = _choice(
        "checker",
        label="Preview over",
        kind="text",
        options=("checker", "green", "black", "white"),
        group="output",
        help="What the preview shows behind the person: a word, #RRGGBB, or another clip.",
    )
    device: str = _choice(
        "auto",
        label="Device",
        kind="text",
        options=("auto", "cpu", "cuda", "mps"),
        group="machine",
        help="'auto' takes a GPU when there is one; 'cuda:1' names one of several.",
    )
    precision: str = _choice(
        "auto",
        label="Precision",
        kind="choice",
        options=("auto", "fp32", "fp16", "bf16"),
        group="machine",
        help="Arithmetic of the network: 'auto' is fp16 on a CUDA GPU and fp32 elsewhere.",
    )
    batch: Union[int, str] = _choice(
        "auto",
        label="Batch",
        kind="count",
        options=("auto",),
        unit="frames",
        minimum=1,
        maximum=64,
        group="machine",
        help="Frames the network encodes at once; 'auto' suits the device.",
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            _check(each, getattr(self, each.name))
        if not self.write:
            raise JobError("No product is chosen to write.", field="write", hint=_one_of(PRODUCTS))
        if self.black_point >= self.white_point:
            raise JobError(
                f"The black point {self.black_point:g} is not below the white point {self.white_point:g}.",
                field="black_point",
                hint="Lower one or raise the other.",
            )
        self._check_depth()
        self._check_layout()
        self._check_movies()

    def _check_layout(self) -> None:
        if self.layout == "layered" and self.format == "png":
            raise JobError(
                "A PNG file cannot hold layers.",
                field="layout",
                hint="Write EXR, or a file for each product with layout 'separate'.",
            )

    def _check_movies(self) -> None:
        if not self.movies or self.layout == "layered" or "rgba" in self.write:
            return
        for movie in self.movies:
            lacking = [each for each in _MADE_OF[movie] if each not in self.write]
            if lacking:
                raise JobError(
                    f"The movie '{movie}' is made of {' and '.join(_MADE_OF[movie])}, "
                    f"and {' and '.join(lacking)} will not be written.",
                    field="movies",
                    hint=f"Add {' and '.join(lacking)} or rgba to the products, or leave the movie out.",
                )

    def _check_depth(self) -> None:
        allowed = {"exr": ("auto", "half", "float"), "png": ("auto", "8", "16")}[self.format]
        if self.depth not in allowed:
            raise JobError(
                f"{_A[self.format]} file cannot hold depth '{self.depth}'.",
                field="depth",
                hint=_one_of(allowed),
            )


def choices() -> dict[str, Choice]:
    """Field name to presentation, in the order doors show them."""
    return {each.name: each.metadata["choice"] for each in fields(MatteSettings)}


def parse_value(name: str, text: str) -> Any:
    """Turn what a user typed for the field `name` into the field's own type.

    Raises:
        JobError: The text is not of the field's kind. Bounds are checked by `MatteSettings` itself.
    """
    choice = choices()[name]
    word = text.strip()
    if choice.kind == "choices":
        return tuple(part.strip() for part in word.split(",") if part.strip())
    if choice.kind not in ("number", "count") or word in choice.options:
        return word
    try:
        return int(word) if choice.kind == "count" else float(word)
    except ValueError:
        raise JobError(
            f"{choice.label} cannot be '{word}'.", field=name, hint=_numbers_allowed(choice)
        ) from None


def _check(each: Field[Any], value: Any) -> None:
    choice: Choice = each.metadata["choice"]
    if not _allowed(choice, value):
        raise JobError(f"{choice.label} cannot be {value!r}.", field=each.name, hint=_allowed_words(choice))


def _allowed(choice: Choice, value: Any) -> bool:
    if choice.kind in ("text", "path"):
        return isinstance(value, str) and bool(value)
    if choice.kind == "choice":
        return value in choice.options
    if choice.kind == "choices":
        return isinstance(value, tuple) and all(word in choice.options for word in value)
    if isinstance(value, str):
        return value in choice.options
    return _is_number(choice, value) and _within(choice, value)


def _is_number(choice: Choice, value: Any) -> bool:
    wanted = int if choice.kind == "count" else (int, float)
    return isinstance(value, wanted) and not isinstance(value, bool)


def _within(choice: Choice, value: float) -> bool:
    above = choice.minimum is None or value >= choice.minimum
    return above and (choice.maximum is None or value <= choice.maximum)


def _allowed_words(choice: Choice) -> str:
    return _numbers_allowed(choice) if choice.kind in ("number", "count") else _one_of(choice.options)


def _numbers_allowed(choice: Choice) -> str:
    kind = "a whole number" if choice.kind == "count" else "a number"
    words = f"{', '.join(choice.options)} or " if choice.options else ""
    return f"Give {words}{kind} from {choice.minimum:g} to {choice.maximum:g}."


def _one_of(words: tuple[str, ...]) -> str:
    return f"Choose from: {', '.join(words)}."
