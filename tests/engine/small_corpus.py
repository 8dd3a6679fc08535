"""A corpus of a few made-up clips in the published folder format, for tests."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.quaternions import axis_angle_to_quaternion
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX


def swinging_clip(frames: int, speed: float, turn: float, seed: int = 0) -> Clip:
    """Return a walk-like clip: swinging legs and arms, moving along +Z, turning."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / 30.0
    rot = np.zeros((frames, 22, 4))
    rot[..., 0] = 1.0
    phase = 2 * np.pi * time + rng.uniform(0, 6)
    for name, sign, size in (
        ("left_hip", 1, 0.5), ("right_hip", -1, 0.5), ("left_shoulder", -1, 0.7),
        ("right_shoulder", 1, 0.7), ("spine1", 1, 0.1), ("left_elbow", 1, 0.4),
    ):  # fmt: skip
        angle = sign * size * np.sin(phase)
        rot[:, JOINT_INDEX[name]] = axis_angle_to_quaternion(np.array([1.0, 0, 0]), angle)
    yaw = turn * time
    rot[:, 0] = axis_angle_to_quaternion(np.array([0.0, 1.0, 0]), yaw)
    step = speed / 30.0 * np.stack([np.sin(yaw), 0 * yaw, np.cos(yaw)], 1)
    root = np.cumsum(step, axis=0) - step[0] + [0, 0.95, 0]
    return Clip(root, rot)


def write_small_corpus(folder: Path, clips: int = 12) -> Path:
    """Write a corpus: every third clip is for validation, one has only its upper body."""
    folder.mkdir(parents=True, exist_ok=True)
    roots, rots, lines, start = [], [], [], 0
    for index in range(clips):
        clip = swinging_clip(40 + 4 * index, 0.3 + 0.1 * index, 0.2 * (index % 3 - 1), index)
        roots.append(clip.root_pos)
        rots.append(np.round(clip.rot * 32767).astype(np.int16))
        side = ("left", "right")[index % 2]
        record = {
            "id": f"clip_{index}", "start": start, "frames": clip.frames, "fps": 30,
            "split": "val" if index % 3 == 2 else "train", "group": f"group_{index}",
            "source": "made up", "licence": "none needed", "label": "walk",
            "captions": [f"a person walks to the {side}", f"someone steps forward, number {index}"],
        }  # fmt: skip
        if index == 4:
            record["parts"] = ["TORSO", "LEFT_ARM", "RIGHT_ARM"]
        lines.append(json.dumps(record))
        start += clip.frames
    np.savez(
        folder / "motion.npz",
        root_pos=np.concatenate(roots).astype(np.float32),
        rot=np.concatenate(rots),
    )
    (folder / "clips.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def add_unreadable_test_clip(folder: Path) -> Path:
    """Give a corpus a clip of the split test that nobody can read: its rows are not there."""
    lines = folder / "clips.jsonl"
    record = json.loads(lines.read_text().splitlines()[0])
    record |= {"id": "unseen", "split": "test", "group": "unseen", "start": 10**6}
    lines.write_text(lines.read_text() + json.dumps(record) + "\n")
    return folder
