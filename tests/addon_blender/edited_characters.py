"""Animated characters to edit, a worker that edits them, and the means to see what changed."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from keyfill_extension.blender_addon import engine_link, preferences
from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
from keyfill_extension.blender_addon.scene.reading.edit_target import bag_of
from keyfill_extension.tests.addon_blender.fake_worker import WORKER_PYTHON

ENGINE = Path(__file__).resolve().parents[1] / "editing_engine.py"


@contextmanager
def editing_worker(function="load_engine", **changes):
    """Have the add-on start a real worker with an engine of tests/editing_engine.py."""
    settings = WorkerSettings(python=WORKER_PYTHON, engine=f"{ENGINE}:{function}", **changes)
    engine_link.connect(lambda: settings)
    try:
        yield
    finally:
        engine_link.stop()
        engine_link.connect(preferences.worker_settings)


def add_walker(frames=90, fps=30):
    """A mannequin with a key on every bone and frame from 1 on; it walks."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = fps, 1.0
    scene.frame_set(1)
    bpy.ops.keyfill.add_mannequin()
    scene.keyfill.prompt, scene.keyfill.seconds = "someone walks", frames / fps
    bpy.ops.keyfill.generate()
    return bpy.context.object


def set_settings(**values):
    for name, value in values.items():
        setattr(bpy.context.scene.keyfill, name, value)


def curves_of(ob):
    """F-curves by channel of the action and slot that the object shows."""
    data = ob.animation_data
    bag = bag_of(data.action, getattr(data, "action_slot", None))
    return {(curve.data_path, curve.array_index): curve for curve in bag.fcurves}


def bone_of(channel):
    return channel[0].split('"')[1]


def evaluated(ob, start, end):
    """Every channel at every frame and half frame from start to end."""
    times = np.arange(2 * start, 2 * end + 1) / 2.0
    return {
        channel: np.array([curve.evaluate(time) for time in times])
        for channel, curve in curves_of(ob).items()
    }


def keys_outside(ob, first, last):
    """Frame, value, kind of each key that lies outside the inclusive frames."""
    return {
        channel: [
            (*point.co, point.interpolation, point.easing)
            for point in curve.keyframe_points
            if not first <= point.co[0] <= last
        ]
        for channel, curve in curves_of(ob).items()
    }


def assert_keys_kept(ob, keys, first, last):
    """Each key outside is there as it was; new ones lie on the frames beside the range only."""
    for channel, after in keys_outside(ob, first, last).items():
        added = {frame for frame, *_ in after} - {frame for frame, *_ in keys[channel]}
        assert added <= {first - 1, last + 1}
        assert [key for key in after if key[0] not in added] == keys[channel]


def largest_changes(before, after):
    """By channel: the largest difference between two evaluations."""
    assert before.keys() <= after.keys()
    return {channel: float(np.abs(after[channel] - before[channel]).max()) for channel in before}


def changed_bones(before, after, tolerance=1e-4):
    changes = largest_changes(before, after)
    return {bone_of(channel) for channel, change in changes.items() if change > tolerance}


def hips_height(ob, frame):
    """Height of the hips in the world at a frame."""
    present = bpy.context.scene.frame_current
    bpy.context.scene.frame_set(frame)
    seen = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    height = float((seen.matrix_world @ seen.pose.bones["hips"].head).z)
    bpy.context.scene.frame_set(present)
    return height


def kept_on_tracks(ob):
    """Actions on the object's NLA tracks, all of which must be muted, in the order of names."""
    tracks = ob.animation_data.nla_tracks
    assert all(track.mute for track in tracks)
    found = [strip.action for track in tracks for strip in track.strips]
    return sorted(found, key=lambda action: action.name)


def key_frames(ob):
    """Every frame at which some channel has a key."""
    return sorted(
        {point.co[0] for curve in curves_of(ob).values() for point in curve.keyframe_points}
    )
