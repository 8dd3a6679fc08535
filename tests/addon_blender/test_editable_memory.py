"""Whether keys can be edited, as buttons ask at each redraw: read once in a while."""

import time

import bpy
import pytest
from keyfill_extension.blender_addon.scene.reading import edit_target, editable_memory
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.tests.addon_blender.edited_characters import (
    add_walker,
    curves_of,
    editing_worker,
)

LONG = 0.1
"""Seconds of a reading; it is remembered for ten times as long."""


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with editing_worker():
        yield


@pytest.fixture
def walker(empty_scene, monkeypatch):
    monkeypatch.setattr(editable_memory, "_remembered", None)
    return add_walker()


@pytest.fixture
def readings(walker, monkeypatch):
    """The objects whose numbers were read; a reading takes a while."""
    monkeypatch.setattr(editable_memory, "_remembered", None)
    found = []

    def check(ob):
        found.append(ob.name)
        time.sleep(LONG)

    monkeypatch.setattr(edit_target, "check_numbers", check)
    return found


def test_a_redraw_of_all_buttons_reads_the_numbers_once(walker, readings):
    for name in ("regenerate", "edit_upper_body", "vary", "in_between", "extend", "make_loop"):
        assert getattr(bpy.ops.keyfill, name).poll()
    assert readings == [walker.name]


def test_they_are_read_again_after_a_while_and_for_another_action(walker, readings):
    editable_memory.check_editable(walker)
    walker.animation_data.action = walker.animation_data.action.copy()
    editable_memory.check_editable(walker)
    assert len(readings) == 2
    time.sleep(12 * LONG)
    editable_memory.check_editable(walker)
    assert len(readings) == 3


def test_a_refusal_is_not_remembered(walker):
    point = next(iter(curves_of(walker).values())).keyframe_points[3]
    held, point.co[1] = point.co[1], float("nan")
    with pytest.raises(RequestError, match="no number"):
        editable_memory.check_editable(walker)
    point.co[1] = held
    editable_memory.check_editable(walker)


def test_who_edits_reads_them_whatever_is_remembered(walker):
    editable_memory.check_editable(walker)
    point = next(iter(curves_of(walker).values())).keyframe_points[3]
    point.co[1] = float("nan")
    with pytest.raises(RequestError, match="no number"):
        edit_target.check_editable(walker)
