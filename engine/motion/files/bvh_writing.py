"""Writes canonical clips as BVH: metres, Y-up, ZXY rotations, End Sites.

It knows no other skeleton than the canonical one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..clip import Array, Clip, ClipError
from ..quaternions import normalize, quaternion_to_matrix
from ..skeleton import JOINTS, PARENTS, REST_OFFSETS, STANDING_PELVIS_HEIGHT

END_SITES = {
    "head": (0.0, 0.18, 0.0),
    "left_wrist": (0.09, 0.0, 0.0),
    "right_wrist": (-0.09, 0.0, 0.0),
    "left_foot": (0.0, 0.0, 0.06),
    "right_foot": (0.0, 0.0, 0.06),
}
"""Where the last bones end, metres from their joint in the rest pose."""


def write_bvh(clip: Clip, path: Path) -> None:
    """Write a clip's 22 joints as BVH, whole or not at all.

    Raises:
        ClipError: if the clip has no frames.
        OSError: if the file cannot be written; an older file stays as it was.
    """
    if clip.frames == 0:
        raise ClipError("a clip without frames cannot be written as BVH")
    lines: list[str] = ["HIERARCHY"]
    order: list[int] = []
    _write_joint(0, "", lines, order)
    lines += ["MOTION", f"Frames: {clip.frames}", f"Frame Time: {1.0 / clip.fps:.10f}"]
    angles = np.degrees(rotations_to_zxy(np.asarray(clip.rot)[:, order]))
    values = np.concatenate([clip.root_pos, angles.reshape(clip.frames, -1)], axis=1)
    row = " ".join(["%.6f"] * values.shape[1])
    lines += [row % tuple(frame) for frame in values.tolist()]
    write_whole(path, "\n".join(lines) + "\n", "ascii")


def write_whole(path: Path, text: str, encoding: str) -> None:
    """Write a text file, whole or not at all.

    Raises:
        OSError: if the file cannot be written; an older file stays as it was.
    """
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(text.encode(encoding))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_joint(joint: int, indent: str, lines: list[str], order: list[int]) -> None:
    """Append a joint and all below it; `order` gets the joints as their channels follow."""
    name, inner = JOINTS[joint], indent + "\t"
    order.append(joint)
    standing = np.array([0.0, STANDING_PELVIS_HEIGHT, 0.0])
    position = "" if joint else "Xposition Yposition Zposition "
    lines += [
        f"{indent}{'JOINT' if joint else 'ROOT'} {name}",
        indent + "{",
        inner + _offset_line(REST_OFFSETS[joint] if joint else standing),
        f"{inner}CHANNELS {3 if joint else 6} {position}Zrotation Xrotation Yrotation",
    ]
    for child, parent in enumerate(PARENTS):
        if parent == joint:
            _write_joint(child, inner, lines, order)
    if name in END_SITES:
        offset = _offset_line(np.array(END_SITES[name]))
        lines += [inner + "End Site", inner + "{", f"{inner}\t{offset}", inner + "}"]
    lines.append(indent + "}")


def _offset_line(offset: Array) -> str:
    return "OFFSET " + " ".join(f"{number:.6f}" for number in offset)


def rotations_to_zxy(rotations: Array) -> Array:
    """Return angles whose curves do not jump: rotation = Z(angle 0) X(angle 1) Y(angle 2).

    Args:
        rotations: (T, ..., 4) unit quaternions.

    Returns:
        (T, ..., 3) radians; neighbouring frames take the nearer of the two
        solutions and whole turns are added, so values may exceed pi.
    """
    return rotations_to_angles(rotations, "zxy")


def rotations_to_angles(rotations: Array, order: str, before: Array | None = None) -> Array:
    """Return angles about three different axes whose curves do not jump.

    Args:
        rotations: (T, ..., 4) unit quaternions.
        order: the axes, outermost first, as `zxy`.
        before: (..., 3) radians of the frame before the first one, if there is one.

    Returns:
        (T, ..., 3) radians, as of `rotations_to_zxy`.
    """
    first, second, third = ("xyz".index(axis) for axis in order)
    sign = 1.0 if (second - first) % 3 == 1 else -1.0
    matrices = quaternion_to_matrix(normalize(rotations))
    level = np.hypot(matrices[..., second, third], matrices[..., third, third])
    is_locked = level < 1e-7  # first and third turn about one axis, so the third may stay 0
    one = np.where(
        is_locked,
        np.arctan2(sign * matrices[..., third, second], matrices[..., second, second]),
        np.arctan2(-sign * matrices[..., second, third], matrices[..., third, third]),
    )
    two = np.arctan2(sign * matrices[..., first, third], level)
    three = np.arctan2(-sign * matrices[..., first, second], matrices[..., first, first])
    three = np.where(is_locked, 0.0, three)
    angles = np.stack([one, two, three], axis=-1)
    other = np.stack([one + np.pi, np.pi - two, three + np.pi], axis=-1)
    for frame in range(0 if before is not None else 1, len(angles)):
        last = angles[frame - 1] if frame else before
        near = [
            options - 2 * np.pi * np.round((options - last) / (2 * np.pi))
            for options in (angles[frame], other[frame])
        ]
        jump = [np.abs(option - last).sum(-1, keepdims=True) for option in near]
        angles[frame] = np.where(jump[0] <= jump[1], near[0], near[1])
    return np.asarray(angles)
