"""The worker as this Blender has it: started when first needed, ended with the add-on."""

import atexit
import os
import sys

import bpy

from . import preferences
from .contract.client import WorkerClient
from .contract.launch import find_worker
from .contract.worker_holder import WorkerHolder


def own_folder():
    """The folder where the add-on keeps what outlives Blender: the worker's log, and the last result."""
    if hasattr(bpy.utils, "extension_path_user") and __package__.startswith("bl_ext."):
        return bpy.utils.extension_path_user(__package__, create=True)
    return bpy.utils.user_resource("CONFIG", path="matteline", create=True)


def register():
    """End the worker with Blender, also where add-ons are not unregistered."""
    atexit.register(door.close)


def unregister():
    """End the worker now."""
    atexit.unregister(door.close)
    door.close()


def _find():
    return find_worker(os.environ, preferences.chosen_worker(bpy.context))


def _start(command):
    folder = own_folder()
    return WorkerClient(
        command,
        environ=os.environ,
        host_dirs=_blender_dirs(),
        cwd=folder,
        log_file=os.path.join(folder, "worker.log"),
    )


def _blender_dirs():
    program = os.path.dirname(bpy.app.binary_path)
    return [each for each in (program, bpy.utils.resource_path("LOCAL"), sys.prefix) if each]


# Blender keeps no Python objects between operators, so the one worker has to live here.
door = WorkerHolder(_find, _start)
