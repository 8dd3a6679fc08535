"""How many keys thinning leaves on real clips: `python benchmarks/thinning.py` from the root.

Clips are taken from all over the corpus and written on the mannequin as takes; errors
are measured on Blender's curves, keys are counted against one on every frame.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import types
from pathlib import Path

import bpy
import numpy as np
from machine import describe

REPOSITORY = Path(__file__).resolve().parent.parent


def load_extension() -> None:
    """Give the repository the shape of the installed extension."""
    extension = types.ModuleType("keyfill_extension")
    extension.__path__ = [str(REPOSITORY)]
    sys.modules["keyfill_extension"] = extension


def add_character(mode: str):
    """Return the mannequin with all bones in one rotation mode, its rig and bone map."""
    from keyfill_extension.blender_addon.scene import mannequin
    from keyfill_extension.blender_addon.scene.reading import armature

    bpy.ops.wm.read_factory_settings(use_empty=True)
    ob = mannequin.add_mannequin(bpy.context)
    for bone in ob.pose.bones:
        bone.rotation_mode = mode
    rig = armature.read_rig(ob)
    return ob, rig, armature.read_bone_map(ob, rig)


def count_keys(action) -> int:
    """Return the keys of all curves."""
    from keyfill_extension.blender_addon.scene.reading.edit_target import bag_of

    slot = action.slots[0] if hasattr(action, "slots") else None
    return sum(len(curve.keyframe_points) for curve in bag_of(action, slot).fcurves)


def measure(clips, mode: str, degrees: float, millimetres: float) -> str:
    """Write every clip with all keys and with thinned ones; return a row of the table."""
    from keyfill_extension.blender_addon.scene.keys import keyframes
    from keyfill_extension.engine.motion.retargeting.clip_to_rig import fit_clip_to_rig
    from keyfill_extension.engine.motion.rig_options import RigOptions

    ob, rig, bone_map = add_character(mode)
    thin = RigOptions(thin=True, thin_degrees=degrees, thin_millimetres=millimetres)
    left, worst, seconds = [], [0.0, 0.0], []
    kept = dense = 0
    for clip in clips:
        motion = fit_clip_to_rig(clip, rig, bone_map)
        counts = []
        for options in (RigOptions(), thin):
            take = keyframes.TakeKeys("bench", 1, 30.0, options=options)
            started = time.perf_counter()
            written = keyframes.write_take(ob, motion, take)
            elapsed = time.perf_counter() - started
            counts.append(count_keys(written.action))
        seconds.append(elapsed / clip.frames * 300)
        worst = np.maximum(worst, [written.degrees, written.millimetres])
        left.append(counts[1] / counts[0])
        dense, kept = dense + counts[0], kept + counts[1]
        for action in list(bpy.data.actions):
            bpy.data.actions.remove(action)
    fewer = sum(share <= 0.4 for share in left)
    return (
        f"| {mode} | {degrees:g} deg, {millimetres:g} mm | {100 * (1 - kept / dense):.1f} % "
        f"| {100 * (1 - statistics.median(left)):.1f} % | {fewer} of {len(left)} "
        f"| {worst[0]:.3f} deg, {worst[1]:.2f} mm | {statistics.median(seconds):.2f} s |"
    )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared")
    options = parser.parse_args()
    load_extension()
    from keyfill_extension.tests import corpus_clips

    clips = corpus_clips.spread(options.shared, options.clips)
    frames = sum(clip.frames for clip in clips)
    print(f"{describe()}\n\n{len(clips)} clips of the corpus, {frames} frames\n")
    print(
        "| rotation mode | tolerance | fewer keys | median of clips | clips with at least 60 % "
        "fewer | largest error on the curves | 300 frames |"
    )
    print("|---|---|---|---|---|---|---|")
    for mode in ("QUATERNION", "XYZ", "AXIS_ANGLE"):
        print(measure(clips, mode, 0.5, 2.0), flush=True)
    for degrees, millimetres in ((0.25, 1.0), (1.0, 4.0)):
        print(measure(clips, "QUATERNION", degrees, millimetres), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
