"""Run by Nuke when it has windows: the node and the list of renders under Keyer."""

import traceback

try:
    import matteline_nuke
    from matteline_nuke import panel

    import nuke

    keyer = nuke.menu("Nodes").addMenu("Keyer")
    keyer.addCommand("MatteLine", matteline_nuke.create, icon="Matteline.png")
    keyer.addCommand("MatteLine Renders", panel.open_panel, icon="Matteline.png")
except Exception:
    # Whatever is wrong here must not keep Nuke from starting.
    traceback.print_exc()
