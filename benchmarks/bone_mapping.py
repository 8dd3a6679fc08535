"""How well and how fast bones are mapped: `python benchmarks/bone_mapping.py [--shared FOLDER]`.

Prints Markdown: time on a rig of 200 bones with and without telling names, the tables of
generated families, how often their maps are doubted, and the characters of the shared folder,
by name and by shape alone. The characters need Blender as a module (`bpy`).
"""

from __future__ import annotations

import argparse
import runpy
import statistics
import sys
import time
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
BONES = 200


def rig_of_200(families):
    """Return an Unreal-like rig with twists, fingers, a skirt and hair: 200 bones."""
    from dataclasses import replace

    skirt = tuple((f"skirt_{number:02}", "pelvis") for number in range(22))
    hair = tuple((f"hair_{number:02}", "head") for number in range(22))
    family = families.FAMILIES["unreal mannequin"]
    family = replace(family, extras=(*family.extras, *skirt, *hair))
    rig = families.make_rig(family, families.BUILDS["adult"]).rig
    return first_bones(rig, BONES)


def first_bones(rig, count):
    """Return the rig's first bones; parents come before their children."""
    from dataclasses import replace

    return replace(
        rig, names=rig.names[:count], parents=rig.parents[:count], heads=rig.heads[:count],
        tails=rig.tails[:count], rotations=rig.rotations[:count],
    )  # fmt: skip


def milliseconds(rig, runs: int, clock=time.perf_counter) -> list[float]:
    """Return the times of mapping a rig anew, nothing remembered between runs."""
    from dataclasses import replace

    from keyfill_extension.engine.motion.bones import names as bone_names
    from keyfill_extension.engine.motion.bones.matching import match_bones

    times = []
    for _ in range(runs):
        bone_names.rig_words.cache_clear()
        bone_names.words_of.cache_clear()
        bone_names.common_prefix.cache_clear()
        bone_names.common_suffix.cache_clear()
        fresh = replace(rig)
        started = clock()
        match_bones(fresh)
        times.append(1000.0 * (clock() - started))
    return times


def print_times(families, runs: int) -> None:
    """Print the time on a rig of 200 bones."""
    rig = rig_of_200(families)
    print(f"| {len(rig.names)} bones | median | slowest of {runs} | median of the CPU's time |")
    print("|---|---|---|---|")
    for label, timed in (("telling names", rig), ("random names", families.renamed(rig)[0])):
        times = milliseconds(timed, runs)
        spent = statistics.median(milliseconds(timed, runs, time.process_time))
        middle = statistics.median(times)
        print(f"| {label} | {middle:.1f} ms | {max(times):.1f} ms | {spent:.1f} ms |")


def print_families(families, title: str, table) -> None:
    """Print how many builds of each family of a table are mapped fully and rightly."""
    from keyfill_extension.engine.motion.bones.matching import HIGH_CONFIDENCE, match_bones

    print(f"\n| {title} | fully right | high and wrong | by shape alone |\n|---|---|---|---|")
    totals = [0, 0, 0, 0, 0]
    for name, family in table.items():
        full = wrong = right = joints = 0
        for seed, build in enumerate(families.BUILDS.values()):
            made = families.make_rig(family, build)
            found = match_bones(made.rig)
            full += dict(found.bones) == made.joints
            wrong += sum(
                guess.confidence >= HIGH_CONFIDENCE and made.joints.get(guess.joint) != guess.bone
                for guess in found.guesses
            )
            if not family.laid_out:
                right += right_by_shape(families, made.rig, made.joints, seed)
                joints += len(made.joints)
        builds = len(families.BUILDS)
        shape = f"{100 * right / joints:.0f} %" if joints else "no shape at rest"
        print(f"| {name} | {full} of {builds} | {wrong} | {shape} |")
        row = (full, builds, wrong, right, joints)
        totals = [sum(pair) for pair in zip(totals, row, strict=True)]
    share = 100 * totals[3] / totals[4]
    print(f"| **{len(table)}** | {totals[0]} of {totals[1]} | {totals[2]} | {share:.1f} % |")


def print_doubts(families, table) -> None:
    """Print how often maps stop a take, or leave a note, where names confuse and where not."""
    print("\n| names | right: used, with a note, stopped | limbs wrong: used, noted, stopped |")
    print("|---|---|---|")
    for title, confuse in CONFUSIONS.items():
        counts = np.zeros((2, 3), dtype=int)
        for seed, family in enumerate(table.values()):
            for build in families.BUILDS.values():
                made = families.make_rig(family, build)
                rig, joints = confuse(families, made, np.random.default_rng(seed))
                outcome = judge(rig, joints)
                if outcome is not None:
                    counts[outcome] += 1
        right, wrong = (", ".join(map(str, row)) for row in counts)
        print(f"| {title} | {right} | {wrong} |")


