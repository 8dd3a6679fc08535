"""A span gets new keys; outside it nothing that is seen or set changes."""


import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.core.curves import key_table
from keyfill_extension.blender_addon.core.curves.rotation_modes import channels_to_quaternions
from keyfill_extension.blender_addon.scene.curves import curve_keys
from keyfill_extension.blender_addon.scene.keys import (
    channel_plans,
    keyframes,
    masked_keys,
)
from keyfill_extension.blender_addon.scene.keys.masked_keys import SpanKeys, write_span
from keyfill_extension.blender_addon.scene.reading.edit_target import bag_of
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.retargeting.clip_to_rig import RigMotion
from keyfill_extension.tests.addon_blender.characters import add_toy_character, write_motion
from keyfill_extension.tests.addon_blender.random_actions import (
    FIRST,
    LAST,
    PATHS,
    RESTLESS,
    add_animated_character,
    random_motion,
    random_span,
)
from keyfill_extension.tests.bezier_values import evaluate_segment

TOLERANCE = 1e-5
HALVES = np.arange(2 * (FIRST - 30), 2 * (LAST + 140) + 1) / 2
HANDLE_TYPES = ("handle_left_type", "handle_right_type")


def stays(first, last):
    """Which of HALVES keep their values when the frames first..last are edited."""
    return (first - 1 >= HALVES) | (last + 1 <= HALVES)


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
                for name in modifier.bl_rna.properties.keys()  # noqa: SIM118
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


def poses(ob, frames):
    """The evaluated matrices of all bones, (frames, bones, 4, 4)."""
    found = []
    for frame in frames:
        bpy.context.scene.frame_set(int(frame), subframe=frame % 1)
        found.append([np.array(bone.matrix) for bone in ob.pose.bones])
    return np.array(found)


def write_location(ob, action, first, last, height=3.0):
    motion = raised_path(last - first + 1, height)
    span = SpanKeys(first, last, (), "hips")
    return write_span(ob, (action, None), motion, first, span)


# ---- 40 masks on 10 actions


@pytest.mark.slow
# Every other edit thins its keys.
@pytest.mark.parametrize("seed", range(10))
def test_four_random_masks_change_nothing_outside(seed):
    ob, action = add_animated_character(seed)
    slot = slot_of(action)
    before = values_of(action), keys_of(action), settings_of(action)
    random = np.random.default_rng(100 + seed)
    names = [bone.name for bone in ob.pose.bones if bone.name != RESTLESS]
    for number in range(4):
        first, last = random_span(random)
        thin = 0.5 * (number % 2)
        chosen = random.choice(names, int(random.integers(1, len(names) + 1)), replace=False)
        mover = "hips" if random.random() < 0.5 else None
        span = SpanKeys(first, last, tuple(map(str, chosen)), mover, thin, 4.0 * thin)
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
    outside = stays(span.first_frame_scene, span.last_frame_scene)
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
        found = channels_to_quaternions(shown, mode)
        away = quaternions.angle_between(found, wanted)
        assert away.max() < 1e-4 + np.radians(span.thin_degrees)
        assert away[[0, -1]].max() < 1e-4
    if span.location_bone:
        full = ob.pose.bones[span.location_bone].path_from_id("location")
        for index in range(3):
            shown = curve_keys.evaluate(curves[full, index], frames)
            away = np.abs(shown - motion.locations[rows, index])
            assert away.max() < 1e-5 + span.thin_millimetres / 1000
            assert away[[0, -1]].max() < 1e-5


# ---- single promises


