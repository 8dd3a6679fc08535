"""Thinned takes: what Blender evaluates is within the tolerance, and can be edited by hand."""

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.scene.keys import keyframes
from keyfill_extension.blender_addon.scene.keys.keyframes import TakeKeys
from keyfill_extension.blender_addon.scene.keys.masked_keys import SpanKeys, write_span
from keyfill_extension.blender_addon.scene.reading import armature
from keyfill_extension.blender_addon.scene.reading.edit_target import bag_of
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.retargeting.clip_to_rig import (
    RigMotion,
    RootTrack,
    fit_clip_to_rig,
)
from keyfill_extension.engine.motion.rig_options import RigOptions
from keyfill_extension.tests import corpus_clips
from keyfill_extension.tests.addon_blender.characters import add_toy_character
from keyfill_extension.tests.motion.toy_rigs import wild_clip

MODES = ("QUATERNION", "AXIS_ANGLE", "XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")
THIN = RigOptions(thin=True)
WAVING = wild_clip(80, amount=0.4)


def prepare(clip=WAVING, mode="QUATERNION"):
    ob = add_toy_character(family="mannequin")
    for bone in ob.pose.bones:
        bone.rotation_mode = mode
    rig = armature.read_rig(ob)
    return ob, fit_clip_to_rig(clip, rig, armature.read_bone_map(ob, rig))


def thinned(ob, motion, options=THIN, start=1, size=1.0):
    take = TakeKeys("a take", start, 30.0, options=options, units_per_metre=size)
    return keyframes.write_take(ob, motion, take)


def curves_of(action):
    bag = bag_of(action, action.slots[0] if hasattr(action, "slots") else None)
    return {(curve.data_path, curve.array_index): curve for curve in bag.fcurves}


def shown(action, path, frames):
    """What Blender shows of one property, (T, C)."""
    curves = [curve for (own, _), curve in sorted(curves_of(action).items()) if own == path]
    return np.array([[curve.evaluate(frame) for curve in curves] for frame in frames])


def errors_of(ob, motion, start=1):
    """Degrees of every bone and millimetres of the path, as posed: (T, M) and (T,)."""
    degrees, away = [], []
    for frame in range(len(motion.locations)):
        bpy.context.scene.frame_set(start + frame)
        bases = [np.array(ob.pose.bones[name].matrix_basis.to_3x3()) for name in motion.bones]
        found = quaternions.matrix_to_quaternion(np.array(bases))
        degrees.append(np.degrees(quaternions.angle_between(found, motion.rotations[frame])))
        place = np.array(ob.pose.bones[motion.location_bone].location)
        away.append(1000 * np.linalg.norm(place - motion.locations[frame]))
    return np.array(degrees), np.array(away)


def key_count(action):
    return sum(len(curve.keyframe_points) for curve in curves_of(action).values())


@pytest.mark.parametrize("mode", MODES)
def test_errors_are_within_the_tolerance_and_told_as_they_are(mode):
    ob, motion = prepare(mode=mode)
    written = thinned(ob, motion)
    degrees, millimetres = errors_of(ob, motion)
    assert degrees.max() <= 0.5 + 1e-3
    assert millimetres.max() <= 2.0 + 1e-3
    assert written.degrees == pytest.approx(degrees.max(), abs=0.02)
    assert written.millimetres == pytest.approx(millimetres.max(), abs=1e-3)
    whole = thinned(ob, motion, RigOptions())
    share = key_count(written.action) / key_count(whole.action)
    assert share < 0.4
    assert written.notes == (
        f"Keys are thinned to {100 * share:.0f} %, "
        f"at most {written.degrees:.2f} degrees and {written.millimetres:.1f} mm off",
    )
    assert whole.notes == ()


def test_tolerances_are_the_animators_own():
    ob, motion = prepare()
    counts = []
    for size in (0.1, 0.5, 2.0):
        options = RigOptions(thin=True, thin_degrees=size, thin_millimetres=4 * size)
        written = thinned(ob, motion, options)
        degrees, millimetres = errors_of(ob, motion)
        assert degrees.max() <= size + 1e-3 and millimetres.max() <= 4 * size + 1e-3
        counts.append(key_count(written.action))
    assert counts[0] > counts[1] > counts[2]


def test_the_path_is_measured_in_canonical_millimetres():
    """A rig in centimetres: 2 mm are 0.2 of its units."""
    ob, motion = prepare()
    motion = RigMotion(
        motion.bones, motion.rotations, motion.location_bone, 100 * motion.locations, 30.0
    )
    written = thinned(ob, motion, size=100.0)
    _, away = errors_of(ob, motion)
    assert 0.5 < away.max() / 100 <= 2.0 + 1e-3
    assert written.millimetres == pytest.approx(away.max() / 100, abs=1e-3)


def test_all_channels_of_a_bone_share_their_frames():
    ob, motion = prepare()
    frames = {}
    for (path, _), curve in curves_of(thinned(ob, motion).action).items():
        bone = path.split('"')[1]
        times = tuple(point.co[0] for point in curve.keyframe_points)
        assert frames.setdefault(bone, times) == times
    assert len(set(frames.values())) > 5
    assert all(times[0] == 1 and times[-1] == 80 for times in frames.values())


