"""A stripped double of an armature: only the bones that decide over some others, on a stage.

A control rig has hundreds of bones, shapes and drivers that its limbs do not depend on, and
Blender evaluates all of them on every frame. The double has the bones that are asked for and
whatever they depend on, so that it poses them exactly alike in a fraction of the time. It is
gone when the block ends; the animator's own objects and actions are never written to.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.link.jobs import Task
from ...core.rigs.double_bones import DoubleBones, Property
from ...core.rigs.posed import BoneKeys, Posed
from ..curves.take_channels import rotation_channels
from ..keys import keyframes
from ..reading.edit_target import slot_named_as
from ..reading.stage import depsgraph_of, lend_stage

Array = NDArray[np.floating[Any]]

_BONE = re.compile(r'(?:pose\.)?bones\["((?:[^"\\]|\\.)*)"\]')
# What data drivers of bones decide beside the pose: how they are drawn and how they bend.
_UNPOSED = re.compile(r"\.(hide\w*|bbone_\w+|select\w*)$")


@contextmanager
def lend_double(
    scene: bpy.types.Scene, ob: bpy.types.Object, bones: Collection[str]
) -> Iterator[Double]:
    """Lend a double of an armature object that poses some of its bones as the object itself does.

    Args:
        scene: its frame rate counts.
        ob: not in Edit Mode.
        bones: names; what they depend on comes along.
    """
    with lend_stage(scene, ()) as stage, lend_twin(ob) as twin:
        yield make_double(stage, twin, bones)


@contextmanager
def lend_twin(ob: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """Lend a copy of an armature object that depends on the object no more; in no collection."""
    twin: Any = ob.copy()
    data: Any = ob.data.copy()
    try:
        for copy in (twin, data):
            if copy.override_library is not None:
                copy.make_local(clear_liboverride=True)
        twin.data = data
        twin.hide_viewport = False
        data.pose_position = "POSE"
        _look_at_twin(ob, twin)
        for bone in twin.pose.bones:
            bone.custom_shape = None
            bone.custom_shape_transform = None
        yield twin
    finally:
        bpy.data.objects.remove(twin)
        bpy.data.armatures.remove(data)


def make_double(
    stage: bpy.types.Scene, twin: bpy.types.Object, bones: Collection[str]
) -> Double:
    """Strip a copy of an armature object, and put it on the stage."""
    stage.collection.objects.link(twin)
    kept = _dependencies(twin, bones)
    _drop_drivers(twin, kept)
    _drop_bones(stage, twin, kept)
    return Double(stage, twin)


def depends_on_scripts(ob: bpy.types.Object, bones: Collection[str]) -> bool:
    """Say whether a driver calls what other add-ons or the file's texts define in this Blender."""
    kept = _dependencies(ob, bones)
    for owner in (ob, ob.data):
        for curve in owner.animation_data.drivers if owner.animation_data else ():
            found = _BONE.match(curve.data_path)
            is_needed = found is None or found[1] in kept
            driver = curve.driver
            if is_needed and driver.type == "SCRIPTED" and not driver.is_simple_expression:
                return True
    return False


class Double:
    """Plays keys on a stripped armature and says what its bones did."""

    def __init__(self, stage: bpy.types.Scene, twin: bpy.types.Object) -> None:
        self._stage, self._twin = stage, twin
        held = list(twin.data.bones)
        self.bones = DoubleBones(
            names=tuple(bone.name for bone in twin.pose.bones),
            parents=tuple(bone.parent.name if bone.parent else "" for bone in held),
            rests=np.array([bone.matrix_local for bone in held]),
            has_local_location=np.array([bone.use_local_location for bone in held]),
        )
        assert self.bones.names == tuple(bone.name for bone in held)

    @property
    def names(self) -> frozenset[str]:
        """The bones that the double has."""
        return frozenset(self.bones.names)

    def forget_action(self) -> None:
        """Play keys alone from now on; whatever else the action moved keeps what it holds."""
        if self._twin.animation_data is not None:
            self._twin.animation_data.action = None

    def set_property(self, bone: str, name: str, value: float) -> None:
        """Set a custom property of a bone, in the kind of number that it holds."""
        held = self._twin.pose.bones[bone][name]
        self._twin.pose.bones[bone][name] = type(held)(value)

    def replay(
        self, frames: Sequence[int], keys: BoneKeys | None = None, watched: Iterable[Property] = ()
    ) -> Task[Posed]:
        """Play keys as a task does that ends at once."""
        yield from ()
        return self.play(frames, keys, watched)

    def play(
        self, frames: Sequence[int], keys: BoneKeys | None = None, watched: Iterable[Property] = ()
    ) -> Posed:
        """Evaluate whole scene frames.

        Args:
            frames: F scene frames.
            keys: channels, a row for each frame, in place of those of the action.
            watched: custom properties to read, by bone and name.
        """
        if keys is None:
            return self._record(frames, tuple(watched))
        data: Any = self._twin.animation_data or self._twin.animation_data_create()
        before, slot = data.action, getattr(data, "action_slot", None)
        action: Any = bpy.data.actions.new("Keyfill double") if before is None else before.copy()
        try:
            own = slot_named_as(action, slot)
            own, bag = keyframes.make_bag(action, self._twin, own)
            self._write(bag, frames, keys)
            keyframes.exchange_action(self._twin, action, own)
            return self._record(frames, tuple(watched))
        finally:
            keyframes.exchange_action(self._twin, before, slot)
            bpy.data.actions.remove(action)

    def _write(self, bag: Any, frames: Sequence[int], keys: BoneKeys) -> None:
        """Put dense keys into an action's bag in place of the old ones."""
        curves: dict[str, Array] = {}
        bones = tuple(keys.rotations)
        if bones:
            rotations = np.stack([keys.rotations[name] for name in bones], axis=1)
            for _, path, values in rotation_channels(self._twin, bones, rotations):
                curves[path] = values
        for name, values in keys.locations.items():
            curves[self._twin.pose.bones[name].path_from_id("location")] = values
        for old in [curve for curve in bag.fcurves if curve.data_path in curves]:
            bag.fcurves.remove(old)
        for path, values in curves.items():
            for index in range(values.shape[1]):
                points = bag.fcurves.new(path, index=index).keyframe_points
                points.add(len(frames))
                points.foreach_set("co", np.column_stack([frames, values[:, index]]).ravel())

    def _record(self, frames: Sequence[int], watched: tuple[Property, ...]) -> Posed:
        count = len(self.bones.names)
        matrices = np.empty((len(frames), 16 * count), dtype=np.float32)
        bases = np.empty_like(matrices)
        switches = np.zeros((len(watched), len(frames)))
        worlds = np.empty((len(frames), 4, 4))
        for row, frame in enumerate(frames):
            self._stage.frame_set(frame)
            evaluated = self._twin.evaluated_get(depsgraph_of(self._stage))
            bones = evaluated.pose.bones
            bones.foreach_get("matrix", matrices[row])
            bones.foreach_get("matrix_basis", bases[row])
            worlds[row] = evaluated.matrix_world
            for number, (bone, name) in enumerate(watched):
                switches[number, row] = bones[bone][name]
        # Blender hands over columns.
        shape = (len(frames), count, 4, 4)
        return Posed(
            self.bones.index,
            matrices.reshape(shape).swapaxes(-1, -2).astype(float),
            bases.reshape(shape).swapaxes(-1, -2).astype(float),
            dict(zip(watched, switches, strict=True)),
            worlds,
        )


