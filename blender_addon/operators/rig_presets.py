"""Save, load, remove, export and import rig presets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty
from bpy.types import Context, Event, Object, Operator
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ...engine.motion.request import RequestError
from ..core.errors import UserError, errors_for_animators
from ..core.rigs import presets as rig_presets
from ..core.rigs import rest_reference
from ..preferences import user_folder
from ..scene.reading import armature, rig_settings
from .rig_map import RigOperator

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

FOLDER_NAME = "rig_presets"


def preset_folder() -> Path:
    """Return the folder of the user's own presets; it may not exist yet."""
    return user_folder(FOLDER_NAME)


class KEYFILL_OT_save_rig_preset(RigOperator, Operator):
    """Rig settings -> a preset of the user's own."""

    bl_idname = "keyfill.save_rig_preset"
    bl_label = "Save Rig Preset"
    bl_description = "Keep bone map, rest reference and options for other characters of this rig"
    bl_options = {"REGISTER"}

    name: StringProperty(
        name="Name", description="A preset of that name is replaced", options={"SKIP_SAVE"}
    )

    def invoke(self, context: Context, event: Event) -> set[OperatorReturnItems]:
        self.name = self.name or armature.active_character(context).name
        return context.window_manager.invoke_props_dialog(self)

    def act(self, context: Context, ob: Object) -> str:
        path = rig_presets.preset_path(preset_folder(), self.name)
        rig_presets.make_folder(path.parent)
        rig_presets.write_preset(path, rig_settings.read_preset(ob))
        return f'Preset "{path.stem}" saved'


class KEYFILL_OT_load_rig_preset(RigOperator, Operator):
    """A preset of the user's own -> rig settings."""

    bl_idname = "keyfill.load_rig_preset"
    bl_label = "Load Rig Preset"
    bl_description = "Take bone map, rest reference and options from this preset"
    bl_options = {"REGISTER", "UNDO"}

    name: StringProperty(name="Name", options={"SKIP_SAVE"})

    def act(self, context: Context, ob: Object) -> str:
        path = rig_presets.preset_path(preset_folder(), self.name)
        apply_preset(ob, path)
        return f'Preset "{path.stem}" loaded'


class KEYFILL_OT_remove_rig_preset(Operator):
    """Delete a preset of the user's own."""

    bl_idname = "keyfill.remove_rig_preset"
    bl_label = "Remove Rig Preset"
    bl_description = "Delete this preset's file"
    bl_options = {"REGISTER"}

    name: StringProperty(name="Name", options={"SKIP_SAVE"})

    def invoke(self, context: Context, event: Event) -> set[OperatorReturnItems]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        try:
            with errors_for_animators():
                rig_presets.remove_preset(rig_presets.preset_path(preset_folder(), self.name))
        except UserError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f'Preset "{self.name}" removed')
        return {"FINISHED"}


class KEYFILL_OT_export_rig_preset(RigOperator, ExportHelper, Operator):
    """Rig settings -> a file."""

    bl_idname = "keyfill.export_rig_preset"
    bl_label = "Export Rig Preset"
    bl_description = "Write bone map, rest reference and options as a JSON file to share"
    bl_options = {"REGISTER"}

    filename_ext = rig_presets.SUFFIX
    filter_glob: StringProperty(default="*" + rig_presets.SUFFIX, options={"HIDDEN"})

    if TYPE_CHECKING:
        filepath: str

    def act(self, context: Context, ob: Object) -> str:
        path = _chosen_file(self.filepath)
        rig_presets.write_preset(path, rig_settings.read_preset(ob))
        return f'"{path}" written'


class KEYFILL_OT_import_rig_preset(RigOperator, ImportHelper, Operator):
    """A file -> rig settings."""

    bl_idname = "keyfill.import_rig_preset"
    bl_label = "Import Rig Preset"
    bl_description = "Take bone map, rest reference and options from a JSON file"
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = rig_presets.SUFFIX
    filter_glob: StringProperty(default="*" + rig_presets.SUFFIX, options={"HIDDEN"})

    if TYPE_CHECKING:
        filepath: str

    def act(self, context: Context, ob: Object) -> str:
        path = _chosen_file(self.filepath)
        apply_preset(ob, path)
        return f'Preset "{path.name}" loaded'


def apply_preset(ob: Object, path: Path) -> None:
    """Store a preset's content with a character.

    Raises:
        RequestError: if the file is no sound preset or is for another rig; nothing changed then.
    """
    preset = rig_presets.read_preset(path)
    rig = armature.read_rest(ob)
    rig_presets.check_fits(preset, rig.index, path.stem)
    if preset.reference is not None:
        rest_reference.reference_for(rig, preset.reference)
    rig_settings.write_preset(ob, preset)


def _chosen_file(filepath: str) -> Path:
    if not filepath:
        raise RequestError("No file was chosen.", "Choose a JSON file.")
    return Path(bpy.path.abspath(filepath))


CLASSES = (
    KEYFILL_OT_save_rig_preset,
    KEYFILL_OT_load_rig_preset,
    KEYFILL_OT_remove_rig_preset,
    KEYFILL_OT_export_rig_preset,
    KEYFILL_OT_import_rig_preset,
)
