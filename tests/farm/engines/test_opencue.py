"""OpenCue's job specifications: read here, compared with pyoutline's, and run by a real rqd."""

from __future__ import annotations

import json
import os
import queue
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import matteline
from matteline.contract.errors import JobError, MattelineError
from matteline.contract.frames import FrameSet
from matteline.farm.engines import configure_engine
from tests.farm.engines.conftest import HOSTILE, Recorder, no_host, submission
from tests.waiting import PATIENCE_SECONDS

REFUSED = ("#FRAME_START#", "two\nlines")
ARTIST = {"user": "artist"}


def spec_of(folder: Path, *clips, options=(), **values) -> ElementTree.Element:
    (path,) = configure_engine("opencue", {**ARTIST, **dict(options)}).write(
        submission("opencue", *clips, **values), folder
    )
    return ElementTree.fromstring(path.read_text("utf-8"))


def commands(spec: ElementTree.Element) -> dict[str, list[str]]:
    """Layer to the words that a shell makes of its command."""
    return {each.get("name", ""): shlex.split(each.findtext("cmd", "")) for each in spec.iter("layer")}


def depends(spec: ElementTree.Element) -> list[tuple[str | None, str | None]]:
    return [(each.findtext("deplayer"), each.findtext("onlayer")) for each in spec.iter("depend")]


def test_layers_wait_for_states_and_the_check_for_all(shot, tmp_path):
    spec = spec_of(tmp_path / "out", shot(), missing=(FrameSet.parse("1009-1010,1017"),))
    assert list(commands(spec)) == ["states", "frames_1009_1010", "frames_1017_1017", "check"]
    assert depends(spec) == [
        ("frames_1009_1010", "states"),
        ("frames_1017_1017", "states"),
        ("check", "frames_1009_1010"),
        ("check", "frames_1017_1017"),
    ]


def test_what_was_asked_is_in_the_specification(shot, tmp_path):
    spec = spec_of(
        tmp_path / "out", shot(needs_gpu=True), priority=70, retries=5, pool="gpu", timeout_minutes=90,
        gpu_memory=5.5, after="testing-sh010-artist_other", options={"show": "film", "facility": "local"},
    )  # fmt: skip
    assert [spec.findtext(each) for each in ("facility", "show", "shot", "user")] == [
        "local", "film", "sh010_mattes", "artist",
    ]  # fmt: skip
    assert [spec.findtext(f"job/{each}") for each in ("priority", "maxretries")] == ["70", "1"]
    frames = spec.find("job/layers/layer[@name='frames_1001_1020']")
    wanted = {
        "range": "1001-1020",
        "chunk": "8",
        "gpus": "1",
        "gpu_memory": "6g",
        "timeout": "90",
        "tags": "gpu",
    }
    assert {each: frames.findtext(each) for each in wanted} == wanted
    assert spec.find("job/layers/layer[@name='check']/gpus") is None
    assert spec.findtext("depends/depend[@type='JOB_ON_JOB']/onjob") == "testing-sh010-artist_other"


def test_who_is_logged_in_submits_unless_another_is_named(shot, tmp_path):
    one = submission("opencue", shot(), user="somebody")
    for options, expected in (({}, "somebody"), (ARTIST, "artist")):
        (path,) = configure_engine("opencue", options).write(one, tmp_path / expected)
        assert ElementTree.fromstring(path.read_text("utf-8")).findtext("user") == expected


def test_nobody_logged_in_costs_a_sentence(shot, tmp_path):
    with pytest.raises(JobError, match="does not say who is submitting"):
        configure_engine("opencue").write(submission("opencue", shot()), tmp_path / "out")


def test_a_chain_is_a_layer_for_each_chunk(shot, tmp_path):
    spec = spec_of(tmp_path / "out", shot(exact="chain"))
    names = ["frames_1001_1007", "frames_1008_1015", "frames_1016_1020", "check"]
    assert list(commands(spec)) == names
    assert depends(spec) == [*zip(names[1:], names, strict=False)]


def test_frames_below_zero_are_spelt_out_in_names(shot, tmp_path):
    spec = spec_of(tmp_path / "out", shot(frames="-5-3", chunk=24))
    assert "frames_minus5_3" in commands(spec)


def test_more_layers_than_a_job_may_have_are_refused(shot, tmp_path):
    with pytest.raises(JobError, match="2000 at most"):
        spec_of(tmp_path / "out", shot(frames="1-2000", exact="chain", chunk=1))


@pytest.mark.parametrize("name", [each for each in HOSTILE if each not in REFUSED])
def test_hostile_names_are_one_word_to_the_shell(shot, tmp_path, name):
    spec = spec_of(tmp_path / "out", shot(name), batch_name=name)
    file = str(tmp_path / "farm" / name / "farm_job.json")
    assert all(each[each.index("--farm-job") + 1] == file for each in commands(spec).values())


