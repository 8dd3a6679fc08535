"""Reads armature objects: bones at rest as a Rig, the present pose, where the character stands.

Everything is handed on in the engine's axes and the armature's own units. It
writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.bones.doubts import refuse_doubtful
from ....engine.motion.bones.matching import BoneMap, match_bones
from ....engine.motion.clip import headings
from ....engine.motion.request import RequestError
from ....engine.motion.retargeting.clip_to_rig import Placement, heading_of_pose, rest_placement
from ....engine.motion.retargeting.standing import floor_lift, lowest_feet
from ....engine.motion.rig import BonePose, Rig, RigPose
from ...core import axes
from ...core.rigs import rows as rig_rows
from . import reins, rig_settings

Array = NDArray[np.floating[Any]]

_UNEVEN_SCALE = 0.01
_LEAST_SCALE = 1e-9
_SAME_SIZE = 1e-4
_LEGS = ("_hip", "_knee")
# Half a turn about the engine's X axis.
_HALF_TURN = np.array([0.0, 1.0, 0.0, 0.0])


def active_character(context: bpy.types.Context) -> bpy.types.Object | None:
    """Return the active object, or the armature that moves it: people click on the skin."""
    ob = context.object
    if ob is None or ob.type == "ARMATURE":
        return ob
    return ob.find_armature() or ob


def check_armature(ob: bpy.types.Object | None) -> bpy.types.Object:
    """Return the armature; refuse what cannot take keys.

    Raises:
        RequestError: with the cure, if there is no armature, it is linked, or its scale is uneven.
    """
    if ob is None or ob.type != "ARMATURE":
        raise RequestError(
            "No armature is selected.", "Select a character's armature, or add the mannequin."
        )
    if not ob.is_editable or (ob.library is not None and ob.override_library is None):
        raise RequestError(
            f'"{ob.name}" is linked from another file and cannot be animated.',
            "Choose Object > Library Override > Make first.",
        )
    if not np.isfinite(np.array(ob.matrix_world)).all():
        raise RequestError(
            f'The place of "{ob.name}" is no number.',
            "Clear its location, rotation and scale, and delete keys without a value.",
        )
    stretch = np.linalg.svd(np.array(ob.matrix_world.to_3x3()), compute_uv=False)
    if np.ptp(stretch) > _UNEVEN_SCALE * stretch.max() or stretch.max() < _LEAST_SCALE:
        raise RequestError(
            f'"{ob.name}" is scaled unevenly.',
            "Give its X, Y and Z scale one value, also those of its parents, or apply the scale.",
        )
    return ob


def read_rig(ob: bpy.types.Object) -> Rig:
    """Return the armature's bones at rest with its rest reference, in the engine's axes.

    Raises:
        RequestError: if the armature has no bones, is being edited, or its reference is stale.
    """
    rig = read_rest(ob)
    return replace(rig, reference=rig_settings.read_reference(ob, rig))


def read_rest(ob: bpy.types.Object) -> Rig:
    """Return the armature's bones at rest without a rest reference, in the engine's axes.

    Raises:
        RequestError: if the armature has no bones, or is being edited.
    """
    if ob.mode == "EDIT":
        raise RequestError(f'"{ob.name}" is in Edit Mode.', "Leave Edit Mode first.")
    bones = ob.data.bones
    if not bones:
        raise RequestError(f'"{ob.name}" has no bones.', "Choose a character's armature.")
    above = [bone.parent for bone in bones]
    parents = {
        name: bone.name if bone is not None else ""
        for name, bone in zip(bones.keys(), above, strict=True)
    }
    depths: dict[str, int] = {"": 0}
    # Blender keeps every bone after its parent.
    for name, parent in parents.items():
        depths[name] = depths[parent] + 1
    names = sorted(parents, key=depths.__getitem__)
    index = {name: number for number, name in enumerate(names)}
    places = {name: place for place, name in enumerate(parents)}
    order = [places[name] for name in names]
    connected = np.empty(len(names), dtype=bool)
    bones.foreach_get("use_connect", connected)
    matrices = _read_column(bones, "matrix_local", 16).reshape(-1, 4, 4).swapaxes(1, 2)
    return Rig(
        names=tuple(names),
        parents=tuple(index.get(parents[name], -1) for name in names),
        heads=axes.vectors_to_engine(_read_column(bones, "head_local", 3)[order]),
        tails=axes.vectors_to_engine(_read_column(bones, "tail_local", 3)[order]),
        rotations=_orientations(matrices[order]),
        connected=tuple(
            bool(connected[places[name]] and parents[name]) for name in names
        ),
        reins=reins.read_reins(ob),
    )


def _read_column(bones: Any, name: str, width: int) -> Array:
    """Return a property of all bones, (N, width), in their own order."""
    values = np.empty(width * len(bones), dtype=np.float32)
    bones.foreach_get(name, values)
    return values.reshape(-1, width).astype(float)


def read_bone_map(ob: bpy.types.Object, rig: Rig) -> BoneMap:
    """Return which bones play which joints: the stored map, else what is recognised surely.

    Raises:
        RequestError: if no humanoid is recognised, or only with doubt, or the stored map no
            longer fits; the message names the armature.
    """
    rows = rig_settings.read_rows(ob)
    with naming(ob):
        if not rig_rows.is_empty(rows):
            return rig_rows.rows_to_bone_map(rig, rows)
        found = match_bones(rig)
        refuse_doubtful(found)
        return found


@contextmanager
def naming(ob: bpy.types.Object) -> Iterator[None]:
    """Let errors about "this armature" name the object."""
    try:
        yield
    except RequestError as error:
        message = error.message.replace("this armature", f'"{ob.name}"')
        message = message.replace("This armature", f'"{ob.name}"')
        raise type(error)(message, error.remedy) from error


def read_pose(ob: bpy.types.Object, rig: Rig, depsgraph: bpy.types.Depsgraph) -> RigPose:
    """Return the evaluated pose (T = 1) at the present frame: constraints and drivers included."""
    bones = ob.evaluated_get(depsgraph).pose.bones
    posed = _posed_matrices(bones, "matrix", rig)
    check_numbers(ob.name, rig.names, posed)
    heads = axes.vectors_to_engine(posed[:, :3, 3])
    return RigPose(_orientations(posed)[None], heads[None])


def read_scales(
    ob: bpy.types.Object, rig: Rig, depsgraph: bpy.types.Depsgraph
) -> Array:
    """Return how many times larger each bone (N,) is shown at the present frame than at rest."""
    posed = _posed_matrices(ob.evaluated_get(depsgraph).pose.bones, "matrix", rig)
    check_numbers(ob.name, rig.names, posed)
    return matrix_scales(posed)


def read_size(ob: bpy.types.Object, rig: Rig, bone_map: BoneMap) -> float:
    """Return how many times longer the legs are shown at the present frame than at rest.

    Raises:
        RequestError: if they are scaled to nothing.
    """
    scales = read_scales(ob, rig, bpy.context.evaluated_depsgraph_get())
    legs = [rig.index[bone] for joint, bone in bone_map.bones.items() if joint.endswith(_LEGS)]
    size = float(np.mean(scales[legs]))
    if size < _LEAST_SCALE:
        raise RequestError(
            f'The legs of "{ob.name}" are scaled to nothing.',
            "Clear the scale of the bones above them (Alt S in Pose Mode).",
        )
    return size if abs(size - 1.0) > _SAME_SIZE else 1.0


def read_held_channels(ob: bpy.types.Object, rig: Rig) -> BonePose:
    """Return the channels (N, ...) that bones hold now; bones that get no keys keep them."""
    bases = _posed_matrices(ob.pose.bones, "matrix_basis", rig)
    check_numbers(ob.name, rig.names, bases)
    rotations = bases[:, :3, :3] / np.maximum(
        np.linalg.norm(bases[:, :3, :3], axis=1, keepdims=True), 1e-12
    )
    return BonePose(quaternions.matrix_to_quaternion(rotations), bases[:, :3, 3])


def check_numbers(name: str, bones: Sequence[str], matrices: Array) -> None:
    """Refuse a pose (..., N, 4, 4) with bones whose place or turn is no number.

    Raises:
        RequestError: with the first of N bones and the cure.
    """
    is_sound = np.isfinite(matrices).all(axis=(-2, -1)).reshape(-1, len(bones)).all(axis=0)
    if not is_sound.all():
        raise RequestError(
            f'The pose of "{name}" is broken: "{bones[int(np.argmin(is_sound))]}" holds a value '
            "that is no number.",
            "Delete the keys without a value in the Graph Editor, and clear the pose.",
        )


def matrix_scales(matrices: Array) -> Array:
    """Return how many times larger than at rest matrices (..., 4, 4) make a bone."""
    return np.asarray(np.abs(np.linalg.det(matrices[..., :3, :3])) ** (1.0 / 3.0))


def _posed_matrices(bones: Any, name: str, rig: Rig) -> Array:
    """Return a matrix of each pose bone, (N, 4, 4), in the rig's order."""
    places = {bone: place for place, bone in enumerate(bones.keys())}
    matrices = _read_column(bones, name, 16).reshape(-1, 4, 4).swapaxes(1, 2)
    return matrices[[places[bone] for bone in rig.names]]


