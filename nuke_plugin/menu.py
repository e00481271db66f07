"""Run by Nuke when it has windows: the node and the list of renders under Keyer."""

import traceback

try:
    import os

    import matteline_nuke
    from matteline_nuke import panel

    import nuke

    keyer = nuke.menu("Nodes").addMenu("Keyer")
    keyer.addCommand("MatteLine", matteline_nuke.create, icon="Matteline.png")
    gallery = os.path.join(os.path.dirname(os.path.dirname(matteline_nuke.__file__)), "gallery.nk")
    # With slashes, because Nuke takes a backslash for Tcl.
    keyer.addCommand("MatteLine Gallery", lambda: nuke.nodePaste(gallery.replace(os.sep, "/")))
    # The list needs PySide6, which Nuke has from 16 on; in 14 and 15 the command could only fail.
    if nuke.env["NukeVersionMajor"] >= 16:
        keyer.addCommand("MatteLine Renders", panel.open_panel, icon="Matteline.png")
except Exception:
    # Whatever is wrong here must not keep Nuke from starting.
    traceback.print_exc()