@pytest.mark.parametrize("name", REFUSED)
def test_names_that_cuebot_would_replace_or_lose_are_refused(shot, tmp_path, name):
    with pytest.raises(JobError, match="would take"):
        spec_of(tmp_path / "out", shot(name))
    assert not (tmp_path / "out").exists()


def test_windows_workers_get_windows_paths_in_their_own_quotes(shot, tmp_path):
    spec = spec_of(tmp_path / "out", shot(path_map=((str(tmp_path), "Z:\\show 1"),)))
    command = spec.findtext("job/layers/layer[@name='check']/cmd")
    assert command.endswith('farm check --farm-job "Z:\\show 1\\farm\\sh010\\farm_job.json"')


def test_without_pycue_a_sentence_names_it(shot, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "opencue", None)
    cue = configure_engine("opencue", ARTIST)
    one = submission("opencue", shot())
    cue.write(one, tmp_path / "out")
    with pytest.raises(MattelineError, match="needs the Python package opencue") as caught:
        cue.submit(one, tmp_path / "out")
    assert "opencue-pycue" in caught.value.hint


@pytest.mark.host
@pytest.mark.slow
def test_pyoutline_writes_the_same_elements_for_the_same_job(cue_python, shot, tmp_path):
    script = str(Path(__file__).with_name("outline_reference.py"))
    environ = {**os.environ, "HOME": str(tmp_path), "USER": "artist"}
    done = subprocess.run(
        [str(cue_python), script], capture_output=True, text=True, env=environ, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    theirs = ElementTree.fromstring(done.stdout)
    ours = spec_of(tmp_path / "out", shot(needs_gpu=True), gpu_memory=6, timeout_minutes=90, pool="gpu")
    for layer in ours.iter("layer"):
        reference = theirs.find(f"job/layers/layer[@name='{layer.get('name')}']")
        assert layer.get("type") == reference.get("type")
        mine = [(each.tag, each.text) for each in layer if each.tag != "cmd" and len(each) == 0]
        given = {each.tag: each.text for each in reference}
        assert mine == [(tag, given[tag]) for tag in given if tag in dict(mine)]
    assert depends(ours) == depends(theirs)
    assert [each.attrib for each in ours.iter("depend")] == [each.attrib for each in theirs.iter("depend")]


@pytest.mark.host
@pytest.mark.slow
@pytest.mark.parametrize(
    "values", [{}, {"exact": "chain"}, {"exact": "none", "frames": "1001-1009,1020"}, {"needs_gpu": True}]
)
def test_cuebots_own_schema_accepts_the_specification(cue_python, shot, tmp_path, values):
    dtd = os.environ.get("MATTELINE_CJSL_DTD", "")
    if not Path(dtd).is_file():
        pytest.skip(
            "MATTELINE_CJSL_DTD does not name cjsl-1.15.dtd of OpenCue's source, which no package has"
        )
    spec_of(tmp_path / "out", shot(**values), pool="gpu", timeout_minutes=9, after="testing-a-b_c")
    script = (
        "import sys; from lxml import etree; dtd = etree.DTD(sys.argv[1])\n"
        "print(dtd.validate(etree.parse(sys.argv[2])), dtd.error_log)"
    )
    file = str(tmp_path / "out" / "sh010.xml")
    done = subprocess.run([str(cue_python), "-c", script, dtd, file], capture_output=True, text=True)
    assert done.stdout.startswith("True"), done.stdout + done.stderr


class Farm:
    """A cuebot double and a real rqd, talking to each other on this machine."""

    def __init__(self, python: Path, folder: Path) -> None:
        self._python, self._folder = python, folder
        self._cuebot_port, rqd_port = _free_ports(2)
        logs = folder / "frame logs"
        logs.mkdir(parents=True)
        folder.chmod(0o777)
        logs.chmod(0o777)
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        double = str(Path(__file__).with_name("cuebot_double.py"))
        self._cuebot = self._start(double, str(self._cuebot_port), str(rqd_port), str(logs), *_dtd())
        threading.Thread(target=self._read, daemon=True).start()
        self.until("ready")
        config = folder / "rqd.conf"
        config.write_text(_RQD_CONFIG.format(cuebot=self._cuebot_port, rqd=rqd_port))
        self._rqd = self._start("-m", "rqd", "-c", str(config))
        self.until("host")

    def submit(self, shot, **values) -> list[str]:
        """Write and submit with matteline in OpenCue's environment; the jobs' names."""
        script = (
            "import json, shlex, sys; from pathlib import Path\n"
            "from matteline.farm.engines import configure_engine\n"
            "from matteline.contract.farm_settings import FarmSettings\n"
            "from matteline.farm.farm_job import FarmJob\n"
            "from matteline.farm.submission import PreparedShot, Submission\n"
            "asked = json.loads(sys.argv[1]); folder, out = Path(asked['folder']), Path(asked['out'])\n"
            "values = {**asked['values'], 'command': shlex.join(asked['values']['command'])}\n"
            "farm = FarmSettings(engine='opencue', **values)\n"
            "one = Submission(farm, (PreparedShot(FarmJob.read(folder), folder),), 'sh010 mattes')\n"
            "cue = configure_engine('opencue', asked['options']); cue.write(one, out)\n"
            "print(json.dumps(cue.submit(one, out)))\n"
        )
        options = {**ARTIST, "cuebot": f"127.0.0.1:{self._cuebot_port}"}
        asked = {
            "folder": str(shot.folder),
            "out": str(self._folder / "out"),
            "values": values,
            "options": options,
        }
        environ = {**os.environ, "PYTHONPATH": str(Path(matteline.__file__).parent.parent)}
        command = [str(self._python), "-c", script, json.dumps(asked)]
        done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def until(self, event: str) -> list[dict[str, Any]]:
        """What happened until an event, that one included."""
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["event"] != event:
            seen.append(self._events.get(timeout=PATIENCE_SECONDS))
        return seen

    def logs(self) -> str:
        return "\n".join(each.read_text(errors="replace") for each in (self._folder / "frame logs").iterdir())

    def close(self) -> None:
        self._rqd.terminate()
        self._rqd.wait(PATIENCE_SECONDS)
        self._cuebot.stdin.close()
        self._cuebot.wait(PATIENCE_SECONDS)
        self._cuebot.stdout.close()

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        name = Path(arguments[0] if arguments[0] != "-m" else arguments[1]).stem
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        if name == "cuebot_double":
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with (self._folder / f"{name}.log").open("w") as log:
            return subprocess.Popen(
                [str(self._python), *arguments], **pipes, stderr=log, text=True, cwd=self._folder
            )

    def _read(self) -> None:
        for line in self._cuebot.stdout:
            self._events.put(json.loads(line))


_RQD_CONFIG = """[Override]
OVERRIDE_CUEBOT = 127.0.0.1
CUEBOT_GRPC_PORT = {cuebot}
RQD_GRPC_PORT = {rqd}
OVERRIDE_HOSTNAME = localhost
OVERRIDE_NIMBY = False
OVERRIDE_CORES = 2
RQD_USE_PATH_ENV_VAR = True
RQD_USE_ALL_HOST_ENV_VARS = True
RQD_BECOME_JOB_USER = False
"""


def _dtd() -> list[str]:
    dtd = os.environ.get("MATTELINE_CJSL_DTD", "")
    return [dtd] if Path(dtd).is_file() else []


def _free_ports(number: int) -> list[int]:
    found = [socket.socket() for _ in range(number)]
    for each in found:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in found]
    for each in found:
        each.close()
    return ports


