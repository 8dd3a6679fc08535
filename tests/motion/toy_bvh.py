"""BVH files made up for tests: a canonical clip in the ways of different programs."""

from dataclasses import dataclass

import numpy as np
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip, forward_kinematics
from keyfill_extension.engine.motion.files.bvh_writing import rotations_to_angles
from keyfill_extension.engine.motion.skeleton import JOINTS, PARENTS, REST_OFFSETS
from keyfill_extension.tests.motion.toy_rigs import FAMILIES

NAMES = FAMILIES["mixamo without prefix"]
LYING_CHAINS = ("spine1", "spine2", "hip", "knee", "shoulder", "elbow", "neck")
"""Joints whose bones a lying rest pose lays along X."""


@dataclass(frozen=True)
class BvhStyle:
    """How a program writes a clip."""

    units: float = 100.0
    """A metre."""

    is_lying: bool = False
    """The rest pose has limbs, spine and neck along +X."""

    is_z_up: bool = False

    above_floor: float = 0.0
    """Metres that the floor is above the file's origin."""

    fps: float = 30.0
    seconds: str = "0.0333333"
    order: str = "zxy"
    decimals: int = 6
    has_six_channels: bool = False
    """Joints below the root have position channels, all zero."""


def with_standing_start(clip: Clip) -> Clip:
    """The clip with a T-pose as its first frame."""
    rot, root_pos = np.array(clip.rot), np.array(clip.root_pos)
    rot[0] = quaternions.IDENTITY
    root_pos[0, 1] = 0.95
    return Clip(root_pos, rot, clip.fps)


def bvh_text(clip: Clip, style: BvhStyle) -> str:
    """The text of a BVH whose bones do what the clip does, frame by frame."""
    turns = _rest_turns(style)
    world = forward_kinematics(clip.root_pos, clip.rot)[1]
    world = quaternions.multiply(world, turns)
    offsets = REST_OFFSETS * style.units
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            back = quaternions.conjugate(turns[parent])
            offsets[joint] = quaternions.rotate(back, offsets[joint])
    position = (clip.root_pos + [0.0, style.above_floor, 0.0]) * style.units
    if style.is_z_up:
        up = quaternions.axis_angle_to_quaternion(np.array([1.0, 0.0, 0.0]), np.array(np.pi / 2))
        world = quaternions.multiply(quaternions.multiply(up, world), quaternions.conjugate(up))
        offsets, position = quaternions.rotate(up, offsets), quaternions.rotate(up, position)
    local = np.array(world)
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            local[:, joint] = quaternions.multiply(
                quaternions.conjugate(world[:, parent]), world[:, joint]
            )
    order, lines = [], ["HIERARCHY"]
    _add_joint(0, offsets, style, (lines, order))
    angles = np.degrees(rotations_to_angles(local, style.order))
    lines += ["MOTION", f"Frames: {clip.frames}", f"Frame Time: {style.seconds}"]
    empty = np.zeros((clip.frames, 3))
    for frame in range(clip.frames):
        numbers = [*position[frame]]
        for joint in order:
            if joint and style.has_six_channels:
                numbers += [*empty[frame]]
            numbers += [*angles[frame, joint]]
        lines.append(" ".join(f"{number:.{style.decimals}f}" for number in numbers))
    return "\n".join(lines) + "\n"


def _rest_turns(style):
    """By joint the turn (22, 4) from the file's rest bone to the canonical one."""
    turns = np.tile(quaternions.IDENTITY, (len(JOINTS), 1))
    for joint, name in enumerate(JOINTS):
        if style.is_lying and name.split("_")[-1] in LYING_CHAINS:
            child = PARENTS.index(joint)
            turns[joint] = quaternions.between(np.array([1.0, 0.0, 0.0]), REST_OFFSETS[child])
    return turns


def _add_joint(joint, offsets, style, out):
    lines, order = out
    order.append(joint)
    kind = "JOINT" if joint else "ROOT"
    places = "Xposition Yposition Zposition " if not joint or style.has_six_channels else ""
    turns = " ".join(f"{axis.upper()}rotation" for axis in style.order)
    lines += [
        f"{kind} {NAMES[JOINTS[joint]]}", "{",
        "OFFSET " + " ".join(f"{number:.6f}" for number in offsets[joint] * bool(joint)),
        f"CHANNELS {6 if places else 3} {places}{turns}",
    ]  # fmt: skip
    children = [child for child, parent in enumerate(PARENTS) if parent == joint]
    for child in children:
        _add_joint(child, offsets, style, out)
    if not children:
        lines += ["End Site", "{", f"OFFSET 0 {0.05 * style.units} 0", "}"]
    lines.append("}")


def limb_directions(clip: Clip):
    """Unit vectors (T, n, 3) along arms and legs, with their ends: hands and toes."""
    joints = clip.joints()
    ends = [
        JOINTS.index(f"{side}_{joint}")
        for side in ("left", "right")
        for joint in ("knee", "ankle", "foot", "elbow", "wrist")
    ]
    ways = joints[:, ends] - joints[:, [PARENTS[end] for end in ends]]
    return ways / np.linalg.norm(ways, axis=-1, keepdims=True)


def limb_degrees(first: Clip, second: Clip):
    """Angles (T, n) between the limbs of two clips."""
    cosine = np.sum(limb_directions(first) * limb_directions(second), axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
