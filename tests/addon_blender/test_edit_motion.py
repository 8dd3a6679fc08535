"""Edits through a real worker process: what the mask says changes, and nothing else does."""

import json
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon import engine_link
from keyfill_extension.blender_addon.operators.edit_motion import EditOperator
from keyfill_extension.blender_addon.scene.keys import joining
from keyfill_extension.blender_addon.scene.reading import edit_target
from keyfill_extension.blender_addon.tasks import editing
from keyfill_extension.engine.motion.request import MotionResult
from keyfill_extension.tests.addon_blender.control_characters import add_cloud_rig
from keyfill_extension.tests.addon_blender.edited_characters import (
    add_walker,
    assert_keys_kept,
    changed_bones,
    curves_of,
    editing_worker,
    evaluated,
    hips_height,
    kept_on_tracks,
    key_frames,
    keys_outside,
    largest_changes,
    set_settings,
)
from keyfill_extension.tests.addon_blender.snapshots import snapshot
from keyfill_extension.tests.addon_blender.versions import select_bone, selected_bones

TOLERANCE = 1e-5
LEFT_ARM = {"shoulder.L", "upper_arm.L", "forearm.L", "hand.L"}


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with editing_worker():
        yield


@pytest.fixture
def walker(empty_scene):
    ob = add_walker()
    set_settings(prompt="someone jumps", frame_start=31, frame_end=60)
    return ob


def assert_same_outside(ob, before, keys, first, last):
    """Every evaluated channel at every frame and half frame, and every key."""
    for start, end in ((-10, first - 1), (last + 1, last + 60)):
        changes = largest_changes(before[start], evaluated(ob, start, end))
        assert max(changes.values()) <= TOLERANCE
    assert_keys_kept(ob, keys, first, last)


def outside(ob, first, last):
    """What `assert_same_outside` compares with, seen before the edit."""
    ranges = (-10, first - 1), (last + 1, last + 60)
    parts = {start: evaluated(ob, start, end) for start, end in ranges}
    return parts, keys_outside(ob, first, last)


def test_regenerate_changes_the_range_and_nothing_outside(walker):
    before, keys = outside(walker, 31, 60)
    heights = [hips_height(walker, frame) for frame in (30, 45, 61)]
    inside = evaluated(walker, 31, 60)
    action = walker.animation_data.action
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert walker.animation_data.action == action
    assert len(bpy.data.actions) == 1
    assert_same_outside(walker, before, keys, 31, 60)
    assert {"hips", "neck", "forearm.L", "forearm.R"} <= changed_bones(
        inside, evaluated(walker, 31, 60)
    )
    raised = [hips_height(walker, frame) - height
              for frame, height in zip((30, 45, 61), heights, strict=True)]  # fmt: skip
    assert raised[0] == pytest.approx(0.0, abs=1e-4)
    assert raised[1] > 0.05
    assert raised[2] == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("fps", [24, 60])
