"""Takes of Generate wait like those of edits; nothing is lost and nothing left behind."""

import json

import bpy
import pytest
from keyfill_extension.blender_addon.operators.remaking import KEYFILL_OT_next_seed
from keyfill_extension.blender_addon.panels import messages
from keyfill_extension.tests.addon_blender import drawing
from keyfill_extension.tests.addon_blender.edited_characters import (
    add_walker,
    editing_worker,
    kept_on_tracks,
    set_settings,
)
from keyfill_extension.tests.addon_blender.snapshots import snapshot
from keyfill_extension.tests.addon_blender.versions import curves_of


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with editing_worker():
        yield


@pytest.fixture
def mannequin(empty_scene):
    empty_scene.render.fps = 30
    empty_scene.frame_set(1)
    bpy.ops.keyfill.add_mannequin()
    set_settings(prompt="someone walks", seconds=2.0, takes=3, seed=4)
    return bpy.context.object


@pytest.fixture
def walker(empty_scene):
    ob = add_walker()
    set_settings(prompt="someone jumps", seconds=2.0, takes=3, seed=4)
    return ob


def review():
    return bpy.context.scene.keyfill.review


def generate():
    """Make takes as the button does."""
    assert bpy.ops.keyfill.generate(review=True) == {"FINISHED"}


def names():
    return [f"someone walks (seed {seed})" for seed in (4, 5, 6)]


def history():
    return json.loads(bpy.context.scene.keyfill.history)


def test_takes_wait_by_prompt_and_seed_and_are_stepped_through(mannequin):
    generate()
    assert [take.name for take in review().takes] == names()
    assert mannequin.animation_data.action.name == names()[0]
    assert bpy.ops.keyfill.step_take() == {"FINISHED"}
    assert mannequin.animation_data.action.name == names()[1]
    assert not bpy.ops.keyfill.generate.poll()


def test_an_accepted_take_stays_and_the_others_go(mannequin):
    generate()
    bpy.ops.keyfill.step_take()
    assert bpy.ops.keyfill.accept_take() == {"FINISHED"}
    assert [action.name for action in bpy.data.actions] == [names()[1]]
    assert not bpy.data.actions[0].use_fake_user
    assert kept_on_tracks(mannequin) == []
    assert [(row["operation"], row["seed"], row["takes"]) for row in history()] == [
        ("generate", 5, 1)
    ]


def test_an_accepted_take_gets_its_own_muted_track_if_wished(mannequin):
    set_settings(keeps_takes=True)
    generate()
    assert bpy.ops.keyfill.accept_take() == {"FINISHED"}
    assert [track.name for track in mannequin.animation_data.nla_tracks] == names()[:1]
    assert kept_on_tracks(mannequin) == [mannequin.animation_data.action]


def test_an_accepted_edit_gets_its_own_muted_track_if_wished(walker):
    own = walker.animation_data.action
    set_settings(keeps_takes=True, frame_start=31, frame_end=60)
    assert bpy.ops.keyfill.regenerate(review=True) == {"FINISHED"}
    bpy.ops.keyfill.step_take()
    assert bpy.ops.keyfill.accept_take() == {"FINISHED"}
    assert walker.animation_data.action == own
    tracks = walker.animation_data.nla_tracks
    assert [track.name for track in tracks] == ["someone jumps (seed 5)"]
    assert len(bpy.data.actions) == 2
    set_settings(takes=1)
    assert bpy.ops.keyfill.regenerate(review=True) == {"FINISHED"}
    assert [track.name for track in tracks] == ["someone jumps (seed 5)", "someone jumps (seed 4)"]


def test_the_action_that_a_take_replaces_lies_on_a_muted_track(walker):
    own = walker.animation_data.action
    generate()
    assert bpy.ops.keyfill.accept_take() == {"FINISHED"}
    assert kept_on_tracks(walker) == [own]
    assert not any(action.use_fake_user for action in bpy.data.actions)


def test_the_replaced_action_is_saved_with_the_file(walker, tmp_path):
    own = walker.animation_data.action.name
    generate()
    bpy.ops.keyfill.accept_take()
    path = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert {action.name for action in bpy.data.actions} == {own, "someone jumps (seed 4)"}


def test_an_action_that_others_use_gets_no_track(walker):
    own = walker.animation_data.action
    own.use_fake_user = True
    set_settings(takes=1)
    generate()
    assert kept_on_tracks(walker) == []
    assert own.use_fake_user  # the animator's own choice


