"""Step through the takes that wait, accept one, or discard them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpy.props import IntProperty
from bpy.types import Context, Operator

from ..core.edits import take_history
from ..core.errors import UserError, errors_for_animators
from ..core.link.run_status import STATUS
from ..core.link.slices import Work
from ..scene.keys import reviews
from ..scene.reading.situation import read_shown
from .job_operator import JobOperator, Mixin

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class _ReviewOperator(Mixin):
    """Mixin: something to do with the takes that wait."""

    if TYPE_CHECKING:

        def act(self, context: Context) -> str: ...

    @classmethod
    def poll(cls, context: Context) -> bool:
        if not reviews.is_waiting(context.scene.keyfill.review):
            cls.poll_message_set(
                "No takes are waiting: set Takes to 2 or more and make a motion first"
            )
            return False
        if context.window_manager.keyfill_status.is_running:
            cls.poll_message_set("A take is being accepted: wait for it, or cancel it")
            return False
        return True

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        """Do it; what an animator can cure becomes a report."""
        STATUS.begin()
        try:
            with errors_for_animators():
                told = self.act(context)
        except UserError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        STATUS.tell(told, read_shown(context))
        self.report({"INFO"}, told)
        return {"FINISHED"}


class KEYFILL_OT_step_take(_ReviewOperator, Operator):
    """Shows the next or the last take."""

    bl_idname = "keyfill.step_take"
    bl_label = "Show Take"
    bl_description = "Show the next or the previous take on the character"
    bl_options = {"REGISTER", "UNDO"}

    step: IntProperty(name="Step", description="1 is the next take, -1 the one before", default=1)

    def act(self, context: Context) -> str:
        review = context.scene.keyfill.review
        shown = reviews.shown_number(review)
        start = review.index - self.step if shown is None else shown
        index = reviews.show_take(review, start + self.step)
        return f"Take {index + 1} of {len(review.takes)}"


class KEYFILL_OT_accept_take(JobOperator, _ReviewOperator, Operator):
    """Gives the character the take that it shows, for good."""

    bl_idname = "keyfill.accept_take"
    bl_label = "Accept"
    bl_description = (
        "Keep the shown take and drop the others: an edit is written into the character's "
        "action, a new motion takes its place"
    )
    bl_options = {"UNDO"}

    def make_work(self, context: Context) -> Work[Any]:
        return Work(reviews.plan_accept(context.scene.name))

    def apply_result(self, context: Context, result: Any) -> None:
        settings = context.scene.keyfill
        index, text = reviews.shown_number(settings.review), settings.review.recipe
        notes = reviews.accept_take(settings.review, settings.keeps_takes, result)
        assert index is not None
        for recipe in take_history.text_to_history(text):
            history = take_history.text_to_history(settings.history)
            settings.history = take_history.history_to_text(
                take_history.settle(history, recipe, index)
            )
        told = ". ".join([f"Take {index + 1} accepted", *notes])
        STATUS.tell(told, read_shown(context))
        self.report({"INFO"}, told)


class KEYFILL_OT_discard_take(_ReviewOperator, Operator):
    """Removes the takes."""

    bl_idname = "keyfill.discard_take"
    bl_label = "Discard"
    bl_description = "Drop all takes and show the character's own action again"
    bl_options = {"REGISTER", "UNDO"}

    def act(self, context: Context) -> str:
        told = reviews.discard_takes(context.scene.keyfill.review)
        return f"Takes discarded; {told}"
