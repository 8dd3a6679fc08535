"""The modal operator: takes its work in slices for people, and in a row for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.types import Context, Event, Operator, Timer

from ...engine.motion.request import Progress
from ..core.errors import UserError, errors_for_animators
from ..core.link.jobs import JobCancelled
from ..core.link.run_status import STATUS
from ..core.link.slices import Work
from ..run_properties import situation_now
from ..scene.reading import sidebars

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

    Mixin = Operator
else:
    # Blender registers subclasses of Operator; a mixin is none.
    Mixin = object

WAITING_SECONDS = 0.1
"""Between two looks after a job in a thread."""

SLICE_PAUSE_SECONDS = 0.01
"""Between two slices of the main thread: Blender hears the animator and draws meanwhile."""


class Run:
    """One work that runs, with its timer; it can be ended while Blender has lost the operator."""

    def __init__(self, work: Work[Any]) -> None:
        self.work = work
        self._timer: Timer | None = None
        self._seconds = 0.0

    @property
    def has_timer(self) -> bool:
        """Whether a timer looks after the work."""
        return self._timer is not None

    def pace(self, context: Context) -> None:
        """Have the timer tick as often as the work needs it now."""
        seconds = WAITING_SECONDS if self.work.is_waiting else SLICE_PAUSE_SECONDS
        if seconds == self._seconds:
            return
        self._drop_timer(context)
        self._timer = context.window_manager.event_timer_add(seconds, window=context.window)
        self._seconds = seconds

    def end(self, context: Context) -> None:
        """Drop the work where it is unfinished, and what shows it; every way out comes here."""
        self.work.close()
        self._drop_timer(context)
        if self in _runs:
            _runs.remove(self)
        STATUS.stop()

    def _drop_timer(self, context: Context) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
        self._timer, self._seconds = None, 0.0


_runs: list[Run] = []


def end_all() -> None:
    """End every work: Blender forgets the operators of an add-on that is disabled without a word.

    Its timers would tick on, and the panel of the add-on that is enabled next would wait for ever.
    """
    for run in list(_runs):
        run.end(bpy.context)
    STATUS.reset()


class JobOperator(Mixin):
    """Mixin for operators whose work takes time.

    A subclass defines `make_work(context) -> Work[T]`, whose steps read the scene, and
    `apply_result(context, result: T)`, which alone writes to it, in one go. Either may raise
    UserError or RequestError; the scene must then be as it was.
    """

    is_modal = False
    """Whether a person pressed the button and works on meanwhile."""

    _run: Run | None = None

    if TYPE_CHECKING:

        def make_work(self, context: Context) -> Work[Any]: ...

        def apply_result(self, context: Context, result: Any) -> None: ...

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for hook in ("make_work", "apply_result"):
            if not hasattr(cls, hook):
                raise TypeError(f"{cls.__name__} lacks {hook}")

    def invoke(self, context: Context, event: Event) -> set[OperatorReturnItems]:
        """Run modally if a person pressed the button."""
        if bpy.app.background or not self.options.is_invoke:
            return self.execute(context)
        answer = self.start(context)
        if "RUNNING_MODAL" in answer:
            context.window_manager.modal_handler_add(self)
        return answer

    def start(self, context: Context) -> set[OperatorReturnItems]:
        """Take the first slice; the others follow with a timer."""
        STATUS.begin()
        self.is_modal = True
        try:
            with errors_for_animators():
                work = self.make_work(context)
                work.advance()
                if work.is_finished:
                    work.result()
        except UserError as error:
            return self._refuse(context, error)
        self._run = Run(work)
        _runs.append(self._run)
        STATUS.is_running = True
        self._run.pace(context)
        _redraw_panels(context)
        return {"RUNNING_MODAL"}

    def modal(self, context: Context, event: Event) -> set[OperatorReturnItems]:
        """Take a slice, show progress, hear cancels, and take over the result."""
        assert self._run is not None
        work = self._run.work
        is_escape = _is_escape(context, event)
        if is_escape or STATUS.is_cancel_requested:
            work.cancel()
        if event.type != "TIMER":
            return {"RUNNING_MODAL"} if is_escape else {"PASS_THROUGH"}
        if not work.is_finished:
            work.advance()
            self._run.pace(context)
            if (progress := work.poll()) is not None and STATUS.show(progress):
                _redraw_panels(context)
            # The result is written in a step of its own.
            return {"PASS_THROUGH"}
        self._run.end(context)
        _redraw_panels(context)
        return self._conclude(context, work.result)

    def cancel(self, context: Context) -> None:
        """Stop when Blender ends the operator, as it does when a file is loaded."""
        if self._run is not None:
            self._run.end(context)
        _redraw_panels(context)

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        """Do the work here and now, for scripts; people must not wait before a dead window."""
        if self.options.is_repeat or self.options.is_repeat_last:
            self.report({"INFO"}, f"Press {self.bl_label} once more, so that Blender lives on")
            return {"CANCELLED"}
        STATUS.begin()
        self.is_modal = False
        window_manager = context.window_manager
        window_manager.progress_begin(0.0, 1.0)
        try:
            return self._conclude(context, lambda: self._work_through(context))
        finally:
            window_manager.progress_end()

    def _work_through(self, context: Context) -> Any:
        show = context.window_manager.progress_update
        return self.make_work(context).run_blocking(lambda progress: show(_share(progress)))

    def _conclude(self, context: Context, take_result: Any) -> set[OperatorReturnItems]:
        """Apply the result; what an animator can cure is told."""
        try:
            with errors_for_animators():
                self.apply_result(context, take_result())
        except JobCancelled:
            self.report({"INFO"}, "Cancelled; nothing was changed")
            return {"CANCELLED"}
        except UserError as error:
            return self._refuse(context, error)
        return {"FINISHED"}

    def _refuse(self, context: Context, error: UserError) -> set[OperatorReturnItems]:
        """Tell an error once: in the panel where it is open, else beside the mouse."""
        STATUS.error, STATUS.remedy = error.message, error.remedy
        STATUS.situation = situation_now(context)
        _redraw_panels(context)
        if not (self.is_modal and any(_open_panels(context))):
            self.report({"ERROR"}, str(error))
        return {"CANCELLED"}


def _is_escape(context: Context, event: Event) -> bool:
    """Say whether a person wants to cancel; during playback Esc ends the playback."""
    # A press only: the release of an Esc that left a text field or a menu arrives here too.
    if event.type != "ESC" or event.value != "PRESS":
        return False
    return not any(
        window.screen.is_animation_playing for window in context.window_manager.windows
    )


def _share(progress: Progress) -> float:
    return min(max(progress.done / max(progress.total, 1), 0.0), 1.0)


def _redraw_panels(context: Context) -> None:
    for region in _sidebars(context):
        # Not the whole area: a heavy scene would be drawn anew at each progress.
        region.tag_redraw()


def _sidebars(context: Context) -> Any:
    """Yield the sidebars of all 3D views and Dope Sheets, closed ones, too."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("VIEW_3D", "DOPESHEET_EDITOR"):
                yield from (region for region in area.regions if region.type == "UI")


def _open_panels(context: Context) -> Any:
    """Yield the sidebars that show the add-on's tab."""
    yield from (region for region in _sidebars(context) if sidebars.is_open(region, "Keyfill"))
