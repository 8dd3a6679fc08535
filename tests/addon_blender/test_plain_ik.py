"""Plain IK rigs of any author: takes and edits move the targets, poles and controls."""

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.core.edits.edit_requests import GENERATE, Recipe
from keyfill_extension.blender_addon.scene.reading.bending import find_constraints
from keyfill_extension.blender_addon.tasks import animation, generating
from keyfill_extension.engine.motion.request import MotionResult
from keyfill_extension.tests.addon_blender.characters import add_toy_character
from keyfill_extension.tests.addon_blender.edited_characters import (
    editing_worker,
    evaluated,
    set_settings,
)
from keyfill_extension.tests.addon_blender.retargeting_figures import CLIPS, measure, prepare
from mathutils import Vector

SIDES = ("Left", "Right")
LIMBS = (("UpLeg", "Leg", "Foot"), ("Arm", "ForeArm", "Hand"))


@pytest.fixture(scope="module", autouse=True)
def addon(registered_addon):
    yield


def add_body():
    """Return a character whose limb bones end where the next ones start, under a root bone."""
    ob = add_toy_character()
    bpy.ops.object.mode_set(mode="EDIT")
    bones = ob.data.edit_bones
    root = bones.new("Main")
    root.head, root.tail = (0.0, 0.0, 0.0), (0.0, 0.4, 0.0)
    hips = next(bone for bone in bones if bone.name.endswith("Hips"))
    hips.parent = root
    for side in SIDES:
        for limb in LIMBS:
            for upper, lower in zip(limb, limb[1:], strict=False):
                named(bones, side + upper).tail = named(bones, side + lower).head
    bpy.ops.object.mode_set(mode="OBJECT")
    return ob


def named(bones, name):
    return next(bone for bone in bones if bone.name.endswith(name))


def add_bones(ob, rows):
    """Add bones: name, the bone at whose head they start, a step from there, and their parent."""
    bpy.ops.object.mode_set(mode="EDIT")
    bones = ob.data.edit_bones
    for name, at, step, parent in rows:
        bone = bones.new(name)
        start = named(bones, at)
        bone.head = start.head + Vector(step)
        bone.tail = bone.head + (start.tail - start.head)
        bone.roll = start.roll
        bone.parent = bones[parent]
    bpy.ops.object.mode_set(mode="OBJECT")


def add_constraint(ob, kind, owner, target, **values):
    constraint = named(ob.pose.bones, owner).constraints.new(kind)
    constraint.target, constraint.subtarget = ob, target
    for name, value in values.items():
        setattr(constraint, name, value)
    return constraint


def add_ik(ob, limb, side, target, pole=""):
    """Let a limb reach for a bone; the angle to the pole is the one that leaves the rest pose."""
    ik = add_constraint(ob, "IK", side + limb[1], target, chain_count=2)
    if not pole:
        return
    ik.pole_target, ik.pole_subtarget = ob, pole
    first = named(ob.pose.bones, side + limb[0])

    def off_rest(angle):
        ik.pole_angle = angle
        bpy.context.view_layer.update()
        between = first.bone.matrix_local.inverted() @ first.matrix
        return between.to_quaternion().angle

    angles = np.linspace(-np.pi, np.pi, 361)
    best = min(angles, key=off_rest)
    off_rest(min(best + np.linspace(-0.02, 0.02, 41), key=off_rest))


def targets_and_copied_feet(ob, *, poles):
    """Add the plainest leg IK: targets on the root, which the feet copy."""
    for side in SIDES:
        add_bones(ob, [(f"goal {side}", f"{side}Foot", (0, 0, 0), "Main"),
                       (f"guide {side}", f"{side}Leg", (0, -0.5, 0), "Main")])  # fmt: skip
        add_ik(ob, LIMBS[0], side, f"goal {side}", f"guide {side}" if poles else "")
        add_constraint(ob, "COPY_ROTATION", f"{side}Foot", f"goal {side}")


