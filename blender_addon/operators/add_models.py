"""Add Models: the published systems, or others, from a zip that the user picks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty
from bpy.types import Context, Operator
from bpy_extras.io_utils import ImportHelper

from ...engine.models.description import ModelError
from ...engine.models.unpacking import unpack_models
from .. import model_list, preferences

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class KEYFILL_OT_add_models(Operator, ImportHelper):
    """Unpacks a zip of models into the folder of the user's own."""

    bl_idname = "keyfill.add_models"
    bl_label = "Add Models"
    bl_description = (
        "Choose the zip with the models of the published systems (MoMask, MMM, T2M-HiFiGPT)"
    )

    filename_ext = ".zip"
    filter_glob: StringProperty(default="*.zip", options={"HIDDEN"})

    if TYPE_CHECKING:
        filepath: str

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        stored = preferences.read_preferences(context)
        chosen = bpy.path.abspath(stored.models_folder) if stored is not None else ""
        folder = Path(chosen) if chosen else preferences.user_folder("models")
        try:
            names = unpack_models(Path(self.filepath), folder)
        except ModelError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if stored is not None and not chosen:
            stored.models_folder = str(folder)
        model_list.read_models(is_fresh=True)
        self.report({"INFO"}, f"Models added: {', '.join(names)}")
        return {"FINISHED"}