def test_a_cut_bezier_segment_keeps_its_shape_and_is_listed():
    ob, action, curve = single_curve([1, 21, 41, 61], [0.0, 2.0, -1.0, 1.0])
    for point in curve.keyframe_points:
        point.interpolation = "BEZIER"
    curve.update()
    before, old = curve_keys.evaluate(curve, HALVES), curve_keys.read_keys(curve)
    report = write_location(ob, action, 28, 33)
    path = curve.data_path
    assert [key[1:] for key in report.added if key[1] == 0] == [(0, 27), (0, 34)]
    assert {(path, 0, 21.0), (path, 0, 41.0)} <= set(report.frozen)
    assert not report.baked
    outside = stays(28, 33)
    assert np.abs(curve_keys.evaluate(curve, HALVES) - before)[outside].max() < TOLERANCE
    between = np.random.default_rng(1).uniform(-20, 27, 200)
    segment = np.array([old[1]["co"], old[1]["handle_right"], old[2]["handle_left"], old[2]["co"]])
    between = between[between > 21]
    wanted = evaluate_segment(segment, between)
    assert np.abs(curve_keys.evaluate(curve, between) - wanted).max() < TOLERANCE
    new = curve_keys.read_keys(curve)
    assert new["co"][:, 0].tolist() == [1, 21, 27, 28, 29, 30, 31, 32, 33, 34, 41, 61]
    assert new["handle_left_type"][[0, -1]].tolist() == [4, 4]
    # Handles may stay automatic where recalculating them moves nothing.
    curve.update()
    assert np.abs(curve_keys.evaluate(curve, HALVES) - before)[outside].max() < TOLERANCE


def test_frozen_handles_are_counted_in_a_note():
    ob, action, curve = single_curve([1, 9, 34, 50], [0.0, 2.0, -1.0, 1.0])
    for point in curve.keyframe_points:
        point.interpolation = "BEZIER"
    curve.auto_smoothing = "NONE"
    curve.update()
    report = write_location(ob, action, 10, 33)
    assert not [key for key in report.added if key[1] == 0]
    assert [key[2] for key in report.frozen if key[1] == 0] == [9, 34]
    assert report.notes == (
        "Automatic handles of 2 kept keys are frozen, so that the curves beside stay",
    )


def test_no_note_where_no_handle_is_frozen():
    ob, action, curve = single_curve(np.arange(1.0, 61.0), np.sin(np.arange(60.0)))
    report = write_location(ob, action, 10, 33)
    assert report.notes == report.frozen == ()
    assert len(curve.keyframe_points) == 60


@pytest.mark.parametrize("kind", ["BEZIER", "LINEAR", "CONSTANT", "SINE", "BOUNCE", "ELASTIC"])
@pytest.mark.parametrize(
    ("first", "last"), [(-9, -3), (-5, 12), (3, 7), (7, 25), (10, 20), (30, 35)]
)
@pytest.mark.parametrize("extrapolation", ["CONSTANT", "LINEAR"])
def test_every_interpolation_and_place_of_the_span(kind, first, last, extrapolation):
    ob, action, curve = single_curve([1, 10, 20], [0.5, 2.0, -1.0])
    curve.extrapolation = extrapolation
    for point in curve.keyframe_points:
        point.interpolation = kind
    curve.update()
    before = curve_keys.evaluate(curve, HALVES)
    write_location(ob, action, first, last)
    outside = stays(first, last)
    after = curve_keys.evaluate(curve, HALVES)
    scale = np.maximum(1, np.abs(before))
    assert (np.abs(after - before) / scale)[outside].max() < TOLERANCE
    whole = (first <= HALVES) & (last >= HALVES) & (HALVES % 1 == 0)
    assert np.abs(after[whole] - 3.0).max() < 1e-6


def test_blender_evaluates_segments_as_they_are_evaluated_here():
    random = np.random.default_rng(3)
    _, _, curve = single_curve([1, 21], [0.0, 2.0])
    first, last = curve.keyframe_points
    first.interpolation = "BEZIER"
    times = np.linspace(1.1, 20.9, 67)
    for _ in range(60):
        for point in (first, last):
            point.handle_left_type = point.handle_right_type = "FREE"
        first.handle_right = 1 + random.uniform(0, 40), random.normal()
        # Two handles over the whole segment would make it rise by steps at its middle.
        last.handle_left = 21 - random.uniform(0, 10), random.normal()
        segment = np.array([first.co, first.handle_right, last.handle_left, last.co])
        away = np.abs(curve_keys.evaluate(curve, times) - evaluate_segment(segment, times))
        assert away.max() < TOLERANCE


