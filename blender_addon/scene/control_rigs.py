"""Puts motion on the controls of a rig, so that the bones that follow them do what they shall.

What lies between controls and bones is not modelled: a double of the rig is evaluated with
the keys, and they are put right until the bones arrive. It writes no keys but the switches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...engine.motion import quaternions
from ...engine.motion.bone_matching import BoneMap
from ...engine.motion.request import RequestError
from ...engine.motion.retargeting import BonePath, RigMotion
from ...engine.motion.rig import BonePose, Rig
from ...engine.motion.rig_options import IK, RigOptions
from ..core import control_families, control_solving
from ..core.control_families import ControlNames, LimbControls
from ..core.control_solving import Follower, LimbPose, Targets
from ..core.posed import BoneKeys, Posed, read_rotations
from . import keyframes, rig_double
from .edit_target import bag_of
from .rig_double import Double, Property

Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

_ROUNDS = 7
_CLOSE_RADIANS = np.radians(0.02)
_CLOSE_SIDE = np.radians(0.2)
_CLOSE_LENGTH = 2e-4
"""Of the upper leg's length."""


@dataclass(frozen=True)
class Controls:
    """The controls of one character."""

    names: ControlNames
    bone_map: BoneMap
    """The bones that follow them."""

    with_poles: frozenset[str]
    """IK controls of limbs that bend towards a pole now."""

    @cached_property
    def bones(self) -> tuple[str, ...]:
        """All bones that reading or writing looks at."""
        limbs = self.names.limbs
        held = [name for limb in limbs for name in (limb.end, limb.toe, limb.pole, limb.swing)]
        held += [switch.bone for limb in limbs if (switch := limb.switch) is not None]
        pairs = [name for pair in self.names.controls for name in pair]
        return tuple(dict.fromkeys([*self.bone_map.bones.values(), *pairs, *filter(None, held)]))

    @cached_property
    def switches(self) -> tuple[Property, ...]:
        """The properties that choose between FK and IK."""
        found = [limb.switch for limb in self.names.limbs if limb.switch is not None]
        return tuple((switch.bone, switch.name) for switch in found)

    def bone_of(self, control: str) -> str:
        """Return the bone that follows a control; empty where none does."""
        bones = dict(self.names.controls)
        if control in bones:
            return bones[control]
        for limb in self.names.limbs:
            if control in (limb.end, limb.pole, limb.swing):
                return self.bone_map.bones.get(limb.joints[2 if control == limb.end else 1], "")
        return ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What gets keys: FK controls with their bones, and limbs by IK."""

    followers: tuple[Follower, ...]
    limbs: tuple[LimbControls, ...]
    moves_path: bool


def find_controls(ob: bpy.types.Object, bone_map: BoneMap | None = None) -> Controls | None:
    """Recognise a control rig; None where keys belong on the bones themselves.

    Args:
        ob: the armature object.
        bone_map: which bones play which joints; None takes those that the family has.
    """
    held = ob.pose.bones
    names = control_families.find_names(
        [bone.name for bone in ob.data.bones],
        lambda bone, name: name in held[bone].keys(),  # noqa: SIM118 - no mapping
    )
    if names is None:
        return None
    poles = frozenset(limb.end for limb in names.limbs if _bends_to_pole(ob, limb))
    bone_map = bone_map or control_families.family_map(names)
    bone_map = control_families.following_map(names, bone_map)
    return Controls(names, bone_map, poles)


def _bends_to_pole(ob: bpy.types.Object, limb: LimbControls) -> bool:
    if limb.pole_switch is None or not limb.swing:
        return bool(limb.pole)
    switch = limb.pole_switch
    return bool(limb.pole) and float(ob.pose.bones[switch.bone][switch.name]) == switch.ik


def choose_all(controls: Controls, options: RigOptions) -> Chosen:
    """Return the controls of the whole body, limbs as the animator wishes."""
    limbs = controls.names.limbs if options.limb_controls == IK else ()
    return _choose(controls, set(controls.bone_map.bones.values()), limbs, moves_path=True)


def choose_some(
    controls: Controls, bones: Iterable[str], seen: Posed, rows: Flags, moves_path: bool
) -> Chosen:
    """Return the controls of some bones, limbs as their switches stand over some rows.

    Raises:
        RequestError: if a switch changes, or mixes FK with IK.
    """
    limbs = []
    wanted = set(bones)
    for limb in controls.names.limbs:
        if not _limb_bones(controls, limb) & wanted or limb.switch is None:
            continue
        values = seen.switches[limb.switch.bone, limb.switch.name][rows]
        if np.allclose(values, limb.switch.ik, atol=1e-3):
            limbs.append(limb)
        elif not np.allclose(values, limb.switch.fk, atol=1e-3):
            raise RequestError(
                f'"{limb.switch.name}" of "{limb.switch.bone}" mixes IK with FK, or changes, '
                "within the frames.",
                "Choose frames on which it stands still at one of the two.",
            )
    return _choose(controls, wanted, tuple(limbs), moves_path)


def _limb_bones(controls: Controls, limb: LimbControls) -> set[str]:
    bones = controls.bone_map.bones
    toe = limb.joints[2].replace("ankle", "foot")
    return {bones[joint] for joint in (*limb.joints, toe) if joint in bones}


def _choose(
    controls: Controls, bones: set[str], limbs: tuple[LimbControls, ...], moves_path: bool
) -> Chosen:
    by_joint = controls.bone_map.bones
    by_ik = {bone for limb in limbs for bone in _limb_bones(controls, limb)}
    followers = [
        Follower(control, bone)
        for control, bone in controls.names.controls
        if bone in bones and bone not in by_ik
    ]
    for limb in limbs:
        followers.append(Follower(limb.end, by_joint[limb.joints[2]]))
        toe = by_joint.get(limb.joints[2].replace("ankle", "foot"))
        if limb.toe and toe and limb.joints[2].endswith("ankle"):
            followers.append(Follower(limb.toe, toe))
    return Chosen(tuple(followers), limbs, moves_path)


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What shall be on the controls, and on which of the frames."""

    chosen: Chosen
    targets: Targets
    frames: Sequence[int]
    """F scene frames."""

    base: Posed
    """One frame, or F, in which the bones follow the controls."""

    rows: Flags | None = None
    """(F,) where keys are new; elsewhere `base` is kept. None is everywhere."""

    fixed: BoneKeys = BoneKeys()
    """Channels of further bones that are keyed along: a root's."""


