"""In Nuke's window there is Qt, whose timer follows renders; here in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.nuke import plates
from tests.nuke.hosts import no_host

SESSION = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from tests.nuke.comp import Comp
from tests.nuke.conftest import Installed

application = QCoreApplication([])
package, weights, folder, plate = map(Path, sys.argv[1:])
installed = Installed(package)
with installed.current():
    comp = Comp(installed.host, installed.plugin, weights, folder, {})
    comp.fresh()
    comp.host.main.between = application.processEvents
    node = comp.node(comp.read(str(plate)))
    print(comp.render(node))
    broken = comp.node(comp.read(str(plate)), weights="/nowhere.safetensors")
    print(comp.render(broken))
    print(comp.host.said)
    comp.must_be_clean()
installed.close()
"""


@pytest.mark.host
def test_the_timer_of_qt_follows_renders_and_may_show_messages(environment, package, untrained, tmp_path):
    found = subprocess.run([sys.executable, "-c", "import PySide6.QtCore"], capture_output=True)
    if found.returncode:
        no_host("PySide6 is not installed")
    plate = plates.write(tmp_path / "plate")
    done = subprocess.run(
        [sys.executable, "-c", SESSION, str(package), str(untrained), str(tmp_path), plate],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any("1001-1004" in line for line in lines)
    assert "('message'" in lines[-1] and "/nowhere.safetensors" in lines[-1]
