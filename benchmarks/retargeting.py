"""How well and how fast clips arrive on characters: `python benchmarks/retargeting.py`.

The time that 300 frames take onto a rig of 200 bones and back, onto plain rigs with and without
48 further bones, and through the clean-up, and that of reading a BVH file of 10,000 frames of 60
joints. Then every BVH of ../shared/rigs and ../shared/cases, edited and extended on the command
line; and every character there with a walk, a kick and a reach to the floor, evaluated by Blender.
`--faults` runs the tests of eight kinds of faults that once passed in silence, and counts what
still does.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
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

EDITS = {
    "cmu_atelier_02_10.bvh": (400, 460),
    "cmu_dragon_02_01.bvh": (20, 60),
    "mocapnet_wave.bvh": (8, 24),
    "rokoko_40.bvh": (2, 10),
}
"""Clip frames of each BVH file that an edit makes anew."""

_MEAN, _LIMB, _END, _STRETCH = 2.0, 8.0, 12.0, 1.0
"""A character is right up to these: degrees of limbs in the mean and at worst, degrees of feet
and hands, per cent that a limb's length changes."""

_BACK = 3.0
"""Degrees up to which the limbs of a BVH that was edited are the made clip's."""

_LEAST_FOOT, _HIGHEST_FOOT, _LEAN = -0.05, 0.25, 45.0
"""Metres between which the lower foot of a new wave and a new walk stays, and degrees that the
torso leans at most in them."""

FAULTS = {
    "feet and hands that hang on the root": (
        "addon_blender/test_cases.py -k q_male or robotexp or plain_leg_ik",
        "addon_blender/test_plain_ik.py",
        "motion/test_carried_bones.py",
        "motion/test_reins.py",
    ),
    "limb ends and size from bone tails": (
        "addon_blender/test_cases.py -k cesium",
        "motion/test_limb_ends.py",
    ),
    "left and right swapped": (
        "addon_blender/test_cases.py -k bone_suffix or either_way",
        "addon_blender/test_doubtful_maps.py",
        "motion/test_bone_matching_doubts.py",
    ),
    "a rest pose that lies down": ("addon_blender/test_lying_rest.py",),
    "two readers of one format": (
        "motion/test_bvh_clips.py",
        "motion/test_bvh_edits.py",
        "engine/test_batch_bvh.py",
    ),
    "sized by scaling a bone": ("addon_blender/test_scaled_bones.py",),
    "the take is on the character, but not seen": ("addon_blender/test_seen.py",),
    "constraints that bend keys": ("addon_blender/test_bending.py",),
}
"""Faults that were once reported as success, each with the tests that show it right or named."""


def load_extension() -> None:
    """Give the repository the shape of the installed extension and register the add-on."""
    extension = types.ModuleType("keyfill_extension")
    extension.__path__ = [str(REPOSITORY)]
    sys.modules["keyfill_extension"] = extension
    from keyfill_extension import blender_addon

    blender_addon.register()


def print_characters(shared: Path) -> dict[str, bool]:
    """Print a row for each character and clip, and the worst of all; say which ones are right."""
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
    worst, is_right = np.zeros(5), {}
    paths = [shared / "rigs" / name for name in CHARACTERS]
    paths += [shared / "cases" / name for name in CASES]
    for path in filter(Path.is_file, paths):
        name, ob = path.name, load_character(path)
        retargeting_figures.prepare(ob)
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
            limits = (_MEAN, _LIMB, _END, _END, _STRETCH)
            is_fine = not any(one > most for one, most in zip(row, limits, strict=True))
            is_right[name] = is_right.get(name, True) and is_fine
    print(
        f"| **worst** | | {worst[0]:.2f} / {worst[1]:.1f} | {worst[2]:.1f} | {worst[3]:.1f} "
        f"| {worst[4]:.2f} | | | |"
    )
    return is_right


def print_bvh_edits(shared: Path) -> dict[str, bool]:
    """Edit and extend each BVH file on the command line, print both; say which ones are right."""
    paths = [path for room in ("rigs", "cases") for path in (shared / room).glob("*.bvh")]
    paths = sorted(path for path in paths if path.name in EDITS)
    with tempfile.TemporaryDirectory() as name:
        folder, lines = Path(name), []
        for path in paths:
            whole = {"name": f"{path.stem}-edit", "prompt": "a person waves", "clip": str(path)}
            lines.append(whole | {"frames": EDITS[path.name]})
            longer = {"op": "extend", "prompt": "a person walks forward", "seconds": 1.0}
            lines.append(whole | longer | {"name": f"{path.stem}-extend"})
        requests = folder / "edits.jsonl"
        requests.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "engine", "generate", "--requests", str(requests)]
        subprocess.run(
            [*command, "--out", name], cwd=REPOSITORY, check=True, capture_output=True
        )
        print(
            "| BVH on the command line | outside the mask | limbs there and back, mean / max ° "
            "| lower foot, m | torso leans up to ° |\n|---|---|---|---|---|"
        )
        return {
            path.name: all([_print_bvh(path, folder, kind) for kind in ("edit", "extend")])
            for path in paths
        }


