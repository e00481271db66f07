"""Render from a host program: the worker process loads the network, this one stays light.

Only the standard library and `matteline.contract` are used, as in the plug-ins for Blender and Nuke.

python examples/host_client.py plate.####.exr mattes
"""

from __future__ import annotations

import argparse
import os
import sys

from matteline.contract.client import WorkerClient, follow
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings


def main() -> int:
    """Start a worker, render one job and end the worker; returns an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plate")
    parser.add_argument("output")
    chosen = parser.parse_args()
    job = Job(chosen.plate, chosen.output, settings=MatteSettings(preroll=10, device="cpu"))
    with WorkerClient([sys.executable, "-m", "matteline", "worker"], environ=os.environ) as client:
        for message in follow(client, client.render(job)):
            if message["event"] == "frame":
                print(f"frame {message['number']}: {message['done']} of {message['total']}")
            if message["event"] == "failed":
                print(message["message"], message["hint"], sep="\n", file=sys.stderr)
                return int(message["exit_code"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