def solve(double: Double, controls: Controls, wanted: Wanted) -> BoneKeys:
    """Return the controls' channels on all frames."""
    solver = _Solver(double, controls, wanted)
    seen, keys = wanted.base, None
    for number in range(_ROUNDS):
        if keys is not None and solver.is_close(seen):
            break
        keys = solver.better_keys(seen, number)
        seen = double.play(wanted.frames, _joined(keys, wanted.fixed))
    assert keys is not None
    return keys


def _joined(keys: BoneKeys, fixed: BoneKeys) -> BoneKeys:
    return BoneKeys(keys.rotations | fixed.rotations, keys.locations | fixed.locations)


class _Solver:
    """Makes keys from what the last ones did."""

    def __init__(self, double: Double, controls: Controls, wanted: Wanted) -> None:
        self._double, self._controls, self._wanted = double, controls, wanted
        self._followers = wanted.chosen.followers
        self._rotations = control_solving.wanted_rotations(
            self._followers, wanted.targets, wanted.base
        )
        known = set(wanted.targets.rotations) | {one.control for one in self._followers}
        self._above = {one.control: self._nearest(one.control, known) for one in self._followers}
        bones = controls.bone_map.bones
        self._limbs = {
            limb.end: (bones[limb.joints[0]], bones[limb.joints[1]], bones[limb.joints[2]])
            for limb in wanted.chosen.limbs
        }
        self._rests = {
            end: [double.rest(name) for name in limb] for end, limb in self._limbs.items()
        }
        self._size = float(np.linalg.norm(
            double.rest(bones["left_knee"])[:3, 3] - double.rest(bones["left_hip"])[:3, 3]
        ))  # fmt: skip

    def better_keys(self, seen: Posed, number: int) -> BoneKeys:
        """Return keys that put right what was seen; in round 0 limbs keep their side."""
        controls = [one.control for one in self._followers]
        rotations = control_solving.solve_turns(controls, self._rotations, self._above, seen)
        locations = {}
        if self._wanted.chosen.moves_path:
            path = self._controls.names.path
            locations[path] = self._moved(path, self._path_heads(), seen)
        for limb in self._wanted.chosen.limbs:
            end = limb.end
            locations[end] = self._moved(end, self._end_heads(limb, seen), seen)
            self._bend(limb, seen, number, (rotations, locations))
        return self._inside(BoneKeys(rotations, locations))

    def is_close(self, seen: Posed) -> bool:
        """Say whether everything arrived."""
        rows = self._wanted.rows if self._wanted.rows is not None else slice(None)
        turned = [
            quaternions.angle_between(self._rotations[one.control], seen.rotations(one.control))
            for one in self._followers
        ]
        if any(angles[rows].max() > _CLOSE_RADIANS for angles in turned):
            return False
        away = [self._end_heads(limb, seen) - seen.heads(limb.end)
                for limb in self._wanted.chosen.limbs]  # fmt: skip
        if self._wanted.chosen.moves_path:
            away.append(self._path_heads() - seen.heads(self._controls.names.path))
        if any(np.abs(one[rows]).max() > _CLOSE_LENGTH * self._size for one in away):
            return False
        sides = [self._side(limb, seen)[2] for limb in self._wanted.chosen.limbs]
        return all(np.abs(error[rows]).max() < _CLOSE_SIDE for error in sides)

    def _path_heads(self) -> Array:
        targets, path = self._wanted.targets, self._controls.names.path
        one = Follower(path, targets.pelvis)
        return control_solving.carried_head(one, targets.heads, targets, self._wanted.base)

    def _end_heads(self, limb: LimbControls, seen: Posed) -> Array:
        bones = self._limbs[limb.end]
        targets = self._wanted.targets
        pose = self._wanted_limb(limb, seen)
        one = Follower(limb.end, bones[2])
        return control_solving.carried_head(one, pose.end, targets, self._wanted.base)

    def _bend(
        self,
        limb: LimbControls,
        seen: Posed,
        number: int,
        keys: tuple[dict[str, Array], dict[str, Array]],
    ) -> None:
        """Add the keys of what decides to which side a limb bends."""
        rotations, locations = keys
        wanted, now, error = self._side(limb, seen)
        error = error if number else np.zeros_like(error)
        if limb.end in self._controls.with_poles:
            heads = control_solving.solve_pole(limb.pole, (wanted, now), error, seen)
            locations[limb.pole] = self._moved(limb.pole, heads, seen)
        elif limb.swing:
            # IK turns this bone as well: its parent alone says how it lies without channels.
            parent = self._double.parent(limb.swing)
            local = np.linalg.solve(self._double.rest(parent), self._double.rest(limb.swing))
            still = seen.matrices[:, seen.index[parent]] @ local
            rotations[limb.swing] = control_solving.solve_swing(
                seen.channels(limb.swing), wanted.axis, error, read_rotations(still)
            )

    def _side(self, limb: LimbControls, seen: Posed) -> tuple[LimbPose, LimbPose, Array]:
        wanted = self._wanted_limb(limb, seen)
        now = control_solving.seen_limb(self._limbs[limb.end], seen)
        own_side = control_solving.rest_side(self._rests[limb.end])
        return wanted, now, control_solving.side_error(wanted, now, own_side)

    def _wanted_limb(self, limb: LimbControls, seen: Posed) -> LimbPose:
        bones = self._limbs[limb.end]
        offsets = control_solving.limb_offsets(bones, self._wanted.base)
        start = seen.heads(bones[0])
        return control_solving.wanted_limb(bones, start, offsets, self._wanted.targets)

    def _moved(self, name: str, heads: Array, seen: Posed) -> Array:
        axes = self._double.location_axes(name, seen)
        return control_solving.solve_location(name, heads, axes, seen)

    def _inside(self, keys: BoneKeys) -> BoneKeys:
        """Return the keys with those of the base outside the rows that are new."""
        base, rows = self._wanted.base, self._wanted.rows
        count = len(self._wanted.frames)
        for values, own in ((keys.rotations, base.channels), (keys.locations, base.locations)):
            for name, found in values.items():
                full = np.broadcast_to(found, (count, found.shape[1]))
                values[name] = full if rows is None else np.where(rows[:, None], full, own(name))
        return keys

    def _nearest(self, control: str, known: set[str]) -> str:
        """Return the nearest bone above a control of which it is known how it shall turn."""
        name = self._double.parent(control)
        while name and name not in known:
            name = self._double.parent(name)
        return name


