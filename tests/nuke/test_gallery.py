"""The gallery script, the tooltips and the help page: what an artist learns the node from."""

from __future__ import annotations

import re
import webbrowser
from pathlib import Path

import pytest

from tests.nuke import panel_drawing, plates
from tests.nuke.fake.tcl import read_script
from tests.nuke.gallery import GALLERY, USES, text


@pytest.fixture(scope="module")
def nodes():
    return {each.name: each for each in read_script(GALLERY.read_text(encoding="utf-8"))}


def sources(node):
    return [each and each.name for each in node.sources]


def test_the_gallery_has_the_inside_of_this_releases_node(nodes):
    # Settings come and go between releases, and Upgrade Node adds them; the inside must be of this one.
    fresh = {each.name: each for each in read_script(text())}
    assert list(nodes) == list(fresh)
    for name in USES:
        node, made = nodes[f"MatteLine{name}"], fresh[f"MatteLine{name}"]
        assert node.value("matteline_form") == made.value("matteline_form")
        assert inside(node) == inside(made), "run: python -m tests.nuke.gallery"


def test_the_drawing_of_the_panel_is_of_this_releases_knobs():
    drawn = panel_drawing.PICTURE.read_text(encoding="utf-8")
    assert drawn == panel_drawing.text(), "run: python -m tests.nuke.panel_drawing"


def inside(group):
    return [(each.kind, each.name, sources(each), each.lines) for each in group.inside]


def test_every_use_is_a_node_of_ours_below_its_plate_with_a_note(nodes):
    for name in USES:
        node = nodes[f"MatteLine{name}"]
        assert node.kind == "Group" and sources(node)[0] == f"{name}Plate"
        assert nodes[f"{name}Note"].value("label")
        assert node.child("Output1").sources[0].name == "MattelineSwitch"


def test_what_is_beside_the_nodes_is_wired_as_their_notes_say(nodes):
    assert sources(nodes["OverMerge"]) == ["OverBackground", "MatteLineOver"]
    assert sources(nodes["MatteLineGarbage"])[:2] == ["GarbagePlate", "GarbageRoto"]
    assert sources(nodes["MatteLineHoldout"]) == ["HoldoutPlate", None, "HoldoutRoto"]
    assert sources(nodes["FarmWrite"]) == ["MatteLineFarm"]


def test_every_use_is_set_as_its_note_says(nodes):
    assert nodes["MatteLineOver"].value("matteline_product") == "foreground premultiplied"
    assert nodes["MatteLineEdges"].value("matteline_choke") == "1"
    assert nodes["MatteLineChannel"].child("MattelinePlateAndMatte").value("to0") == "mask.a"
    assert nodes["MatteLinePeople"].child("MattelinePicked").value("matteList") == "person1"
    # A check box that is off is not written.
    assert nodes["MatteLineBaked"].value("matteline_edges_live") is None
    assert nodes["MatteLineEdges"].value("matteline_edges_live") == "true"
    assert nodes["MatteLineFarm"].value("matteline_on_demand") == "true"


def test_the_gallery_names_no_place_of_the_machine_it_was_made_on():
    assert not re.search(r"/(?:tmp|home|root|work)\b", GALLERY.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_the_gallery_is_pasted_from_the_menu_and_every_node_shows_its_plate(with_windows):
    with with_windows.current():
        host = with_windows.host
        host.root.children.clear()
        host.layers.setdefault("mask", ("mask.a",))
        host.module.menu("Nodes").findItem("Keyer/MatteLine Gallery").invoke()
        for name in USES:
            node, plate = host.root.node(f"MatteLine{name}"), host.root.node(f"{name}Plate")
            assert host.pull(node, 1001).rgb().max() == host.pull(plate, 1001).rgb().max()
        host.root.children.clear()


def test_every_knob_has_a_tooltip_in_words_without_flags(comp):
    node = comp.node()
    quiet = (comp.nuke.Tab_Knob, comp.nuke.Text_Knob)
    for knob in node.allKnobs():
        if knob.is_user and knob.visible() and not isinstance(knob, quiet):
            assert len(knob.tooltip()) > 15, knob.name()
            assert not re.search(r"(?:^|\s)--\w", knob.tooltip()), knob.name()


@pytest.mark.slow
def test_what_goes_wrong_is_said_in_the_words_of_the_panel(comp, tmp_path):
    plate = plates.write(tmp_path / "plate")
    for values in (
        {"range": "custom", "first": 1004, "last": 1001},
        {"weights": "/nowhere.safetensors"},
        {"view": "third eye"},
        {"despill": "purple"},
        {"garbage": str(tmp_path / "nothing.####.exr")},
        {"format": "png"},
    ):
        comp.host.said.clear()
        node = comp.node(comp.read(plate), **values)
        status = comp.render(node)
        said = status + " ".join(words for _, words in comp.host.said)
        assert comp.host.said or status.startswith("Failed"), values
        assert not re.search(r"(?:^|[\s'(])--\w", said), said
        comp.nuke.delete(node)


def test_the_help_page_has_every_knob_and_opens_in_the_browser(comp, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    node = comp.node()
    comp.press(node, "show_help")
    (address,) = opened
    page = Path(address.removeprefix("file://")).read_text(encoding="utf-8")
    for label in (
        "Render Matte",
        "Choke (pixels)",
        "Garbage matte",
        "Submit to Farm",
        "Choose Model...",
        "Names",
    ):
        assert f"<b>{label}</b>" in page
    assert page.count("<table>") == page.count("</table>") > 5
