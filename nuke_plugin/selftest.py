"""Test of the plug-in in this Nuke: `nuke -t selftest.py` prints one line of JSON, and writes a report.

The exit code is 0 or 1. It renders three frames of a Constant through the worker into a temporary folder, and
the node's output to files. It opens and saves no script. The report names Nuke's version, what was checked, and
what was measured of Nuke's own nodes; it holds nothing of scripts or plates, and can be sent.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from typing import Any, Callable

import nuke

# Enough for the network's memory to take part.
FIRST, LAST = 1, 3
REPORT = "matteline_selftest.json"
# A white square in the middle of the drawn picture, in pixels from the lower left corner.
LOW, HIGH = 24, 72
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
    scene["node"], scene["plate"] = made, plate
    return f"{made.name()} with {len(made.knobs())} knobs and {made.maxInputs()} inputs"


def worker(scene: dict[str, Any]) -> str:
    """Find the worker, and ask for its model."""
    scene["plugin"].check(scene["node"])
    return str(scene["node"]["matteline_status"].value())


def render(scene: dict[str, Any]) -> str:
    """Write the input, render and show its matte; proxy mode must be left as it was."""
    # Writing the input switches proxy mode off for its time.
    proxy = nuke.root()["proxy"].value()
    # So that what is checked below was marked by the render.
    nuke.root().setModified(False)
    scene["plugin"].render(scene["node"])
    _must(nuke.root()["proxy"].value() == proxy, "proxy was left changed")
    _must(scene["node"]["matteline_use"].value(), "the matte was rendered, and is not shown")
    _must(nuke.root().modified(), "the script was not marked as changed")
    return str(scene["node"]["matteline_status"].value())


def output(scene: dict[str, Any]) -> str:
    """Render the node's output to files, for each product."""
    write = nuke.nodes.Write(name="SelftestWrite")
    write.setInput(0, scene["node"])
    write["channels"].setValue("rgba")
    write["file_type"].setValue("exr")
    products = scene["plugin"].node.names.PRODUCTS
    # Each product takes another way through the inner nodes.
    for index, product in enumerate(products):
        scene["node"]["matteline_product"].setValue(product)
        path = os.path.join(scene["folder"], f"out{index}.####.exr").replace(os.sep, "/")
        write["file"].setValue(path)
        nuke.execute(write, FIRST, LAST, 1)
        for frame in range(FIRST, LAST + 1):
            _must(os.path.getsize(path.replace("####", f"{frame:04d}")), f"{product}: frame {frame} is empty")
    scene["node"]["matteline_product"].setValue(products[0])
    return f"{len(products)} kinds of output"


def outside(scene: dict[str, Any]) -> str:
    """Outside of the rendered range the matte is empty."""
    found = _alpha(scene["node"], 10, 10, LAST + 5)
    _must(found == 0, f"alpha {found} at frame {LAST + 5}")
    return "empty"


def update(scene: dict[str, Any]) -> str:
    """Render again: nothing has changed, so no file may."""
    before = _times(scene)
    scene["plugin"].render(scene["node"])
    again = [path for path, time in _times(scene).items() if before.get(path) != time]
    # Not a failure of the plug-in: Nuke may write other bytes for the same picture.
    return (
        "nothing rendered" if not again else f"{len(again)} files rendered again: the written input differs"
    )


def preview(scene: dict[str, Any]) -> str:
    """Preview the current frame, and go back to the render."""
    scene["plugin"].render_current(scene["node"])
    words = str(scene["node"]["matteline_status"].value())
    scene["plugin"].show(scene["node"])
    return words


def inputs(scene: dict[str, Any]) -> str:
    """Render with a garbage matte that comes in: black, so that the matte is empty."""
    scene["node"].setInput(1, nuke.nodes.Constant(name="SelftestGarbage"))
    scene["plugin"].render(scene["node"])
    found = _alpha(scene["node"], 10, 10, FIRST)
    _must(found == 0, f"alpha {found} under a garbage matte of 0")
    scene["node"].setInput(1, None)
    return "garbage matte"


def channel(scene: dict[str, Any]) -> str:
    """Put the matte into another channel."""
    scene["node"]["matteline_channel"].setValue("mask.a")
    # Nuke calls back when a knob changes; without windows that is not certain.
    scene["plugin"].output.apply_output(scene["node"])
    _must("mask.a" in scene["node"].channels(), "there is no channel mask.a")
    scene["node"]["matteline_channel"].setValue("rgba.alpha")
    scene["plugin"].output.apply_output(scene["node"])
    return "mask.a"


def reads(scene: dict[str, Any]) -> str:
    """Make Reads beside the node."""
    scene["plugin"].create_read(scene["node"])
    return str(scene["node"]["matteline_status"].value())


def people(scene: dict[str, Any]) -> str:
    """Nuke's Cryptomatte node has the knobs that are set."""
    cryptomatte = nuke.nodes.Cryptomatte(name="SelftestCryptomatte")
    missing = {"matteList", "matteOutput", "previewEnabled"} - set(cryptomatte.knobs())
    _must(not missing, f"Cryptomatte has no knob {', '.join(sorted(missing))}")
    return "Cryptomatte"


def levels(scene: dict[str, Any]) -> str:
    """Measure Grade on alpha: 0.5 between black point 0.25 and white point 0.75 stays 0.5, 0.9 becomes 1."""
    found = []
    for value in (0.5, 0.9):
        grey = nuke.nodes.Constant(channels="rgba")
        grey["color"].setValue([0.0, 0.0, 0.0, value])
        grade = nuke.nodes.Grade(channels="alpha", blackpoint=0.25, whitepoint=0.75, white_clamp=True)
        grade.setInput(0, grey)
        found.append(round(_alpha(grade, 10, 10), 5))
    _must(found == [0.5, 1.0], f"Grade gives {found}")
    return "as the command"


