"""Actions as bad files and scripts leave them: each is broken in one or several ways."""

from __future__ import annotations

import bpy
import numpy as np
from keyfill_extension.blender_addon.scene.keys import keyframes
from keyfill_extension.blender_addon.scene.reading.edit_target import LAST_FRAME
from keyfill_extension.tests.addon_blender.characters import add_toy_character

BAD_NUMBERS = (np.nan, np.inf, -np.inf, 1e30, -3e38)
FRAMES = 12


def add_broken_character(seed: int) -> tuple[bpy.types.Object, list[str]]:
    """Return an armature object with an action that is broken, and in which ways."""
    random = np.random.default_rng(seed)
    ob = add_toy_character(family="mannequin")
    data = ob.animation_data_create()
    data.action = bpy.data.actions.new(f"Broken {seed}")
    slot, bag = keyframes.make_bag(data.action, ob)
    if slot is not None and data.action_slot != slot:
        data.action_slot = slot
    for bone in ob.pose.bones:
        if random.random() < 0.5:
            bone.rotation_mode = "XYZ"
        path, count = (("rotation_euler", 3) if bone.rotation_mode == "XYZ"
                       else ("rotation_quaternion", 4))  # fmt: skip
        for index in range(count):
            add_curve(bag, (bone.path_from_id(path), index), random)
    for index in range(3):
        add_curve(bag, (ob.pose.bones["hips"].path_from_id("location"), index), random)
    names = [way.__name__ for way in WAYS]
    # The first actions are broken in one way each, so that every way has its turn.
    chosen = [names[seed % len(names)]] if seed < len(names) else []
    chosen = chosen or list(random.choice(names, int(random.integers(1, 4)), replace=False))
    for name in chosen:
        next(way for way in WAYS if way.__name__ == name)(ob, bag, random)
    for curve in bag.fcurves if data.action is not None else ():
        curve.update()
    return ob, chosen


def add_curve(bag, channel, random):
    curve = bag.fcurves.new(channel[0], index=channel[1])
    curve.keyframe_points.add(FRAMES)
    rest = 1.0 if channel[0].endswith("quaternion") and channel[1] == 0 else 0.0
    values = rest + 0.1 * random.normal(size=FRAMES)
    places = np.column_stack([np.arange(1.0, FRAMES + 1.0), values])
    curve.keyframe_points.foreach_set("co", places.astype(np.float32).ravel())


def _curve(bag, random):
    if not len(bag.fcurves):
        add_curve(bag, ("location", 0), random)
    return bag.fcurves[int(random.integers(len(bag.fcurves)))]


def _set(curve, row, column, value, name="co"):
    if row >= len(curve.keyframe_points):
        return
    values = np.empty(2 * len(curve.keyframe_points), dtype=np.float32)
    curve.keyframe_points.foreach_get(name, values)
    values[2 * row + column] = value
    curve.keyframe_points.foreach_set(name, values)


def spoil(curve, random, column, value, name="co"):
    """Put a value into one of the keys, if there are any."""
    if len(curve.keyframe_points):
        _set(curve, int(random.integers(len(curve.keyframe_points))), column, value, name)


def a_value_that_is_no_number(ob, bag, random):
    spoil(_curve(bag, random), random, 1, random.choice(BAD_NUMBERS))


def many_values_that_are_no_numbers(ob, bag, random):
    for curve in bag.fcurves:
        if len(curve.keyframe_points):
            _set(curve, int(random.integers(len(curve.keyframe_points))), 1, np.nan)


def a_time_that_is_no_number(ob, bag, random):
    spoil(_curve(bag, random), random, 0, random.choice(BAD_NUMBERS[:3]))


def a_handle_that_is_no_number(ob, bag, random):
    name = str(random.choice(["handle_left", "handle_right"]))
    curve = _curve(bag, random)
    for point in curve.keyframe_points:
        point.handle_left_type = point.handle_right_type = "FREE"
        point.interpolation = "BEZIER"
    spoil(curve, random, 1, np.nan, name)


