"""How long Blender's side takes: `python benchmarks/blender_speed.py` from the root.

Enabling the add-on, a warm 6 s take from the operator's start to keys on the
mannequin, and writing 300 frames x 22 bones. Medians of the given number of runs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import types
from pathlib import Path

import bpy
from machine import describe

REPOSITORY = Path(__file__).resolve().parent.parent


def load_extension() -> types.ModuleType:
    """Give the repository the shape of the installed extension and return the add-on."""
    extension = types.ModuleType("keyfill_extension")
    extension.__path__ = [str(REPOSITORY)]
    sys.modules["keyfill_extension"] = extension
    from keyfill_extension import blender_addon

    return blender_addon


def time_writing(runs: int) -> float:
    """Return the median seconds of writing 300 frames of keys on the mannequin's 22 bones."""
    import numpy as np
    from keyfill_extension.blender_addon.scene import armature, keyframes
    from keyfill_extension.engine.motion.clip import Clip
    from keyfill_extension.engine.motion.retargeting import fit_clip_to_rig

    rot = np.zeros((300, 22, 4))
    rot[..., 0] = 1.0
    clip = Clip(np.tile([0.0, 0.95, 0.0], (300, 1)), rot)
    ob = bpy.context.object
    rig = armature.read_rig(ob)
    motion = fit_clip_to_rig(clip, rig, armature.read_bone_map(ob, rig))
    seconds = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        keyframes.write_motion(ob, motion, keyframes.TakeKeys("bench", 1, 30.0))
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    started = time.perf_counter()
    addon = load_extension()
    addon.register()
    enabling = time.perf_counter() - started
    has_torch = "torch" in sys.modules
    bpy.ops.keyfill.add_mannequin()
    settings = bpy.context.scene.keyfill
    settings.prompt, settings.seconds = "a person walks forward and waves", 6.0
    started = time.perf_counter()
    bpy.ops.keyfill.generate()
    cold = time.perf_counter() - started
    warm = []
    for seed in range(runs):
        settings.seed = seed
        started = time.perf_counter()
        bpy.ops.keyfill.generate()
        warm.append(time.perf_counter() - started)
    writing = time_writing(runs)
    addon.unregister()
    print(f"""{describe()}

| what | wall |
|---|---|
| enabling the add-on (torch loaded: {has_torch}) | {enabling:.3f} s |
| first 6 s take, worker cold | {cold:.2f} s |
| 6 s take, worker warm, median of {runs} | {statistics.median(warm):.3f} s |
| writing 300 frames x 22 bones, median of {runs} | {1000 * writing:.1f} ms |""")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
