"""Takes that wait: in actions of their own until one is accepted, and undo at every point."""

import json

import bpy
import pytest
from keyfill_extension.tests.addon_blender import versions
from keyfill_extension.tests.addon_blender.edited_characters import (
    add_walker,
    assert_keys_kept,
    changed_bones,
    curves_of,
    editing_worker,
    evaluated,
    hips_height,
    kept_on_tracks,
    keys_outside,
    largest_changes,
    set_settings,
)
from keyfill_extension.tests.addon_blender.empty_files import open_empty_file
from keyfill_extension.tests.addon_blender.snapshots import snapshot

TOLERANCE = 1e-5


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with editing_worker():
        yield


@pytest.fixture
def walker(empty_scene):
    ob = add_walker()
    set_settings(prompt="someone jumps", frame_start=31, frame_end=60, takes=3, seed=2)
    return ob


def review():
    return bpy.context.scene.keyfill.review


def edit():
    """Make three takes as the button does."""
    assert bpy.ops.keyfill.regenerate(review=True) == {"FINISHED"}


def waiting():
    return [take.action for take in review().takes]


def slot_of(ob):
    slot = versions.slot_of(ob)
    return slot.identifier if slot else None


def test_takes_wait_in_their_own_actions_and_the_users_is_untouched(walker):
    own = walker.animation_data.action
    keys = snapshot()["actions"][own.name]["keys"]
    edit()
    assert len(waiting()) == 3
    assert own not in waiting()
    assert walker.animation_data.action == waiting()[0]
    assert (slot_of(walker) is not None) == versions.HAS_SLOTS
    assert snapshot()["actions"][own.name]["keys"] == keys


def test_stepping_goes_through_all_takes_and_around(walker):
    before = hips_height(walker, 45)
    edit()
    raised = []
    for _ in range(4):
        raised.append(hips_height(walker, 45) - before)
        assert bpy.ops.keyfill.step_take() == {"FINISHED"}
    assert raised[3] == pytest.approx(raised[0], abs=1e-6)
    assert raised[0] < raised[1] < raised[2]
    assert bpy.ops.keyfill.step_take(step=-1) == {"FINISHED"}
    assert hips_height(walker, 45) - before == pytest.approx(raised[0], abs=1e-6)


def test_accept_writes_only_the_range_into_the_users_action(walker):
    own = walker.animation_data.action
    edit()
    bpy.ops.keyfill.step_take()
    seen = evaluated(walker, -10, 120)
    # What the user does to the own action meanwhile is not lost.
    hips = 'pose.bones["hips"].location'
    curve = next(c for c in own_curves(own) if (c.data_path, c.array_index) == (hips, 0))
    curve.keyframe_points[5].co[1] += 0.5
    curve.update()
    moved = curve.evaluate(6)
    slot = slot_of(walker)
    assert bpy.ops.keyfill.accept_take() == {"FINISHED"}
    assert walker.animation_data.action == own
    assert slot_of(walker) == slot
    assert list(bpy.data.actions) == [own]
    assert waiting() == []
    changes = largest_changes(seen, evaluated(walker, -10, 120))
    assert changes.pop((hips, 0)) == pytest.approx(0.5, abs=1e-4)
    assert max(changes.values()) <= TOLERANCE
    assert evaluated(walker, 6, 6)[hips, 0][0] == pytest.approx(moved, abs=TOLERANCE)


def own_curves(action):
    return list(versions.bag_of(action).fcurves)


@pytest.mark.parametrize("mode", ["XYZ", "ZXY", "AXIS_ANGLE"])
def test_accept_gives_the_shown_take_in_every_rotation_mode(empty_scene, mode):
    bpy.ops.keyfill.add_mannequin()
    for bone in bpy.context.object.pose.bones:
        bone.rotation_mode = mode
    bpy.context.scene.render.fps = 30
    set_settings(prompt="someone walks", seconds=2.0)
    bpy.ops.keyfill.generate()
    set_settings(frame_start=21, frame_end=40, takes=2)
    ob = bpy.context.object
    edit()
    seen = evaluated(ob, -10, 90)
    bpy.ops.keyfill.accept_take()
    assert max(largest_changes(seen, evaluated(ob, -10, 90)).values()) <= 1e-4