def test_discard_gives_action_and_pose_back(mannequin):
    bone = mannequin.pose.bones["head"]
    bone.rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    mannequin.pose.bones["hips"].location = (0.1, 0.2, 0.3)
    bpy.context.view_layer.update()
    before = snapshot()
    generate()
    bpy.context.scene.frame_set(30)
    bpy.context.scene.frame_set(1)
    assert snapshot()["objects"] != before["objects"]
    assert bpy.ops.keyfill.discard_take() == {"FINISHED"}
    bpy.context.view_layer.update()
    assert snapshot() == before


def test_scripts_get_the_first_take_and_the_others_on_muted_tracks(mannequin):
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    assert mannequin.animation_data.action.name == names()[0]
    assert [action.name for action in kept_on_tracks(mannequin)] == names()[1:]
    assert not len(review().takes)


@pytest.mark.parametrize("grows", [True, False])
def test_the_scenes_range_grows_when_asked_and_is_told_of_otherwise(mannequin, grows):
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 10, 40
    set_settings(grows_range=grows)
    generate()
    note = bpy.context.window_manager.keyfill_status.note
    assert (scene.frame_start, scene.frame_end) == ((1, 60) if grows else (10, 40))
    told = "now goes from 1 to 60" if grows else "keys go from 1 to 60, the scene from 10 to 40"
    assert told in note
    bpy.ops.keyfill.discard_take()
    assert (scene.frame_start, scene.frame_end) == (10, 40)


def test_a_range_that_holds_the_take_is_left_alone(mannequin):
    set_settings(takes=1, grows_range=True)
    generate()
    scene = bpy.context.scene
    assert (scene.frame_start, scene.frame_end) == (1, 250)
    assert "goes from" not in bpy.context.window_manager.keyfill_status.note


def test_the_next_seed_is_one_that_was_not_used_and_is_shown(mannequin):
    generate()
    bpy.ops.keyfill.accept_take()
    assert bpy.ops.keyfill.next_seed() == {"FINISHED"}
    assert bpy.context.scene.keyfill.seed == 7
    assert history()[0]["seed"] == 7
    assert bpy.ops.keyfill.next_seed() == {"FINISHED"}
    assert bpy.context.scene.keyfill.seed == 10


def test_nothing_is_made_again_before_something_was_made(mannequin):
    for operator in (bpy.ops.keyfill.remake, bpy.ops.keyfill.next_seed, bpy.ops.keyfill.recall):
        with pytest.raises(RuntimeError, match="Nothing was made yet: press Generate"):
            operator()
    assert KEYFILL_OT_next_seed.bl_label == "Next Seed"


def test_generate_is_made_again_from_the_history(mannequin):
    set_settings(takes=1)
    generate()
    first = mannequin.animation_data.action
    keys = snapshot()["actions"][first.name]["keys"]
    set_settings(prompt="someone jumps", seed=9)
    assert bpy.ops.keyfill.remake() == {"FINISHED"}
    again = mannequin.animation_data.action
    assert again != first
    made = snapshot()["actions"][again.name]["keys"]
    for channel, places in keys.items():
        for old, new in zip(places, made[channel], strict=True):
            assert new == pytest.approx(old, abs=1e-5)
    assert bpy.context.scene.keyfill.seed == 4


def test_a_history_entry_puts_its_settings_back(walker):
    set_settings(
        prompt="someone waves", seed=11, takes=1, frame_start=31, frame_end=60,
        parts={"LEFT_ARM", "TORSO"},
    )  # fmt: skip
    bpy.ops.keyfill.regenerate()
    settings = bpy.context.scene.keyfill
    set_settings(prompt="", seed=0, takes=5, frame_start=0, frame_end=0, parts={"LOWER_BODY"})
    assert bpy.ops.keyfill.recall(index=0) == {"FINISHED"}
    assert (settings.prompt, settings.seed, settings.takes) == ("someone waves", 11, 1)
    assert (settings.frame_start, settings.frame_end) == (31, 60)
    assert settings.parts == {"LEFT_ARM", "TORSO"}
    assert bpy.ops.keyfill.recall(index=1) == {"FINISHED"}
    assert (settings.prompt, settings.seconds) == ("someone walks", 3.0)