def test_handles_are_in_line_and_reach_a_third_of_the_way():
    ob, motion = prepare()
    for curve in curves_of(thinned(ob, motion).action).values():
        points = curve.keyframe_points
        assert {point.interpolation for point in points} == {"BEZIER"}
        assert {point.handle_left_type for point in points} == {"ALIGNED"}
        for key, following in zip(points[:-1], points[1:], strict=True):
            gap = following.co[0] - key.co[0]
            assert key.handle_right[0] - key.co[0] == pytest.approx(gap / 3, abs=1e-3)
            assert following.co[0] - following.handle_left[0] == pytest.approx(gap / 3, abs=1e-3)


def test_moving_a_key_by_hand_moves_the_curve_smoothly():
    ob, motion = prepare()
    action = thinned(ob, motion).action
    curve = curves_of(action)['pose.bones["chest"].rotation_quaternion', 1]
    point = curve.keyframe_points[2]
    before = [curve.evaluate(frame) for frame in range(1, 81)]
    point.co_ui[1] += 0.1
    curve.update()
    after = [curve.evaluate(frame) for frame in range(1, 81)]
    moved = np.abs(np.subtract(after, before))
    assert moved.max() == pytest.approx(0.1, abs=1e-4)
    first, last = curve.keyframe_points[1].co[0], curve.keyframe_points[3].co[0]
    assert moved[: int(first) - 1].max() < 1e-5 and moved[int(last) :].max() < 1e-5


def test_euler_angles_do_not_flip():
    ob, motion = prepare(wild_clip(120, amount=0.8), "XYZ")
    for (path, _), curve in curves_of(thinned(ob, motion).action).items():
        if path.endswith("rotation_euler"):
            values = [curve.evaluate(frame / 4) for frame in range(4, 480)]
            assert np.abs(np.diff(values)).max() < 0.5


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_very_short_takes(frames):
    ob, motion = prepare(wild_clip(frames, amount=0.4))
    thinned(ob, motion)
    degrees, millimetres = errors_of(ob, motion)
    assert degrees.max() <= 0.5 + 1e-3 and millimetres.max() <= 2.0 + 1e-3


@pytest.mark.parametrize("bone", ["", "hips"])
def test_what_carries_the_character_is_thinned_too(bone):
    ob, motion = prepare()
    count = len(motion.locations)
    yaw = quaternions.yaw_to_quaternion(np.sin(np.arange(count) / 9))
    root = RootTrack(bone, yaw, np.sin(np.arange(count) / 7)[:, None] * [1.0, 0.1, 2.0])
    others = [column for column, name in enumerate(motion.bones) if name != "hips"]
    motion = RigMotion(
        tuple(motion.bones[column] for column in others),
        motion.rotations[:, others],
        "chest",
        0 * motion.locations,
        30.0,
        root,
    )
    action = thinned(ob, motion).action
    path = f'pose.bones["{bone}"].location' if bone else "location"
    found = shown(action, path, range(1, count + 1))
    wanted = root.locations if bone else root.locations[:, [0, 2, 1]] * [1, -1, 1]
    assert 1000 * np.linalg.norm(found - wanted, axis=1).max() <= 2.0 + 1e-3
    assert len(curves_of(action)[path, 0].keyframe_points) < 0.4 * count


@pytest.mark.once  # the share is of clips; that curves stay within the tolerance is seen above
def test_real_clips_lose_60_percent_of_their_keys(shared):
    kept = dense = 0
    for clip in corpus_clips.spread(shared, 6, most_frames=150):
        ob, motion = prepare(clip)
        written = thinned(ob, motion)
        assert written.degrees <= 0.5 + 1e-3 and written.millimetres <= 2.0 + 1e-3
        kept += key_count(written.action)
        dense += len(curves_of(written.action)) * clip.frames
        bpy.data.actions.remove(written.action)
    assert kept < 0.4 * dense


def thin_span(ob, action, motion, first, last, **tolerance):
    sizes = {"thin_degrees": 0.5, "thin_millimetres": 2.0} | tolerance
    span = SpanKeys(first, last, motion.bones, motion.location_bone, **sizes)
    return write_span(ob, (action, None), motion, 1, span)


def test_a_thinned_edit_changes_nothing_outside_and_is_within_the_tolerance():
    ob, motion = prepare()
    action = thinned(ob, motion).action
    halves = np.arange(2, 162) / 2
    before = {path: [curve.evaluate(one) for one in halves] for path, curve in all_curves(action)}
    kept = key_count(action)
    _, other = prepare(wild_clip(80, amount=0.3, seed=3))
    report = thin_span(ob, action, other, 20, 60)
    outside = (halves <= 19) | (halves >= 61)
    for path, curve in all_curves(action):
        after = np.array([curve.evaluate(one) for one in halves])
        assert np.abs(after - before[path])[outside].max() < 1e-5
    degrees, millimetres = errors_of(ob, other)
    assert degrees[19:60].max() <= 0.5 + 0.02 and millimetres[19:60].max() <= 2.0 + 1e-2
    assert degrees[[19, 59]].max() < 0.02 and millimetres[[19, 59]].max() < 1e-2
    assert key_count(action) < 1.5 * kept + 4 * len(before)
    assert any(note.startswith("Keys are thinned, at most 0.") for note in report.notes)


def all_curves(action):
    return list(curves_of(action).items())


def test_an_edit_without_tolerance_has_every_key():
    ob, motion = prepare()
    action = thinned(ob, motion).action
    report = thin_span(ob, action, motion, 20, 60, thin_degrees=0.0)
    frames = {point.co[0] for point in all_curves(action)[0][1].keyframe_points}
    assert set(range(20, 61)) <= frames
    assert report.notes == ()