def read_stance(
    ob: bpy.types.Object, rig: Rig, bone_map: BoneMap, depsgraph: bpy.types.Depsgraph
) -> Placement:
    """Return where the character stands now and the way it faces, upright in the world.

    The point is on the floor below the middle of the hips. The floor is the one
    that the rest pose stands on, or lies under the lower foot where that is clearly elsewhere
    (a character on a platform).
    """
    pose = read_pose(ob, rig, depsgraph)
    centre, body = heading_of_pose(pose, rig, bone_map)
    world = ob.evaluated_get(depsgraph).matrix_world
    up = _world_up(world)
    lying_free = quaternions.multiply(object_turn(world), body)
    rotation = quaternions.multiply(
        quaternions.conjugate(object_turn(world)),
        quaternions.yaw_to_quaternion(headings(lying_free)),
    )[0]
    resting = rest_placement(rig, bone_map).position
    rest_floor = float(resting @ up)
    lowest = float(lowest_feet(rig, bone_map, pose.heads, up)[0])
    lift = floor_lift(rig, bone_map, lowest, up, rest_floor)
    if lift:
        # A body grows about the bone that is scaled: the floor may be where the feet were before.
        heads = _heads_at_rest_size(ob, rig, pose.heads[0], depsgraph)
        before = float(lowest_feet(rig, bone_map, heads[None], up)[0])
        plain = replace(rig, size=1.0)
        lift = min(lift, floor_lift(plain, bone_map, before, up, rest_floor), key=abs)
    floor = rest_floor + lift
    return Placement(centre[0] + up * (floor - float(centre[0] @ up)), rotation)


