"""What limbs follow by constraints: IK targets without telling names, controls, other parents."""

from dataclasses import replace

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.matching import match_bones
from keyfill_extension.engine.motion.retargeting.clip_to_rig import fit_clip_to_rig
from keyfill_extension.engine.motion.rig import Rein, pose_rig
from keyfill_extension.tests.motion.exporter_families import EXPORTERS
from keyfill_extension.tests.motion.rig_families import BUILDS, make_rig
from keyfill_extension.tests.motion.test_carried_bones import channels_of
from keyfill_extension.tests.motion.toy_rigs import wild_clip

ADULT = BUILDS["adult"]
NO_TURN = np.array([1.0, 0.0, 0.0, 0.0])


def add_bone(rig, name, at, parent=-1):
    """Return the rig with a bone more that starts where another one does."""
    row = rig.index[at]
    return replace(
        rig,
        names=(*rig.names, name),
        parents=(*rig.parents, parent),
        heads=np.concatenate([rig.heads, rig.heads[row : row + 1]]),
        tails=np.concatenate([rig.tails, rig.tails[row : row + 1]]),
        rotations=np.concatenate([rig.rotations, rig.rotations[row : row + 1]]),
    )


def way(rig, follower, bone):
    """Return where a bone starts in another one's axes."""
    back = quaternions.conjugate(rig.rotations[rig.index[follower]])
    return quaternions.rotate(back, rig.heads[rig.index[bone]] - rig.heads[rig.index[follower]])


def posed(rig, bone_map):
    return pose_rig(rig, channels_of(rig, fit_clip_to_rig(wild_clip(), rig, bone_map)))


@pytest.mark.parametrize("build", BUILDS)
def test_feet_without_telling_names_are_known_by_the_ik_that_reaches_for_them(build):
    # Shins without a tip: what they reach for may be their feet.
    family = replace(EXPORTERS["quaternius with leg ik, fbx"], limb_tips="")
    made = make_rig(family, BUILDS[build])
    new = {f"Foot.{side}": f"Empty.{side}" for side in "LR"}
    rig = replace(made.rig, names=tuple(new.get(name, name) for name in made.rig.names))
    assert "left_ankle" in match_bones(rig).missing
    reins = tuple(
        Rein(f"Empty.{side}", f"LowerLeg.{side}", way(rig, f"LowerLeg.{side}", f"Empty.{side}"))
        for side in "LR"
    )
    bones = match_bones(replace(rig, reins=reins)).bones
    right = {joint: new.get(bone, bone) for joint, bone in made.joints.items()}
    assert dict(bones) == right


def test_a_target_is_moved_with_the_shin_and_turned_with_the_foot():
    made = make_rig(EXPORTERS["optitrack motive"], ADULT)
    rig = add_bone(made.rig, "goal", "LFoot")
    reins = (Rein("goal", "LShin", way(rig, "LShin", "goal")), Rein("goal", "LFoot", turn=NO_TURN))
    rig = replace(rig, reins=reins)
    bone_map = match_bones(rig)
    assert [one.bone for one in bone_map.carried] == ["goal"]
    pose = posed(rig, bone_map)
    goal, foot = rig.index["goal"], rig.index["LFoot"]
    assert np.abs(pose.heads[:, goal] - pose.heads[:, foot]).max() < 1e-6
    turned = quaternions.angle_between(pose.rotations[:, goal], pose.rotations[:, foot])
    assert turned.max() < 1e-5


def test_what_is_followed_may_follow_in_its_turn():
    made = make_rig(EXPORTERS["optitrack motive"], ADULT)
    rig = add_bone(add_bone(made.rig, "layer", "LShin"), "goal", "LFoot")
    reins = (
        Rein("goal", "layer", way(rig, "layer", "goal")),
        Rein("layer", "LShin", np.zeros(3), NO_TURN),
    )
    rig = replace(rig, reins=reins)
    bone_map = match_bones(rig)
    assert [one.bone for one in bone_map.carried] == ["layer", "goal"]
    pose = posed(rig, bone_map)
    gaps = pose.heads[:, rig.index["goal"]] - pose.heads[:, rig.index["LFoot"]]
    assert np.abs(gaps).max() < 1e-6


def test_a_bone_that_counts_from_its_control_stays_at_rest_itself():
    made = make_rig(EXPORTERS["low-poly pack with feet and toes on the root"], ADULT)
    rig = add_bone(made.rig, "goal", "foot_l")
    rig = replace(rig, reins=(Rein("goal", "foot_l", np.zeros(3), NO_TURN, is_parent=True),))
    bone_map = match_bones(rig)
    motion = fit_clip_to_rig(wild_clip(), rig, bone_map)
    column = motion.bones.index("foot_l")
    assert np.abs(quaternions.angle_between(motion.rotations[:, column], NO_TURN)).max() < 1e-6
    own = next(one for one in motion.moved if one.bone == "foot_l")
    assert not own.locations.any()
    # The control moves as the foot would have without it.
    plain = replace(rig, reins=())
    wanted = posed(plain, match_bones(plain))
    found = pose_rig(rig, channels_of(rig, motion))
    goal, foot = rig.index["goal"], rig.index["foot_l"]
    assert np.abs(found.heads[:, goal] - wanted.heads[:, foot]).max() < 1e-6


def test_joints_and_bones_above_their_followers_are_not_carried():
    made = make_rig(EXPORTERS["optitrack motive"], ADULT)
    reins = (Rein("Chest", "Head", turn=NO_TURN), Rein("LThigh", "RThigh", turn=NO_TURN))
    assert match_bones(replace(made.rig, reins=reins)).carried == ()