@dataclass(frozen=True, slots=True, eq=False)
class Character:
    """What a whole take is put on."""

    rig: Rig
    bone_map: BoneMap
    held: BonePose
    """(N, 4) and (N, 3) what bones without keys hold."""

    options: RigOptions

    fps: float
    """The scene's frames per second."""


def whole_take(
    scene: bpy.types.Scene,
    ob: bpy.types.Object,
    character: Character,
    motion: RigMotion,
    start_frame_scene: int,
) -> RigMotion:
    """Return a motion of the bones as one of the controls, a row a scene frame.

    Args:
        scene: its frame rate counts.
        ob: a control rig.
        character: its rig, the bones that follow its controls.
        motion: channels as if the bones were plain ones.
        start_frame_scene: scene frame of the first row.
    """
    controls = find_controls(ob, character.bone_map)
    assert controls is not None
    motion = keyframes.sample_on_frames(motion, character.fps)
    chosen = choose_all(controls, character.options)
    pelvis = controls.bone_map.bones["pelvis"]
    targets = control_solving.motion_targets(character.rig, motion, character.held, pelvis)
    frames = range(start_frame_scene, start_frame_scene + len(motion.locations))
    with rig_double.lend_double(scene, ob, controls.bones) as double:
        double.forget_action()
        for switch, value in switch_values(controls, character.options).items():
            double.set_property(*switch, value)
        base = double.play(frames[:1], _rest_keys(controls))
        keys = solve(double, controls, Wanted(chosen, targets, frames, base))
    return control_motion(controls, keys, motion)


