"""The tests can fail: each mistake, put into a copy of the plug-in, makes a test that is named fail."""

from __future__ import annotations

import importlib
import inspect
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from matteline.contract.worker_holder import WorkerHolder
from tests.nuke import plates
from tests.nuke.comp import Comp
from tests.nuke.conftest import PACKAGE, Installed
from tests.nuke.workers import program

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Mistake:
    """One text of one file replaced by another, and the test that must see it."""

    file: str
    right: str
    wrong: str
    test: str
    given: dict[str, Any] = field(default_factory=dict)


MISTAKES = {
    "proxy is not switched off": Mistake(
        "plate.py",
        "    proxy.setValue(False)\n",
        "",
        "test_shown.test_proxy_mode_changes_nothing_and_stays_on",
        {"source": "always write"},
    ),
    "proxy is not restored": Mistake(
        "plate.py",
        "        proxy.setValue(before)\n",
        "        pass\n",
        "test_refusals.test_a_write_that_the_artist_cancels_leaves_nothing_behind",
    ),
    "the inner Write stays enabled": Mistake(
        "plate.py",
        "        set_inner(node, write, disable=True)\n",
        "        pass\n",
        "test_refusals.test_a_write_that_the_artist_cancels_leaves_nothing_behind",
    ),
    "knobs are set from a thread": Mistake(
        "ticker.py",
        "nuke.executeInMainThread(self._call)",
        "self._call()",
        "test_render.test_the_files_of_a_read_are_handed_over",
    ),
    "Copy's inputs are swapped": Mistake(
        "inside.py",
        "push $MattelineMatteLive\npush $MattelinePlate\n",
        "push $MattelinePlate\npush $MattelineMatteLive\n",
        "test_script.test_a_saved_node_is_wired_as_meant",
    ),
    "the Write is not raw": Mistake(
        "inside.py",
        " raw true\n disable true\n name {names.WRITE}\n",
        " disable true\n name {names.WRITE}\n",
        "test_script.test_what_leaves_or_enters_files_is_raw",
    ),
    "results are shown a frame off": Mistake(
        "results.py",
        "first=files.first,\n        last",
        "first=files.first + 1,\n        last",
        "test_render.test_the_files_of_a_read_are_handed_over",
    ),
    "the switch flips before frames are looked for": Mistake(
        "results.py",
        "    _must_be_whole(result)\n    settings",
        "    settings",
        "test_workers.test_a_worker_that_says_it_is_done_and_has_written_nothing",
    ),
    "frames of before show beyond the range": Mistake(
        "results.py",
        'before="black",\n        after',
        'before="hold",\n        after',
        "test_render.test_preroll_is_written_too_and_only_the_range_is_shown",
    ),
    "the node is not found again": Mistake(
        "state.py",
        "def _has(node: nuke.Node, token: str) -> bool:\n",
        "def _has(node: nuke.Node, token: str) -> bool:\n    return False\n",
        "test_render.test_the_files_of_a_read_are_handed_over",
    ),
    "the state goes stale": Mistake(
        "state.py",
        'set_value(node, "state",',
        "str(",
        "test_script.test_a_node_of_an_opened_script_renders_and_shows_what_it_had",
    ),
    "what happens by itself can be undone": Mistake(
        "state.py",
        "    nuke.Undo.disable()\n    try:\n        yield\n    finally:\n        nuke.Undo.enable()\n",
        "    yield\n",
        "test_faults.test_undo_takes_back_what_the_artist_did_and_nothing_of_the_render",
    ),
    # Scripts as artists have them
    "a Read is not validated": Mistake(
        "plate.py",
        "    read.forceValidate()\n",
        "",
        "test_default_script.test_an_8_bit_read_that_was_never_looked_at_is_handed_over_too",
    ),
    "the word default is taken for a space": Mistake(
        "script.py",
        "    while match and name not in spaces:\n",
        "    while False:\n",
        "test_default_script.test_a_read_left_on_its_default_colour_space_comes_back_by_the_spaces_own_name",
    ),
    "a foreground's space is looked for when a Read was moved already": Mistake(
        "results.py",
        '    space = _listed_space(node, result) if foreground else ""\n',
        '    _point(node, names.MATTE, result.files[matte], result, "")\n'
        '    space = _listed_space(node, result) if foreground else ""\n',
        "test_default_script.test_a_foreground_that_no_read_can_show_is_an_error_before_any_read_is_touched",
    ),
    "the project directory is passed over": Mistake(
        "script.py",
        'return f"{project or script_folder()}/{path}"',
        'return f"{script_folder()}/{path}"',
        "test_default_script.test_a_relative_plate_is_looked_for_in_the_project_directory",
    ),
    "filters are passed over": Mistake(
        "script.py",
        "    path = str(nuke.filenameFilter(path) or path)",
        "    path = str(path)",
        "test_default_script.test_the_filters_of_a_studio_change_the_plates_name_as_they_do_in_nuke",
    ),
    "a config that is not found is let through": Mistake(
        "script.py",
        "    if not os.path.isfile(found):\n",
        '    found = found or "auto"\n    if False:\n',
        "test_default_script.test_no_name_of_a_colour_space_is_sent_without_its_config",
        {"source": "always write"},
    ),
    "a result leaves the script unmarked": Mistake(
        "results.py",
        "    root.setModified(True)\n",
        "",
        "test_default_script.test_a_result_marks_the_script_as_changed",
    ),
    "a new node is not put into the pipe": Mistake(
        "node.py",
        '        node = nuke.createNode("Group", f"name {names.NODE}{number}", inpanel=False)\n',
        '        node = nuke.nodes.Group(name=f"{names.NODE}{number}")\n',
        "test_default_script.test_a_new_node_goes_into_the_pipe_below_the_selected_one_and_is_selected",
    ),
    "what a new Group begins with is left in it": Mistake(
        "node.py",
        "            nuke.delete(each)\n",
        "            pass\n",
        "test_default_script.test_a_new_node_holds_the_same_whatever_a_new_group_begins_with",
        {"held": ("Input", "Output")},
    ),
    "the Write's name is emptied": Mistake(
        "plate.py",
        "        set_inner(node, write, disable=True)\n",
        '        set_inner(node, write, disable=True, file="")\n',
        "test_default_script.test_a_write_keeps_its_file_type_from_one_render_to_the_next",
    ),
    # Live edges
    "layers are swapped: red for alpha": Mistake(
        "results.py",
        'channel = "rgba.red" if matte == "alpha" else "rgba.alpha"',
        'channel = "rgba.red"',
        "test_shown.test_other_files_show_the_same",
        {"settings": {"write": ("rgba",)}},
    ),
    "foreground and matte are swapped": Mistake(
        "results.py",
        '_FOREGROUNDS = ("fgr", "rgba", "layers")',
        '_FOREGROUNDS = ("alpha", "fgr", "rgba", "layers")',
        "test_live.test_at_their_defaults_every_value_is_the_rendered_files",
    ),
    "choke is wired to the blur": Mistake(
        "inside.py",
        """ size {{{{"{_own("choke")}"}}}}""",
        """ size {{{{"{_own("soften")}"}}}}""",
        "test_live.test_choke_moves_straight_edges_as_the_command_and_corners_further",
        {"pixels": 2.5},
    ),
    "soften is blurred twice as wide": Mistake(
        "inside.py",
        "BLUR_PER_SOFTEN = 1.2",
        "BLUR_PER_SOFTEN = 2.4",
        "test_live.test_soften_is_the_commands_gaussian",
        {"pixels": 3.0},
    ),
    "black and white point are swapped": Mistake(
        "inside.py",
        """ blackpoint {{{{"{_own("black_point")}"}}}}""",
        """ blackpoint {{{{"1 - {_own("white_point")}"}}}}""",
        "test_live.test_black_and_white_point_are_the_commands",
        {"black": 0.2, "white": 1.0},
    ),
    "white is not clamped": Mistake(
        "inside.py",
        " white_clamp true\n",
        "",
        "test_live.test_black_and_white_point_are_the_commands",
        {"black": 0.0, "white": 0.7},
    ),
    "choke comes before the points": Mistake(
        "inside.py",
        """Grade {{
 channels alpha
 blackpoint""",
        """FilterErode {{
 channels alpha
 size {{{{"{_own("choke")}"}}}}
}}
Grade {{
 channels alpha
 blackpoint""",
        "test_live.test_points_come_before_choke_and_choke_before_soften",
    ),
    "live edges are in the files too": Mistake(
        "job.py",
        'live = names.LIVE if value(node, "edges_live") else {}',
        "live = {}",
        "test_live.test_live_edges_are_not_in_the_files_and_need_no_render",
    ),
    "edges in the files are drawn again": Mistake(
        "results.py",
        "any(getattr(settings, each)",
        "False and any(getattr(settings, each)",
        "test_live.test_edges_in_the_files_are_not_drawn_twice",
    ),
    "the plate premultiplied takes the foreground": Mistake(
        "inside.py",
        "push $MattelinePlatePremultiplied\n",
        "push $MattelinePremultiplied\n",
        "test_script.test_a_saved_node_is_wired_as_meant",
    ),
    # Ranges and updates
    "frames are held after the range": Mistake(
        "results.py",
        'after="black",\n        frame_mode',
        'after="hold",\n        frame_mode',
        "test_ranges.test_a_range_that_shrinks_costs_nothing_and_is_empty_outside",
    ),
    "an update keeps stale frames": Mistake(
        "render.py",
        'existing: str = "update"',
        'existing: str = "resume"',
        "test_ranges.test_other_settings_render_the_range_again_and_no_old_frame_is_left_in_it",
    ),
    "a Read keeps what it has decoded": Mistake(
        "results.py",
        '        read["reload"].execute()\n',
        "        pass\n",
        "test_ranges.test_other_settings_render_the_range_again_and_no_old_frame_is_left_in_it",
    ),
    "every render begins a version": Mistake(
        "folders.py",
        """f"v{int(node[knob_name('version')].value()):03d}\")""",
        """f"v{next_version(node):03d}\")""",
        "test_ranges.test_a_range_that_grows_costs_its_new_frames",
    ),
    "results of another plate are replaced": Mistake(
        "folders.py",
        'each.plate not in ("", plate)',
        'each.plate in ("",)',
        "test_ranges.test_results_of_another_plate_are_kept_and_the_version_counts_up",
    ),
    "two nodes share a folder": Mistake(
        "render.py",
        "    _must_be_only(node, folder)\n",
        "",
        "test_ranges.test_two_nodes_do_not_share_a_folder",
    ),
    "settings are compared with those of a render that was cancelled": Mistake(
        "compare.py",
        "read_state(node).shown",
        "read_state(node).last",
        "test_ranges.test_a_cancelled_update_says_so_and_is_finished_by_the_next_render",
    ),
    # Other inputs and outputs
    "garbage and hold-out are swapped": Mistake(
        "job.py",
        '(("garbage", 1), ("holdout", 2))',
        '(("garbage", 2), ("holdout", 1))',
        "test_inputs.test_a_matte_that_comes_in_is_the_commands_garbage_or_hold_out_matte",
        {"number": 1, "setting": "garbage", "source": "auto"},
    ),
    "mattes are written a range off": Mistake(
        "render.py",
        "write_input(node, pattern, request.span, request.view",
        "write_input(node, pattern, request.handles, request.view",
        "test_inputs.test_a_matte_is_written_for_the_frames_of_the_range_and_the_plate_is_still_handed_over",
    ),
    "the time of a written file tells nothing": Mistake(
        "plate.py",
        "        number = zlib.crc32(content) >> 2\n",
        "        number = 0\n",
        "test_inputs.test_a_matte_that_changes_renders_again_and_one_that_does_not_does_not",
    ),
    "the matte goes to alpha whatever is chosen": Mistake(
        "output.py",
        "to0=channel",
        'to0="rgba.alpha"',
        "test_inputs.test_the_matte_goes_to_the_channel_that_is_named_and_alpha_stays",
    ),
    "a preview's files are left with the worker": Mistake(
        "results.py",
        "                shutil.copyfile(path, target)\n",
        "                target, pattern = path, path\n",
        "test_networks.test_a_preview_leaves_the_versions_folder_alone_and_outlives_the_worker",
    ),
    "a network is fetched without asking": Mistake(
        "networks.py",
        "        if not nuke.ask(",
        "        if False and not nuke.ask(",
        "test_networks.test_nothing_is_fetched_without_consent_to_the_licence",
    ),
}


