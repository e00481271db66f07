"""The plug-in's text: Python 3.9, standard library only, and no name that nobody has seen in Nuke."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from matteline.packaging.nuke import package_nuke
from tests.contract.interpreters import interpreters
from tests.nuke import literals
from tests.nuke.conftest import PACKAGE
from tests.nuke.fake import FakeNuke
from tests.nuke.hosts import no_host

WITH_QT = {"panel.py", "progress_list.py", "ticker.py"}
"""Loaded only when a window asks for them, but for the ticker, which does without."""

NOT_IN_NUKE = {"init.py", "menu.py", "selftest.py", "matteline_render.py"}

MYPY_INI = """
[mypy]
strict = True
[mypy-PySide6.*,PySide2.*]
ignore_missing_imports = True
[mypy-matteline_nuke.progress_list]
disallow_subclassing_any = False
warn_return_any = False
"""


@pytest.fixture(scope="module")
def sources(package):
    return sorted(each for each in package.rglob("*.py") if "__pycache__" not in each.parts)


def imported(source):
    """The first names of what a file imports, those of its own package left out."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 9))):
        if isinstance(node, ast.Import):
            yield from (each.name.split(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0]


def test_every_file_is_python_3_9_and_imports_nothing_foreign(sources):
    ours = {"nuke", PACKAGE}
    for source in sources:
        allowed = set(sys.stdlib_module_names) | ours
        allowed |= {"PySide6", "PySide2"} if source.name in WITH_QT else set()
        assert set(imported(source)) <= allowed, source


@pytest.mark.slow
def test_the_library_is_that_of_python_3_9(package):
    pytest.importorskip("vermin")
    command = [sys.executable, "-c", "import vermin; vermin.main()", "-q", "-t=3.9-", "--violations"]
    done = subprocess.run([*command, "--no-tips", str(package)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.9", "3.10", "3.11", "3.13"])
def test_it_is_taken_in_by_the_pythons_of_nuke(package, version, tmp_path):
    """Its modules are run there, with a `nuke` that gives everything that is asked of it at import."""
    python = interpreters().get(version)
    if python is None:
        no_host(f"there is no Python {version}")
    (tmp_path / "nuke.py").write_text("GUI = False\ndef __getattr__(name): return type(name, (), {})\n")
    modules = [
        f"{PACKAGE}.{each.stem}" for each in (package / PACKAGE).glob("*.py") if each.stem != "progress_list"
    ]
    program = f"import sys, importlib; sys.path[:0] = {[str(package), str(tmp_path)]!r}\n"
    program += f"for name in {modules!r}: importlib.import_module(name.replace('.__init__', ''))"
    done = subprocess.run([str(python), "-I", "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_everything_that_is_said_to_nuke_is_listed_with_where_it_is_known_from(package, reference):
    if not literals.stubs():
        no_host("types-nuke is not installed")
    table = literals.table(literals.PLUGIN, literals.known_sections())
    listed = literals.TABLE.read_text(encoding="utf-8")
    assert table == listed, "run: python -m tests.nuke.literals"
    unproven = {line.split("`")[1] for line in table.splitlines() if literals.UNPROVEN in line}
    # The review names the knobs of Copy as "from0-2" and "to0-2".
    copied = {"from1", "from2", "to1", "to2"}
    assert unproven <= {"Constant", "color", "Dot", "rgba.red", "rgba.green", "rgba.blue"} | copied


def test_everything_that_is_said_to_nuke_is_listed():
    listed = re.findall(r"^\| `([^`]+)` \|", literals.TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(literals.literals(literals.PLUGIN)) == sorted(listed), "run: python -m tests.nuke.literals"


def test_the_stand_in_offers_nothing_that_the_published_stubs_lack():
    published = literals.stubs()
    if not published:
        no_host("types-nuke is not installed")
    known = set(re.findall(r"(?:def|class) (\w+)", published))
    known |= set(re.findall(r"^(\w+):", published, re.MULTILINE))
    offered = {name for name in vars(FakeNuke().module) if not name.startswith("__")}
    assert offered - known == set()


@pytest.mark.slow
@pytest.mark.host
def test_the_published_stubs_know_every_call(package, pytestconfig, tmp_path):
    (tmp_path / "mypy.ini").write_text(MYPY_INI)
    command = [str(old_mypy(pytestconfig)), "-m", "mypy", "--config-file", str(tmp_path / "mypy.ini")]
    done = subprocess.run(
        [*command, "--python-version", "3.9", "--cache-dir", str(tmp_path / "cache"), "-p", PACKAGE],
        capture_output=True,
        text=True,
        cwd=package,
    )
    assert done.returncode == 0, done.stdout


def old_mypy(config: pytest.Config) -> Path:
    """A Python with the last mypy that takes 3.9, and types-nuke: made once, in pytest's cache."""
    base = os.environ.get("MATTELINE_MYPY_DIR")
    folder = Path(base) if base else config.cache.mkdir("mypy39")  # type: ignore[union-attr]
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [str(python), "-m", "pip", "install", "--quiet", "mypy<2", "types-nuke"]
    if not (folder / "ready").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
            subprocess.run(install, check=True, capture_output=True, timeout=300)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            no_host(f"mypy below 2 and types-nuke cannot be installed here ({error})")
        (folder / "ready").touch()
    return python


def test_the_zip_holds_what_the_folder_holds(tmp_path):
    folder, archive = package_nuke(tmp_path)
    with zipfile.ZipFile(archive) as file:
        zipped = {name: file.read(name) for name in file.namelist()}
    lying = {f"{folder.name}/{each.relative_to(folder).as_posix()}": each for each in folder.rglob("*")}
    assert zipped == {name: each.read_bytes() for name, each in lying.items() if each.is_file()}
    assert {each.rpartition("/")[2] for each in zipped} >= NOT_IN_NUKE
