"""Pinned hands: on their place in rig space while the body does something else."""

import dataclasses

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.matching import BoneMap
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.retargeting.hand_pins import Placed, pin_hands
from keyfill_extension.engine.motion.retargeting.pose_offsets import fit_clip_to_track
from keyfill_extension.tests.motion.toy_tracks import (
    bent,
    degrees,
    read,
    rig_with_extra_bones,
    smooth_channels,
    span,
    track_of,
    with_motion,
)

FRAMES, START, END = 60, 15, 45


def edited(amount=0.15):
    """A track with bent arms, and an edit of the middle of its torso and arms."""
    rig = rig_with_extra_bones()
    channels = smooth_channels(rig, FRAMES, amount=amount)
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        bone = rig.index[f"mixamorig:{side}ForeArm"]
        # About the rig's own up axis, whichever way the bone's axes point.
        up = quaternions.rotate(
            quaternions.conjugate(rig.rotations[bone]), np.array([0.0, -sign, 0.0])
        )
        bend = quaternions.axis_angle_to_quaternion(up, np.array(1.2))
        channels.rotations[:, bone] = quaternions.multiply(channels.rotations[:, bone], bend)
    track = track_of(rig, channels)
    placement, clip = read(track)
    mask = span(clip, START, END, ("TORSO", "LEFT_ARM", "RIGHT_ARM"))
    # A quarter of the way to another motion: the hands' places stay within reach.
    other = quaternions.slerp(clip.rot, bent(clip, mask).rot, np.array(0.25))
    made = fit_clip_to_track(track, placement, dataclasses.replace(clip, rot=other), mask)
    inside = np.zeros(FRAMES, dtype=bool)
    inside[START:END] = True
    return track, made, inside


def hand(track, side="left"):
    bone = track.rig.index[track.bone_map.bones[f"{side}_wrist"]]
    return Placed(track.pose.heads[:, bone], track.pose.rotations[:, bone])


def arm_length(track):
    bones = [track.rig.index[track.bone_map.bones[f"left_{j}"]] for j in ("shoulder", "wrist")]
    return float(np.linalg.norm(track.rig.heads[bones[1]] - track.rig.heads[bones[0]]))


def test_hands_keep_their_own_path():
    track, made, inside = edited()
    before = [hand(track, side) for side in ("left", "right")]
    moved = with_motion(track, made)
    assert np.linalg.norm(hand(moved).positions - before[0].positions, axis=-1).max() > 0.05
    pinned, farthest = pin_hands(track, made, inside, ("left", "right"))
    after = with_motion(track, pinned)
    for side, was in zip(("left", "right"), before, strict=True):
        now = hand(after, side)
        missed = np.linalg.norm(now.positions - was.positions, axis=-1)[inside]
        assert missed.max() == pytest.approx(farthest, abs=1e-6) or missed.max() < farthest
        assert np.median(missed) < 1e-3 * arm_length(track)
        assert degrees(now.rotations, was.rotations).max() < 1e-4


def test_only_arms_and_only_new_frames_change():
    track, made, inside = edited()
    pinned, _ = pin_hands(track, made, inside, ("left",))
    signs = np.sign(np.sum(pinned.rotations * made.rotations, -1, keepdims=True))
    same = (pinned.rotations * signs == made.rotations).all(-1)
    assert same[~inside].all()
    changed = {made.bones[column] for column in np.flatnonzero(~same.all(0))}
    assert changed == {f"mixamorig:Left{bone}" for bone in ("Arm", "ForeArm", "Hand")}
    assert (pinned.locations == made.locations).all()


def test_hands_go_with_the_thing_they_hold_and_come_back_to_the_kept_frames():
    track, made, inside = edited(amount=0.08)
    was = hand(track)
    # The thing goes along with the body and away from where the hand was before the edit.
    lift = 0.06 * np.maximum(np.arange(FRAMES) - START + 1, 0)[:, None] / FRAMES
    held = Placed(
        was.positions + lift * [0.0, 1.0, 0.0],
        quaternions.axis_angle_to_quaternion(np.array([0.0, 1.0, 0.0]), 0.4 * lift[:, 0]),
    )
    pinned, farthest = pin_hands(track, made, inside, ("left",), held)
    now = hand(with_motion(track, pinned))
    assert farthest < 0.05 * arm_length(track)
    grip = was.at(slice(START - 1, START)).seen_from(held.at(slice(START - 1, START)))
    wanted = grip.carried_by(held)
    # Away from the second border the hand is on the thing; there it has let go.
    rows = slice(START, END - 9)
    gap = np.linalg.norm(now.positions - wanted.positions, axis=-1)
    assert gap[rows].max() < farthest + 1e-9
    step = np.linalg.norm(np.diff(now.positions, axis=0), axis=-1)
    assert step[END - 1] < 3 * np.median(step) + 0.02 * arm_length(track)


def test_a_place_out_of_reach_is_approached_and_told():
    track, made, inside = edited()
    far = Placed(np.zeros((FRAMES, 3)), np.tile(quaternions.IDENTITY, (FRAMES, 1)))
    far.positions[START:, 1] = 10.0 * arm_length(track)
    pinned, farthest = pin_hands(track, made, inside, ("left",), far)
    assert farthest > 5.0 * arm_length(track)
    assert np.isfinite(pinned.rotations).all()
    assert np.abs(np.linalg.norm(pinned.rotations, axis=-1) - 1).max() < 1e-9


def test_an_arm_without_a_hand_is_refused():
    track, made, inside = edited()
    guesses = [guess for guess in track.bone_map.guesses if guess.joint != "left_wrist"]
    track = dataclasses.replace(track, bone_map=BoneMap(tuple(guesses)))
    with pytest.raises(RequestError, match="left"):
        pin_hands(track, made, inside, ("left",))