class Lent(WorkerHolder):
    """The worker of another session, which ends it."""

    def __init__(self, lender: Any) -> None:
        super().__init__(find=list, start=lambda _command: lender.client())

    def close(self) -> None:
        return


@pytest.fixture
def lent(with_windows):
    """The holder of the worker that all tests share."""
    with with_windows.current():
        return Lent(sys.modules[f"{PACKAGE}.session"].session.worker)


@pytest.fixture
def attempt(package, lent, untrained, tmp_path, direct, monkeypatch):
    """Run a test of another file against a plug-in with some of its text replaced."""

    def run(mistake: Mistake) -> None:
        copy = shutil.copytree(package, tmp_path / "plugin", ignore=shutil.ignore_patterns("__pycache__"))
        changed = copy / PACKAGE / mistake.file
        text = changed.read_text(encoding="utf-8")
        assert text.count(mistake.right) == 1, f"{mistake.file} no longer says {mistake.right!r} once"
        changed.write_text(text.replace(mistake.right, mistake.wrong), encoding="utf-8")
        module, name = mistake.test.split(".")
        test = getattr(importlib.import_module(f"tests.nuke.{module}"), name)
        folder = tmp_path / "work"
        folder.mkdir()
        _tried(Installed(copy), lent, test, mistake.given, Settings(untrained, folder, direct, monkeypatch))

    return run