def keys_of(ob):
    """Frame, value and handles of every key of the action that the object shows."""
    return {
        channel: [
            (*point.co, *point.handle_left, *point.handle_right)
            for point in curve.keyframe_points
        ]
        for channel, curve in curves_of(ob).items()
    }


@pytest.mark.parametrize("thin", [False, True])
@pytest.mark.parametrize("mode", ["QUATERNION", "YXZ", "AXIS_ANGLE"])
def test_an_accepted_take_has_the_very_keys_of_an_edit_that_did_not_wait(empty_scene, mode, thin):
    found = []
    for is_review, takes, seed in ((True, 3, 2), (False, 1, 3)):
        open_empty_file()
        ob = add_walker()
        for bone in ob.pose.bones:
            bone.rotation_mode = mode
        bpy.ops.keyfill.generate()
        ob.keyfill_rig.thin = thin
        set_settings(prompt="someone jumps", frame_start=31, frame_end=60, takes=takes, seed=seed)
        assert bpy.ops.keyfill.regenerate(review=is_review) == {"FINISHED"}
        if is_review:
            bpy.ops.keyfill.step_take()
            assert bpy.ops.keyfill.accept_take() == {"FINISHED"}
        found.append(keys_of(ob))
    assert found[0] == found[1]


def test_what_was_changed_on_a_take_by_hand_is_accepted(walker):
    own = walker.animation_data.action
    edit()
    hips = 'pose.bones["hips"].location'
    curve = curves_of(walker)[hips, 0]
    point = next(point for point in curve.keyframe_points if point.co[0] == 45.0)
    point.co[1] += 0.5
    curve.update()
    seen = evaluated(walker, 31, 60)
    assert bpy.ops.keyfill.accept_take() == {"FINISHED"}
    assert walker.animation_data.action == own
    assert max(largest_changes(seen, evaluated(walker, 31, 60)).values()) <= TOLERANCE


def test_a_take_without_its_keys_is_refused_and_can_be_discarded(walker):
    edit()
    review().takes[0].keys = "{}"
    bpy.context.view_layer.update()
    before = snapshot()
    with pytest.raises(RuntimeError, match="Discard the takes"):
        bpy.ops.keyfill.accept_take()
    assert snapshot() == before
    assert bpy.ops.keyfill.discard_take() == {"FINISHED"}


def test_keys_outside_are_the_same_after_accepting(walker):
    keys, before = keys_outside(walker, 31, 60), evaluated(walker, 61, 120)
    edit()
    bpy.ops.keyfill.accept_take()
    assert_keys_kept(walker, keys, 31, 60)
    assert max(largest_changes(before, evaluated(walker, 61, 120)).values()) <= TOLERANCE


def test_accepting_remembers_the_seed_of_the_take(walker):
    edit()
    assert [row["takes"] for row in json.loads(bpy.context.scene.keyfill.history)] == [3, 1]
    bpy.ops.keyfill.step_take(step=2)
    bpy.ops.keyfill.accept_take()
    rows = json.loads(bpy.context.scene.keyfill.history)
    assert [(row["seed"], row["takes"]) for row in rows] == [(4, 1), (0, 1)]


def test_discard_gives_action_and_slot_back(walker):
    bpy.context.view_layer.update()
    before = snapshot()
    slot = slot_of(walker)
    edit()
    bpy.ops.keyfill.step_take()
    assert bpy.ops.keyfill.discard_take() == {"FINISHED"}
    bpy.context.view_layer.update()
    assert snapshot() == before
    assert slot_of(walker) == slot
    assert waiting() == []


@pytest.mark.skipif(not versions.HAS_SLOTS, reason="no slots")
def test_other_slots_of_the_action_stay_untouched(walker):
    own = walker.animation_data.action
    slot = own.slots.new(id_type="OBJECT", name="Camera")
    bag = own.layers[0].strips[0].channelbag(slot, ensure=True)
    curve = bag.fcurves.new("location", index=0)
    curve.keyframe_points.insert(40, 3.0)
    edit()
    bpy.ops.keyfill.accept_take()
    assert walker.animation_data.action == own
    bag = own.layers[0].strips[0].channelbag(own.slots["OBCamera"])
    assert [tuple(point.co) for point in bag.fcurves[0].keyframe_points] == [(40.0, 3.0)]
    assert len(own.slots) == 2


