"""The modal operator: runs a job in a thread for people, and blocking for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.types import Context, Event, Operator, Timer

from ...engine.motion.request import Progress
from ..core.errors import UserError
from ..core.link.jobs import Job, JobCancelled

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

    Mixin = Operator
else:
    # Blender registers subclasses of Operator; a mixin is none.
    Mixin = object

TIMER_SECONDS = 0.1


class JobOperator(Mixin):
    """Mixin for operators whose work is a job.

    A subclass defines `make_job(context) -> Job[T]`, which reads the scene, and
    `apply_result(context, result: T)`, which alone writes to it, in the main
    thread. Either may raise UserError; the scene must then be as it was.
    """

    _job: Job[Any] | None = None
    _timer: Timer | None = None

    if TYPE_CHECKING:

        def make_job(self, context: Context) -> Job[Any]: ...

        def apply_result(self, context: Context, result: Any) -> None: ...

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for hook in ("make_job", "apply_result"):
            if not hasattr(cls, hook):
                raise TypeError(f"{cls.__name__} lacks {hook}")

    def invoke(self, context: Context, event: Event) -> set[OperatorReturnItems]:
        """Run the job modally if a person pressed the button."""
        if bpy.app.background or not self.options.is_invoke:
            return self.execute(context)
        answer = self.start(context)
        if "RUNNING_MODAL" in answer:
            context.window_manager.modal_handler_add(self)
        return answer

    def start(self, context: Context) -> set[OperatorReturnItems]:
        """Start the job in its thread, with a timer that looks after it."""
        _forget_last(context)
        try:
            self._job = self.make_job(context)
        except UserError as error:
            self.drop_prepared()
            return self._refuse(context, error)
        self._job.start()
        context.window_manager.keyfill_status.is_running = True
        self._timer = context.window_manager.event_timer_add(TIMER_SECONDS, window=context.window)
        return {"RUNNING_MODAL"}

    def modal(self, context: Context, event: Event) -> set[OperatorReturnItems]:
        """Show progress, hear cancels, and take over the result."""
        status = context.window_manager.keyfill_status
        # A press only: the release of an Esc that left a text field or a menu arrives here too.
        is_escape = event.type == "ESC" and event.value == "PRESS"
        if is_escape or status.is_cancel_requested:
            self._job.cancel()
        if event.type != "TIMER":
            return {"RUNNING_MODAL"} if is_escape else {"PASS_THROUGH"}
        progress = self._job.poll()
        if progress is not None:
            _show(context, progress)
        if not self._job.is_finished:
            return {"PASS_THROUGH"}
        self._clear_away(context)
        return self._conclude(context, self._job.result)

    def cancel(self, context: Context) -> None:
        """Stop the job when Blender ends the operator, as it does when a file is loaded."""
        if self._job is not None:
            self._job.cancel()
        self.drop_prepared()
        self._clear_away(context)

    def drop_prepared(self) -> None:
        """Remove what `make_job` added to the file for `apply_result`; nothing by default."""

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        """Do the job here and now."""
        _forget_last(context)
        try:
            job = self.make_job(context)
        except UserError as error:
            self.drop_prepared()
            return self._refuse(context, error)
        window_manager = context.window_manager
        window_manager.progress_begin(0.0, 1.0)
        try:
            return self._conclude(
                context,
                lambda: job.run_blocking(
                    lambda progress: window_manager.progress_update(_share(progress))
                ),
            )
        finally:
            window_manager.progress_end()

    def _conclude(self, context: Context, take_result: Any) -> set[OperatorReturnItems]:
        """Apply the result; what an animator can cure becomes a report."""
        try:
            self.apply_result(context, take_result())
        except JobCancelled:
            self.report({"INFO"}, "Cancelled; nothing was changed")
            return {"CANCELLED"}
        except UserError as error:
            return self._refuse(context, error)
        finally:
            self.drop_prepared()
        return {"FINISHED"}

    def _refuse(self, context: Context, error: UserError) -> set[OperatorReturnItems]:
        status = context.window_manager.keyfill_status
        status.error, status.remedy = error.message, error.remedy
        _redraw_panels(context)
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}

    def _clear_away(self, context: Context) -> None:
        """Remove the timer and the progress; every way out of the modal state comes here."""
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        status = context.window_manager.keyfill_status
        status.is_running = status.is_cancel_requested = False
        status.factor, status.label = 0.0, ""
        _redraw_panels(context)


def _forget_last(context: Context) -> None:
    status = context.window_manager.keyfill_status
    status.error = status.remedy = status.prompt_cut = ""
    status.is_cancel_requested = False


def _share(progress: Progress) -> float:
    return min(max(progress.done / max(progress.total, 1), 0.0), 1.0)


def _show(context: Context, progress: Progress) -> None:
    status = context.window_manager.keyfill_status
    status.factor, status.label = _share(progress), progress.label
    _redraw_panels(context)


def _redraw_panels(context: Context) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type != "VIEW_3D":
                continue
            for region in area.regions:
                # Not the whole area: a heavy scene would be drawn anew at each progress.
                if region.type == "UI":
                    region.tag_redraw()
