"""Render a plate to alpha and foreground, with progress and errors told as a script would.

python examples/render_sequence.py plate.####.exr mattes
"""

from __future__ import annotations

import argparse
import sys

from matteline.api import FrameDone, Job, MattelineError, MatteSettings, Notice, plan, run


def main() -> int:
    """Plan, say what will be done, render; returns an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plate", help="a sequence such as plate.####.exr, or a movie")
    parser.add_argument("output", help="folder for the results")
    chosen = parser.parse_args()
    settings = MatteSettings(write=("alpha", "fgr"), preroll=10, device="cpu")
    try:
        # Whatever is wrong with the job is found here, before a network is loaded.
        ready = plan(Job(chosen.plate, chosen.output, settings=settings))
        for event in run(ready):
            if isinstance(event, Notice):
                print(event)
            if isinstance(event, FrameDone):
                print(f"frame {event.number}: {event.done} of {event.total}")
    except MattelineError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
