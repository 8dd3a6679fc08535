"""The animator's wish for fewer keys reaches takes, edits and accepted takes."""

import bpy
import numpy as np
import pytest
from keyfill_extension.tests.addon_blender.edited_characters import (
    add_walker,
    curves_of,
    editing_worker,
    evaluated,
    set_settings,
)

FIRST, LAST = 31, 60


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with editing_worker():
        yield


@pytest.fixture
def walker(empty_scene):
    ob = add_walker()
    set_settings(prompt="someone jumps", frame_start=FIRST, frame_end=LAST, takes=1, seed=2)
    return ob


def keys_inside(ob):
    return sum(
        FIRST <= point.co[0] <= LAST
        for curve in curves_of(ob).values()
        for point in curve.keyframe_points
    )


def rotations(ob):
    """Every bone's channels over the edited frames, as rows of numbers."""
    shown = evaluated(ob, FIRST, LAST)
    return {channel: values[::2] for channel, values in shown.items() if "rotation" in channel[0]}


def test_takes_are_thinned_and_it_is_told(walker):
    whole = {path: len(curve.keyframe_points) for path, curve in curves_of(walker).items()}
    before = rotations(walker)
    walker.keyfill_rig.thin = True
    set_settings(prompt="someone walks", seconds=3.0, seed=0)
    bpy.context.scene.frame_set(1)
    bpy.ops.keyfill.generate()
    thin = {path: len(curve.keyframe_points) for path, curve in curves_of(walker).items()}
    assert set(thin) == set(whole)
    assert sum(thin.values()) < 0.4 * sum(whole.values())
    after = rotations(walker)
    # Half of half a degree, in the numbers of a quaternion.
    away = [np.abs(after[channel] - before[channel]).max() for channel in before]
    assert 1e-5 < max(away) < np.radians(0.5)


@pytest.mark.parametrize("review", [False, True])
def test_edits_are_thinned_once(walker, review):
    count = keys_inside(walker)
    set_settings(takes=2 if review else 1)
    walker.keyfill_rig.thin = True
    assert bpy.ops.keyfill.regenerate(review=review) == {"FINISHED"}
    if review:
        assert keys_inside(walker) == count
        wanted = rotations(walker)
        bpy.ops.keyfill.accept_take()
        found = rotations(walker)
        away = np.array([np.abs(found[channel] - wanted[channel]) for channel in wanted])
        assert 1e-5 < away.max() < np.radians(0.5)
        assert away[:, [0, -1]].max() < 1e-4
    assert keys_inside(walker) < 0.5 * count


@pytest.fixture
def hand_keyed(walker):
    """Every tenth frame has a key, as of a person who animates by hand; they are smooth."""
    for curve in curves_of(walker).values():
        points = curve.keyframe_points
        for point in reversed(list(points)):
            point.interpolation = "BEZIER"
            if int(point.co[0]) % 10 != 1 and point.co[0] != 90:
                points.remove(point, fast=True)
        curve.update()
    return walker


def test_edits_of_hand_keyed_curves_have_fewer_keys(hand_keyed):
    dense = len(curves_of(hand_keyed)) * (LAST - FIRST + 1)
    original = hand_keyed.animation_data.action.copy()
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert keys_inside(hand_keyed) < 0.5 * dense
    thinned = rotations(hand_keyed)
    set_settings(fewer_keys=False)
    hand_keyed.animation_data.action = original
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert keys_inside(hand_keyed) == dense
    whole = rotations(hand_keyed)
    away = [np.abs(whole[channel] - thinned[channel]).max() for channel in whole]
    assert 1e-5 < max(away) < np.radians(0.5)


def test_the_tolerances_of_an_edit_are_its_own(hand_keyed):
    counts, original = [], hand_keyed.animation_data.action.copy()
    for degrees in (0.1, 3.0):
        hand_keyed.animation_data.action = original.copy()
        set_settings(fewer_degrees=degrees, fewer_millimetres=4 * degrees)
        assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
        counts.append(keys_inside(hand_keyed))
    assert counts[0] > counts[1]


def test_edits_of_dense_curves_keep_a_key_on_every_frame(walker):
    count = keys_inside(walker)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert keys_inside(walker) == count
