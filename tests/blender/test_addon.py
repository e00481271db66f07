"""The add-on as a guest: it brings nothing, leaves nothing, and says the same as every other door."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

import matteline
from matteline.contract.settings import MatteSettings, choices
from matteline.packaging.blender import FOLDER, MANIFEST, extension_files, package_blender
from tests.blender.conftest import Blender


@pytest.fixture
def own_blender(start_blender: Callable[..., Blender], command: list[str]):
    """A Blender of its own, for what others would notice."""
    blender = start_blender(command, MATTELINE_WORKER=sys.executable)
    yield blender
    blender.close()


@pytest.mark.host
def test_nothing_but_the_standard_library_is_loaded(own_blender):
    assert own_blender.call("operator", name="check") == ["FINISHED"]
    brought = own_blender.call("loaded")
    assert [name for name in brought if name.partition(".")[0] not in sys.stdlib_module_names] == []
    assert not {"numpy", "torch"} & set(brought)


@pytest.mark.host
def test_unregistering_leaves_nothing(own_blender):
    assert own_blender.call("leftovers"), "this test must be able to see what is there"
    own_blender.call("unregister")
    assert own_blender.call("leftovers") == []


@pytest.mark.host
def test_it_can_be_registered_again(own_blender, package):
    own_blender.call("unregister")
    own_blender.call("register", folder=str(package))
    own_blender.call("sequencer")


@pytest.mark.host
def test_every_setting_is_there_with_its_words(blender):
    expression = """{each.identifier: [each.name, each.description] for each in
        bpy.context.scene.matteline.matte.bl_rna.properties}"""
    found = blender.call("evaluate", expression=expression)
    for name, choice in choices().items():
        plain_number = choice.kind in ("number", "count") and not choice.options
        unit = f" ({choice.unit})" if choice.unit and plain_number else ""
        assert found[name][0].lower() == (choice.label + unit).lower()
        # Blender ends a tooltip with a full stop of its own.
        assert found[name][1] == choice.help.removesuffix(".")


@pytest.mark.host
@pytest.mark.parametrize("kind", ["strip", "clip", "node"])
def test_every_setting_stands_in_a_panel(blender, kind):
    shown = {
        choices()[name].group
        for name in choices()
        if blender.call(
            "evaluate", expression=f"hasattr(bpy.types, 'MATTELINE_PT_{kind}_{choices()[name].group}')"
        )
    }
    # What a strip's files are like is not a choice: the sequencer reads one kind right in all versions.
    wanted = {choice.group for choice in choices().values()} - ({"output"} if kind == "strip" else set())
    assert shown == wanted


@pytest.mark.host
def test_every_option_of_every_menu_has_a_name_and_a_tooltip(blender):
    expression = """[[each.identifier, item.identifier, item.name, item.description]
        for group in ('matte', 'farm') for each in getattr(bpy.context.scene.matteline, group).bl_rna.properties
        if each.type == 'ENUM' for item in each.enum_items]"""
    found = blender.call("evaluate", expression=expression)
    assert len(found) > 30
    for setting, word, name, description in found:
        assert name[0].isupper() or name[0].isdigit(), f"{setting}: {word}"
        assert description and not description.endswith("."), f"{setting}: {word}"


@pytest.mark.host
@pytest.mark.parametrize("name", [name for name, each in choices().items() if each.kind in ("text", "path")])
def test_an_emptied_text_field_is_the_default(blender, name):
    blender.call("values", **{f"matte__{name}": ""})
    expression = f"addon('settings').matte_settings(bpy.context.scene.matteline.matte).{name}"
    assert blender.call("evaluate", expression=expression) == getattr(MatteSettings(), name)


@pytest.mark.host
def test_names_in_the_search_say_what_they_belong_to(blender):
    expression = (
        """[getattr(bpy.ops.matteline, name).get_rna_type().name for name in dir(bpy.ops.matteline)]"""
    )
    generic = {"Plan", "Check", "Cancel", "Open Folder", "Submit", "Preview", "Render"}
    assert not generic & set(blender.call("evaluate", expression=expression))


@pytest.mark.host
def test_a_path_beside_the_file_is_found(blender, tmp_path):
    blender.call("save", path=str(tmp_path / "shot.blend"))
    blender.call("values", matte__garbage="//roto.png")
    expression = "addon('settings').matte_settings(bpy.context.scene.matteline.matte).garbage"
    assert blender.call("evaluate", expression=expression) == str(tmp_path / "roto.png")


@pytest.mark.host
def test_settings_left_alone_are_the_defaults(blender):
    expression = "addon('settings').matte_settings(bpy.context.scene.matteline.matte) == SETTINGS".replace(
        "SETTINGS", "addon('contract.settings').MatteSettings()"
    )
    assert blender.call("evaluate", expression=expression) is True


@pytest.mark.host
@pytest.mark.parametrize("name", [each.name for each in fields(MatteSettings)])
def test_a_setting_reaches_the_job(blender, name):
    value, given = another(name)
    blender.call("values", **{f"matte__{key}": word for key, word in given.items()})
    expression = f"addon('settings').matte_settings(bpy.context.scene.matteline.matte).{name}"
    found = blender.call("evaluate", expression=expression)
    assert found == (list(value) if isinstance(value, tuple) else value)


def another(name: str) -> tuple[object, dict[str, object]]:
    """A value that is not the default, and the properties that say it."""
    choice = choices()[name]
    default = getattr(MatteSettings(), name)
    if choice.kind == "choices":
        return (choice.options[-1],), {name: [choice.options[-1]]}
    if choice.kind in ("number", "count"):
        number = 3 if choice.kind == "count" else 0.7
        return number, {name: "number", f"{name}_number": number} if choice.options else {name: number}
    if choice.kind in ("text", "path"):
        word = "1010" if name == "cuts" else "something"
        return word, {name: word}
    word = next(each for each in choice.options if each != default)
    if name == "depth":
        word = "float"
    return word, {name: word}


MODELS = """[{'name': each.name, 'installed': each.installed, 'licence': each.licence, 'size': each.megabytes}
    for each in bpy.context.window_manager.matteline.models]"""


@pytest.mark.host
def test_models_are_listed_with_their_terms(blender):
    assert blender.call("operator", name="list_models") == ["FINISHED"]
    listed = {each["name"]: each for each in blender.call("evaluate", expression=MODELS)}
    assert {"rvm_mobilenetv3", "rvm_resnet50"} <= set(listed)
    assert "GPL-3.0" in listed["rvm_resnet50"]["licence"] and listed["rvm_resnet50"]["size"] > 10


@pytest.mark.host
def test_a_model_is_fetched_only_with_consent(blender, tmp_path):
    said = blender.call("operator", name="download_model", model="rvm_resnet50", place=str(tmp_path))
    assert "agreed" in said and "GPL-3.0" in said


@pytest.mark.host
def test_a_model_is_not_downloaded_where_blender_is_to_stay_offline(blender):
    if not blender.call("evaluate", expression="hasattr(bpy.app, 'online_access')"):
        pytest.skip("Blender has a switch for online access from 4.2 on")
    offline = "bpy.context.preferences.system.use_online_access = False"
    blender.call("execute", statements=offline)
    said = blender.call("operator", name="download_model", model="rvm_resnet50", agreed=True)
    assert "Online access is off" in said


def test_versions_agree():
    files = extension_files()
    manifest = tomllib.loads(files[MANIFEST].decode())
    bl_info = next(
        ast.literal_eval(node.value)
        for node in ast.parse(files["__init__.py"]).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "bl_info"
    )
    assert manifest["version"] == ".".join(map(str, bl_info["version"])) == matteline.__version__


def test_the_extension_asks_for_the_network_only_to_fetch_models_and_brings_no_wheels():
    manifest = tomllib.loads(extension_files()[MANIFEST].decode())
    assert set(manifest["permissions"]) == {"files", "network"} and "wheels" not in manifest
    assert "a model or the worker's packages, once you ask for it" in manifest["permissions"]["network"]


def test_the_licence_is_in_the_zip():
    assert b"GNU GENERAL PUBLIC LICENSE" in extension_files()["LICENSE"]


def test_the_contract_inside_imports_nothing_outside():
    for name, content in extension_files().items():
        for node in ast.walk(ast.parse(content)) if name.endswith(".py") else ():
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert not node.module.startswith("matteline"), name


def test_two_builds_are_the_same_file(tmp_path):
    one, other = package_blender(tmp_path / "one"), package_blender(tmp_path / "other")
    assert [each.read_bytes() for each in one] == [each.read_bytes() for each in other]


def test_the_command_builds_it(tmp_path):
    command = [sys.executable, "-m", "matteline", "package", "blender", "-o", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert [Path(each).name for each in said] == [f"matteline-{matteline.__version__}.zip", "index.json"]
    with zipfile.ZipFile(said[0]) as archive:
        assert {name.partition("/")[0] for name in archive.namelist()} == {FOLDER}


@pytest.fixture
def blenders_own_tool(bpy_python: Path) -> Callable[..., str]:
    """Blender's command for extensions, with the list of tags it knows."""
    site = next((bpy_python.parent.parent / "lib").glob("python*/site-packages/bpy/[0-9]*"))
    tool = site / "scripts" / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"
    tags = next(site.rglob("tags.py"), None)

    def run(*arguments: str) -> str:
        more = ["--valid-tags", str(tags)] if arguments[0] == "validate" and tags else []
        command = [str(bpy_python), str(tool), *arguments, *more]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.host
