"""Properties of a scene: those made from `MatteSettings` and `FarmSettings`, and the few of Blender alone."""

from dataclasses import fields

import bpy

from .compat import RELATIVE_PATHS
from .contract.choices import choices_of
from .contract.farm_settings import FarmSettings
from .contract.job import Job
from .contract.settings import MatteSettings
from .option_words import menu_items, title, tooltip

# The word beside `auto` and the like that stands for a number of the artist's own.
NUMBER = "number"

DEFAULT_OUTPUT = "//mattes"

RESULTS = (
    (
        "CUTOUT",
        "Cut-Out",
        "The person with alpha, free of the background's colour, on the next free channel; the strip is muted",
    ),
    (
        "MASK",
        "Matte and Mask",
        "The matte on the next free channel, and a mask modifier on the strip, whose edges keep the background's "
        "colour",
    ),
    ("MATTE", "Matte Only", "The matte on the next free channel; the strip stays as it is"),
)
RANGES = (
    ("ALL", "Whole Clip", "All frames of the clip"),
    ("SCENE", "Scene Range", "The frames that fall between the scene's start and end"),
)
EXISTING_ITEMS = menu_items("existing", choices_of(Job)["existing"])


def matte_settings(values, **fixed):
    """Return the settings as the panel has them, except those that are fixed.

    Raises:
        JobError: Two of them contradict each other.
    """
    return MatteSettings(**{**_values(MatteSettings, values), **fixed})


def farm_settings(values):
    """Return the farm settings as the panel has them. Raises `JobError` as `matte_settings` does."""
    return FarmSettings(**_values(FarmSettings, values))


def _values(kind, values):
    defaults = {each.name: each.default for each in fields(kind)}
    return {name: _value(values, name, choice, defaults[name]) for name, choice in choices_of(kind).items()}


def number_property(name):
    """Return the name of the property that holds the number of a field that takes a word or a number."""
    return f"{name}_{NUMBER}"


def _value(values, name, choice, default):
    value = getattr(values, name)
    # The cross that Blender draws in a text field leaves it empty.
    if choice.kind in ("text", "path") and not value.strip():
        return default
    if choice.kind == "choices":
        return tuple(word for word in choice.options if word in value)
    if value == NUMBER:
        value = getattr(values, number_property(name))
    if isinstance(value, float):
        # A FloatProperty holds 32 bits; the artist typed a short decimal.
        return round(value, 6)
    return bpy.path.abspath(value) if isinstance(value, str) and value.startswith("//") else value


def _properties(kind):
    """Return the properties of every field of a settings dataclass by name, in its order."""
    made = {}
    defaults = {each.name: each.default for each in fields(kind)}
    for name, choice in choices_of(kind).items():
        # In the order of the fields, which is that of the panel.
        made.update(_property(name, choice, defaults[name]))
    return made


def _property(name, choice, default):
    """Return the properties of one field: one, or a word and a number beside it."""
    words = {"name": title(choice.label), "description": tooltip(choice.help)}
    items = menu_items(name, choice)
    if choice.kind == "choice":
        return {name: bpy.props.EnumProperty(**words, items=items, default=default)}
    if choice.kind == "choices":
        several = {"default": set(default), "options": {"ENUM_FLAG"}}
        return {name: bpy.props.EnumProperty(**words, items=items, **several)}
    if choice.kind == "path":
        path = {"subtype": "FILE_PATH", "options": RELATIVE_PATHS}
        return {name: bpy.props.StringProperty(**words, default=default, **path)}
    if choice.kind == "text":
        options = choice.options

        def suggest(_self, _context, typed):
            return [word for word in options if typed in word]

        # A suggestion only: another name than those of the list may be typed.
        search = {"search": suggest if options else None, "search_options": {"SUGGESTION"}}
        return {name: bpy.props.StringProperty(**words, default=default, **search)}
    number = _number_property(choice, default)
    if not items:
        return {name: number}
    items.append((NUMBER, "Number", "A number of your own"))
    word = bpy.props.EnumProperty(**words, items=items, default=default)
    return {name: word, number_property(name): number}


def _number_property(choice, default):
    kind, python_type, more = bpy.props.FloatProperty, float, {"precision": 3}
    if choice.kind == "count":
        kind, python_type, more = bpy.props.IntProperty, int, {}
    unit = f" ({choice.unit})" if choice.unit else ""
    return kind(
        name=f"{title(choice.label)}{unit}",
        description=tooltip(choice.help),
        min=python_type(choice.minimum),
        max=python_type(choice.maximum),
        # Beside a word the number begins at its least.
        default=python_type(choice.minimum if isinstance(default, str) else default),
        **more,
    )