def _print_bvh(path: Path, folder: Path, kind: str) -> bool:
    """Print what came of an edited BVH file; say whether it is right."""
    from keyfill_extension.engine.motion.clip import load_clip
    from keyfill_extension.engine.motion.files.bvh_clips import read_bvh_clip
    from keyfill_extension.tests.motion.test_bvh_edits import rows_of
    from keyfill_extension.tests.motion.toy_bvh import limb_degrees

    out = folder / f"{path.stem}-{kind}.bvh"
    made, again = load_clip(out.with_suffix(".npz")), read_bvh_clip(out)
    before, after = rows_of(path)[0], rows_of(out)[0]
    times = np.arange(len(before)) * 30.0 / again.motion.fps
    first, end = EDITS[path.name] if kind == "edit" else (np.inf, np.inf)
    # Between the last kept clip frame and the first new one lies the border of other rates.
    kept = (times <= first - 1 + 1e-6) | (times >= end - 1e-6)
    is_same = bool((after[: len(before)][kept] == before[kept]).all())
    frames = min(made.frames, again.clip.frames)
    errors = limb_degrees(made.cut(0, frames), again.clip.cut(0, frames))
    new = (first, end) if kind == "edit" else (made.frames - 30, made.frames)
    shown = made.joints()[slice(*new)]
    feet = shown[:, [7, 8, 10, 11], 1].min(axis=1)
    torso = shown[:, 12] - shown[:, 0]
    lean = np.degrees(np.arccos(torso[:, 1] / np.linalg.norm(torso, axis=-1))).max()
    told = f"{kept.sum()} rows as printed" if is_same else "CHANGED"
    print(
        f"| {path.name}, {kind} | {told} | {errors.mean():.2f} / {errors.max():.2f} "
        f"| {feet.min():.2f} to {feet.max():.2f} | {lean:.0f} |",
        flush=True,
    )
    is_up = feet.min() >= _LEAST_FOOT and feet.max() <= _HIGHEST_FOOT and lean <= _LEAN
    return is_same and float(errors.max()) <= _BACK and bool(is_up)


def print_faults() -> None:
    """Print, for each of FAULTS, how many of its tests pass, and how many kinds are silent."""
    print("| once silent | tests that show it right or named |\n|---|---|")
    silent = 0
    for fault, places in FAULTS.items():
        passed, is_whole = 0, True
        for place in places:
            file, _, chosen = place.partition(" -k ")
            command = [sys.executable, "-m", "pytest", "-q", f"tests/{file}"]
            command += ["-k", chosen] if chosen else []
            run = subprocess.run(
                command, cwd=REPOSITORY, capture_output=True, text=True, encoding="utf-8"
            )
            found = re.search(r"(\d+) passed", run.stdout)
            passed += int(found.group(1)) if found else 0
            # A test that was left out shows nothing.
            is_whole &= run.returncode == 0 and found is not None and "skipped" not in run.stdout
        silent += not is_whole
        print(f"| {fault} | {passed} passed{'' if is_whole else ', NOT ALL'} |", flush=True)
    print(f"\nSilent: {silent} of {len(FAULTS)} kinds")


def print_cases(shared: Path) -> None:
    """Print the BVH files and the characters, and how many of the cases are right untouched."""
    from keyfill_extension.tests.addon_blender.real_characters import CASES

    at_command_line = print_bvh_edits(shared)
    print()
    in_blender = print_characters(shared)
    right = [
        name
        for name in CASES
        if in_blender.get(name, False) and at_command_line.get(name, not name.endswith(".bvh"))
    ]
    print(f"\nCases right without a touch: {len(right)} of {len(CASES)} ({', '.join(right)})")


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
    parser.add_argument("--faults", action="store_true", help="only the faults once silent")
    arguments = parser.parse_args()
    if arguments.faults:
        print_faults()
        return 0
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
        print_cases(arguments.shared)
    from keyfill_extension import blender_addon

    blender_addon.unregister()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
