"""Every choice an artist has, once: name, label, unit, bounds and help.

Command flags, Blender properties, Nuke knobs and Qt widgets are generated from `MatteSettings`, so a choice
added here appears at every door under the same name and with the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Union

from matteline.contract.choices import Choice, check_values, choices_of, one_of, parse_text, setting
from matteline.contract.errors import JobError

_A = {"exr": "An EXR", "png": "A PNG"}
PRODUCTS = ("alpha", "fgr", "rgba")
MOVIES = ("prores4444", "matte", "matte_full", "preview", "preview_hevc")
_MADE_OF = {movie: ("alpha",) if movie.startswith("matte") else ("alpha", "fgr") for movie in MOVIES}
COMPRESSIONS = ("none", "rle", "zips", "zip", "piz", "dwaa", "dwab")


@dataclass(frozen=True)
class MatteSettings:
    """How a matte is made and delivered. Defaults suit a plate of one person at any size."""

    weights: str = setting(
        "auto",
        label="Model",
        kind="text",
        options=("auto",),
        help="Weights by name (see 'matteline weights list') or a .safetensors or .pth file; "
        "'auto' takes the best that is installed.",
    )
    downsample_ratio: Union[float, str] = setting(
        "auto",
        label="Downsample ratio",
        kind="number",
        options=("auto",),
        minimum=0.02,
        maximum=1.0,
        help="The network works on the plate scaled by this and refines edges at full size. "
        "'auto' makes the longer side what the weights were made for, 512 pixels for the official ones; "
        "raise it towards 0.4 at HD for a full body far away.",
    )
    refiner: str = setting(
        "auto",
        label="Refiner",
        kind="choice",
        options=("auto", "deep", "fast"),
        help="Guided filter that brings the matte to full size: 'deep' is learned and sharper on hair, "
        "'fast' needs no weights; 'auto' takes the one the weights hold.",
    )
    preroll: Union[int, str] = setting(
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
    missing: str = setting(
        "error",
        label="Missing frames",
        kind="choice",
        options=("error", "hold", "black"),
        help="What to do where the plate has gaps: stop, repeat the frame before, or use black.",
    )
    colour_space: str = setting(
        "auto",
        label="Colour space",
        kind="text",
        options=("auto",),
        group="colour",
        help="The plate's colour space by the OCIO config's name, alias or role, such as ACEScg, ARRI "
        "LogC4 or sRGB; 'auto' believes the file's tags, the config's file rules, then what is usual.",
    )
    ocio: str = setting(
        "auto",
        label="OCIO config",
        kind="path",
        options=("auto",),
        group="colour",
        help="An .ocio or .ocioz file or an ocio:// address; 'auto' takes what OCIO in the environment "
        "names, else the built-in ACES studio config.",
    )
    exposure: Union[float, str] = setting(
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
    denoise: Union[float, str] = setting(
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
    network_view: str = setting(
        "none",
        label="Network view",
        kind="text",
        options=("none",),
        group="colour",
        help="Shows the plate to the network through 'display/view' of the OCIO config instead of the plain "
        "sRGB curve with highlights rolled off.",
    )
    foreground: str = setting(
        "plate",
        label="Foreground",
        kind="choice",
        options=("plate", "network"),
        group="colour",
        help="'plate' keeps the plate's own values where alpha is 1 and weighs the prediction against "
        "them in soft edges; 'network' is the bare prediction, without highlights above white.",
    )
    choke: float = setting(
        0.0,
        label="Choke",
        kind="number",
        unit="pixels",
        minimum=-50,
        maximum=50,
        group="edge",
        help="Moves the matte's edge inwards, or outwards where negative.",
    )
    soften: float = setting(
        0.0,
        label="Soften",
        kind="number",
        unit="pixels",
        minimum=0,
        maximum=100,
        group="edge",
        help="Blurs the matte by this radius.",
    )
    black_point: float = setting(
        0.0,
        label="Black point",
        kind="number",
        minimum=0,
        maximum=0.99,
        group="edge",
        help="Alpha at and below this becomes 0.",
    )
    white_point: float = setting(
        1.0,
        label="White point",
        kind="number",
        minimum=0.01,
        maximum=1,
        group="edge",
        help="Alpha at and above this becomes 1.",
    )
    despill: str = setting(
        "none",
        label="Despill",
        kind="text",
        options=("none", "green", "blue"),
        group="edge",
        help="Takes the spill of a screen of this colour out of the foreground: green, blue, or #RRGGBB.",
    )
    garbage: str = setting(
        "none",
        label="Garbage matte",
        kind="path",
        options=("none",),
        group="edge",
        help="An image, sequence or movie; where it is 0, alpha becomes 0. A channel of an EXR is "
        "named as in roto.####.exr:mask.A; otherwise alpha is taken, or else red.",
    )
    holdout: str = setting(
        "none",
        label="Hold-out matte",
        kind="path",
        options=("none",),
        group="edge",
        help="An image, sequence or movie; where it is 1, alpha becomes 1. Channels are named as for "
        "the garbage matte.",
    )
    write: tuple[str, ...] = setting(
        ("alpha", "fgr"),
        label="Products",
        kind="choices",
        options=PRODUCTS,
        group="output",
        help="What to write: 'alpha' the matte, 'fgr' the straight foreground colour, "
        "'rgba' both in one picture.",
    )
    format: str = setting(
        "exr",
        label="File format",
        kind="choice",
        options=("exr", "png"),
        group="output",
        help="EXR keeps highlights and metadata; PNG is for previews and 8-bit pipelines.",
    )
    depth: str = setting(
        "auto",
        label="Bit depth",
        kind="choice",
        options=("auto", "half", "float", "8", "16"),
        group="output",
        help="'half' or 'float' for EXR, '8' or '16' for PNG; 'auto' is half for EXR and 8 for PNG.",
    )
    compression: str = setting(
        "zips",
        label="EXR compression",
        kind="choice",
        options=COMPRESSIONS,
        group="output",
        help="All are lossless except dwaa and dwab, which damage a matte slightly.",
    )
    rgba_alpha: str = setting(
        "auto",
        label="RGBA is",
        kind="choice",
        options=("auto", "premultiplied", "straight"),
        group="output",
        help="Whether the colour of 'rgba' is multiplied by alpha; 'auto' follows the file format: "
        "premultiplied in EXR, straight in PNG.",
    )
    layout: str = setting(
        "separate",
        label="EXR layout",
        kind="choice",
        options=("separate", "layered"),
        group="output",
        help="'separate' writes a file for each product; 'layered' writes one EXR a frame in their "
        "place, with the matte as alpha of RGBA, and the straight foreground in the layer fgr.",
    )
    movies: tuple[str, ...] = setting(
        (),
        label="Movies",
        kind="choices",
        options=MOVIES,
        group="output",
        help="Movies made of the results, with the plate's rate, timecode and sound: 'prores4444' with "
        "alpha, 'matte' the alpha as luma in video range, 'matte_full' in full range, 'preview' the "
        "person over something, H.264, 'preview_hevc' the same as HEVC.",
    )
    over: str = setting(
        "checker",
        label="Preview over",
        kind="text",
        options=("checker", "green", "black", "white"),
        group="output",
        help="What the preview shows behind the person: a word, #RRGGBB, or another clip.",
    )
    device: str = setting(
        "auto",
        label="Device",
        kind="text",
        options=("auto", "cpu", "cuda", "mps"),
        group="machine",
        help="'auto' takes a GPU when there is one; 'cuda:1' names one of several.",
    )
    precision: str = setting(
        "auto",
        label="Precision",
        kind="choice",
        options=("auto", "fp32", "fp16", "bf16"),
        group="machine",
        help="Arithmetic of the network: 'auto' is fp16 on a CUDA GPU and fp32 elsewhere.",
    )
    batch: Union[int, str] = setting(
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
        check_values(self)
        if not self.write:
            raise JobError("No product is chosen to write.", field="write", hint=one_of(PRODUCTS))
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
                hint=one_of(allowed),
            )


def choices() -> dict[str, Choice]:
    """Field name to presentation, in the order doors show them."""
    return choices_of(MatteSettings)


def parse_value(name: str, text: str) -> Any:
    """Turn what a user typed for the field `name` into the field's own type.

    Raises:
        JobError: The text is not of the field's kind. Bounds are checked by `MatteSettings` itself.
    """
    return parse_text(name, choices()[name], text)
