"""What an artist sets in Blender: properties made from `MatteSettings`, and the few that only Blender has."""

from dataclasses import fields

import bpy

from .compat import RELATIVE_PATHS
from .contract.choices import choices_of
from .contract.farm_settings import FarmSettings
from .contract.job import EXISTING
from .contract.settings import MatteSettings

NUMBER = "number"
"""The word beside `auto` and the like that stands for a number of the artist's own."""

RESULTS = (
    ("MASK", "Matte and mask", "The matte on the next free channel, and a mask modifier on the strip"),
    ("CUTOUT", "Cut-out", "The person with alpha on the next free channel; the strip itself is muted"),
    ("MATTE", "Matte only", "The matte on the next free channel; the strip stays as it is"),
)
RANGES = (
    ("ALL", "Whole clip", "All frames of the clip"),
    ("SCENE", "Scene's frames", "The frames that fall between the scene's start and end"),
)


def matte_settings(values, **fixed):
    """The settings as the panel has them, except those that are fixed.

    Raises:
        JobError: Two of them contradict each other.
    """
    return MatteSettings(**{**_chosen(MatteSettings, values), **fixed})


def farm_settings(values):
    """What the panel says about a render farm. Raises `JobError` as `matte_settings` does."""
    return FarmSettings(**_chosen(FarmSettings, values))


def _chosen(kind, values):
    return {name: _value(values, name, choice) for name, choice in choices_of(kind).items()}


def number_property(name):
    """The property that holds the number of a field that takes a word or a number."""
    return f"{name}_{NUMBER}"


def _value(values, name, choice):
    value = getattr(values, name)
    if choice.kind == "choices":
        return tuple(word for word in choice.options if word in value)
    if value == NUMBER:
        value = getattr(values, number_property(name))
    if isinstance(value, float):
        # A FloatProperty holds 32 bits; the artist typed a short decimal.
        return round(value, 6)
    return bpy.path.abspath(value) if isinstance(value, str) and value.startswith("//") else value


def _properties(kind):
    """Name to property for every field of a settings dataclass, in its order."""
    made = {}
    defaults = {each.name: each.default for each in fields(kind)}
    for name, choice in choices_of(kind).items():
        made.update(_PROPERTY[choice.kind](name, choice, defaults[name]))
    return made


def _word(name, choice, default):
    items = [(word, word, "") for word in choice.options]
    return {
        name: bpy.props.EnumProperty(name=choice.label, description=choice.help, items=items, default=default)
    }


def _words(name, choice, default):
    items = [(word, word, "") for word in choice.options]
    return {
        name: bpy.props.EnumProperty(
            name=choice.label,
            description=choice.help,
            items=items,
            default=set(default),
            options={"ENUM_FLAG"},
        )
    }


def _text(name, choice, default):
    options = choice.options
    return {
        name: bpy.props.StringProperty(
            name=choice.label,
            description=choice.help,
            default=default,
            search=(lambda _self, _context, typed: [word for word in options if typed in word])
            if options
            else None,
            search_options={"SUGGESTION"},
        )
    }


def _path(name, choice, default):
    return {
        name: bpy.props.StringProperty(
            name=choice.label,
            description=choice.help,
            default=default,
            subtype="FILE_PATH",
            options=RELATIVE_PATHS,
        )
    }


def _number(name, choice, default):
    kind = bpy.props.IntProperty if choice.kind == "count" else bpy.props.FloatProperty
    whole = int if choice.kind == "count" else float
    unit = f" ({choice.unit})" if choice.unit else ""
    number = kind(
        name=f"{choice.label}{unit}",
        description=choice.help,
        min=whole(choice.minimum),
        max=whole(choice.maximum),
        default=whole(choice.minimum if isinstance(default, str) else default),
        **({"precision": 3} if kind is bpy.props.FloatProperty else {}),
    )
    if not choice.options:
        return {name: number}
    items = [(word, word, "") for word in choice.options] + [(NUMBER, "Number", "A number of your own")]
    word = bpy.props.EnumProperty(name=choice.label, description=choice.help, items=items, default=default)
    return {name: word, number_property(name): number}


_PROPERTY = {
    "choice": _word,
    "choices": _words,
    "text": _text,
    "path": _path,
    "number": _number,
    "count": _number,
}


class MattelineMatte(bpy.types.PropertyGroup):
    """How mattes are made: one property for each field of `MatteSettings`."""

    __annotations__ = _properties(MatteSettings)


class MattelineFarm(bpy.types.PropertyGroup):
    """How clips go to a render farm: one property for each field of `FarmSettings`."""

    __annotations__ = _properties(FarmSettings)


class MattelineScene(bpy.types.PropertyGroup):
    """What a scene remembers of Matteline."""

    matte: bpy.props.PointerProperty(type=MattelineMatte)
    farm: bpy.props.PointerProperty(type=MattelineFarm)
    output: bpy.props.StringProperty(
        name="Output",
        description="Folder for results; each strip or clip gets a folder of its own in it. "
        "// is where the blend file is",
        default="//mattes",
        subtype="DIR_PATH",
        options=RELATIVE_PATHS,
    )
    result: bpy.props.EnumProperty(
        name="Result", description="What comes back to the sequencer", items=RESULTS
    )
    handles: bpy.props.IntProperty(
        name="Handles (frames)",
        description="Frames rendered before and after those that are visible, where the footage has them",
        default=8,
        min=0,
        max=1000,
    )
    span: bpy.props.EnumProperty(name="Range", description="Which frames of a clip to render", items=RANGES)
    existing: bpy.props.EnumProperty(
        name="Existing results",
        description="What happens to results that are already there",
        items=[(word, word.capitalize(), "") for word in EXISTING],
    )


class MattelinePlanRow(bpy.types.PropertyGroup):
    """One line of a plan: a label, and the words beside it."""

    words: bpy.props.StringProperty()


class MattelineNow(bpy.types.PropertyGroup):
    """What is going on, for panels to draw. It is of this Blender, not of the file."""

    running: bpy.props.BoolProperty()
    cancelling: bpy.props.BoolProperty()
    words: bpy.props.StringProperty()
    fraction: bpy.props.FloatProperty()
    worker: bpy.props.StringProperty()
    plan: bpy.props.CollectionProperty(type=MattelinePlanRow)


_CLASSES = (MattelineMatte, MattelineFarm, MattelineScene, MattelinePlanRow, MattelineNow)


def register():
    """Give scenes their settings, and the window manager its state."""
    for each in _CLASSES:
        bpy.utils.register_class(each)
    bpy.types.Scene.matteline = bpy.props.PointerProperty(type=MattelineScene)
    bpy.types.WindowManager.matteline = bpy.props.PointerProperty(type=MattelineNow, options={"SKIP_SAVE"})


def unregister():
    """Take them away again."""
    del bpy.types.WindowManager.matteline
    del bpy.types.Scene.matteline
    for each in reversed(_CLASSES):
        bpy.utils.unregister_class(each)
