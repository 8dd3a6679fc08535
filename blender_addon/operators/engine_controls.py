"""Cancel, release memory, copy the log: what an animator does to the engine itself."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from bpy.types import Context, Operator

from .. import engine_link

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


MANUAL = Path(__file__).resolve().parent.parent / "manual" / "index.html"


class KEYFILL_OT_cancel(Operator):
    """Tells the modal operator to stop; it looks at its next timer."""

    bl_idname = "keyfill.cancel"
    bl_label = "Cancel"
    bl_description = "Stop making the motion; nothing is changed"

    @classmethod
    def poll(cls, context: Context) -> bool:
        if not context.window_manager.keyfill_status.is_running:
            cls.poll_message_set("No motion is being made")
            return False
        return True

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        context.window_manager.keyfill_status.is_cancel_requested = True
        return {"FINISHED"}


class KEYFILL_OT_busy(Operator):
    """Stands where a button that makes a motion is, while one is made."""

    bl_idname = "keyfill.busy"
    bl_label = "Busy"
    bl_description = "A motion is being made"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        cls.poll_message_set("A motion is being made: wait for it, or cancel it")
        return False

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        return {"CANCELLED"}


class KEYFILL_OT_release_memory(Operator):
    """Ends the worker process, and with it the job that waits for it."""

    bl_idname = "keyfill.release_memory"
    bl_label = "Release Memory"
    bl_description = (
        "Unload the model and free its memory; the next motion loads it again. "
        "A motion that is being made is stopped"
    )

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        engine_link.stop()
        return {"FINISHED"}


class KEYFILL_OT_open_manual(Operator):
    """Opens the manual that lies beside the add-on."""

    bl_idname = "keyfill.open_manual"
    bl_label = "Keyfill Manual"
    bl_description = "Open the manual in the browser; it lies on this machine"

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        if not MANUAL.is_file():
            self.report({"ERROR"}, "The manual is missing: install Keyfill once more")
            return {"CANCELLED"}
        webbrowser.open(MANUAL.as_uri())
        return {"FINISHED"}


class KEYFILL_OT_copy_log(Operator):
    """Puts the worker's last lines on the clipboard."""

    bl_idname = "keyfill.copy_log"
    bl_label = "Copy Engine Log"
    bl_description = "Copy the last lines that the engine has written, for a report"

    @classmethod
    def poll(cls, context: Context) -> bool:
        if not engine_link.log_lines():
            cls.poll_message_set("The engine has written nothing")
            return False
        return True

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        lines = engine_link.log_lines()
        context.window_manager.clipboard = "\n".join(lines)
        self.report({"INFO"}, f"Copied {len(lines)} lines")
        return {"FINISHED"}
