"""Generated spans in kept clips: exact outside, without a jump at the borders."""

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.displacements import bridge_with_least_change
from keyfill_extension.engine.motion.skeleton import PART_JOINTS, PARTS
from keyfill_extension.engine.splicing import root_gap, splice
from keyfill_extension.tests.motion.toy_rigs import wild_clip

FRAMES = 60


def walking(seed=0) -> Clip:
    """A smooth clip that travels along +Z."""
    clip = wild_clip(FRAMES, seed, amount=0.2)
    root = np.zeros((FRAMES, 3))
    root[:, 1] = 0.9
    root[:, 2] = np.arange(FRAMES) / 30
    rot = clip.rot.copy()
    rot[:, 0] = quaternions.IDENTITY
    return Clip(root, rot)


def masked(start, end, parts=PARTS):
    mask = np.zeros((FRAMES, len(PARTS)), dtype=bool)
    mask[start:end, [PARTS.index(part) for part in parts]] = True
    return mask


def noisy(clip, mask):
    rng = np.random.default_rng(3)
    rot, root = clip.rot.copy(), clip.root_pos.copy()
    for column, part in enumerate(PARTS):
        rows = np.flatnonzero(mask[:, column])
        noise = rng.normal(size=(len(rows), len(PART_JOINTS[part]), 4))
        rot[np.ix_(rows, PART_JOINTS[part])] = quaternions.normalize(noise)
        if part == "LOWER_BODY":
            root[rows] += rng.normal(size=(len(rows), 3))
    return Clip(root, rot)


@pytest.mark.parametrize("parts", [PARTS, ("TORSO", "LEFT_ARM"), ("LOWER_BODY",)])
def test_kept_cells_stay_bit_for_bit(parts):
    clip, made, mask = walking(), walking(1), masked(20, 40, parts)
    result = splice(clip, made, mask)
    for column, part in enumerate(PARTS):
        kept, joints = ~mask[:, column], list(PART_JOINTS[part])
        assert (result.rot[kept][:, joints] == clip.rot[kept][:, joints]).all()
        changed = (result.rot[~kept][:, joints] != clip.rot[~kept][:, joints]).any()
        assert changed == bool((~kept).any())
    assert (result.root_pos[~mask[:, 0]] == clip.root_pos[~mask[:, 0]]).all()


def test_what_the_mask_hides_does_not_matter():
    clip, made, mask = walking(), walking(1), masked(20, 40)
    result, other = splice(clip, made, mask), splice(noisy(clip, mask), made, mask)
    assert (result.rot == other.rot).all()
    assert (result.root_pos == other.root_pos).all()


def test_the_path_arrives_and_borders_do_not_jump():
    clip, made, mask = walking(), walking(1), masked(20, 40)
    made = Clip(made.root_pos * [1.0, 1.0, 0.5] + [0.3, 0.0, -1.0], made.rot)
    assert root_gap(clip, made, mask) == pytest.approx(0.5 * 21 / 30, abs=1e-6)
    result = splice(clip, made, mask)
    steps = np.linalg.norm(np.diff(result.root_pos, axis=0), axis=-1)
    assert steps.max() < 2.0 / 30
    turns = quaternions.angle_between(result.rot[1:], result.rot[:-1])
    usual = quaternions.angle_between(clip.rot[1:], clip.rot[:-1])
    assert turns[[19, 39]].max() < 2.0 * usual.max() + 0.05


@pytest.mark.parametrize("length", [1, 2, 4, 6])
def test_short_gaps_go_on_from_pose_and_speed_of_both_sides(length):
    clip, mask = walking(), masked(30, 30 + length)
    lifted = clip.root_pos + np.where(mask[:, :1], [0.0, 0.1, 0.0], 0.0)
    result = splice(clip, Clip(lifted, clip.rot), mask)
    assert np.abs(result.root_pos - clip.root_pos).max() < 2e-3


def test_what_is_made_shows_away_from_the_borders_and_never_jumps_at_them():
    clip, mask = walking(), masked(10, 70)
    lifted = clip.root_pos + np.where(mask[:, :1], [0.0, 0.1, 0.0], 0.0)
    result = splice(clip, Clip(lifted, clip.rot), mask)
    height = result.root_pos[:, 1] - clip.root_pos[:, 1]
    assert height[40] == pytest.approx(0.1, abs=5e-3)
    assert np.abs(np.diff(height, n=2)).max() < 3e-3


def test_a_displacement_is_bridged_near_the_borders_of_a_long_span_alone():
    known = np.ones(700, dtype=bool)
    known[10:690] = False
    values = np.where(known, 0.1, 0.0)[:, None]
    bridged = bridge_with_least_change(values, known, np.zeros_like(values), 10.0)[:, 0]
    assert np.abs(bridged[200:500]).max() == 0.0
    assert np.abs(np.diff(bridged, n=2)).max() < 3e-3
    nothing = np.zeros(50, dtype=bool)
    assert not bridge_with_least_change(np.ones((50, 1)), nothing, np.ones((50, 1)), 10.0).any()
