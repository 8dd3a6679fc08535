"""Clips at other rates and times."""

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip, ClipError
from keyfill_extension.engine.motion.resampling import resample_clip, sample_clip
from keyfill_extension.engine.motion.skeleton import JOINTS

Y = np.array([0.0, 1.0, 0.0])


def turning_clip(frames, fps=30.0):
    """Every joint turns 90 degrees a second about Y, the pelvis goes 2 m/s along X."""
    times = np.arange(frames) / fps
    rot = quaternions.axis_angle_to_quaternion(Y, np.pi / 2 * times)[:, None]
    root_pos = np.stack([2 * times, np.ones(frames), np.zeros(frames)], axis=1)
    return Clip(root_pos, np.repeat(rot, len(JOINTS), axis=1), fps)


@pytest.mark.parametrize("fps", [23.976, 24.0, 25.0, 30.0, 60.0, 120.0])
@pytest.mark.parametrize("frames", [0, 1, 2, 61])
def test_uniform_motion_stays_uniform_at_any_rate(frames, fps):
    clip = resample_clip(turning_clip(frames), fps)
    assert clip.fps == fps
    expected = turning_clip(clip.frames, fps)
    assert np.allclose(clip.root_pos, expected.root_pos)
    assert quaternions.angle_between(clip.rot, expected.rot).max(initial=0.0) < 1e-6
    if frames:
        last = (frames - 1) / 30.0
        assert last - 1 / fps < (clip.frames - 1) / fps <= last + 1e-6


def test_frames_at_the_same_time_are_the_same_numbers():
    clip = turning_clip(31)
    finer = resample_clip(clip, 60.0)
    assert np.array_equal(finer.root_pos[::2], clip.root_pos)
    assert np.array_equal(finer.rot[::2], clip.rot)
    back = resample_clip(finer, 30.0)
    assert np.array_equal(back.rot, clip.rot)


def test_own_rate_changes_nothing():
    clip = turning_clip(7)
    assert np.array_equal(resample_clip(clip, 30.0).rot, clip.rot)


def test_whole_scene_frames_at_a_broken_rate():
    clip = turning_clip(91)
    frames = np.arange(0, 72)
    root_pos, rot = sample_clip(clip, frames * 1001 / 24000)
    assert np.allclose(root_pos[:, 0], 2 * frames * 1001 / 24000)
    assert rot.shape == (72, len(JOINTS), 4)
    assert np.allclose(np.linalg.norm(rot, axis=-1), 1.0)


def test_times_outside_take_the_ends():
    clip = turning_clip(5)
    root_pos, rot = sample_clip(clip, np.array([-1.0, 99.0]))
    assert np.array_equal(root_pos, clip.root_pos[[0, -1]])
    assert np.array_equal(rot, clip.rot[[0, -1]])


def test_signs_are_continuous_although_the_clips_are_not():
    clip = turning_clip(40)
    flipped = np.array(clip.rot)
    flipped[1::2] *= -1
    _, rot = sample_clip(Clip(clip.root_pos, flipped), np.linspace(0, 1.3, 100))
    assert np.sum(rot[1:] * rot[:-1], axis=-1).min() > 0
    _, plain = sample_clip(clip, np.linspace(0, 1.3, 100))
    assert quaternions.angle_between(rot, plain).max() < 1e-6


def test_what_cannot_be_sampled_is_refused():
    with pytest.raises(ClipError):
        sample_clip(turning_clip(0), np.array([0.0]))
    with pytest.raises(ClipError):
        sample_clip(turning_clip(3), np.array([np.nan]))
    for fps in (0.0, -24.0, np.inf):
        with pytest.raises(ClipError):
            resample_clip(turning_clip(3), fps)
    assert len(sample_clip(turning_clip(0), np.zeros(0))[0]) == 0
