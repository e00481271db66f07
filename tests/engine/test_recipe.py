"""Recipes: two results belong together only where everything that decides their pixels is the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matteline.colour.config import open_config
from matteline.contract.choices import Choice
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings, choices
from matteline.engine.plan import Resources
from matteline.engine.planner import plan
from matteline.engine.recipe import differences, recipe, recipe_mark, state_hashes

_OTHER = {
    # Values that a choice's own bounds and options do not tell.
    "colour_space": "ACEScg",
    "ocio": "ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1",
    "network_view": "sRGB - Display/ACES 1.0 - SDR Video",
    "despill": "#00b140",
    "movies": ("matte",),
    "over": "green",
    "device": "mps",
    "depth": "float",
    "weights": "another",
    "precision": "bf16",
    "layout": "layered",
    "format": "png",
}


def another(name: str, choice: Choice, value: object) -> object:
    """Return an allowed value of a setting that is not `value`."""
    if name in _OTHER:
        return _OTHER[name]
    if choice.kind in ("number", "count"):
        assert choice.maximum is not None
        return int(choice.maximum) if choice.kind == "count" else choice.maximum / 2
    if choice.kind == "choices":
        return tuple(choice.options[:1])
    return next(option for option in (*choice.options, "other") if option not in (value, "auto", "none"))


@pytest.fixture
def ready(png_plate, untrained, tmp_path):
    """A plan of a real plate."""
    return plan(
        Job(png_plate, str(tmp_path / "out"), settings=MatteSettings(weights=str(untrained))), Resources()
    )


@pytest.mark.parametrize(("name", "choice"), choices().items())
def test_a_setting_is_part_of_the_recipe_where_it_changes_what_is_written(ready, name, choice):
    changed = _with(ready, name, another(name, choice, getattr(ready.settings, name)))
    assert (recipe_mark(changed) != recipe_mark(ready)) == (choice.affects != "nothing")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "choice"), choices().items())
def test_a_state_is_kept_unless_a_setting_of_the_network_changes(ready, name, choice):
    changed = _with(ready, name, another(name, choice, getattr(ready.settings, name)))
    assert (state_hashes(changed, "plate") != state_hashes(ready, "plate")) == (choice.affects == "network")


def _with(ready, name, value):
    """Return a plan with another value of one setting, and what the planner makes of it."""
    if name in ("alpha", "garbage", "holdout"):
        pytest.skip("user mattes are files: tests/engine/test_user_mattes.py")
    if name in ("cuts", "focus"):
        pytest.skip("marked on each frame: tests/engine/test_look.py")
    changed = replace(ready, settings=replace(ready.settings, **{name: value}))
    if name == "weights":
        changed = replace(changed, weights=replace(ready.weights, sha256="0" * 64))
    if name == "colour_space":
        changed = replace(changed, space=replace(ready.space, name=value))
    if name == "ocio":
        changed = replace(changed, space=replace(ready.space, config=open_config(value)))
    return changed


def test_differences_are_worded_by_the_settings_labels(ready):
    changed = _with(_with(ready, "choke", 1.0), "weights", "another")
    assert differences(recipe(ready), recipe(changed)) == ["Model: other files", "Choke 0.0, now 1.0"]


def test_a_recipe_of_a_release_without_a_setting_counts_as_its_default(ready):
    found = {name: value for name, value in recipe(ready).items() if name != "soften"}
    assert differences(found, recipe(ready)) == []
    assert differences(found, recipe(_with(ready, "soften", 2.0))) == ["Soften 0.0, now 2.0"]
