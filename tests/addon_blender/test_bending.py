"""Constraints that bend keys: the shown pose is compared with the wanted one, culprits named."""

import re

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.operators import edit_motion, generate
from keyfill_extension.blender_addon.scene.reading import stage
from keyfill_extension.tests.addon_blender.edited_characters import (
    add_walker,
    editing_worker,
    set_settings,
)
from keyfill_extension.tests.addon_blender.modal_probes import press

KINDS = ("scenes", "objects", "actions")


@pytest.fixture(scope="module", autouse=True)
def worker(registered_addon):
    with editing_worker():
        yield


@pytest.fixture
def walker(empty_scene):
    ob = add_walker()
    set_settings(seconds=1.0)
    return ob


def names():
    return {kind: sorted(one.name for one in getattr(bpy.data, kind)) for kind in KINDS}


def told_degrees(text):
    found = re.search(r"Constraints bend the motion by up to (\d+) degrees", text)
    return int(found[1]) if found else 0


def limit(ob, degrees, names=None):
    for bone in ob.pose.bones:
        if names is None or bone.name in names:
            one = bone.constraints.new("LIMIT_ROTATION")
            one.owner_space = "LOCAL"
            one.use_limit_x = one.use_limit_y = one.use_limit_z = True
            reach = np.radians(degrees)
            one.min_x = one.min_y = one.min_z = -reach
            one.max_x = one.max_y = one.max_z = reach


def copy_rotation(ob, name, influence):
    target = bpy.data.objects.new("Target", None)
    bpy.context.collection.objects.link(target)
    one = ob.pose.bones[name].constraints.new("COPY_ROTATION")
    one.target, one.influence = target, influence
    return one


def shown(ob, frames):
    rows = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        seen = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
        rows.append([bone.matrix.to_quaternion() for bone in seen.pose.bones])
    return np.array(rows)


def largest_bend(ob, frames):
    """Degrees between the pose with and without constraints."""
    with_them = shown(ob, frames)
    for bone in ob.pose.bones:
        for constraint in bone.constraints:
            constraint.mute = True
    without = shown(ob, frames)
    cosines = np.abs((with_them * without).sum(-1)).clip(0, 1)
    return float(np.degrees(2.0 * np.arccos(cosines)).max())


def test_a_limit_on_all_bones_is_named_in_generate(walker):
    limit(walker, 5.0)
    answer, reports = press(generate.KEYFILL_OT_generate)
    assert answer == {"FINISHED"}
    told = reports[-1][1]
    assert '"Limit Rotation" on "upper_arm' in told
    assert "mute them" in told
    assert abs(told_degrees(told) - largest_bend(walker, range(1, 31))) < 1.5


@pytest.mark.parametrize("influence", [0.5, 0.3])
def test_a_partial_influence_counts(walker, influence):
    copy_rotation(walker, "forearm.L", influence)
    _, reports = press(generate.KEYFILL_OT_generate)
    told = reports[-1][1]
    assert '"Copy Rotation" on "forearm.L"' in told
    assert "hand.L" not in told
    assert told_degrees(told) > 5.0


def test_an_edit_names_them_too(walker):
    limit(walker, 3.0, ("neck",))
    set_settings(frame_start=30, frame_end=60, seed=9)
    _, reports = press(edit_motion.KEYFILL_OT_regenerate)
    told = reports[-1][1]
    assert '"Limit Rotation" on "neck"' in told
    assert abs(told_degrees(told) - largest_bend(walker, range(34, 57))) < 2.0


@pytest.mark.parametrize("button", [generate.KEYFILL_OT_generate,
                                    edit_motion.KEYFILL_OT_regenerate])  # fmt: skip
def test_constraints_that_hold_nothing_back_are_not_named(walker, button):
    limit(walker, 179.0)
    copy_rotation(walker, "spine", 0.0)
    copy_rotation(walker, "chest", 1.0).mute = True
    set_settings(frame_start=30, frame_end=60)
    _, reports = press(button)
    assert told_degrees(reports[-1][1]) == 0


def test_a_chain_by_ik_is_named(walker):
    target = bpy.data.objects.new("Target", None)
    bpy.context.collection.objects.link(target)
    target.location = (0.3, -0.6, 1.6)
    one = walker.pose.bones["forearm.R"].constraints.new("IK")
    one.target, one.chain_count, one.influence = target, 2, 0.5
    _, reports = press(generate.KEYFILL_OT_generate)
    assert re.search(r'"IK" on "(forearm|upper_arm).R", "(forearm|upper_arm).R"', reports[-1][1])


def test_the_trial_leaves_nothing_behind_between_slices(walker, monkeypatch):
    monkeypatch.setattr(stage, "SLICE_SECONDS", 0.0)
    limit(walker, 5.0)
    before = names()
    own = walker.animation_data.action
    slices = []

    def look(probe):
        assert walker.animation_data.action == own
        assert before == names()
        slices.append(probe)

    _, reports = press(generate.KEYFILL_OT_generate, look)
    assert told_degrees(reports[-1][1]) > 5.0
    assert len(slices) > 8


def test_a_character_without_an_action_has_none_after_the_trial(empty_scene):
    bpy.ops.keyfill.add_mannequin()
    ob = bpy.context.object
    limit(ob, 5.0)
    set_settings(prompt="someone walks", seconds=1.0)
    _, reports = press(generate.KEYFILL_OT_generate)
    assert told_degrees(reports[-1][1]) > 5.0
    assert [action.name for action in bpy.data.actions] == ["someone walks (seed 0)"]
