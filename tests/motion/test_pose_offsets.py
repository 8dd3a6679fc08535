"""Edits fitted back onto a rig: exact outside the mask, on the clip inside it."""

import dataclasses

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.matching import match_bones
from keyfill_extension.engine.motion.retargeting.clip_to_rig import rest_placement
from keyfill_extension.engine.motion.retargeting.pose_offsets import (
    find_placement,
    fit_clip_to_track,
    track_to_clip,
)
from keyfill_extension.engine.motion.retargeting.rig_track import RigPath, bones_to_read
from keyfill_extension.engine.motion.rig import BonePose
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.tests.motion.toy_rigs import FAMILIES, toy_rig
from keyfill_extension.tests.motion.toy_tracks import (
    bent,
    degrees,
    own_channels,
    read,
    rig_with_extra_bones,
    smooth_channels,
    span,
    track_of,
    with_motion,
)

LEFT_ARM = PARTS.index("LEFT_ARM")


@pytest.mark.parametrize("connected_hips", [False, True])
def test_round_trip_with_moving_bones_between_the_joints(connected_hips):
    rig = rig_with_extra_bones(connected_hips)
    track = track_of(rig, smooth_channels(rig, 50))
    placement, clip = read(track)
    motion = fit_clip_to_track(track, placement, clip, span(clip, 0, 50))
    rotations, locations = own_channels(track, motion)
    assert motion.location_bone == ("Root" if connected_hips else "mixamorig:Hips")
    assert degrees(motion.rotations, rotations).max() < 1e-5
    assert np.abs(motion.locations - locations).max() < 1e-9


@pytest.mark.parametrize("fps", [24.0, 30.0, 24 / 1.001, 60.0])
def test_outside_the_mask_stand_the_own_channels(fps):
    rig = rig_with_extra_bones()
    track = track_of(rig, smooth_channels(rig, 80), fps)
    placement, clip = read(track)
    mask = span(clip, 10, 20, ("TORSO", "LEFT_ARM")) | span(clip, 14, 30, ("LOWER_BODY",))
    motion = fit_clip_to_track(track, placement, bent(clip, mask), mask)
    rotations, locations = own_channels(track, motion)
    times = np.arange(80) * 30 / fps
    joint_of = {bone: joint for joint, bone in track.bone_map.bones.items()}
    for column, name in enumerate(motion.bones):
        own_part = "LOWER_BODY"
        if "Arm" in joint_of[name] or any(
            word in joint_of[name] for word in ("collar", "shoulder", "elbow", "wrist")
        ):
            own_part = "LEFT_ARM" if joint_of[name].startswith("left") else "RIGHT_ARM"
        elif any(word in joint_of[name] for word in ("spine", "neck", "head")):
            own_part = "TORSO"
        rows = np.flatnonzero(mask[:, PARTS.index(own_part)])
        outside = np.ones(80, dtype=bool)
        if len(rows):
            outside = (times <= rows[0] - 1 + 1e-6) | (times >= rows[-1] + 1 - 1e-6)
            assert (
                degrees(motion.rotations[~outside, column], rotations[~outside, column]).max() > 1
            )
        signs = np.sign(np.sum(motion.rotations[:, column] * rotations[:, column], -1))[:, None]
        exact = motion.rotations[outside, column] == (rotations[:, column] * signs)[outside]
        assert exact.all(), name
    rows = np.flatnonzero(mask[:, 0])
    outside = (times <= rows[0] - 1 + 1e-6) | (times >= rows[-1] + 1 - 1e-6)
    assert (motion.locations[outside] == locations[outside]).all()
    assert np.abs(motion.locations[~outside] - locations[~outside]).max() > 0.05


def test_inside_the_mask_the_rig_does_what_the_clip_says():
    rig = rig_with_extra_bones()
    track = track_of(rig, smooth_channels(rig, 60))
    placement, clip = read(track)
    mask = span(clip, 15, 45)
    made = bent(clip, mask)
    after = with_motion(track, fit_clip_to_track(track, placement, made, mask))
    again = track_to_clip(after, placement)
    assert degrees(again.rot, made.rot).max() < 1e-4
    assert np.abs(again.root_pos - made.root_pos).max() < 1e-6


