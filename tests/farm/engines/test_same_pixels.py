"""The real commands under every other engine that can be run here: the pixels of one unbroken render."""

from __future__ import annotations

import os

import pytest

from tests.farm.engines.conftest import MATTELINE
from tests.farm.engines.test_deadline10 import Farm as DeadlineFarm
from tests.farm.engines.test_flamenco import compiled, run
from tests.farm.engines.test_opencue import Farm as CueFarm

pytestmark = pytest.mark.slow
on_posix = pytest.mark.skipif(os.name == "nt", reason="the stand-in is started by its first line")


@on_posix
def test_deadline_10_renders_the_same_pixels(film, out, tmp_path, monkeypatch):
    monkeypatch.setenv("DEADLINE_DOUBLE", str(tmp_path / "deadline"))
    farm = DeadlineFarm(tmp_path / "deadline")
    film.submit("deadline10", out, chunk=12, options={"command": str(farm.program)})
    film.assert_same(out)


@pytest.mark.host
def test_flamenco_renders_the_same_pixels(node, film, out):
    from matteline.farm.engines import configure_engine

    one = film.submission("flamenco", out, chunk=12)
    script, job = configure_engine("flamenco").write(one, out / "farm" / "submit.flamenco")
    assert run(compiled(node, script, job))[-1] == "check"
    film.assert_same(out)


@pytest.mark.host
def test_opencue_with_a_real_rqd_renders_the_same_pixels(cue_python, film, out, tmp_path):
    farm = CueFarm(cue_python, tmp_path / "opencue")
    try:
        one = film.submission("opencue", out, chunk=12)
        farm.submit(one.shots[0], command=MATTELINE)
        assert farm.until("job")[-1]["complete"], farm.logs()
    finally:
        farm.close()
    film.assert_same(out)
