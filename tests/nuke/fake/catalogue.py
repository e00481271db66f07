"""Classes of nodes and their knobs, as far as SOURCES.md knows them; nothing else exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.nuke.fake.files import COMPRESSIONS, DEPTHS
from tests.nuke.fake.kinds import (
    Boolean_Knob,
    Double_Knob,
    Enumeration_Knob,
    File_Knob,
    Int_Knob,
    Multiline_Eval_String_Knob,
    PyScript_Knob,
    String_Knob,
)
from tests.nuke.fake.knobs import Knob
from tests.nuke.fake.more_knobs import (
    BBox_Knob,
    Channel_Knob,
    Color_Knob,
    ColorSpace_Knob,
    Format_Knob,
    MultiView_Knob,
    Name_Knob,
    Pairs_Knob,
    Reload_Knob,
)

Maker = Callable[[str], Knob]


def _is(kind: Callable[[str], Knob], value: object = None) -> Maker:
    """A knob with another value from the start."""

    def make(name: str) -> Knob:
        knob = kind(name)
        if value is not None:
            knob._value = knob._default = value
        return knob

    return make


def _words(*words: str, default: str | None = None) -> Maker:
    return _is(lambda name: Enumeration_Knob(name, "", list(words)), default)


def _format(width: int, height: int) -> Maker:
    from tests.nuke.fake.picture import Format

    return _is(Format_Knob, Format(width, height))


@dataclass(frozen=True)
class NodeClass:
    """Inputs: how many may be connected. Sources show nothing of what is upstream."""

    inputs: int
    knobs: dict[str, Maker]


EVERY_NODE: dict[str, Maker] = {
    "name": Name_Knob,
    "label": Multiline_Eval_String_Knob,
    "selected": Boolean_Knob,
    "xpos": Int_Knob,
    "ypos": Int_Knob,
    "tile_color": Int_Knob,
    "disable": Boolean_Knob,
    "postage_stamp": Boolean_Knob,
    "knobChanged": String_Knob,
    "onCreate": String_Knob,
    "onDestroy": String_Knob,
    "autolabel": String_Knob,
    "updateUI": String_Knob,
}

_RAW = {"raw": Boolean_Knob, "premultiplied": Boolean_Knob}
_EDGES = ("hold", "loop", "bounce", "black")
_MODES = ("expression", "start at", "offset")
_ON_ERROR = ("error", "black", "checkerboard", "nearest frame")
_METADATA = (
    "no metadata",
    "default metadata",
    "default metadata and exr/*",
    "all metadata except input/*",
    "all metadata",
)

EXR_WRITER: dict[str, Maker] = {
    "datatype": _words(*DEPTHS),
    "compression": _words(*COMPRESSIONS, default="Zip (1 scanline)"),
    "dw_compression_level": _is(Double_Knob, 45.0),
    "autocrop": Boolean_Knob,
    "metadata": _words(*_METADATA, default="default metadata"),
    "noprefix": Boolean_Knob,
    "interleave": _words(
        "channels, layers and views", "channels and layers", "channels", default="channels, layers and views"
    ),
    "first_part": String_Knob,
    "write_full_layer_names": Boolean_Knob,
    "standard layer name format": Boolean_Knob,
    "truncateChannelNames": Boolean_Knob,
}

_READ = {
    "file": File_Knob,
    "proxy": File_Knob,
    "first": _is(Int_Knob, 1),
    "before": _words(*_EDGES),
    "last": _is(Int_Knob, 1),
    "after": _words(*_EDGES),
    "origfirst": _is(Int_Knob, 1),
    "origlast": _is(Int_Knob, 1),
    "origset": Boolean_Knob,
    "frame_mode": _words(*_MODES),
    "frame": String_Knob,
    "format": _format(640, 480),
    "colorspace": ColorSpace_Knob,
    **_RAW,
    "auto_alpha": Boolean_Knob,
    "on_error": _words(*_ON_ERROR),
    "localizationPolicy": _words("on", "from auto-localize path", "on demand", "off"),
    "rescan_range": PyScript_Knob,
    "reload": Reload_Knob,
    "file_type": String_Knob,
}

_WRITE = {
    "channels": Channel_Knob,
    "file": File_Knob,
    "frame_mode": _words(*_MODES),
    "frame": String_Knob,
    "file_type": _words(" ", "exr", "png", "jpeg", "tiff", "dpx", "mov"),
    "colorspace": ColorSpace_Knob,
    **_RAW,
    "create_directories": Boolean_Knob,
    "use_limit": Boolean_Knob,
    "first": _is(Int_Knob, 1),
    "last": _is(Int_Knob, 1),
    "render_order": _is(Double_Knob, 1.0),
    "views": MultiView_Knob,
    "on_error": _words(*_ON_ERROR),
    "reading": Boolean_Knob,
    "checkHashOnRead": _is(Boolean_Knob, True),
    "beforeRender": String_Knob,
    "afterRender": String_Knob,
    "Render": PyScript_Knob,
}

_ROOT = {
    "name": File_Knob,
    "project_directory": File_Knob,
    "first_frame": _is(Int_Knob, 1),
    "last_frame": _is(Int_Knob, 100),
    "lock_range": Boolean_Knob,
    "frame": _is(Int_Knob, 1),
    "fps": _is(Double_Knob, 24.0),
    "format": _format(2048, 1556),
    "proxy": Boolean_Knob,
    "views": MultiView_Knob,
    "colorManagement": _words("Nuke", "OCIO"),
    "OCIO_config": _words("nuke-default", "custom", "fn-nuke_cg-config-v1.0.0_aces-v1.3_ocio-v2.1"),
    "customOCIOConfigPath": File_Knob,
    "workingSpaceLUT": _is(String_Knob, "linear"),
    "floatLut": _is(String_Knob, "linear"),
    "int8Lut": _is(String_Knob, "sRGB"),
    "logLut": _is(String_Knob, "Cineon"),
}

_SIDES = ("B", "A", "All")
_COPY = {
    **{f"{word}{number}": _is(Channel_Knob, "none") for number in range(4) for word in ("from", "to")},
    "channels": _is(Channel_Knob, "none"),
    "bbox": _words("union", "B side", "A side"),
    "metainput": _words(*_SIDES),
    "rangeinput": _words(*_SIDES, default="All"),
    "mix": _is(Double_Knob, 1.0),
}

CLASSES: dict[str, NodeClass] = {
    "Root": NodeClass(0, _ROOT),
    "Group": NodeClass(100, {}),
    "Input": NodeClass(0, {"number": Int_Knob}),
    "Output": NodeClass(1, {}),
    "Viewer": NodeClass(10, {}),
    "Read": NodeClass(0, _READ),
    "Write": NodeClass(1, _WRITE),
    "Constant": NodeClass(
        0, {"channels": Channel_Knob, "color": _is(Color_Knob, 0.0), "format": _format(640, 480)}
    ),
    "Dot": NodeClass(1, {}),
    "NoOp": NodeClass(1, {}),
    "Switch": NodeClass(100, {"which": _is(Double_Knob, 0.0)}),
    "Copy": NodeClass(3, _COPY),
    "Crop": NodeClass(1, {"box": BBox_Knob, "crop": _is(Boolean_Knob, True), "reformat": Boolean_Knob}),
    "Premult": NodeClass(1, {"channels": Channel_Knob, "alpha": _is(Channel_Knob, "rgba.alpha")}),
    "Unpremult": NodeClass(1, {"channels": Channel_Knob, "alpha": _is(Channel_Knob, "rgba.alpha")}),
    "FrameHold": NodeClass(1, {"firstFrame": Int_Knob}),
    "TimeOffset": NodeClass(1, {"time_offset": Int_Knob}),
    "TimeWarp": NodeClass(1, {"lookup": Double_Knob}),
    "OCIOColorSpace": NodeClass(1, {"in_colorspace": ColorSpace_Knob, "out_colorspace": ColorSpace_Knob}),
    "Shuffle2": NodeClass(2, {"mappings": Pairs_Knob}),
    "Remove": NodeClass(1, {"operation": _words("remove", "keep"), "channels": Channel_Knob}),
    "Grade": NodeClass(
        2,
        {
            "channels": Channel_Knob,
            "blackpoint": _is(Color_Knob, 0.0),
            "whitepoint": _is(Color_Knob, 1.0),
            "black": _is(Color_Knob, 0.0),
            "white": _is(Color_Knob, 1.0),
            "multiply": _is(Color_Knob, 1.0),
            "add": _is(Color_Knob, 0.0),
            "gamma": _is(Color_Knob, 1.0),
            "black_clamp": _is(Boolean_Knob, True),
            "white_clamp": Boolean_Knob,
        },
    ),
    "FilterErode": NodeClass(
        2,
        {
            "channels": Channel_Knob,
            "size": _is(Double_Knob, 1.0),
            "filter": _words("box", "triangle", "quadratic", "gaussian"),
        },
    ),
    "Roto": NodeClass(5, {"output": _is(Channel_Knob, "rgba")}),
    "Merge2": NodeClass(64, {"operation": _words("atop", "over", "plus", default="over")}),
    "StickyNote": NodeClass(0, {"note_font_size": _is(Int_Knob, 20)}),
    "Cryptomatte": NodeClass(
        1,
        {
            "matteList": String_Knob,
            "matteOutput": _is(Channel_Knob, "rgba.alpha"),
            "previewEnabled": _is(Boolean_Knob, True),
            "removeChannels": Boolean_Knob,
            "unpremultiply": Boolean_Knob,
        },
    ),
    "Blur": NodeClass(
        2,
        {
            "channels": _is(Channel_Knob, "all"),
            "size": Double_Knob,
            "filter": _words("box", "triangle", "quadratic", "gaussian", default="gaussian"),
            "crop": _is(Boolean_Knob, True),
        },
    ),
}
"""TimeWarp, Constant, Roto, Merge2 and StickyNote are for scenes of tests; their knobs are not certain."""
