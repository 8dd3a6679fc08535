"""Linked characters with a library override work like local ones, through save and reload."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from keyfill_extension.tests.addon_blender.characters import add_toy_character
from keyfill_extension.tests.addon_blender.control_characters import (
    add_cloud_rig,
    add_rigify,
    shown,
)
from keyfill_extension.tests.addon_blender.edited_characters import (
    bone_of,
    curves_of,
    editing_worker,
    evaluated,
    largest_changes,
    set_settings,
)
from keyfill_extension.tests.addon_blender.empty_files import open_empty_file

MAKERS = {"deform rig": add_toy_character, "rigify": add_rigify, "cloudrig": add_cloud_rig}
HANDS = {"deform rig": "mixamorig:LeftHand", "rigify": "ORG-hand.L", "cloudrig": "DEF-Wrist.L"}


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with editing_worker():
        yield


def save_library(tmp_path, kind):
    """Save a file with one character in a collection; return its path and the character's name."""
    ob = MAKERS[kind]()
    # Blender 5.2 overrides single settings only where the library's object has settings at all.
    ob.keyfill_rig.in_place = True
    ob.keyfill_rig.in_place = False
    collection = bpy.data.collections.new("Character")
    bpy.context.scene.collection.children.link(collection)
    for other in list(bpy.context.scene.objects):
        for holder in list(other.users_collection):
            holder.objects.unlink(other)
        collection.objects.link(other)
    name = ob.name
    path = str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    open_empty_file()
    bpy.context.scene.render.fps = 30
    return path, name


def link_collection(path):
    with bpy.data.libraries.load(path, link=True) as (_, to):
        to.collections = ["Character"]
    return to.collections[0]


def override(path, name):
    """Link the character and return its override, active in the scene."""
    collection = link_collection(path)
    made = collection.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    ob = next(one for one in made.all_objects if one.type == "ARMATURE" and one.name == name)
    assert ob.override_library is not None
    ob.override_library.is_system_override = False
    bpy.context.view_layer.objects.active = ob
    return ob


def generate(ob, frames=60, kind="FK"):
    ob.keyfill_rig.limb_controls = kind
    set_settings(prompt="someone walks", seconds=frames / 30)
    bpy.context.scene.frame_set(1)
    return bpy.ops.keyfill.generate()


@pytest.mark.parametrize("kind", MAKERS)
def test_an_override_is_animated_edited_saved_and_reopened(kind, tmp_path):
    path, name = save_library(tmp_path, kind)
    ob = override(path, name)
    assert generate(ob) == {"FINISHED"}
    outside = evaluated(ob, -5, 19)
    set_settings(prompt="someone jumps", frame_start=20, frame_end=40)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert max(largest_changes(outside, evaluated(ob, -5, 19)).values()) <= 1e-5
    keys = evaluated(ob, 1, 60)
    frames = (1, 15, 30, 45, 60)
    hand = shown(ob, [HANDS[kind]], frames)[0]
    assert np.abs(hand[1] - hand[0]).max() > 0.1
    shot = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=shot)
    bpy.ops.wm.open_mainfile(filepath=shot)
    again = next(one for one in bpy.context.scene.objects if one.type == "ARMATURE")
    assert again.override_library is not None
    assert again.data.library is not None or again.data.override_library is not None
    assert max(largest_changes(keys, evaluated(again, 1, 60)).values()) == 0.0
    assert np.abs(shown(again, [HANDS[kind]], frames)[0] - hand).max() < 1e-4


def test_switches_of_an_override_are_kept(tmp_path):
    path, name = save_library(tmp_path, "rigify")
    ob = override(path, name)
    assert generate(ob, kind="FK") == {"FINISHED"}
    assert ob.pose.bones["upper_arm_parent.L"]["IK_FK"] == 1.0
    assert 'pose.bones["upper_arm_parent.L"]["IK_FK"]' in {path for path, _ in curves_of(ob)}
    assert not any(bone_of(channel).startswith(("ORG-", "DEF-")) for channel in curves_of(ob))


def test_options_of_an_override_come_back_with_the_file(tmp_path):
    path, name = save_library(tmp_path, "rigify")
    ob = override(path, name)
    ob.keyfill_rig.limb_controls = "IK"
    shot = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=shot)
    bpy.ops.wm.open_mainfile(filepath=shot)
    again = next(one for one in bpy.context.scene.objects if one.type == "ARMATURE")
    assert again.keyfill_rig.limb_controls == "IK"


def test_the_library_itself_is_never_written(tmp_path):
    path, name = save_library(tmp_path, "rigify")
    before = Path(path).read_bytes()
    ob = override(path, name)
    generate(ob)
    linked = next(one for one in bpy.data.objects if one.library is not None and one.name == name)
    assert linked.animation_data is None or linked.animation_data.action is None
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize("kind", ["deform rig", "rigify"])
def test_a_linked_character_without_an_override_offers_one(kind, tmp_path):
    path, name = save_library(tmp_path, kind)
    with bpy.data.libraries.load(path, link=True) as (_, to):
        to.objects = [name]
    bpy.context.collection.objects.link(to.objects[0])
    bpy.context.view_layer.objects.active = to.objects[0]
    set_settings(prompt="someone walks", seconds=1.0)
    with pytest.raises(RuntimeError, match="Library Override > Make"):
        bpy.ops.keyfill.generate()
    assert not bpy.data.actions


def test_an_instance_of_a_linked_collection_offers_an_override(tmp_path):
    path, _ = save_library(tmp_path, "deform rig")
    instance = bpy.data.objects.new("Character", None)
    instance.instance_type = "COLLECTION"
    instance.instance_collection = link_collection(path)
    bpy.context.collection.objects.link(instance)
    bpy.context.view_layer.objects.active = instance
    with pytest.raises(RuntimeError, match="Library Override > Make"):
        bpy.ops.keyfill.generate()
    with pytest.raises(RuntimeError, match="Library Override > Make"):
        bpy.ops.keyfill.regenerate()
