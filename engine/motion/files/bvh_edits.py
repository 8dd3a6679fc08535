"""An edited clip -> the BVH file that it was read from: its skeleton, units, place and rate.

Numbers outside the mask are the file's own, as printed. It knows no prompt and
no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..clip import Array, Clip
from ..retargeting.pose_offsets import fit_clip_to_track, track_to_clip
from ..retargeting.rig_track import RigTrack
from ..rig import BonePose
from ..rig_motion import RigMotion
from ..skeleton import FPS, PART_JOINTS, PARTS
from ..smooth_sampling import sample_smoothly
from .bvh_clips import BvhClip, make_track
from .bvh_joints import BvhJoint, local_channels
from .bvh_writing import rotations_to_angles, write_whole

Flags = NDArray[np.bool_]

_FEWEST_DECIMALS = 4
_LARGEST_OFFSET = np.radians(0.6)
"""Of a bone to the made clip at a border of a file whose frames lie between clip frames: there
the file's last own frame lies part of the way to the first new one."""

_NOTEWORTHY = np.radians(3.0)
"""What a joint with fewer than three rotation channels may lack without a word."""


@dataclass(frozen=True, eq=False)
class BvhEdit:
    """How a canvas of T clip frames lies on a BVH file."""

    source: BvhClip

    first: int = 0
    """Frame of the canvas at which the file's frame 0 lies."""

    joined: int | None = None
    """Frame of the canvas at which a second motion begins that goes on to its end."""

    after: BvhClip | None = None
    """The second motion's file, if it is a BVH."""


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """F rows of numbers, before the edit."""

    tokens: list[list[str]]
    """As printed; those of frames that the files lack are copies of their ends."""

    channels: BonePose
    """(F, N)"""

    first: int
    """The row of the file's frame 0."""

    tail: int
    """The row at which the second file begins; F without one."""


def write_edit(edit: BvhEdit, made: Clip, mask: Flags, path: Path) -> tuple[str, ...]:
    """Write an edited clip as the file that it was read from, whole or not at all.

    Args:
        edit: how the canvas lies on the file.
        made: (T) the canvas after the edit, where the source's clip lies.
        mask: (T, 4) where it is new; columns in the order of PARTS.
        path: of the new file.

    Returns:
        Sentences about what the file cannot hold.

    Raises:
        OSError: if the file cannot be written; an older file stays as it was.
    """
    source = edit.source
    rows = _lay_out(edit, made.frames)
    track = make_track(
        source.track.rig, source.track.bone_map, rows.channels, source.track.fps
    )
    made, mask = _on_rows(track, source, (made, mask), edit, rows)
    is_exact = abs(track.fps - FPS) < 1e-6
    largest = np.inf if is_exact else _LARGEST_OFFSET
    fitted = fit_clip_to_track(track, source.placement, made, mask, largest)
    notes = _put_numbers(source, track, fitted, rows)
    text = source.motion.text
    lines = [
        text.header.rstrip(),
        "MOTION",
        f"Frames: {len(rows.tokens)}",
        f"Frame Time: {text.seconds}",
        *(" ".join(row) for row in rows.tokens),
    ]
    write_whole(path, "\n".join(lines) + "\n", text.encoding)
    return notes


def changed_cells(before: Clip, after: Clip) -> Flags:
    """Return where two clips of T frames differ, (T, 4) frames x parts."""
    turned = (np.asarray(before.rot) != np.asarray(after.rot)).any(axis=-1)
    moved = (np.asarray(before.root_pos) != np.asarray(after.root_pos)).any(axis=-1)
    cells = np.stack([turned[:, list(PART_JOINTS[part])].any(axis=1) for part in PARTS], axis=1)
    cells[:, PARTS.index("LOWER_BODY")] |= moved
    return np.asarray(cells, dtype=bool)


def closing_rate(source: BvhClip) -> BvhClip:
    """Return the same with its rate changed a little, so that its last frame is a clip frame.

    A cycle closes at its very end, which lies between two clip frames at most rates.
    """
    steps = source.track.frames - 1
    fps = steps * FPS / max(1, round(steps * FPS / source.track.fps)) if steps else FPS
    track = replace(source.track, fps=fps)
    return replace(source, track=track, clip=track_to_clip(track, source.placement))


def _lay_out(edit: BvhEdit, frames: int) -> _Rows:
    """Return the rows that a canvas of some clip frames has."""
    source, rate = edit.source, edit.source.track.fps / FPS
    own = source.track.frames
    first = round(edit.first * rate)
    after = edit.after if edit.after is not None and _is_same_kind(source, edit.after) else None
    if after is not None and edit.joined is not None:
        tail = max(first + own, round(edit.joined * rate))
        count = tail + after.track.frames
    elif frames > edit.first + source.clip.frames:
        tail = count = max(first + own, int(np.ceil((frames - 1) * rate - 1e-6)) + 1)
    else:
        tail = count = first + own
    taken = np.clip(np.arange(tail) - first, 0, own - 1)
    tokens = _split(source)
    channels = [source.motion.channels.rotations[taken], source.motion.channels.locations[taken]]
    rows = [list(tokens[row]) for row in taken]
    if after is not None:
        other = after.motion.channels
        channels = [
            np.concatenate(pair)
            for pair in zip(channels, (other.rotations, other.locations), strict=True)
        ]
        rows += _split(after)
    return _Rows(rows, BonePose(*channels), first, tail if after is not None else count)


def _split(source: BvhClip) -> list[list[str]]:
    """Return the file's printed numbers, one list a frame."""
    words = source.motion.text.numbers.split()
    width = sum(len(joint.channels) for joint in source.motion.text.joints)
    return [words[start : start + width] for start in range(0, len(words), width)]


