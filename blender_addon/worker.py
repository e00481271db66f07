"""The worker as this Blender has it: started when first needed, ended with the add-on."""

import atexit
import os
import sys

import bpy

from .contract.client import WorkerClient
from .contract.launch import find_worker


class Door:
    """Holds at most one worker, so that its model stays loaded from one job to the next."""

    def __init__(self):
        self._client = None
        self._command = []

    def client(self, chosen):
        """The worker that runs, or a new one where none does or another one was chosen.

        Raises:
            WorkerError: It is not found, or cannot be started.
        """
        command = find_worker(os.environ, chosen)
        if self._client is None or not self._client.alive or command != self._command:
            self.close()
            self._client, self._command = _start(command), command
        return self._client

    def close(self):
        """End the worker; what it renders is given up, its complete frames stay."""
        if self._client is not None:
            self._client.close()
            self._client = None


# Blender keeps no Python objects between operators, so the one worker has to live here.
door = Door()


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
