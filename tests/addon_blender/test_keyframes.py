"""Keys: what is written is what is evaluated, in every rotation mode and at every frame rate."""

from dataclasses import dataclass, replace

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.scene.curves import curve_keys
from keyfill_extension.blender_addon.scene.keys import keyframes
from keyfill_extension.blender_addon.scene.reading import armature, timeline
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.retargeting.clip_to_rig import RigMotion, fit_clip_to_rig
from keyfill_extension.engine.motion.rig_options import RigOptions
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX
from keyfill_extension.tests.addon_blender.characters import (
    LIMBS,
    add_toy_character,
    put_clip,
    world_joints,
    write_motion,
)
from keyfill_extension.tests.addon_blender.versions import bag_of
from keyfill_extension.tests.motion.toy_rigs import wild_clip

MODES = ("QUATERNION", "AXIS_ANGLE", "XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")


def prepare(frames=40, amount=0.5):
    ob = add_toy_character(family="mannequin")
    rig = armature.read_rig(ob)
    motion = fit_clip_to_rig(wild_clip(frames, amount=amount), rig, armature.read_bone_map(ob, rig))
    return ob, motion


def curves_of(action):
    return {(curve.data_path, curve.array_index): curve for curve in bag_of(action).fcurves}


def keys_of(curve):
    values = np.empty(2 * len(curve.keyframe_points), dtype=np.float32)
    curve.keyframe_points.foreach_get("co", values)
    return values.reshape(-1, 2)


def evaluated_rotation(ob, name):
    matrix = ob.pose.bones[name].matrix_basis.to_3x3()
    return quaternions.matrix_to_quaternion(np.array(matrix))


def test_keys_read_back_equal():
    ob, motion = prepare()
    action = write_motion(ob, motion, keyframes.TakeKeys("walks", 101, 30.0))
    curves = curves_of(action)
    assert len(curves) == 22 * 4 + 3
    for column, name in enumerate(motion.bones):
        for index in range(4):
            keys = keys_of(curves[f'pose.bones["{name}"].rotation_quaternion', index])
            assert keys[:, 0].tolist() == list(range(101, 141))
            assert np.abs(keys[:, 1] - motion.rotations[:, column, index]).max() < 1e-6
    for index in range(3):
        keys = keys_of(curves['pose.bones["hips"].location', index])
        assert np.abs(keys[:, 1] - motion.locations[:, index]).max() < 1e-6
    assert not any("scale" in path for path, _ in curves)
    assert all(curve.group.name in motion.bones for curve in curves.values())


@pytest.mark.parametrize("mode", MODES)
def test_every_rotation_mode_moves_the_same(mode):
    ob, motion = prepare(60)
    for bone in ob.pose.bones:
        bone.rotation_mode = mode
    action = write_motion(ob, motion, keyframes.TakeKeys("turns", 1, 30.0))
    for frame in range(0, 60, 7):
        bpy.context.scene.frame_set(1 + frame)
        for column, name in enumerate(motion.bones):
            angle = quaternions.angle_between(
                evaluated_rotation(ob, name), motion.rotations[frame, column]
            )
            assert np.degrees(angle) < 0.05
    assert all(bone.rotation_mode == mode for bone in ob.pose.bones)
    if mode not in ("QUATERNION", "AXIS_ANGLE"):
        for (path, _), curve in curves_of(action).items():
            if path.endswith("rotation_euler"):
                assert np.abs(np.diff(keys_of(curve)[:, 1])).max() < np.pi


@pytest.mark.parametrize(
    ("fps", "base", "frames"), [(24, 1.0, 40), (24, 1.001, 39), (25, 1.0, 41), (60, 1.0, 99)]
)
def test_any_frame_rate_is_keyed_on_whole_frames(fps, base, frames):
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = fps, base
    ob, motion = prepare(50)
    rate = timeline.scene_fps(scene)
    action = write_motion(ob, motion, keyframes.TakeKeys("walks", -5, rate))
    keys = {key: keys_of(curve) for key, curve in curves_of(action).items()}
    for values in keys.values():
        assert values[:, 0].tolist() == list(range(-5, -5 + len(values)))
        assert abs(len(values) - frames) <= 1
    heights = keys['pose.bones["hips"].location', 1][:, 1]
    seconds = np.arange(len(heights)) / rate
    assert seconds[-1] <= 49 / 30.0 + 1e-6 < seconds[-1] + 1 / rate + 1e-6
    wanted = np.interp(seconds, np.arange(50) / 30.0, motion.locations[:, 1])
    assert np.abs(heights - wanted).max() < 1e-5


