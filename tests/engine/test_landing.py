"""Takes that stand in the air are put down: after a jump, and from their first frame on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from keyfill_extension.engine.features import ROOT_WIDTH, clip_to_features, features_to_clip
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.quaternions import axis_angle_to_quaternion
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX
from keyfill_extension.engine.systems.hifigpt.landing import _lowest_soles, land

from .small_corpus import swinging_clip

HEIGHT = ROOT_WIDTH - 1


def soles(features: torch.Tensor) -> np.ndarray:
    return _lowest_soles(features_to_clip(features))


def still(frames: int, turned: dict[str, float] | None = None) -> Clip:
    """Return somebody who does not move, joints turned about X, on the floor."""
    clip = swinging_clip(frames, 0.0, 0.0)
    rot = np.broadcast_to([1.0, 0.0, 0.0, 0.0], clip.rot.shape).copy()
    for name, angle in (turned or {}).items():
        rot[:, JOINT_INDEX[name]] = axis_angle_to_quaternion(np.array([1.0, 0.0, 0.0]), angle)
    clip = replace(clip, rot=rot)
    root = clip.root_pos.copy()
    root[:, 1] -= _lowest_soles(clip)
    return replace(clip, root_pos=root)


def raised(by: np.ndarray, turned: dict[str, float] | None = None) -> torch.Tensor:
    """Return features of somebody who is raised by metres (T,)."""
    features = clip_to_features(still(len(by), turned))[0]
    features[:, HEIGHT] += torch.from_numpy(by).float()
    return features


def jump(before: float, behind: float, frames: int = 60) -> np.ndarray:
    """Return heights of a jump of a third of a second: 0.25 m from the higher of two floors."""
    heights = np.where(np.arange(frames) < 25, before, behind)
    way = np.linspace(0.0, 1.0, 10)
    heights[25:35] = before + (behind - before) * way + (0.25 + abs(behind - before)) * np.sin(
        np.pi * way
    )
    return heights


def test_who_stays_in_the_air_after_a_jump_is_put_down():
    features = raised(jump(0.0, 0.3))
    landed = land(features)
    np.testing.assert_allclose(soles(landed)[:25], 0.0, atol=1e-4)
    np.testing.assert_allclose(soles(landed)[36:], 0.0, atol=1e-4)
    assert soles(landed)[25:35].max() > 0.25  # it still jumps
    others = [column for column in range(features.shape[1]) if column != HEIGHT]
    assert torch.equal(landed[:, others], features[:, others])


def test_who_begins_in_the_air_begins_on_the_floor():
    landed = land(raised(jump(0.5, 0.0)))
    np.testing.assert_allclose(soles(landed)[[0, 24, 59]], 0.0, atol=1e-4)


def test_a_jump_from_the_floor_to_the_floor_stays_as_it_is():
    features = raised(jump(0.0, 0.0))
    assert torch.equal(land(features), features)


def test_stairs_stay_stairs_and_begin_on_the_floor():
    steps = 0.18 * np.repeat(np.arange(4), 15).astype(float)
    steps = np.convolve(np.pad(steps, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    features = raised(steps)
    assert torch.equal(land(features), features)
    np.testing.assert_allclose(soles(land(raised(steps + 0.4))), steps, atol=1e-4)


@pytest.mark.parametrize(
    ("turned", "by"),
    [({"pelvis": np.pi}, 0.0), ({"pelvis": np.pi / 2}, 0.2),
     ({"left_shoulder": 0.0, "right_shoulder": 0.0}, 0.03)],
    ids=["on the hands", "lying", "nearly on the floor"],
)  # fmt: skip
def test_who_does_not_stand_on_the_feet_is_left_where_it_is(turned, by):
    features = raised(np.full(40, by), turned)
    assert torch.equal(land(features), features)


@pytest.mark.parametrize("frames", [1, 4])
def test_a_take_of_a_few_frames_can_be_put_down(frames: int):
    np.testing.assert_allclose(soles(land(raised(np.full(frames, 0.2)))), 0.0, atol=1e-4)
