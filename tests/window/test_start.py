"""Starting the window: quickly, without torch, and with a sentence where it cannot be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QStyle, QStyleOptionTab

from matteline.cli.view import check_qt
from matteline.contract.errors import MattelineError
from tests.waiting import PATIENCE_SECONDS


@pytest.mark.slow
def test_the_window_opens_closes_and_loads_no_torch(usable, tmp_path):
    command = [sys.executable, "-X", "importtime", "-m", "matteline", "view", "--self-test"]
    done = subprocess.run(
        [*command, "--settings", str(tmp_path / "settings.ini")],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "import time:" in line}
    assert "PySide6.QtWidgets" in modules
    assert not {name for name in modules if name.split(".")[0] == "torch"}


DRIVE = """
import sys
from PySide6.QtCore import QTimer
from matteline.cli.view import window_config
from matteline.contract.job import Job
from matteline.window.app import run

def shown(window):
    window.connection.plan(Job("nothing.exr", "out"))
    timer = QTimer(window, interval=20)
    def tell():
        if window.connection.pid is not None:
            timer.stop()
            print(window.connection.pid, flush=True)
    timer.timeout.connect(tell)
    timer.start()

sys.exit(run([], window_config(), settings_file=sys.argv[1], when_shown=shown))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_ends_the_window_and_its_worker(usable, tmp_path, name):
    window = subprocess.Popen(
        [sys.executable, "-c", DRIVE, str(tmp_path / "settings.ini")],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    worker = psutil.Process(int(window.stdout.readline()))
    number = getattr(signal, name)
    window.send_signal(number)
    _, errors = window.communicate(timeout=PATIENCE_SECONDS)
    assert (window.returncode, "Traceback" in errors) == (128 + number, False)
    psutil.wait_procs([worker], timeout=PATIENCE_SECONDS)
    assert not worker.is_running()


def test_pyside_that_is_missing_costs_a_sentence():
    with pytest.raises(MattelineError, match="not installed") as caught:
        check_qt(None, (3, 11))
    assert "pip install -c constraints.txt '.[window]'" in caught.value.hint


def test_the_release_that_crashes_with_older_pythons_is_refused():
    with pytest.raises(MattelineError, match=r"6\.12\.0 crashes with Python 3\.11"):
        check_qt("6.12.0", (3, 11))
    check_qt("6.12.0", (3, 12))
    check_qt("6.11.1", (3, 11))


@pytest.mark.slow
def test_settings_are_remembered(open_window, plate):
    window = open_window()
    window._set_cache(2 << 30)
    window._set_theme("light")
    window.close()
    later = open_window()
    assert later.viewer.cache.budget_bytes == 2 << 30
    assert later._preferences.theme == "light"
    later._set_theme("dark")


def test_the_progress_list_stands_alone(tmp_path):
    from matteline.window import progress_list

    core = str(Path(progress_list.__file__).parents[2])
    copy = tmp_path / "progress_list.py"
    copy.write_text(Path(progress_list.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    script = (
        f"import sys; sys.path = [p for p in sys.path if p != {core!r}]\n"
        "from PySide6.QtWidgets import QApplication; app = QApplication([])\n"
        "from progress_list import ProgressList\n"
        "rows = ProgressList(); heard = []; rows.cancel_requested.connect(heard.append)\n"
        "row = rows.add('a', 'Shot A'); rows.update_progress('a', '3 of 9', 1 / 3)\n"
        "row.button_pressed.emit(); assert heard == ['a']\n"
        "rows.finish('a', 'Done'); row.button_pressed.emit(); assert not rows.rows\n"
        "assert not [name for name in sys.modules if name.startswith('matteline')]\n"
    )
    environ = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr


def test_the_words_of_every_tab_have_room(window):
    bar, option = window.tabs.tabBar(), QStyleOptionTab()
    for index in range(bar.count()):
        bar.initStyleOption(option, index)
        room = bar.style().subElementRect(QStyle.SubElement.SE_TabBarTabText, option, bar)
        assert room.height() >= option.fontMetrics.height()