def test_sampling_on_coinciding_times_is_exact():
    _, motion = prepare(31)
    double = keyframes.sample_on_frames(motion, 60.0)
    assert np.abs(double.locations[::2] - motion.locations).max() < 1e-9
    assert quaternions.angle_between(double.rotations[::2], motion.rotations).max() < 1e-6
    assert keyframes.sample_on_frames(motion, 30.0) is motion


def test_one_frame_is_one_key():
    ob, motion = prepare(1)
    action = write_motion(ob, motion, keyframes.TakeKeys("stands", 7, 24.0))
    assert all(keys_of(curve)[:, 0].tolist() == [7] for curve in curves_of(action).values())


def test_limbs_of_a_resampled_take_follow_the_clip(empty_scene):
    ob, clip = add_toy_character(), wild_clip(90, amount=0.3)
    empty_scene.render.fps = 60
    _, bone_map, _ = put_clip(ob, clip, start=1, fps=60.0)
    joints = clip.joints()
    for frame in (0, 17, 44):
        empty_scene.frame_set(1 + 2 * frame)
        found = world_joints(ob, bone_map)
        for start, end in LIMBS:
            wanted = joints[frame, JOINT_INDEX[end]] - joints[frame, JOINT_INDEX[start]]
            bend = quaternions.between(wanted, found[end] - found[start])
            assert np.degrees(quaternions.angle_between(quaternions.IDENTITY, bend)) < 0.1


def test_the_users_action_is_kept_and_the_take_is_new():
    ob, motion = prepare(5)
    mine = bpy.data.actions.new("My walk")
    ob.animation_data_create().action = mine
    take = keyframes.TakeKeys("someone hops", 1, 30.0)
    first = write_motion(ob, motion, take)
    second = write_motion(ob, motion, take)
    assert (mine.use_fake_user, mine.name, ob.animation_data.action) == (False, "My walk", second)
    assert first.name == "someone hops"
    assert second.name.startswith("someone hops.")
    assert not first.use_fake_user


def test_a_slot_is_chosen_and_shared_actions_do_not_mix():
    ob, motion = prepare(5)
    other, _ = prepare(5)
    for target in (ob, other):
        action = write_motion(target, motion, keyframes.TakeKeys("hops", 1, 30.0))
        if hasattr(action, "slots"):
            assert target.animation_data.action_slot == action.slots[0]
            assert action.slots[0].name_display == target.name
    assert ob.animation_data.action != other.animation_data.action


def test_assigning_the_slot_twice_does_not_crash():
    """Blender 4.5 picks a slot of the object's name by itself; a second choice crashed it."""
    ob, motion = prepare(3)
    for _ in range(3):
        action = write_motion(ob, motion, keyframes.TakeKeys("hops", 1, 30.0))
        bpy.context.view_layer.update()
        bpy.context.scene.frame_set(2)
        assert ob.animation_data.action == action
        if hasattr(action, "slots"):
            assert [slot.name_display for slot in action.slots] == [ob.name]
            assert ob.animation_data.action_slot == action.slots[0]


@pytest.mark.parametrize(
    "name", ["ä" * 80, "a very long prompt " * 9, "two\nlines  and\ttabs", "  "]
)
def test_any_prompt_makes_a_name(name):
    ob, motion = prepare(2)
    action = write_motion(ob, motion, keyframes.TakeKeys(name, 1, 30.0))
    assert 0 < len(action.name.encode()) <= 63
    assert "\n" not in action.name
    assert " ".join(name.split()).startswith(action.name) or action.name == "Keyfill"


@pytest.mark.parametrize(("kind", "number"), [("LINEAR", 1), ("BEZIER", 2)])
def test_interpolation(kind, number):
    ob, motion = prepare(20)
    take = keyframes.TakeKeys("walks", 1, 30.0, kind)
    for curve in curves_of(write_motion(ob, motion, take)).values():
        assert {point.interpolation for point in curve.keyframe_points} == {kind}
        handles = np.array([point.handle_right for point in curve.keyframe_points])
        assert (handles[:-1, 0] > np.arange(1, 20)).all()
        assert (handles[:-1, 0] < np.arange(2, 21)).all()


