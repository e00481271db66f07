"""A program in the place of matteline that writes down the arguments it was called with, to see what arrives.

usage: recorder.py LOG FAILURES ARGUMENTS...      fails as long as the log holds no more than FAILURES lines
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

log = Path(sys.argv[1])
with log.open("a", encoding="utf-8") as file:
    file.write(json.dumps(sys.argv[3:]) + "\n")
sys.exit(1 if len(log.read_text(encoding="utf-8").splitlines()) <= int(sys.argv[2]) else 0)