@dataclass(frozen=True)
class Settings:
    weights: Any
    folder: Any
    direct: Any
    monkeypatch: Any

    def given(self, comp: Comp) -> dict[str, Callable[[], Any]]:
        """What tests ask for by name."""

        from tests.nuke.test_faults import LONG, begun
        from tests.nuke.test_live import live_node

        def with_worker(script: str) -> None:
            self.monkeypatch.setenv("MATTELINE_WORKER", program(self.folder, script))

        def rendering() -> Any:
            long = plates.write(self.folder / "long", LONG)
            return begun(comp, comp.node(comp.read(long, LONG[0], LONG[-1])))

        return {
            "comp": lambda: comp,
            "tmp_path": lambda: self.folder,
            "with_worker": lambda: with_worker,
            "rendering": rendering,
            "plate": lambda: plates.write(self.folder / "plate"),
            "live": lambda: live_node(comp, plates.write(self.folder / "plate")),
            "node": lambda: comp.node(comp.read(plates.write(self.folder / "plate")), edges_live=True),
        }


def _tried(
    installed: Installed, worker: WorkerHolder, test: Any, given: dict[str, Any], settings: Settings
) -> None:
    with installed.current():
        session = sys.modules[f"{PACKAGE}.session"].session
        own, uses_own = session.worker, test.__name__.startswith("test_a_worker")
        session.worker = own if uses_own else worker
        comp = Comp(installed.host, installed.plugin, settings.weights, settings.folder, settings.direct)
        comp.fresh()
        makes = settings.given(comp)
        try:
            asked = [name for name in inspect.signature(test).parameters if name not in given]
            test(**given, **{name: makes[name]() for name in asked})
            comp.must_be_clean()
        finally:
            installed.plugin.close()
            own.close()
    installed.close()


def test_the_plug_in_as_it_is_passes_this_way_too(attempt):
    attempt(
        Mistake("ticker.py", "def run(self)", "def run(self)", MISTAKES["knobs are set from a thread"].test)
    )


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_seen(attempt, mistake, monkeypatch):
    # What a thread dies of is one of the things that are looked for.
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    with pytest.raises((AssertionError, RuntimeError)) as caught:
        attempt(mistake)
    assert "no longer says" not in str(caught.value)
