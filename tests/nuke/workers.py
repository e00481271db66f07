"""Workers that misbehave: programs called `matteline` that a host would start."""

from __future__ import annotations

import os
import stat
import sys
import textwrap
from pathlib import Path

import psutil

from matteline.contract.wire import PROTOCOL

HELLO = f'{{"event": "hello", "protocol": {PROTOCOL}, "job": 1, "matteline": "0"}}'

CHATTER = """
    import ctypes, os, threading, time
    def chatter():
        while not os.path.sameopenfile(1, 2):
            time.sleep(0.001)
        libc = ctypes.cdll.ucrtbase if os.name == "nt" else ctypes.CDLL(None)
        while True:
            os.write(1, b"stray {not} JSON\\n")
            libc.puts(b"42")
            libc.fflush(None)
            time.sleep(0.001)
    threading.Thread(target=chatter, daemon=True).start()
    from matteline.cli.main import main
    main()
"""
"""The real one, with a library in it that prints to standard output all the time."""

LIAR = f"""
    import json, sys
    print({HELLO!r}, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["request"] == "render":
            folder = asked["job"]["output"]
            files = {{"alpha": folder + "/alpha/sh010_alpha.1001.exr"}}
            for said in ({{"event": "plan", "outputs": files}}, {{"event": "finished", "last": True}}):
                print(json.dumps({{"id": asked["id"], **said}}), flush=True)
"""
"""Says that all is done, and has written nothing."""

DEAF = f"""
    import json, sys
    print({HELLO!r}, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["request"] == "render":
            frame = {{"event": "frame", "number": 1, "done": 1, "total": 9}}
            for said in ({{"event": "plan", "outputs": {{}}}}, frame):
                print(json.dumps({{"id": asked["id"], **said}}), flush=True)
"""
"""Begins, and does not hear that it is to stop."""

STRANGER = """
    print('{"event": "hello", "protocol": 99, "job": 1, "matteline": "9.0"}', flush=True)
    input()
"""

BROKEN = "raise SystemExit('no library of that name')"


def program(folder: Path, script: str) -> str:
    """A program that runs this Python."""
    path = folder / "matteline"
    path.write_text(f"#!{sys.executable}\n{textwrap.dedent(script)}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def running() -> list[psutil.Process]:
    """The worker processes that this one has started. Its children may have their own: Blender's tests do."""
    children = psutil.Process(os.getpid()).children()
    return [each for each in children if each.is_running() and "worker" in each.cmdline()]
