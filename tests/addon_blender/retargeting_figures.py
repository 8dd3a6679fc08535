"""How well a recorded clip arrives on a character, evaluated by Blender after the whole way.

Directions in degrees against the canonical clip, feet against the source's, and
what comes back when the take is read and written again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import bpy
import numpy as np
from keyfill_extension.blender_addon.core import axes
from keyfill_extension.blender_addon.core.edits.edit_requests import GENERATE, Recipe
from keyfill_extension.blender_addon.core.link.slices import finish
from keyfill_extension.blender_addon.scene.reading import armature
from keyfill_extension.blender_addon.scene.reading.named_character import name_character
from keyfill_extension.blender_addon.tasks import animation, character_reading, generating
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip, forward_kinematics
from keyfill_extension.engine.motion.contacts import (
    CONTACT_JOINTS,
    STANDING_HEIGHTS,
    label_contacts,
)
from keyfill_extension.engine.motion.request import MotionResult
from keyfill_extension.engine.motion.retargeting.rest_alignment import (
    align_rest_poses,
    reference_of,
)
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX, JOINTS
from keyfill_extension.tests.addon_blender.characters import LIMBS, corpus_clip

CLIPS = {
    "walk": "cmu_12_03",
    "kick": "sb_Garza_IdleFight01_KickForwardHigh01",
    "reach": "sb_Garza_IdleStand01_ReachForwardFloor01",
}
"""Three recorded clips by their captions: walks forward, kicks at head level, touches the floor."""

RECIPE = Recipe(GENERATE, "a recorded clip")

CANONICAL_LEG = 0.8
FEET = [JOINTS[joint] for joint in CONTACT_JOINTS]


@dataclass(frozen=True)
class Figures:
    """One clip on one character."""

    limbs: np.ndarray
    """(T, limbs) degrees between the limbs of clip and character."""

    feet: np.ndarray
    """(T, 2) degrees between soles; NaN where there are no toes."""

    hands: np.ndarray
    """(T, 2) degrees between hands and straight ones; NaN where no middle finger is known."""

    source: tuple[float, float]
    """Slide in contact (leg lengths a second) and depth below the floor (thousandths of a leg)."""

    found: tuple[float, float]
    """The same of the character, over the same contacts."""

    again: tuple[float, float]
    """After reading and writing again: largest degrees of a bone, largest scaled mm of a joint."""

    stretch: float
    """The largest change of a limb bone's length during the take, as a share of the length."""


def prepare(ob) -> None:
    """Make an imported character ready: no meshes, and no action after Generate has read it."""
    bpy.context.scene.render.fps = 30
    for other in list(bpy.context.scene.objects):
        if other.type == "MESH":
            bpy.data.objects.remove(other)
    bpy.context.scene.frame_set(1)
    bpy.context.view_layer.objects.active = ob
    # Where the rest pose lies down, Generate finds a standing frame in the action and stores it.
    character = name_character(bpy.context.scene, ob)
    finish(character_reading.read_character(character)).settle(character)
    if ob.animation_data is not None:
        ob.animation_data.action = None  # Its drivers stay.
    for bone in ob.pose.bones:
        bone.matrix_basis.identity()
    bpy.context.view_layer.update()


