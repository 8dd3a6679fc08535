"""Physics clean-up of a clip: feet that stand do not slide, nothing sinks into the floor.

Only the rotations of hips, knees and ankles change; the pelvis, everything above
it and the frames outside the mask stay as they are. The floor is y = 0, but a
foot that stands higher (stairs, a box) is locked where it stands and never
pulled down. It knows no rig and no model.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..clip import Array, Clip, ClipError, forward_kinematics
from ..contacts import CONTACT_JOINTS, STANDING_HEIGHTS
from ..displacements import bridge_displacements, rows_where, runs_of, spread_raise
from ..request import Progress
from ..running import run_to_end
from .leg_ik import FootTargets, Legs, put_feet, read_legs

Flags = NDArray[np.bool_]

CLEANING_UP: Final = Progress(0, 1, "Cleaning up")
"""What is told between the parts of a clean-up."""

_PELVIS = 0
_BLEND_SECONDS = 0.2
"""A correction fades in and out over this time around a contact."""

_SUPPORT_SECONDS = 0.3
"""A foot above the floor is on its support where it is lowest for so long before and after."""

_SAME_PLACE = 0.02
"""Metres; two contacts farther apart are two places."""

_STEP_SECONDS, _STEP = 0.2, 0.14
"""A foot that comes so many metres farther in so many seconds steps, whatever its contact says."""

_LONGEST_SLIDE = 0.2
"""Metres that a foot slides at most during a contact without a step in it."""

_CORRECTION_SPEED = 0.6
"""Metres a second at which a locked foot may go over to its next place."""


@dataclass(frozen=True, slots=True)
class ContactLimits:
    """When a foot joint stands. A contact starts at a strict frame and lasts while loose."""

    strict_height: float = 0.04
    """Metres above the joint's height when standing flat."""
    loose_height: float = 0.07
    strict_speed: float = 0.25
    """Metres a second."""
    loose_speed: float = 0.4
    raised_speed: float = 0.12
    """Strict speed of a foot that stands above the floor; loose is twice that."""
    shortest_seconds: float = 0.09
    longest_drift: float = 0.3
    """A joint that travels farther than this during a contact drags and does not stand."""
    longest_corrected: float = 1.0
    """The same for contacts that the caller gives: a foot locked against more travel snaps."""
    least_leg: float = 0.45
    """A foot stands above the floor only when the pelvis is this far above it."""


LIMITS = ContactLimits()


def detect_contacts(joints: Array, fps: float, limits: ContactLimits = LIMITS) -> Flags:
    """Say which foot joints stand, from height and speed with hysteresis.

    Args:
        joints: (T, J, 3) positions.
        fps: frames a second.
        limits: what counts as standing.

    Returns:
        (T, 4) left ankle, right ankle, left toe, right toe.
    """
    feet = joints[:, list(CONTACT_JOINTS)]
    if len(feet) == 0:
        return np.zeros((0, 4), dtype=bool)
    speed = np.zeros(feet.shape[:2])
    if len(feet) > 1:
        speed = np.linalg.norm(np.gradient(feet, axis=0), axis=-1) * fps
    height = feet[..., 1] - STANDING_HEIGHTS
    contacts = _between_thresholds(
        (height < limits.strict_height) & (speed < limits.strict_speed),
        (height < limits.loose_height) & (speed < limits.loose_speed),
    )
    contacts |= _raised_contacts(joints, speed, contacts, fps, limits)
    return _without_short_and_drifting(contacts, feet, fps, limits)


def _between_thresholds(strict: Flags, loose: Flags) -> Flags:
    """Keep the runs of loose frames that hold at least one strict frame; (T, 4) each."""
    kept = np.zeros_like(loose)
    for column in range(loose.shape[1]):
        for start, end in runs_of(loose[:, column]):
            kept[start:end, column] = strict[start:end, column].any()
    return kept


def _raised_contacts(
    joints: Array, speed: Array, contacts: Flags, fps: float, limits: ContactLimits
) -> Flags:
    """Find feet that stand on stairs or a box: still, under the body, no foot on the floor."""
    height = joints[:, list(CONTACT_JOINTS), 1] - STANDING_HEIGHTS
    above = joints[:, _PELVIS, None, 1] - joints[:, list(CONTACT_JOINTS), 1]
    lowest = _moving_minimum(height, round(_SUPPORT_SECONDS * fps))
    possible = (
        (height >= limits.loose_height)
        & (height < lowest + 0.02)
        & (above > limits.least_leg)
        & ~contacts.any(axis=1, keepdims=True)
    )
    return _between_thresholds(
        possible & (speed < limits.raised_speed), possible & (speed < 2 * limits.raised_speed)
    )