@pytest.fixture
def farm(cue_python, tmp_path) -> Iterator[Farm]:
    if os.name == "nt":
        no_host("rqd's frames are POSIX shell commands here")
    farm = Farm(cue_python, tmp_path / "opencue")
    yield farm
    farm.close()


@pytest.mark.host
@pytest.mark.slow
def test_a_real_rqd_runs_every_chunk_once_and_in_order(farm, shot, recorder, tmp_path):
    name = 'it\'s a $(touch owned); "shot" schön 日本 100%'
    one = shot(name)
    (job,) = farm.submit(one, command=recorder.command)
    events = farm.until("job")
    assert job.startswith("testing-sh010_mattes-artist_") and events[-1] == {
        "event": "job",
        "name": job,
        "complete": True,
    }
    file = str(one.file)
    assert recorder.calls() == [
        ["farm", "states", "--farm-job", file, "--frames=1001-1020"],
        ["farm", "chunk", "--farm-job", file, "--frames=1001-1008"],
        ["farm", "chunk", "--farm-job", file, "--frames=1009-1016"],
        ["farm", "chunk", "--farm-job", file, "--frames=1017-1020"],
        ["farm", "check", "--farm-job", file],
    ]
    assert not list(tmp_path.rglob("owned"))


@pytest.mark.host
@pytest.mark.slow
def test_a_real_rqd_tries_a_failed_task_again(farm, shot, tmp_path):
    recorder = Recorder(tmp_path / "calls.jsonl", failures=1)
    farm.submit(shot(exact="none", frames="1001-1007"), command=recorder.command)
    frames = [each for each in farm.until("job") if each["event"] == "frame"]
    # The first look, the chunk and the check.
    assert [each["codes"] for each in frames] == [[1, 0], [0], [0]]
