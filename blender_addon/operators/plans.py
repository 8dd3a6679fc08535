"""The plan of a take: read before it is made, changed row by row, put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpy.props import BoolProperty, IntProperty, StringProperty
from bpy.types import Context, Operator, OperatorProperties

from ..core.edits import edit_requests, plans
from ..core.link.run_status import STATUS
from ..core.link.slices import Work
from ..tasks.generating import with_note
from ..tasks.planning import ReadPlan, read_plan
from .job_operator import JobOperator

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

NEW_SECONDS = 2.0
"""Of an action that is added behind the others."""


class KEYFILL_OT_plan(JobOperator, Operator):
    """Prompt -> the actions that it is read as, and when they happen."""

    bl_idname = "keyfill.plan"
    bl_label = "Plan"
    bl_description = (
        "Show what the prompt is read as, before a motion is made: actions, times, body parts, "
        "and whether they are known"
    )
    bl_options = {"UNDO"}

    is_long: BoolProperty(
        name="Long Take",
        description="Read the prompts of Long Take instead",
        default=False,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: Context) -> bool:
        if context.window_manager.keyfill_status.is_running:
            cls.poll_message_set("A motion is being made: wait for it, or cancel it")
            return False
        return True

    def make_work(self, context: Context) -> Work[ReadPlan]:
        operation = edit_requests.LONG_TAKE if self.is_long else edit_requests.GENERATE
        return Work(read_plan(context.scene.keyfill.to_recipe(operation)))

    def apply_result(self, context: Context, result: ReadPlan) -> None:
        tracks = result.result.plan
        plan = context.scene.keyfill.plan
        plan.show(tracks, plans.source_of(result.recipe))
        told = with_note(f"Planned: {plans.tell_count(tracks)}", result.result)
        STATUS.prompt_cut = result.result.prompt_cut
        STATUS.tell(told, planned=plan.text())
        self.report({"INFO"}, told)


class KEYFILL_OT_add_track(Operator):
    """One more action at the end of the plan, or the first of a new one."""

    bl_idname = "keyfill.add_track"
    bl_label = "Add Action"
    bl_description = "Add an action behind the others; Generate then makes exactly this plan"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        settings = context.scene.keyfill
        plan, sources = settings.plan, settings.plan_sources()
        if plan.source not in sources:
            plan.show((), sources[0])
        start = max((row.end for row in plan.rows), default=0.0)
        row = plan.rows.add()
        is_room = plan.source == sources[0] and settings.seconds > start + 0.5
        row.start, row.end = start, settings.seconds if is_room else start + NEW_SECONDS
        row.is_open = plan.is_open = True
        return {"FINISHED"}


class KEYFILL_OT_remove_track(Operator):
    """An action of the plan -> left out."""

    bl_idname = "keyfill.remove_track"
    bl_label = "Remove Action"
    bl_description = "Leave this action out; Generate then makes exactly what is listed"
    bl_options = {"REGISTER", "UNDO"}

    index: IntProperty(name="Action", description="0 is the first one", default=0, min=0)

    @classmethod
    def poll(cls, context: Context) -> bool:
        if not context.scene.keyfill.plan.rows:
            cls.poll_message_set("The plan has no actions: press Plan first")
            return False
        return True

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        rows = context.scene.keyfill.plan.rows
        if self.index >= len(rows):
            self.report({"ERROR"}, f"The plan has {len(rows)} actions: choose one of them")
            return {"CANCELLED"}
        rows.remove(self.index)
        return {"FINISHED"}


class KEYFILL_OT_put_back_plan(Operator):
    """A changed plan -> what the prompt says."""

    bl_idname = "keyfill.put_back_plan"
    bl_label = "Put Back"
    bl_description = "Put the plan back to what the prompt was read as"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        plan = context.scene.keyfill.plan
        if not plan.told:
            cls.poll_message_set("The prompt was not read yet: press Plan")
            return False
        if not plan.is_changed():
            cls.poll_message_set("The plan is what the prompt says")
            return False
        return True

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        plan = context.scene.keyfill.plan
        plan.show(plans.text_to_tracks(plan.told), plan.source)
        return {"FINISHED"}


class KEYFILL_OT_use_nearest(Operator):
    """A caption near an unknown action -> into the prompt, in its place."""

    bl_idname = "keyfill.use_nearest"
    bl_label = "Use This Instead"
    bl_options = {"REGISTER", "UNDO"}

    caption: StringProperty(name="Caption", description="Words of a motion that is known")
    action: StringProperty(name="Action", description="The words that they replace")

    @classmethod
    def description(cls, context: Context, properties: OperatorProperties) -> str:
        """Tell the whole caption, of which the button shows one line."""
        return f'Put "{getattr(properties, "caption", "")}" into the prompt, in the place of ' \
            f'"{getattr(properties, "action", "")}"'

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        settings = context.scene.keyfill
        is_of_beats = settings.plan.source == settings.plan_sources()[1]
        if is_of_beats and self.action.lower() in settings.beats.lower():
            settings.beats = plans.with_nearest(settings.beats, self.action, self.caption)
        else:
            settings.prompt = plans.with_nearest(settings.prompt, self.action, self.caption)
        return {"FINISHED"}