def one_key_alone(ob, bag, random):
    for curve in bag.fcurves:
        while len(curve.keyframe_points) > 1:
            curve.keyframe_points.remove(curve.keyframe_points[-1], fast=True)


def two_keys_on_one_frame(ob, bag, random):
    for curve in bag.fcurves:
        _set(curve, 1, 0, 1.0)


def keys_in_no_order(ob, bag, random):
    for curve in bag.fcurves:
        _set(curve, 0, 0, 40.0 + random.random())


def quaternions_of_zero(ob, bag, random):
    for curve in bag.fcurves:
        if curve.data_path.endswith("quaternion"):
            for row in range(len(curve.keyframe_points)):
                _set(curve, row, 1, 0.0)


def keys_far_away(ob, bag, random):
    spoil(_curve(bag, random), random, 0, float(random.choice([LAST_FRAME + 50, 1e9, -1e9])))


def curves_without_keys(ob, bag, random):
    for curve in list(bag.fcurves)[:: int(random.integers(1, 4))]:
        curve.keyframe_points.clear()


def no_curves(ob, bag, random):
    for curve in list(bag.fcurves):
        bag.fcurves.remove(curve)
    if not len(bag.fcurves):
        bag.fcurves.new('pose.bones["nobody"].location', index=0).keyframe_points.insert(1, 0.0)


def curves_of_bones_that_are_gone(ob, bag, random):
    for index in range(3):
        add_curve(bag, ('pose.bones["gone"].location', index), random)
    add_curve(bag, ("no_such_property", 0), random)


def a_bone_of_no_size(ob, bag, random):
    bone = ob.pose.bones[int(random.integers(len(ob.pose.bones)))]
    for index in range(3):
        add_curve(bag, (bone.path_from_id("scale"), index), random)
        for row in range(FRAMES):
            _set(bag.fcurves[-1], row, 1, 0.0)


def a_size_that_is_no_number(ob, bag, random):
    add_curve(bag, (ob.pose.bones["hips"].path_from_id("scale"), 0), random)
    _set(bag.fcurves[-1], 3, 1, np.nan)


def a_pose_that_is_no_number(ob, bag, random):
    bone = ob.pose.bones[int(random.integers(len(ob.pose.bones)))]
    bone.scale = (np.nan, 1.0, 1.0)


def an_object_that_is_nowhere(ob, bag, random):
    add_curve(bag, ("location", 0), random)
    for row in range(FRAMES):
        _set(bag.fcurves[-1], row, 1, np.nan)


def locked_curves(ob, bag, random):
    for curve in bag.fcurves:
        curve.lock = bool(random.random() < 0.5)


def muted_curves(ob, bag, random):
    for curve in bag.fcurves:
        curve.mute = bool(random.random() < 0.5)


def baked_samples(ob, bag, random):
    _curve(bag, random).convert_to_samples(1, FRAMES)


def restless_modifiers(ob, bag, random):
    for curve in bag.fcurves:
        if random.random() < 0.3:
            modifier = curve.modifiers.new("GENERATOR")
            modifier.coefficients = (float(random.choice([np.nan, 1e20, 0.1])), 1.0)


def no_slot(ob, bag, random):
    if hasattr(ob.animation_data, "action_slot"):
        ob.animation_data.action_slot = None


def no_action(ob, bag, random):
    ob.animation_data.action = None


WAYS = (
    a_value_that_is_no_number, many_values_that_are_no_numbers, a_time_that_is_no_number,
    a_handle_that_is_no_number, one_key_alone, two_keys_on_one_frame, keys_in_no_order,
    quaternions_of_zero, keys_far_away, curves_without_keys, no_curves,
    curves_of_bones_that_are_gone, a_bone_of_no_size, a_size_that_is_no_number,
    a_pose_that_is_no_number, an_object_that_is_nowhere, locked_curves, muted_curves,
    baked_samples, restless_modifiers, no_slot, no_action,
)  # fmt: skip