@pytest.mark.parametrize("fps", [24.0, 24 / 1.001, 60.0])
def test_other_rates_follow_the_clip_closely(fps):
    """Past the fade: 9 clip frames from each border."""
    rig = rig_with_extra_bones()
    track = track_of(rig, smooth_channels(rig, 80), fps)
    placement, clip = read(track)
    mask = span(clip, 5, 35)
    made = bent(clip, mask)
    after = with_motion(track, fit_clip_to_track(track, placement, made, mask))
    again = track_to_clip(after, placement)
    assert degrees(again.rot, made.rot)[15:25].max() < 0.5
    assert np.abs(again.root_pos - made.root_pos)[15:25].max() < 2e-3


def test_one_part_leaves_the_others_alone():
    rig = rig_with_extra_bones()
    track = track_of(rig, smooth_channels(rig, 40))
    placement, clip = read(track)
    mask = span(clip, 0, 40, ("LEFT_ARM",))
    motion = fit_clip_to_track(track, placement, bent(clip, mask), mask)
    rotations, locations = own_channels(track, motion)
    changed = degrees(motion.rotations, rotations).max(axis=0) > 1.0
    names = {name for name, is_new in zip(motion.bones, changed, strict=True) if is_new}
    bones = track.bone_map.bones
    assert names == {bones[f"left_{joint}"] for joint in ("collar", "shoulder", "elbow", "wrist")}
    assert (motion.locations == locations).all()


def test_an_object_that_moves_is_part_of_the_clip_and_stays():
    rig, frames = rig_with_extra_bones(), 40
    channels = smooth_channels(rig, frames)
    turn = quaternions.yaw_to_quaternion(np.linspace(0, 2.0, frames))
    path = RigPath(
        np.linspace(0, 3, frames)[:, None] * [1.0, 0.1, 0.5], turn, np.linspace(1, 1.2, frames)
    )
    still, track = track_of(rig, channels), track_of(rig, channels, path=path)
    placement, clip = read(track)
    assert np.linalg.norm(clip.root_pos[-1] - track_to_clip(still, placement).root_pos[-1]) > 1
    mask = span(clip, 10, 30)
    made = bent(clip, mask)
    after = with_motion(track, fit_clip_to_track(track, placement, made, mask))
    again = track_to_clip(after, placement)
    assert degrees(again.rot, made.rot).max() < 1e-4
    assert np.abs(again.root_pos - made.root_pos).max() < 1e-6


def test_a_carried_bone_counts_from_its_carrier():
    """A parent by constraint: what it does is between rest and channels, on every frame."""
    rig, frames = rig_with_extra_bones(), 40
    track = track_of(rig, smooth_channels(rig, frames))
    hips = rig.index["mixamorig:Hips"]
    carrier = quaternions.yaw_to_quaternion(np.linspace(0.0, 3.0, frames))
    channels = dataclasses.replace(track.channels, rotations=track.channels.rotations.copy())
    above = quaternions.conjugate(
        quaternions.multiply(track.pose.rotations[:, rig.parents[hips]], rig.local_rotations[hips])
    )
    # The same pose, most of it made by the carrier: pose = carrier * still * channels.
    channels.rotations[:, hips] = quaternions.multiply(
        above,
        quaternions.multiply(quaternions.conjugate(carrier), track.pose.rotations[:, hips]),
    )
    track = dataclasses.replace(track, channels=channels)
    placement, clip = read(track)
    made = bent(clip, span(clip, 0, frames))
    motion = fit_clip_to_track(track, placement, made, span(clip, 0, frames))
    column = motion.bones.index("mixamorig:Hips")
    plain = fit_clip_to_track(
        track_of(rig, smooth_channels(rig, frames)), placement, made, span(clip, 0, frames)
    )
    ours = quaternions.multiply(
        carrier, quaternions.multiply(quaternions.conjugate(above), motion.rotations[:, column])
    )
    theirs = quaternions.multiply(quaternions.conjugate(above), plain.rotations[:, column])
    assert degrees(ours, theirs).max() < 1e-5


