"""Run by Nuke at its start, with and without windows, so that buttons and farms find the plug-in."""

import traceback

try:
    import matteline_nuke

    import nuke

    matteline_nuke.start()
    nuke.addBeforeRender(matteline_nuke.before_render, nodeClass="Write")
except Exception:
    # Whatever is wrong here must not keep Nuke from starting.
    traceback.print_exc()
