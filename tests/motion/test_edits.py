"""Canvases of the edits: what is kept where, and that a cycle closes."""

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.edits import (
    close_loop,
    extend,
    in_between,
    open_loop,
    regenerate,
    upper_body,
)
from keyfill_extension.engine.motion.request import RequestError


def wavy_clip(frames):
    """A clip that walks a bow while every joint swings."""
    time = np.arange(frames)
    root = np.stack([0.01 * time, 0.9 + 0.02 * np.sin(time / 5), 0.03 * time], 1)
    angles = 0.3 * np.sin(time[:, None] / 8 + np.arange(22))
    rot = np.zeros((frames, 22, 4))
    rot[..., 0], rot[..., 1] = np.cos(angles / 2), np.sin(angles / 2)
    rot[:, 0] = quaternions.multiply(quaternions.yaw_to_quaternion(0.01 * time), rot[:, 0])
    return Clip(root, rot)


def filled(canvas, rng):
    """Return the canvas's clip with noise under its mask."""
    rows = canvas.mask.any(1)
    root, rot = np.array(canvas.clip.root_pos), np.array(canvas.clip.rot)
    root[rows] += 0.03 * rng.standard_normal((rows.sum(), 3))
    rot[rows] = quaternions.normalize(rot[rows] + 0.03 * rng.standard_normal(rot[rows].shape))
    return Clip(root, rot)


def test_upper_body_keeps_the_legs():
    canvas = upper_body(wavy_clip(20), (4, 9))
    assert canvas.mask[4:9, 1:].all()
    assert canvas.mask.sum() == 15


@pytest.mark.parametrize(("where", "first"), [("end", 0), ("start", 15)])
def test_an_extension_keeps_the_clip_bit_for_bit(where, first):
    clip = wavy_clip(20)
    canvas = extend(clip, 0.5, where)
    assert canvas.clip.frames == 35
    assert canvas.first == first
    kept = slice(first, first + 20)
    assert np.array_equal(canvas.clip.rot[kept], clip.rot)
    assert np.array_equal(np.flatnonzero(~canvas.mask.any(1)), np.arange(first, first + 20))


def test_a_gap_lies_between_two_motions_that_stay_where_they_are():
    before, after = wavy_clip(20), wavy_clip(30).moved(0.5, np.array([0.0, 0.0, 3.0]))
    canvas = in_between(before, after, 1.0)
    assert np.array_equal(canvas.clip.root_pos[:20], before.root_pos)
    assert np.array_equal(canvas.clip.rot[50:], after.rot)
    assert canvas.mask[20:50].all()
    assert canvas.mask.sum() == 120


@pytest.mark.parametrize("frames", [16, 17, 60, 97])
@pytest.mark.parametrize("in_place", [False, True])
def test_a_closed_loop_has_no_gap_of_pose_or_speed(frames, in_place):
    loop = open_loop(wavy_clip(frames), in_place)
    made = filled(loop.canvas, np.random.default_rng(frames))
    closed = close_loop(loop, made)
    assert closed.frames == frames
    next_cycle = closed.moved(loop.turn, loop.shift).joints()
    joints = closed.joints()
    assert np.abs(next_cycle[0] - joints[-1]).max() < 1e-6
    # Half-way between its neighbours: what one step moves, the next one does.
    jump = (next_cycle[1] - next_cycle[0]) - (joints[-1] - joints[-2])
    speed = np.abs(np.diff(joints, axis=0)).max()
    assert np.abs(jump).max() < 0.15 * speed
    if in_place:
        assert np.abs((joints[-1] - joints[0])[:, [0, 2]]).max() < 1e-6


@pytest.mark.parametrize("in_place", [False, True])
def test_outside_the_seam_a_loop_is_the_cycle_bit_for_bit(in_place):
    loop = open_loop(wavy_clip(80), in_place)
    closed = close_loop(loop, filled(loop.canvas, np.random.default_rng(1)))
    assert np.array_equal(closed.rot[13:-13], loop.cycle.rot[13:-13])
    assert np.array_equal(closed.root_pos[13:-13], loop.cycle.root_pos[13:-13])
    assert not np.array_equal(closed.rot[12], loop.cycle.rot[12])
    assert in_place or np.array_equal(loop.cycle.rot, wavy_clip(80).rot)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda clip: regenerate(clip, (9, 4), None), "part of a clip"),
        (lambda clip: regenerate(clip, (4, 90), None), "part of a clip"),
        (lambda clip: regenerate(clip, None, ("TAIL",)), "TAIL"),
        (lambda clip: extend(clip, 0.0), "0 s"),
        (lambda clip: extend(clip, float("nan")), "nan"),
        (lambda clip: extend(clip, 99.0), "99"),
        (lambda clip: extend(clip, 1.0, "middle"), "middle"),
        (lambda clip: in_between(clip, clip, 0.1), "3 frames"),
        (lambda clip: in_between(clip, clip, 7.0), "210 frames"),
        (lambda clip: in_between(clip.cut(0, 0), clip, 1.0), "no motion before"),
        (lambda clip: in_between(clip, clip.cut(0, 0), 1.0), "no motion after"),
        (lambda clip: extend(clip.cut(0, 0), 1.0), "no motion to extend"),
        (lambda clip: open_loop(clip.cut(0, 15)), "15 frames"),
    ],
)
def test_what_cannot_be_done_names_its_cure(edit, words):
    with pytest.raises(RequestError, match=words) as error:
        edit(wavy_clip(20))
    assert error.value.remedy.endswith(".")