def test_what_a_constraint_adds_fades_in_from_the_borders():
    """Channels 20 degrees beyond a limit: kept at the borders, gone in the middle, no jump."""
    rig, frames = rig_with_extra_bones(), 80
    track = track_of(rig, smooth_channels(rig, frames))
    head = rig.index["mixamorig:Head"]
    beyond = quaternions.axis_angle_to_quaternion(np.array([1.0, 0, 0]), np.radians(20.0))
    channels = dataclasses.replace(track.channels, rotations=track.channels.rotations.copy())
    channels.rotations[:, head] = quaternions.multiply(channels.rotations[:, head], beyond)
    behaviour = dataclasses.replace(track.behaviour, is_carried=np.arange(len(rig.names)) != head)
    track = dataclasses.replace(track, channels=channels, behaviour=behaviour)
    placement, clip = read(track)
    mask = span(clip, 20, 60)
    motion = fit_clip_to_track(track, placement, clip, mask)
    column = motion.bones.index("mixamorig:Head")
    own = channels.rotations[:, head]
    apart = degrees(motion.rotations[:, column], own)
    assert max(apart[:20].max(), apart[60:].max()) < 1e-12
    assert apart[35:45] == pytest.approx(20.0, abs=1e-4)
    assert np.abs(np.diff(apart)).max() < 5.0


def test_frames_of_a_jump_have_the_floor_of_the_others():
    rig = toy_rig(FAMILIES["mixamo"])
    count = len(rig.names)
    heights = np.where(np.arange(60) < 30, 0.0, 0.8)
    channels = BonePose(np.tile(quaternions.IDENTITY, (60, count, 1)), np.zeros((60, count, 3)))
    hips = rig.index["mixamorig:Hips"]
    to_bone = quaternions.conjugate(rig.rotations[hips])
    channels.locations[:, hips] = quaternions.rotate(to_bone, heights[:, None] * [0.0, 1, 0])
    track = track_of(rig, channels)
    rest = rest_placement(rig, track.bone_map)
    assert find_placement(track, quaternions.IDENTITY).position[1] == pytest.approx(
        rest.position[1]
    )
    high = BonePose(channels.rotations, channels.locations + channels.locations[-1:, :])
    assert find_placement(track_of(rig, high), quaternions.IDENTITY).position[1] == pytest.approx(
        rest.position[1] + 0.8
    )


def test_a_clip_begins_at_the_origin_and_faces_forward():
    rig = rig_with_extra_bones()
    track = track_of(rig, smooth_channels(rig, 20))
    _, clip = read(track)
    hips = clip.joints()[0, [1, 2]]
    assert np.abs(hips.mean(axis=0)[[0, 2]]).max() < 1e-9
    twist = clip.rot[0, 0, [0, 2]]
    assert abs(2 * np.arctan2(twist[1], twist[0])) % (2 * np.pi) == pytest.approx(0.0, abs=1e-6)


def test_only_needed_bones_are_read():
    rig = rig_with_extra_bones()
    bone_map = match_bones(rig)
    needed = bones_to_read(rig, bone_map)
    track = track_of(rig, smooth_channels(rig, 30))
    placement, clip = read(track)
    rest = [bone for bone in range(len(rig.names)) if bone not in needed]
    pose = dataclasses.replace(track.pose, heads=track.pose.heads.copy())
    pose.heads[:, rest] = np.nan
    pose.rotations[:, rest] = np.nan
    again = track_to_clip(dataclasses.replace(track, pose=pose), placement)
    assert (again.rot == clip.rot).all()


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_the_shortest_tracks_work(frames):
    rig = rig_with_extra_bones()
    for fps in (24.0, 30.0, 60.0):
        track = track_of(rig, smooth_channels(rig, frames), fps)
        placement, clip = read(track)
        motion = fit_clip_to_track(track, placement, clip, span(clip, 0, clip.frames))
        rotations, _ = own_channels(track, motion)
        assert motion.rotations.shape == rotations.shape
        assert np.isfinite(motion.rotations).all() and np.isfinite(motion.locations).all()
        assert degrees(motion.rotations[0], rotations[0]).max() < 1e-4


def test_a_clip_or_mask_of_another_length_is_an_error():
    rig = rig_with_extra_bones()
    track = track_of(rig, smooth_channels(rig, 20))
    placement, clip = read(track)
    with pytest.raises(ValueError, match="19 frames"):
        fit_clip_to_track(track, placement, clip.cut(0, 19), span(clip, 0, 20))
    with pytest.raises(ValueError, match="mask"):
        fit_clip_to_track(track, placement, clip, span(clip.cut(0, 19), 0, 19))
