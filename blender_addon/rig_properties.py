"""What is known of one character, saved with its object: bone map, rest reference, options.

Everything can be overridden, so that linked characters carry their own.
"""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, PointerProperty, StringProperty
from bpy.types import Context, PropertyGroup

from ..engine.motion.rig_options import FK, HIPS, IK, OBJECT, ROOT_BONE, RigOptions
from ..engine.motion.skeleton import JOINTS
from .core.rigs import rows as rig_rows

_DEFAULTS = RigOptions()
# None of it belongs to the animation of a character.
_STILL = {"options": set(), "override": {"LIBRARY_OVERRIDABLE"}}


def _on_bone_chosen(row: KEYFILL_PG_bone_row, context: Context) -> None:
    """Mark a row that was typed or picked as chosen by hand, and free its bone elsewhere."""
    rows = row.id_data.keyfill_rig.rows
    present = rows.to_rows()
    joint = next(joint for joint in JOINTS if getattr(rows, joint) == row)
    rows.take_rows(rig_rows.choose_bone(present, joint, row.bone))


class KEYFILL_PG_bone_row(PropertyGroup):
    """One joint's bone."""

    bone: StringProperty(
        name="Bone",
        description="Bone that plays this joint; empty leaves the joint out",
        update=_on_bone_chosen,
        **_STILL,
    )
    confidence: FloatProperty(name="Confidence", min=0.0, max=1.0, **_STILL)
    reason: StringProperty(name="Reason", **_STILL)
    by_hand: BoolProperty(name="By Hand", **_STILL)

    def to_row(self, joint: str) -> rig_rows.MapRow:
        """Return the row as a value."""
        return rig_rows.MapRow(
            joint,
            self.bone,
            round(self.confidence, 4),
            self.reason or rig_rows.NOT_FOUND,
            self.by_hand,
        )

    def take_row(self, row: rig_rows.MapRow) -> None:
        """Hold the row's values; what is so already is not touched."""
        if self.bone != row.bone:
            self.bone = row.bone  # calls _on_bone_chosen: the other values come after it
        held = self.to_row(row.joint)
        for name in ("confidence", "reason", "by_hand"):
            if getattr(held, name) != getattr(row, name):
                setattr(self, name, getattr(row, name))


class KEYFILL_PG_bone_rows(PropertyGroup):
    """One row for each joint, under the joint's name."""

    # Pointers, not a collection: library overrides keep single values of them.
    __annotations__ = {
        joint: PointerProperty(type=KEYFILL_PG_bone_row, override={"LIBRARY_OVERRIDABLE"})
        for joint in JOINTS
    }

    def to_rows(self) -> rig_rows.Rows:
        """Return all rows as values, in the order of JOINTS."""
        return tuple(getattr(self, joint).to_row(joint) for joint in JOINTS)

    def take_rows(self, rows: rig_rows.Rows) -> None:
        """Hold the rows' values."""
        for row in rows:
            getattr(self, row.joint).take_row(row)


class KEYFILL_PG_rig(PropertyGroup):
    """What the animator settled for one character."""

    rows: PointerProperty(type=KEYFILL_PG_bone_rows, override={"LIBRARY_OVERRIDABLE"})
    rest_reference: StringProperty(
        description="The neutral pose as JSON; empty takes the rest pose", **_STILL
    )
    root_motion: EnumProperty(
        name="Root Motion",
        description="What carries the character over the ground",
        items=(
            (HIPS, "Hips", "The hips carry the path; root and object stay where they are"),
            (ROOT_BONE, "Root Bone", "The bone above the hips carries path and heading"),
            (OBJECT, "Object", "The armature object itself carries path and heading"),
        ),
        default=_DEFAULTS.root_motion,
        **_STILL,
    )
    in_place: BoolProperty(
        name="In Place",
        description="Leave out the path over the ground; height and heading are kept",
        default=_DEFAULTS.in_place,
        **_STILL,
    )
    limb_controls: EnumProperty(
        name="Limbs",
        description="Which controls of arms and legs get the keys",
        items=(
            (FK, "FK", "Keys go to the FK controls; the switches are set to FK"),
            (IK, "IK", "Keys go to hands, feet and poles; the switches are set to IK"),
        ),
        default=_DEFAULTS.limb_controls,
        **_STILL,
    )
    relax_fingers: BoolProperty(
        name="Relax Fingers",
        description="Fingers without keys take a relaxed pose; those with keys are left alone",
        default=_DEFAULTS.relax_fingers,
        **_STILL,
    )
    keep_hand_contacts: BoolProperty(
        name="Keep Hand Contacts",
        description="Hands that touch each other or the body in the motion do so on this "
        "character, too, however broad its shoulders are",
        default=_DEFAULTS.keep_hand_contacts,
        **_STILL,
    )
    thin: BoolProperty(
        name="Thin Keys",
        description="Keep only the keys that the tolerances need, so that curves can be edited",
        default=_DEFAULTS.thin,
        **_STILL,
    )
    thin_degrees: FloatProperty(
        name="Degrees",
        description="Largest error of a bone's rotation after thinning",
        default=_DEFAULTS.thin_degrees,
        min=0.01,
        soft_max=5.0,
        **_STILL,
    )
    thin_millimetres: FloatProperty(
        name="Millimetres",
        description="Largest error of the path after thinning, as on a person of common height",
        default=_DEFAULTS.thin_millimetres,
        min=0.01,
        soft_max=50.0,
        **_STILL,
    )


_register_classes, _unregister_classes = bpy.utils.register_classes_factory(
    (KEYFILL_PG_bone_row, KEYFILL_PG_bone_rows, KEYFILL_PG_rig)
)


def register() -> None:
    """Put the group on objects."""
    _register_classes()
    bpy.types.Object.keyfill_rig = PointerProperty(
        type=KEYFILL_PG_rig, override={"LIBRARY_OVERRIDABLE"}
    )


def unregister() -> None:
    """Take it away again."""
    del bpy.types.Object.keyfill_rig
    _unregister_classes()
