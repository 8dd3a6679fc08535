"""Which frames an edit takes for selected, after edits that set keys themselves."""

import bpy
import pytest
from keyfill_extension.blender_addon.core.edits import told_frames
from keyfill_extension.blender_addon.scene.reading import edit_target
from keyfill_extension.tests.addon_blender.edited_characters import (
    add_walker,
    curves_of,
    editing_worker,
    set_settings,
)


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with editing_worker():
        yield


@pytest.fixture
def walker(empty_scene):
    ob = add_walker()
    set_settings(prompt="someone jumps")
    return ob


def select(ob, is_selected):
    for curve in curves_of(ob).values():
        for point in curve.keyframe_points:
            point.select_control_point = is_selected(curve, point.co[0])


def told(ob):
    """Return the row of the panel that names the frames of Regenerate."""
    return told_frames.tell_regenerated(edit_target.read_ranges(bpy.context.scene, ob))


@pytest.mark.parametrize("are_selected", [True, False])
@pytest.mark.parametrize(
    ("operator", "settings", "frames"),
    [
        ("regenerate", {"frame_start": 1, "frame_end": 90, "parts": {"LEFT_ARM"}}, "1–90"),
        ("regenerate", {"frame_start": 20, "frame_end": 40}, "1–90"),
        ("extend", {"extend_seconds": 1.0}, "1–120"),
        ("make_loop", {}, "1–90"),
    ],
)
def test_keys_that_an_edit_sets_are_no_selection(walker, operator, settings, frames, are_selected):
    select(walker, lambda curve, frame: are_selected)
    set_settings(frame_start=0, frame_end=0)
    set_settings(**settings)
    assert getattr(bpy.ops.keyfill, operator)() == {"FINISHED"}
    assert told(walker) == f"Frames {frames} (all keys)"


def test_channels_that_had_no_curve_are_no_selection(walker):
    curves = curves_of(walker)
    bag = edit_target.bag_of(
        walker.animation_data.action, getattr(walker.animation_data, "action_slot", None)
    )
    for curve in [one for path, one in curves.items() if "forearm" in path[0]]:
        bag.fcurves.remove(curve)
    set_settings(frame_start=20, frame_end=40)
    select(walker, lambda curve, frame: True)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert len(curves_of(walker)) == len(curves)
    assert told(walker) == "Frames 1–90 (all keys)"


@pytest.mark.parametrize("are_selected", [True, False])
def test_two_actions_that_are_joined_are_no_selection(walker, are_selected):
    first = walker.animation_data.action
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    select(walker, lambda curve, frame: are_selected)
    set_settings(next_action=first, gap_seconds=1.0)
    assert bpy.ops.keyfill.in_between() == {"FINISHED"}
    first, last = edit_target.animated_frames(walker)
    assert last > 120
    assert told(walker) == f"Frames {first}–{last} (all keys)"


def test_what_the_animator_selects_stays_selected(walker):
    select(walker, lambda curve, frame: 40 <= frame <= 50)
    set_settings(frame_start=0, frame_end=0)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert told(walker) == "Frames 40–50 (selected keys)"
    select(walker, lambda curve, frame: "forearm.L" in curve.data_path and frame <= 50)
    set_settings(frame_start=1, frame_end=90)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert told(walker).endswith("(selected keys)")


def test_a_key_that_holds_an_end_is_no_part_of_the_selection(walker):
    set_settings(frame_start=1, frame_end=90)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    select(walker, lambda curve, frame: 1 <= frame <= 90)
    assert told(walker) == "Frames 1–90 (all keys)"
    select(walker, lambda curve, frame: frame >= 60)
    assert told(walker) == "Frames 60–90 (selected keys)"