def _dependencies(ob: bpy.types.Object, bones: Collection[str]) -> set[str]:
    """Return the bones and all that decides over them: parents, targets, what drivers read."""
    drivers: dict[str, list[Any]] = {}
    for owner in (ob, ob.data):
        for curve in owner.animation_data.drivers if owner.animation_data else ():
            found = _BONE.match(curve.data_path)
            drivers.setdefault(found[1] if found else "", []).append(curve)
    kept: set[str] = set()
    # What drives the object itself may read bones, too.
    waiting = [*bones, *(name for curve in drivers.get("", ()) for name in _read_by(curve))]
    while waiting:
        name = waiting.pop()
        if name in kept or name not in ob.pose.bones:
            continue
        kept.add(name)
        waiting += _above(ob, ob.pose.bones[name])
        waiting += [other for curve in drivers.get(name, ()) for other in _read_by(curve)]
    return kept


def _above(ob: bpy.types.Object, bone: bpy.types.PoseBone) -> Iterator[str]:
    """Yield the parent of a bone and whatever its constraints look at, muted ones, too."""
    if bone.parent is not None:
        yield bone.parent.name
    for handle in (bone.bone.bbone_custom_handle_start, bone.bone.bbone_custom_handle_end):
        if handle is not None:
            yield handle.name
    for constraint in bone.constraints:
        yield getattr(constraint, "subtarget", "")
        yield getattr(constraint, "pole_subtarget", "")
        for target in getattr(constraint, "targets", ()):
            yield target.subtarget


def _read_by(curve: bpy.types.FCurve) -> Iterator[str]:
    """Yield the bones that a driver reads."""
    for variable in curve.driver.variables:
        for target in variable.targets:
            yield target.bone_target
            found = _BONE.search(target.data_path)
            if found:
                yield found[1]


def _look_at_twin(ob: bpy.types.Object, twin: bpy.types.Object) -> None:
    """Let the drivers of a copy look at the copy."""
    for owner in (twin, twin.data):
        for curve in owner.animation_data.drivers if owner.animation_data else ():
            for variable in curve.driver.variables:
                for target in variable.targets:
                    if target.id in (ob, ob.data):
                        target.id = twin if target.id == ob else twin.data


def _drop_drivers(twin: bpy.types.Object, kept: set[str]) -> None:
    """Remove drivers that concern no kept bone."""
    for owner in (twin, twin.data):
        drivers = owner.animation_data.drivers if owner.animation_data else ()
        for curve in list(drivers):
            found = _BONE.match(curve.data_path)
            is_bend = owner == twin.data and _UNPOSED.search(curve.data_path)
            if is_bend or (found and found[1] not in kept):
                drivers.remove(curve)


def _drop_bones(stage: bpy.types.Scene, twin: bpy.types.Object, kept: set[str]) -> None:
    """Delete all other bones."""
    layer = stage.view_layers[0]
    layer.objects.active = twin
    with bpy.context.temp_override(
        scene=stage, view_layer=layer, active_object=twin, object=twin, selected_objects=[twin]
    ):
        bpy.ops.object.mode_set(mode="EDIT")
        bones = twin.data.edit_bones
        for bone in [bone for bone in bones if bone.name not in kept]:
            bones.remove(bone)
        bpy.ops.object.mode_set(mode="OBJECT")