def measure(ob, shared, kind: str) -> Figures:
    """Put one of CLIPS on a character as the button does and measure what Blender shows."""
    clip = corpus_clip(shared, CLIPS[kind])
    bpy.context.scene.frame_set(1)
    target = generating.read_target(bpy.context, kind)
    generating.write_takes(bpy.context, target, MotionResult((clip,)), RECIPE)
    shown = _record(ob, target, clip.frames)
    place = target.target.placement
    turn = quaternions.multiply(armature.object_turn(ob.matrix_world), place.rotation)
    read = animation.read_animation(
        bpy.context, ob, target.rig, target.bone_map, (1, clip.frames)
    )
    again = replace(target, target=replace(target.target, placement=read.placement))
    generating.write_takes(bpy.context, again, MotionResult((read.clip,)), RECIPE)
    repeated = _record(ob, target, clip.frames)
    size = align_rest_poses(target.rig, target.bone_map).scale * _size(ob)
    turned = quaternions.angle_between(shown[1], repeated[1])
    moved = np.linalg.norm(shown[0] - repeated[0], axis=-1) / size * 1000.0
    return Figures(
        _limb_errors(clip, target.bone_map, shown[0], turn),
        _foot_errors(clip, target, shown[0], turn),
        _hand_errors(clip, target, shown, turn),
        *_feet(ob, clip, target, shown[0]),
        (float(np.degrees(turned).max()), float(moved.max())),
        _stretch(target.bone_map, shown[0]),
    )


def _size(ob) -> float:
    return abs(ob.matrix_world.determinant()) ** (1.0 / 3.0)


