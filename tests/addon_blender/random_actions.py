"""Actions as animators leave them: dense and sparse, every handle, easing and modifier."""

from __future__ import annotations

import bpy
import numpy as np
from keyfill_extension.blender_addon.scene.keys import keyframes
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.retargeting.clip_to_rig import RigMotion
from keyfill_extension.tests.addon_blender.characters import add_toy_character

MODES = ("QUATERNION", "AXIS_ANGLE", "XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")
PATHS = {"QUATERNION": ("rotation_quaternion", 4), "AXIS_ANGLE": ("rotation_axis_angle", 4)}
HANDLES = ("FREE", "ALIGNED", "VECTOR", "AUTO", "AUTO_CLAMPED")
EASINGS = ("SINE", "CUBIC", "EXPO", "BACK", "BOUNCE", "ELASTIC")
FIRST, LAST = 1, 120
RESTLESS = "head"
"""The bone with repeating curves; nothing can be edited below them."""


def add_animated_character(seed):
    """Return an armature whose action has curves of every kind on most bones, and the action."""
    random = np.random.default_rng(seed)
    ob = add_toy_character(family="mannequin")
    data = ob.animation_data_create()
    data.action = bpy.data.actions.new(f"Action {seed}")
    slot, bag = keyframes.make_bag(data.action, ob)
    if slot is not None and data.action_slot != slot:
        data.action_slot = slot
    for bone in ob.pose.bones:
        bone.rotation_mode = str(random.choice(MODES if seed % 2 else ("QUATERNION", "XYZ")))
        if random.random() < 0.9:
            _add_rotation(bag, bone, random, seed)
        else:
            bone.rotation_quaternion = quaternions.normalize(random.normal(size=4))
            bone.rotation_euler = random.normal(size=3)
    _add_location(bag, ob.pose.bones["hips"], random, seed)
    _add_curve(bag, ('pose.bones["head"].scale', 1), random, seed)
    return ob, data.action


def random_motion(ob, random, first, last):
    """Return wandering rotations of every bone on the frames first..last."""
    frames, bones = last - first + 1, tuple(bone.name for bone in ob.pose.bones)
    time = np.arange(frames)[:, None, None]
    shape = (1, len(bones), 4)
    waves = np.sin(time * random.uniform(0.03, 0.15, shape) + random.uniform(0, 6, shape))
    rotations = quaternions.normalize(waves * 0.4 + np.array([1.0, 0, 0, 0]))
    steps = np.sin(np.arange(frames)[:, None] * 0.07 + random.uniform(0, 6, 3))
    rotations = quaternions.keep_quaternion_sign(rotations)
    return RigMotion(bones, rotations, "hips", steps, 30.0)


def random_span(random):
    """Return first and last frame of a span: mostly inside, sometimes over an end or beyond it."""
    first = int(random.integers(FIRST - 15, LAST + 10))
    return first, first + int(random.choice([0, 1, 4, 15, 40, 90]))


def _add_rotation(bag, bone, random, seed):
    path, count = PATHS.get(bone.rotation_mode, ("rotation_euler", 3))
    full = bone.path_from_id(path)
    for index in range(count):
        curve = _add_curve(bag, (full, index), random, seed, bone.name)
        if bone.name == RESTLESS:
            curve.modifiers.new("CYCLES")
        elif random.random() < 0.15:
            _add_modifier(curve, random)


def _add_location(bag, bone, random, seed):
    for index in range(3):
        _add_curve(bag, (bone.path_from_id("location"), index), random, seed, bone.name)


def _add_curve(bag, channel, random, seed, group="others"):
    curve = keyframes.new_fcurve(bag, *channel, group)
    curve.extrapolation = "LINEAR" if random.random() < 0.25 else "CONSTANT"
    curve.auto_smoothing = "NONE" if random.random() < 0.3 else "CONT_ACCEL"
    times = _key_times(random, seed)
    values = np.sin(times * random.uniform(0.02, 0.2) + random.uniform(0, 6)) * random.uniform(
        0.2, 1
    )
    points = curve.keyframe_points
    points.add(len(times))
    points.foreach_set("co", np.column_stack([times, values]).astype(np.float32).ravel())
    for point in points:
        point.handle_left_type, point.handle_right_type = random.choice(HANDLES, 2)
        point.interpolation = _interpolation(random, seed)
        point.easing = str(random.choice(["AUTO", "EASE_IN", "EASE_OUT", "EASE_IN_OUT"]))
        point.amplitude, point.period = 0.3, 5.0
        reach = random.uniform(0.3, 9.0, 2)
        point.handle_left = point.co[0] - reach[0], point.co[1] + random.normal() * 0.3
        point.handle_right = point.co[0] + reach[1], point.co[1] + random.normal() * 0.3
        point.select_control_point = random.random() < 0.5
    curve.update()
    curve.color_mode, curve.color = "CUSTOM", (0.2, 0.4, 0.6)
    return curve


def _key_times(random, seed):
    """Dense on every frame, or sparse with some keys between frames, or very few."""
    kind = random.choice(
        ["dense", "sparse", "few"], p=[0.3, 0.6, 0.1] if seed % 3 else [0.9, 0.1, 0]
    )
    if kind == "dense":
        return np.arange(FIRST, LAST + 1, dtype=float)
    if kind == "few":
        return (
            np.sort(random.choice(np.arange(FIRST, LAST), int(random.integers(1, 3)), False)) + 0.0
        )
    times = FIRST + np.cumsum(random.integers(10, 21, 14))
    times = times[times <= LAST].astype(float)
    between = random.random(len(times)) < 0.2
    return times + between * random.choice([0.5, 0.25, -0.3], len(times))


def _interpolation(random, seed):
    if seed % 5 == 0:
        return "BEZIER"
    kinds = ["BEZIER", "LINEAR", "CONSTANT", str(random.choice(EASINGS))]
    return str(random.choice(kinds, p=[0.6, 0.15, 0.15, 0.1]))


def _add_modifier(curve, random):
    kind = str(random.choice(["NOISE", "GENERATOR", "LIMITS", "CYCLES"]))
    modifier = curve.modifiers.new(kind)
    if kind == "NOISE":
        modifier.strength, modifier.scale, modifier.offset = 0.3, 4.0, float(random.uniform(0, 50))
        modifier.use_restricted_range = True
        modifier.frame_start, modifier.frame_end = 10, 70
        modifier.blend_in = modifier.blend_out = 5
    elif kind == "GENERATOR":
        modifier.use_additive = True
        modifier.coefficients = (0.1, 0.002)
    elif kind == "LIMITS":
        modifier.use_min_y, modifier.min_y = True, -0.8
    else:
        modifier.mute = True
