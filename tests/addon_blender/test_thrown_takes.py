"""A throw of the die is replaced by the next one, unless an animator touched it."""

import pytest
from keyfill_extension.blender_addon.scene.keys import keyframes, thrown_takes
from keyfill_extension.tests.addon_blender.test_keyframes import curves_of, prepare


def thrown(seed):
    ob, motion = prepare()
    keys = keyframes.TakeKeys("walks", 1, 30.0, "BEZIER", seed=seed)
    take = keyframes.make_take(ob, motion, keys)
    thrown_takes.mark_take(take.action, "a wish", is_throw=True)
    return take.action


def move_key(curve):
    curve.keyframe_points[5].co_ui[1] += 0.1


def move_handle(curve):
    key = curve.keyframe_points[5]
    key.handle_left_type = "FREE"
    key.handle_left = key.handle_left[0], key.handle_left[1] + 0.1


def drop_key(curve):
    curve.keyframe_points.remove(curve.keyframe_points[5])


def mute(curve):
    curve.mute = True


def test_a_throw_that_nobody_touched_is_thrown_again():
    before, take = thrown(1), thrown(2)
    assert thrown_takes.is_thrown_again(before, take)
    for curve in curves_of(before).values():
        curve.update()
    assert thrown_takes.is_thrown_again(before, take)


@pytest.mark.parametrize("touch", [move_key, move_handle, drop_key, mute])
def test_a_throw_that_was_touched_is_kept(touch):
    before, take = thrown(1), thrown(2)
    touch(curves_of(before)['pose.bones["hips"].location', 1])
    assert not thrown_takes.is_thrown_again(before, take)


def test_a_handle_that_was_free_already_is_seen_to_move():
    before, take = thrown(1), thrown(2)
    curve = curves_of(before)['pose.bones["hips"].location', 1]
    curve.keyframe_points[5].handle_left_type = "FREE"
    thrown_takes.mark_take(before, "a wish", is_throw=True)
    assert thrown_takes.is_thrown_again(before, take)
    move_handle(curve)
    assert not thrown_takes.is_thrown_again(before, take)
