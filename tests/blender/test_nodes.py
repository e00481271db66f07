"""Results in the compositor: the matte beside the plate's node, in step with it; all links as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest
import torch
from PIL import Image

from matteline.contract.frames import FrameSet
from matteline.contract.plate import Header, Window
from matteline.matting.edges import EdgeTools
from matteline.media.cryptomatte import write_cryptomatte
from tests.blender import plates
from tests.blender.conftest import PERSON_SIZE, Blender
from tests.blender.test_render import quick

pytestmark = pytest.mark.host


@pytest.fixture
def align(blender: Blender, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Put mattes beside the plate's node, and compare what both show at frames of the scene."""

    def run(frames: Iterable[int], first_number: int) -> dict[str, Any]:
        blender.call("values", matte__format="png")
        asked = blender.call("requests_for", kind="NODE")[0]
        files = write_results(asked, first_number)
        blender.call("pretend_rendered", kind="NODE", files=[files], size=[plates.WIDTH, plates.HEIGHT])
        before = blender.call("data_now")
        assert blender.call("operator", name="import_last") == ["FINISHED"]
        after = blender.call("data_now")
        assert set(before["links"]) < set(after["links"]) and len(after["nodes"]) == len(before["nodes"]) + 1
        for frame in frames:
            shown = {socket: rendered(socket, frame) for socket in ("Image", "Masked Plate")}
            compare(rendered(None, frame), **shown)
        return asked

    def rendered(socket: str | None, frame: int) -> np.ndarray:
        blender.call("show", node="Matte" if socket else "plate", socket=socket or "Image")
        folder = tmp_path / str(socket)
        return plates.read(blender.call("render", frames=[frame], folder=str(folder), background=False)[0])

    return run


def compare(plate: np.ndarray, **shown: np.ndarray) -> None:
    """What the group shows must be the plate's picture under the plate's own matte."""
    assert (plate[..., 3] == 255).all()
    alpha = plates.matte(plate)
    for socket, pixels in shown.items():
        assert np.abs(pixels[..., 3] - alpha).max() <= 2, socket
        # PNG holds straight colour, in steps that grow as coverage falls.
        assert (np.abs(pixels - plate)[..., :3] <= 2 + 255 / alpha[..., None]).all(), socket


def write_results(request: dict[str, Any], first_number: int) -> dict[str, str]:
    """Write matte and foreground for each frame of a request; product to one of its files."""
    files = {}
    for number in FrameSet.parse(request["frames"]):
        picture = plates.picture(number - first_number)
        pixels = {"alpha": np.rint(plates.matte(picture)).astype(np.uint8), "fgr": picture}
        for product in request["write"]:
            path = Path(request["output"]) / product / f"plate_{product}.{number:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels[product]).save(path)
            files[product] = str(path)
    return files


def sequence(tmp_path: Path, numbers: range) -> str:
    return str(plates.write_sequence(tmp_path / "plate", numbers)[0])


def movie(tmp_path: Path, count: int) -> str:
    return str(plates.write_movie(tmp_path / "plate.mkv", count))


def result(folder: Path, product: str, number: int) -> np.ndarray:
    """A result (36, 64, 3) as it was written, as floats."""
    path = next((folder / "mattes").rglob(f"*_{product}.{number:04d}.exr"))
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return np.dstack([file.channels()[each].pixels.astype(float) for each in "RGB"])


def test_pictures_from_1001_shown_from_frame_1(blender, align, tmp_path):
    path = sequence(tmp_path, range(1001, 1009))
    blender.call(
        "compositor", kind="Image", path=path, offset=1000, duration=8, output=str(tmp_path / "mattes")
    )
    asked = align((1, 4, 8), first_number=1001)
    assert asked["frames"] == "1001-1008"


def test_a_movie_in_an_image_node_shown_later(blender, align, tmp_path):
    path = movie(tmp_path, 10)
    blender.call(
        "compositor", kind="Image", path=path, start=21, offset=3, duration=5, output=str(tmp_path / "mattes")
    )
    asked = align((21, 25), first_number=1)
    assert asked["frames"] == "4-8"


@pytest.mark.parametrize(("start", "offset"), [(1, 0), (101, 0), (11, 2)])
def test_a_clip_of_pictures_from_1001(blender, align, tmp_path, start, offset):
    path = sequence(tmp_path, range(1001, 1009))
    blender.call(
        "compositor", kind="MovieClip", path=path, start=start, offset=offset, output=str(tmp_path / "mattes")
    )
    align((start - offset + 2, start - offset + 7), first_number=1001)


