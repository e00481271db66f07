"""Work of a plan and a render that is done once: pictures decoded, files opened and networks prepared are counted."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from matteline.engine.kept_network import KeptNetwork
from matteline.engine.planner import plan
from matteline.engine.run import run
from matteline.matting.rvm import inference
from matteline.media import movie_decoder

from .conftest import SURROUNDINGS


@pytest.fixture
def movie(tmp_path: Path) -> Callable[[int], str]:
    """Writes a movie of so many frames with one keyframe."""

    def write(frames: int) -> str:
        path = str(tmp_path / f"of {frames}.mp4")
        with av.open(path, "w") as container:
            stream = container.add_stream("libx264", rate=24, options={"g": "9999", "preset": "ultrafast"})
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for number in range(frames):
                picture = np.full((48, 64, 3), 150 + number % 100, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        return path

    return write


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Gathers the pictures that are decoded of movies."""
    pictures: list[Any] = []
    decode = movie_decoder.decode

    def counted(*args: Any) -> Iterator[Any]:
        for picture in decode(*args):
            pictures.append(picture.pts)
            yield picture

    monkeypatch.setattr(movie_decoder, "decode", counted)
    return pictures


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Gathers what FFmpeg is asked to open."""
    files: list[Any] = []
    open_file = av.open
    monkeypatch.setattr(
        av, "open", lambda *args, **options: files.append(args) or open_file(*args, **options)
    )
    return files


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Gathers the networks that are prepared for rendering."""
    networks: list[Any] = []
    folded = inference.folded
    monkeypatch.setattr(inference, "folded", lambda network: networks.append(network) or folded(network))
    return networks


def test_a_plan_decodes_no_more_of_a_longer_movie(render, movie, decoded, tmp_path):
    counts = []
    for frames in (100, 400):
        plan(render.job(movie(frames), tmp_path / "out"), SURROUNDINGS)
        counts.append(len(decoded))
        decoded.clear()
    assert counts[0] == counts[1] < 60


def test_a_plan_takes_no_look(render, movie, prepared, decoded, tmp_path):
    ready = plan(render.job(movie(100), tmp_path / "out", cuts="auto", focus="auto"), SURROUNDINGS)
    assert ready.needs_look
    assert (prepared, len(decoded) < 60) == ([], True)


def test_a_second_plan_of_the_same_movie_reads_nothing_of_it(render, movie, opened, tmp_path):
    path = movie(30)
    first = plan(render.job(path, tmp_path / "out", choke=0.0), SURROUNDINGS)
    opened.clear()
    second = plan(render.job(path, tmp_path / "out", choke=1.0), SURROUNDINGS)
    assert opened == []
    assert second.plate == first.plate and second.conditioning == first.conditioning


def test_a_movie_that_was_replaced_is_read_again(render, movie, tmp_path):
    path, longer = movie(30), movie(50)
    assert len(plan(render.job(path, tmp_path / "out"), SURROUNDINGS).frames) == 30
    shutil.copy(longer, path)
    assert len(plan(render.job(path, tmp_path / "out"), SURROUNDINGS).frames) == 50


def test_a_shot_of_several_parts_prepares_one_network(render, png_plate, prepared, tmp_path):
    job = render.job(
        png_plate, tmp_path / "out", cuts="1004,1007", focus="people", downsample_ratio="auto", preroll=1
    )
    list(run(plan(job, SURROUNDINGS)))
    assert len(prepared) == 1


def test_a_kept_network_is_prepared_once_for_all_shots(render, png_plate, prepared, tmp_path):
    kept = KeptNetwork()
    for folder in ("one", "two"):
        ready = plan(render.job(png_plate, tmp_path / folder, "1001", preroll=0), SURROUNDINGS)
        list(run(ready, network=kept.take(ready)))
    assert len(prepared) == 1


def test_help_lists_and_mistakes_do_not_wait_for_torch(tmp_path):
    commands = [
        ["render", "--help"],
        ["weights", "list"],
        ["render", str(tmp_path / "no.mov"), "-o", str(tmp_path)],
    ]
    script = (
        "import contextlib, sys\n"
        "from matteline.cli.main import cli\n"
        f"for words in {commands}:\n"
        "    with contextlib.suppress(Exception, SystemExit):\n"
        "        cli.main(words, standalone_mode=False)\n"
        "print('torch' in sys.modules, 'matteline.engine.planner' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False True"