def _moving_minimum(values: Array, reach: int) -> Array:
    """Return the least of the frames up to `reach` before and after; (T, 4)."""
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    lowest: Array = windows.min(axis=-1)
    return lowest


def _without_short_and_drifting(
    contacts: Flags, feet: Array, fps: float, limits: ContactLimits
) -> Flags:
    kept = np.array(contacts)
    for column in range(contacts.shape[1]):
        for start, end in runs_of(contacts[:, column]):
            whole = end - start == len(contacts)
            if end - start < limits.shortest_seconds * fps and not whole:
                kept[start:end, column] = False
    return _without_drifting(kept, feet, limits.longest_drift)


def _without_drifting(contacts: Flags, feet: Array, longest: float) -> Flags:
    """Drop the contacts (T, 4) during which a foot (T, 4, 3) travels farther: it drags."""
    kept = np.array(contacts)
    for column in range(contacts.shape[1]):
        for start, end in runs_of(contacts[:, column]):
            path = feet[start:end, column][:, [0, 2]]
            if np.linalg.norm(path.max(axis=0) - path.min(axis=0)) > longest:
                kept[start:end, column] = False
    return kept


def clean_up(clip: Clip, contacts: Flags | None = None, mask: Flags | None = None) -> Clip:
    """Lock standing feet to their place and lift feet out of the floor.

    Args:
        clip: T >= 0 frames.
        contacts: (T, 4) left ankle, right ankle, left toe, right toe; None detects them.
        mask: (T,) frames that may change; the others stay bit for bit. None is all.

    Returns:
        A clip with new rotations of the legs. Where a leg cannot reach, the foot
        comes as near as it can without a stretched knee snapping.

    Raises:
        ClipError: if contacts or mask do not fit the clip.
    """
    return run_to_end(clean_up_in_steps(clip, contacts, mask))


def clean_up_in_steps(
    clip: Clip, contacts: Flags | None = None, mask: Flags | None = None
) -> Generator[Progress, None, Clip]:
    """Do what `clean_up` does, yielding between its parts: a long clip takes a while."""
    mask = np.ones(clip.frames, dtype=bool) if mask is None else mask
    if mask.shape != (clip.frames,):
        raise ClipError(f"the mask must be ({clip.frames},), not {mask.shape}")
    if clip.frames == 0:
        return clip
    positions, rotations = forward_kinematics(clip.root_pos, clip.rot)
    yield CLEANING_UP
    if contacts is None:
        contacts = detect_contacts(positions, clip.fps)
    if contacts.shape != (clip.frames, 4):
        raise ClipError(f"contacts must be ({clip.frames}, 4), not {contacts.shape}")
    legs = read_legs(positions, rotations)
    blend = max(2, round(_BLEND_SECONDS * clip.fps))
    feet = positions[:, list(CONTACT_JOINTS)]
    contacts = _without_steps(contacts.astype(bool), feet, clip.fps)
    contacts = _without_drifting(contacts, feet, LIMITS.longest_corrected)
    contacts = np.stack(
        [
            _with_time_to_step(contacts[:, column], feet[:, column], clip.fps)
            for column in range(4)
        ],
        axis=1,
    )
    yield CLEANING_UP
    targets = _lift_from_floor(legs, mask, blend)
    for side in range(2):
        yield CLEANING_UP
        foot = _Foot(
            targets.ankles[:, side],
            targets.directions[:, side],
            float(legs.foot_lengths[side]),
            contacts[:, side],
            contacts[:, side + 2],
        )
        held = _lock_foot(foot, mask, blend)
        targets.ankles[:, side], targets.directions[:, side], targets.holds[:, side] = held
    yield CLEANING_UP
    return put_feet(clip, legs, targets, mask)


