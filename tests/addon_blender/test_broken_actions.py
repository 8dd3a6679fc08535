"""Whatever an action holds: an animator sees a sentence with its cure, never a traceback."""

import logging

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon import engine_link, operators
from keyfill_extension.blender_addon.core.errors import UNFORESEEN
from keyfill_extension.blender_addon.core.link.jobs import Job
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.request import MotionResult, Progress
from keyfill_extension.engine.motion.skeleton import JOINTS, STANDING_PELVIS_HEIGHT
from keyfill_extension.tests.addon_blender.broken_actions import WAYS, add_broken_character
from keyfill_extension.tests.addon_blender.edited_characters import add_walker, editing_worker

ACTIONS, BLOCKS = 200, 10
MAKERS = (
    "generate", "regenerate", "edit_upper_body", "in_between", "extend", "make_loop", "vary",
    "long_take", "remake", "next_seed",
)  # fmt: skip
OTHERS = (
    "map_bones", "set_rest_reference", "clear_rest_reference", "step_take", "accept_take",
    "discard_take", "assign_bone", "clear_bone", "release_memory", "copy_log", "cancel",
    "load_rig_preset", "recall", "use_prompt",
)  # fmt: skip
ELSEWHERE = {
    "add_mannequin", "add_models", "save_rig_preset", "remove_rig_preset", "export_rig_preset",
    "import_rig_preset", "open_manual", "plan", "add_track", "remove_track", "put_back_plan",
    "use_nearest", "busy",
}  # fmt: skip
"""They read no action: they write files into the user's folder, open a page, list a plan or stand
in for another button. Their own tests call them."""


def made_at_once(request):
    """Return a job that makes motions as an engine does, here and now."""
    return Job(_make(request))


def _make(request):
    yield Progress(0, 1, "Choosing movements")
    request.check()
    clip = request.clip
    if clip is None:
        count = int(30 * (request.seconds or sum(one for _, one in request.beats) or 1.0))
        places = np.tile([0.0, STANDING_PELVIS_HEIGHT, 0.0], (count, 1))
        clip = Clip(places, np.tile(quaternions.IDENTITY, (count, len(JOINTS), 1)))
    return MotionResult((clip,) * request.takes)


@pytest.fixture(autouse=True)
def settings(registered_addon, empty_scene, monkeypatch):
    monkeypatch.setattr(engine_link, "generation_job", made_at_once)
    empty_scene.render.fps = 30
    return empty_scene.keyfill


def test_every_operator_takes_part():
    names = {cls.bl_idname.partition(".")[2] for cls in operators.CLASSES}
    assert names == {*MAKERS, *OTHERS, *ELSEWHERE}


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_broken_action_ends_in_a_traceback(block, caplog):
    scene, done, told = bpy.context.scene, 0, []
    for seed in range(block, ACTIONS, BLOCKS):
        for ob in list(bpy.data.objects):
            bpy.data.objects.remove(ob)
        for action in list(bpy.data.actions):
            bpy.data.actions.remove(action)
        random = np.random.default_rng(1000 + seed)
        ob, ways = add_broken_character(seed)
        bpy.context.view_layer.objects.active = ob
        scene.frame_set(int(random.integers(0, 16)))
        draw_settings(scene.keyfill, random)
        other = seed // len(MAKERS) + seed + 4
        chosen = [MAKERS[seed % len(MAKERS)], MAKERS[other % len(MAKERS)]]
        for name in [*chosen, OTHERS[seed % len(OTHERS)]]:
            words = call(name)
            done += words == "FINISHED"
            told.append((seed, ways, name, words))
            assert "Traceback" not in words, told[-1]
            assert UNFORESEEN not in words, told[-1]
            assert not bpy.context.window_manager.keyfill_status.is_running
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
    # Calls that are all refused would prove little, and a break that nothing notices neither.
    assert ACTIONS / BLOCKS / 2 < done < len(told)


def draw_settings(settings, random):
    first = int(random.integers(1, 8))
    settings.prompt, settings.beats = "someone walks", "0.5: someone walks\n0.5: someone waves"
    settings.seconds, settings.takes = 0.5, 1 + int(random.random() < 0.1)
    settings.frame_start, settings.frame_end = [(first, first + 4), (0, 0)][random.integers(2)]
    settings.extend_seconds = 0.5
    settings.extend_where = str(random.choice(["end", "start"]))
    settings.fewer_keys = bool(random.random() < 0.5)


def call(name):
    """Call an operator; return "FINISHED", or why it did nothing."""
    values = {"assign_bone": {"joint": "neck"}, "clear_bone": {"joint": "neck"},
              "load_rig_preset": {"name": "none"}}.get(name, {})  # fmt: skip
    try:
        (answer,) = getattr(bpy.ops.keyfill, name)(**values)
    except RuntimeError as error:
        return str(error)
    return str(answer)


@pytest.mark.parametrize("way", WAYS[:4], ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", ["regenerate", "make_loop"])
def test_a_key_that_is_no_number_is_named_with_its_cure(way, name, settings):
    with editing_worker():
        ob = add_walker(30)
        bag = operators_bag(ob)
        way(ob, bag, np.random.default_rng(3))
        settings.frame_start, settings.frame_end = 5, 25
        if way is WAYS[0]:
            force(bag, np.nan)
        with pytest.raises(RuntimeError, match="no number") as refused:
            getattr(bpy.ops.keyfill, name)()
    assert "Traceback" not in str(refused.value)
    assert "Graph Editor" in str(refused.value)


def operators_bag(ob):
    from keyfill_extension.blender_addon.scene.reading.edit_target import bag_of

    return bag_of(ob.animation_data.action, getattr(ob.animation_data, "action_slot", None))


def force(bag, value):
    """Give the last curve a key with that value, far from the edited frames."""
    points = bag.fcurves[-1].keyframe_points
    values = np.empty(2 * len(points), dtype=np.float32)
    points.foreach_get("co", values)
    values[-1] = value
    points.foreach_set("co", values)


def test_a_loop_of_one_key_is_refused_with_its_cure(settings):
    with editing_worker():
        ob = add_walker(30)
        for curve in operators_bag(ob).fcurves:
            while len(curve.keyframe_points) > 1:
                curve.keyframe_points.remove(curve.keyframe_points[-1], fast=True)
        settings.frame_start = settings.frame_end = 0
        with pytest.raises(RuntimeError, match="too short to close") as refused:
            bpy.ops.keyfill.make_loop()
    assert "Traceback" not in str(refused.value)
    assert "Choose at least" in str(refused.value)
