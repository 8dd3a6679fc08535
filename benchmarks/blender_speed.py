"""How long Blender's side takes: `python benchmarks/blender_speed.py` from the root.

Enabling the add-on, beside Blender's own start; a warm 6 s take from the operator's start
to keys on the mannequin, regenerating 2 s of a 10 s take, writing, reading and fitting 300
frames x 22 bones, writing a span of 61 frames inside them. Medians of the given number of
runs. With `--character FILE` (.blend, .glb, .fbx, .bvh) also reading and fitting 300 frames
of the armature in that file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

import bpy
from machine import describe

REPOSITORY = Path(__file__).resolve().parent.parent

ENABLE = f"""
import json, os, sys, time, types
started = time.perf_counter()
import bpy
blender = time.perf_counter() - started
extension = types.ModuleType("keyfill_extension")
extension.__path__ = [{str(REPOSITORY)!r}]
sys.modules["keyfill_extension"] = extension
started = time.perf_counter()
from keyfill_extension import blender_addon
blender_addon.register()
enabling = time.perf_counter() - started
blender_addon.unregister()
print(json.dumps([blender, enabling]), flush=True)
os._exit(0)
"""
"""Tells the seconds of Blender's own start as a module, and of enabling the add-on."""


def load_extension() -> types.ModuleType:
    """Give the repository the shape of the installed extension and return the add-on."""
    extension = types.ModuleType("keyfill_extension")
    extension.__path__ = [str(REPOSITORY)]
    sys.modules["keyfill_extension"] = extension
    from keyfill_extension import blender_addon

    return blender_addon


def median_seconds(work: Callable[[], object], runs: int) -> float:
    """Return the median seconds of a piece of work, after one run that is not counted."""
    work()
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def time_enabling(runs: int) -> tuple[float, float]:
    """Return the median seconds of Blender's start and of enabling, in new processes."""
    told = []
    for _ in range(runs):
        answer = subprocess.run(
            [sys.executable, "-c", ENABLE],
            capture_output=True, text=True, encoding="utf-8", check=True,
        )  # fmt: skip
        told.append(json.loads(answer.stdout.splitlines()[-1]))
    blender, enabling = (statistics.median(values) for values in zip(*told, strict=True))
    return blender, enabling


def swaying(frames: int):
    """Return a clip in which every joint turns on every frame."""
    import numpy as np
    from keyfill_extension.engine.motion.clip import Clip

    half = 0.2 * np.sin(0.1 * np.arange(frames))[:, None] * np.ones((1, 22))
    rot = np.stack([np.cos(half), np.sin(half), 0.0 * half, 0.0 * half], axis=-1)
    return Clip(np.tile([0.0, 0.95, 0.0], (frames, 1)), rot)


def time_writing(mode: str, runs: int) -> tuple[float, float]:
    """Return the median seconds of writing keys on the mannequin's 22 bones.

    Args:
        mode: every bone's rotation mode.
        runs: how often each is written.

    Returns:
        300 frames as a new take; and 61 frames inside such a take.
    """
    from keyfill_extension.blender_addon.scene.keys import keyframes, masked_keys
    from keyfill_extension.blender_addon.scene.reading import armature
    from keyfill_extension.engine.motion.retargeting.clip_to_rig import fit_clip_to_rig

    ob = bpy.context.object
    for bone in ob.pose.bones:
        bone.rotation_mode = mode
    rig = armature.read_rig(ob)
    bone_map = armature.read_bone_map(ob, rig)
    whole, part = (fit_clip_to_rig(swaying(frames), rig, bone_map) for frames in (300, 61))
    take = keyframes.TakeKeys("bench", 1, 30.0)
    writing = median_seconds(lambda: keyframes.write_take(ob, whole, take), runs)
    target = (ob.animation_data.action, None)
    span = masked_keys.SpanKeys(100, 160, part.bones, part.location_bone)
    inside = median_seconds(lambda: masked_keys.write_span(ob, target, part, 100, span), runs)
    return writing, inside


def time_reading(ob: bpy.types.Object, runs: int) -> tuple[float, float]:
    """Return the median seconds of reading 300 frames of an animation, and of fitting them."""
    import numpy as np
    from keyfill_extension.blender_addon.scene.controls import rigs as control_rigs
    from keyfill_extension.blender_addon.tasks import animation

    rig, bone_map = control_rigs.read_body(ob)
    bpy.context.scene.render.fps = 30
    found = animation.read_animation(bpy.context, ob, rig, bone_map, (1, 300))
    everything = np.ones((found.clip.frames, 4), dtype=bool)
    return (
        median_seconds(
            lambda: animation.read_animation(bpy.context, ob, rig, bone_map, (1, 300)), runs
        ),
        median_seconds(lambda: animation.fit_edit(found, found.clip, everything), runs),
    )


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


def time_keys(runs: int) -> list[str]:
    """Return rows of the table: writing, reading and fitting on the mannequin."""
    rows = []
    for mode in ("XYZ", "QUATERNION"):
        writing, inside = time_writing(mode, runs)
        rows.append(
            f"| writing 300 frames x 22 bones, {mode}; a span of 61 frames inside, "
            f"median of {runs} | {1000 * writing:.1f} ms; {1000 * inside:.1f} ms |"
        )
    reading, fitting = time_reading(bpy.context.object, runs)
    rows.append(
        f"| reading 300 frames x 22 bones; fitting, median of {runs} "
        f"| {reading:.3f} s; {fitting:.3f} s |"
    )
    return rows


def append_character(path: Path) -> bpy.types.Object:
    """Append or import all objects of a file; return its armature with the most bones."""
    if path.suffix != ".blend":
        from keyfill_extension.tests.addon_blender.real_characters import load_character

        return load_character(path)
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
    parser.add_argument("--character", type=Path, metavar="FILE")
    options = parser.parse_args()
    runs = options.runs
    blender, enabling = time_enabling(runs)
    addon = load_extension()
    addon.register()
    has_torch = "torch" in sys.modules
    bpy.ops.keyfill.add_mannequin()
    settings = bpy.context.scene.keyfill
    settings.prompt, settings.seconds = "a person walks forward and waves", 6.0
    started = time.perf_counter()
    bpy.ops.keyfill.generate()
    cold = time.perf_counter() - started
    warm = time_seeds(bpy.ops.keyfill.generate, runs)
    regenerating = time_regenerating(runs)
    rows = time_keys(runs)
    if options.character is not None:
        reading, fitting = time_reading(append_character(options.character), runs)
        name = options.character.name
        rows.append(f"| reading 300 frames of {name}; fitting | {reading:.2f} s; {fitting:.2f} s |")
    addon.unregister()
    print(f"""{describe()}

| what | wall |
|---|---|
| Blender's own start as a module; enabling the add-on (torch loaded: {has_torch}), \
median of {runs} | {blender:.3f} s; {enabling:.3f} s |
| first 6 s take, worker cold | {cold:.2f} s |
| 6 s take, worker warm, median of {runs} | {statistics.median(warm):.3f} s |
| regenerating 2 s of a 10 s take, warm, median of {runs} | {regenerating:.3f} s |
""" + "\n".join(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
