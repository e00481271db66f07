"""Without windows, as in `nuke -t` and on a farm: it waits, it raises, and nothing asks the main thread."""

from __future__ import annotations

import json
import os
import runpy
import sys
import tempfile

import numpy as np
import pytest

from tests.nuke import plates
from tests.nuke.comp import alpha_of

pytestmark = pytest.mark.slow


@pytest.fixture
def plate(tmp_path):
    return plates.write(tmp_path / "plate")


def writer(comp, source):
    write = comp.nuke.nodes.Write(inputs=[source], file_type="exr", file=f"{comp.folder}/comp.####.exr")
    write["channels"].setValue("rgba")
    return write


def test_a_render_waits_until_the_matte_is_there(terminal, plate):
    for source in ("auto", "always write"):
        node = terminal.node(terminal.read(plate), input=source)
        terminal.plugin.render(node)
        assert np.array_equal(terminal.shown(node, 1003).alpha, alpha_of(terminal.direct(plate), 1003))


def test_a_button_can_be_pressed_from_a_script(terminal, plate):
    node = terminal.node(terminal.read(plate))
    terminal.press(node, "render")
    assert node["matteline_use"].value()


def test_what_fails_raises_and_is_printed(terminal, plate, capsys):
    os.remove(plate.replace("####", "1002"))
    node = terminal.node(terminal.read(plate))
    with pytest.raises(Exception, match="1002"):
        terminal.plugin.render(node)
    assert "1002" in capsys.readouterr().err


def test_a_write_gets_its_mattes_first_where_a_node_asks_for_it(terminal, plate):
    node = terminal.node(terminal.read(plate), on_demand=True)
    terminal.nuke.execute(writer(terminal, node), 1001, 1004)
    written = plates.read(terminal.folder / "comp.1002.exr")["A"]
    assert np.abs(written - alpha_of(terminal.direct(plate), 1002)).max() < 1e-3
    rendered = {path: path.stat().st_mtime_ns for path in terminal.folder.glob("mattes/**/*.exr")}
    terminal.nuke.execute(terminal.nuke.toNode("Write1"), 1001, 1004)
    assert {path: path.stat().st_mtime_ns for path in terminal.folder.glob("mattes/**/*.exr")} == rendered


def test_a_write_goes_on_without_mattes_where_no_node_asks_for_them(terminal, plate):
    node = terminal.node(terminal.read(plate))
    terminal.nuke.execute(writer(terminal, node), 1001, 1001)
    assert not list(terminal.folder.glob("mattes/**/*.exr"))


def test_a_matte_that_cannot_be_rendered_stops_the_write(terminal, plate):
    node = terminal.node(terminal.read(plate), on_demand=True, input="always write")
    with pytest.raises(RuntimeError) as caught:
        terminal.nuke.execute(writer(terminal, node), 1001, 1001)
    assert "nuke -t" in str(caught.value)
    assert not (terminal.folder / "comp.1001.exr").exists()


def test_a_farm_renders_what_a_script_lacks_before_its_writes(terminal, package, plate, monkeypatch):
    terminal.node(terminal.nuke.nodes.Grade(inputs=[terminal.read(plate)], multiply=0.5), on_demand=True)
    terminal.nuke.scriptSave()
    path = terminal.host.root["name"].value()
    terminal.host.root.children.clear()
    monkeypatch.setattr(sys, "argv", ["matteline_render.py", path])
    runpy.run_path(str(package / "matteline_render.py"), run_name="__main__")
    terminal.host.root.children.clear()
    terminal.nuke.scriptOpen(path)
    node = terminal.nuke.toNode("MatteLine1")
    assert terminal.shown(node, 1002).alpha.max() > 0
    terminal.nuke.execute(writer(terminal, node), 1001, 1004)


def test_the_self_test_passes(terminal, package, capsys):
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(package / "selftest.py"), run_name="__main__")
    verdict = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (verdict["matteline_selftest"], ended.value.code) == ("pass", 0), verdict["checks"]
    words = {each["check"]: each["words"] for each in verdict["checks"]}
    # What the stand-in assumes of Nuke is what the self-test would measure of it.
    assert words["choke"] == "an edge moves 4 pixels for a size of 4, corners are square"
    assert float(words["soften"].split(" of ")[1].split()[0]) == pytest.approx(5.0, abs=0.03)
    assert words["update"] == "nothing rendered"
    assert "fresh 'default', validated 'default (linear)'" in words["colour_spaces"]


def test_the_self_test_writes_a_report_that_names_no_folder(terminal, package, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(SystemExit):
        runpy.run_path(str(package / "selftest.py"), run_name="__main__")
    report = (tmp_path / "matteline_selftest.json").read_text(encoding="utf-8")
    assert json.loads(report)["matteline_selftest"] == "pass"
    assert "matteline_selftest_" not in report


def test_the_self_test_fails_where_the_worker_does(terminal, package, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MATTELINE_WORKER", str(tmp_path / "nowhere"))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(package / "selftest.py"), run_name="__main__")
    verdict = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (verdict["matteline_selftest"], ended.value.code) == ("fail", 1)
    assert "was not found" in verdict["checks"][-1]["words"]


def test_nuke_itself_is_never_taken_for_a_worker(terminal, plate, monkeypatch):
    assert terminal.nuke.EXE_PATH not in sys.modules["matteline_nuke.client"].worker_command()
