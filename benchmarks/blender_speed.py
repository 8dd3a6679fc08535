"""How long Blender's side takes: `python benchmarks/blender_speed.py` from the root.

Enabling the add-on, a warm 6 s take from the operator's start to keys on the
mannequin, regenerating 2 s of a 10 s take, writing and reading 300 frames x 22 bones.
Medians of the given number of runs. With `--character FILE.blend` also reading 300
frames of the armature in that file.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import types
from collections.abc import Callable
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
    from keyfill_extension.blender_addon.scene.keys import keyframes
    from keyfill_extension.blender_addon.scene.reading import armature
    from keyfill_extension.engine.motion.clip import Clip
    from keyfill_extension.engine.motion.retargeting.clip_to_rig import fit_clip_to_rig

    rot = np.zeros((300, 22, 4))
    rot[..., 0] = 1.0
    clip = Clip(np.tile([0.0, 0.95, 0.0], (300, 1)), rot)
    ob = bpy.context.object
    rig = armature.read_rig(ob)
    motion = fit_clip_to_rig(clip, rig, armature.read_bone_map(ob, rig))
    seconds = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        keyframes.write_take(ob, motion, keyframes.TakeKeys("bench", 1, 30.0))
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def time_reading(ob: bpy.types.Object, runs: int) -> float:
    """Return the median seconds of reading 300 frames of an armature's animation."""
    from keyfill_extension.blender_addon.scene.controls import rigs as control_rigs
    from keyfill_extension.blender_addon.tasks import animation

    rig, bone_map = control_rigs.read_body(ob)
    seconds = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        animation.read_animation(bpy.context, ob, rig, bone_map, (1, 300))
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def time_seeds(operator: Callable[[], object], runs: int) -> list[float]:
    """Return the seconds that an operator takes with each of `runs` seeds."""
    seconds = []
    for seed in range(runs):
        bpy.context.scene.keyfill.seed = seed
        started = time.perf_counter()
        operator()
        seconds.append(time.perf_counter() - started)
    return seconds


def time_regenerating(runs: int) -> float:
    """Return the median seconds of regenerating 2 s inside a 10 s take, operator to keys."""
    settings = bpy.context.scene.keyfill
    settings.seconds = 10.0
    bpy.ops.keyfill.generate()
    settings.prompt, settings.frame_start, settings.frame_end = "a person jumps", 97, 144
    return statistics.median(time_seeds(bpy.ops.keyfill.regenerate, runs))


def append_character(path: Path) -> bpy.types.Object:
    """Append all objects of a .blend file and return its armature with the most bones."""
    with bpy.data.libraries.load(str(path)) as (source, target):
        target.objects = source.objects
    for ob in target.objects:
        bpy.context.collection.objects.link(ob)
    armatures = [ob for ob in target.objects if ob.type == "ARMATURE"]
    return max(armatures, key=lambda ob: len(ob.data.bones))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--character", type=Path, metavar="FILE.blend")
    options = parser.parse_args()
    runs = options.runs
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
    warm = time_seeds(bpy.ops.keyfill.generate, runs)
    regenerating = time_regenerating(runs)
    writing = time_writing(runs)
    reading = time_reading(bpy.context.object, runs)
    more = ""
    if options.character is not None:
        ob = append_character(options.character)
        spent = time_reading(ob, runs)
        name = options.character.name
        more = f"\n| reading 300 frames of {name}, median of {runs} | {spent:.2f} s |"
    addon.unregister()
    print(f"""{describe()}

| what | wall |
|---|---|
| enabling the add-on (torch loaded: {has_torch}) | {enabling:.3f} s |
| first 6 s take, worker cold | {cold:.2f} s |
| 6 s take, worker warm, median of {runs} | {statistics.median(warm):.3f} s |
| regenerating 2 s of a 10 s take, warm, median of {runs} | {regenerating:.3f} s |
| writing 300 frames x 22 bones, median of {runs} | {1000 * writing:.1f} ms |
| reading 300 frames x 22 bones, median of {runs} | {reading:.3f} s |{more}""")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