class MattelineMatte(bpy.types.PropertyGroup):
    """The settings of a matte: one property for each field of `MatteSettings`."""

    # Blender takes its properties from annotations, and does not care who writes them.
    __annotations__ = _properties(MatteSettings)


class MattelineFarm(bpy.types.PropertyGroup):
    """The settings of a render farm: one property for each field of `FarmSettings`."""

    __annotations__ = _properties(FarmSettings)


class MattelineScene(bpy.types.PropertyGroup):
    """Everything of Matteline that is kept in a scene."""

    matte: bpy.props.PointerProperty(type=MattelineMatte)
    farm: bpy.props.PointerProperty(type=MattelineFarm)
    output: bpy.props.StringProperty(
        name="Output",
        description="Folder for results; each strip or clip gets a folder of its own in it. "
        "// is where the blend file is. Empty means //mattes",
        default=DEFAULT_OUTPUT,
        subtype="DIR_PATH",
        options=RELATIVE_PATHS,
    )
    result: bpy.props.EnumProperty(
        name="Result",
        description="The strips and modifiers that a render adds to the sequencer",
        items=RESULTS,
    )
    handles: bpy.props.IntProperty(
        name="Handles (frames)",
        description="Frames rendered before and after those that are visible, where the footage has them",
        default=8,
        min=0,
        max=1000,
    )
    garbage_mask: bpy.props.PointerProperty(
        name="Garbage Mask",
        description="A mask of this file, drawn over the clip: what lies outside it is not in the matte",
        type=bpy.types.Mask,
    )
    holdout_mask: bpy.props.PointerProperty(
        name="Hold-Out Mask",
        description="A mask of this file, drawn over the clip: what lies inside it is wholly in the matte",
        type=bpy.types.Mask,
    )
    span: bpy.props.EnumProperty(name="Range", description="Which frames of a clip to render", items=RANGES)
    existing: bpy.props.EnumProperty(
        name="Existing Results",
        description="Treatment of results that are already there",
        items=EXISTING_ITEMS,
        # A strip that was trimmed, extended or given another choke costs what has changed, and no question.
        default="update",
    )


class MattelinePlanRow(bpy.types.PropertyGroup):
    """One line of a plan: its label is the name, and the words beside it."""

    words: bpy.props.StringProperty()


class MattelineQueueRow(bpy.types.PropertyGroup):
    """One strip, clip or node of a render: its label is the name, the state is in the words."""

    words: bpy.props.StringProperty()


class MattelineModel(bpy.types.PropertyGroup):
    """A model that the worker listed, by name."""

    quality: bpy.props.StringProperty()
    licence: bpy.props.StringProperty()
    problem: bpy.props.StringProperty()
    installed: bpy.props.BoolProperty()
    automatic: bpy.props.BoolProperty()
    megabytes: bpy.props.IntProperty()


class MattelineStatus(bpy.types.PropertyGroup):
    """The progress of a render, for panels to draw. It belongs to this Blender, not to the file."""

    running: bpy.props.BoolProperty()
    cancelling: bpy.props.BoolProperty()
    words: bpy.props.StringProperty()
    fraction: bpy.props.FloatProperty()
    worker: bpy.props.StringProperty()
    plan: bpy.props.CollectionProperty(type=MattelinePlanRow)
    queue: bpy.props.CollectionProperty(type=MattelineQueueRow)
    models: bpy.props.CollectionProperty(type=MattelineModel)


_CLASSES = (
    MattelineMatte,
    MattelineFarm,
    MattelineScene,
    MattelinePlanRow,
    MattelineQueueRow,
    MattelineModel,
    MattelineStatus,
)


def register():
    """Give scenes their settings, and the window manager its state."""
    for each in _CLASSES:
        bpy.utils.register_class(each)
    bpy.types.Scene.matteline = bpy.props.PointerProperty(type=MattelineScene)
    # Not saved: a file must not open as if it rendered.
    bpy.types.WindowManager.matteline = bpy.props.PointerProperty(type=MattelineStatus, options={"SKIP_SAVE"})


def unregister():
    """Remove them."""
    del bpy.types.WindowManager.matteline
    del bpy.types.Scene.matteline
    for each in reversed(_CLASSES):
        bpy.utils.unregister_class(each)