def test_only_the_scenes_frames_of_a_clip_movie(blender, align, tmp_path):
    path = movie(tmp_path, 20)
    blender.call("compositor", kind="MovieClip", path=path, start=101, output=str(tmp_path / "mattes"))
    blender.call(
        "execute",
        statements="s=bpy.context.scene; s.frame_start=105; s.frame_end=108; s.matteline.span='SCENE'",
    )
    asked = align((105, 108), first_number=1)
    assert asked["frames"] == "5-8"


@pytest.fixture
def shown(blender: Blender, tmp_path: Path) -> Callable[[str, int], np.ndarray]:
    """What an output of the group looks like at a frame of the scene."""

    def render(socket: str, frame: int) -> np.ndarray:
        blender.call("show", node="Matte", socket=socket)
        return plates.read(blender.call("render", frames=[frame], folder=str(tmp_path), background=False)[0])

    return render


def assert_same(shown: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> None:
    """Shown straight: this colour (0 to 255) with this alpha (0 to 1), where there is enough to tell."""
    solid = alpha > 0.3
    assert 0.1 < solid.mean() < 0.9, "the drawn person is in part of the picture"
    assert np.abs(shown[..., 3] - 255 * np.clip(alpha, 0, 1)).max() <= 2
    assert np.abs(shown[..., :3] - np.clip(colour, 0, 255))[solid].max() <= 2


def test_matte_and_foreground_are_the_written_ones(blender, shown, person, weights_file, tmp_path):
    compose_person(blender, tmp_path)
    quick(blender, weights_file)
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    alpha, fgr = result(tmp_path, "alpha", 1002)[..., 0], result(tmp_path, "fgr", 1002)
    assert_same(shown("Masked Plate", 2), person[1002], alpha)
    # The plate is display-referred, and so is its foreground.
    assert_same(shown("Image", 2), 255 * fgr, alpha)


def test_a_layered_exr_gives_matte_and_foreground(blender, shown, person, weights_file, tmp_path):
    compose_person(blender, tmp_path)
    quick(blender, weights_file, layout="layered")
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    with OpenEXR.File(str(next((tmp_path / "mattes").rglob("*.1002.exr"))), separate_channels=True) as file:
        layers = {name: channel.pixels.astype(float) for name, channel in file.channels().items()}
    assert_same(shown("Masked Plate", 2), person[1002], layers["A"])
    fgr = np.dstack([layers[f"fgr.{each}"] for each in "RGB"])
    assert_same(shown("Image", 2), 255 * fgr, layers["A"])


def compose_person(blender: Blender, tmp_path: Path) -> None:
    path = str(tmp_path / "plate" / "demo.1001.png")
    output = str(tmp_path / "mattes")
    blender.call(
        "compositor", kind="Image", path=path, offset=1000, duration=3, output=output, size=PERSON_SIZE
    )


def test_mattes_on_disk_become_nodes_without_a_render(blender, weights_file, tmp_path):
    path = sequence(tmp_path, range(1001, 1004))
    scene = {"kind": "Image", "path": path, "offset": 1000, "duration": 3, "output": str(tmp_path / "mattes")}
    blender.call("compositor", **scene)
    quick(blender, weights_file)
    before = blender.call("data_now")
    assert "have not been rendered" in blender.call("operator", name="add_nodes")
    assert blender.call("data_now") == before
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    blender.call("compositor", **scene)
    quick(blender, weights_file)
    assert blender.call("operator", name="add_nodes") == ["FINISHED"]
    after = blender.call("data_now")
    assert len(after["nodes"]) == len(before["nodes"]) + 1


def test_an_open_clip_in_a_scene_without_nodes_becomes_its_picture(blender, person, weights_file, tmp_path):
    path = str(tmp_path / "plate" / "demo.1001.png")
    blender.call("open_clip", path=path, start=11, output=str(tmp_path / "mattes"), size=PERSON_SIZE)
    quick(blender, weights_file)
    assert blender.call("operator", name="render_clip") == ["FINISHED"]
    folder = str(tmp_path / "after")
    shown = plates.read(blender.call("render", frames=[13], folder=folder, background=False)[0])
    fgr = result(tmp_path, "fgr", 1003)
    assert_same(shown, 255 * fgr, result(tmp_path, "alpha", 1003)[..., 0])
    assert blender.call("evaluate", expression=LEFT_TO_RIGHT), "nodes follow each other to the right"


LEFT_TO_RIGHT = """all(link.from_node.location.x + link.from_node.width <= link.to_node.location.x
    for link in addon('compat').compositor_tree(bpy.context.scene).links)"""


@pytest.fixture
def composed(blender, person, weights_file, tmp_path) -> dict[str, Any]:
    """A drawn person in the compositor, rendered; what is there."""
    compose_person(blender, tmp_path)
    quick(blender, weights_file)
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    return blender.call("data_now")


def test_frames_that_were_not_rendered_are_empty(blender, person, weights_file, shown, tmp_path):
    compose_person(blender, tmp_path)
    quick(blender, weights_file)
    two_frames = "s=bpy.context.scene; s.frame_start=2; s.frame_end=3; s.matteline.span='SCENE'"
    blender.call("execute", statements=two_frames)
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    assert all(shown("Image", frame)[..., 3].max() > 200 for frame in (2, 3))
    for frame in (1, 4, 20):
        assert shown("Image", frame)[..., 3].max() == 0, f"frame {frame} was not rendered"


def test_a_scene_that_goes_on_beyond_the_matte_is_told_so(blender, composed):
    blender.call("execute", statements="bpy.context.scene.frame_end = 9")
    assert "frames 1 to 3 of Scene, which goes from 1 to 9" in blender.call("notes_of_last")


def test_a_second_render_updates_the_group_in_its_place(blender, composed, shown):
    blender.call("show", node="Matte", socket="Image")
    before = blender.call("data_now")
    blender.call("values", matte__choke=1)
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    assert blender.call("data_now") == before, "neither nodes nor links nor data have become more"


def test_nodes_can_be_rendered_again_with_their_group_active(blender, composed):
    assert blender.call("evaluate", expression="addon('requests').why_not('NODE', bpy.context)") == ""


def test_nodes_that_blender_adds_by_itself_are_kept(blender, person, weights_file, tmp_path):
    path = str(tmp_path / "plate" / "demo.1001.png")
    blender.call("open_clip", path=path, output=str(tmp_path / "mattes"), size=PERSON_SIZE)
    if blender.call("evaluate", expression="hasattr(bpy.context.scene, 'compositing_node_group')"):
        pytest.skip("from 5.0 on Blender adds no nodes by itself")
    quick(blender, weights_file)
    assert blender.call("operator", name="render_clip") == ["FINISHED"]
    kinds = blender.call(
        "evaluate", expression="sorted(each.bl_idname for each in bpy.context.scene.node_tree.nodes)"
    )
    assert "CompositorNodeRLayers" in kinds and "CompositorNodeViewer" in kinds


def test_nodes_without_a_matte_are_refused(blender, weights_file, tmp_path):
    path = sequence(tmp_path, range(1001, 1004))
    blender.call(
        "compositor", kind="Image", path=path, offset=1000, duration=3, output=str(tmp_path / "mattes")
    )
    quick(blender, weights_file, write=["fgr"])
    before = blender.call("data_now")
    assert "need the product 'alpha'" in blender.call("operator", name="render_node")
    assert blender.call("data_now") == before


@pytest.fixture
def exact_nodes(blender: Blender) -> None:
    if blender.call("evaluate", expression="bpy.app.version < (4, 2, 0)"):
        pytest.skip("before 4.2 nodes go on beyond the picture, and round in other ways")


def live_edges(blender: Blender, **values: float) -> None:
    """Set inputs of the matte's group, as an artist does by dragging."""
    group = "next(n for n in addon('compat').compositor_tree(bpy.context.scene).nodes if n.label.startswith('Matte'))"
    for name, value in values.items():
        title = name.replace("_", " ").title()
        blender.call("execute", statements=f"{group}.inputs[{title!r}].default_value = {value}")


@pytest.mark.parametrize(
    "values",
    [
        {"choke": 1},
        {"choke": 1.5},
        {"choke": 3},
        {"choke": -2},
        {"soften": 2.5},
        {"soften": 9},
        {"black_point": 0.2, "white_point": 0.7},
        {"black_point": 0.1, "white_point": 0.9, "choke": 0.7, "soften": 1.5},
    ],
    ids=str,
)
def test_live_edges_are_those_of_a_render(exact_nodes, blender, composed, shown, tmp_path, values):
    names = {"choke": "choke_pixels", "soften": "soften_pixels"}
    tools = EdgeTools(**{names.get(name, name): value for name, value in values.items()})
    written = torch.from_numpy(result(tmp_path, "alpha", 1002)[..., 0].astype(np.float32))
    wanted = tools.apply(written).numpy() * 255
    live_edges(blender, **values)
    error = np.abs(shown("Image", 2)[..., 3] - wanted)
    assert np.abs(wanted - written.numpy() * 255).max() > 10, "the tool changes this matte"
    assert error.max() <= 2, (
        f"off by {error.max():.1f} codes at {np.unravel_index(error.argmax(), error.shape)}"
    )


def test_live_edges_equal_a_render_with_the_same_settings(exact_nodes, blender, composed, shown, tmp_path):
    values = {"black_point": 0.1, "white_point": 0.8, "choke": 1, "soften": 1}
    live_edges(blender, **values)
    live = shown("Image", 2)[..., 3]
    blender.call("values", **{f"matte__{name}": value for name, value in values.items()})
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    kept = "[round(i.default_value, 3) for n in addon('compat').compositor_tree(bpy.context.scene).nodes"
    kept += " if n.label.startswith('Matte') for i in n.inputs[1:]]"
    assert blender.call("evaluate", expression=kept) == [0.1, 0.8, 1, 1], "an update keeps the sliders"
    error = np.abs(live - 255 * result(tmp_path, "alpha", 1002)[..., 0])
    assert error.max() <= 2


def test_people_arrive_as_blenders_cryptomatte_node_with_all_of_them_picked(blender, shown, tmp_path):
    path = sequence(tmp_path, range(1001, 1004))
    blender.call(
        "compositor", kind="Image", path=path, offset=1000, duration=3, output=str(tmp_path / "mattes")
    )
    blender.call("values", matte__format="png")
    files = write_results(blender.call("requests_for", kind="NODE")[0], 1001)
    window = Window(0, 0, plates.WIDTH, plates.HEIGHT)
    shares = np.zeros((3, plates.HEIGHT, plates.WIDTH), np.float32)
    for index, number in enumerate((1001, 1002, 1003)):
        shares[0, :10, :10], shares[1, -10:, 20 + 4 * index :] = 0.5, 1.0
        people = tmp_path / "people" / f"plate_people.{number}.exr"
        people.parent.mkdir(exist_ok=True)
        write_cryptomatte(people, shares, Header(window, window), names=["person1", "person2", "Zoë"])
    files["people"] = str(people)
    blender.call("pretend_rendered", kind="NODE", files=[files], size=[plates.WIDTH, plates.HEIGHT])
    assert blender.call("operator", name="import_last") == ["FINISHED"]
    node = "addon('compat').compositor_tree(bpy.context.scene).nodes['Cryptomatte']"
    assert blender.call("evaluate", expression=f"{node}.matte_id") == "person1,person2,Zoë"
    both = shown_node(blender, "People", 3, tmp_path)
    assert np.abs(both - 255 * shares.sum(0)).max() <= 2
    # Whom the artist picks stays picked when the result is placed again.
    blender.call("execute", statements=f"{node}.matte_id = 'person1'")
    assert blender.call("operator", name="import_last") == ["FINISHED"]
    assert blender.call("evaluate", expression=f"{node}.matte_id") == "person1"
    assert np.abs(shown_node(blender, "People", 3, tmp_path) - 255 * shares[0]).max() <= 2
    # Of a result with kept people these are picked.
    blender.call("execute", statements=f"{node}.id_data.nodes.remove({node})")
    blender.call("values", matte__keep="Zoë, person9")
    blender.call("pretend_rendered", kind="NODE", files=[files], size=[plates.WIDTH, plates.HEIGHT])
    assert blender.call("operator", name="import_last") == ["FINISHED"]
    assert blender.call("evaluate", expression=f"{node}.matte_id") == "Zoë"


def test_people_of_a_render_can_be_picked(blender, person, weights_file, tmp_path):
    compose_person(blender, tmp_path)
    quick(blender, weights_file, write=["alpha", "fgr", "people"])
    assert blender.call("operator", name="render_node") == ["FINISHED"]
    node = "addon('compat').compositor_tree(bpy.context.scene).nodes['Cryptomatte']"
    assert blender.call("evaluate", expression=f"{node}.matte_id") == "person1"
    alpha = result(tmp_path, "alpha", 1002)[..., 0]
    assert np.abs(shown_node(blender, "People", 2, tmp_path) - 255 * alpha).max() <= 2


def shown_node(blender: Blender, label: str, frame: int, folder: Path) -> np.ndarray:
    """The alpha, 0 to 255, of a node's picture."""
    blender.call("show", node=label, socket="Image")
    return plates.read(blender.call("render", frames=[frame], folder=str(folder), background=False)[0])[
        ..., 3
    ]
