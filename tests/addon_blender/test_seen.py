"""What keeps an action from showing is named with its cure, in Generate as in edits."""

import itertools
import re

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.operators import edit_motion, generate
from keyfill_extension.blender_addon.scene.reading.edit_target import LAST_FRAME
from keyfill_extension.blender_addon.scene.reading.showing import find_hindrances
from keyfill_extension.tests.addon_blender.edited_characters import (
    add_walker,
    bone_of,
    curves_of,
    editing_worker,
    set_settings,
)
from keyfill_extension.tests.addon_blender.modal_probes import press


@pytest.fixture(scope="module", autouse=True)
def worker(registered_addon):
    with editing_worker():
        yield


@pytest.fixture
def walker(empty_scene):
    ob = add_walker()
    set_settings(seconds=1.0, frame_start=30, frame_end=60)
    return ob


def add_track(ob, with_strip=True):
    track = ob.animation_data.nla_tracks.new()
    if with_strip:
        track.strips.new("strip", 1, bpy.data.actions.new("below"))
    return track


def push_down(ob):
    track = ob.animation_data.nla_tracks.new()
    track.strips.new("strip", 1, ob.animation_data.action)
    return track


HINDRANCES = {
    "influence": ("blended over its NLA strips", "influence to 1"),
    "blending": ("blended over its NLA strips", "blending to Replace"),
    "solo": ("played alone", "star of that track"),
}


def hinder(ob, how):
    track = push_down(ob)
    if how == "influence":
        ob.animation_data.action_influence = 0.5
    elif how == "blending":
        ob.animation_data.action_blend_type = "ADD"
    else:
        track.is_solo = True


@pytest.mark.parametrize("how", HINDRANCES)
def test_generate_says_why_a_take_does_not_show(walker, how):
    hinder(walker, how)
    message, cure = HINDRANCES[how]
    answer, reports = press(generate.KEYFILL_OT_generate)
    assert answer == {"FINISHED"}
    assert message in reports[-1][1]
    assert cure in reports[-1][1]


@pytest.mark.parametrize("how", HINDRANCES)
def test_an_edit_of_what_does_not_show_is_refused_with_the_cure(walker, how):
    hinder(walker, how)
    message, cure = HINDRANCES[how]
    with pytest.raises(RuntimeError, match=message) as refused:
        bpy.ops.keyfill.regenerate()
    assert cure in str(refused.value)


def test_a_hindrance_is_told_exactly_where_blender_shows_something_else(walker):
    wanted = shown(walker)
    data = walker.animation_data
    changes = (
        ("", None), ("action_influence", 0.5), ("action_blend_type", "ADD"),
        ("action_blend_type", "MULTIPLY"), ("is_solo", True),
    )  # fmt: skip
    told = 0
    for with_strip, muted, use_nla, (name, value) in itertools.product(
        (True, False), ("track", "strip", ""), (True, False), changes
    ):
        track = add_track(walker, with_strip)
        track.mute = muted == "track"
        if with_strip:
            track.strips[0].mute = muted == "strip"
        data.use_nla = use_nla
        if name:
            setattr(track if name == "is_solo" else data, name, value)
        is_told = bool(list(find_hindrances(walker)))
        is_off = bool(np.abs(shown(walker) - wanted).max() > 1e-3)
        assert is_told == is_off, (with_strip, muted, use_nla, name, value)
        told += is_told
        track.is_solo = False
        data.nla_tracks.remove(track)
        data.action_influence, data.action_blend_type, data.use_nla = 1.0, "REPLACE", True
    assert told > 10


def shown(ob):
    """Evaluated rotations of all bones on a frame."""
    bpy.context.scene.frame_set(1)
    bpy.context.scene.frame_set(20)
    seen = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([bone.matrix for bone in seen.pose.bones])


@pytest.mark.parametrize("button", ["generate", "regenerate"])
def test_a_tweaked_strip_is_refused_before_anything_is_made(walker, button, monkeypatch):
    from keyfill_extension.blender_addon import engine_link

    track = push_down(walker)
    data = walker.animation_data
    data.action = None
    track.select = True
    track.strips[0].select = True
    data.nla_tracks.active = track
    data.use_tweak_mode = True
    assert data.use_tweak_mode
    monkeypatch.setattr(engine_link, "generation_job", None)
    with pytest.raises(RuntimeError, match="being tweaked in the NLA editor. Leave tweak mode"):
        getattr(bpy.ops.keyfill, button)()


def test_a_hidden_object_is_named(walker):
    walker.hide_viewport = True
    bpy.context.view_layer.objects.active = walker
    if bpy.context.object != walker:
        pytest.skip("Blender has no active object that is hidden")
    _, reports = press(generate.KEYFILL_OT_generate)
    assert "disabled in viewports" in reports[-1][1]


@pytest.mark.parametrize("of_group", [False, True])
def test_muted_channels_are_named_with_the_cure(walker, of_group):
    for channel, curve in curves_of(walker).items():
        if "spine" in bone_of(channel):
            (curve.group if of_group else curve).mute = True
    _, reports = press(edit_motion.KEYFILL_OT_regenerate)
    assert '"spine" are muted' in reports[-1][1]
    assert "unmute them in the Graph Editor" in reports[-1][1]


@pytest.mark.skipif(
    "slots" not in bpy.types.Action.bl_rna.properties, reason="this Blender has no slots"
)
def test_an_action_without_a_chosen_slot_is_named(walker):
    name = re.escape(walker.animation_data.action.name)
    walker.animation_data.action_slot = None
    with pytest.raises(RuntimeError, match=f'No slot of the action "{name}" is chosen') as refused:
        bpy.ops.keyfill.regenerate()
    assert "Action Editor" in str(refused.value)


@pytest.mark.parametrize("seconds", [1.0, 0.0])
def test_a_take_beyond_blenders_frames_is_refused(walker, seconds):
    bpy.context.scene.frame_set(LAST_FRAME - 10)
    set_settings(seconds=seconds)
    count = len(bpy.data.actions)
    with pytest.raises(RuntimeError, match="beyond Blender's last frame"):
        bpy.ops.keyfill.generate()
    assert len(bpy.data.actions) == count


def test_a_take_that_ends_on_the_last_frame_is_written(walker):
    bpy.context.scene.frame_set(LAST_FRAME - 29)
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    frames = {key.co[0] for curve in curves_of(walker).values() for key in curve.keyframe_points}
    assert frames == set(range(LAST_FRAME - 29, LAST_FRAME + 1))


def test_an_extension_beyond_blenders_frames_is_refused(walker):
    for curve in curves_of(walker).values():
        for key in curve.keyframe_points:
            key.co_ui[0] += LAST_FRAME - 100
        curve.update()
    set_settings(extend_seconds=2.0, frame_start=0, frame_end=0)
    with pytest.raises(RuntimeError, match="beyond Blender's last frame"):
        bpy.ops.keyfill.extend()