def controls_above_targets(ob):
    """Add foot controls on the floor that carry the targets."""
    for side in SIDES:
        add_bones(ob, [(f"sole {side}", f"{side}Foot", (0, 0, -0.05), "Main"),
                       (f"goal {side}", f"{side}Foot", (0, 0, 0), f"sole {side}"),
                       (f"guide {side}", f"{side}Leg", (0, -0.5, 0), f"sole {side}")])  # fmt: skip
        add_ik(ob, LIMBS[0], side, f"goal {side}", f"guide {side}")
        add_constraint(ob, "COPY_ROTATION", f"{side}Foot", f"sole {side}")


def feet_of_other_parents(ob):
    """Let feet hang on nothing, and count from controls that the shins reach for."""
    bpy.ops.object.mode_set(mode="EDIT")
    for side in SIDES:
        named(ob.data.edit_bones, f"{side}Foot").parent = None
    bpy.ops.object.mode_set(mode="OBJECT")
    for side in SIDES:
        add_bones(ob, [(f"goal {side}", f"{side}Foot", (0, 0, 0), "Main")])
        add_ik(ob, LIMBS[0], side, f"goal {side}")
        child = add_constraint(ob, "CHILD_OF", f"{side}Foot", f"goal {side}")
        child.inverse_matrix = ob.pose.bones[f"goal {side}"].bone.matrix_local.inverted()


def legs_that_copy_a_mechanism(ob):
    """Let thighs, shins and feet copy bones of a mechanism that has the IK."""
    for side in SIDES:
        hips = named(ob.data.bones, "Hips").name
        add_bones(ob, [(f"m1 {side}", f"{side}UpLeg", (0, 0, 0), hips),
                       (f"m2 {side}", f"{side}Leg", (0, 0, 0), f"m1 {side}"),
                       (f"m3 {side}", f"{side}Foot", (0, 0, 0), f"m2 {side}"),
                       (f"goal {side}", f"{side}Foot", (0, 0, 0), "Main")])  # fmt: skip
        ik = ob.pose.bones[f"m2 {side}"].constraints.new("IK")
        ik.target, ik.subtarget, ik.chain_count = ob, f"goal {side}", 2
        for number, part in enumerate(LIMBS[0], 1):
            add_constraint(ob, "COPY_TRANSFORMS", side + part, f"m{number} {side}")
        copied = ob.pose.bones[f"m3 {side}"].constraints.new("COPY_ROTATION")
        copied.target, copied.subtarget = ob, f"goal {side}"


def arms_and_legs(ob):
    """Add IK of all four limbs with poles; hands take the turn of their targets."""
    targets_and_copied_feet(ob, poles=True)
    for side in SIDES:
        add_bones(ob, [(f"grip {side}", f"{side}Hand", (0, 0, 0), "Main"),
                       (f"bow {side}", f"{side}ForeArm", (0, 0.5, 0), "Main")])  # fmt: skip
        add_ik(ob, LIMBS[1], side, f"grip {side}", f"bow {side}")
        add_constraint(ob, "COPY_ROTATION", f"{side}Hand", f"grip {side}")


RIGS = {
    "targets on the root, without poles": lambda ob: targets_and_copied_feet(ob, poles=False),
    "targets and poles on the root": lambda ob: targets_and_copied_feet(ob, poles=True),
    "controls above targets": controls_above_targets,
    "feet of other parents": feet_of_other_parents,
    "legs that copy a mechanism": legs_that_copy_a_mechanism,
    "arms and legs with poles": arms_and_legs,
}

WITHOUT_POLES = (
    "targets on the root, without poles", "feet of other parents", "legs that copy a mechanism",
)  # fmt: skip


def body_of(kind):
    ob = add_body()
    RIGS[kind](ob)
    prepare(ob)
    return ob


def at_rest(ob):
    """Return how far, in degrees, any bone is off its rest pose."""
    bpy.context.view_layer.update()
    offs = [
        (bone.bone.matrix_local.inverted() @ bone.matrix).to_quaternion().angle
        for bone in ob.pose.bones
    ]
    return np.degrees(max(min(one, 2 * np.pi - one) for one in offs))