def _is_same_kind(one: BvhClip, other: BvhClip) -> bool:
    """Say whether two files have the same skeleton and rate, so that rows may be shared."""
    pairs = zip(one.motion.text.joints, other.motion.text.joints, strict=False)
    return (
        len(one.motion.text.joints) == len(other.motion.text.joints)
        and abs(one.track.fps - other.track.fps) < 1e-6
        and all(
            (a.name, a.parent, a.channels) == (b.name, b.parent, b.channels)
            and np.allclose(a.offset, b.offset, rtol=1e-4, atol=1e-6)
            for a, b in pairs
        )
    )


def _on_rows(
    track: RigTrack, source: BvhClip, edited: tuple[Clip, Flags], edit: BvhEdit, rows: _Rows
) -> tuple[Clip, Flags]:
    """Return the edited canvas and its mask at the track's clip frames.

    Where the mask is not set, the clip is the track's own.
    """
    made, mask = edited
    own = track_to_clip(track, source.placement)
    shift = edit.first - rows.first * FPS / track.fps
    positions = np.clip(np.arange(own.frames) + shift, 0.0, made.frames - 1.0)
    sampled = sample_smoothly(made, positions, FPS)
    mask = mask[np.round(positions).astype(int)].copy()
    if edit.joined is not None:
        mask[positions >= edit.joined] = True  # another skeleton's motion is made to fit this one
        if rows.tail < track.frames:
            mask[int(np.floor(rows.tail * FPS / track.fps + 1e-6)) :] = False
    rot, root_pos = np.array(own.rot), np.array(own.root_pos)
    for column, part in enumerate(PARTS):
        for joint in PART_JOINTS[part]:
            rot[mask[:, column], joint] = sampled.rot[mask[:, column], joint]
    lower = mask[:, PARTS.index("LOWER_BODY")]
    root_pos[lower] = sampled.root_pos[lower]
    return Clip(root_pos, rot, FPS), mask


def _put_numbers(
    source: BvhClip, track: RigTrack, fitted: RigMotion, rows: _Rows
) -> tuple[str, ...]:
    """Print the channels that the edit changed into the rows; return what they cannot hold."""
    joints = source.motion.text.joints
    starts = np.cumsum([0, *(len(joint.channels) for joint in joints)]).tolist()
    decimals = max(_FEWEST_DECIMALS, _printed_decimals(rows.tokens))
    notes: list[str] = []
    for column, name in enumerate(fitted.bones):
        bone = track.rig.index[name]
        own, new = track.channels.rotations[:, bone], fitted.rotations[:, column]
        side = np.where(np.sum(own * new, axis=-1, keepdims=True) < 0, -1.0, 1.0)
        changed = np.flatnonzero((own * side != new).any(axis=-1))
        if len(changed):
            places = [starts[bone] + place for place in joints[bone].rotations]
            print_at = _Place(rows.tokens, places, decimals)
            lacking = _put_angles(joints[bone], (own, new), changed, print_at)
            if lacking > _NOTEWORTHY:
                notes.append(
                    f"{name} has {len(places) or 'no'} rotation channels in the BVH: up to "
                    f"{np.degrees(lacking):.0f} degrees of its turn are missing there."
                )
    bone = track.rig.index[fitted.location_bone]
    own, joint = track.channels.locations[:, bone], joints[bone]
    changed = np.flatnonzero((own != fitted.locations).any(axis=-1))
    for place in joint.positions:
        axis = "xyz".index(joint.channels[place][0])
        for row in changed.tolist():
            number = joint.offset[axis] + fitted.locations[row, axis]
            rows.tokens[row][starts[bone] + place] = f"{number:.{decimals}f}"
    if len(changed) and len(joint.positions) < 3:
        notes.append(f"{joint.name} has no three position channels: its path is not in the BVH.")
    return tuple(notes)


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where a joint's angles are printed."""

    tokens: list[list[str]]
    columns: list[int]
    decimals: int


def _put_angles(
    joint: BvhJoint, turns: tuple[Array, Array], changed: NDArray[np.int_], place: _Place
) -> float:
    """Print a joint's angles on its changed rows; return by how many radians they miss at most.

    Args:
        joint: with up to three rotation channels.
        turns: (F, 4) its own rotations and the new ones.
        changed: rows to print.
        place: where to print them.
    """
    own, new = turns
    tokens, columns = place.tokens, place.columns
    if not columns or len(set(joint.order)) < len(columns):
        return float(quaternions.angle_between(new[changed], own[changed]).max())
    order = "".join(dict.fromkeys(joint.order + "xyz"))
    shown = len(columns)
    for run in np.split(changed, np.flatnonzero(np.diff(changed) > 1) + 1):
        last = tokens[max(run[0] - 1, 0)]
        before = np.radians([float(last[column]) for column in columns] + [0.0] * (3 - shown))
        angles = np.degrees(rotations_to_angles(new[run], order, before))
        for row, frame in zip(run.tolist(), angles.tolist(), strict=True):
            for column, angle in zip(columns, frame, strict=False):
                tokens[row][column] = f"{angle:.{place.decimals}f}"
    values = [[float(tokens[row][column]) for column in columns] for row in changed.tolist()]
    alone = BvhJoint(joint.name, -1, channels=tuple(f"{axis}r" for axis in joint.order))
    shows = local_channels([alone], np.array(values)).rotations[:, 0]
    return float(quaternions.angle_between(new[changed], shows).max())


def _printed_decimals(tokens: list[list[str]]) -> int:
    """Return how many decimals the numbers of the first row have at most, up to ten."""
    plain = [token.partition(".")[2] for token in tokens[0] if "e" not in token.lower()]
    return min(10, max((len(decimals) for decimals in plain), default=0))
