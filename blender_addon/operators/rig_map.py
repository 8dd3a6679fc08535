"""Map bones, choose and clear rows, and the rest reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpy.props import BoolProperty, EnumProperty, StringProperty
from bpy.types import Context, Object, Operator, OperatorProperties

from ...engine.motion.bones.matching import guess_bones
from ...engine.motion.request import RequestError
from ...engine.motion.skeleton import JOINTS
from ..core.errors import UserError, errors_for_animators
from ..core.rigs import rows as rig_rows
from ..core.rigs.rest_reference import take_reference
from ..scene.controls import rigs as control_rigs
from ..scene.reading import armature, rig_settings
from .job_operator import Mixin

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_JOINT_ITEMS = tuple((joint, rig_rows.spoken(joint).title(), "") for joint in JOINTS)

# Blender must not fill in what was given the last time.
_EACH_TIME = {"options": {"SKIP_SAVE"}}


class RigOperator(Mixin):
    """Mixin: something to do with the active armature's rig settings.

    A subclass defines `act(context, ob) -> str`, what was done in words. It may
    raise RequestError or UserError, and must have changed nothing then.
    """

    if TYPE_CHECKING:

        def act(self, context: Context, ob: Object) -> str: ...

    @classmethod
    def poll(cls, context: Context) -> bool:
        ob = armature.active_character(context)
        if ob is None or ob.type != "ARMATURE":
            cls.poll_message_set("Select a character's armature first")
            return False
        return True

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        """Do it; what an animator can cure becomes a report."""
        try:
            with errors_for_animators():
                ob = armature.check_armature(armature.active_character(context))
                told = self.act(context, ob)
        except UserError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, told)
        return {"FINISHED"}


class KEYFILL_OT_map_bones(RigOperator, Operator):
    """Automatic bone map -> rows."""

    bl_idname = "keyfill.map_bones"
    bl_label = "Map Bones"
    bl_description = (
        "Recognise which bone plays which joint, by names and by shape; "
        "rows chosen by hand stay as they are"
    )
    bl_options = {"REGISTER", "UNDO"}

    from_scratch: BoolProperty(
        name="From Scratch", description="Forget the rows chosen by hand", **_EACH_TIME
    )

    @classmethod
    def description(cls, context: Context, properties: OperatorProperties) -> str:
        if properties.from_scratch:
            return "Forget the rows chosen by hand and recognise all bones anew"
        return ""

    def act(self, context: Context, ob: Object) -> str:
        rows = rig_settings.read_rows(ob)
        if self.from_scratch:
            rows = rig_rows.forget_choices(rows)
        rig = armature.read_rig(ob)
        rows, gone = rig_rows.keep_existing(rows, rig.index)
        family = control_rigs.read_family_map(ob)
        with armature.naming(ob):
            rows = (
                rig_rows.merge_rows(family, rows) if family else rig_rows.find_rows(rig, rows)
            )
        rig_settings.write_rows(ob, rows)
        told = [rig_rows.summary(rows)]
        if gone:
            told.append(f"bones that are gone were forgotten: {', '.join(gone)}")
        return "; ".join(told)


class KEYFILL_OT_assign_bone(RigOperator, Operator):
    """Active bone -> the joint's row."""

    bl_idname = "keyfill.assign_bone"
    bl_label = "Take Active Bone"
    bl_description = "Let the active bone play this joint"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    joint: EnumProperty(name="Joint", items=_JOINT_ITEMS, **_EACH_TIME)
    bone: StringProperty(
        name="Bone", description="Name of the bone; empty takes the active one", **_EACH_TIME
    )

    @classmethod
    def description(cls, context: Context, properties: OperatorProperties) -> str:
        ob: Any = armature.active_character(context)
        if ob is None:
            return ""
        row = getattr(ob.keyfill_rig.rows, properties.joint)
        bone = f'"{row.bone}", {row.confidence:.0%}' if row.bone else "No bone"
        reason = row.reason or rig_rows.NOT_FOUND
        return f"{bone}: {reason}.\nA click takes the active bone instead"

    def act(self, context: Context, ob: Object) -> str:
        bone = self.bone or rig_settings.active_bone(ob)
        if bone not in ob.data.bones:
            raise RequestError(f'"{ob.name}" has no bone "{bone}".', "Choose another bone.")
        rows = _rows_or_guesses(ob)
        rig_settings.write_rows(ob, rig_rows.choose_bone(rows, self.joint, bone))
        return f'"{bone}" plays the {rig_rows.spoken(self.joint)}'


class KEYFILL_OT_clear_bone(RigOperator, Operator):
    """Leave a joint without a bone."""

    bl_idname = "keyfill.clear_bone"
    bl_label = "Clear Row"
    bl_description = "Leave this joint without a bone"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    joint: EnumProperty(name="Joint", items=_JOINT_ITEMS, **_EACH_TIME)

    def act(self, context: Context, ob: Object) -> str:
        rows = _rows_or_guesses(ob)
        rig_settings.write_rows(ob, rig_rows.choose_bone(rows, self.joint, ""))
        return f"No bone plays the {rig_rows.spoken(self.joint)}"


class KEYFILL_OT_set_rest_reference(RigOperator, Operator):
    """Present pose -> rest reference."""

    bl_idname = "keyfill.set_rest_reference"
    bl_label = "Set Rest Reference"
    bl_description = (
        "Take the current pose as the character's neutral pose: pose it upright with straight "
        "legs first, arms to the sides as well as it can. For rigs whose rest pose is no such pose"
    )
    bl_options = {"REGISTER", "UNDO"}

    def act(self, context: Context, ob: Object) -> str:
        rig = armature.read_rest(ob)
        if ob.data.pose_position == "REST":
            raise RequestError(
                f'"{ob.name}" is shown in its rest position.',
                "Choose Pose Position in the armature's settings.",
            )
        depsgraph = context.evaluated_depsgraph_get()
        pose = armature.read_pose(ob, rig, depsgraph)
        scales = armature.read_scales(ob, rig, depsgraph)
        rig_settings.write_reference(ob, take_reference(rig, pose, scales))
        return "The current pose is the rest reference"


class KEYFILL_OT_clear_rest_reference(RigOperator, Operator):
    """Back to the rest pose."""

    bl_idname = "keyfill.clear_rest_reference"
    bl_label = "Clear Rest Reference"
    bl_description = "Take the rest pose as the character's neutral pose again"
    bl_options = {"REGISTER", "UNDO"}

    def act(self, context: Context, ob: Object) -> str:
        rig_settings.write_reference(ob, None)
        return "The rest pose is the neutral pose again"


def _rows_or_guesses(ob: Object) -> rig_rows.Rows:
    """Return the stored rows; where no map was made, whatever is recognised."""
    rows = rig_settings.read_rows(ob)
    if rig_rows.is_empty(rows):
        found = control_rigs.read_family_map(ob) or guess_bones(armature.read_rig(ob))
        rows = rig_rows.merge_rows(found, rows)
    return rows


CLASSES = (
    KEYFILL_OT_map_bones,
    KEYFILL_OT_assign_bone,
    KEYFILL_OT_clear_bone,
    KEYFILL_OT_set_rest_reference,
    KEYFILL_OT_clear_rest_reference,
)