def _record(ob, target, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Return heads (T, M, 3) and rotations (T, M, 4) of mapped bones in the world."""
    names = [*target.bone_map.bones.values(), *_middle_fingers(target.bone_map).values()]
    heads, rotations = [], []
    for frame in range(frames):
        bpy.context.scene.frame_set(1 + frame)
        evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
        matrices = [evaluated.matrix_world @ evaluated.pose.bones[name].matrix for name in names]
        heads.append([axes.vectors_to_engine(np.array(one.translation)) for one in matrices])
        rotations.append([np.array(one.to_quaternion()) for one in matrices])
    turned = axes.orientations_to_engine(quaternions.normalize(np.array(rotations)))
    return np.array(heads), turned


def _middle_fingers(bone_map) -> dict[str, str]:
    return {
        finger.side: finger.bone
        for finger in bone_map.fingers
        if finger.digit == 2 and finger.segment == 0
    }


def _angles(wanted, found) -> np.ndarray:
    bend = quaternions.between(wanted, found)
    return np.degrees(quaternions.angle_between(quaternions.IDENTITY, bend))


def _limb_errors(clip: Clip, bone_map, heads, turn) -> np.ndarray:
    joints, column = clip.joints(), {joint: at for at, joint in enumerate(bone_map.bones)}
    errors = []
    for start, end in LIMBS:
        if end in column:
            wanted = joints[:, JOINT_INDEX[end]] - joints[:, JOINT_INDEX[start]]
            found = heads[:, column[end]] - heads[:, column[start]]
            errors.append(_angles(quaternions.rotate(turn, wanted), found))
    return np.stack(errors, axis=1)


def _stretch(bone_map, heads) -> float:
    column = {joint: at for at, joint in enumerate(bone_map.bones)}
    shares = []
    for start, end in LIMBS:
        if end in column:
            lengths = np.linalg.norm(heads[:, column[end]] - heads[:, column[start]], axis=-1)
            shares.append(np.ptp(lengths) / lengths.mean())
    return float(max(shares))


def _foot_errors(clip: Clip, target, heads, turn) -> np.ndarray:
    """Feet against what their rest direction becomes in the clip, turned straight ahead."""
    column = {joint: at for at, joint in enumerate(target.bone_map.bones)}
    world = forward_kinematics(clip.root_pos, clip.rot)[1]
    body = quaternions.conjugate(align_rest_poses(target.rig, target.bone_map).body)
    rest = reference_of(target.rig).heads
    errors = np.full((clip.frames, 2), np.nan)
    if "left_foot" not in column:
        return errors
    ways, index = [], target.rig.index
    for side in ("left", "right"):
        ends = [index[target.bone_map.bones[f"{side}_{end}"]] for end in ("ankle", "foot")]
        ways.append(quaternions.rotate(body, [rest[ends[0]], rest[ends[1]]]))
    # In a reference taken from a walk one foot is raised: the lower one is flat.
    flat = min(ways, key=lambda way: way[1][1])
    way = flat[1] - flat[0]
    for at, side in enumerate(("left", "right")):
        if f"{side}_foot" in column:
            ahead = np.array([0.0, way[1], np.hypot(way[0], way[2])])
            wanted = quaternions.rotate(world[:, JOINT_INDEX[f"{side}_ankle"]], ahead)
            found = heads[:, column[f"{side}_foot"]] - heads[:, column[f"{side}_ankle"]]
            errors[:, at] = _angles(quaternions.rotate(turn, wanted), found)
    return errors


def _hand_errors(clip: Clip, target, shown, turn) -> np.ndarray:
    """Hands from wrist to middle finger against the line that the forearm goes on in."""
    column = {joint: at for at, joint in enumerate(target.bone_map.bones)}
    fingers = list(_middle_fingers(target.bone_map))
    world = forward_kinematics(clip.root_pos, clip.rot)[1]
    errors = np.full((clip.frames, 2), np.nan)
    for at, side in enumerate(("left", "right")):
        if side in fingers and f"{side}_wrist" in column:
            ahead = np.array([1.0 if side == "left" else -1.0, 0.0, 0.0])
            wanted = quaternions.rotate(world[:, JOINT_INDEX[f"{side}_wrist"]], ahead)
            found = shown[0][:, len(column) + fingers.index(side)]
            found = found - shown[0][:, column[f"{side}_wrist"]]
            errors[:, at] = _angles(quaternions.rotate(turn, wanted), found)
    return errors


def _feet(ob, clip: Clip, target, heads) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return slide and depth of the clip and of the character."""
    column = {joint: at for at, joint in enumerate(target.bone_map.bones)}
    rows = [row for row, joint in enumerate(FEET) if joint in column]
    contacts = label_contacts(clip.joints(), 30.0)[:, rows]
    alignment = align_rest_poses(target.rig, target.bone_map)
    world = np.array(ob.matrix_world)
    floor = world[:3, :3] @ axes.vectors_to_blender(target.target.placement.position)
    size = _size(ob)
    ours = heads[:, [column[FEET[row]] for row in rows]]
    height = ours[..., 1] - (floor + world[:3, 3])[2]
    standing = _standing_heights(target, alignment)[rows] * size
    source = clip.joints()[:, list(CONTACT_JOINTS)][:, rows]
    return (
        _slide_and_depth(source, source[..., 1] - STANDING_HEIGHTS[rows], contacts, CANONICAL_LEG),
        _slide_and_depth(
            ours, height - standing, contacts, CANONICAL_LEG * alignment.scale * size
        ),
    )


def _standing_heights(target, alignment) -> np.ndarray:
    """Return how high (4,) ankles and toes are in the upright T-pose, rig units."""
    rest, rig = reference_of(target.rig), target.rig
    heights = np.zeros(4)
    ankle = alignment.lift + STANDING_HEIGHTS[0] * alignment.scale
    for row, joint in enumerate(FEET):
        heights[row] = ankle
        if joint.endswith("foot") and joint in target.bone_map.bones:
            side = joint.split("_")[0]
            bones = [rig.index[target.bone_map.bones[f"{side}_{end}"]] for end in ("ankle", "foot")]
            at = alignment.joints.index(JOINT_INDEX[f"{side}_ankle"])
            back = quaternions.conjugate(rest.rotations[bones[0]])
            way = quaternions.rotate(back, rest.heads[bones[1]] - rest.heads[bones[0]])
            heights[row] = ankle + quaternions.rotate(alignment.offsets[at], way)[1]
    return heights


def _slide_and_depth(points, above, contacts, leg: float) -> tuple[float, float]:
    """Return the mean speed in contact and the mean depth, in legs a second and per thousand."""
    speed = np.linalg.norm(np.gradient(points[..., [0, 2]], axis=0), axis=-1) * 30.0 / leg
    return float(speed[contacts].mean()), float(np.maximum(-above, 0.0).mean() / leg * 1000.0)
