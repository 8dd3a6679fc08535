"""Limbs without a bone at their end, tails that mean nothing, and sizes that disagree."""

from dataclasses import replace

import numpy as np
import pytest
from keyfill_extension.engine.motion.bones.matching import bone_map_from_rows, match_bones
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.retargeting.clip_to_rig import fit_clip_to_rig
from keyfill_extension.engine.motion.retargeting.rest_alignment import align_rest_poses
from keyfill_extension.tests.motion.rig_families import BUILDS, FAMILIES, make_rig
from keyfill_extension.tests.motion.toy_rigs import wild_clip
from keyfill_extension.tests.motion.toy_tracks import degrees

ADULT = BUILDS["adult"]


def without(rig, names):
    """Return the rig without some bones that carry none."""
    kept = [bone for bone, name in enumerate(rig.names) if name not in names]
    rows = {bone: row for row, bone in enumerate(kept)} | {-1: -1}
    return replace(
        rig,
        names=tuple(rig.names[bone] for bone in kept),
        parents=tuple(rows[rig.parents[bone]] for bone in kept),
        heads=rig.heads[kept], tails=rig.tails[kept], rotations=rig.rotations[kept],
    )  # fmt: skip


def footless(build=ADULT):
    """Return a rig and one whose feet were deleted."""
    made = make_rig(FAMILIES["vrm"], replace(build, missing=("foot",)))
    feet = {made.joints[f"{side}_ankle"] for side in ("left", "right")}
    return made.rig, without(made.rig, feet)


def with_tails(rig, seed, size):
    """Return the rig with tails as an importer may make them up."""
    steps = np.random.default_rng(seed).normal(size=rig.heads.shape) * size
    return replace(rig, tails=rig.heads + steps)


@pytest.mark.parametrize("length", [0.001, 0.5, 30.0])
def test_deleted_feet_leave_the_size_and_the_motion_whatever_the_tails(length):
    whole, rig = footless()
    right = align_rest_poses(whole, match_bones(whole)).scale
    rig = with_tails(rig, 4, length)
    bone_map = match_bones(rig)
    assert "left_ankle" in bone_map.missing
    assert align_rest_poses(rig, bone_map).scale == pytest.approx(right, rel=0.1)
    motion = fit_clip_to_rig(wild_clip(), rig, bone_map)
    other = fit_clip_to_rig(wild_clip(), with_tails(rig, 5, 0.2), bone_map)
    assert degrees(motion.rotations, other.rotations).max() < 1e-6
    assert np.array_equal(motion.locations, other.locations)


def test_an_end_bone_below_a_shin_tells_where_it_ends():
    whole, rig = footless()
    right = align_rest_poses(whole, match_bones(whole)).scale
    names, parents, heads = list(rig.names), list(rig.parents), list(rig.heads)
    for side in ("left", "right"):
        names.append(f"{side}LowerLeg_end")
        parents.append(rig.index[f"{side}LowerLeg"])
        heads.append(whole.heads[whole.index[f"{side}Foot"]])
    count = len(names)
    ended = replace(
        rig, names=tuple(names), parents=tuple(parents), heads=np.array(heads),
        tails=np.full((count, 3), 9.0), rotations=np.tile([1.0, 0, 0, 0], (count, 1)),
    )  # fmt: skip
    assert align_rest_poses(ended, match_bones(ended)).scale == pytest.approx(right, rel=1e-9)


def test_tails_that_lie_at_the_next_bones_are_believed():
    whole, rig = footless(replace(ADULT, unevenness=0.0))
    right = align_rest_poses(whole, match_bones(whole)).scale
    tails = rig.tails.copy()
    for side in ("left", "right"):
        thigh, shin = (rig.index[f"{side}{name}"] for name in ("UpperLeg", "LowerLeg"))
        tails[thigh] = rig.heads[shin]
        tails[shin] = whole.heads[whole.index[f"{side}Foot"]]
    drawn = replace(rig, tails=tails)
    assert align_rest_poses(drawn, match_bones(drawn)).scale == pytest.approx(right, rel=1e-9)


@pytest.mark.parametrize(("factor", "word"), [(3.0, "long"), (0.3, "short")])
def test_legs_that_are_no_legs_of_this_body_are_refused(factor, word):
    made = make_rig(FAMILIES["vrm"], replace(ADULT, legs=factor))
    with pytest.raises(RequestError, match=f"times too {word} for its arms and its trunk") as error:
        align_rest_poses(made.rig, bone_map_from_rows(made.rig, made.joints))
    assert "bone map" in error.value.remedy


@pytest.mark.parametrize("build", BUILDS)
def test_bodies_of_every_build_are_taken(build):
    made = make_rig(FAMILIES["unreal mannequin"], BUILDS[build])
    assert align_rest_poses(made.rig, match_bones(made.rig)).scale > 0.0
