"""The benchmark: stages, what limits them, and how much of a frame goes to a device and back."""

from __future__ import annotations

import json

import pytest
import torch
from click.testing import CliRunner

from matteline.cli.main import cli
from matteline.engine.bench import CopyCount, Speeds, StageSpeed, measure
from matteline.engine.planner import plan
from tests.pretended_cuda import pretended_cuda

from .conftest import HEIGHT, SURROUNDINGS, WIDTH

PIXELS = WIDTH * HEIGHT


def _speeds(infer_fps: float, cores: int) -> Speeds:
    stages = {"decode": StageSpeed(100, 2, 0.01), "infer": StageSpeed(infer_fps, 1, 0.09)}
    return Speeds(stages, StageSpeed(8, 3, 0.1), cores, 0, 0)


def test_the_slowest_stage_is_the_limit_where_cores_are_left():
    assert _speeds(5, 4).limit == (5, "infer")


def test_all_cores_at_work_are_the_limit_where_stages_share_them():
    assert _speeds(15, 1).limit == (pytest.approx(10), "cores")


def test_cores_that_a_stage_leaves_alone_are_idle():
    assert StageSpeed(10, 1, 0.15).idle_cores(4) == pytest.approx(2.5)
    assert StageSpeed(10, 8, 0.5).idle_cores(4) == 0


def test_copies_to_a_device_and_back_are_counted(monkeypatch):
    with pretended_cuda(monkeypatch), CopyCount() as copied:
        there = torch.zeros(5, dtype=torch.float32).to("cuda:1")
        (there + 1).half().cpu()
        torch.zeros(7).to(torch.float64)
    assert (copied.up, copied.down) == (20, 10)


@pytest.mark.slow
def test_a_frame_goes_to_the_device_as_stored_and_its_alpha_back_as_half(
    monkeypatch, render, png_plate, tmp_path
):
    settings = {"device": "cuda:1", "precision": "fp32", "write": ("alpha",), "preroll": 0}
    settings |= {"edges": "network", "exposure": 0.0, "denoise": 0.0}
    with pretended_cuda(monkeypatch):
        made = measure(plan(render.job(png_plate, tmp_path / "out", "1001-1003", **settings), SURROUNDINGS))
    assert list(made.stages) == ["decode", "picture", "infer", "encode"]
    assert (made.uploaded_bytes, made.downloaded_bytes) == (3 * PIXELS, 2 * PIXELS)


@pytest.mark.slow
def test_the_command_prints_its_figures_as_json(untrained, png_plate):
    words = ["bench", png_plate, "--count", "4", "--weights", str(untrained), "--device", "cpu", "--json"]
    said = CliRunner().invoke(cli, words)
    assert said.exit_code == 0, said.output
    (row,) = json.loads(said.stdout)["results"]
    assert list(row["stages"]) == ["decode", "picture", "infer", "encode", "whole"]
    assert row["limited_by"] in {"cores", *row["stages"]}
    assert row["uploaded_bytes"] == row["downloaded_bytes"] == 0
