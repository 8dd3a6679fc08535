"""A motion as arrays: root path and local joint rotations over frames.

Reads and writes `.npz`. It knows nothing about text, tokens, rigs or Blender.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import quaternions
from .skeleton import FPS, JOINTS, MIRRORED_JOINTS, PARENTS, REST_OFFSETS

Array = NDArray[np.floating[Any]]

UPRIGHT = 0.1
"""Least |w² + y²| of a pelvis rotation that shows a heading; upside down it is 0."""


class ClipError(ValueError):
    """The arrays or the file are no canonical clip; the text says why."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A canonical motion clip."""

    root_pos: Array
    """(T, 3) pelvis position, metres, Y-up."""

    rot: Array
    """(T, 22, 4) local unit quaternions, w first."""

    fps: float = FPS
    """Frames per second."""

    def __post_init__(self) -> None:
        frames = len(self.root_pos)
        if self.root_pos.shape != (frames, 3) or self.rot.shape != (frames, len(JOINTS), 4):
            raise ClipError(
                f"a clip needs root_pos (T, 3) and rot (T, {len(JOINTS)}, 4), "
                f"not {self.root_pos.shape} and {self.rot.shape}"
            )
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise ClipError(f"fps must be above 0, not {self.fps}")
        if not (np.isfinite(self.root_pos).all() and np.isfinite(self.rot).all()):
            raise ClipError("a clip must hold finite numbers only")

    @property
    def frames(self) -> int:
        """T."""
        return len(self.root_pos)

    @property
    def duration_seconds(self) -> float:
        """Time from the first frame to the end of the last."""
        return self.frames / self.fps

    def joints(self) -> Array:
        """Return the joints' positions, (T, 22, 3) metres."""
        return forward_kinematics(self.root_pos, self.rot)[0]

    def cut(self, start: int, end: int) -> Clip:
        """Return frames [start, end) as they are."""
        return replace(self, root_pos=self.root_pos[start:end], rot=self.rot[start:end])

    def moved(self, yaw: float, translation: Array) -> Clip:
        """Return the clip turned by `yaw` radians about the world's Y axis, then translated."""
        turn = quaternions.yaw_to_quaternion(np.asarray(yaw))
        rot = np.array(self.rot, dtype=float)
        rot[:, 0] = quaternions.multiply(turn, rot[:, 0])
        return replace(
            self, root_pos=quaternions.rotate(turn, self.root_pos) + translation, rot=rot
        )

    def mirrored(self) -> Clip:
        """Return the clip with left and right exchanged (mirrored in the plane x = 0)."""
        rot = np.asarray(self.rot)[:, list(MIRRORED_JOINTS)] * np.array([1.0, 1.0, -1.0, -1.0])
        return replace(self, root_pos=self.root_pos * np.array([-1.0, 1.0, 1.0]), rot=rot)


def forward_kinematics(
    root_pos: Array, rot: Array, offsets: Array = REST_OFFSETS
) -> tuple[Array, Array]:
    """Chain the local rotations from the pelvis outwards.

    Args:
        root_pos: (..., 3) metres.
        rot: (..., 22, 4) local unit quaternions.
        offsets: (22, 3) of the rest pose; the canonical skeleton's unless given.

    Returns:
        positions: (..., 22, 3) metres.
        rotations: (..., 22, 4) in world space.
    """
    positions = [np.asarray(root_pos, dtype=float)]
    rotations = [np.asarray(rot[..., 0, :], dtype=float)]
    for joint in range(1, len(JOINTS)):
        parent = PARENTS[joint]
        positions.append(
            positions[parent] + quaternions.rotate(rotations[parent], offsets[joint])
        )
        rotations.append(quaternions.multiply(rotations[parent], rot[..., joint, :]))
    return np.stack(positions, axis=-2), np.stack(rotations, axis=-2)


def headings(pelvis_rotations: Array) -> Array:
    """Return the unwrapped yaw (T,) of pelvis rotations (T, 4), by swing and twist about +Y.

    The twist (w, 0, y, 0) has no direction where the body is upside down
    (w = y = 0). Its square is free of the quaternion's sign, so a straight roll
    keeps its heading; near the singular point the angle is bridged from both
    sides instead of being read from noise. Any smooth choice is exact, for the
    rest of the rotation is kept beside the heading.
    """
    pelvis_rotations = np.asarray(pelvis_rotations, dtype=float)
    twist = pelvis_rotations[:, 0] + 1j * pelvis_rotations[:, 2]
    doubled = twist**2
    reliable = np.flatnonzero(np.abs(doubled) > UPRIGHT)
    if len(reliable) == 0:
        return np.zeros(len(pelvis_rotations))
    yaw = np.unwrap(np.angle(doubled[reliable]))
    return np.interp(np.arange(len(pelvis_rotations)), reliable, yaw)


def save_clip(clip: Clip, path: Path, plan: str = "") -> None:
    """Write `root_pos`, `rot`, `joints` (float32) and `fps` as one `.npz`, whole or not at all.

    Args:
        clip: what is written.
        path: where to.
        plan: the tracks of the take as JSON, kept as `plan`; empty where there are none.
    """
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        **({"plan": np.array(plan)} if plan else {}),
        root_pos=np.asarray(clip.root_pos),
        rot=np.asarray(clip.rot),
        joints=clip.joints().astype(np.float32),
        fps=np.float64(clip.fps),
    )
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(packed.getbuffer())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_clip(path: Path) -> Clip:
    """Read a clip from an `.npz` with `root_pos`, `rot` and `fps`.

    Raises:
        ClipError: if the file is missing, damaged or lacks an array.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Clip(arrays["root_pos"], arrays["rot"], float(arrays["fps"]))
    except FileNotFoundError:
        raise ClipError(f"there is no file {path}") from None
    except KeyError as error:
        raise ClipError(f"{path.name} lacks the array {error.args[0]}") from None
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        if isinstance(error, ClipError):
            raise
        raise ClipError(f"{path.name} is no readable .npz clip: {error}") from error
