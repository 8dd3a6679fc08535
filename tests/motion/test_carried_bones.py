"""Feet, hands and poles that hang on the root move as if their limbs carried them."""

from dataclasses import replace

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.loose_ends import join_loose_ends
from keyfill_extension.engine.motion.bones.matching import match_bones
from keyfill_extension.engine.motion.retargeting.clip_to_rig import (
    fit_clip_to_rig,
    rest_placement,
    rig_pose_to_clip,
)
from keyfill_extension.engine.motion.retargeting.pose_offsets import fit_clip_to_track
from keyfill_extension.engine.motion.retargeting.rig_target import ObjectStance, RigTarget
from keyfill_extension.engine.motion.rig import BonePose, pose_rig, rest_channels
from keyfill_extension.engine.motion.rig_options import RigOptions
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.tests.motion.exporter_families import EXPORTERS
from keyfill_extension.tests.motion.rig_families import BUILDS, make_rig
from keyfill_extension.tests.motion.test_retargeting import channels_of
from keyfill_extension.tests.motion.toy_rigs import wild_clip
from keyfill_extension.tests.motion.toy_tracks import bent, degrees, read, span, track_of

FAMILIES = [name for name, family in EXPORTERS.items() if family.loose]
BUILD_NAMES = ("adult", "t-pose in centimetres", "long legs, wide shoulders, z up")


def stretch(rig, bone_map, pose):
    """Return how far each carried bone is from its place at its limb, in lengths of the limb."""
    found = []
    for one in bone_map.carried:
        bone, carrier = rig.index[one.bone], rig.index[one.carrier]
        way = quaternions.rotate(
            quaternions.conjugate(rig.rotations[carrier]), rig.heads[bone] - rig.heads[carrier]
        )
        place = pose.heads[:, carrier] + quaternions.rotate(pose.rotations[:, carrier], way)
        gap = np.linalg.norm(pose.heads[:, bone] - place, axis=-1).max()
        found.append(float(gap / np.linalg.norm(way)))
    return np.array(found)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("build", BUILD_NAMES)
def test_no_shin_or_forearm_is_stretched(family, build):
    rig = make_rig(EXPORTERS[family], BUILDS[build]).rig
    bone_map = match_bones(rig)
    pose = pose_rig(rig, channels_of(rig, fit_clip_to_rig(wild_clip(), rig, bone_map)))
    assert stretch(rig, bone_map, pose).max() < 1e-6


@pytest.mark.parametrize("family", FAMILIES)
def test_every_joint_is_where_it_is_on_a_rig_whose_limbs_are_whole(family):
    rig = make_rig(EXPORTERS[family], BUILDS["adult"]).rig
    whole = join_loose_ends(rig)
    assert whole is not rig
    poses = []
    for one in (rig, whole):
        bone_map = match_bones(one)
        pose = pose_rig(one, channels_of(one, fit_clip_to_rig(wild_clip(), one, bone_map)))
        mapped = [one.index[bone] for bone in bone_map.bones.values()]
        poses.append((pose.heads[:, mapped], pose.rotations[:, mapped]))
    assert np.abs(poses[0][0] - poses[1][0]).max() < 1e-6
    assert degrees(poses[0][1], poses[1][1]).max() < 1e-4


@pytest.mark.parametrize("root_motion", ["HIPS", "ROOT_BONE", "OBJECT"])
@pytest.mark.parametrize("in_place", [False, True])
def test_whatever_carries_the_path_feet_stay_on_shins(root_motion, in_place):
    rig = make_rig(EXPORTERS["quaternius with leg ik, fbx"], BUILDS["adult"]).rig
    bone_map = match_bones(rig)
    held = rest_channels(rig)
    held.locations[rig.index["Bone"]] = [0.3, 0.1, -0.2]
    stance = ObjectStance(np.zeros(3), quaternions.IDENTITY, 1.0)
    options = RigOptions(root_motion=root_motion, in_place=in_place)
    target = RigTarget(options=options, stance=stance, held=held)
    motion = fit_clip_to_rig(wild_clip(), rig, bone_map, target)
    pose = pose_rig(rig, channels_of(rig, motion, held))
    assert stretch(rig, bone_map, pose).max() < 1e-6


def test_a_pose_in_which_feet_stayed_behind_does_not_count_as_the_legs_length():
    rig = make_rig(EXPORTERS["quaternius robot, gltf"], BUILDS["adult"]).rig
    bone_map = match_bones(rig)
    away = rest_channels(rig)
    away.locations[rig.index[bone_map.bones["pelvis"]]] = [0.0, 3.0, 4.0]
    shown = pose_rig(rig, BonePose(away.rotations[None], away.locations[None]))
    plain = fit_clip_to_rig(wild_clip(), rig, bone_map)
    placed = fit_clip_to_rig(wild_clip(), rig, bone_map, RigTarget(shown=shown))
    assert degrees(plain.rotations, placed.rotations).max() < 1e-4
    assert np.abs(plain.locations - placed.locations).max() < 1e-6


def test_a_take_on_such_a_rig_is_read_back_as_the_clip():
    rig = make_rig(EXPORTERS["low-poly pack with feet and toes on the root"], BUILDS["adult"]).rig
    bone_map = match_bones(rig)
    clip = wild_clip()
    pose = pose_rig(rig, channels_of(rig, fit_clip_to_rig(clip, rig, bone_map)))
    again = rig_pose_to_clip(pose, rig, bone_map, 30.0, rest_placement(rig, bone_map))
    assert np.abs(again.root_pos - clip.root_pos).max() < 0.02


@pytest.mark.parametrize("parts", [("LOWER_BODY",), ("TORSO", "LEFT_ARM", "RIGHT_ARM"), PARTS])
@pytest.mark.parametrize("fps", [30.0, 24.0])
def test_an_edit_keeps_feet_and_hands_on_their_limbs(parts, fps):
    rig = make_rig(EXPORTERS["low-poly pack with hands and feet on the root"], BUILDS["adult"]).rig
    bone_map = match_bones(rig)
    first = fit_clip_to_rig(wild_clip(frames=60, amount=0.2), rig, bone_map)
    channels = channels_of(rig, first)
    track = track_of(rig, channels, fps)
    placement, clip = read(track)
    mask = span(clip, 15, 35, parts)
    motion = fit_clip_to_track(track, placement, bent(clip, mask), mask)
    edited = BonePose(channels.rotations.copy(), channels.locations.copy())
    new = channels_of(rig, motion)
    for name in motion.bones:
        edited.rotations[:, rig.index[name]] = new.rotations[:, rig.index[name]]
    for name in (motion.location_bone, *(one.bone for one in motion.moved)):
        edited.locations[:, rig.index[name]] = new.locations[:, rig.index[name]]
    # Feet hang from the hips, which are one part with them; any part moves a hand.
    assert len(motion.moved) == (6 if "LOWER_BODY" in parts else 2)
    assert stretch(rig, bone_map, pose_rig(rig, edited)).max() < 1e-6
    outside = slice(0, 10)
    assert np.array_equal(edited.locations[outside], channels.locations[outside])


def test_a_foot_that_is_glued_to_its_parent_gets_no_location():
    rig = make_rig(EXPORTERS["quaternius robot, gltf"], BUILDS["adult"]).rig
    glued = replace(rig, connected=tuple(name == "FootL" for name in rig.names))
    motion = fit_clip_to_rig(wild_clip(), glued, match_bones(glued))
    moved = {one.bone for one in motion.moved}
    assert moved == {"FootR", "PoleTargetL", "PoleTargetR"}
