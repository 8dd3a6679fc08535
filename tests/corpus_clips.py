"""Recorded clips of the corpus, spread over all of it; no learning library is needed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip


def spread(shared: Path, count: int, most_frames: int = 300) -> list[Clip]:
    """Return every n-th clip of the corpus, cut where it is longer."""
    lines = (shared / "corpus" / "clips.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines[:: max(1, len(lines) // count)][:count]]
    with np.load(shared / "corpus" / "motion.npz") as arrays:
        root_pos, rot = arrays["root_pos"], arrays["rot"]
    clips = []
    for row in rows:
        part = slice(row["start"], row["start"] + min(row["frames"], most_frames))
        turned = quaternions.normalize(rot[part] / 32767.0)
        clips.append(Clip(root_pos[part].astype(float), quaternions.keep_quaternion_sign(turned)))
    return clips
