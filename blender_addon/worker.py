"""The worker of this Blender: started when first needed, ended with the add-on."""

import atexit
import os
import sys

import bpy

from . import preferences
from .contract.client import WorkerClient
from .contract.errors import WorkerError
from .contract.launch import find_worker
from .contract.worker_holder import WorkerHolder


def own_folder():
    """Return the folder of files that outlive Blender: the worker's log, and the last result."""
    # An update replaces the folder of an extension, and keeps this one. Blender refuses packages that are none.
    if hasattr(bpy.utils, "extension_path_user") and __package__.startswith("bl_ext."):
        return bpy.utils.extension_path_user(__package__, create=True)
    return bpy.utils.user_resource("CONFIG", path="matteline", create=True)


def register():
    """End the worker with Blender, also where add-ons are not unregistered."""
    atexit.register(worker.close)


def unregister():
    """End the worker now."""
    atexit.unregister(worker.close)
    worker.close()


def _start(command):
    folder = own_folder()
    # Blender's own folders are kept out of the worker's search paths, or it would load Blender's libraries.
    blender_folders = (os.path.dirname(bpy.app.binary_path), bpy.utils.resource_path("LOCAL"), sys.prefix)
    return WorkerClient(
        command,
        environ=os.environ,
        host_dirs=[each for each in blender_folders if each],
        cwd=folder,
        log_file=os.path.join(folder, "worker.log"),
    )


def _find():
    """Return the command that starts the worker. Raises `WorkerError` in the words of the preferences."""
    chosen = preferences.chosen_worker(bpy.context)
    try:
        return find_worker(os.environ, chosen)
    except WorkerError as error:
        if chosen:
            raise
        raise WorkerError(
            error.message,
            hint="Install matteline as its README says. If it is not found then, name the program, or the folder of "
            "its Python environment, as Worker in the add-on's preferences.",
        ) from None


# Blender keeps no Python objects between operators, so the one worker has to live here.
worker = WorkerHolder(_find, _start)