def test_a_channel_without_a_curve_keeps_its_value_outside(empty_scene):
    ob, action, _ = single_curve([1, 30], [0.0, 0.0])
    ob.pose.bones["hips"].location = 7.0, 5.0, -2.0
    report = write_location(ob, action, 10, 14)
    assert report.created == (
        ('pose.bones["hips"].location', 1),
        ('pose.bones["hips"].location', 2),
    )
    for frame, wanted in ((8.5, (0, 5, -2)), (9, (0, 5, -2)), (12, (3, 3, 3)), (15, (0, 5, -2))):
        empty_scene.frame_set(int(frame), subframe=frame % 1)
        assert tuple(ob.pose.bones["hips"].location) == pytest.approx(wanted, abs=1e-6)


def test_values_on_the_old_curve_need_no_keys_beside_the_span():
    ob, action, curve = single_curve([1, 31], [0.0, 3.0])
    motion = raised_path(11)
    motion.locations[:, 0] = np.linspace(1.0, 2.0, 11)
    report = write_span(ob, (action, None), motion, 11, SpanKeys(11, 21, (), "hips"))
    assert not [key for key in report.added if key[1] == 0]
    assert curve_keys.read_keys(curve)["co"][:, 0].tolist() == [1, *range(11, 22), 31]


def test_the_posed_character_is_the_same_outside_and_moves_inside():
    ob, action = add_animated_character(2)
    names = [bone.name for bone in ob.pose.bones if bone.name != RESTLESS]
    frames = [20, 39, 40, 47, 55, 56, 90]
    before = poses(ob, frames)
    motion = random_motion(ob, np.random.default_rng(4), 40, 55)
    write_span(ob, (action, None), motion, 40, SpanKeys(40, 55, tuple(names), "hips"))
    away = np.abs(poses(ob, frames) - before).max(axis=(1, 2, 3))
    assert away[[0, 1, 5, 6]].max() < 5e-5
    assert away[[2, 3, 4]].min() > 0.05


# ---- rotations go on


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", "XYZ", "ZYX"])
def test_rotations_take_the_numbers_of_the_kept_side(mode):
    ob = add_toy_character(family="mannequin")
    ob.pose.bones["hips"].rotation_mode = mode
    turns = quaternions.axis_angle_to_quaternion(
        np.array([0.6, 0.0, 0.8]), np.linspace(0.2, 12.0, 60)
    )[:, None]
    motion = RigMotion(("hips",), turns, "hips", np.zeros((60, 3)), 30.0)
    action = write_motion(ob, motion, keyframes.TakeKeys("turns", 1, 30.0))
    before = values_of(action)
    part = RigMotion(("hips",), -turns[20:40], "hips", np.zeros((20, 3)), 30.0)
    report = write_span(ob, (action, None), part, 21, SpanKeys(21, 40, ("hips",), None))
    after = values_of(action)
    for channel, values in before.items():
        assert np.abs(after[channel] - values).max() < 1e-4
    assert not report.created


def test_a_rotation_that_cannot_go_on_holds_until_the_kept_frame():
    ob = add_toy_character(family="mannequin")
    still = np.tile(quaternions.IDENTITY, (30, 1, 1))
    motion = RigMotion(("hips",), still, "hips", np.zeros((30, 3)), 30.0)
    action = write_motion(ob, motion, keyframes.TakeKeys("stands", 1, 30.0))
    # A whole turn ends on the negative quaternion.
    circle = quaternions.axis_angle_to_quaternion(
        np.array([0.0, 0.0, 1.0]), np.linspace(0.4, 2 * np.pi - 0.4, 10)
    )[:, None]
    motion = RigMotion(("hips",), circle, "hips", np.zeros((10, 3)), 30.0)
    write_span(ob, (action, None), motion, 11, SpanKeys(11, 20, ("hips",), None))
    curves = curves_of(action)
    times = np.linspace(11, 20.999, 400)
    path = 'pose.bones["hips"].rotation_quaternion'
    shown = np.stack([curve_keys.evaluate(curves[path, index], times) for index in range(4)], 1)
    # Never near zero length, where the direction of the rotation means nothing.
    assert np.linalg.norm(shown, axis=1).min() > 0.9
    after = [curves[path, index].evaluate(21) for index in range(4)]
    assert after == pytest.approx([1, 0, 0, 0])


