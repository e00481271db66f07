"""The worker's own Python environment, made in the background in a folder of the user's choice."""

import os
import subprocess
import sys
import time
from typing import ClassVar

import bpy

from . import worker
from .contract.errors import JobError, MattelineError, WriteError
from .contract.launch import clean_environment, popen_options
from .models import may_go_online
from .wording import error_text

# What matteline itself asks for.
_LEAST_PYTHON = (3, 11)
_POLL_SECONDS = 0.5


class _Making:
    """An environment that is being made: one program after the other, with their words in a log."""

    def __init__(self, folder, source, log_path):
        self.folder, self.log_path = folder, log_path
        programs = os.path.join(folder, "Scripts" if os.name == "nt" else "bin")
        # By the environment's own Python, because pip installs into the one that runs it.
        install = [os.path.join(programs, "python"), "-m", "pip", "install", "--disable-pip-version-check"]
        constraints = os.path.join(source, "constraints.txt")
        # A source folder names the versions that it was tested with; beside a wheel there is no such file.
        if os.path.isfile(constraints):
            install += ["-c", constraints]
        self._commands = [[sys.executable, "-m", "venv", folder], [*install, source]]
        self._process = None
        # Emptied: what an earlier try said would mislead.
        open(log_path, "w").close()

    def step(self):
        """Go on to the next program; return True when all have ended. Raises `WriteError` where one failed."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return False
            if code:
                raise WriteError(
                    f"The environment in {self.folder} cannot be made: {self._last_line()}.",
                    path=self.folder,
                    hint=f"{self.log_path} says more.",
                )
        if not self._commands:
            return True
        with open(self.log_path, "a") as log:
            self._process = subprocess.Popen(
                self._commands.pop(0),
                # A question of pip ends it at once, rather than wait for an answer that nobody can give.
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Or Blender's own modules would count as installed.
                env=clean_environment(os.environ),
                **popen_options(),
            )
        return False

    def stop(self):
        """End the program that runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def _last_line(self):
        # The programs write in an encoding of their own.
        with open(self.log_path, errors="replace") as file:
            lines = [each.strip() for each in file if each.strip()]
        return lines[-1].rstrip(".") if lines else "it said nothing"


# One at a time; Blender keeps no Python objects between operators.
_making = None


class MATTELINE_OT_make_environment(bpy.types.Operator):
    """Make a Python environment for the worker in a folder, with matteline in it; it takes minutes and 2 GB."""

    bl_idname = "matteline.make_environment"
    bl_label = "Make Worker Environment"
    bl_options: ClassVar = {"INTERNAL"}

    folder: bpy.props.StringProperty(
        name="Folder",
        description="An empty folder, or one that is made, for the environment",
        subtype="DIR_PATH",
    )
    source: bpy.props.StringProperty(
        name="Matteline", description="The folder of matteline's source, or its wheel", subtype="FILE_PATH"
    )

    @classmethod
    def poll(cls, _context):
        """Run only while no other one is made."""
        cls.poll_message_set("An environment is being made")
        return _making is None

    def invoke(self, context, _event):
        """Ask for the folder and for what to install."""
        return context.window_manager.invoke_props_dialog(self, width=520)

    def execute(self, context):
        """Begin, and go on in the background; without windows wait for the end."""
        global _making
        try:
            _making = _begin(bpy.path.abspath(self.folder), bpy.path.abspath(self.source))
            context.window_manager.matteline.worker = f"Making the environment in {_making.folder}"
            # Blender's timers run in the event loop of its windows, and background Blender has none.
            if not bpy.app.background:
                bpy.app.timers.register(_tick, first_interval=_POLL_SECONDS)
                return {"FINISHED"}
            while not _making.step():
                time.sleep(_POLL_SECONDS)
            self.report({"INFO"}, _use(_making.folder))
        except MattelineError as error:
            _making = None
            self.report({"ERROR"}, error_text(error))
            return {"CANCELLED"}
        _making = None
        return {"FINISHED"}


class MATTELINE_OT_stop_environment(bpy.types.Operator):
    """Stop making the environment; its folder can be deleted then."""

    bl_idname = "matteline.stop_environment"
    bl_label = "Stop Worker Environment"
    bl_options: ClassVar = {"INTERNAL"}

    @classmethod
    def poll(cls, _context):
        """Run only while one is made."""
        cls.poll_message_set("No environment is being made")
        return _making is not None

    def execute(self, context):
        """End what runs."""
        _stop()
        context.window_manager.matteline.worker = "Stopped making the environment"
        return {"FINISHED"}


def _begin(folder, source):
    """Return a `_Making` that may begin. Raises `MattelineError`."""
    if sys.version_info < _LEAST_PYTHON:
        raise JobError(
            "This Blender's Python is too old for matteline.",
            hint="Install matteline as its README says, and name its folder as Worker.",
        )
    if not may_go_online():
        raise JobError(
            "Online access is off in Blender's preferences.",
            hint="Switch it on, or install matteline as its README says, and name its folder as Worker.",
        )
    if not os.path.exists(source):
        raise JobError(
            f"There is no matteline at '{source}'.", hint="Choose the folder of its source, or its wheel."
        )
    if not folder or not os.path.isabs(folder):
        raise JobError("No folder is chosen for the environment.", hint="Choose an empty one.")
    folder = os.path.normpath(folder)
    # An environment that was begun before may be gone on with; venv leaves this file in it.
    is_used = os.path.isdir(folder) and os.listdir(folder)
    if os.path.isfile(folder) or (is_used and not os.path.isfile(os.path.join(folder, "pyvenv.cfg"))):
        raise JobError(f"{folder} holds something else.", hint="Choose an empty folder.")
    making = _Making(folder, os.path.normpath(source), os.path.join(worker.own_folder(), "environment.log"))
    making.step()
    return making


def _tick():
    """Go on, as one of Blender's timers; return the seconds until the next time, or None at the end."""
    global _making
    # It was stopped since the last time.
    if _making is None:
        return None
    status = bpy.context.window_manager.matteline
    try:
        if not _making.step():
            return _POLL_SECONDS
        status.worker = _use(_making.folder)
    except MattelineError as error:
        status.worker = error_text(error)
    _making = None
    return None


def _use(folder):
    """Name a new environment as the worker; return a sentence."""
    entry = bpy.context.preferences.addons.get(__package__)
    if entry and entry.preferences:
        entry.preferences.worker = folder
        return f"The worker's environment is in {folder}. Press Check."
    return f"The worker's environment is in {folder}. Name that folder as Worker."


def _stop():
    global _making
    if _making is not None:
        _making.stop()
        _making = None


_CLASSES = (MATTELINE_OT_make_environment, MATTELINE_OT_stop_environment)


def register():
    """Add the operators."""
    for each in _CLASSES:
        bpy.utils.register_class(each)


def unregister():
    """Remove them, and end what runs."""
    _stop()
    for each in reversed(_CLASSES):
        bpy.utils.unregister_class(each)
