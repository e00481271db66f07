"""The command as a user runs it: a process with arguments, an exit code and sentences."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.lengthened import lengthened
from tests.waiting import PATIENCE_SECONDS, wait_until

# Frames of noise look like cuts.
SMALL = ("--downsample-ratio", "0.5", "--preroll", "0", "--device", "cpu", "--cuts", "none")


def matteline(*arguments: object, **popen: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "matteline", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE_SECONDS, **popen
    )


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """A folder with a sequence of twenty 8-bit frames, 1001 to 1020."""
    folder = tmp_path / "plate"
    folder.mkdir()
    random_numbers = np.random.default_rng(1)
    for number in range(1001, 1021):
        Image.fromarray(random_numbers.integers(0, 255, (90, 160, 3), np.uint8)).save(
            folder / f"sh.{number}.png"
        )
    return folder


@pytest.fixture
def weights(weights_file: Path) -> tuple[str, str]:
    return ("--weights", str(weights_file))


def _files(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".matteline" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_plate_becomes_mattes(plate, weights, tmp_path):
    done = matteline("render", plate, "-o", tmp_path / "out", "--frames", "1003-1005", *SMALL, *weights)
    assert done.returncode == 0, done.stderr
    assert "Done: 3 frames" in done.stderr
    assert "rvm_mobilenetv3_u8" in done.stdout
    assert sorted(_files(tmp_path / "out"))[:2] == ["alpha/sh_alpha.1003.exr", "alpha/sh_alpha.1004.exr"]


@pytest.mark.slow
def test_json_progress_is_one_object_a_line(plate, weights, tmp_path):
    done = matteline(
        "render",
        plate,
        "-o",
        tmp_path / "out",
        "--frames",
        "1003-1004",
        "--progress",
        "json",
        *SMALL,
        *weights,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["plan", "started", "frame", "frame", "finished"]
    assert events[2]["number"] == 1003 and events[2]["done"] == 1 and events[2]["total"] == 2


def test_json_progress_tells_a_failure_too(weights, tmp_path):
    done = matteline("render", tmp_path / "none.mov", "-o", tmp_path / "out", "--progress", "json", *weights)
    assert done.returncode == 3
    assert json.loads(done.stdout)["event"] == "failed"


@pytest.mark.slow
def test_a_dry_run_prints_the_plan_and_writes_nothing(plate, weights, tmp_path):
    done = matteline("render", plate, "-o", tmp_path / "out", "--dry-run", *SMALL, *weights)
    assert done.returncode == 0
    for words in ("1001-1020", "160x90", "80x45", "cpu", "sh_alpha.1001.exr", "about"):
        assert words in done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_killed_at_a_random_moment_and_resumed_gives_the_pixels_of_an_unbroken_run(plate, weights, tmp_path):
    arguments = ("render", plate, "-o", tmp_path / "out", *SMALL, *weights)
    assert matteline("render", plate, "-o", tmp_path / "whole", *SMALL, *weights).returncode == 0
    killed = subprocess.Popen(
        [sys.executable, "-m", "matteline", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    some = random.randint(1, 30)
    wait_until(lambda: len(list((tmp_path / "out").rglob("*.exr"))) >= some)
    killed.kill()
    killed.wait()
    whole = _files(tmp_path / "whole")
    left = {
        name: data
        for name, data in _files(tmp_path / "out").items()
        if name.endswith(".exr") and "/." not in name
    }
    assert left, "the kill came before the first frame"
    assert all(whole[name] == data for name, data in left.items())
    resumed = matteline(*arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    after = {name: data for name, data in _files(tmp_path / "out").items() if "/." not in name}
    assert after == whole


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(
    ("number", "code", "times"),
    [("SIGINT", 130, 1), ("SIGINT", 130, 3), ("SIGTERM", 143, 1), ("SIGHUP", 129, 1)],
)
def test_an_interrupted_render_stops_and_leaves_only_whole_frames(
    plate, weights, tmp_path, number, code, times
):
    lengthened(plate, 3000)
    command = [sys.executable, "-m", "matteline", "render", plate, "-o", tmp_path / "out", *SMALL, *weights]
    process = subprocess.Popen(
        list(map(str, command)), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    wait_until(lambda: list((tmp_path / "out").rglob("*.exr")))
    for _ in range(times):
        process.send_signal(getattr(signal, number))
        time.sleep(0.05)  # signals that come at once are one
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == code
    assert "Traceback" not in errors
    names = [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert all(re.fullmatch(r"sh_(alpha|fgr)\.\d{4}\.exr|sh\.json", name) for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a shot", "sh[010]", "schön 日本", "100%d done", "sh#1", "it's; $HOME"])
def test_names_with_odd_characters_are_only_names(weights, tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    for number in (7, 8):
        Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(folder / f"{name}.{number:04d}.png")
    done = matteline("render", folder, "-o", tmp_path / f"out {name}", *SMALL, *weights, "--write", "alpha")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"out {name}" / "alpha" / f"{name}_alpha.0008.exr").is_file()


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _two_sequences(folder: Path) -> Path:
    folder.mkdir()
    for name in ("a.1001.png", "a.1002.png", "b.1001.png", "b.1002.png"):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / name)
    return folder


def _text_movie(folder: Path) -> Path:
    path = folder.with_suffix(".mov")
    path.write_text("This is not a movie.")
    return path


def _sound_only(folder: Path) -> Path:
    path = folder.with_suffix(".mp4")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_empty, "no image"),
        (_two_sequences, "a.####.png and b.####.png"),
        (_text_movie, "mov"),
        (_sound_only, "no pictures"),
        (lambda folder: folder / "nothing.####.exr", "No such file"),
    ],
)
def test_a_plate_that_is_none_costs_one_sentence(make, words, weights, tmp_path):
    done = matteline("render", make(tmp_path / "bad"), "-o", tmp_path / "out", *weights)
    assert done.returncode == 3
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--frames", "1015-1030"), 2, "outside the plate"),
        (("--frames", "ten"), 2, "not a frame range"),
        (("--device", "cuda:9"), 4, "--device cpu"),
        (("--device", "toaster"), 2, "toaster"),
        (("--preroll", "some"), 2, "Preroll"),
        (("--format", "gif"), 2, "gif"),
        (("--first-frame", "5"), 2, "movie"),
        (("--depth", "8"), 2, "EXR"),
        (("--colour",), 2, "--colour"),
    ],
)
def test_wrong_arguments_cost_one_sentence(plate, weights, tmp_path, arguments, code, words):
    done = matteline("render", plate, "-o", tmp_path / "out", *weights, *arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_weights_that_are_none_cost_one_sentence(plate, tmp_path):
    fake = tmp_path / "model.safetensors"
    fake.write_bytes(b"these are not weights")
    done = matteline("render", plate, "-o", tmp_path / "out", "--weights", fake)
    assert done.returncode == 3
    assert "model.safetensors" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_a_folder_is_found_before_the_first_frame(plate, weights, tmp_path):
    (tmp_path / "out").write_text("a file")
    done = matteline("render", plate, "-o", tmp_path / "out", *weights)
    assert done.returncode == 5
    assert "is a file" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that even root cannot write")
def test_a_folder_that_cannot_be_written_costs_one_sentence(plate, weights):
    done = matteline("render", plate, "-o", "/proc/mattes", *SMALL, *weights)
    assert done.returncode == 5
    assert "/proc/mattes" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_output_that_cannot_be_printed_costs_one_sentence():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "matteline", "--help"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
    assert done.returncode == 5
    assert done.stderr == "Error: The output cannot be written: No space left on device.\n"


@pytest.mark.parametrize(
    ("output", "code", "words"),
    [
        ("", 2, "The output folder is not named"),
        ("  ", 2, "The output folder is not named"),
        ("x" * 300, 5, "File name too long"),
        ("x" * 5000, 5, "File name too long"),
    ],
)
def test_an_output_that_is_no_folders_name_costs_one_sentence(plate, weights, tmp_path, output, code, words):
    done = matteline("render", plate, "-o", output, "--dry-run", *SMALL, *weights, cwd=tmp_path)
    assert done.returncode == code
    assert words in done.stderr and "Traceback" not in done.stderr
    assert max(map(len, done.stderr.splitlines())) < 500


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of any bytes exist on Linux")
def test_plate_and_results_may_lie_below_names_of_any_bytes(plate, weights, tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    os.rename(plate, folder)
    out = os.path.join(folder, "out")
    arguments = (
        "render",
        os.path.join(folder, "sh.####.png"),
        "-o",
        out,
        "--frames",
        "1003",
        "--write",
        "alpha",
    )
    done = subprocess.run(
        [sys.executable, "-m", "matteline", *arguments, *SMALL, *weights],
        capture_output=True, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert os.listdir(os.path.join(out, "alpha")) == ["sh_alpha.1003.exr"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX processes")
def test_a_full_disk_stops_with_a_sentence_and_whole_frames_only(plate, weights, tmp_path):
    import resource

    done = matteline(
        "render", plate, "-o", tmp_path / "out", *SMALL, *weights, "--compression", "none", "--write", "fgr",
        preexec_fn=lambda: (
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        ),
    )  # fmt: skip
    assert done.returncode == 5
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert [path for path in (tmp_path / "out").rglob("*.exr")] == []


def test_help_and_version_do_not_wait_for_torch():
    script = (
        "import sys; from matteline.cli.main import cli\n"
        "try: cli(['render', '--help'])\n"
        "except SystemExit: pass\n"
        "print('torch' in sys.modules, 'OpenImageIO' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("False False")
    assert "--downsample-ratio" in done.stdout


def test_every_setting_is_a_flag():
    from matteline.cli.options import flag
    from matteline.contract.settings import choices

    shown = matteline("render", "--help").stdout
    assert all(flag(name) in shown for name in choices())


def test_a_mistake_is_found_before_torch_loads(plate, weights_file):
    script = (
        "import sys; from matteline.api import FrameSet, Job, MatteSettings, plan\n"
        f"settings = MatteSettings(weights={str(weights_file)!r})\n"
        f"job = Job({str(plate)!r}, 'out', FrameSet.parse('1-5'), settings=settings)\n"
        "try: plan(job)\n"
        "except Exception as error: print(type(error).__name__, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "JobError False"


@pytest.mark.slow
def test_stock_is_the_published_network_alone_unless_a_flag_says_otherwise(plate, weights, tmp_path):
    def planned(*flags):
        done = matteline(
            "render",
            plate,
            "-o",
            tmp_path / "out",
            "--dry-run",
            "--progress",
            "json",
            "--stock",
            *flags,
            *weights,
        )
        return json.loads(done.stdout)

    stock = planned()
    assert (stock["preroll"], stock["edges"], stock["foreground"], stock["exposure"]) == (
        0,
        "network",
        "network",
        0,
    )
    assert planned("--edges", "fine")["edges"] == "fine"
