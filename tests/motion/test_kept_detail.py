"""What lies between a clip's frames stays where an edit changed nothing, and only there."""

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.kept_detail import (
    distance_weights,
    keep_locations,
    keep_rotations,
)
from keyfill_extension.engine.motion.retargeting.pose_offsets import fit_clip_to_track
from keyfill_extension.engine.motion.rig import BonePose
from keyfill_extension.tests.motion.toy_tracks import (
    bent,
    degrees,
    own_channels,
    read,
    rig_with_extra_bones,
    smooth_channels,
    span,
    track_of,
)

RANDOM = np.random.default_rng(5)


def turns(*shape, degrees=3.0):
    vectors = np.radians(degrees) * RANDOM.normal(size=(*shape, 3))
    return quaternions.vectors_to_quaternions(vectors)


def shaking_track(fps, frames=80):
    """A track whose every frame shakes by more than a clip of 30 frames a second can hold."""
    rig = rig_with_extra_bones()
    smooth = smooth_channels(rig, frames)
    rotations = quaternions.multiply(smooth.rotations, turns(frames, len(rig.names), degrees=2.0))
    locations = smooth.locations + 0.01 * RANDOM.normal(size=smooth.locations.shape)
    return track_of(rig, BonePose(rotations, locations), fps)


@pytest.mark.parametrize("fps", [24.0, 25.0, 48.0, 60.0, 120.0])
def test_an_edit_that_changes_nothing_gives_the_own_channels_at_any_rate(fps):
    track = shaking_track(fps)
    placement, clip = read(track)
    motion = fit_clip_to_track(track, placement, clip, span(clip, 0, clip.frames))
    rotations, locations = own_channels(track, motion)
    assert degrees(motion.rotations, rotations).max() < 1e-5
    assert np.abs(motion.locations - locations).max() < 1e-9


def test_changed_frames_have_nothing_of_the_old_shaking():
    """The same edit on a shaking and on a still-handed track, away from the borders."""
    shaking = shaking_track(60.0)
    placement, clip = read(shaking)
    mask = span(clip, 0, clip.frames)
    made = bent(clip, mask)
    motion = fit_clip_to_track(shaking, placement, made, mask)
    rotations, _ = own_channels(shaking, motion)
    joints = dict(zip(motion.bones, degrees(motion.rotations, rotations).max(axis=0), strict=True))
    bent_bones = [column for column, name in enumerate(motion.bones) if joints[name] > 5]
    assert bent_bones
    between = quaternions.slerp(motion.rotations[:-2:2], motion.rotations[2::2], np.array(0.5))
    rough = degrees(motion.rotations[1:-1:2], between)[:, bent_bones]
    own = quaternions.slerp(rotations[:-2:2], rotations[2::2], np.array(0.5))
    assert np.median(rough) < 0.5 * np.median(degrees(rotations[1:-1:2], own)[:, bent_bones])


def test_weights_rise_away_from_what_changed():
    changed = np.zeros((12, 2), dtype=bool)
    changed[5, 0] = True
    weights = distance_weights(changed, 4)
    assert weights[:, 0].tolist() == [1, 1, 0.75, 0.5, 0.25, 0, 0.25, 0.5, 0.75, 1, 1, 1]
    assert weights[:, 1].tolist() == [1] * 12
    assert distance_weights(np.ones((3, 1), dtype=bool), 2).max() == 0


def test_what_was_lost_is_given_back_frame_by_frame():
    read_turns, own = turns(20, 3, degrees=40), turns(20, 3, degrees=40)
    new = read_turns.copy()
    new[10:12, 1] = turns(2, degrees=40)
    kept = keep_rotations(own, read_turns, new, 3)
    assert degrees(kept[:, [0, 2]], own[:, [0, 2]]).max() < 1e-5
    assert degrees(kept[10:12, 1], new[10:12, 1]).max() < 1e-5
    assert degrees(kept[:8, 1], own[:8, 1]).max() < 1e-5
    places, own_places = RANDOM.normal(size=(2, 20, 3))
    moved = places.copy()
    moved[10] += 1.0
    kept = keep_locations(own_places, places, moved, 3)
    assert np.abs(kept[:8] - own_places[:8]).max() < 1e-9
    assert np.abs(kept[10] - moved[10]).max() < 1e-9
