"""Bones that are recognised with some doubt: takes and edits are made, and it is told."""

from dataclasses import replace

import pytest
from keyfill_extension.blender_addon.operators import edit_motion, generate
from keyfill_extension.blender_addon.scene.reading import armature
from keyfill_extension.tests.addon_blender.edited_characters import (
    add_walker,
    editing_worker,
    set_settings,
)
from keyfill_extension.tests.addon_blender.modal_probes import press

TOLD = 'was taken as the left knee, with some doubt: look at the bone map in Rig if the motion'


@pytest.fixture
def walker(registered_addon, empty_scene, monkeypatch):
    with editing_worker():
        ob = add_walker()
        match = armature.match_bones
        monkeypatch.setattr(armature, "match_bones", lambda rig: doubted(match(rig)))
        yield ob


def doubted(bone_map):
    """Return a bone map whose left knee is a little doubtful."""
    guesses = tuple(
        replace(guess, confidence=0.7) if guess.joint == "left_knee" else guess
        for guess in bone_map.guesses
    )
    return replace(bone_map, guesses=guesses)


def assert_told_once(answer, reports):
    assert answer == {"FINISHED"}
    told = reports[-1][1]
    assert told.count(TOLD) == 1
    assert ".." not in told


def test_takes_tell_it_once(walker):
    set_settings(takes=2)
    assert_told_once(*press(generate.KEYFILL_OT_generate))


def test_an_edit_tells_it(walker):
    set_settings(frame_start=20, frame_end=50, parts={"LEFT_ARM"}, takes=1)
    assert_told_once(*press(edit_motion.KEYFILL_OT_regenerate))
