"""What the documents show runs as it stands."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from matteline import api
from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).parent.parent


def _blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.S)


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """`plate.####.exr` of the documents, here as small PNGs with the same numbers."""
    for number in range(1001, 1025):
        pixels = np.random.default_rng(number).integers(0, 255, (64, 96, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"plate.{number}.png")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("block", _blocks("python.md"), ids=["render", "arrays"])
def test_the_examples_in_python_run(block, plate, weights_folder):
    environment = {**os.environ, "MATTELINE_WEIGHTS": str(weights_folder)}
    script = block.replace("plate.####.exr", "plate.####.png").replace("1280", "96").replace("720", "64")
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=plate,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert "1005" in done.stdout or "1010" in done.stdout


def test_every_link_between_documents_leads_somewhere():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert "://" in link or (page.parent / link).exists(), f"{page.name} links to {link}"


def test_readme_has_one_line_to_start_and_one_to_test():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^pip install .*&& matteline demo --fetch$", text, re.M)) == 1
    assert len(re.findall(r"^pip install .*&& python scripts/check.py$", text, re.M)) == 1


def test_the_python_interface_is_what_its_page_promises():
    table = (ROOT / "docs" / "python.md").read_text(encoding="utf-8").partition("| name | use |")[2]
    promised = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.M)))
    assert sorted(promised) == sorted(api.__all__)


def test_what_the_python_interface_promises_is_explained():
    for name in set(api.__all__) - {"Event"}:
        assert inspect.getdoc(getattr(api, name)), name


def test_every_file_that_contributing_names_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:core|tests|scripts|examples|docs|\.github)/[\w/.-]+)`", text)
    assert named
    for path in named:
        assert (ROOT / path).exists(), path