def test_selected_bones_come_back_with_their_history_entry(walker):
    set_settings(prompt="someone waves", takes=1, use_selected_bones=True)
    for bone in walker.pose.bones:
        (bone if hasattr(bone, "select") else bone.bone).select = bone.name == "hand.L"
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    bpy.ops.keyfill.recall(index=1)
    set_settings(use_selected_bones=False)
    assert bpy.ops.keyfill.recall(index=0) == {"FINISHED"}
    assert bpy.context.scene.keyfill.use_selected_bones
    chosen = [b for b in walker.pose.bones if (b if hasattr(b, "select") else b.bone).select]
    assert [bone.name for bone in chosen] == ["hand.L"]


def test_the_last_prompts_are_kept_each_once(mannequin):
    set_settings(takes=1)
    for prompt in ("someone walks", "someone jumps", "someone walks"):
        set_settings(prompt=prompt)
        generate()
    assert bpy.context.scene.keyfill.last_prompts() == ("someone walks", "someone jumps")
    assert bpy.ops.keyfill.use_prompt(prompt="someone jumps") == {"FINISHED"}
    assert bpy.context.scene.keyfill.prompt == "someone jumps"


def test_an_undone_take_is_gone_with_its_track(walker):
    bpy.context.view_layer.update()
    bpy.ops.ed.undo_push(message="Before")
    before = snapshot()
    assert bpy.ops.keyfill.generate("EXEC_DEFAULT", True, review=True) == {"FINISHED"}
    assert bpy.ops.keyfill.accept_take("EXEC_DEFAULT", True) == {"FINISHED"}
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    assert snapshot() == before
    assert len(bpy.context.object.animation_data.nla_tracks) == 0


def test_throws_of_the_die_leave_no_tracks(mannequin):
    set_settings(takes=1)
    generate()
    for _ in range(3):
        assert bpy.ops.keyfill.next_seed(review=True) == {"FINISHED"}
    assert kept_on_tracks(mannequin) == []
    assert list(bpy.data.actions) == [mannequin.animation_data.action]
    assert bpy.ops.keyfill.remake(review=True) == {"FINISHED"}
    assert [action.name for action in bpy.data.actions] == ["someone walks (seed 7)"]
    assert told_lines() == ['"someone walks (seed 7)" is on the character']
    set_settings(takes=2)
    assert bpy.ops.keyfill.next_seed(review=True) == {"FINISHED"}
    assert bpy.ops.keyfill.accept_take() == {"FINISHED"}
    assert kept_on_tracks(mannequin) == []
    assert list(bpy.data.actions) == [mannequin.animation_data.action]


def touch_a_key(action):
    curve = curves_of(action)[5]
    curve.keyframe_points[10].co[1] += 0.1
    curve.update()


@pytest.mark.parametrize("touch", [
    touch_a_key,
    lambda action: curves_of(action)[0].modifiers.new("NOISE"),
    lambda action: set_settings(prompt="someone jumps"),
    lambda action: bpy.context.scene.frame_set(30),
])  # fmt: skip
def test_a_take_that_was_touched_or_is_another_motion_is_kept(mannequin, touch):
    set_settings(takes=1)
    generate()
    own = mannequin.animation_data.action
    touch(own)
    set_settings(seed=5)
    generate()
    assert kept_on_tracks(mannequin) == [own]


def told_lines():
    context = drawing.context_of(bpy.context.object)
    context.view_layer, context.mode = bpy.context.view_layer, bpy.context.mode
    return [line for line, _ in messages.message_lines(context, 60)]


def test_a_note_goes_when_what_it_tells_of_is_no_longer_seen(mannequin):
    set_settings(takes=1)
    generate()
    assert told_lines() == ['"someone walks (seed 4)" is on the character']
    shown = mannequin.animation_data.action
    mannequin.animation_data.action = bpy.data.actions.new("own")
    assert told_lines() == []
    mannequin.animation_data.action = shown
    assert told_lines()
    bpy.ops.keyfill.add_mannequin()
    assert told_lines() == []


def test_a_note_goes_with_the_undo_of_an_edit(walker):
    set_settings(takes=1, frame_start=31, frame_end=60)
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.keyfill.regenerate(review=True) == {"FINISHED"}
    bpy.ops.ed.undo_push(message="after")
    assert told_lines()
    bpy.ops.ed.undo()
    assert told_lines() == []


def test_a_note_on_takes_goes_with_the_step_that_it_told_of(mannequin):
    generate()
    bpy.ops.keyfill.step_take()
    assert told_lines() == ["Take 2 of 3"]
    review().index = 2
    assert told_lines() == []
