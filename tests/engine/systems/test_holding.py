"""What is done to decoded features: fades, holds that breathe, ground, other lengths."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from keyfill_extension.engine.features import (
    CONTACTS,
    PART_SLICES,
    ROOT_WIDTH,
    WIDTH,
    clip_to_features,
    features_to_clip,
    integrate_root,
    local_rotations,
)
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX, PARTS
from keyfill_extension.engine.retrieval.acts import Blend, Laid, Still
from keyfill_extension.engine.systems.grid.holding import (
    fade,
    finished_features,
    hold,
    lift,
    settle,
    stretch,
)
from keyfill_extension.tests.engine import facts_motions as motions

ALL = tuple(range(len(PARTS)))
FPS = 30


def features_of(puppet) -> torch.Tensor:
    return clip_to_features(puppet.clip())[0]


def joints(features: torch.Tensor) -> np.ndarray:
    return features_to_clip(features).joints()


def blend(first: int, last: int, *parts: int) -> Blend:
    return Blend(first, last, parts or ALL, torch.zeros(last - first, len(PARTS), 2))


def idle() -> torch.Tensor:
    """Return somebody who breathes: spine and shoulders turn by up to 2 degrees."""
    puppet = motions.stand(3.0)
    puppet.bend("spine2", "x", 2 * np.sin(2 * np.pi * puppet.t / 3.0))
    puppet.bend("left_shoulder", "z", 1.5 * np.sin(2 * np.pi * puppet.t / 3.0))
    return features_of(puppet)


def test_a_fade_is_each_side_outside_of_its_blend() -> None:
    before, behind = torch.zeros(80, WIDTH), torch.ones(80, WIDTH)
    faded = fade(before, behind, [blend(8, 11)])
    assert (faded[:32] == 0.0).all()
    assert (faded[44:] == 1.0).all()
    middle = faded[32:44]
    assert (middle.diff(dim=0) > 0.0).all()
    # Smooth: no frame takes more than a sixth of the way, and the ends are slow.
    steps = faded[:, 0].diff()
    assert steps.max() < 1 / 6
    assert steps[31] < 0.05
    assert torch.allclose(middle, 1.0 - middle.flip(0), atol=1e-6)


def test_without_blends_nothing_is_faded() -> None:
    before, behind = torch.zeros(40, WIDTH), torch.ones(40, WIDTH)
    assert torch.equal(fade(before, behind, []), behind)


def test_a_fade_of_some_parts_leaves_the_others_alone() -> None:
    before, behind = torch.zeros(80, WIDTH), torch.ones(80, WIDTH)
    faded = fade(before, behind, [blend(8, 10, 2), blend(14, 16, 0, 1)])
    assert (faded[:32, PART_SLICES["LEFT_ARM"]] == 0.0).all()
    assert (faded[40:, PART_SLICES["LEFT_ARM"]] == 1.0).all()
    assert (faded[:56, PART_SLICES["TORSO"]] == 0.0).all()
    assert (faded[64:, PART_SLICES["LOWER_BODY"]] == 1.0).all()
    assert (faded[:, PART_SLICES["RIGHT_ARM"]] == 1.0).all()


def test_two_fades_follow_each_other() -> None:
    """Between them both sides are alike again, as decoded codes are."""
    frames = torch.arange(120.0)
    first, second, third = 0.0, 1.0, 2.0
    behind = torch.where(frames < 40, first, torch.where(frames < 80, second, third))
    before = torch.where(frames < 48, first, torch.where(frames < 88, second, third))
    wide = [each[:, None].expand(-1, WIDTH).clone() for each in (before, behind)]
    faded = fade(*wide, [blend(20, 22), blend(10, 12)])[:, 0]
    assert (faded[:40] == first).all()
    assert (faded[48:80] == second).all()
    assert (faded[88:] == third).all()
    assert faded.diff().abs().max() < 0.25
    assert (faded.diff() >= 0.0).all()


def arms_swing() -> torch.Tensor:
    """Return 4 s of arms that swing and of a body that drifts, all smooth."""
    puppet = motions.stand(4.0)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        puppet.bend(f"{side}_shoulder", "x", 30 * sign * np.sin(2 * np.pi * puppet.t / 2.0))
    puppet.move(ahead=0.4 * puppet.t)
    return features_of(puppet)


def held_from(features: torch.Tensor, first: int) -> torch.Tensor:
    """Return what constant codes decode to: the pose of a frame, for good."""
    features = features.clone()
    features[first:] = features[first]
    features[first:, : ROOT_WIDTH - 1] = 0.0
    return features


def test_a_held_body_comes_to_rest_without_a_jump() -> None:
    moving = arms_swing()
    held = hold(moving, [Still(60, len(moving), ALL)], None)
    own, places = joints(moving), joints(held)
    speed = np.linalg.norm(np.diff(places, axis=0), axis=-1).max(1) * FPS
    assert speed[66:].max() < 1e-3
    assert speed[:50].max() > 0.3
    # Acceleration stays within what stopping in a quarter of a second takes.
    def hardest(of: np.ndarray) -> float:
        return float(np.linalg.norm(np.diff(of, 2, axis=0), axis=-1).max() * FPS**2)
    assert hardest(places) < 6.0 * max(speed[:60].max() / 0.27, hardest(own))
    step = np.linalg.norm(np.diff(places, axis=0), axis=-1).max()
    assert step < 2.0 * np.linalg.norm(np.diff(own, axis=0), axis=-1).max()


def test_the_pose_of_a_hold_is_kept_within_millimetres() -> None:
    moving = held_from(arms_swing(), 62)
    held = hold(moving, [Still(60, 120, ALL)], None)
    places = joints(held)
    pose = joints(moving)[62]
    for frame in (70, 90, 119):
        own = places[frame] - places[frame, :1] + pose[:1]
        own[:, 1] += places[frame, 0, 1] - pose[0, 1]
        assert np.linalg.norm(own - pose, axis=-1).max() < 0.003


def test_a_hold_breathes_by_no_more_than_the_idle_does() -> None:
    still = features_of(motions.stand(6.0))
    breathing = hold(still, [Still(0, 180, ALL)], idle())
    turns = local_rotations(breathing).double() @ local_rotations(still).double().transpose(-1, -2)
    traces = turns.diagonal(dim1=-2, dim2=-1).sum(-1)
    degrees = torch.rad2deg(((traces - 1.0) / 2.0).clamp(-1.0, 1.0).acos())
    assert 1.5 < degrees.max() < 3.0
    assert degrees[20:, JOINT_INDEX["spine2"]].max() > 1.5
    # Legs and pelvis stand still.
    legs = [JOINT_INDEX[name] for name in ("pelvis", "left_hip", "right_knee", "left_ankle")]
    assert degrees[:, legs].max() < 0.1
    # There and back again, without a jump where the idle ends.
    assert degrees.diff(dim=0).abs().max() < 0.3


def test_a_body_that_breathes_stays_where_it_is() -> None:
    still = features_of(motions.stand(6.0))
    places = joints(hold(still, [Still(0, 180, ALL)], idle()))
    assert np.ptp(places[:, 0], axis=0).max() < 1e-4
    feet = [JOINT_INDEX[f"{side}_foot"] for side in ("left", "right")]
    assert np.ptp(places[:, feet], axis=0).max() < 1e-3


def test_motion_goes_on_behind_a_hold_as_if_nothing_had_been_laid_on_it() -> None:
    moving = arms_swing()
    held = hold(moving, [Still(30, 60, ALL)], idle())
    assert torch.equal(held[:20], moving[:20])
    assert torch.equal(held[60:], moving[60:])
    assert not torch.allclose(held[36:50], moving[36:50], atol=1e-3)
    root = integrate_root(held)[1]
    assert (root[40:50, 2] - root[40, 2]).abs().max() < 1e-4


def test_only_the_parts_that_are_told_hold() -> None:
    moving = arms_swing()
    held = hold(moving, [Still(40, 120, (2,))], None)
    for part in ("LOWER_BODY", "TORSO", "RIGHT_ARM"):
        assert torch.equal(held[:, PART_SLICES[part]], moving[:, PART_SLICES[part]])
    arm = held[50:, PART_SLICES["LEFT_ARM"]]
    assert arm.diff(dim=0).abs().max() < 1e-6
    assert torch.equal(hold(moving, [], idle()), moving)
    # What is over at once is not held.
    assert torch.equal(hold(moving, [Still(119, 124, ALL)], idle()), moving)


def test_lifts_raise_the_pelvis_smoothly_from_step_to_step() -> None:
    features = features_of(motions.stand(2.0))
    heights = np.array([0.0] * 5 + [0.3] * 10)
    raised = lift(features, heights)
    gained = (raised - features)[:, ROOT_WIDTH - 1]
    assert torch.equal(raised[:, ROOT_WIDTH:], features[:, ROOT_WIDTH:])
    assert gained[:18].abs().max() == 0.0
    assert torch.allclose(gained[22:], torch.tensor(0.3), atol=1e-6)
    assert gained.diff().max() < 0.3 / 3.5
    assert torch.equal(lift(features, np.zeros(15)), features)


def lowest(features: torch.Tensor) -> np.ndarray:
    """Return the height (T,) of the lowest sole."""
    places = joints(features)
    soles = [
        places[:, JOINT_INDEX[f"{side}_{part}"], 1] - height
        for side in ("left", "right") for part, height in (("ankle", 0.075), ("foot", 0.02))
    ]  # fmt: skip
    return np.min(soles, axis=0)


@pytest.mark.parametrize("off", [-0.06, -0.02, 0.03, 0.07])
def test_standing_feet_settle_on_level_ground(off) -> None:
    features = features_of(motions.stand(2.0))
    features[:, ROOT_WIDTH - 1] += off
    features[:, CONTACTS] = 1.0
    settled = settle(features, np.zeros(15))
    assert np.abs(lowest(settled)).max() < 1e-3
    others = [column for column in range(WIDTH) if column != ROOT_WIDTH - 1]
    assert torch.equal(settled[:, others], features[:, others])


def test_stairs_are_left_as_they_are() -> None:
    features = features_of(motions.stand(2.0))
    features[:, ROOT_WIDTH - 1] += 0.05
    features[:, CONTACTS] = 1.0
    assert torch.equal(settle(features, np.full(15, 0.3)), features)
    # So are feet that stand on something: they are too high for a slip.
    features[:, ROOT_WIDTH - 1] += 0.2
    assert torch.equal(settle(features, np.zeros(15)), features)


def test_a_jump_keeps_its_height_when_it_settles() -> None:
    features = features_of(motions.jump())
    features[:, ROOT_WIDTH - 1] += 0.04
    settled = settle(features, np.zeros(len(features) // 4 + 1))
    own, put = lowest(features), lowest(settled)
    assert np.abs(put[:15]).max() < 0.003
    assert put.max() - np.median(put[:15]) == pytest.approx(
        own.max() - np.median(own[:15]), abs=0.01
    )
    assert put.max() > 0.2


def test_stretching_keeps_the_path_and_the_turns() -> None:
    puppet = motions.stand(3.0)
    puppet.bend("pelvis", "y", 60 * puppet.t)
    yaw = np.radians(60) * puppet.t
    puppet.move(left=np.cumsum(np.sin(yaw)) / 30, ahead=np.cumsum(np.cos(yaw)) / 30)
    features = features_of(puppet)
    yaw, root = integrate_root(features)
    length = float(root[1:, [0, 2]].diff(dim=0).norm(dim=1).sum())
    for frames in (60, 72, 120):
        made = stretch(features[None], frames)
        assert made.shape == (1, frames, WIDTH)
        new_yaw, new_root = integrate_root(made[0])
        own = float(new_root[1:, [0, 2]].diff(dim=0).norm(dim=1).sum())
        assert own == pytest.approx(length, rel=0.03)
        assert float(new_yaw[-1]) == pytest.approx(float(yaw[-1]), rel=0.03)
        assert torch.allclose(new_root[-1], root[-1], atol=0.08)
        # Poses are those of the same share of the time.
        assert torch.allclose(made[0, -1, ROOT_WIDTH:], features[-1, ROOT_WIDTH:], atol=1e-5)
        assert torch.allclose(made[0, 0, ROOT_WIDTH:], features[0, ROOT_WIDTH:], atol=1e-5)


def test_stretching_to_the_same_length_changes_nothing() -> None:
    features = features_of(motions.walk())
    assert torch.allclose(stretch(features[None], len(features))[0], features, atol=1e-5)


def test_a_take_is_faded_held_and_put_on_the_ground() -> None:
    standing = features_of(motions.stand(4.0))
    standing[:, CONTACTS] = 1.0
    before, behind = standing.clone(), arms_swing()
    behind[:, CONTACTS] = 1.0
    behind[:, ROOT_WIDTH - 1] += 0.03
    laid = Laid(
        torch.zeros(30, 4, 2, dtype=torch.long), torch.ones(30, 4, dtype=torch.bool), np.zeros(30)
    )
    laid.blends.append(blend(10, 13))
    laid.stills.append(Still(80, 120, ALL))
    done = finished_features((before, behind), laid, None)
    ground = lowest(done)
    assert np.abs(ground).max() < 0.008
    assert np.abs(np.r_[ground[:30], ground[62:]]).max() < 1e-3
    arms = slice(PART_SLICES["LEFT_ARM"].start, WIDTH)
    assert torch.equal(done[:40, arms], before[:40, arms])
    assert torch.equal(done[52:70, arms], behind[52:70, arms])
    assert done[90:, arms].diff(dim=0).abs().max() < 1e-6
    laid.lift[:] = 0.5
    assert lowest(finished_features((before, behind), laid, None)).min() > 0.45
