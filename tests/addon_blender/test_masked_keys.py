"""A span gets new keys; outside it nothing that is seen or set changes."""

import time

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.core import bezier, key_table
from keyfill_extension.blender_addon.scene import channel_plans, curve_keys, keyframes, masked_keys
from keyfill_extension.blender_addon.scene.edit_target import bag_of
from keyfill_extension.blender_addon.scene.masked_keys import SpanKeys, write_span
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.retargeting import RigMotion
from keyfill_extension.tests.addon_blender.characters import add_toy_character
from keyfill_extension.tests.addon_blender.random_actions import (
    FIRST,
    LAST,
    PATHS,
    RESTLESS,
    add_animated_character,
    random_motion,
    random_span,
)

TOLERANCE = 1e-5
HALVES = np.arange(2 * (FIRST - 30), 2 * (LAST + 140) + 1) / 2
HANDLE_TYPES = ("handle_left_type", "handle_right_type")


def slot_of(action):
    return action.slots[0] if getattr(action, "slots", None) else None


def curves_of(action):
    return channel_plans.curves_by_path(action, slot_of(action))


def values_of(action):
    """What every curve shows at every frame and half frame."""
    return {path: curve_keys.evaluate(curve, HALVES) for path, curve in curves_of(action).items()}


def keys_of(action):
    return {path: curve_keys.read_keys(curve) for path, curve in curves_of(action).items()}


def settings_of(action):
    """All that is set on curves beside their keys."""
    found = {}
    for path, curve in curves_of(action).items():
        modifiers = [
            {
                name: value if isinstance(value, bool | int | float | str) else list(value)
                for name in modifier.bl_rna.properties.keys()
                if name not in ("rna_type", "control_points")
                for value in [getattr(modifier, name)]
            }
            for modifier in curve.modifiers
        ]
        plain = [curve.extrapolation, curve.mute, curve.lock, curve.hide, curve.select]
        plain += [curve.color_mode, list(curve.color), curve.auto_smoothing, curve.group.name]
        found[path] = plain, modifiers
    return found


def state_of(action):
    keys = {path: keys.tobytes() for path, keys in keys_of(action).items()}
    bag = bag_of(action, slot_of(action))
    return keys, settings_of(action), sorted(bag.groups.keys()) if bag else None


def single_curve(times, values, bone="hips", path="location", index=0):
    """An armature with one F-curve; its keys are linear."""
    ob = add_toy_character(family="mannequin")
    data = ob.animation_data_create()
    data.action = bpy.data.actions.new("Mine")
    slot, bag = keyframes.make_bag(data.action, ob)
    if slot is not None and data.action_slot != slot:
        data.action_slot = slot
    full = ob.pose.bones[bone].path_from_id(path)
    curve = keyframes.new_fcurve(bag, full, index, bone)
    curve_keys.write_keys(curve, key_table.new_keys(times, values))
    curve.update()
    return ob, data.action, curve


def raised_path(frames, height=3.0):
    """A motion that moves the hips to one place and turns nothing."""
    rotations = np.tile(quaternions.IDENTITY, (frames, 1, 1))
    return RigMotion(("hips",), rotations, "hips", np.full((frames, 3), height), 30.0)


def write_location(ob, action, first, last, height=3.0):
    motion = raised_path(last - first + 1, height)
    span = SpanKeys(first, last, (), "hips")
    return write_span(ob, (action, None), motion, first, span)


# ---- 200 masks on 10 actions

@pytest.mark.parametrize("seed", range(10))
def test_20_random_masks_change_nothing_outside(seed):
    ob, action = add_animated_character(seed)
    slot = slot_of(action)
    before = values_of(action), keys_of(action), settings_of(action)
    random = np.random.default_rng(100 + seed)
    names = [bone.name for bone in ob.pose.bones if bone.name != RESTLESS]
    for _ in range(20):
        first, last = random_span(random)
        chosen = random.choice(names, int(random.integers(1, len(names) + 1)), replace=False)
        mover = "hips" if random.random() < 0.5 else None
        span = SpanKeys(first, last, tuple(map(str, chosen)), mover)
        motion = random_motion(ob, random, first - 3, last + 2)
        copy = action.copy()
        own = next((s for s in getattr(copy, "slots", ()) if s.identifier == slot.identifier), None)
        report = write_span(ob, (copy, own), motion, first - 3, span)
        check_outside(ob, copy, before, span, report)
        check_inside(ob, copy, motion, first - 3, span)
        bpy.data.actions.remove(copy)
    assert state_of(action)[0] == {path: keys.tobytes() for path, keys in before[1].items()}