def test_one_take_is_accepted_at_once(walker):
    own = walker.animation_data.action
    set_settings(takes=1)
    edit()
    assert walker.animation_data.action == own
    assert waiting() == []
    assert list(bpy.data.actions) == [own]


def test_without_takes_nothing_can_be_accepted(walker):
    for operator in ("accept_take", "discard_take", "step_take"):
        assert not getattr(bpy.ops.keyfill, operator).poll()


def test_no_second_edit_begins_while_takes_wait(walker):
    edit()
    bpy.context.view_layer.update()
    before = snapshot()
    with pytest.raises(RuntimeError, match="Accept one of them or discard"):
        bpy.ops.keyfill.regenerate()
    assert snapshot() == before


def test_undo_and_redo_at_every_point(walker):
    bpy.context.view_layer.update()
    states = []
    bpy.ops.ed.undo_push(message="Before")
    states.append(snapshot())
    bpy.ops.keyfill.regenerate("EXEC_DEFAULT", True, review=True)
    states.append(snapshot())
    for operator, options in (
        (bpy.ops.keyfill.step_take, {"step": 1}),
        (bpy.ops.keyfill.accept_take, {}),
    ):
        operator("EXEC_DEFAULT", True, **options)
        states.append(snapshot())
    assert len({json.dumps(str(state)) for state in states}) == len(states)
    for state in reversed(states[:-1]):
        bpy.ops.ed.undo()
        assert snapshot() == state
    for state in states[1:3]:
        bpy.ops.ed.redo()
        assert snapshot() == state
    # Going on from an undone point: discard in place of accept.
    assert bpy.ops.keyfill.discard_take("EXEC_DEFAULT", True) == {"FINISHED"}
    assert bpy.context.object.animation_data.action.name in states[0]["actions"]
    assert len(bpy.data.actions) == 1
    bpy.ops.ed.undo()
    assert snapshot() == states[2]


def test_waiting_takes_are_saved_with_the_file(walker, tmp_path):
    own = walker.animation_data.action.name
    edit()
    seen = evaluated(walker, -10, 120)
    path = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert len(waiting()) == 3
    assert bpy.ops.keyfill.accept_take() == {"FINISHED"}
    ob = bpy.context.object
    assert ob.animation_data.action.name == own
    assert max(largest_changes(seen, evaluated(ob, -10, 120)).values()) <= TOLERANCE


def test_another_action_on_the_character_is_not_overwritten(walker):
    own = walker.animation_data.action
    edit()
    set_settings(takes=1)
    with pytest.raises(RuntimeError, match="are waiting"):
        bpy.ops.keyfill.generate()
    new = walker.animation_data.action = bpy.data.actions.new("another")
    with pytest.raises(RuntimeError, match="shows another action"):
        bpy.ops.keyfill.accept_take()
    assert bpy.ops.keyfill.discard_take() == {"FINISHED"}
    assert walker.animation_data.action == new
    assert set(bpy.data.actions) == {own, new}
    assert kept_on_tracks(walker) == [own]
    assert not own.use_fake_user


def test_a_deleted_character_leaves_takes_that_can_be_discarded(walker):
    edit()
    bpy.data.objects.remove(walker)
    with pytest.raises(RuntimeError, match="no longer in the scene"):
        bpy.ops.keyfill.step_take()
    assert bpy.ops.keyfill.discard_take() == {"FINISHED"}
    assert waiting() == []


def test_a_deleted_original_leaves_the_accepted_take(walker):
    edit()
    shown = walker.animation_data.action
    bpy.data.actions.remove(review().before)
    assert bpy.ops.keyfill.accept_take() == {"FINISHED"}
    assert walker.animation_data.action == shown
    assert list(bpy.data.actions) == [shown]


def test_loops_of_two_spans_are_accepted_whole(walker):
    set_settings(frame_start=11, frame_end=70, takes=2)
    before = evaluated(walker, -10, 120)
    assert bpy.ops.keyfill.make_loop(review=True) == {"FINISHED"}
    seen = evaluated(walker, -10, 120)
    assert changed_bones(before, seen)
    assert bpy.ops.keyfill.accept_take() == {"FINISHED"}
    assert max(largest_changes(seen, evaluated(walker, -10, 120)).values()) <= TOLERANCE