# ---- modifiers


def with_modifier(kind, **settings):
    ob, action, curve = single_curve([1, 20, 40], [0.0, 1.0, 0.5])
    modifier = curve.modifiers.new(kind)
    for name, value in settings.items():
        setattr(modifier, name, value)
    return ob, action, curve


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("NOISE", {"strength": 2.0, "scale": 3.0}),
        ("NOISE", {"blend_type": "MULTIPLY", "strength": 0.5, "offset": 3.3}),
        ("GENERATOR", {"use_additive": True, "coefficients": (1.0, 0.1)}),
        ("FNGENERATOR", {"use_additive": True, "amplitude": 0.7}),
        ("CYCLES", {"mode_before": "NONE", "mode_after": "NONE"}),
        ("CYCLES", {"mute": True}),
    ],
)
def test_keys_below_a_modifier_make_the_motion_show(kind, settings):
    ob, action, curve = with_modifier(kind, **settings)
    before = curve_keys.evaluate(curve, HALVES)
    report = write_location(ob, action, 10, 18)
    after = curve_keys.evaluate(curve, HALVES)
    outside = stays(10, 18)
    assert np.abs(after - before)[outside].max() < TOLERANCE
    assert np.abs(after[(HALVES >= 10) & (HALVES <= 18) & (HALVES % 1 == 0)] - 3.0).max() < 1e-3
    assert [modifier.type for modifier in curve.modifiers] == [kind]
    assert report.notes == ()
    assert len(bpy.data.actions) == 1


def test_limits_hold_the_new_motion_back_and_it_is_said():
    ob, action, curve = with_modifier("LIMITS", use_max_y=True, max_y=2.0)
    report = write_location(ob, action, 10, 18)
    assert curve.evaluate(14) == pytest.approx(2.0)
    assert report.notes == ('A modifier on "hips" holds back some of the new motion',)


@pytest.mark.parametrize(
    ("kind", "settings", "what"),
    [
        ("CYCLES", {}, "outside the range"),
        ("GENERATOR", {"use_additive": False}, "does not let the new motion show"),
        ("STEPPED", {"frame_step": 8.0}, "outside the range"),
    ],
)
def test_modifiers_that_forbid_the_edit_are_named_and_nothing_changes(kind, settings, what):
    ob, action, _ = with_modifier(kind, **settings)
    before = state_of(action)
    with pytest.raises(RequestError, match=f"The {kind.capitalize()} modifier.*{what}.*bake"):
        write_location(ob, action, 10, 18)
    assert state_of(action) == before
    assert len(bpy.data.actions) == 1


# ---- refusals, and all or nothing


@pytest.mark.parametrize("of_group", [False, True])
def test_locked_channels_are_refused_by_bone(of_group):
    ob, action, curve = single_curve([1, 20], [0.0, 1.0])
    (curve.group if of_group else curve).lock = True
    before = state_of(action)
    with pytest.raises(RequestError, match='"hips" are locked. Unlock'):
        write_location(ob, action, 5, 8)
    assert state_of(action) == before


def test_muted_channels_get_keys_and_it_is_said():
    ob, action, curve = single_curve([1, 20], [0.0, 1.0])
    curve.mute = True
    report = write_location(ob, action, 5, 8)
    assert curve.mute
    assert len(curve.keyframe_points) > 5
    assert any('"hips" are muted' in note for note in report.notes)