@pytest.mark.parametrize("kind", RIGS)
def test_a_take_arrives_through_the_targets(kind, shared):
    ob = body_of(kind)
    assert at_rest(ob) < 1.0
    for clip in CLIPS:
        figures = measure(ob, shared, clip)
        assert figures.limbs.mean() <= 2.0
        assert figures.limbs.max() <= 8.0
        assert np.nanmax(figures.feet) <= 12.0
        # Millimetres: where arms are nearly straight the pole says where the elbow lies.
        assert figures.again[1] <= (10.0 if "arms" in kind else 1.0)


def shown_limbs(ob, frames):
    """Return where thighs, shins and feet start, (F, 6, 3), as Blender shows them."""
    names = [named(ob.pose.bones, side + part).name for side in SIDES for part in LIMBS[0]]
    found = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        posed = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
        found.append([np.array(posed[name].head) for name in names])
    return np.array(found)


@pytest.mark.parametrize("kind", RIGS)
@pytest.mark.parametrize("parts", [{"LOWER_BODY"}, {"TORSO", "LEFT_ARM"}, {"LOWER_BODY", "TORSO"}])
def test_an_edit_moves_the_targets_along_and_nothing_outside(kind, parts):
    ob = body_of(kind)
    with editing_worker():
        set_settings(prompt="someone walks", seconds=2.0)
        assert bpy.ops.keyfill.generate() == {"FINISHED"}
        before, seen = evaluated(ob, 1, 60), shown_limbs(ob, range(1, 61))
        set_settings(prompt="someone jumps", frame_start=21, frame_end=40, parts=parts)
        assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    after, legs = evaluated(ob, 1, 60), shown_limbs(ob, range(1, 61))
    outside = np.r_[0:38, 82:119]  # half frames up to 20 and from 41 on
    for channel, values in before.items():
        assert np.abs(after[channel][outside] - values[outside]).max() < 1e-4, channel
    moved = np.linalg.norm(legs - seen, axis=-1).max(axis=1)
    assert (moved[24:36].min() > 0.02) == ("LOWER_BODY" in parts)
    for first in (0, 1, 3, 4):
        lengths = np.linalg.norm(legs[:, first + 1] - legs[:, first], axis=-1)
        assert np.ptp(lengths) < 0.01 * lengths[0]
    # Without the IK the keys of the legs say the same; a pole decides over their roll.
    for bone in ob.pose.bones:
        for constraint in bone.constraints:
            constraint.mute = constraint.type == "IK"
    if kind in WITHOUT_POLES:
        keyed = shown_limbs(ob, range(1, 61))
        assert np.linalg.norm(keyed - legs, axis=-1).max() < 0.01


def test_what_follows_a_target_is_not_told_to_show_little():
    ob = body_of("targets and poles on the root")
    with editing_worker():
        set_settings(prompt="someone walks", seconds=2.0)
        bpy.ops.keyfill.generate()
        read = read_again(ob)
    bones = read.track.bone_map.bones.values()
    keyed = {*bones, *(one.bone for one in read.track.bone_map.carried)}
    assert find_constraints(ob, bones, keyed) == {}
    target = generating.read_target(bpy.context, "again")
    recipe = Recipe(GENERATE, "again")
    told = generating.write_takes(bpy.context, target, MotionResult((read.clip,)), recipe)
    assert '"again (seed 0)" is on the character' in told
    assert "no keys" not in told


def read_again(ob):
    target = generating.read_target(bpy.context, "read")
    return animation.read_animation(bpy.context, ob, target.rig, target.bone_map, (1, 60))


@pytest.mark.parametrize("change", ["mute", "half", "other object"])
def test_constraints_that_do_not_decide_tie_nothing(change):
    ob = body_of("targets on the root, without poles")
    other = bpy.data.objects.new("Other", None)
    for bone in ob.pose.bones:
        for constraint in bone.constraints:
            if change == "mute":
                constraint.mute = True
            elif change == "half":
                constraint.influence = 0.5
            else:
                constraint.target = other
    assert generating.read_target(bpy.context, "take").bone_map.carried == ()
