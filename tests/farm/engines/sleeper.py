"""A program in the place of matteline that writes down its verb, and takes a minute over a chunk.

usage: sleeper.py LOG ARGUMENTS...
"""

from __future__ import annotations

import sys
import time

with open(sys.argv[1], "a", encoding="utf-8") as file:
    file.write(" ".join(sys.argv[3:5]) + "\n")
if sys.argv[3] == "chunk":
    time.sleep(60)