def test_blender_finds_the_zip_valid(blenders_own_tool, tmp_path):
    archive, _ = package_blender(tmp_path)
    assert "Success" in blenders_own_tool("validate", str(archive))


@pytest.mark.host
def test_the_index_is_the_one_that_blender_makes(blenders_own_tool, tmp_path):
    _, index = package_blender(tmp_path)
    ours = json.loads(index.read_text())
    blenders_own_tool("server-generate", "--repo-dir", str(tmp_path))
    theirs = json.loads(index.read_text())
    # 5.3 says how asset libraries log in, which this is not.
    theirs.pop("assetlib_auth_method", None)
    assert theirs == ours


INSTALL = """
import bpy, json, os, sys
archive = sys.argv[1]
if sys.argv[2] == "extension":
    bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
    module = "bl_ext.user_default.matteline"
else:
    bpy.ops.preferences.addon_install(filepath=archive)
    bpy.ops.preferences.addon_enable(module="matteline_blender")
    module = "matteline_blender"
found = module in bpy.context.preferences.addons and hasattr(bpy.types.Scene, "matteline")
folder = sys.modules[module].worker.own_folder()
worker = bpy.context.preferences.addons[module].preferences.worker
bpy.ops.preferences.addon_disable(module=module)
print("ANSWER", json.dumps([found, folder, worker, hasattr(bpy.types.Scene, "matteline")]), flush=True)
os._exit(0)
"""


@pytest.mark.host
@pytest.mark.parametrize("kind", ["extension", "add-on"])
def test_the_zip_installs(bpy_python, tmp_path, kind):
    archive, _ = package_blender(tmp_path)
    environ = {**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path / "user")}
    command = [str(bpy_python), "-c", INSTALL, str(archive), kind]
    done = subprocess.run(command, capture_output=True, text=True, env=environ)
    answer = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    assert answer, done.stdout + done.stderr
    found, folder, worker, left = json.loads(answer[0].removeprefix("ANSWER "))
    assert (found, worker, left) == (True, "", False)
    assert Path(folder).is_dir() and tmp_path in Path(folder).parents
