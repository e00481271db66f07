"""`matteline package nuke` builds a folder that Nuke can use as it is, again and again."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import zipfile

import pytest
from PIL import Image

import matteline
from matteline.contract.errors import WriteError
from matteline.packaging.icon import icon
from matteline.packaging.nuke import FOLDER, package_nuke, plugin_files


@pytest.fixture(scope="module")
def files():
    return plugin_files()


def modules(files):
    return {name: ast.parse(content) for name, content in files.items() if name.endswith(".py")}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name.split(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


def test_the_command_names_what_it_has_written(tmp_path):
    command = [sys.executable, "-m", "matteline", "package", "nuke", "-o", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert said == [
        str(tmp_path / FOLDER),
        str(tmp_path / f"{FOLDER}-{matteline.__version__}.zip"),
    ]


def test_the_zip_holds_the_folder_and_is_the_same_every_time(tmp_path):
    (folder, one), (_, other) = package_nuke(tmp_path / "one"), package_nuke(tmp_path / "other")
    assert one.read_bytes() == other.read_bytes()
    on_disk = {path.relative_to(folder.parent).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(zipfile.ZipFile(one).namelist()) == on_disk


def test_a_newer_release_leaves_no_module_of_the_older_one_but_the_studio_s_choice(tmp_path):
    folder, _ = package_nuke(tmp_path)
    (folder / "matteline_nuke" / "old.py").write_text("")
    (folder / "worker.txt").write_text("/opt/matteline/bin/matteline\n")
    package_nuke(tmp_path)
    assert not (folder / "matteline_nuke" / "old.py").exists()
    assert (folder / "worker.txt").read_text() == "/opt/matteline/bin/matteline\n"
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.startswith(".")) == []


def test_a_folder_that_is_something_else_is_left_alone(tmp_path):
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "precious.txt").write_text("mine")
    with pytest.raises(WriteError, match="not the Nuke plug-in"):
        package_nuke(tmp_path)
    assert (tmp_path / FOLDER / "precious.txt").read_text() == "mine"


def test_modules_that_nuke_can_import_from_the_folder_have_names_of_their_own(files):
    top = {name.split("/")[0] for name in files}
    assert {each for each in top if not each.endswith((".md", ".png"))} == {
        "gallery.nk",
        "init.py",
        "menu.py",
        "matteline_nuke",
        "matteline_render.py",
        "selftest.py",
    }


def test_only_the_standard_library_and_nuke_are_imported(files):
    allowed = {*sys.stdlib_module_names, "nuke", "matteline_nuke"}
    # Qt only where the list of renders is opened.
    qt = {"matteline_nuke/panel.py", "matteline_nuke/progress_list.py"}
    for name, tree in modules(files).items():
        foreign = set(imported(tree)) - allowed
        assert foreign <= ({"PySide6"} if name in qt else set()), name


def test_the_list_of_renders_is_imported_by_nothing_that_loads_with_nuke(files):
    for name, tree in modules(files).items():
        at_load = [each for each in tree.body if isinstance(each, ast.ImportFrom)]
        assert name.endswith("progress_list.py") or not any(
            (each.module or "").startswith(("progress_list", "PySide")) for each in at_load
        ), name


def test_every_module_is_python_3_9(files):
    for name, content in files.items():
        if name.endswith(".py"):
            ast.parse(content, filename=name, feature_version=(3, 9))


def test_versions_agree(files):
    assert f'VERSION = "{matteline.__version__}"' in files["matteline_nuke/version.py"].decode()


def test_the_icon_is_a_small_picture_with_something_on_it():
    picture = Image.open(io.BytesIO(icon()))
    assert picture.size == (24, 24)
    assert picture.convert("L").getextrema() == (0, 255)