def choke(scene: dict[str, Any]) -> str:
    """Measure FilterErode: the way of a straight edge, and the shape at a corner."""
    erode = nuke.nodes.FilterErode(channels="alpha", size=-4)
    erode.setInput(0, _square())
    middle = (LOW + HIGH) // 2
    moved = next((step for step in range(12) if _alpha(erode, LOW - 1 - step, middle) < 0.5), 12)
    shape = "square" if _alpha(erode, LOW - 4, LOW - 4) > 0.5 else "round"
    # docs/nuke.md says what is assumed; another answer changes that page and not the node.
    return f"an edge moves {moved} pixels for a size of 4, corners are {shape}"


def soften(scene: dict[str, Any]) -> str:
    """Measure the standard deviation of Blur for a size of 12, from three places beside a straight edge."""
    blur = nuke.nodes.Blur(channels="alpha", size=12, crop=False)
    blur.setInput(0, _square())
    middle = (LOW + HIGH) // 2
    found = []
    for step in (1, 3, 5):
        # At 0 and at 1 the inverse below has no value.
        alpha = min(max(_alpha(blur, LOW - step, middle), 1e-6), 1 - 1e-6)
        # The middle of the pixel lies half a pixel inwards of its number.
        found.append((step - 0.5) / -statistics.NormalDist().inv_cdf(alpha))
    return f"size 12 has a standard deviation of {statistics.mean(found):.2f} pixels, assumed 5.00"


def colour_spaces(scene: dict[str, Any]) -> str:
    """Say how a Read's colour space reads when it is fresh, and when it was validated."""
    path = next(iter(sorted(_times(scene))))
    read = nuke.nodes.Read(name="SelftestRead")
    fresh = str(read["colorspace"].value())
    read["file"].fromUserText(path.replace(os.sep, "/"))
    read.forceValidate()
    return (
        f"fresh '{fresh}', validated '{read['colorspace'].value()}', format {read.width()} x {read.height()}"
    )


CHECKS: tuple[_Check, ...] = (
    *(plug_in, node, worker, render, output, outside, update, preview, inputs, channel, reads),
    *(people, levels, choke, soften, colour_spaces),
)
# Without these nothing else can be checked.
NEEDED = (plug_in, node, worker, render)


def main() -> int:
    """Run the checks in their order; return the exit code. One that others need ends it."""
    scene: dict[str, Any] = {"folder": tempfile.mkdtemp(prefix="matteline_selftest_")}
    results = []
    try:
        for check in CHECKS:
            results.append(_run_check(check, scene))
            if check in NEEDED and not results[-1]["ok"]:
                break
    finally:
        if "plugin" in scene:
            scene["plugin"].close()
        # Also after a failure: the line of JSON says what there is to know.
        shutil.rmtree(scene["folder"], ignore_errors=True)
    passed = len(results) == len(CHECKS) and all(each["ok"] for each in results)
    about = {
        "nuke": str(nuke.env["NukeVersionString"]),
        "non_commercial": bool(nuke.env["nc"]),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    verdict = {"matteline_selftest": "pass" if passed else "fail", **about, "checks": results}
    print(f"Report: {_write_report(verdict, scene['folder'])}")
    print(json.dumps(verdict))
    sys.stdout.flush()
    return 0 if passed else 1


def _write_report(verdict: dict[str, Any], folder: str) -> str:
    """Write the report into the temporary folder, without the names of folders; return its path."""
    path = os.path.join(tempfile.gettempdir(), REPORT)
    text = json.dumps(verdict, indent=1).replace(json.dumps(folder)[1:-1], "FOLDER")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(os.path.expanduser("~"), "HOME") + "\n")
    return path


def _run_check(check: _Check, scene: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"check": check.__name__, "ok": True, "words": check(scene)}
    except Exception as error:
        # Whatever it is, it is to be reported.
        words = f"{type(error).__name__}: {error} {getattr(error, 'hint', '')}".strip()
        return {"check": check.__name__, "ok": False, "words": words}


def _must(holds: Any, words: str) -> None:
    if not holds:
        raise RuntimeError(words)


def _times(scene: dict[str, Any]) -> dict[str, float]:
    """Return the files of mattes by path, with their times."""
    found = {}
    for folder, _, files in os.walk(os.path.join(scene["folder"], "mattes")):
        if os.path.basename(folder) == "alpha":
            paths = [os.path.join(folder, name) for name in files]
            found.update({path: os.path.getmtime(path) for path in paths})
    return found


def _square() -> Any:
    """Return a node with a white square in alpha, with hard edges."""
    white = nuke.nodes.Constant(channels="rgba")
    white["color"].setValue([1.0, 1.0, 1.0, 1.0])
    crop = nuke.nodes.Crop(crop=True)
    crop.setInput(0, white)
    crop["box"].setValue((LOW, LOW, HIGH, HIGH))
    # The picture goes on around the square, or the filters would have nothing to move the edge into.
    black = nuke.nodes.Constant(channels="rgba")
    copy = nuke.nodes.Copy(from0="rgba.alpha", to0="rgba.alpha")
    copy.setInput(0, black)
    copy.setInput(1, crop)
    return copy


def _alpha(node: Any, x: int, y: int, frame: int = FIRST) -> float:
    """Return the alpha of the pixel at a place, counted from the lower left corner."""
    return float(node.sample("alpha", x + 0.5, y + 0.5, 1, 1, frame))


# Nuke's own name for a script it runs is not relied on; only an import by mistake must do nothing.
if __name__ != "selftest":
    sys.exit(main())
