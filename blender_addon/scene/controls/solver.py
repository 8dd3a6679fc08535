"""Finds the keys of controls by asking Blender what they do, until the bones arrive.

What lies between controls and bones is not modelled: a double of the rig is evaluated with
the keys, and they are put right. It writes no keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.skeleton import JOINTS, PARENTS
from ...core.controls import solving as control_solving
from ...core.controls.families import LimbControls
from ...core.controls.solving import Follower, LimbPose, Targets
from ...core.link.jobs import Task
from ...core.replay.player import Player
from ...core.rigs.double_bones import DoubleBones
from ...core.rigs.posed import BoneKeys, Posed, read_rotations
from .rigs import Chosen, Controls

Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

_REPLAYS = 2
"""Evaluating all frames of a take is what costs time; a third one would only confirm."""

_CLOSE_RADIANS = np.radians(0.02)
_CLOSE_SIDE = np.radians(0.2)
_CLOSE_LENGTH = 2e-4
"""Of the upper leg's length."""


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


def solve(player: Player, controls: Controls, wanted: Wanted) -> Task[BoneKeys]:
    """Return the controls' channels on all frames, after at most two replays of the take."""
    solver = _Solver(player.bones, controls, wanted)
    keys = solver.better_keys(wanted.base, 0)
    for number in range(1, _REPLAYS + 1):
        seen = yield from player.replay(wanted.frames, _joined(keys, wanted.fixed))
        if solver.is_close(seen):
            break
        keys = solver.better_keys(seen, number)
    return keys


def _joined(keys: BoneKeys, fixed: BoneKeys) -> BoneKeys:
    return BoneKeys(keys.rotations | fixed.rotations, keys.locations | fixed.locations)


class _Solver:
    """Makes keys from what the last ones did."""

    def __init__(self, double: DoubleBones, controls: Controls, wanted: Wanted) -> None:
        self._bones, self._controls, self._wanted = double, controls, wanted
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
            end: [self._bones.rest(name) for name in limb] for end, limb in self._limbs.items()
        }
        self._starts = {limb.end: self._start_of(limb) for limb in wanted.chosen.limbs
                        if wanted.rows is None and not self._has_pole(limb)}  # fmt: skip
        self._size = float(np.linalg.norm(
            self._bones.rest(bones["left_knee"])[:3, 3] - self._bones.rest(bones["left_hip"])[:3, 3]
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
        if self._has_pole(limb):
            heads = control_solving.solve_pole(limb.pole, (wanted, now), error, seen)
            locations[limb.pole] = self._moved(limb.pole, heads, seen)
        elif limb.swing:
            # IK turns this bone as well: its parent alone says how it lies without channels.
            parent = self._bones.parent(limb.swing)
            local = np.linalg.solve(self._bones.rest(parent), self._bones.rest(limb.swing))
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
        if seen is self._wanted.base:
            start = self._starts.get(limb.end, start)
        return control_solving.wanted_limb(bones, start, offsets, self._wanted.targets)

    def _has_pole(self, limb: LimbControls) -> bool:
        return limb.end in self._controls.with_poles

    def _start_of(self, limb: LimbControls) -> Array:
        """Return where a limb will start, (F, 3): a character at rest shows it elsewhere.

        A swing only finds its side once the limb has been seen in its place; a pole moves there
        with the limb.
        """
        bones = self._controls.bone_map.bones
        line, number = [], JOINTS.index(limb.joints[0])
        while number >= 0:
            line += [bones[JOINTS[number]]] if JOINTS[number] in bones else []
            number = PARENTS[number]
        return control_solving.end_of_line(line[::-1], self._wanted.targets, self._wanted.base)

    def _moved(self, name: str, heads: Array, seen: Posed) -> Array:
        axes = self._bones.location_axes(name, seen)
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
        name = self._bones.parent(control)
        while name and name not in known:
            name = self._bones.parent(name)
        return name
