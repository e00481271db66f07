"""What an artist can do: thin, because everything is decided in the files it calls."""

import os
from typing import ClassVar

import bpy

from . import requests, worker
from .contract.errors import MattelineError
from .contract.job import EXISTING
from .contract.job_file import write_job_file
from .contract.messages import sentence
from .following import Following
from .jobs import load_last, save_last, with_existing
from .render import Render, as_rendered, check, submit
from .results import bring_in
from .settings import farm_settings

_WHAT = {
    "STRIP": "the selected strips",
    "CLIP": "the open clip",
    "NODE": "the active Image or Movie Clip node",
}


class _About:
    """An operator about strips, a clip or a node; `kind` says which."""

    kind = ""
    bl_options: ClassVar = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        """Not while another render is going on, and only with something to render."""
        busy = context.window_manager.matteline.running
        why = "A render is going on" if busy else requests.why_not(cls.kind, context)
        cls.poll_message_set(why or "Ready")
        return not why


class _Renders(_About, Following):
    existing: bpy.props.EnumProperty(
        name="Existing results",
        description="What happens to results that are already there; as the panel says unless given",
        items=[("panel", "As in the panel", "")] + [(word, word.capitalize(), "") for word in EXISTING],
        default="panel",
        options={"SKIP_SAVE"},
    )

    def check(self, context):
        asked = requests.requests_for(self.kind, context)
        self._requests = asked if self.existing == "panel" else with_existing(asked, self.existing)

    def ask(self, context, client):
        return Render(client, self._requests)

    def bring_in(self, context, asked):
        return bring_in(context, asked.rendered)

    def keep(self, asked):
        if asked.rendered:
            save_last(worker.own_folder(), asked.rendered)


class _Plans(_About, Following):
    def check(self, context):
        self._requests = requests.requests_for(self.kind, context)

    def ask(self, context, client):
        return Render(client, self._requests, ask="plan")

    def bring_in(self, context, asked):
        rows = context.window_manager.matteline.plan
        rows.clear()
        for label, words in (row for plan in asked.plans for row in plan["summary"]):
            row = rows.add()
            row.name, row.words = label, words
            print(f"Matteline: {label}: {words}")
        return "The plan is in the panel."


class _Adds(_About, Following):
    """The worker says where results of this node would be; those that are there are brought in."""

    def check(self, context):
        # Nothing is written by a plan; 'overwrite' is the one that accepts whatever is there.
        self._requests = with_existing(requests.requests_for(self.kind, context), "overwrite")

    def ask(self, context, client):
        return Render(client, self._requests, ask="plan")

    def bring_in(self, context, asked):
        return bring_in(context, list(map(as_rendered, self._requests, asked.plans)))


class _Submits(_About, Following):
    def check(self, context):
        self._requests = requests.requests_for(self.kind, context)
        self._farm = farm_settings(requests.scene_of(self.kind, context).matteline.farm)

    def ask(self, context, client):
        return submit(client, self._requests, self._farm)

    def bring_in(self, context, asked):
        return asked.words


class _Writes(_About):
    def execute(self, context):
        """Write a file for each job."""
        try:
            paths = [_write_job(each) for each in requests.requests_for(self.kind, context)]
        except MattelineError as error:
            self.report({"ERROR"}, sentence(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Wrote {', '.join(paths)}.")
        return {"FINISHED"}


def _write_job(request):
    path = os.path.join(request.job.output, "matteline_job.json")
    write_job_file(path, request.job)
    return path


def _made(base, name, kind, label, description):
    words = {
        "kind": kind,
        "bl_idname": f"matteline.{name}",
        "bl_label": label,
        "bl_description": f"{description} {_WHAT[kind]}",
        "__doc__": f"{description} {_WHAT[kind]}.",
    }
    return type(f"MATTELINE_OT_{name}", (base, bpy.types.Operator), words)


_ABOUT = [
    made
    for kind in _WHAT
    for made in (
        _made(_Renders, f"render_{kind.lower()}", kind, "Render Matte", "Render mattes of people for"),
        _made(_Plans, f"plan_{kind.lower()}", kind, "Plan", "Say what a render would do for"),
        _made(_Submits, f"submit_{kind.lower()}", kind, "Submit to Farm", "Have a render farm matte"),
        _made(_Writes, f"write_job_{kind.lower()}", kind, "Write Job File", "Write a job for a farm, for"),
    )
]

_ADD_NODES = _made(
    _Adds, "add_nodes", "NODE", "Add Matte Nodes", "Add nodes with the mattes already rendered for"
)


class MATTELINE_OT_cancel(bpy.types.Operator):
    """Stop the render that is going on; complete frames are kept."""

    bl_idname = "matteline.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context):
        """Only while something is going on."""
        cls.poll_message_set("Nothing is being rendered")
        return context.window_manager.matteline.running

    def execute(self, context):
        """Tell the operator that follows the worker."""
        context.window_manager.matteline.cancelling = True
        return {"FINISHED"}


class MATTELINE_OT_import_last(bpy.types.Operator):
    """Bring in what was rendered last, as when a strip was gone at the end of its render."""

    bl_idname = "matteline.import_last"
    bl_label = "Import Last Result"
    bl_options: ClassVar = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        """Not while another render is going on."""
        cls.poll_message_set("A render is going on")
        return not context.window_manager.matteline.running

    def execute(self, context):
        """Place the results where they belong now."""
        rendered = load_last(worker.own_folder())
        try:
            if not rendered:
                raise MattelineError("Nothing has been rendered yet.", hint="Use Render Matte first.")
            self.report({"INFO"}, bring_in(context, rendered))
        except MattelineError as error:
            self.report({"ERROR"}, sentence(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class MATTELINE_OT_open_folder(bpy.types.Operator):
    """Show the results that were rendered last in the system's file browser."""

    bl_idname = "matteline.open_folder"
    bl_label = "Open Folder"

    def execute(self, _context):
        """Open it."""
        rendered = load_last(worker.own_folder())
        folder = rendered[-1].request.job.output if rendered else ""
        if not os.path.isdir(folder):
            self.report({"ERROR"}, "There is no folder of results yet. Use Render Matte first.")
            return {"CANCELLED"}
        return bpy.ops.wm.path_open(filepath=folder)


class MATTELINE_OT_check(Following, bpy.types.Operator):
    """Start the worker and ask for its version, device and model."""

    bl_idname = "matteline.check"
    bl_label = "Check"

    @classmethod
    def poll(cls, context):
        """Not while a render is going on."""
        cls.poll_message_set("A render is going on")
        return not context.window_manager.matteline.running

    def ask(self, context, client):
        """Ask the worker that the preferences name."""
        return check(client)

    def bring_in(self, context, asked):
        """Show the answer in the preferences."""
        context.window_manager.matteline.worker = asked.words
        return asked.words


_CLASSES = (
    *_ABOUT,
    _ADD_NODES,
    MATTELINE_OT_cancel,
    MATTELINE_OT_import_last,
    MATTELINE_OT_open_folder,
    MATTELINE_OT_check,
)


def register():
    """Add the operators."""
    worker.register()
    for each in _CLASSES:
        bpy.utils.register_class(each)


def unregister():
    """Take them away again, and end the worker."""
    for each in reversed(_CLASSES):
        bpy.utils.unregister_class(each)
    worker.unregister()