def _heads_at_rest_size(
    ob: bpy.types.Object, rig: Rig, heads: Array, depsgraph: bpy.types.Depsgraph
) -> Array:
    """Return where bones (N, 3) would start if none was scaled, turned and moved as they are."""
    scales = read_scales(ob, rig, depsgraph)
    unscaled = heads.copy()
    anchor = _scaled_head(ob, rig, depsgraph)
    for bone, parent in enumerate(rig.parents):
        if parent >= 0:
            way = (heads[bone] - heads[parent]) / max(float(scales[parent]), _LEAST_SCALE)
            unscaled[bone] = unscaled[parent] + way
        elif ob.data.bones[rig.names[bone]].parent is not None:
            unscaled[bone] = anchor + (heads[bone] - anchor) / rig.size
    return unscaled


def _scaled_head(
    ob: bpy.types.Object, rig: Rig, depsgraph: bpy.types.Depsgraph
) -> Array:
    """Return the head (3,) in rig space of the first bone whose own scale is most like the body's.

    Control rigs are scaled by bones that no joint plays.
    """
    bones = ob.evaluated_get(depsgraph).pose.bones
    bone = min(bones, key=lambda one: abs(float(np.mean(one.scale)) - rig.size))
    return axes.vectors_to_engine(np.array(bone.head))


def world_origin(ob: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> Placement:
    """Return the placement at the world's origin, facing as Blender's front view looks at it."""
    world = ob.evaluated_get(depsgraph).matrix_world
    origin = world.inverted() @ Matrix.Identity(4).to_translation()
    return Placement(
        axes.vectors_to_engine(np.array(origin)), quaternions.conjugate(object_turn(world))
    )


def object_turn(world: Matrix) -> Array:
    """Return the rotation (4,) that turns an object's rig space upright in the world.

    A mirrored object turns its rig space over: what is up there is down in the world. The
    rotation then is of the rig space that is mirrored left to right only.
    """
    turn = axes.turns_to_engine(np.array(world.to_quaternion()))
    if world.determinant() < 0.0:  # Blender returns the rotation of the negative matrix.
        turn = quaternions.multiply(_HALF_TURN, turn)
    return turn


def _world_up(world: Matrix) -> Array:
    """Return the world's up axis in rig space, (3,)."""
    turn = quaternions.conjugate(object_turn(world))
    return quaternions.rotate(turn, np.array([0.0, 1.0, 0.0]))


def _orientations(matrices: Array) -> Array:
    """Return the engine's orientations (N, 4) of Blender's bone matrices (N, 4, 4)."""
    columns = np.asarray(matrices, dtype=float)[:, :3, :3]
    columns = columns / np.maximum(np.linalg.norm(columns, axis=1, keepdims=True), 1e-12)
    return axes.orientations_to_engine(quaternions.matrix_to_quaternion(columns))