def _without_steps(contacts: Flags, feet: Array, fps: float) -> Flags:
    """Break contacts (T, 4) that the caller gives where a foot (T, 4, 3) goes elsewhere.

    What decodes slides a little while it stands; who goes down on a knee takes the foot along.
    """
    if len(feet) == 0:
        return contacts
    reach = max(1, round(_STEP_SECONDS / 2.0 * fps))
    level = np.pad(feet[..., [0, 2]], ((reach, reach), (0, 0), (0, 0)), mode="edge")
    steps = np.linalg.norm(level[2 * reach :] - level[: -2 * reach], axis=-1) > _STEP
    kept = _without_drifting(contacts, feet, _LONGEST_SLIDE)
    return np.asarray(kept | (contacts & ~steps))


def _with_time_to_step(stands: Flags, points: Array, fps: float) -> Flags:
    """Shorten neighbouring contacts (T,) until the foot has time to get from one to the next."""
    stands = np.array(stands)
    runs = runs_of(stands)
    for (start, end), (next_start, next_end) in zip(runs, runs[1:], strict=False):
        step = points[next_start:next_end].mean(axis=0) - points[start:end].mean(axis=0)
        distance = float(np.linalg.norm(step[[0, 2]]))
        if distance < _SAME_PLACE:
            continue
        needed = min(round(distance / _CORRECTION_SPEED * fps), round(_BLEND_SECONDS * fps))
        trim = max(0, needed - (next_start - end) + 1) // 2
        stands[max(start, end - min(trim, (end - start) // 3)) : end] = False
        stands[next_start : next_start + min(trim, (next_end - next_start) // 3)] = False
    return stands


@dataclass(frozen=True, slots=True)
class _Foot:
    """One foot over T frames."""

    ankle: Array
    """(T, 3) metres."""
    direction: Array
    """(T, 3) unit, from the ankle to the toe joint."""
    length: float
    """Metres from the ankle to the toe joint."""
    ankle_stands: Flags
    toe_stands: Flags

    @property
    def toe(self) -> Array:
        """(T, 3) metres."""
        return self.ankle + self.length * self.direction


def _lift_from_floor(legs: Legs, mask: Flags, blend: int) -> FootTargets:
    """Return the feet as they are, but with no joint under its limit."""
    ankles, toes = np.array(legs.ankles), np.array(legs.toes)
    for side in range(2):
        for points, limit in ((ankles, 0.03), (toes, 0.0)):
            needed = np.where(mask, np.maximum(limit - points[:, side, 1], 0.0), 0.0)
            points[:, side, 1] += spread_raise(needed, mask, max(1, blend // 2))
    # The foot keeps its length: the toe stays at its height, the ankle above it moves along.
    reach = toes - ankles
    drop = np.clip(reach[..., 1], -0.99 * legs.foot_lengths, 0.99 * legs.foot_lengths)
    level = np.linalg.norm(reach[..., [0, 2]], axis=-1)
    wanted = np.sqrt(legs.foot_lengths**2 - drop**2)
    changed = np.abs(np.linalg.norm(reach, axis=-1) - legs.foot_lengths) > 1e-9
    scale = np.where(changed, wanted / np.maximum(level, 1e-6), 1.0)
    reach = np.stack([reach[..., 0] * scale, drop, reach[..., 2] * scale], axis=-1)
    reach /= np.maximum(np.linalg.norm(reach, axis=-1, keepdims=True), 1e-12)
    return FootTargets(ankles, reach, np.zeros(ankles.shape[:2]))


def _lock_foot(foot: _Foot, mask: Flags, blend: int) -> tuple[Array, Array, Array]:
    """Return ankle (T, 3), direction (T, 3) and firmness (T,) with the standing joints held.

    A flat foot keeps its direction and both joints; on the toes the ankle
    follows from the toe joint; on the heel the toe joint follows from the ankle.
    """
    flat = foot.ankle_stands & foot.toe_stands
    direction = _lock_direction(foot, flat, mask, blend)
    toe_path = _anchor_path(foot.toe, foot.toe_stands, mask, blend)
    wanted = np.array(foot.ankle)
    known = np.zeros((len(mask), 3), dtype=bool)
    on_toe = foot.toe_stands
    wanted[on_toe] = toe_path[on_toe] - foot.length * direction[on_toe]
    known[on_toe] = True
    for start, end in runs_of(foot.ankle_stands):
        _anchor_heel(foot, slice(start, end), (wanted, known), mask, blend)
    displacement = wanted - foot.ankle
    displacement[~mask] = 0.0
    known[~mask] = True
    for axis in range(3):
        displacement[:, axis] = bridge_displacements(displacement[:, axis], known[:, axis], blend)
    stands = (foot.ankle_stands | foot.toe_stands) & mask
    holds = bridge_displacements(stands.astype(float), stands | ~mask, blend)
    return foot.ankle + displacement, direction, holds


def _anchor_heel(
    foot: _Foot, run: slice, ankle: tuple[Array, Flags], mask: Flags, blend: int
) -> None:
    """Hold the ankle in the level plane on the frames of a run where the toe does not stand.

    Args:
        foot: the foot.
        run: a contact of its ankle.
        ankle: where it shall be (T, 3), and which of these numbers count; both are filled in.
        mask: (T,) frames that may change.
        blend: frames that a correction takes.
    """
    wanted, known = ankle
    toe_stands = foot.toe_stands[run]
    frames = np.arange(run.start, run.stop)
    free = frames[~toe_stands]
    if len(free) == 0:
        return
    if toe_stands.any():
        fixed = frames[toe_stands]
        before = fixed[np.clip(np.searchsorted(fixed, free) - 1, 0, len(fixed) - 1)]
        after = fixed[np.clip(np.searchsorted(fixed, free), 0, len(fixed) - 1)]
        # Between two places of the toe the heel is not held: the foot steps over.
        moves = np.linalg.norm(wanted[after] - wanted[before], axis=-1) > _SAME_PLACE
        free, fixed_before = free[~moves], before[~moves]
        for axis in (0, 2):
            wanted[free, axis] = wanted[fixed_before, axis]
    else:
        path = _anchor_path(foot.ankle, rows_where(run, len(mask)), mask, blend)
        wanted[free] = path[free]
    known[free, 0] = True
    known[free, 2] = True


def _anchor_path(points: Array, stands: Flags, mask: Flags, blend: int) -> Array:
    """Return (T, 3): during each contact the level position is held, the height is kept."""
    path = np.array(points)
    for start, end in runs_of(stands):
        frames = np.arange(start, end)
        fixed = _fixed_frames(start, end, mask, blend)
        for axis in (0, 2):
            if len(fixed):
                path[frames, axis] = np.interp(frames, fixed, points[fixed, axis])
            else:
                path[frames, axis] = points[frames, axis].mean()
    return path


def _fixed_frames(start: int, end: int, mask: Flags, blend: int) -> NDArray[np.intp]:
    """Return the frames of a contact on which the foot is where it shall stay.

    Those outside the mask; where there are none, an end so near to the mask's border
    that a correction has no time to grow.
    """
    frames = np.arange(start, end)
    fixed = frames[~mask[start:end]]
    if len(fixed):
        return fixed
    ends = [start] * (not mask[max(0, start - blend // 2) : start].all())
    ends += [end - 1] * (not mask[end : end + blend // 2].all())
    return np.unique(np.array(ends, dtype=np.intp))


def _lock_direction(foot: _Foot, flat: Flags, mask: Flags, blend: int) -> Array:
    """Return unit directions (T, 3): constant while the foot is flat, blended around it."""
    held = np.array(foot.direction)
    for start, end in runs_of(flat):
        frames = np.arange(start, end)
        fixed = _fixed_frames(start, end, mask, blend)
        for axis in range(3):
            if len(fixed):
                held[frames, axis] = np.interp(frames, fixed, foot.direction[fixed, axis])
            else:
                held[frames, axis] = foot.direction[frames, axis].mean()
    # The pitch stays free: a heel that rises over a standing toe is no slide.
    held[:, 1] = foot.direction[:, 1]
    level = np.linalg.norm(held[:, [0, 2]], axis=-1, keepdims=True)
    held[:, [0, 2]] *= np.sqrt(1.0 - held[:, 1:2] ** 2) / np.maximum(level, 1e-12)
    change = held - foot.direction
    change[~mask] = 0.0
    for axis in range(3):
        change[:, axis] = bridge_displacements(change[:, axis], flat | ~mask, blend)
    direction = foot.direction + change
    direction /= np.maximum(np.linalg.norm(direction, axis=-1, keepdims=True), 1e-12)
    unit: Array = direction
    return unit