def switch_values(controls: Controls, options: RigOptions) -> dict[Property, float]:
    """Return the values of all IK/FK switches for the animator's wish."""
    is_ik = options.limb_controls == IK
    found = [limb.switch for limb in controls.names.limbs if limb.switch is not None]
    return {(one.bone, one.name): one.ik if is_ik else one.fk for one in found}


def _rest_keys(controls: Controls) -> BoneKeys:
    """Return one frame of all controls at rest."""
    keys = BoneKeys()
    limbs = controls.names.limbs
    for name, _ in controls.names.controls:
        keys.rotations[name] = quaternions.IDENTITY[None]
    for limb in limbs:
        for name in filter(None, (limb.end, limb.toe, limb.swing)):
            keys.rotations[name] = quaternions.IDENTITY[None]
    for name in filter(None, (controls.names.path, *(one for limb in limbs
                                                     for one in (limb.end, limb.pole)))):
        keys.locations[name] = np.zeros((1, 3))
    return keys


def control_motion(controls: Controls, keys: BoneKeys, motion: RigMotion) -> RigMotion:
    """Return keys of controls as a motion; what carries the character comes from the other one."""
    path = controls.names.path
    count = len(motion.locations)
    rotations = np.stack(list(keys.rotations.values()), axis=1)
    return replace(
        motion,
        bones=tuple(keys.rotations),
        rotations=quaternions.keep_quaternion_sign(_nearest_to_rest(rotations)),
        location_bone=path,
        locations=keys.locations.get(path, np.zeros((count, 3))),
        moved=tuple(
            BonePath(name, found) for name, found in keys.locations.items() if name != path
        ),
        is_measured=True,
    )


def _nearest_to_rest(rotations: Array) -> Array:
    return np.asarray(rotations * np.where(rotations[:1, :, :1] < 0, -1.0, 1.0))


def key_switches(
    ob: bpy.types.Object, action: bpy.types.Action, values: Mapping[Property, float], frame: int
) -> None:
    """Set switches, and key them on one frame of the object's own action."""
    bag = bag_of(action, getattr(ob.animation_data, "action_slot", None))
    for (name, key), value in values.items():
        bone = ob.pose.bones[name]
        bone[key] = type(bone[key])(value)
        path = f'pose.bones["{bpy.utils.escape_identifier(name)}"]'
        path += f'["{bpy.utils.escape_identifier(key)}"]'
        curve = bag.fcurves.find(path) or keyframes.new_fcurve(bag, path, 0, name)
        curve.keyframe_points.insert(frame, value).interpolation = "CONSTANT"
