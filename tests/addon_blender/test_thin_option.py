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
