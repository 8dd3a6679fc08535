"""BVH files: reads any skeleton into a rig and its poses; `write_bvh` is the other way.

Rig space is the file's own: Y-up by convention, in the file's own units. A bone
at rest has the axes of the file, as BVH defines it. Reading knows no canonical
joint and no caption.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

import numpy as np

from .. import quaternions
from ..clip import Array
from ..request import RequestError
from ..rig import Rig, RigPose
from .bvh_writing import write_bvh as write_bvh

_AXES = {"x": np.array([1.0, 0.0, 0.0]), "y": np.array([0.0, 1.0, 0.0]), "z": np.eye(3)[2]}

_HEADER_ITEM = re.compile(
    r"""\s*(?:
        (?:ROOT|JOINT)\s+(?P<name>[^{}\r\n]+?)\s*(?P<joint>\{)
      | (?P<site>End\s+Site[^{}\r\n]*\s*\{)
      | OFFSET\s+(?P<offset>\S+\s+\S+\s+\S+)
      | CHANNELS\s+(?P<count>\d+)(?P<channels>(?:\s+[XYZ]\w*)*)
      | (?P<close>\})
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_MOTION = re.compile(
    r"^\s*MOTION\s+Frames\s*:\s*(?P<frames>\S+)\s+Frame\s*Time\s*:\s*(?P<seconds>\S+)",
    re.IGNORECASE | re.MULTILINE,
)
_CHANNEL = re.compile(r"([xyz])(position|rotation)", re.IGNORECASE)
_EXPORT_AGAIN = "Export it again from the program that made it."


class BvhError(RequestError):
    """A BVH file that cannot be read: what is wrong, and what cures it."""


@dataclass(frozen=True, slots=True)
class BvhMotion:
    """What a BVH file holds."""

    rig: Rig
    """The skeleton at rest, in the file's units; every rest rotation is the identity."""

    pose: RigPose
    """(T, N) the bones over T >= 1 frames."""

    fps: float
    """Frames per second; rounded rates such as 0.0333 s become 30."""

    def turned_upright(self) -> BvhMotion:
        """Return the motion of a Z-up file (as Blender exports it) with Y up."""
        turn = quaternions.axis_angle_to_quaternion(_AXES["x"], np.array(-np.pi / 2))
        rig = Rig(
            self.rig.names,
            self.rig.parents,
            quaternions.rotate(turn, self.rig.heads),
            quaternions.rotate(turn, self.rig.tails),
            quaternions.multiply(turn, self.rig.rotations),
        )
        pose = RigPose(
            quaternions.multiply(turn, self.pose.rotations),
            quaternions.rotate(turn, self.pose.heads),
        )
        return BvhMotion(rig, pose, self.fps)

    def with_rest_of_frame(self, frame: int) -> BvhMotion:
        """Return the motion with the pose of one frame as the rest pose."""
        delta = quaternions.multiply(
            self.pose.rotations[frame], quaternions.conjugate(self.rig.rotations)
        )
        heads = self.pose.heads[frame]
        tails = heads + quaternions.rotate(delta, self.rig.tails - self.rig.heads)
        rig = Rig(self.rig.names, self.rig.parents, heads, tails, self.pose.rotations[frame])
        return BvhMotion(rig, self.pose, self.fps)


@dataclass(slots=True)
class _Joint:
    name: str
    parent: int
    offset: Array = field(default_factory=lambda: np.zeros(3))
    channels: tuple[str, ...] = ()
    """Two letters each: the axis, then p for position or r for rotation."""
    end: Array | None = None
    """Offset of the End Site."""


def read_bvh(path: Path) -> BvhMotion:
    """Read a BVH file: any channel order and count, tabs, names with spaces.

    Position channels replace a joint's offset, except where those of a joint
    below the root are all zero: some programs write six channels and fill three.

    Raises:
        BvhError: if the file is missing, truncated, contradicts itself, or holds
            no frames or numbers that are not finite.
    """
    fail = _failure(path)
    try:
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise fail(f"cannot be read ({error.strerror}).", "Check the path.") from error
    motion = _MOTION.search(text)
    if motion is None:
        raise fail("has no complete MOTION section.", f"It is cut off or no BVH. {_EXPORT_AGAIN}")
    joints = _read_hierarchy(text[: motion.start()], fail)
    frames = _read_frame_count(motion["frames"], fail)
    fps = _read_fps(motion["seconds"], fail)
    values = _read_values(text[motion.end() :], frames, joints, fail)
    rig = _make_rig(joints)
    return BvhMotion(rig, _make_pose(joints, values), fps)


_Fail = Callable[[str, str], BvhError]


def _failure(path: Path) -> _Fail:
    return lambda message, remedy: BvhError(f"{path.name} {message}", remedy)


def _read_hierarchy(header: str, fail: _Fail) -> list[_Joint]:
    start = re.match(r"\s*HIERARCHY\b", header, re.IGNORECASE)
    if start is None:
        raise fail("does not start with HIERARCHY.", "Choose a BVH file.")
    joints: list[_Joint] = []
    open_joints: list[int] = []  # -2 is an End Site
    position = start.end()
    while header[position:].strip():
        item = _HEADER_ITEM.match(header, position)
        if item is None or not (open_joints or item["joint"]):
            line = header[:position].count("\n") + 1 + _lines_before_text(header[position:])
            raise fail(f"has a hierarchy that makes no sense near line {line}.", _EXPORT_AGAIN)
        _apply_item(item, joints, open_joints, fail)
        position = item.end()
    if open_joints or not joints:
        raise fail("has an incomplete hierarchy.", f"Its braces do not match. {_EXPORT_AGAIN}")
    return joints


def _lines_before_text(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")


def _apply_item(
    item: re.Match[str], joints: list[_Joint], open_joints: list[int], fail: _Fail
) -> None:
    if item["joint"]:
        parent = open_joints[-1] if open_joints else -1
        if parent == -2:
            raise fail("has a joint inside an End Site.", _EXPORT_AGAIN)
        joints.append(_Joint(_unused_name(item["name"], joints), parent))
        open_joints.append(len(joints) - 1)
    elif item["site"]:
        open_joints.append(-2)
    elif item["close"]:
        open_joints.pop()
    elif item["offset"]:
        offset = _to_vector(item["offset"], fail)
        if open_joints[-1] != -2:
            joints[open_joints[-1]].offset = offset
        elif len(open_joints) > 1:
            joints[open_joints[-2]].end = offset
    elif open_joints[-1] != -2:
        joint = joints[open_joints[-1]]
        joint.channels = _read_channels(item, joint.name, fail)


def _unused_name(name: str, joints: list[_Joint]) -> str:
    taken = {joint.name for joint in joints}
    number = 0
    unused = name
    while unused in taken:
        number += 1
        unused = f"{name}.{number:03d}"
    return unused


def _to_vector(numbers: str, fail: _Fail) -> Array:
    try:
        vector = np.array([float(number) for number in numbers.split()])
    except ValueError:
        vector = np.array([np.nan])
    if not np.isfinite(vector).all():
        raise fail(f'has the offset "{numbers}", which is no number.', _EXPORT_AGAIN)
    return vector


def _read_channels(item: re.Match[str], joint: str, fail: _Fail) -> tuple[str, ...]:
    names = item["channels"].split()
    if len(names) != int(item["count"]):
        raise fail(
            f"declares {item['count']} channels for {joint} but names {len(names)}.",
            f"Correct the line CHANNELS, or else: {_EXPORT_AGAIN}",
        )
    for name in names:
        if _CHANNEL.fullmatch(name) is None:
            raise fail(
                f"has the channel {name} at {joint}.",
                "Export it with rotation and position channels only.",
            )
    return tuple((name[0] + name[1]).lower() for name in names)


def _read_frame_count(text: str, fail: _Fail) -> int:
    if not text.isdigit():
        raise fail(f'has the frame count "{text}".', _EXPORT_AGAIN)
    if int(text) == 0:
        raise fail("holds no frames.", "Export it again with the animation's frame range.")
    return int(text)


def _read_fps(text: str, fail: _Fail) -> float:
    """Return the rate that the printed frame time stands for."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if not (np.isfinite(seconds) and seconds > 0):
        raise fail(f'has the frame time "{text}".', "Write the seconds a frame there, as 0.033333.")
    decimals = len(text.partition(".")[2]) if "e" not in text.lower() else 9
    tolerance = min(0.6 * 10.0**-decimals, 0.02 * seconds) + 1e-12
    whole = np.arange(1.0, 1001.0)
    for rates in (whole, whole * 1000.0 / 1001.0):
        error = np.abs(1.0 / rates - seconds)
        if error.min() <= tolerance:
            return float(rates[np.argmin(error)])
    return 1.0 / seconds


def _read_values(text: str, frames: int, joints: list[_Joint], fail: _Fail) -> Array:
    """Return the channel values, (T, channels)."""
    width = sum(len(joint.channels) for joint in joints)
    if width == 0:
        raise fail("has no channels.", _EXPORT_AGAIN)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # older NumPy warns of what is no number
        try:
            values = np.fromstring(text, sep=" ")
        except (ValueError, DeprecationWarning):
            values = np.zeros(0)
    if values.size != frames * width:
        raise _wrong_count(text, frames, width, fail)
    values = values.reshape(frames, width)
    finite = np.isfinite(values)
    if not finite.all():
        frame, column = np.argwhere(~finite)[0]
        owners = [joint.name for joint in joints for _ in joint.channels]
        raise fail(
            f"holds a value that is not finite in frame {frame}, at {owners[column]}.",
            "Repair that frame in the program that made the file, and export it again.",
        )
    return values


def _wrong_count(text: str, frames: int, width: int, fail: _Fail) -> BvhError:
    words = text.split()
    for word in words:
        try:
            float(word)
        except ValueError:
            return fail(
                f'has "{word[:20]}" where a number should be.',
                "Export it again, with points in decimal numbers.",
            )
    rows = {len(line.split()) for line in text.splitlines() if line.strip()}
    if len(rows) == 1 and rows != {width}:
        return fail(
            f"has {rows.pop()} numbers a frame, but its hierarchy declares {width} channels.",
            _EXPORT_AGAIN,
        )
    if len(words) < frames * width:
        whole = len(words) // width
        return fail(
            f"is cut off after frame {whole} of {frames}.",
            f'Copy or export it again, or set "Frames: {whole}" to use what is there.',
        )
    return fail(
        f"holds more numbers than its {frames} frames of {width} channels.",
        f'Set "Frames: {len(words) // width}" if the rest is motion, or export it again.',
    )


def _make_rig(joints: list[_Joint]) -> Rig:
    heads = np.zeros((len(joints), 3))
    for index, joint in enumerate(joints):
        heads[index] = joint.offset + (heads[joint.parent] if joint.parent >= 0 else 0.0)
    return Rig(
        tuple(joint.name for joint in joints),
        tuple(joint.parent for joint in joints),
        heads,
        _find_tails(joints, heads),
        np.tile(quaternions.IDENTITY, (len(joints), 1)),
    )


def _find_tails(joints: list[_Joint], heads: Array) -> Array:
    """Return (N, 3) ends: the End Site, else amid the children, else on from the parent."""
    tails = np.array(heads)
    for index, joint in enumerate(joints):
        children = [child for child, other in enumerate(joints) if other.parent == index]
        if joint.end is not None:
            tails[index] = heads[index] + joint.end
        elif children:
            tails[index] = heads[children].mean(axis=0)
        if np.allclose(tails[index], heads[index]):
            tails[index] = heads[index] + (joint.offset if joint.offset.any() else _AXES["y"])
    return tails


def _make_pose(joints: list[_Joint], values: Array) -> RigPose:
    """Chain the channels (T, channels) from the roots outwards."""
    local_rotations = _local_rotations(joints, values)
    rotations: list[Array] = []
    heads: list[Array] = []
    column = 0
    for index, joint in enumerate(joints):
        columns = values[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        head = _local_heads(joint, columns)
        rotation = local_rotations[index]
        if joint.parent >= 0:
            above = rotations[joint.parent]
            head = heads[joint.parent] + quaternions.rotate(above, head)
            rotation = quaternions.multiply(above, rotation)
        rotations.append(rotation)
        heads.append(np.broadcast_to(head, (len(values), 3)))
    return RigPose(np.stack(rotations, axis=1), np.stack(heads, axis=1))


def _local_heads(joint: _Joint, columns: Array) -> Array:
    """Return the head relative to the parent: (3,) if it never moves, else (T, 3)."""
    moved = [number for number, channel in enumerate(joint.channels) if channel[1] == "p"]
    if not moved or (joint.parent >= 0 and not columns[:, moved].any()):
        return joint.offset
    head = np.tile(joint.offset, (len(columns), 1))
    head[:, ["xyz".index(joint.channels[number][0]) for number in moved]] = columns[:, moved]
    return head


def _local_rotations(joints: list[_Joint], values: Array) -> list[Array]:
    """Return each joint's rotation (T, 4); joints with the same channel order go together."""
    by_order: dict[str, list[tuple[int, list[int]]]] = {}
    column = 0
    for index, joint in enumerate(joints):
        turning = [number for number, name in enumerate(joint.channels) if name[1] == "r"]
        order = "".join(joint.channels[number][0] for number in turning)
        by_order.setdefault(order, []).append((index, [column + number for number in turning]))
        column += len(joint.channels)
    rotations = [np.broadcast_to(quaternions.IDENTITY, (len(values), 4))] * len(joints)
    for order, members in by_order.items():
        turns = [
            quaternions.axis_angle_to_quaternion(
                _AXES[axis], np.radians(values[:, [columns[position] for _, columns in members]])
            )
            for position, axis in enumerate(order)
        ]  # (T, members, 4) each
        if turns:
            product = reduce(quaternions.multiply, turns)
            for number, (index, _) in enumerate(members):
                rotations[index] = product[:, number]
    return rotations
