"""Nothing that a file, a line or a ticket holds ends in a traceback, a hang, a signal, or a wrong "done".

Each kind of input has `--fuzz-rounds` mutations, made by their seeds. `-s` prints a table of what came of them. To
make one failure again: `--fuzz-seed N --fuzz-rounds 1 -k KIND`.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import psutil
import pytest
from PIL import Image
from safetensors.torch import save_file

from matteline.contract.errors import LONGEST_SENTENCE
from matteline.contract.farm_settings import FarmSettings
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.farm.farm_job import FarmJob
from matteline.matting.rvm.architecture import Architecture
from matteline.media.plate import open_plate
from tests.fuzz.mutations import mutated, mutated_json
from tests.fuzz.victim import STEP
from tests.matting.filling import filled
from tests.media.reading import write_movie
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.slow

GROWTH_BYTES = 1 << 30
"""Memory that a process may have more of after all inputs than before: less than one runaway header takes."""

WIDTH, HEIGHT = 64, 36
IMAGES = {
    "zips.exr": (OpenEXR.ZIPS_COMPRESSION, np.float16),
    "piz.exr": (OpenEXR.PIZ_COMPRESSION, np.float16),
    "raw.exr": (OpenEXR.NO_COMPRESSION, np.float32),
}
MOVIES = {
    "a.mp4": ("libx264", "yuv420p", {"g": "12", "bf": "2"}),
    "a.mov": ("prores_ks", "yuv422p10le", {}),
    "a.mkv": ("libx264", "yuv420p", {"g": "12", "bf": "2"}),
    "a.ts": ("mpeg2video", "yuv420p", {"g": "6"}),
    "a.avi": ("mjpeg", "yuvj420p", {}),
    "a.webm": ("libvpx-vp9", "yuv420p", {"g": "12", "cpu-used": "8", "deadline": "realtime"}),
    "a.mxf": ("mpeg2video", "yuv420p", {"g": "6"}),
}

FOUND = {"a.ts": (7,), "a.mkv": (9,), "a.webm": (26, 5055), "a.mp4": (19,)}
"""Seeds whose movies once had wrong frames or lost some without a word."""

FAULTS = ("too_long", "left", "misplaced", "lost")
"""Keys of an answer that tell of a fault: sentences too long, files left over, wrong frames, frames that are gone."""


class Process:
    """A victim, started anew when an input ends it."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._start()

    def _start(self) -> None:
        self.popen = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._listen, args=(self.popen, self._lines), daemon=True).start()

    @staticmethod
    def _listen(popen: subprocess.Popen[bytes], lines: queue.Queue[bytes]) -> None:
        for line in popen.stdout:
            lines.put(line)
        lines.put(b"")

    def ask(self, line: bytes) -> dict:
        """Give it a line; its answer, or how it ended instead."""
        self.popen.stdin.write(line + b"\n")
        self.popen.stdin.flush()
        return self.hear()

    def hear(self) -> dict:
        """Wait for a line of its output."""
        try:
            line = self._lines.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            line, words = b"", {"outcome": "hang"}
            self.popen.kill()
        else:
            words = {"outcome": "signal"}
        if line:
            return json.loads(line)
        words["code"] = self.popen.wait()
        self._start()
        return words

    def memory(self) -> int:
        """Return the bytes that it has in memory."""
        return psutil.Process(self.popen.pid).memory_info().rss

    def close(self) -> None:
        """End it."""
        self.popen.stdin.close()
        self.popen.wait(PATIENCE_SECONDS)
        self.popen.stdout.close()


@pytest.fixture(scope="module")
def victim() -> Iterator[Process]:
    """A process that renders and reads what it is given; it must not grow."""
    one = Process([sys.executable, "-m", "tests.fuzz.victim"])
    one.ask(json.dumps({"do": "read_job", "path": "nothing"}).encode())
    before = one.memory()
    yield one
    grown = one.memory() - before
    one.close()
    assert grown < GROWTH_BYTES


