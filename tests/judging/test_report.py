"""Judging without truth: every kind of damage is found where it is, and sound results have no findings."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from matteline.cli.main import cli
from matteline.cli.report import report as command
from matteline.cli.sheet import sheet
from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameRange
from matteline.contract.plate import Window
from matteline.contract.shot_notes import ShotNotes, shot_notes_file, write_notes
from matteline.judging.findings import KINDS
from matteline.judging.report import Report, judge, report_file
from matteline.judging.results import find_results, open_plate_of
from matteline.judging.thumbnails import thumbnails
from matteline.media.plate import open_plate
from tests.judging.writing import Results, blob, plate, write_exr, write_png


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path)


def _judged(results: Results, *, with_plate: bool = True) -> Report:
    [shot] = find_results(results.folder)
    opened, _ = open_plate_of(shot, None, None) if with_plate else (None, "")
    return judge(shot, opened)


def _findings(report: Report) -> list[tuple[int, str]]:
    return [(frame.number, finding.kind) for frame in report.flagged for finding in frame.findings]


@pytest.mark.parametrize("with_plate", [True, False])
def test_sound_results_have_no_findings(results, with_plate):
    report = _judged(results, with_plate=with_plate)
    assert _findings(report) == []
    assert len(report.frames) == 40 and report.notes == ()


def test_files_of_people_are_no_pictures_to_judge(results):
    channels = {f"CryptoObject00.{each}": blob(1001) for each in "rgba"}
    write_exr(results.folder / "people/sh010_people.1001.exr", channels)
    report = _judged(results)
    assert _findings(report) == []


def test_coverage_is_the_mean_alpha(results):
    measures = _judged(results).frame(1007).measures
    assert measures.coverage == pytest.approx(blob(1007).mean(), abs=0.002)
    assert measures.change > 0.1 and measures.still > 0.3


def test_an_empty_matte_is_found_and_told_once(results):
    results.write_alpha(1020, np.zeros((48, 64)))
    [frame] = _judged(results).flagged
    [finding] = frame.findings
    assert finding.kind == "empty" and finding.severity == "look"
    share = 100 * blob(1020).mean()
    assert finding.sentence == f"Frame 1020: the matte is empty; the frames around it cover {share:.0f} %."


@pytest.mark.parametrize("with_plate", [True, False])
def test_a_jump_of_coverage_that_stays_is_marked_at_its_first_frame(results, with_plate):
    for number in range(1020, 1041):
        alpha = blob(number)
        alpha[30:] = 0
        results.write_alpha(number, alpha)
    report = _judged(results, with_plate=with_plate)
    assert _findings(report) == [(1020, "coverage")]
    words = r"Frame 1020: alpha coverage jumps from 2\d % to 1\d %\."
    assert re.fullmatch(words, report.flagged[0].findings[0].sentence)


@pytest.mark.parametrize("with_plate", [True, False])
def test_a_hole_is_found_where_it_is(results, with_plate):
    alpha = blob(1020)
    alpha[25:28, 30:34] = 0
    results.write_alpha(1020, alpha)
    report = _judged(results, with_plate=with_plate)
    assert (1020, "hole") in _findings(report) and {number for number, _ in _findings(report)} == {1020}
    hole = next(finding for finding in report.flagged[0].findings if finding.kind == "hole")
    assert hole.box == Window(30, 25, 4, 3)
    assert "x 30, y 25, 4x3 pixels" in hole.sentence


def test_gaps_that_come_and_go_are_no_holes_but_do_not_hide_one(results):
    for number in results.numbers:
        side = (0, 2, 3, 4, 4, 3, 2, 0)[number % 8]
        alpha = blob(number)
        alpha[24 : 24 + side, 26 : 26 + side] = 0
        if number == 1020:
            alpha[33:36, 34:37] = 0
        results.write_alpha(number, alpha)
    report = _judged(results)
    assert [number for number, kind in _findings(report) if kind == "hole"] == [1020]
    assert (
        "frames have gaps or small holes in the body; only those that stand out are marked" in report.notes[0]
    )


def test_a_speck_is_found_where_it_is(results):
    alpha = blob(1020)
    alpha[2:5, 3:6] = 0.6
    results.write_alpha(1020, alpha)
    report = _judged(results)
    assert {number for number, _ in _findings(report)} == {1020}
    speck = next(finding for finding in report.flagged[0].findings if finding.kind == "speck")
    assert speck.box == Window(3, 2, 3, 3)


def test_what_comes_for_one_frame_alone_pops(results):
    alpha = blob(1020)
    alpha[2:12, 3:20] = 1
    results.write_alpha(1020, alpha)
    pop = next(finding for finding in _judged(results).flagged[0].findings if finding.kind == "pop")
    assert pop.box == Window(3, 2, 17, 10)


def test_flicker_needs_a_plate_that_stands_still(results):
    for number in (1020, 1021, 1022):
        alpha = blob(number)
        alpha[2:8, 3:12] = 0.2 * (number - 1019)
        results.write_alpha(number, alpha)
    flickering = [number for number, kind in _findings(_judged(results)) if kind == "flicker"]
    assert flickering[0] == 1020 and set(flickering) <= {1020, 1021, 1022, 1023}
    assert "flicker" not in {kind for _, kind in _findings(_judged(results, with_plate=False))}


@pytest.mark.parametrize("with_plate", [True, False])
def test_a_matte_that_is_late_by_a_frame_is_found(results, with_plate):
    shutil.copy(results.path(1019), results.path(1020))
    report = _judged(results, with_plate=with_plate)
    assert [number for number, kind in _findings(report) if kind == "repeat"] == [1020]
    assert (
        report.frame(1020).findings[-1].sentence
        == "Frame 1020: the matte is that of frame 1019 to the last pixel."
    )


def test_a_matte_that_is_early_by_a_frame_is_blamed_itself(results):
    shutil.copy(results.path(1021), results.path(1020))
    assert [number for number, kind in _findings(_judged(results)) if kind == "repeat"] == [1020]


def test_repeats_of_a_plate_that_repeats_are_no_fault(results):
    folder = Path(results.plate).parent
    shutil.copy(results.path(1019), results.path(1020))
    shutil.copy(folder / "sh010.1019.png", folder / "sh010.1020.png")
    assert "repeat" not in {kind for _, kind in _findings(_judged(results))}


def test_what_is_kept_of_a_long_shot_are_figures(results):
    held = [value for frame in _judged(results).frames for value in vars(frame.measures).values()]
    assert not any(isinstance(value, np.ndarray) for value in held)


def test_many_repeats_are_a_change_of_rate_and_noted_once(results):
    for number in range(1004, 1041, 5):
        shutil.copy(results.path(number - 1), results.path(number))
    report = _judged(results, with_plate=False)
    assert "repeat" not in {kind for _, kind in _findings(report)}
    assert "8 frames repeat the frame before, as after a change of frame rate." in report.notes


@pytest.mark.parametrize("product", ["alpha", "fgr"])
def test_a_truncated_file_is_found(results, product):
    path = results.path(1020, product)
    path.write_bytes(path.read_bytes()[:100])
    [frame] = _judged(results).flagged
    [finding] = frame.findings
    assert (frame.number, finding.kind, finding.severity) == (1020, "unreadable", "broken")
    assert finding.sentence.startswith(f"Frame 1020: sh010_{product}.1020.png cannot be read: ")


@pytest.mark.parametrize("product", ["alpha", "fgr"])
def test_a_deleted_file_is_found(results, product):
    results.path(1020, product).unlink()
    report = _judged(results)
    assert _findings(report) == [(1020, "missing")]
    assert report.flagged[0].findings[0].sentence == f"Frame 1020 is missing from {product}."
    assert report.notes == ("Frame 1020 is missing.",)


def test_frames_behind_the_last_are_missing_by_the_record(results):
    for number in (1039, 1040):
        for product in ("alpha", "fgr"):
            results.path(number, product).unlink()
    report = _judged(results)
    assert _findings(report) == [(1039, "missing"), (1040, "missing")]
    assert report.frame(1040).findings[0].sentence == "Frame 1040 is missing from alpha and fgr."
    assert report.notes == ("Frames 1039-1040 are missing.",)


def test_a_matte_beyond_0_to_1_is_damaged(tmp_path):
    for number in range(1, 6):
        alpha = np.full((8, 8), 0.5)
        if number == 3:
            alpha[0, :2] = np.nan, 7
        write_exr(tmp_path / "alpha" / f"a_alpha.{number:04d}.exr", dict.fromkeys("RGB", alpha))
    [shot] = find_results(tmp_path)
    [frame] = judge(shot).flagged
    assert frame.findings[0].sentence == "Frame 3: 2 pixels of the matte are no numbers from 0 to 1."


def test_products_of_different_sizes_are_damaged(results):
    write_png(results.path(1020, "fgr"), np.zeros((20, 20, 3)))
    assert _judged(results).flagged[0].findings[0].sentence == "Frame 1020: its products differ in size."


def test_colour_at_the_limit_is_marked_where_it_stands_out(results):
    colour = plate(1020) * 0.9
    colour[24:34, 26:38] = 1
    write_png(results.path(1020, "fgr"), colour)
    assert _findings(_judged(results)) == [(1020, "clipped")]


def test_colour_at_the_limit_all_over_the_shot_is_a_note(results):
    for number in results.numbers:
        colour = plate(number) * 0.9
        colour[24:34, 26:38] = 1
        write_png(results.path(number, "fgr"), colour)
    report = _judged(results)
    assert _findings(report) == []
    assert re.search(
        r"In half of the frames \d+\.\d % of the body or more is at the file's limit", report.notes[0]
    )


@pytest.mark.parametrize("with_plate", [True, False])
def test_a_start_that_settles_is_marked(results, with_plate):
    for index, number in enumerate(results.numbers):
        ghost = np.zeros((48, 64))
        ghost[4:40, 2:16] = 0.5 * 0.6**index if index < 5 else 0
        # Without a plate settling can be told from movement only where there is little of that.
        body = blob(number if with_plate else 1001) * (1 - 0.01 * (index % 3))
        results.write_alpha(number, np.maximum(body, ghost))
    warming = [
        number for number, kind in _findings(_judged(results, with_plate=with_plate)) if kind == "warm_up"
    ]
    assert warming[:3] == [1001, 1002, 1003] and warming[-1] <= 1006


def _look(results: Results, **cuts: tuple[int, ...]) -> None:
    notes = ShotNotes(FrameRange(1001, 1040), 64, 48, **cuts)
    write_notes(shot_notes_file(results.folder, results.name), notes)


def test_cuts_are_named(results):
    _look(results, cuts=(1013, 1030), found_cuts=(1013, 1030))
    report = _judged(results)
    assert report.flagged == () and report.notes == ("The plate is cut before frames 1013, 1030.",)


def test_a_cut_that_the_network_went_across_is_marked(results):
    _look(results, cuts=(1030,), found_cuts=(1013, 1030))
    report = _judged(results)
    assert _findings(report) == [(1013, "ghost")]
    assert "may hold a ghost of the shot before" in report.flagged[0].findings[0].sentence


def test_nobody_in_any_frame_is_a_note(results):
    for number in results.numbers:
        results.write_alpha(number, np.zeros((48, 64)))
    report = _judged(results)
    assert report.flagged == () and report.notes == ("Nobody was found in any frame.",)


def test_every_kind_of_finding_is_tried_here():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f'"{kind}"' not in text] == []


def test_a_report_comes_back_from_its_file(results, tmp_path):
    results.path(1020).unlink()
    alpha = blob(1030)
    alpha[25:29, 30:35] = 0
    results.write_alpha(1030, alpha)
    report = _judged(results)
    path = report_file(results.folder, "sh010")
    report.save(path)
    assert path == results.folder / "report" / "sh010_report.json"
    assert Report.load(path) == report


def test_a_report_of_another_version_is_refused(results):
    path = report_file(results.folder, "sh010")
    _judged(results).save(path)
    path.write_text(
        path.read_text(encoding="utf-8").replace('"version": 2', '"version": 9', 1), encoding="utf-8"
    )
    with pytest.raises(JobError, match="is a report of version 9, not 2"):
        Report.load(path)


@pytest.mark.parametrize("text", ["[]", "{", '{"version": 2}', '{"version": 2, "frames": [{"findings": 3}]}'])
def test_what_is_no_report_is_refused(tmp_path, text):
    (tmp_path / "r.json").write_text(text, encoding="utf-8")
    with pytest.raises(ReadError, match=r"r\.json is no report\.$"):
        Report.load(tmp_path / "r.json")


def test_a_report_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(ReadError, match="cannot be read"):
        Report.load(tmp_path / "r.json")


def test_alpha_is_read_from_layers_and_rgba(tmp_path):
    alpha = blob(1)
    for product, more in (("rgba", ""), ("layers", "fgr.")):
        planes = {name: alpha * 0.3 for name in "RGB"} | {"A": alpha}
        planes |= {f"{more}{name}": alpha * 0 + 0.3 for name in "RGB"} if more else {}
        write_exr(tmp_path / product / product / f"a_{product}.0001.exr", planes)
        [shot] = find_results(tmp_path / product)
        assert judge(shot).frames[0].measures.coverage == pytest.approx(alpha.mean(), abs=1e-3)


def test_a_folder_without_results_is_one_sentence(tmp_path):
    with pytest.raises(JobError, match="holds no results with an alpha"):
        find_results(tmp_path)
    with pytest.raises(ReadError, match="is not there"):
        find_results(tmp_path / "none")


def test_a_record_that_is_damaged_is_passed_over(results):
    (results.folder / ".matteline" / "sh010.json").write_text("{", encoding="utf-8")
    [shot] = find_results(results.folder)
    assert shot.plate == "" and str(shot.expected) == "1001-1040"


def test_a_plate_that_is_gone_is_a_note(results):
    shutil.rmtree(Path(results.plate).parent)
    [shot] = find_results(results.folder)
    opened, note = open_plate_of(shot, None, None)
    assert opened is None and note.endswith("is not there, so flicker is judged by the matte alone.")


def test_a_plate_that_does_not_hold_the_frames_is_refused_or_noted(results, tmp_path):
    other = str(tmp_path / "other" / "p.####.png")
    for number in (1, 2):
        write_png(tmp_path / "other" / f"p.{number:04d}.png", plate(number))
    [shot] = find_results(results.folder)
    with pytest.raises(JobError, match="has frames 1-2, the results 1001-1040"):
        open_plate_of(shot, other, None)
    results.record(plate=other, frames="1001-1040")
    [shot] = find_results(results.folder)
    opened, note = open_plate_of(shot, None, None)
    assert opened is None and "has frames 1-2, the results 1001-1040" in note


def test_a_damaged_plate_does_not_stop_a_report(results):
    path = Path(results.plate).parent / "sh010.1020.png"
    path.write_bytes(path.read_bytes()[:80])
    report = _judged(results)
    assert _findings(report) == []
    assert report.frame(1020).measures.flicker is None and report.frame(1022).measures.flicker is not None


def _run(*arguments: object) -> str:
    done = CliRunner().invoke(command, [*map(str, arguments), "--progress", "none"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_writes_a_page_that_needs_nothing_else(results):
    results.path(1020).unlink()
    results.write_alpha(1030, np.zeros((48, 64)))
    output = _run(results.folder)
    assert (
        "sh010: 2 of 40 frames are worth a look." in output and "Frame 1020 is missing from alpha." in output
    )
    text = (results.folder / "report" / "sh010_report.html").read_text(encoding="utf-8")
    assert "Frame 1030: the matte is empty" in text and "<svg" in text and "data:image/png;base64," in text
    assert "<script" not in text.lower()
    outside = [
        link
        for link in re.findall(r'(?:src|href|url\()=?"?([^"\s>]+)', text)
        if not link.startswith(("data:", "#"))
    ]
    assert outside == []
    data = json.loads((results.folder / "report" / "sh010_report.json").read_text(encoding="utf-8"))
    assert data["version"] == 2 and data["frames"][19]["findings"][0]["kind"] == "missing"


def test_the_page_lists_broken_frames_first_boxes_spots_and_marks_gaps(results):
    alpha = blob(1020)
    alpha[25:28, 30:34] = 0
    results.write_alpha(1020, alpha)
    results.path(1030).unlink()
    _run(results.folder)
    text = (results.folder / "report" / "sh010_report.html").read_text(encoding="utf-8")
    assert text.index('<tr id="f1030" class="broken">') < text.index('<tr id="f1020"')
    assert 'class="gap"><title>Missing: 1030' in text
    assert '<a href="#f1020"><path' in text, "a mark in a chart goes to its frame"
    report = Report.load(results.folder / "report" / "sh010_report.json")
    box = next(each.box for each in report.frame(1020).findings if each.kind == "hole")
    place = f"left:{100 * (box.x / 64 - 0.01):.2f}%;top:{100 * (box.y / 48 - 0.01):.2f}%"
    assert f'class="spot" style="{place}' in text


def test_a_contact_sheet_spreads_frames_and_adds_those_to_look_at(results):
    results.write_alpha(1030, np.zeros((48, 64)))
    results.path(1020).unlink()
    _run(results.folder)
    done = CliRunner().invoke(sheet, [str(results.folder), "--count", "3"])
    assert done.exit_code == 0, done.output
    text = (results.folder / "report" / "sh010_sheet.html").read_text(encoding="utf-8")
    assert re.findall(r"<figcaption>Frame (\d+)", text) == ["1001", "1021", "1030", "1040"]
    assert "missing: 1020" in text and "the matte is empty" in text


def test_a_contact_sheet_needs_no_report(results):
    done = CliRunner().invoke(sheet, [str(results.folder)])
    assert done.exit_code == 0, done.output
    assert (results.folder / "report" / "sh010_sheet.html").read_text(encoding="utf-8").count(
        "<figure>"
    ) == 24


@pytest.mark.skipif(os.name == "nt", reason="file names cannot hold < there")
def test_names_cannot_put_markup_into_the_page(tmp_path):
    results = Results(tmp_path, count=3, name="<script>alert(1)<", fgr=False)
    results.record(plate="<img src=x>", frames="1001-1004")
    _run(results.folder)
    [path] = (results.folder / "report").glob("*.html")
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text and "<img src=x" not in text and "&lt;script&gt;" in text


def test_shots_of_one_folder_are_judged_each_by_itself(tmp_path):
    Results(tmp_path, count=3)
    other = Results(tmp_path, count=3, name="sh020")
    output = _run(other.folder)
    assert "sh010: 0 of 3" in output and "sh020: 0 of 3" in output
    output = _run(other.folder, "--shot", "sh020", "-o", tmp_path / "pages")
    assert "sh010" not in output and (tmp_path / "pages" / "sh020_report.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--shot", "sh030"], "There is no shot 'sh030'"),
        (["--plate", "p.mov"], "holds 2 shots, and a plate is of one"),
    ],
)
def test_mistakes_of_the_command_are_sentences(tmp_path, arguments, words):
    Results(tmp_path, count=2)
    other = Results(tmp_path, count=2, name="sh020")
    with pytest.raises(JobError, match=words):
        CliRunner().invoke(command, [str(other.folder), *arguments], catch_exceptions=False)


def test_a_page_without_colour_is_made_too(tmp_path):
    results = Results(tmp_path, count=4, fgr=False)
    _run(results.folder)
    text = (results.folder / "report" / "sh010_report.html").read_text(encoding="utf-8")
    assert "limit" not in text and text.count("data:image/png;base64,") == 4


def test_thumbnails_show_premultiplied_linear_light_as_it_looks(tmp_path):
    alpha = np.full((8, 8), 0.5)
    write_exr(tmp_path / "rgba" / "a_rgba.0001.exr", {**dict.fromkeys("RGB", alpha * 0.5), "A": alpha})
    [shot] = find_results(tmp_path)
    (_, matte), (_, over) = thumbnails(shot, 1).pictures
    # Straight 0.5 is 188 by the sRGB curve; half of it over half of the checkerboard's first square, 0.35.
    assert _pixel(matte) == (128, 128, 128)
    assert _pixel(over) == pytest.approx((138, 138, 138), abs=1)


def _pixel(address: str) -> tuple[int, ...]:
    data = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    return Image.open(io.BytesIO(data)).getpixel((0, 0))


def test_progress_can_be_had_as_json_lines(tmp_path):
    results = Results(tmp_path, count=3)
    done = CliRunner().invoke(
        cli, ["report", str(results.folder), "--progress", "json"], catch_exceptions=False
    )
    assert [json.loads(line) for line in done.output.splitlines()] == [
        {"event": "judged", "done": number, "total": 3} for number in (1, 2, 3)
    ]


def test_the_plate_can_be_given_by_hand(results):
    results.record(frames="1001-1040")
    [shot] = find_results(results.folder)
    assert judge(shot, open_plate(results.plate)).frame(1010).measures.flicker is not None
    assert "No record says what the plate is" in _run(results.folder)
    assert "No record says" not in _run(results.folder, "--plate", results.plate)
