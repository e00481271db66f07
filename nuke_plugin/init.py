"""Run by Nuke at its start, with and without windows: the node's buttons work, and farms can render mattes."""

import traceback

try:
    import matteline_nuke
    import nuke

    matteline_nuke.start()
    nuke.addBeforeRender(matteline_nuke.before_render, nodeClass="Write")
except Exception:
    # Whatever is wrong here must not keep Nuke from starting.
    traceback.print_exc()