def test_an_error_leaves_everything_as_it_was(monkeypatch):
    ob, motion = prepare(5)
    mine = bpy.data.actions.new("My walk")
    ob.animation_data_create().action = mine
    ob.pose.bones["hips"].location = (1, 2, 3)

    def fail(*arguments):
        raise MemoryError("full")

    monkeypatch.setattr(keyframes, "_write_curve", fail)
    with pytest.raises(MemoryError):
        write_motion(ob, motion, keyframes.TakeKeys("hops", 1, 30.0))
    assert list(bpy.data.actions) == [mine]
    assert ob.animation_data.action == mine
    assert not mine.use_fake_user
    assert tuple(ob.pose.bones["hips"].location) == (1, 2, 3)


def test_a_bone_that_is_gone_is_named():
    ob, motion = prepare(3)
    gone = RigMotion(("tail", *motion.bones[1:]), motion.rotations, "hips", motion.locations, 30.0)
    with pytest.raises(RequestError, match='"tail" is no longer'):
        write_motion(ob, gone, keyframes.TakeKeys("hops", 1, 30.0))
    assert len(bpy.data.actions) == 0


def test_nla_tweak_mode_is_refused():
    ob, motion = prepare(3)
    write_motion(ob, motion, keyframes.TakeKeys("hops", 1, 30.0))
    data = ob.animation_data
    track = data.nla_tracks.new()
    track.strips.new("hops", 1, data.action)
    data.action = None
    track.select = track.is_solo = True
    track.strips[0].select = True
    data.nla_tracks.active = track
    data.use_tweak_mode = True
    if not data.use_tweak_mode:
        pytest.skip("this Blender does not enter tweak mode from scripts")
    with pytest.raises(RequestError, match="tweak mode"):
        write_motion(ob, motion, keyframes.TakeKeys("skips", 1, 30.0))
    assert len(bpy.data.actions) == 1


def test_bone_names_with_quotes_are_keyed():
    ob, motion = prepare(3)
    ob.data.bones["head"].name = 'my "head" \\ 1'
    names = tuple('my "head" \\ 1' if name == "head" else name for name in motion.bones)
    motion = RigMotion(names, motion.rotations, "hips", motion.locations, 30.0)
    write_motion(ob, motion, keyframes.TakeKeys("nods", 1, 30.0))
    bpy.context.scene.frame_set(2)
    angle = quaternions.angle_between(
        evaluated_rotation(ob, 'my "head" \\ 1'), motion.rotations[1, names.index('my "head" \\ 1')]
    )
    assert np.degrees(angle) < 0.05


def test_the_timeline_is_read(empty_scene):
    empty_scene.render.fps, empty_scene.render.fps_base = 24, 1.001
    assert timeline.scene_fps(empty_scene) == pytest.approx(23.976, abs=1e-3)
    empty_scene.frame_set(17)
    assert timeline.current_frame(empty_scene) == 17
    empty_scene.frame_start, empty_scene.frame_end = 5, 90
    assert timeline.frame_range(empty_scene) == (5, 90)
    empty_scene.use_preview_range = True
    empty_scene.frame_preview_start, empty_scene.frame_preview_end = 10, 20
    assert timeline.frame_range(empty_scene) == (10, 20)


@dataclass(frozen=True)
class Other:
    """How a second take differs from the first."""

    frames: int = 40
    mode: str = "QUATERNION"
    thin: bool = False


@pytest.mark.parametrize(
    "other", [Other(), Other(frames=24), Other(mode="XYZ"), Other(thin=True)]
)
def test_a_take_like_another_is_the_take_that_is_made_alone(other):
    ob, motion = prepare()
    keys = keyframes.TakeKeys("walks", 101, 30.0)
    like = keyframes.make_take(ob, motion, keys).action
    for bone in ob.pose.bones:
        bone.rotation_mode = other.mode
    rig = armature.read_rig(ob)
    clip = wild_clip(other.frames, amount=0.3)
    motion = fit_clip_to_rig(clip, rig, armature.read_bone_map(ob, rig))
    keys = replace(keys, seed=7, options=RigOptions(thin=other.thin))
    before = tables_of(like)
    copied = keyframes.make_take(ob, motion, keys, like)
    alone = keyframes.make_take(ob, motion, keys)
    assert tables_of(copied.action) == tables_of(alone.action)
    assert tables_of(like) == before != tables_of(alone.action)
    assert copied.notes == alone.notes
    assert copied.action.name.startswith("walks")
    assert copied.action.use_fake_user == alone.action.use_fake_user


def tables_of(action):
    return {
        channel: (curve.group.name, curve_keys.read_keys(curve).tobytes())
        for channel, curve in curves_of(action).items()
    }