def test_other_frame_rates_edit_whole_scene_frames(empty_scene, fps):
    ob = add_walker(frames=3 * fps, fps=fps)
    set_settings(prompt="someone jumps", frame_start=fps, frame_end=2 * fps)
    before, keys = outside(ob, fps, 2 * fps)
    height = hips_height(ob, 3 * fps // 2)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert_same_outside(ob, before, keys, fps, 2 * fps)
    assert hips_height(ob, 3 * fps // 2) - height > 0.05
    inside = [frame for frame in key_frames(ob) if fps <= frame <= 2 * fps]
    assert inside == list(range(fps, 2 * fps + 1))


def test_only_the_chosen_part_changes(walker):
    before = evaluated(walker, -10, 120)
    set_settings(parts={"LEFT_ARM"})
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    changed = changed_bones(before, evaluated(walker, -10, 120), TOLERANCE)
    assert changed
    assert changed <= LEFT_ARM


def test_only_selected_bones_get_keys_and_the_user_is_told(walker):
    before = evaluated(walker, -10, 120)
    for bone in walker.pose.bones:
        select_bone(walker, bone.name, bone.name == "forearm.L")
    set_settings(use_selected_bones=True)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert changed_bones(before, evaluated(walker, -10, 120), TOLERANCE) == {"forearm.L"}
    recipe = json.loads(bpy.context.scene.keyfill.history)[0]
    assert (recipe["parts"], recipe["bones"]) == (["LEFT_ARM"], ["forearm.L"])


def test_the_upper_body_changes_and_legs_and_path_stay(walker):
    before = evaluated(walker, -10, 120)
    set_settings(strength=0.1)
    assert bpy.ops.keyfill.edit_upper_body() == {"FINISHED"}
    changed = changed_bones(before, evaluated(walker, -10, 120), TOLERANCE)
    assert {"neck", "forearm.L", "forearm.R"} <= changed
    assert not [name for name in changed if name.startswith(("hips", "thigh", "shin", "foot"))]


def test_the_preview_range_counts_where_no_frames_are_set(walker):
    scene = bpy.context.scene
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 20, 29
    set_settings(frame_start=0, frame_end=0)
    before, keys = outside(walker, 20, 29)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert_same_outside(walker, before, keys, 20, 29)


def test_selected_keys_count_before_the_preview_range(walker):
    bpy.context.scene.use_preview_range = True
    for curve in curves_of(walker).values():
        for point in curve.keyframe_points:
            point.select_control_point = 40 <= point.co[0] <= 50
    set_settings(frame_start=0, frame_end=0)
    before, keys = outside(walker, 40, 50)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert_same_outside(walker, before, keys, 40, 50)
    assert json.loads(bpy.context.scene.keyfill.history)[0]["frames"] == [40, 50]


def test_a_variation_changes_less(walker):
    before = hips_height(walker, 45)
    set_settings(variation=0.5)
    assert bpy.ops.keyfill.vary() == {"FINISHED"}
    # The engine lifts by 0.1 m; the mannequin is about as tall as the canonical skeleton.
    assert hips_height(walker, 45) - before == pytest.approx(0.05, abs=0.01)


def two_poses(ob, frames):
    """Leave keys at two frames only."""
    for curve in curves_of(ob).values():
        points = curve.keyframe_points
        for point in reversed(list(points)):
            if point.co[0] not in frames:
                points.remove(point, fast=True)
        curve.update()


def test_in_between_fills_around_the_playhead_and_keeps_both_poses(walker):
    two_poses(walker, (10, 40, 60))
    set_settings(frame_start=0, frame_end=0, prompt="")
    bpy.context.scene.frame_set(25)
    before, keys = outside(walker, 11, 39)
    height = hips_height(walker, 25)
    assert bpy.ops.keyfill.in_between() == {"FINISHED"}
    assert_same_outside(walker, before, keys, 11, 39)
    assert hips_height(walker, 25) - height > 0.05
    # Three key poses: they were set by hand, and so the fill has few keys, too.
    inside = set(key_frames(walker)) - {10, 40, 60}
    assert {11, 39} <= inside <= set(range(11, 40))
    curve = curves_of(walker)['pose.bones["chest"].rotation_quaternion', 0]
    assert 2 <= sum(11 <= point.co[0] <= 39 for point in curve.keyframe_points) < 15


def test_in_between_joins_the_next_action_behind_a_gap(walker):
    first = walker.animation_data.action
    bpy.context.scene.keyfill.seconds = 1.0
    bpy.context.scene.frame_set(1)
    bpy.ops.keyfill.generate()
    second = walker.animation_data.action
    untouched = snapshot()["actions"]
    set_settings(next_action=first, gap_seconds=1.0)
    assert bpy.ops.keyfill.in_between() == {"FINISHED"}
    joined = walker.animation_data.action
    assert joined not in (first, second)
    assert key_frames(walker)[0] == 1
    assert key_frames(walker)[-1] == 30 + 30 + 90
    for action in (first, second):
        assert snapshot()["actions"][action.name]["keys"] == untouched[action.name]["keys"]
    assert kept_on_tracks(walker) == [second, first]  # by name: jumps, walks
    assert not second.use_fake_user


@pytest.fixture
def two_actions(walker):
    """The walker shows the second of two actions; the next in-between joins the first one on."""
    first = walker.animation_data.action
    bpy.context.scene.keyfill.seconds = 1.0
    bpy.context.scene.frame_set(1)
    bpy.ops.keyfill.generate()
    set_settings(next_action=first, gap_seconds=1.0)
    return [first, walker.animation_data.action]


@pytest.fixture
def joins(monkeypatch):
    """Names of the joined actions as they are built."""
    found = []
    build = joining._join

    def counted(*arguments):
        action = build(*arguments)
        found.append(action.name)
        return action

    monkeypatch.setattr(joining, "_join", counted)
    return found


@pytest.mark.parametrize("takes", [1, 3])
def test_two_actions_leave_one_joined_action(walker, two_actions, joins, takes):
    set_settings(takes=takes)
    assert bpy.ops.keyfill.in_between() == {"FINISHED"}
    # Those that slices of reading made are gone: Blender gives the same name again.
    assert set(joins) == {walker.animation_data.action.name}
    assert len([one for one in bpy.data.actions if one.name == joins[-1]]) == 1
    assert len(bpy.data.actions) == 2 + takes


def test_two_actions_leave_one_joined_action_for_a_control_rig(empty_scene, joins):
    ob = add_cloud_rig()
    empty_scene.render.fps = 30
    set_settings(prompt="someone walks", seconds=1.0)
    bpy.ops.keyfill.generate()
    set_settings(next_action=ob.animation_data.action, gap_seconds=1.0)
    bpy.ops.keyfill.generate()
    before = len(bpy.data.actions)
    assert bpy.ops.keyfill.in_between() == {"FINISHED"}
    assert set(joins) == {ob.animation_data.action.name}
    assert len(bpy.data.actions) == before + 1


@pytest.mark.parametrize("prompt", ["someone fails", "someone walks"])
def test_a_joined_action_does_not_outlive_an_edit_that_fails(walker, two_actions, prompt):
    bpy.context.view_layer.update()
    before = snapshot()
    # The engine fails; or the edit is refused at once.
    set_settings(prompt=prompt, gap_seconds=1.0 if "fail" in prompt else 0.01)
    with pytest.raises(RuntimeError):
        bpy.ops.keyfill.in_between()
    assert sorted(bpy.data.actions, key=str) == sorted(two_actions, key=str)
    assert walker.animation_data.action == two_actions[1]
    assert snapshot()["actions"] == before["actions"]


@pytest.mark.parametrize("change", ["none", "moved"])
def test_a_joined_action_is_built_of_the_keys_that_are_there(walker, two_actions, joins, change):
    context, recipe = bpy.context, bpy.context.scene.keyfill.to_recipe("in_between")
    edit = editing.prepare_edit(context, recipe, is_settled=False)
    # Nothing of the first reading outlives it: undo and saving never see it.
    assert len(bpy.data.actions) == 2
    hips = curves_of(walker)['pose.bones["hips"].location', 0]
    if change == "moved":
        hips.keyframe_points[3].co[1] += 0.5
    made = hips.evaluate(4)
    editing.apply_edit(context, edit, MotionResult((edit.plan.request().clip,)), review=False)
    assert walker.animation_data.action.name == joins[-1]
    assert len(bpy.data.actions) == 3
    found = curves_of(walker)['pose.bones["hips"].location', 0].evaluate(4)
    assert found == pytest.approx(made, abs=TOLERANCE)


@pytest.mark.parametrize(("where", "first", "last"), [("end", 91, 150), ("start", -59, 0)])
def test_extend_goes_on_where_the_keys_end(walker, where, first, last):
    before, keys = evaluated(walker, 1, 90), keys_outside(walker, first, last)
    set_settings(extend_where=where, extend_seconds=2.0, prompt="")
    assert bpy.ops.keyfill.extend() == {"FINISHED"}
    assert max(largest_changes(before, evaluated(walker, 1, 90)).values()) <= TOLERANCE
    assert_keys_kept(walker, keys, first, last)
    frames = key_frames(walker)
    assert (frames[0], frames[-1]) == (min(1, first), max(90, last))
    assert hips_height(walker, (first + last) // 2) > hips_height(walker, 45) + 0.05
    # Beyond the new end the new pose is held, not the one of the old end.
    end, beyond = (last, last + 20) if where == "end" else (first, first - 20)
    assert hips_height(walker, beyond) == pytest.approx(hips_height(walker, end), abs=1e-5)


def test_extend_goes_on_from_an_edit_that_reached_the_end(walker):
    set_settings(frame_start=61, frame_end=90, extend_seconds=1.0)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert bpy.ops.keyfill.extend() == {"FINISHED"}
    assert json.loads(bpy.context.scene.keyfill.history)[0]["frames"] == [91, 120]
    path = 'pose.bones["hips"].location'
    steps = [
        np.diff([curves_of(walker)[path, axis].evaluate(frame) for frame in range(85, 121)])
        for axis in range(3)
    ]
    # One step is the engine's own lift of 0.1 m; nothing jumps farther than that.
    assert np.linalg.norm(steps, axis=0).max() < 0.15


@pytest.mark.parametrize(("first", "last"), [(1, 90), (1, 30), (61, 90)])
def test_an_edit_up_to_the_end_of_the_keys_does_not_lengthen_them(walker, first, last):
    """A key beside the edit holds the old value, but is no part of the animation."""
    set_settings(frame_start=first, frame_end=last)
    before, keys = outside(walker, first, last)
    for _ in range(2):
        assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
        assert_same_outside(walker, before, keys, first, last)
        assert edit_target.animated_frames(walker) == (1, 90)
    ends = {frame for frame in key_frames(walker) if not 1 <= frame <= 90}
    assert ends == ({0} if first == 1 else set()) | ({91} if last == 90 else set())


def test_a_joined_action_leaves_out_what_holds_an_end(walker):
    bpy.ops.keyfill.regenerate()
    set_settings(frame_start=1, frame_end=90)
    bpy.ops.keyfill.regenerate()
    set_settings(next_action=walker.animation_data.action, gap_seconds=1.0)
    assert bpy.ops.keyfill.in_between() == {"FINISHED"}
    assert edit_target.animated_frames(walker) == (1, 90 + 30 + 90)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_loop_ends_in_the_pose_that_it_starts_with(walker, in_place):
    set_settings(frame_start=11, frame_end=70, loop_in_place=in_place, prompt="")
    assert bpy.ops.keyfill.make_loop() == {"FINISHED"}
    channels = evaluated(walker, 11, 70)
    for (path, index), values in channels.items():
        if path.endswith("rotation_quaternion"):
            other = [channels[path, axis] for axis in range(4)]
            sign = np.sign(sum(axis[0] * axis[-1] for axis in other))
            assert values[0] == pytest.approx(sign * values[-1], abs=1e-4), (path, index)
    path = 'pose.bones["hips"].location'
    travelled = [channels[path, axis][-1] - channels[path, axis][0] for axis in range(3)]
    assert (np.linalg.norm(travelled) < 1e-3) == in_place


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_a_loop_closes_at_other_frame_rates(empty_scene, fps):
    ob = add_walker(frames=3 * fps, fps=fps)
    last = 3 + 2 * fps  # the walker swings its arms once a second
    set_settings(frame_start=2, frame_end=last, loop_in_place=True, prompt="")
    assert bpy.ops.keyfill.make_loop() == {"FINISHED"}
    heads = {}
    for frame in (2, 3, last - 1, last):
        bpy.context.scene.frame_set(frame)
        heads[frame] = np.array([ob.matrix_world @ bone.head for bone in ob.pose.bones])
    assert np.linalg.norm(heads[last] - heads[2], axis=-1).max() < 1e-3
    change = (heads[3] - heads[2]) - (heads[last] - heads[last - 1])
    assert np.linalg.norm(change, axis=-1).max() * fps < 0.5  # its hands' own in 1/24 s


def test_a_long_take_is_one_new_action_of_all_beats(walker):
    own = walker.animation_data.action
    set_settings(beats="1: a person walks; 2: a person sits down")
    assert bpy.ops.keyfill.long_take() == {"FINISHED"}
    assert walker.animation_data.action != own
    assert walker.animation_data.action.name == "a person walks, then a person sits down (seed 0)"
    frames = key_frames(walker)
    assert frames[-1] - frames[0] + 1 == 90
    assert kept_on_tracks(walker) == [own]
    assert not own.use_fake_user


def test_an_edit_is_one_undo_step(walker):
    bpy.context.view_layer.update()
    bpy.ops.ed.undo_push(message="Before")
    before, made = snapshot(), bpy.context.scene.keyfill.history
    assert bpy.ops.keyfill.regenerate("EXEC_DEFAULT", True) == {"FINISHED"}
    after = snapshot()
    history = bpy.context.scene.keyfill.history
    assert after != before
    bpy.ops.ed.undo()
    assert snapshot() == before
    assert bpy.context.scene.keyfill.history == made
    bpy.ops.ed.redo()
    assert snapshot() == after
    assert bpy.context.scene.keyfill.history == history


def test_scripts_get_the_first_take_at_once_and_the_others_beside_it(walker):
    action = walker.animation_data.action
    set_settings(takes=3)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert walker.animation_data.action == action
    others = [other for other in bpy.data.actions if other != action]
    assert len(others) == 2
    assert kept_on_tracks(walker) == others
    assert not any(other.use_fake_user for other in others)
    assert not len(bpy.context.scene.keyfill.review.takes)


def test_a_button_lets_takes_wait_for_its_person():
    class Pressed(EditOperator):
        options = SimpleNamespace(is_invoke=True)
        review = False

        def execute(self, context):
            return {"FINISHED"} if self.review else {"CANCELLED"}

    assert Pressed().invoke(bpy.context, None) == {"FINISHED"}


def test_an_edit_of_the_history_is_made_again(walker):
    set_settings(seed=4, parts={"LEFT_ARM", "TORSO"})
    untouched = snapshot()["actions"]
    bpy.context.view_layer.update()
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.keyfill.regenerate()
    made, history = evaluated(walker, 1, 90), bpy.context.scene.keyfill.history
    bpy.ops.ed.undo_push(message="Regenerate")
    bpy.ops.ed.undo()
    walker = bpy.context.object
    assert snapshot()["actions"] == untouched
    set_settings(history=history, seed=0, prompt="something else", frame_start=1, frame_end=9)
    assert bpy.ops.keyfill.remake(index=0) == {"FINISHED"}
    assert max(largest_changes(made, evaluated(walker, 1, 90)).values()) <= TOLERANCE
    assert [row["seed"] for row in json.loads(bpy.context.scene.keyfill.history)] == [4, 4, 0]


def assert_refused(operator, message, remedy):
    """Expect the sentence and its cure, and everything as it was."""
    bpy.context.view_layer.update()
    before, history = snapshot(), bpy.context.scene.keyfill.history
    with pytest.raises(RuntimeError) as refused:
        operator()
    assert message in str(refused.value)
    assert remedy in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert snapshot() == before
    assert bpy.context.scene.keyfill.history == history


@pytest.mark.parametrize(
    ("settings", "message", "remedy"),
    [
        ({"prompt": " "}, "The prompt is empty.", "Type what"),
        ({"parts": set()}, "No body part is chosen.", "Choose at least one"),
        ({"frame_start": 60, "frame_end": 31}, "before it starts", "Exchange Start and End"),
        ({"frame_start": 200, "frame_end": 240}, "outside the keys", "press Extend"),
        ({"use_selected_bones": True}, "None of the selected bones", "Select bones"),
    ],
)
def test_settings_that_cannot_be_served(walker, settings, message, remedy):
    for name in selected_bones(walker):
        select_bone(walker, name, False)
    set_settings(**settings)
    engine_link.stop()
    assert_refused(bpy.ops.keyfill.regenerate, message, remedy)
    assert bpy.context.window_manager.keyfill_status.error
    assert engine_link.worker_pid() == 0  # nothing was started for it


@pytest.mark.parametrize(
    ("operator", "settings", "message", "remedy"),
    [
        ("extend", {"extend_seconds": 0.0}, "0 s cannot be added", "seconds"),
        ("extend", {"extend_seconds": 600.0}, "600 s cannot be added", "seconds"),
        ("in_between", {"frame_start": 40, "frame_end": 41}, "no frames to fill", "Move the poses"),
        ("in_between", {"frame_start": 40, "frame_end": 44}, "gap of 3 frames", "5 to 180"),
        ("make_loop", {"frame_start": 1, "frame_end": 10}, "too short to close", "at least 16"),
        ("long_take", {"beats": "walks"}, "has no seconds", "4: a person walks"),
        ("long_take", {"beats": "99: walks"}, "cannot take 99 s", "60 seconds"),
        ("remake", {"history": ""}, "Nothing was made yet", "press Generate"),
    ],
)
def test_other_edits_that_cannot_be_made(walker, operator, settings, message, remedy):
    set_settings(**settings)
    assert_refused(getattr(bpy.ops.keyfill, operator), message, remedy)


def test_locked_channels_name_the_bone(walker):
    curves_of(walker)['pose.bones["forearm.L"].rotation_quaternion', 1].lock = True
    assert_refused(bpy.ops.keyfill.regenerate, '"forearm.L" are locked', "Unlock them")


def test_an_engine_that_fails_leaves_everything_as_it_was(walker):
    set_settings(prompt="fail")
    assert_refused(bpy.ops.keyfill.regenerate, "met an error that it does not know", "engine's log")


def test_a_character_without_animation(empty_scene):
    bpy.ops.keyfill.add_mannequin()
    set_settings(prompt="someone jumps")
    bpy.context.view_layer.update()
    assert_refused(bpy.ops.keyfill.regenerate, "has no animation to edit", "Generate a motion")


def push_down(ob):
    data = ob.animation_data
    track = data.nla_tracks.new()
    track.strips.new("strip", 1, data.action)
    return data


def test_nla_strips_alone(walker):
    data = push_down(walker)
    data.action = None
    assert_refused(bpy.ops.keyfill.regenerate, "moved by NLA strips alone", "Bake Action")


@pytest.mark.parametrize("change", [{"action_blend_type": "ADD"}, {"action_influence": 0.5}])
def test_an_action_that_is_blended_over_strips(walker, change):
    data = push_down(walker)
    for name, value in change.items():
        setattr(data, name, value)
    assert_refused(bpy.ops.keyfill.regenerate, "blended over its NLA strips", "Replace")


def test_an_action_of_two_characters_is_copied_for_the_edited_one(walker):
    shared = walker.animation_data.action
    other = walker.copy()
    bpy.context.collection.objects.link(other)
    bpy.context.view_layer.update()
    before = evaluated(other, -10, 120)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert other.animation_data.action == shared
    assert walker.animation_data.action != shared
    assert max(largest_changes(before, evaluated(other, -10, 120)).values()) == 0.0
    assert changed_bones(before, evaluated(walker, -10, 120))


def test_settings_have_the_defaults_that_scripts_rely_on(registered_addon):
    settings = bpy.context.scene.keyfill
    assert (settings.frame_start, settings.frame_end) == (0, 0)
    assert settings.parts == {"LOWER_BODY", "TORSO", "LEFT_ARM", "RIGHT_ARM"}
    assert (settings.strength, settings.extend_seconds, settings.extend_where) == (0.0, 2.0, "end")
    assert (settings.loop_in_place, settings.gap_seconds, settings.beats) == (False, 1.0, "")


def wrist(ob, frame):
    bpy.context.scene.frame_set(frame)
    return ob.matrix_world @ ob.pose.bones["hand.L"].matrix


def test_a_pinned_hand_keeps_its_path_in_the_world(walker):
    places = {frame: wrist(walker, frame) for frame in range(31, 61)}
    set_settings(pinned_hands={"LEFT"}, parts={"TORSO", "LEFT_ARM", "RIGHT_ARM"})
    inside = evaluated(walker, 31, 60)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert {"neck", "forearm.R"} <= changed_bones(inside, evaluated(walker, 31, 60))
    for frame, place in places.items():
        now = wrist(walker, frame)
        assert (now.translation - place.translation).length < 0.02
        assert now.to_quaternion().rotation_difference(place.to_quaternion()).angle < 0.01


def test_a_pinned_hand_goes_with_the_object_it_holds(walker):
    place = wrist(walker, 30)
    bpy.ops.object.empty_add(location=place.translation)
    thing = bpy.context.object
    bpy.context.view_layer.objects.active = walker
    for frame in range(30, 62):
        thing.location = wrist(walker, frame).translation
        thing.location.z += 0.03 * np.sin(np.pi * (frame - 30) / 31)
        thing.keyframe_insert("location", frame=frame)
    arms = {"TORSO", "LEFT_ARM", "RIGHT_ARM"}
    set_settings(pinned_hands={"LEFT"}, held_object=thing, parts=arms)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    for frame in range(31, 50):
        now = wrist(walker, frame)
        assert (now.translation - thing.location).length < 0.02, frame


def test_a_pin_needs_its_arm(walker):
    set_settings(pinned_hands={"RIGHT"}, parts={"TORSO"})
    with pytest.raises(RuntimeError, match="right arm"):
        bpy.ops.keyfill.regenerate()
