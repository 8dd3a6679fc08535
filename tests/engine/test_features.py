"""Features: exact round trip, continuous heading, and no part that sees another."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from keyfill_extension.engine.features import (
    PART_SLICES,
    WIDTH,
    clip_to_features,
    features_to_clip,
    part_positions,
)
from keyfill_extension.engine.motion.clip import Clip, headings
from keyfill_extension.engine.motion.quaternions import (
    angle_between,
    axis_angle_to_quaternion,
    multiply,
    normalize,
)
from keyfill_extension.engine.motion.skeleton import PART_JOINTS, PARTS

from .small_corpus import swinging_clip


def wild_clip(frames: int, seed: int) -> Clip:
    """Return a clip whose every joint wanders freely, pelvis included."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(frames, 22, 4)) * 0.05
    rot = normalize(np.cumsum(steps, axis=0) + rng.normal(size=(1, 22, 4)))
    return Clip(np.cumsum(rng.normal(size=(frames, 3)) * 0.02, axis=0) + [3.0, 1.0, -2.0], rot)


@pytest.mark.parametrize("frames", [1, 2, 3, 50, 300])
@pytest.mark.parametrize("seed", [0, 1])
def test_clip_to_features_to_clip_is_exact(frames: int, seed: int) -> None:
    clip = wild_clip(frames, seed)
    features, origin = clip_to_features(clip)
    back = features_to_clip(features, origin)
    assert features.shape == (frames, WIDTH)
    assert np.abs(back.joints() - clip.joints()).max() < 1e-4
    assert np.degrees(angle_between(back.rot, clip.rot)).max() < 0.01


def test_real_clips_round_trip(shared) -> None:
    from keyfill_extension.engine.data.corpus import load_corpus

    clips = load_corpus(shared / "corpus", "val").clips
    assert len(clips) > 50
    for entry in clips[::5]:
        back = features_to_clip(*clip_to_features(entry.clip))
        assert np.abs(back.joints() - entry.clip.joints()).max() < 1e-4
        assert np.degrees(angle_between(back.rot, entry.clip.rot)).max() < 0.01


@pytest.mark.parametrize("part", PARTS)
def test_a_change_of_one_part_leaves_the_features_of_the_others(part: str) -> None:
    clip = swinging_clip(40, 1.0, 0.5)
    rot = clip.rot.copy()
    turn = axis_angle_to_quaternion(np.array([0.6, 0.0, 0.8]), np.array(0.7))
    joints = list(PART_JOINTS[part])
    rot[:, joints] = multiply(rot[:, joints], turn)
    before, after = clip_to_features(clip)[0], clip_to_features(Clip(clip.root_pos, rot))[0]
    for other in PARTS:
        is_same = torch.equal(before[:, PART_SLICES[other]], after[:, PART_SLICES[other]])
        assert is_same == (other != part)
        positions = part_positions(before, other), part_positions(after, other)
        assert torch.equal(*positions) == (other != part)


@pytest.mark.parametrize("axis", [[1.0, 0, 0], [0, 0, 1.0], [0.7071, 0, 0.7071]])
def test_heading_stays_through_a_roll_or_a_cartwheel(axis: list[float]) -> None:
    angle = np.linspace(0, 2 * np.pi, 60)
    roll = axis_angle_to_quaternion(np.array(axis), angle)
    yaw = headings(roll)
    assert np.abs(np.diff(yaw)).max() < 0.05
    assert abs(yaw[-1] - yaw[0]) < 0.05


def test_heading_follows_a_turn_past_a_full_circle() -> None:
    angle = np.linspace(0, 5 * np.pi, 200)
    turn = axis_angle_to_quaternion(np.array([0, 1.0, 0]), angle)
    np.testing.assert_allclose(headings(turn), angle, atol=1e-9)


@pytest.mark.parametrize("fps", [24.0, 60.0])
def test_other_rates_are_refused(fps: float) -> None:
    clip = swinging_clip(10, 1.0, 0.0)
    with pytest.raises(ValueError, match="30 fps"):
        clip_to_features(Clip(clip.root_pos, clip.rot, fps))
