"""Test of the plug-in in this Nuke: `nuke -t selftest.py` prints one line of JSON.

The exit code is 0 or 1. It renders three frames of a Constant through the worker into a temporary folder, and
the node's output to files. It opens and saves no script.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
from typing import Any, Callable

import nuke

# Enough for the network's memory to take part.
FIRST, LAST = 1, 3
_Check = Callable[[dict[str, Any]], str]


def plug_in(scene: dict[str, Any]) -> str:
    """Import the package: Nuke's own start has put its folder on the path, or this does."""
    here = os.path.dirname(os.path.abspath(__file__))
    if here not in sys.path:
        sys.path.append(here)
    import matteline_nuke

    scene["plugin"] = matteline_nuke
    return f"matteline_nuke {matteline_nuke.VERSION}"


def node(scene: dict[str, Any]) -> str:
    """Create the node and connect it to a plate."""
    plate = nuke.nodes.Constant(name="SelftestPlate")
    made = scene["plugin"].create()
    made.setInput(0, plate)
    for knob, value in (
        ("matteline_range", "custom"),
        ("matteline_first", FIRST),
        ("matteline_last", LAST),
        ("matteline_output", scene["folder"].replace(os.sep, "/") + "/mattes/{version}"),
    ):
        made[knob].setValue(value)
    scene["node"] = made
    return f"{made.name()} with {len(made.knobs())} knobs"


def worker(scene: dict[str, Any]) -> str:
    """Find the worker, and ask for its model."""
    scene["plugin"].check(scene["node"])
    return str(scene["node"]["matteline_status"].value())


def render(scene: dict[str, Any]) -> str:
    """Write the input, render and show its matte; proxy mode must be left as it was."""
    # Writing the input switches proxy mode off for its time.
    proxy = nuke.root()["proxy"].value()
    scene["plugin"].render(scene["node"])
    if nuke.root()["proxy"].value() != proxy:
        raise RuntimeError("proxy was left changed")
    if not scene["node"]["matteline_use"].value():
        raise RuntimeError("the matte was rendered, and is not shown")
    return str(scene["node"]["matteline_status"].value())


def output(scene: dict[str, Any]) -> str:
    """Render the node's output to files, for each product."""
    write = nuke.nodes.Write(name="SelftestWrite")
    write.setInput(0, scene["node"])
    write["channels"].setValue("rgba")
    write["file_type"].setValue("exr")
    # Each product takes another way through the inner nodes.
    for index, product in enumerate(scene["plugin"].node.names.PRODUCTS):
        scene["node"]["matteline_product"].setValue(product)
        path = os.path.join(scene["folder"], f"out{index}.####.exr").replace(os.sep, "/")
        write["file"].setValue(path)
        nuke.execute(write, FIRST, LAST, 1)
        for frame in range(FIRST, LAST + 1):
            if not os.path.getsize(path.replace("####", f"{frame:04d}")):
                raise RuntimeError(f"{product}: frame {frame} is empty")
    return f"{index + 1} kinds of output"


CHECKS: tuple[_Check, ...] = (plug_in, node, worker, render, output)


def main() -> int:
    """Run the checks in their order up to the first that fails; return the exit code."""
    scene: dict[str, Any] = {"folder": tempfile.mkdtemp(prefix="matteline_selftest_")}
    results = []
    try:
        for check in CHECKS:
            results.append(_run_check(check, scene))
            if not results[-1]["ok"]:
                break
    finally:
        if "plugin" in scene:
            scene["plugin"].close()
        # Also after a failure: the line of JSON says what there is to know.
        shutil.rmtree(scene["folder"], ignore_errors=True)
    passed = len(results) == len(CHECKS) and results[-1]["ok"]
    about = {
        "nuke": str(nuke.env["NukeVersionString"]),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    print(json.dumps({"matteline_selftest": "pass" if passed else "fail", **about, "checks": results}))
    sys.stdout.flush()
    return 0 if passed else 1


def _run_check(check: _Check, scene: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"check": check.__name__, "ok": True, "words": check(scene)}
    except Exception as error:
        # Whatever it is, it is to be reported.
        words = f"{type(error).__name__}: {error} {getattr(error, 'hint', '')}".strip()
        return {"check": check.__name__, "ok": False, "words": words}


# Nuke's own name for a script it runs is not relied on; only an import by mistake must do nothing.
if __name__ != "selftest":
    sys.exit(main())
