"""The settings of a matte: name, default, label, unit, bounds and help of each, described once.

Command flags, Blender properties, Nuke knobs and Qt widgets are generated from `MatteSettings`, so a choice
added here appears at every door under the same name and with the same words, and the recipe of a result knows of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Optional, Union

from matteline.contract.choices import Choice, check_values, choices_of, one_of, parse_text, setting
from matteline.contract.errors import JobError
from matteline.contract.people import person_names

AUTO_PREROLL_FRAMES = 10
"""Frames of `preroll='auto'`: after so many the error of the first frame no longer falls (docs/frames.md)."""

WHOLE_RUN_FRAMES = 240
"""How far from the beginning of its shot a range may be for `preroll='auto'` to begin there: ten seconds of film.
The frames before the range cost about half the time of rendering them, and most plates are shorter."""

PRODUCTS = ("alpha", "fgr", "rgba", "people")
MOVIES = ("prores4444", "matte", "matte_full", "preview", "preview_hevc")
# Results of the network that each movie needs, so that a movie never asks for a product that is not made.
_MADE_OF = {movie: ("alpha",) if movie.startswith("matte") else ("alpha", "fgr") for movie in MOVIES}
COMPRESSIONS = ("none", "rle", "zips", "zip", "piz", "dwaa", "dwab")


@dataclass(frozen=True)
class MatteSettings:
    """Settings of how a matte is made and delivered. Defaults suit a plate of one person at any size."""

    weights: str = setting(
        "auto",
        label="Model",
        affects="network",
        kind="text",
        options=("auto",),
        help="Network weights by name, or a file of them (.safetensors, .pth, .onnx, .torchscript); "
        "'auto' takes the best that is installed.",
    )
    downsample_ratio: Union[float, str] = setting(
        "auto",
        label="Downsample ratio",
        affects="network",
        kind="number",
        options=("auto",),
        minimum=0.02,
        maximum=1.0,
        help="Size of the picture that the network works on, as a fraction of the plate; edges are refined at "
        "full size. 'auto' makes the longer side what the weights were trained for, 512 pixels for the official "
        "ones; raise it towards 0.4 at HD for a full body far away.",
    )
    refiner: str = setting(
        "auto",
        label="Refiner",
        affects="matte",
        kind="choice",
        options=("auto", "deep", "fast"),
        help="Guided filter that brings the matte to full size: 'deep' is learned and sharper on hair, "
        "'fast' is computed without weights; 'auto' takes the one that suits the weights.",
    )
    preroll: Union[int, str] = setting(
        "auto",
        label="Preroll",
        affects="network",
        kind="count",
        options=("auto", "all"),
        unit="frames",
        minimum=0,
        maximum=1000,
        help="Frames shown to the network before the first one rendered, so that it starts settled: real "
        "handles where the plate has them, mirrored frames where not. 'all' starts at the shot's first frame, "
        "so that a range has the pixels of the same frames of the whole; 'auto' does so where that is at most "
        "240 frames away.",
    )
    missing: str = setting(
        "error",
        label="Missing frames",
        affects="network",
        kind="choice",
        options=("error", "hold", "black"),
        help="What to do where a frame of the plate is missing or cannot be read: stop with an error, hold the frame "
        "before it, or use black.",
    )
    cuts: str = setting(
        "auto",
        label="Cuts",
        affects="network",
        kind="text",
        options=("auto", "none"),
        help="Frames that begin a new shot, where the network starts anew: 'auto' finds hard cuts, 'none' takes "
        "the plate for one shot, a list such as 1042,1100 names them.",
    )
    focus: str = setting(
        "auto",
        label="Focus",
        affects="network",
        kind="choice",
        options=("auto", "plate", "people"),
        help="Part of the plate that the network sees: 'auto' shows it a region round people who are small in the "
        "plate, and the whole plate otherwise; 'plate' always shows the whole plate, 'people' always regions. A "
        "downsample ratio that is given as a number shows the whole plate at that ratio.",
    )
    colour_space: str = setting(
        "auto",
        label="Colour space",
        affects="network",
        kind="text",
        options=("auto",),
        group="colour",
        help="The plate's colour space by the OCIO config's name, alias or role, such as ACEScg, ARRI "
        "LogC4 or sRGB; 'auto' goes by the file's tags, then the config's file rules, then the file's type.",
    )
    ocio: str = setting(
        "auto",
        label="OCIO config",
        affects="network",
        kind="path",
        options=("auto",),
        group="colour",
        help="An .ocio or .ocioz file or an ocio:// address; 'auto' takes the one that the environment variable OCIO "
        "names, else the built-in ACES studio config.",
    )
    exposure: Union[float, str] = setting(
        "auto",
        label="Exposure",
        affects="network",
        kind="number",
        options=("auto",),
        unit="stops",
        minimum=-10,
        maximum=10,
        group="colour",
        help="Stops by which the plate is brightened for the network, one number for the whole shot; the "
        "foreground is not. 'auto' measures frames spread over the plate and brightens dark ones.",
    )
    denoise: Union[float, str] = setting(
        "auto",
        label="Denoise",
        affects="network",
        kind="number",
        options=("auto",),
        minimum=0,
        maximum=1,
        group="colour",
        help="Share of the grain that is removed from the picture that the network sees; the foreground keeps its "
        "grain. 'auto' measures the grain of plates that are brightened, and leaves others alone.",
    )
    network_view: str = setting(
        "none",
        label="Network view",
        affects="network",
        kind="text",
        options=("none",),
        group="colour",
        help="The OCIO view, as 'display/view', through which the network sees the plate; 'none' is the sRGB curve "
        "with highlights rolled off.",
    )
    foreground: str = setting(
        "plate",
        label="Foreground",
        affects="matte",
        kind="choice",
        options=("plate", "network"),
        group="colour",
        help="'plate' keeps the plate's own values where alpha is 1 and estimates the foreground in soft edges; "
        "'network' is the network's prediction as it is, without highlights above white.",
    )
    edges: str = setting(
        "fine",
        label="Edges",
        affects="matte",
        kind="choice",
        options=("fine", "network"),
        group="edge",
        help="'fine' solves alpha again in a narrow band round the edge, from the plate's own colours: hair and "
        "soft edges come out sharper and flicker less. 'network' keeps the network's alpha.",
    )
    choke: float = setting(
        0.0,
        label="Choke",
        affects="matte",
        kind="number",
        unit="pixels",
        minimum=-50,
        maximum=50,
        group="edge",
        help="Pixels by which the edge of the matte moves inwards; negative moves it outwards.",
    )
    soften: float = setting(
        0.0,
        label="Soften",
        affects="matte",
        kind="number",
        unit="pixels",
        minimum=0,
        maximum=100,
        group="edge",
        help="Radius of the blur of the matte, in pixels.",
    )
    black_point: float = setting(
        0.0,
        label="Black point",
        affects="matte",
        kind="number",
        minimum=0,
        maximum=0.99,
        group="edge",
        help="Alpha at and below this becomes 0.",
    )
    white_point: float = setting(
        1.0,
        label="White point",
        affects="matte",
        kind="number",
        minimum=0.01,
        maximum=1,
        group="edge",
        help="Alpha at and above this becomes 1.",
    )
    despill: str = setting(
        "none",
        label="Despill",
        affects="matte",
        kind="text",
        options=("none", "green", "blue"),
        group="edge",
        help="Removes the spill of a screen of this colour from the foreground: green, blue, or #RRGGBB.",
    )
    alpha: str = setting(
        "network",
        label="Alpha from",
        affects="matte",
        kind="path",
        options=("network",),
        group="edge",
        help="'network', or a matte of another tool: an image, sequence or movie, soft or binary, named as the "
        "garbage matte is. It gets the edges, foreground and files of a network's matte; no network is used.",
    )
    garbage: str = setting(
        "none",
        label="Garbage matte",
        affects="matte",
        kind="path",
        options=("none",),
        group="edge",
        help="An image, sequence or movie; where it is 0, alpha becomes 0. A channel of an EXR is "
        "named as in roto.####.exr:mask.A; otherwise alpha is taken, or else red.",
    )
    holdout: str = setting(
        "none",
        label="Hold-out matte",
        affects="matte",
        kind="path",
        options=("none",),
        group="edge",
        help="An image, sequence or movie; where it is 1, alpha becomes 1. Channels are named as for "
        "the garbage matte.",
    )
    keep: str = setting(
        "everyone",
        label="Keep",
        affects="matte",
        kind="text",
        options=("everyone",),
        group="people",
        help="People that alpha, fgr and rgba show, by name, such as person1,anna; 'everyone' keeps all.",
    )
    leave_out: str = setting(
        "nobody",
        label="Leave out",
        affects="matte",
        kind="text",
        options=("nobody",),
        group="people",
        help="People that alpha, fgr and rgba do not show, by name, such as person2.",
    )
    hints: str = setting(
        "none",
        label="Hints",
        affects="matte",
        kind="text",
        options=("none",),
        group="people",
        help="Hints that say who is where, separated by semicolons: FRAME:X,Y:NAME a pixel of a person, "
        "FRAME:X,Y,W,H:NAME a box round one, NAME=PATH a mask; or a JSON file of hints.",
    )
    people_as: str = setting(
        "cryptomatte",
        label="People as",
        affects="nothing",
        kind="choice",
        options=("cryptomatte", "separate"),
        group="people",
        help="Files of the product 'people': 'cryptomatte' one EXR a frame, in which each person can be picked; "
        "'separate' an alpha sequence for each person who is kept.",
    )
    write: tuple[str, ...] = setting(
        ("alpha", "fgr"),
        label="Products",
        affects="nothing",
        kind="choices",
        options=PRODUCTS,
        group="output",
        help="Pictures to write for each frame: 'alpha' the matte, 'fgr' the straight foreground colour, "
        "'rgba' both in one picture, 'people' each person by themselves.",
    )
    format: str = setting(
        "exr",
        label="File format",
        affects="file",
        kind="choice",
        options=("exr", "png"),
        group="output",
        help="EXR keeps highlights and all metadata; PNG is for previews and 8-bit pipelines.",
    )
    depth: str = setting(
        "auto",
        label="Bit depth",
        affects="file",
        kind="choice",
        options=("auto", "half", "float", "8", "16"),
        group="output",
        help="'half' or 'float' for EXR, '8' or '16' for PNG; 'auto' is half for EXR and 8 for PNG.",
    )
    compression: str = setting(
        "zips",
        label="EXR compression",
        affects="file",
        kind="choice",
        options=COMPRESSIONS,
        group="output",
        help="Compression of EXR files. All are lossless except dwaa and dwab, which change a matte slightly.",
    )
    rgba_alpha: str = setting(
        "auto",
        label="RGBA colour",
        affects="file",
        kind="choice",
        options=("auto", "premultiplied", "straight"),
        group="output",
        help="Colour of 'rgba', multiplied by alpha or not; 'auto' follows the file format: "
        "premultiplied in EXR, straight in PNG.",
    )
    layout: str = setting(
        "separate",
        label="EXR layout",
        affects="file",
        kind="choice",
        options=("separate", "layered"),
        group="output",
        help="'separate' writes one file for each product; 'layered' writes one EXR for each frame instead, "
        "with the matte as the alpha of RGBA and the straight foreground in the layer fgr.",
    )
    movies: tuple[str, ...] = setting(
        (),
        label="Movies",
        affects="nothing",
        kind="choices",
        options=MOVIES,
        group="output",
        help="Movies made of the results, with the plate's rate, timecode and sound: 'prores4444' with "
        "alpha, 'matte' the alpha as luma in video range, 'matte_full' in full range, 'preview' the "
        "person over a background as H.264, 'preview_hevc' the same as HEVC.",
    )
    over: str = setting(
        "checker",
        label="Preview background",
        affects="nothing",
        kind="text",
        options=("checker", "green", "black", "white"),
        group="output",
        help="Background of preview movies: checker, green, black, white, #RRGGBB, or another clip.",
    )
    device: str = setting(
        "auto",
        label="Device",
        affects="network",
        kind="text",
        options=("auto", "cpu", "cuda", "mps"),
        group="machine",
        help="Where the network runs: 'auto' takes a GPU when there is one; 'cuda:1' names one of several.",
    )
    precision: str = setting(
        "auto",
        label="Precision",
        affects="network",
        kind="choice",
        options=("auto", "fp32", "fp16", "bf16"),
        group="machine",
        help="Arithmetic of the network: 'auto' is fp16 on a CUDA GPU and fp32 elsewhere.",
    )
    batch: Union[int, str] = setting(
        "auto",
        label="Batch",
        affects="network",
        kind="count",
        options=("auto",),
        unit="frames",
        minimum=1,
        maximum=64,
        group="machine",
        help="Frames that the network encodes at once; 'auto' suits the device.",
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
        # Called for what they refuse, so that a wrong list is found where the settings are made.
        self.cut_frames()
        self.kept_names()
        self.left_out_names()
        self._check_depth()
        self._check_layout()
        self._check_movies()

    def cut_frames(self) -> Optional[tuple[int, ...]]:
        """Return the frames that `cuts` names, ascending; none for `none`, None for `auto`.

        Raises:
            JobError: It is no list of frames.
        """
        if self.cuts == "auto":
            return None
        if self.cuts == "none":
            return ()
        try:
            return tuple(sorted({int(word) for word in self.cuts.split(",")}))
        except ValueError:
            raise JobError(
                f"Cuts cannot be '{self.cuts[:40]}'.",
                field="cuts",
                hint="Give auto, none, or the first frames of shots, such as 1042,1100.",
            ) from None

    def kept_names(self) -> Optional[tuple[str, ...]]:
        """Return the names of `keep`; None for everyone. Raises `JobError` where one is not a name."""
        return None if self.keep == "everyone" else _names("keep", self.keep)

    def left_out_names(self) -> tuple[str, ...]:
        """Return the names of `leave_out`; none for nobody. Raises `JobError` where one is not a name."""
        return () if self.leave_out == "nobody" else _names("leave_out", self.leave_out)

    def keeps(self, name: str) -> bool:
        """Tell if a person of that name is shown, as `kept_names` and `left_out_names` say."""
        kept = self.kept_names()
        return (kept is None or name in kept) and name not in self.left_out_names()

    def _check_layout(self) -> None:
        if self.layout == "layered" and self.format == "png":
            raise JobError(
                "A PNG file cannot hold layers.",
                field="layout",
                hint="Write EXR, or a file for each product with layout 'separate'.",
            )

    def _check_movies(self) -> None:
        # Layered files and rgba hold alpha and colour, of which every movie can be made.
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
                f"{'An EXR' if self.format == 'exr' else 'A PNG'} file cannot hold depth '{self.depth}'.",
                field="depth",
                hint=one_of(allowed),
            )


def _names(field: str, text: str) -> tuple[str, ...]:
    try:
        return person_names(text)
    except JobError as error:
        # `person_names` does not know which setting it reads.
        raise JobError(error.message, field=field, hint=error.hint) from None


def choices() -> dict[str, Choice]:
    """Map field names to presentations, in the order doors show them."""
    return choices_of(MatteSettings)


def parse_value(name: str, text: str) -> Any:
    """Turn what a user typed for the field `name` into the field's own type.

    Raises:
        JobError: The text is not of the field's kind. Bounds are checked by `MatteSettings` itself.
    """
    return parse_text(name, choices()[name], text)


STOCK: Mapping[str, Any] = MappingProxyType(
    {
        "preroll": 0,
        "cuts": "none",
        "focus": "plate",
        "exposure": 0.0,
        "denoise": 0.0,
        "edges": "network",
        "foreground": "network",
    }
)
"""Settings under which the network's published pixels come out, without anything that matteline adds to them."""


def wants_look(settings: MatteSettings) -> bool:
    """Tell if cuts or people have to be looked for before a render."""
    return settings.cut_frames() is None or wants_regions(settings)


def wants_regions(settings: MatteSettings) -> bool:
    """Tell if the network may see regions of the plate."""
    return settings.focus != "plate"