def judge(rig, joints) -> tuple[int, int] | None:
    """Return whether limbs are wrong, and whether their map is used, noted or stopped.

    None where no humanoid is recognised at all.
    """
    from keyfill_extension.engine.motion.bones.doubts import (
        DoubtfulMap,
        note_of_doubt,
        refuse_doubtful,
    )
    from keyfill_extension.engine.motion.bones.matching import REQUIRED_JOINTS, match_bones
    from keyfill_extension.engine.motion.request import RequestError

    try:
        found = match_bones(rig)
    except RequestError:
        return None
    wrong = any(found.bones[joint] != joints[joint] for joint in REQUIRED_JOINTS)
    try:
        refuse_doubtful(found)
    except DoubtfulMap:
        return int(wrong), 2
    return int(wrong), 1 if note_of_doubt(found) else 0


def as_they_are(families, made, rng):
    """Return a rig as it was made, and its joints."""
    return made.rig, made.joints


def without_meaning(families, made, rng):
    """Return a rig whose names say nothing, and its joints."""
    rig, old = families.renamed(made.rig, int(rng.integers(1000)))
    new = {name: fresh for fresh, name in old.items()}
    return rig, {joint: new[bone] for joint, bone in made.joints.items()}


def exchanged(families, made, rng):
    """Return a rig two of whose joints have each other's names, and its joints."""
    from dataclasses import replace

    pair = rng.choice(sorted(made.joints), 2, replace=False)
    first, second = (made.joints[joint] for joint in pair)
    swap = {first: second, second: first}
    names = tuple(swap.get(name, name) for name in made.rig.names)
    return replace(made.rig, names=names), {
        joint: swap.get(bone, bone) for joint, bone in made.joints.items()
    }


CONFUSIONS = {
    "as they are": as_they_are,
    "that say nothing": without_meaning,
    "two joints' exchanged": exchanged,
}


def right_by_shape(families, rig, joints, seed: int) -> int:
    """Return how many joints of the renamed rig are right; none of one that is refused."""
    from keyfill_extension.engine.motion.bones.matching import match_bones
    from keyfill_extension.engine.motion.request import RequestError

    unnamed, old = families.renamed(rig, seed)
    try:
        found = match_bones(unnamed).bones
    except RequestError:
        return 0
    return sum(old.get(found.get(joint)) == bone for joint, bone in joints.items())


def print_characters(shared: Path) -> None:
    """Print the characters by name and by shape; what is right stands in the tests."""
    from keyfill_extension.engine.motion.bones.matching import HIGH_CONFIDENCE, match_bones
    from keyfill_extension.tests.addon_blender import test_real_rigs_mapping as tables

    print("\n| character | bones | by name and shape | by shape alone | wrong and high | time |")
    print("|---|---|---|---|---|---|")
    for number, name in enumerate(tables.CHARACTERS):
        rig, truth = tables.read_character(name, shared), tables.TRUTH[name]
        found = match_bones(rig).bones
        named = sum(found.get(joint) == bone for joint, bone in truth.items())
        unnamed, old = tables.renamed(rig, number)
        hits, high = 0, 0
        for guess in match_bones(unnamed).guesses:
            wanted = truth.get(guess.joint)
            hit = bool(wanted) and tables.in_its_place(rig, old[guess.bone], wanted)
            hits += hit
            high += not hit and guess.confidence >= HIGH_CONFIDENCE
        spent = statistics.median(milliseconds(rig, 5))
        print(
            f"| {name} | {len(rig.names)} | {named} of {len(truth)} | {hits} of {len(truth)} "
            f"| {high} | {spent:.0f} ms |"
        )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared")
    options = parser.parse_args()
    runpy.run_path(str(REPOSITORY / "tests" / "conftest.py"))
    from keyfill_extension.tests.motion import exporter_families, rig_families

    print_times(rig_families, options.runs)
    print_families(rig_families, "family", rig_families.FAMILIES)
    print_families(rig_families, "exporter, pack or suit", exporter_families.EXPORTERS)
    print_doubts(rig_families, rig_families.FAMILIES | exporter_families.EXPORTERS)
    if (options.shared / "rigs").is_dir():
        print_characters(options.shared)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