def test_samples_are_refused():
    ob, action, curve = single_curve([1, 20], [0.0, 1.0])
    curve.convert_to_samples(1, 20)
    with pytest.raises(RequestError, match="Samples to Keys"):
        write_location(ob, action, 5, 8)
    assert len(curve.sampled_points) == 19 or len(curve.sampled_points) == 20


@pytest.mark.parametrize("fail_at", [0, 1, 2])
@pytest.mark.parametrize("is_new", [False, True])
def test_an_error_while_writing_leaves_the_action_as_it_was(monkeypatch, fail_at, is_new):
    ob, action, _ = single_curve([1, 20, 40], [0.0, 1.0, 0.0])
    if is_new:
        action = bpy.data.actions.new("Empty")
    before = state_of(action), len(getattr(action, "slots", ())), len(getattr(action, "layers", ()))
    settle, left = curve_keys.settle_keys, [None] * fail_at

    def fail(*arguments):
        settle(*arguments)
        if not left:
            raise MemoryError("full")
        return left.pop() or arguments[1]

    monkeypatch.setattr(curve_keys, "settle_keys", fail)
    with pytest.raises(MemoryError):
        write_location(ob, action, 10, 30)
    after = state_of(action), len(getattr(action, "slots", ())), len(getattr(action, "layers", ()))
    assert after == before


@pytest.mark.parametrize(
    "span",
    [
        SpanKeys(9, 12, ("hips",), None),
        SpanKeys(10, 15, ("hips",), None),
        SpanKeys(12, 11, ("hips",), None),
        SpanKeys(10, 12, ("tail",), None),
        SpanKeys(10, 12, ("hips",), "chest"),
    ],
)
def test_what_the_motion_does_not_hold_is_an_error(span):
    ob, action, _ = single_curve([1, 20], [0.0, 1.0])
    with pytest.raises(ValueError, match="the motion"):
        write_span(ob, (action, None), raised_path(5), 10, span)


# ---- slots and takes


def test_other_slots_and_bones_stay_as_they_are():
    ob, action = add_animated_character(4)
    if not hasattr(action, "slots"):
        pytest.skip("this Blender has no slots")
    other = action.slots.new(id_type="OBJECT", name="Prop")
    bag = action.layers[0].strips[0].channelbag(other, ensure=True)
    curve = keyframes.new_fcurve(bag, 'pose.bones["hips"].location', 0, "hips")
    curve_keys.write_keys(curve, key_table.new_keys([1, 50], [0.0, 9.0]))
    curve.update()
    before = curve_keys.read_keys(curve).tobytes()
    write_location(ob, action, 10, 30)
    assert curve_keys.read_keys(curve).tobytes() == before
    assert list(action.slots.keys()) == [slot_of(action).identifier, other.identifier]


def test_a_take_lives_in_a_copy_until_it_is_assigned_back():
    ob, action, curve = single_curve([1, 20, 40], [0.0, 1.0, 0.0])
    before = state_of(action)
    slot = getattr(ob.animation_data, "action_slot", None)
    take = masked_keys.copy_for_take(ob, "take 1")
    assert ob.animation_data.action == action
    assert state_of(take) == before
    masked_keys.assign(ob, take, slot_of(take))
    write_span(ob, (take, None), raised_path(5), 10, SpanKeys(10, 14, ("hips",), "hips"))
    assert state_of(action) == before
    assert len(curves_of(take)) == 7
    masked_keys.assign(ob, action, slot)
    assert ob.animation_data.action == action
    assert getattr(ob.animation_data, "action_slot", None) == slot


def test_an_object_without_an_action_gets_an_empty_take():
    ob = add_toy_character(family="mannequin")
    take = masked_keys.copy_for_take(ob, "take 1")
    masked_keys.assign(ob, take, slot_of(take))
    write_span(ob, (take, None), raised_path(5), 10, SpanKeys(10, 14, ("hips",), "hips"))
    assert len(curves_of(take)) == 7
    assert len(getattr(take, "slots", (1,))) == 1
