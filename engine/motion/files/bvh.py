"""BVH files: reads any skeleton into a rig and its poses; `write_bvh` is the other way.

Rig space is the file's own: Y-up by convention, in the file's own units. A bone
at rest has the axes of the file, as BVH defines it. Reading knows no canonical
joint and no caption.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..clip import Array
from ..request import RequestError
from ..rig import BonePose, Rig, RigPose, pose_rig
from .bvh_joints import BvhJoint, local_channels, make_rig
from .bvh_times import read_rate
from .bvh_writing import write_bvh as write_bvh

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


@dataclass(frozen=True, slots=True, eq=False)
class BvhText:
    """A BVH file's own words, for writing it again with other numbers."""

    header: str
    """All lines before MOTION."""

    joints: tuple[BvhJoint, ...]
    """N, as the header declares them."""

    numbers: str
    """All that follows the frame time."""

    seconds: str
    """The frame time, as printed; a rate or milliseconds are put right."""

    encoding: str


@dataclass(frozen=True, slots=True, eq=False)
class BvhMotion:
    """What a BVH file holds."""

    rig: Rig
    """The skeleton at rest, in the file's units; every rest rotation is the identity."""

    pose: RigPose
    """(T, N) the bones over T >= 1 frames."""

    fps: float
    """Frames per second; rounded rates such as 0.0333 s become 30."""

    channels: BonePose
    """(T, N) each bone's change from rest."""

    text: BvhText

    notes: tuple[str, ...] = ()
    """Sentences about what was read otherwise than it is written."""


def read_bvh(path: Path) -> BvhMotion:
    """Read a BVH file: any channel order and count, tabs, names with spaces.

    Position channels replace a joint's offset, except where those of a joint
    below the root are all zero: some programs write six channels and fill three.
    Line ends of any kind, an end-of-file mark and a frame time in milliseconds or as a
    rate are read as they are meant.

    Raises:
        BvhError: if the file is missing, truncated, contradicts itself, or holds
            no frames or numbers that are not finite.
    """
    fail = _failure(path)
    try:
        text, encoding = _decode(path.read_bytes())
    except OSError as error:
        raise fail(f"cannot be read ({error.strerror}).", "Check the path.") from error
    text, notes = _with_plain_lines(text)
    motion = _MOTION.search(text)
    if motion is None:
        raise fail("has no complete MOTION section.", f"It is cut off or no BVH. {_EXPORT_AGAIN}")
    header, numbers = text[: motion.start()], text[motion.end() :]
    joints = _read_hierarchy(header, fail)
    frames = _read_frame_count(motion["frames"], fail)
    rate = read_rate(motion["seconds"])
    if rate is None:
        raise fail(
            f'has the frame time "{motion["seconds"]}".',
            "Write the seconds a frame there, as 0.033333.",
        )
    values = _read_values(numbers, frames, joints, fail)
    rig, channels = make_rig(joints), local_channels(joints, values)
    words = BvhText(header, tuple(joints), numbers, rate.seconds, encoding)
    notes = tuple(f"{path.name}: {note}" for note in (*notes, rate.note) if note)
    return BvhMotion(rig, pose_rig(rig, channels), rate.fps, channels, words, notes)


def _decode(data: bytes) -> tuple[str, str]:
    """Return the text and its encoding; what is no UTF-8 is an older western file."""
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def _with_plain_lines(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text with line feeds only and without an end-of-file mark, and notes."""
    notes = []
    whole = text.rstrip()
    ended = whole.rstrip("\x1a\0 \t\r\n")
    if ended != whole:
        notes.append("the end-of-file mark (Ctrl-Z) after its last frame was left out.")
    plain = ended.replace("\r\n", "\n")
    if "\r" in plain and "\n" not in plain:
        notes.append("its lines end in carriage returns alone; it was read as if in line feeds.")
    return plain.replace("\r", "\n"), tuple(notes)


_Fail = Callable[[str, str], BvhError]


def _failure(path: Path) -> _Fail:
    return lambda message, remedy: BvhError(f"{path.name} {message}", remedy)


def _read_hierarchy(header: str, fail: _Fail) -> list[BvhJoint]:
    start = re.match(r"\s*HIERARCHY\b", header, re.IGNORECASE)
    if start is None:
        raise fail("does not start with HIERARCHY.", "Choose a BVH file.")
    joints: list[BvhJoint] = []
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
    item: re.Match[str], joints: list[BvhJoint], open_joints: list[int], fail: _Fail
) -> None:
    if item["joint"]:
        parent = open_joints[-1] if open_joints else -1
        if parent == -2:
            raise fail("has a joint inside an End Site.", _EXPORT_AGAIN)
        joints.append(BvhJoint(_unused_name(item["name"], joints), parent))
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


def _unused_name(name: str, joints: list[BvhJoint]) -> str:
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


def _read_values(text: str, frames: int, joints: list[BvhJoint], fail: _Fail) -> Array:
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
