"""The add-on's operators: thin, because everything is decided in the files that they call."""

import os
from typing import ClassVar

import bpy

from . import requests, worker
from .contract.errors import MattelineError
from .contract.job_file import write_job_file
from .jobs import RenderedJob, load_last, save_last
from .place_results import place_results
from .preview_image import show_preview
from .render_sequence import RenderSequence, check, preview, submit
from .settings import EXISTING_ITEMS, farm_settings
from .wording import error_text
from .worker_operator import WorkerOperator

_TARGETS = {
    "STRIP": "the selected strips",
    "CLIP": "the open clip",
    "NODE": "the active Image or Movie Clip node",
}


class _TargetOperator:
    """An operator on strips, a clip or a node, as `kind` says."""

    kind = ""
    bl_options: ClassVar = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        """Run only while no render is going on, and with something to render."""
        busy = context.window_manager.matteline.running
        why = "A render is going on" if busy else requests.why_not(cls.kind, context)
        # Blender shows it as the tooltip of a greyed button.
        cls.poll_message_set(why or "Ready")
        return not why


class _RenderOperator(_TargetOperator, WorkerOperator):
    existing: bpy.props.EnumProperty(
        name="Existing Results",
        description="Treatment of results that are already there; as the panel says unless given",
        items=[("panel", "As in the Panel", "As Existing Results in the panel says"), *EXISTING_ITEMS],
        default="panel",
        # Or what one call asked for would hold for the next one too.
        options={"SKIP_SAVE"},
    )

    def check(self, context):
        asked = requests.request_for(self.kind, context)
        self._request = asked if self.existing == "panel" else asked.with_existing(self.existing)
        self.refused = asked.refused

    def ask(self, context, client):
        return RenderSequence(client, self._request)

    def bring_in(self, context, asked):
        return place_results(context, asked.rendered)

    # Also what was done before a failure or a cancel.
    def keep(self, asked):
        if asked.rendered:
            save_last(worker.own_folder(), asked.rendered)


class _PlanOperator(_TargetOperator, WorkerOperator):
    def check(self, context):
        self._request = requests.request_for(self.kind, context)
        self.refused = self._request.refused

    def ask(self, context, client):
        return RenderSequence(client, self._request, ask="plan")

    def bring_in(self, context, asked):
        rows = context.window_manager.matteline.plan
        # The plan of several strips is one list.
        rows.clear()
        for label, words in (row for plan in asked.plans for row in plan["summary"]):
            row = rows.add()
            row.name, row.words = label, words
        return "The plan is in the panel."


class _PreviewOperator(_TargetOperator, WorkerOperator):
    """Renders the frame under the playhead with the settings as they are, and shows it in an Image Editor."""

    def check(self, context):
        self._asked_for = requests.preview_for(self.kind, context)

    def ask(self, context, client):
        return preview(client, *self._asked_for)

    def bring_in(self, context, asked):
        scene, number = requests.scene_of(self.kind, context), self._asked_for[1]
        show_preview(context, asked.message["files"]["rgba"], scene, number)
        return asked.answer


class _AddNodesOperator(_TargetOperator, WorkerOperator):
    """Places results that are rendered already: the worker's plan says where they would be."""

    def check(self, context):
        # Nothing is written by a plan; 'overwrite' is the one that accepts whatever is there.
        self._request = requests.request_for(self.kind, context).with_existing("overwrite")

    def ask(self, context, client):
        return RenderSequence(client, self._request, ask="plan")

    def bring_in(self, context, asked):
        return place_results(context, list(map(RenderedJob.planned, self._request.jobs, asked.plans)))


class _SubmitOperator(_TargetOperator, WorkerOperator):
    def check(self, context):
        self._request = requests.request_for(self.kind, context)
        self.refused = self._request.refused
        self._farm = farm_settings(requests.scene_of(self.kind, context).matteline.farm)

    def ask(self, context, client):
        return submit(client, self._request, self._farm)

    def bring_in(self, context, asked):
        return asked.answer


