"""Render of the mattes that a script lacks, for a farm's task before its Writes.

`nuke -t matteline_render.py SCRIPT` renders them and saves the script.
"""

import sys

import matteline_nuke

import nuke


def main(path: str) -> None:
    """Open a script, render what is missing, and save the script so that its nodes show it."""
    nuke.scriptOpen(path)
    count = matteline_nuke.render_missing()
    if count:
        nuke.scriptSave()
    matteline_nuke.close()
    print(f"Matteline: {count} mattes rendered for {path}")


# Nuke's own name for a script that it runs is not relied on; only an import must do nothing.
if __name__ != "matteline_render":
    main(sys.argv[1])