def check_outside(ob, action, before, span, report):
    values, keys, settings = before
    outside = (span.first_frame_scene > HALVES) | (span.last_frame_scene < HALVES)
    found = values_of(action)
    assert set(found) == set(values) | set(report.created)
    assert not set(values) & set(report.created)
    for (path, index), shown in found.items():
        if (path, index) in values:
            wanted = values[path, index]
        else:
            wanted = np.full(len(HALVES), ob.path_resolve(path)[index])
        away = np.abs(shown - wanted)[outside]
        # Values above 1 hold fewer decimals in Blender's 32 bits.
        scale = np.maximum(1.0, np.abs(wanted[outside]))
        assert (away <= TOLERANCE * scale).all(), (path, index, span, away.max())
    assert {path: new for path, new in settings_of(action).items() if path in settings} == settings
    check_keys_outside(keys, keys_of(action), span, report)


def check_keys_outside(before, after, span, report):
    changes = {name: set(getattr(report, name)) for name in ("added", "frozen", "baked")}
    for channel, new in after.items():
        old = before.get(channel, new[:0])
        if not any(f'"{name}"' in channel[0] for name in (*span.bones, span.location_bone)):
            assert new.tobytes() == old.tobytes()
            continue
        kept_old, kept_new = (
            keys[
                (keys["co"][:, 0] < span.first_frame_scene - 0.01)
                | (keys["co"][:, 0] > span.last_frame_scene + 0.01)
            ]
            for keys in (old, new)
        )
        is_added = [(*channel, at) in changes["added"] for at in kept_new["co"][:, 0].tolist()]
        kept_new = kept_new[~np.array(is_added, dtype=bool)]
        assert kept_new["co"].tobytes() == kept_old["co"].tobytes()
        for name in set(new.dtype.names) - {"co"}:
            differ = kept_new[name] != kept_old[name]
            if name.startswith("handle") and not name.endswith("type"):
                # Blender aligns and rounds what it stores again.
                differ = (np.abs(kept_new[name] - kept_old[name]) > 1e-4).any(axis=1)
            for at in kept_old["co"][differ, 0].tolist():
                listed = "baked" if name == "interpolation" else "frozen"
                assert name == "interpolation" or name.startswith("handle"), (channel, name)
                assert (*channel, at) in changes[listed], (channel, at, name)


def check_inside(ob, action, motion, start, span):
    curves = curves_of(action)
    frames = np.arange(span.first_frame_scene, span.last_frame_scene + 1)
    rows = frames - start
    for name in span.bones:
        mode = ob.pose.bones[name].rotation_mode
        path, count = PATHS.get(mode, ("rotation_euler", 3))
        full = ob.pose.bones[name].path_from_id(path)
        if any(curves[full, index].modifiers for index in range(count)):
            continue
        shown = np.stack(
            [curve_keys.evaluate(curves[full, index], frames) for index in range(count)], axis=1
        )
        wanted = motion.rotations[rows, motion.bones.index(name)]
        assert quaternions.angle_between(rotations_of(shown, mode), wanted).max() < 1e-4
    if span.location_bone:
        full = ob.pose.bones[span.location_bone].path_from_id("location")
        for index in range(3):
            shown = curve_keys.evaluate(curves[full, index], frames)
            assert np.abs(shown - motion.locations[rows, index]).max() < 1e-5


def rotations_of(channels, mode):
    if mode == "QUATERNION":
        return channels
    if mode == "AXIS_ANGLE":
        return quaternions.axis_angle_to_quaternion(channels[:, 1:], channels[:, 0])
    total = np.tile(quaternions.IDENTITY, (len(channels), 1))
    for letter in mode:
        column = "XYZ".index(letter)
        turn = quaternions.axis_angle_to_quaternion(np.eye(3)[column], channels[:, column])
        total = quaternions.multiply(turn, total)
    return total
