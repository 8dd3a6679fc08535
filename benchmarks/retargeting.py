"""How well and how fast clips arrive on characters: `python benchmarks/retargeting.py`.

Every character of ../shared/rigs and ../shared/cases with a walk, a kick and a reach to the
floor, evaluated by Blender; then the time that 300 frames take onto a rig of 200 bones and
back, onto plain rigs with and without 48 further bones, and through the clean-up; and that of
reading a BVH file of 10,000 frames of 60 joints.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import types
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from machine import describe

REPOSITORY = Path(__file__).resolve().parent.parent


def load_extension() -> None:
    """Give the repository the shape of the installed extension and register the add-on."""
    extension = types.ModuleType("keyfill_extension")
    extension.__path__ = [str(REPOSITORY)]
    sys.modules["keyfill_extension"] = extension
    from keyfill_extension import blender_addon

    blender_addon.register()


def print_characters(shared: Path) -> None:
    """Print a row for each character and clip, and the worst of all."""
    from keyfill_extension.tests.addon_blender import retargeting_figures
    from keyfill_extension.tests.addon_blender.real_characters import (
        CASES,
        CHARACTERS,
        load_character,
    )

    print(
        "| character | clip | limbs mean / max ° | feet max ° | hands max ° | stretch % "
        "| slide, legs/s: clip → rig | sinks, ‰ of leg: clip → rig | again: °, mm |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    worst = np.zeros(5)
    paths = [shared / "rigs" / name for name in CHARACTERS]
    paths += [shared / "cases" / name for name in CASES]
    for path in filter(Path.is_file, paths):
        name, ob = path.name, load_character(path)
        retargeting_figures.prepare(ob, name)
        for kind in retargeting_figures.CLIPS:
            one = retargeting_figures.measure(ob, shared, kind)
            ratio = one.found[0] / one.source[0]
            print(
                f"| {name} | {kind} | {one.limbs.mean():.2f} / {one.limbs.max():.1f} "
                f"| {np.nanmax(one.feet):.1f} | {np.nanmax(one.hands):.1f} "
                f"| {100.0 * one.stretch:.2f} "
                f"| {one.source[0]:.3f} → {one.found[0]:.3f} ({ratio:.2f} ×) "
                f"| {one.source[1]:.2f} → {one.found[1]:.2f} "
                f"| {one.again[0]:.2f}, {one.again[1]:.2f} |",
                flush=True,
            )
            ends = np.nanmax(one.feet), np.nanmax(one.hands)
            row = (one.limbs.mean(), one.limbs.max(), *ends, 100.0 * one.stretch)
            worst = np.fmax(worst, row)
    print(
        f"| **worst** | | {worst[0]:.2f} / {worst[1]:.1f} | {worst[2]:.1f} | {worst[3]:.1f} "
        f"| {worst[4]:.2f} | | | |"
    )


def time_large_rig(runs: int) -> tuple[float, float]:
    """Return the median seconds of 300 frames onto a rig of 200 bones, and back."""
    from keyfill_extension.engine.motion.retargeting import clip_to_rig as retargeting
    from keyfill_extension.engine.motion.rig import RigPose
    from keyfill_extension.tests.motion.test_retargeting import posed, walker_clip
    from keyfill_extension.tests.motion.test_twist_spreading import rig_with_twists

    rig, bone_map = rig_with_twists(True)
    rig = with_extra_bones(rig, 200)
    clip = walker_clip(300)
    motion = retargeting.fit_clip_to_rig(clip, rig, bone_map)
    pose: RigPose = posed(rig, motion)
    there, back = [], []
    for _ in range(runs):
        started = time.perf_counter()
        retargeting.fit_clip_to_rig(clip, rig, bone_map)
        there.append(time.perf_counter() - started)
        started = time.perf_counter()
        retargeting.rig_pose_to_clip(pose, rig, bone_map, 30.0)
        back.append(time.perf_counter() - started)
    return statistics.median(there), statistics.median(back)


def time_plain_rig(extra: int, runs: int) -> float:
    """Return the median seconds of 300 frames onto a Mixamo-like rig with further bones."""
    from keyfill_extension.engine.motion.bones.matching import match_bones
    from keyfill_extension.engine.motion.retargeting.clip_to_rig import fit_clip_to_rig
    from keyfill_extension.tests.motion.toy_rigs import MIXAMO, toy_rig, wild_clip

    plain, clip = toy_rig(MIXAMO), wild_clip(300)
    rig = with_extra_bones(plain, len(plain.names) + extra)
    bone_map = match_bones(rig)
    return median_seconds(lambda: fit_clip_to_rig(clip, rig, bone_map), runs)


def time_clean_up(runs: int) -> float:
    """Return the median seconds of cleaning 300 frames of a walk whose feet slide."""
    from keyfill_extension.tests.motion.test_clean_up import clean_up, walk

    clip = walk(300, slide=0.1)
    return median_seconds(lambda: clean_up(clip), runs)


def time_bvh(runs: int) -> float:
    """Return the median seconds of reading a BVH file of 10,000 frames of 60 joints."""
    from keyfill_extension.tests.motion.test_bvh import long_file, read_bvh

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.bvh"
        path.write_text(long_file(10000, 60), encoding="utf-8")
        return median_seconds(lambda: read_bvh(path), runs)


def median_seconds(work: Callable[[], object], runs: int) -> float:
    """Return the median seconds of a piece of work."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def with_extra_bones(rig, count: int):
    """Return the rig with a chain of further bones, `count` in all."""
    from keyfill_extension.engine.motion.rig import Rig

    extra = count - len(rig.names)
    names = rig.names + tuple(f"hair {number}" for number in range(extra))
    parents = rig.parents + tuple(range(len(rig.names) - 1, count - 1))
    heads, tails = (
        np.concatenate([values, np.ones((extra, 3))]) for values in (rig.heads, rig.tails)
    )
    turns = np.concatenate([rig.rotations, np.tile([1.0, 0, 0, 0], (extra, 1))])
    return Rig(names, parents, heads, tails, turns)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared")
    arguments = parser.parse_args()
    load_extension()
    warnings.simplefilter("ignore", RuntimeWarning)
    there, back = time_large_rig(arguments.runs)
    print(f"{describe()}\n")
    print(f"300 frames onto 200 bones: {1000 * there:.0f} ms, and back {1000 * back:.0f} ms")
    plain, longer = (time_plain_rig(extra, arguments.runs) for extra in (0, 48))
    print(f"onto a plain rig: {1000 * plain:.0f} ms, with 48 further bones {1000 * longer:.0f} ms")
    print(f"300 frames cleaned: {1000 * time_clean_up(arguments.runs):.0f} ms")
    print(f"BVH of 10,000 frames x 60 joints read: {time_bvh(arguments.runs):.2f} s\n")
    if (arguments.shared / "rigs").is_dir():
        print_characters(arguments.shared)
    from keyfill_extension import blender_addon

    blender_addon.unregister()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
