"""Cubic sampling: whole frames as they are, closer than straight lines between them."""

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.smooth_sampling import sample_smoothly, sample_values
from keyfill_extension.tests.motion.toy_rigs import wild_clip


def degrees(first, last):
    return np.degrees(quaternions.angle_between(first, last))


def test_smooth_sampling_takes_whole_frames_as_they_are():
    clip = wild_clip(30)
    same = sample_smoothly(clip, np.arange(30.0) + 1e-8, 30.0)
    assert np.abs(same.root_pos - clip.root_pos).max() < 1e-12
    assert degrees(same.rot, clip.rot).max() < 1e-9


@pytest.mark.parametrize("rate", [24.0, 60.0])
def test_smooth_sampling_comes_closer_than_straight_lines(rate):
    """The twin is the same motion, sampled from a clip of a hundredfold rate."""
    fine = wild_clip(8001)
    coarse = Clip(fine.root_pos[::100], fine.rot[::100])
    positions = np.arange(rate / 30, 79.0, 30 / rate)  # between the first frame and the last
    truth = fine.rot[np.round(positions * 100).astype(int)]
    ours = sample_smoothly(coarse, positions, rate)
    below = np.floor(positions).astype(int)
    straight = quaternions.slerp(
        coarse.rot[below], coarse.rot[np.minimum(below + 1, 80)], (positions - below)[:, None]
    )
    assert degrees(ours.rot, truth).max() < degrees(straight, truth).max() / 3


def test_after_the_last_frame_the_motion_goes_on():
    clip = wild_clip(10, amount=0.2)
    line = Clip(np.outer(np.arange(10.0), [1.0, 0, 0]), clip.rot)
    assert sample_smoothly(line, np.array([9.5]), 60.0).root_pos[0, 0] == pytest.approx(9.5)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_the_shortest_clips_can_be_sampled(frames):
    clip = wild_clip(40).cut(0, frames)
    found = sample_smoothly(clip, np.linspace(0.0, frames, 7), 60.0)
    assert found.frames == 7 and np.isfinite(found.rot).all()
    assert (found.root_pos[0] == clip.root_pos[0]).all()


def test_values_are_sampled_as_clips_are():
    clip = wild_clip(20)
    positions = np.linspace(0.0, 19.0, 33)
    values = sample_values(clip.root_pos, positions)
    assert (values == sample_smoothly(clip, positions, 60.0).root_pos).all()


def test_a_parabola_keeps_its_shape():
    time = np.arange(12.0)
    positions = np.linspace(1.0, 10.0, 40)
    assert sample_values(time**2, positions) == pytest.approx(positions**2)
