"""Mattes held against the truth: folders, matching, figures on disk, and sentences for what does not fit."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from matteline.cli.eval import eval_
from matteline.cli.main import cli
from matteline.contract.errors import JobError, ReadError
from matteline.contract.frames import FrameSet
from matteline.judging.clips import find_clips, pair_up
from matteline.judging.evaluate import choose_metrics, evaluate
from tests.judging.writing import blob, write_exr, write_png

ALL = ("mad", "mse", "grad", "conn", "dtssd", "fgr_mse")


def _set(folder: Path, off: float = 0.0, product: str = "pha", name: str = "{:04d}") -> Path:
    """A test set of two data sets with a clip each, three frames long, whose alpha is off by so much."""
    for dataset in ("videomatte_motion", "videomatte_static"):
        for number in range(3):
            clip = folder / dataset / "0000"
            alpha = blob(number) * (1 - off)
            write_png(clip / product / f"{name.format(number)}.png", alpha)
            write_png(
                clip / "fgr" / f"{name.format(number)}.png", np.full((48, 64, 3), 0.5 + off, np.float32)
            )
            write_png(clip / "com" / f"{name.format(number)}.png", np.repeat(alpha[..., None], 3, 2))
    return folder


def _sequence(folder: Path, numbers: range, size: tuple[int, int] = (48, 64)) -> str:
    for number in numbers:
        write_png(folder / f"m.{number:04d}.png", blob(number, *size))
    return str(folder / "m.####.png")


def _mean(pred: object, truth: object, metric: str = "mad") -> float | None:
    return evaluate(pair_up(str(pred), str(truth)), [metric]).mean(metric)


def test_a_test_set_is_found_clip_by_clip(tmp_path):
    clips = find_clips(str(_set(tmp_path)))
    assert list(clips) == ["videomatte_motion/0000", "videomatte_static/0000"]
    assert clips["videomatte_motion/0000"].foreground == str(tmp_path / "videomatte_motion" / "0000" / "fgr")


def test_all_measures_of_a_test_set(tmp_path):
    pairs = pair_up(str(_set(tmp_path / "pred", 0.2)), str(_set(tmp_path / "truth")))
    found = evaluate(pairs, ALL)
    truth = np.stack([np.rint(blob(number) * 255) for number in range(3)]) / 255
    pred = np.stack([np.rint(blob(number) * 0.8 * 255) for number in range(3)]) / 255
    assert found.mean("mad") == pytest.approx(1000 * np.abs(pred - truth).mean(), rel=1e-4)
    assert found.mean("mse") == pytest.approx(1000 * ((pred - truth) ** 2).mean(), rel=1e-4)
    changes = np.diff(pred, axis=0) - np.diff(truth, axis=0)
    steps = [0, *(100 * np.sqrt((change**2).mean()) for change in changes)]
    assert found.mean("dtssd") == pytest.approx(np.mean(steps), rel=1e-3)
    assert found.mean("fgr_mse") == pytest.approx(1000 * ((178 - 128) / 255) ** 2, rel=1e-3)


def test_results_of_a_render_stand_in_a_test_set_by_their_own_names(tmp_path):
    mine = _set(tmp_path / "pred", product="alpha", name="com_alpha.{:04d}")
    assert _mean(mine, _set(tmp_path / "truth")) == 0


def test_each_clip_counts_alike(tmp_path):
    for name, count, off in (("a", 1, 0.3), ("b", 3, 0.1)):
        for number in range(count):
            write_png(tmp_path / "truth" / name / "pha" / f"{number:04d}.png", np.ones((4, 4)))
            write_png(tmp_path / "pred" / name / "pha" / f"{number:04d}.png", np.full((4, 4), 1 - off))
    assert _mean(tmp_path / "pred", tmp_path / "truth") == pytest.approx(200, abs=2)


def test_frames_are_matched_by_number_where_both_have_the_same(tmp_path):
    [pair] = pair_up(_sequence(tmp_path / "a", range(5, 8)), _sequence(tmp_path / "b", range(5, 8)))
    assert pair.by == "number" and pair.frames == ((5, 5), (6, 6), (7, 7))


def test_frames_are_matched_by_order_where_numbers_differ(tmp_path):
    [pair] = pair_up(_sequence(tmp_path / "a", range(5, 8)), _sequence(tmp_path / "b", range(0, 3)))
    assert pair.by == "order" and pair.frames == ((5, 0), (6, 1), (7, 2))


def test_only_some_frames_can_be_compared(tmp_path):
    mine, true = _sequence(tmp_path / "a", range(0, 9)), _sequence(tmp_path / "b", range(4, 7))
    [pair] = pair_up(mine, true, FrameSet.parse("4-5"))
    assert pair.frames == ((4, 4), (5, 5))


def test_the_matte_of_an_exr_in_a_layer_and_of_rgba_are_found(tmp_path):
    truth = write_png(tmp_path / "truth.png", blob(0))
    zeros = np.zeros((48, 64))
    write_exr(tmp_path / "a.exr", {"R": zeros, "G": zeros, "B": zeros, "A": blob(0)})
    write_exr(tmp_path / "b.exr", {"R": zeros, "G": zeros, "B": zeros, "mask.A": blob(0)})
    write_exr(tmp_path / "c.exr", {"R": blob(0), "G": blob(0), "B": blob(0)})
    rgba = np.concatenate([np.zeros((48, 64, 3)), blob(0)[..., None]], 2)
    write_png(tmp_path / "d.png", rgba)
    for mine in ("a.exr", "b.exr:mask.A", "c.exr", "d.png"):
        assert _mean(tmp_path / mine, truth) < 2, mine
    assert _mean(tmp_path / "b.exr:R", truth) > 100


def test_a_movie_is_held_against_a_sequence(tmp_path):
    with av.open(str(tmp_path / "m.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(24))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "gray"
        for number in range(3):
            codes = np.rint(blob(number) * 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(codes, "gray")))
        container.mux(stream.encode(None))
    [pair] = pair_up(str(tmp_path / "m.mkv"), _sequence(tmp_path / "b", range(0, 3)))
    assert pair.by == "order"
    assert evaluate([pair], ["mad"]).mean("mad") < 5


def test_the_foreground_is_left_out_where_one_side_has_none(tmp_path):
    mine, true = _set(tmp_path / "pred"), _set(tmp_path / "truth")
    for path in (true / "videomatte_motion" / "0000" / "fgr").iterdir():
        path.unlink()
    (true / "videomatte_motion" / "0000" / "fgr").rmdir()
    found = evaluate(pair_up(str(mine), str(true)), ["fgr_mse"])
    assert found.clips[0].mean("fgr_mse") is None and found.clips[1].mean("fgr_mse") == 0


def test_different_sizes_are_one_sentence(tmp_path):
    mine = _sequence(tmp_path / "a", range(2))
    true = _sequence(tmp_path / "b", range(2), (24, 32))
    with pytest.raises(JobError, match=r"^The mattes are 64x48, the truth is 32x24\.$"):
        pair_up(mine, true)


def test_different_counts_are_one_sentence(tmp_path):
    mine, true = _sequence(tmp_path / "a", range(2)), _sequence(tmp_path / "b", range(5))
    words = r"^There are 2 frames of mattes \(0-1\), but 5 of the truth \(0-4\)\.$"
    with pytest.raises(JobError, match=words) as caught:
        pair_up(mine, true)
    assert caught.value.settings == ("frames",) and "frames that both have" in caught.value.hint


def test_frames_that_one_side_lacks_are_named(tmp_path):
    mine, true = _sequence(tmp_path / "a", range(2)), _sequence(tmp_path / "b", range(5))
    with pytest.raises(JobError, match=r"^The mattes lack frames 2-3: there are 0-1\.$"):
        pair_up(mine, true, FrameSet.parse("0-3"))


def test_a_clip_that_the_truth_lacks_is_named(tmp_path):
    mine, true = _set(tmp_path / "pred"), _set(tmp_path / "truth")
    (mine / "videomatte_motion" / "0000").rename(mine / "videomatte_motion" / "0009")
    with pytest.raises(JobError, match="has no clip videomatte_motion/0009, which"):
        pair_up(str(mine), str(true))


def test_a_foreground_that_is_too_short_is_named(tmp_path):
    mine, true = _set(tmp_path / "pred"), _set(tmp_path / "truth")
    (true / "videomatte_static" / "0000" / "fgr" / "0002.png").unlink()
    with pytest.raises(JobError, match=r"fgr lacks frames 2\.$"):
        pair_up(str(mine), str(true))


def test_a_folder_without_images_is_one_sentence(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReadError, match="holds no images"):
        pair_up(str(tmp_path / "empty"), str(tmp_path / "empty"))


def test_an_unknown_metric_is_named():
    with pytest.raises(JobError, match=r"^There is no metric 'sad'\.$"):
        choose_metrics("mad,sad")
    with pytest.raises(JobError, match="There is no metric"):
        choose_metrics(" ,")


def test_a_truncated_frame_is_named_by_its_number(tmp_path):
    mine, true = _sequence(tmp_path / "a", range(3)), _sequence(tmp_path / "b", range(3))
    path = tmp_path / "b" / "m.0001.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ReadError, match="Frame 1 of m"):
        evaluate(pair_up(mine, true), ["mad"])


def _run(*arguments: object) -> str:
    done = CliRunner().invoke(eval_, [*map(str, arguments), "--progress", "none"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_prints_a_table_and_says_how_frames_were_matched(tmp_path):
    output = _run(_set(tmp_path / "pred", 0.2), _set(tmp_path / "truth"))
    assert "6 frames of 2 clips, matched by number." in output
    assert "videomatte_static/0000" in output and "dtSSD" in output and "mean" in output


def test_the_command_writes_every_figure(tmp_path):
    out = tmp_path / "figures"
    _run(_set(tmp_path / "pred", 0.2), _set(tmp_path / "truth"), "-o", out)
    with open(out / "frames.csv", encoding="utf-8", newline="") as file:
        frames = list(csv.DictReader(file))
    assert [(row["clip"], row["frame"]) for row in frames][:4] == [
        ("videomatte_motion/0000", "0"),
        ("videomatte_motion/0000", "1"),
        ("videomatte_motion/0000", "2"),
        ("videomatte_static/0000", "0"),
    ]
    assert set(ALL) < set(frames[0]) and float(frames[0]["dtssd"]) == 0
    with open(out / "clips.csv", encoding="utf-8", newline="") as file:
        clips = list(csv.DictReader(file))
    assert [row["clip"] for row in clips] == ["videomatte_motion/0000", "videomatte_static/0000", "mean"]
    data = json.loads((out / "eval.json").read_text(encoding="utf-8"))
    assert data["version"] == 1 and data["clips"][0]["matched_by"] == "number"
    mad = np.mean([float(row["mad"]) for row in frames])
    assert data["mean"]["mad"] == pytest.approx(mad, rel=1e-4)
    assert float(clips[-1]["mad"]) == pytest.approx(mad, rel=1e-4)


def test_the_plot_has_a_panel_for_each_measure(tmp_path):
    out = tmp_path / "figures"
    _run(_set(tmp_path / "pred", 0.2), _set(tmp_path / "truth"), "-o", out, "--metrics", "mad,dtssd")
    svg = ElementTree.parse(out / "eval.svg").getroot()
    titles = [
        each.text for each in svg.iter("{http://www.w3.org/2000/svg}text") if each.get("class") == "title"
    ]
    assert [title.split(":")[0] for title in titles] == ["MAD x 1000", "dtSSD x 100"]


def test_figures_can_be_had_as_json_without_a_table(tmp_path):
    output = _run(_set(tmp_path / "pred"), _set(tmp_path / "truth"), "--json", "--metrics", "mad")
    assert json.loads(output)["mean"] == {"mad": 0.0}


def test_the_command_is_found_by_its_name():
    done = CliRunner().invoke(cli, ["eval", "--help"])
    assert done.exit_code == 0 and "PRED TRUTH" in done.output


def test_jpegs_of_the_large_test_set_are_read(tmp_path):
    for side in ("pred", "truth"):
        folder = tmp_path / side / "videomatte_static" / "0000" / "pha"
        folder.mkdir(parents=True)
        codes = np.rint(blob(0) * 255).astype(np.uint8)
        Image.fromarray(codes).save(folder / "0000.jpg", quality=95)
    assert _mean(tmp_path / "pred", tmp_path / "truth") == 0