@pytest.fixture
def seeds(pytestconfig) -> range:
    """The seeds of one kind of input."""
    first = pytestconfig.getoption("--fuzz-seed")
    return range(first, first + pytestconfig.getoption("--fuzz-rounds"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Small real weights."""
    path = tmp_path_factory.mktemp("weights") / "untrained.safetensors"
    save_file(filled(Architecture("mobilenetv3", "deep_guided_filter")).state_dict(), path)
    return path


@pytest.fixture
def settings(weights) -> dict[str, object]:
    return {"weights": str(weights), "device": "cpu", "downsample_ratio": 0.5, "preroll": 0}


def verify(kind: str, answers: dict[int, dict], is_right: Callable[[dict], bool] = lambda _: True) -> None:
    """Print what came of the inputs of one kind, and fail where that is a fault."""
    faults = {}
    for seed, each in answers.items():
        bad = each["outcome"] not in ("done", "refused") or each.get("whole") is False
        if bad or any(each.get(fault) for fault in FAULTS) or not is_right(each):
            faults[seed] = each
    counts = Counter(each["outcome"] for each in answers.values())
    print(f"\n{kind:12} {len(answers):5} tried  {dict(counts)}  {len(faults)} faults")
    assert not faults, json.dumps(faults)[:3000]


def picture(number: int) -> np.ndarray:
    """(36, 64, 3) uint8, another one for each number."""
    noise = np.random.default_rng(number).integers(0, 160, (HEIGHT, WIDTH, 3), np.uint8)
    noise[6:30, (5 * number) % 40 : (5 * number) % 40 + 20] += 90
    return noise


def write_image(path: Path, number: int, kind: str = "png") -> None:
    pixels = picture(number)
    if kind in IMAGES:
        compression, dtype = IMAGES[kind]
        header = {"compression": compression, "type": OpenEXR.scanlineimage}
        OpenEXR.File(header, {"RGB": (pixels / 255).astype(dtype)}).write(str(path))
    elif kind in ("dpx", "tga", "hdr"):
        assert oiio.ImageBuf(np.ascontiguousarray(pixels / np.float32(255))).write(str(path))
    else:
        Image.fromarray(pixels).save(path)


@pytest.mark.parametrize("kind", [*IMAGES, "png", "tif", "jpg", "dpx", "tga", "hdr"])
def test_damaged_images(victim, settings, tmp_path, seeds, kind):
    plate, extension = tmp_path / "plate", kind.rpartition(".")[2]
    plate.mkdir()
    for number in (1, 2, 3):
        write_image(plate / f"p.{number:04d}.{extension}", number, kind)
    request = {"do": "render", "frames": None, "existing": "refuse", "plate": str(plate)}
    whole = victim.ask(
        json.dumps({**request, "output": str(tmp_path / "whole"), "settings": settings}).encode()
    )
    assert whole["outcome"] == "done", whole
    first = pixels_of(tmp_path / "whole" / "alpha" / "p_alpha.0001.exr")
    victim_file = plate / f"p.0002.{extension}"
    data = victim_file.read_bytes()
    answers = {}
    for seed in seeds:
        victim_file.write_bytes(mutated(data, seed))
        out = tmp_path / "out"
        words = {**settings, "missing": ("error", "hold", "black")[seed % 3]}
        answers[seed] = victim.ask(json.dumps({**request, "output": str(out), "settings": words}).encode())
        # Also of a render that was refused on its way: what is there is whole, and frame 1 as without the damage.
        results = [pixels_of(path) for path in sorted(out.rglob("*.exr"))]
        answers[seed]["left"] = [str(path) for path in out.rglob("*.tmp")]
        # A header that claims another data window changes the canvas of all frames, and the plan says so.
        is_moved = any("data windows differ" in each for each in answers[seed].get("sentences", []))
        answers[seed]["is_first"] = is_moved or not results or results[0] == first
        shutil.rmtree(out, ignore_errors=True)
    verify(kind, answers, lambda each: each["is_first"])


def pixels_of(path: Path) -> bytes:
    with OpenEXR.File(str(path)) as file:
        return b"".join(channel.pixels.tobytes() for _, channel in sorted(file.channels().items()))


@pytest.mark.parametrize("name", MOVIES)
def test_damaged_movies(victim, tmp_path, seeds, name):
    codec, pixel_format, options = MOVIES[name]
    path = write_movie(
        tmp_path / name, codec, pixel_format, options=dict(options), rate=Fraction(25), count=60
    )
    with open_plate(str(path)) as plate:
        frames = [frame.pixels for frame in plate.read(plate.info.frames)]
    top = np.iinfo(frames[0].dtype).max
    codes = [frame[::STEP, ::STEP, :3].astype(np.float32) * (255 / top) for frame in frames]
    np.save(tmp_path / "reference.npy", np.stack(codes).astype(np.float16))
    data, answers = path.read_bytes(), {}
    for seed in (*seeds, *FOUND.get(name, ())):
        path.write_bytes(mutated(data, seed))
        request = {"do": "read_movie", "plate": str(path), "reference": str(tmp_path / "reference.npy")}
        answers[seed] = victim.ask(json.dumps(request).encode())
    verify(name, answers)


def test_damaged_weights(victim, settings, weights, tmp_path, seeds):
    write_image(tmp_path / "p.0001.png", 1)
    data, answers = weights.read_bytes(), {}
    for seed in seeds:
        (tmp_path / "bad.safetensors").write_bytes(mutated(data, seed))
        words = {**settings, "weights": str(tmp_path / "bad.safetensors")}
        request = {"do": "render", "plate": str(tmp_path / "p.0001.png"), "output": str(tmp_path / "out")}
        request |= {"frames": None, "existing": "overwrite", "settings": words}
        answers[seed] = victim.ask(json.dumps(request).encode())
    verify("weights", answers)


def test_damaged_states_give_no_wrong_frame(victim, settings, tmp_path, seeds):
    plate = tmp_path / "plate"
    plate.mkdir()
    for number in range(1, 7):
        write_image(plate / f"p.{number:04d}.png", number)
    request = {"do": "render", "plate": str(plate), "existing": "refuse", "settings": settings}
    whole, begun, out = tmp_path / "whole", tmp_path / "begun", tmp_path / "out"
    for folder, frames in ((whole, "1-6"), (begun, "1-3")):
        asked = json.dumps({**request, "output": str(folder), "frames": frames})
        assert victim.ask(asked.encode())["outcome"] == "done"
    wanted = {path.name: pixels_of(path) for path in whole.rglob("*.exr")}
    states = sorted(path.relative_to(begun) for path in begun.rglob("*.state"))
    answers = {}
    for seed in seeds:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(begun, out)
        for state in states:
            (out / state).write_bytes(mutated((begun / state).read_bytes(), seed))
        asked = {**request, "output": str(out), "frames": "1-6", "existing": "resume"}
        answers[seed] = victim.ask(json.dumps(asked).encode())
        answers[seed]["same"] = {path.name: pixels_of(path) for path in out.rglob("*.exr")} == wanted
    verify("states", answers, lambda each: each["outcome"] == "refused" or each["same"])


def test_hostile_records(victim, settings, tmp_path, seeds):
    write_image(tmp_path / "p.0001.png", 1)
    request = {"do": "render", "plate": str(tmp_path / "p.0001.png"), "output": str(tmp_path / "out")}
    request |= {"frames": None, "existing": "refuse", "settings": settings}
    assert victim.ask(json.dumps(request).encode())["outcome"] == "done"
    (record,) = (tmp_path / "out" / ".matteline").glob("p.json")
    data, answers = record.read_bytes(), {}
    for seed in seeds:
        hostile = json.dumps(mutated_json(json.loads(data), seed)).encode()
        record.write_bytes(hostile if seed % 2 else mutated(data, seed))
        answers[seed] = victim.ask(json.dumps({**request, "existing": "resume"}).encode())
    verify("records", answers)


def test_hostile_farm_jobs(victim, tmp_path, seeds):
    job = Job("/plates/p.####.exr", "/out", FrameSet.parse("1-100"), settings=MatteSettings())
    farm = FarmSettings(exact="states", chunk=24, state_every=24)
    digest = "0" * 64
    whole = FarmJob(job, "p", farm, False, 2, (), digest, digest, digest, digest[:16], {}).to_json()
    answers = {}
    for seed in seeds:
        hostile = json.dumps(mutated_json(json.loads(whole), seed)).encode()
        (tmp_path / "farm_job.json").write_bytes(hostile if seed % 4 else mutated(whole.encode(), seed))
        request = {"do": "read_farm_job", "path": str(tmp_path / "farm_job.json")}
        answers[seed] = victim.ask(json.dumps(request).encode())
    verify("farm jobs", answers)


def test_hostile_job_files(victim, tmp_path, seeds):
    whole = Job("/plates/p.####.exr", "/out", FrameSet.parse("1-100"), settings=MatteSettings()).to_json()
    answers = {}
    for seed in seeds:
        hostile = json.dumps(mutated_json(json.loads(whole), seed)).encode()
        (tmp_path / "job.json").write_bytes(hostile if seed % 4 else mutated(whole.encode(), seed))
        answers[seed] = victim.ask(
            json.dumps({"do": "read_job", "path": str(tmp_path / "job.json")}).encode()
        )
    verify("job files", answers)


def test_damaged_configs(victim, settings, tmp_path, seeds):
    write_image(tmp_path / "p.0001.png", 1)
    data, answers = CONFIG.encode(), {}
    for seed in seeds:
        (tmp_path / "c.ocio").write_bytes(mutated(data, seed))
        request = {"do": "render", "plate": str(tmp_path / "p.0001.png"), "output": str(tmp_path / "out")}
        words = {**settings, "ocio": str(tmp_path / "c.ocio"), "colour_space": "srgb"}
        asked = {**request, "frames": None, "existing": "overwrite", "settings": words}
        answers[seed] = victim.ask(json.dumps(asked).encode())
    verify("configs", answers)


CONFIG = """ocio_profile_version: 2
search_path: ""
strictparsing: true
roles: {default: srgb, scene_linear: linear, reference: linear}
displays:
  sRGB:
    - !<View> {name: Raw, colorspace: linear}
colorspaces:
  - !<ColorSpace>
    name: linear
  - !<ColorSpace>
    name: srgb
    from_scene_reference: !<ExponentTransform> {value: [2.2, 2.2, 2.2, 1], direction: inverse}
"""


def test_hostile_lines_of_the_protocol(tmp_path, seeds):
    write_image(tmp_path / "p.0001.png", 1)
    job = json.loads(Job(str(tmp_path / "p.0001.png"), str(tmp_path / "out")).to_json())
    whole = {"id": 1, "request": "plan", "job": job}
    worker = Process([sys.executable, "-m", "matteline", "worker"])
    assert worker.hear()["event"] == "hello"
    answers = {}
    for seed in seeds:
        hostile = mutated_json(whole, seed)
        if isinstance(hostile, dict):
            hostile = {**hostile, "id": hostile.get("id", 1)}
        line = json.dumps(hostile).encode() if seed % 4 else mutated(json.dumps(whole).encode(), seed)
        line = line.replace(b"\n", b" ").replace(b"\r", b" ").strip() or b"{}"
        worker.popen.stdin.write(line + b"\n" + b'{"id": "after", "request": "no such thing"}\n')
        worker.popen.stdin.flush()
        answers[seed] = last_answer(worker)
    worker.close()
    verify("protocol", answers)


def last_answer(worker: Process) -> dict:
    """Hear what a worker says of one line, up to its answer to the harmless one behind it."""
    said: dict = {"outcome": "refused"}
    ends = 0
    while ends < 2:
        heard = worker.hear()
        if heard.get("outcome"):
            worker.hear()  # the greeting of the next one
            return heard
        ends += heard.get("last", False) is True
        if heard.get("kind") == "InternalError":
            said = {"outcome": "traceback", "words": heard["message"][:300]}
        lines = [heard.get("message") or "", *(heard.get("hint") or "").split("\n")]
        said["too_long"] = [
            *said.get("too_long", []),
            *(each[:80] for each in lines if len(each) > LONGEST_SENTENCE),
        ]
        if heard.get("event") == "plan":
            said["outcome"] = "done" if said["outcome"] == "refused" else said["outcome"]
    return said


def test_frames_of_any_text(victim, tmp_path, seeds):
    answers = {}
    for seed in seeds:
        text = mutated(b"1001-1010,1020,-5--3", seed).decode("utf-8", "replace")
        job = {"version": 1, "plate": "p.exr", "output": "out", "frames": text}
        (tmp_path / "job.json").write_text(json.dumps(job), encoding="utf-8")
        answers[seed] = victim.ask(
            json.dumps({"do": "read_job", "path": str(tmp_path / "job.json")}).encode()
        )
    assert os.listdir(tmp_path) == ["job.json"]
    verify("frames", answers)