class _WriteJobOperator(_TargetOperator):
    def execute(self, context):
        """Write a file for each job."""
        paths = []
        try:
            for each in requests.request_for(self.kind, context).jobs:
                # Beside the results to be, where a farm looks for it.
                paths.append(os.path.join(each.job.output, "matteline_job.json"))
                write_job_file(paths[-1], each.job)
        except MattelineError as error:
            self.report({"ERROR"}, error_text(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Wrote {', '.join(paths)}.")
        return {"FINISHED"}


def _operator_class(base, name, kind, label, description):
    """Return an operator on one kind of target."""
    words = {
        "kind": kind,
        "bl_idname": f"matteline.{name}",
        "bl_label": label,
        "bl_description": f"{description} {_TARGETS[kind]}",
        "__doc__": f"{description} {_TARGETS[kind]}.",
    }
    return type(f"MATTELINE_OT_{name}", (base, bpy.types.Operator), words)


_TARGET_OPERATORS = [
    made
    for kind in _TARGETS
    for made in (
        _operator_class(
            _RenderOperator, f"render_{kind.lower()}", kind, "Render Matte", "Render mattes of people for"
        ),
        _operator_class(
            _PreviewOperator,
            f"preview_{kind.lower()}",
            kind,
            "Preview Matte Frame",
            "Show the current frame as a render makes it, for",
        ),
        _operator_class(
            _PlanOperator, f"plan_{kind.lower()}", kind, "Plan Matte Render", "Say what a render would do for"
        ),
        _operator_class(
            _SubmitOperator,
            f"submit_{kind.lower()}",
            kind,
            "Submit Matte to Farm",
            "Have a render farm matte",
        ),
        _operator_class(
            _WriteJobOperator,
            f"write_job_{kind.lower()}",
            kind,
            "Write Matte Job File",
            "Write a job for a farm, for",
        ),
    )
]

_ADD_NODES = _operator_class(
    _AddNodesOperator,
    "add_nodes",
    "NODE",
    "Add Matte Nodes",
    "Add nodes with the mattes already rendered for",
)


class MATTELINE_OT_cancel(bpy.types.Operator):
    """Stop the render that is going on; complete frames are kept."""

    bl_idname = "matteline.cancel"
    bl_label = "Cancel Matte Render"

    @classmethod
    def poll(cls, context):
        """Run only while a render is going on."""
        cls.poll_message_set("Nothing is being rendered")
        return context.window_manager.matteline.running

    def execute(self, context):
        """Ask the operator that follows the worker to cancel."""
        context.window_manager.matteline.cancelling = True
        return {"FINISHED"}


class MATTELINE_OT_import_last(bpy.types.Operator):
    """Place the last results again, for instance when their strip was gone at the end of the render."""

    bl_idname = "matteline.import_last"
    bl_label = "Import Last Result"
    bl_options: ClassVar = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        """Run only while no render is going on."""
        cls.poll_message_set("A render is going on")
        return not context.window_manager.matteline.running

    def execute(self, context):
        """Place the results where they belong now."""
        rendered = load_last(worker.own_folder())
        try:
            if not rendered:
                raise MattelineError("Nothing has been rendered yet.", hint="Use Render Matte first.")
            self.report({"INFO"}, place_results(context, rendered))
        except MattelineError as error:
            self.report({"ERROR"}, error_text(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class MATTELINE_OT_open_folder(bpy.types.Operator):
    """Show the results that were rendered last in the system's file browser."""

    bl_idname = "matteline.open_folder"
    bl_label = "Open Matte Folder"

    def execute(self, _context):
        """Open the folder."""
        rendered = load_last(worker.own_folder())
        folder = rendered[-1].request.job.output if rendered else ""
        if not os.path.isdir(folder):
            self.report({"ERROR"}, "There is no folder of results yet. Use Render Matte first.")
            return {"CANCELLED"}
        return bpy.ops.wm.path_open(filepath=folder)


class MATTELINE_OT_check(WorkerOperator, bpy.types.Operator):
    """Start the worker and ask for its version, device and model."""

    bl_idname = "matteline.check"
    bl_label = "Check Matteline Worker"

    @classmethod
    def poll(cls, context):
        """Run only while no render is going on."""
        cls.poll_message_set("A render is going on")
        return not context.window_manager.matteline.running

    def check(self, context):
        """Forget the last answer: it may be that of another worker."""
        context.window_manager.matteline.worker = ""

    def ask(self, context, client):
        """Ask the worker that the preferences name for its version, device and model."""
        return check(client)

    def bring_in(self, context, asked):
        """Show the answer in the preferences."""
        context.window_manager.matteline.worker = asked.answer
        return asked.answer


_CLASSES = (
    *_TARGET_OPERATORS,
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
    """Remove them, and end the worker."""
    for each in reversed(_CLASSES):
        bpy.utils.unregister_class(each)
    worker.unregister()
