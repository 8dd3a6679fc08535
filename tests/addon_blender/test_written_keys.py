"""What is written when an edit or an accepted take ends: what was worked out before, as it is."""

import bpy
import pytest
from keyfill_extension.blender_addon.operators import edit_motion
from keyfill_extension.blender_addon.operators import takes as take_operators
from keyfill_extension.blender_addon.scene.curves import curve_keys
from keyfill_extension.blender_addon.scene.keys import (
    changed_takes,
    channel_plans,
    curve_sources,
    span_planning,
)
from keyfill_extension.blender_addon.scene.keys.edit_keys import text_to_take
from keyfill_extension.blender_addon.scene.reading.edit_target import bag_of
from keyfill_extension.tests.addon_blender.edited_characters import (
    add_walker,
    curves_of,
    editing_worker,
    set_settings,
)
from keyfill_extension.tests.addon_blender.modal_probes import press
from keyfill_extension.tests.addon_blender.snapshots import snapshot

REGENERATE = edit_motion.KEYFILL_OT_regenerate
ACCEPT = take_operators.KEYFILL_OT_accept_take
PLANNING = (
    (channel_plans, "replace_span"),
    (curve_keys, "settle_keys"),
    (curve_keys, "evaluate"),
    (span_planning, "continue_channels"),
    (span_planning, "thin_keys"),
)
"""Whatever works out keys or has Blender lay handles."""


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with editing_worker():
        yield


@pytest.fixture
def walker(empty_scene):
    ob = add_walker()
    set_settings(prompt="someone jumps", frame_start=31, frame_end=60, takes=3, seed=2)
    return ob


def keep_few_keys(ob):
    """Leave a key on every tenth frame, as an animator would have set them."""
    for curve in curves_of(ob).values():
        for point in reversed(list(curve.keyframe_points)):
            if round(point.co[0]) % 10 != 1:
                curve.keyframe_points.remove(point, fast=True)
        curve.update()


@pytest.fixture
def calls(monkeypatch):
    """Names of what was called since the list was emptied, in their order."""
    found = []

    def watch(place, name):
        act = getattr(place, name)
        monkeypatch.setattr(place, name, lambda *args: (found.append(name), act(*args))[1])

    for place, name in PLANNING:
        watch(place, name)
    watch(curve_keys, "read_keys")
    watch(curve_keys, "write_keys")
    return found


def press_and_split(button, calls, review=True):
    """Return what a button called before its last step, and in it."""
    before = []

    def look(probe):
        before.extend(calls)
        calls.clear()

    calls.clear()
    assert press(button, look, review)[0] == {"FINISHED"}
    return before, list(calls)


@pytest.mark.parametrize(("review", "fewer"), [(True, False), (False, False), (False, True)])
def test_the_step_that_writes_an_edit_plans_nothing(walker, calls, review, fewer):
    if fewer:
        keep_few_keys(walker)
    set_settings(fewer_keys=fewer)
    before, writing = press_and_split(REGENERATE, calls, review)
    names = {name for _, name in PLANNING} - (set() if fewer else {"thin_keys"})
    assert names <= set(before)
    assert not names & set(writing)
    # The curves are read once, to see that they are the same, for all takes together.
    assert writing.count("read_keys") == len(curves_of(walker))


def test_the_step_that_writes_an_accepted_take_plans_nothing(walker, calls):
    assert bpy.ops.keyfill.regenerate(review=True) == {"FINISHED"}
    before, writing = press_and_split(ACCEPT, calls)
    assert {"replace_span", "settle_keys"} <= set(before)
    assert not {name for _, name in PLANNING} & set(writing)
    # The take and the action that it is written into, once each.
    assert writing.count("read_keys") == 2 * len(curves_of(walker))


def test_what_was_worked_out_is_what_writing_at_once_gives(walker):
    set_settings(takes=1)
    keys = snapshot()
    found = []
    for is_modal in (False, True):
        bpy.ops.ed.undo_push(message="before")
        if is_modal:
            press(REGENERATE, review=False)
        else:
            bpy.ops.keyfill.regenerate()
        ob = bpy.context.object
        found.append({one: curve_keys.read_keys(c).tobytes() for one, c in curves_of(ob).items()})
        if not is_modal:
            bpy.ops.ed.undo_push(message="edit")
            bpy.ops.ed.undo()
            assert snapshot() == keys
    assert found[0] == found[1]


def move_a_key(ob):
    point = curves_of(ob)['pose.bones["hips"].location', 2].keyframe_points[9]
    point.co[1] += 0.25


def ease_a_key(ob):
    curves_of(ob)['pose.bones["hips"].location', 2].keyframe_points[9].interpolation = "SINE"


def select_a_key(ob):
    point = curves_of(ob)['pose.bones["hips"].location', 2].keyframe_points[9]
    point.select_control_point = not point.select_control_point


def bend_a_curve(ob):
    curve = curves_of(ob)['pose.bones["hips"].location', 2]
    modifier = curve.modifiers.new("GENERATOR")
    modifier.use_additive, modifier.coefficients = True, (0.5, 0.0)


def turn_otherwise(ob):
    ob.pose.bones["hips"].lock_location[0] = True


@pytest.mark.parametrize(
    "change", [move_a_key, ease_a_key, select_a_key, bend_a_curve, turn_otherwise]
)
@pytest.mark.parametrize("review", [True, False])
def test_what_changes_before_writing_is_kept_and_planned_anew(walker, calls, change, review):
    set_settings(takes=2)
    outside = []

    def look(probe):
        if not outside and probe._run.work.is_finished:
            change(walker)
            outside.append({one: keys_beside(curve) for one, curve in curves_of(walker).items()})
            calls.clear()

    assert press(REGENERATE, look, review)[0] == {"FINISHED"}
    assert "replace_span" in calls
    for one, curve in curves_of(walker).items():
        assert keys_beside(curve) == outside[0][one]


def keys_beside(curve):
    """The keys well outside the edited frames, bit for bit."""
    keys = curve_keys.read_keys(curve)
    times = keys["co"][:, 0]
    return keys[(times < 29) | (times > 62)].tobytes()


def test_a_curve_that_is_locked_before_writing_refuses_the_edit(walker):
    keys = snapshot()["actions"]

    def look(probe):
        if probe._run.work.is_finished:
            curves_of(walker)['pose.bones["hips"].location', 2].lock = True

    assert press(REGENERATE, look)[0] == {"CANCELLED"}
    curves_of(walker)['pose.bones["hips"].location', 2].lock = False
    assert snapshot()["actions"] == keys


def raise_hips(action):
    """Move a key of the hips' location and return where they are then."""
    slot = next(iter(getattr(action, "slots", ())), None)
    curve = bag_of(action, slot).fcurves.find('pose.bones["hips"].location', index=0)
    curve.keyframe_points[5].co[1] += 0.5
    curve.update()
    return curve.evaluate(6)


def test_an_accepted_take_heeds_what_was_moved_while_it_was_planned(walker):
    bpy.ops.keyfill.regenerate(review=True)
    review = bpy.context.scene.keyfill.review
    own, heights = review.before, []

    def look(probe):
        if not heights and probe._run.work.is_finished:
            heights.append(raise_hips(own))

    assert press(ACCEPT, look)[0] == {"FINISHED"}
    assert walker.animation_data.action == own
    assert curves_of(walker)['pose.bones["hips"].location', 0].evaluate(6) == heights[0]


def count_down(left, is_writing):
    """Take one away, or fail once where none is left."""
    if not left:
        is_writing.clear()
        raise MemoryError("full")
    left.pop()


# With three takes the last ones fail in the second copy, and in the character's own action.
@pytest.mark.parametrize("fail_at", [0, 40, 120, 200])
@pytest.mark.parametrize("review", [True, False])
def test_an_error_in_the_writing_step_leaves_everything_as_it_was(
    walker, monkeypatch, fail_at, review
):
    before = snapshot()["actions"]
    write, left = curve_keys.write_keys, [None] * fail_at
    is_writing = []

    def fail(*arguments):
        if is_writing:
            count_down(left, is_writing)
        write(*arguments)

    monkeypatch.setattr(curve_keys, "write_keys", fail)
    look = lambda probe: is_writing.extend([1] * probe._run.work.is_finished)  # noqa: E731
    assert press(REGENERATE, look, review)[0] == {"CANCELLED"}
    assert left == []
    assert snapshot()["actions"] == before


def test_further_takes_write_only_the_columns_that_differ(walker, monkeypatch):
    keep_few_keys(walker)
    set_settings(takes=4)
    written, write = [], curve_keys.write_keys
    is_writing = []

    def note(fcurve, keys, columns):
        if is_writing:
            written.append((fcurve.id_data.name, set(columns)))
        write(fcurve, keys, columns)

    monkeypatch.setattr(
        "keyfill_extension.blender_addon.scene.curves.curve_keys.write_keys",
        lambda fcurve, keys, columns=curve_keys._ALL: note(fcurve, keys, columns),
    )
    press(REGENERATE, lambda probe: is_writing.extend([1] * probe._run.work.is_finished))
    actions = list(dict.fromkeys(name for name, _ in written))
    assert len(actions) == 4
    for name, columns in written:
        if name != actions[0]:
            assert columns <= {"co", "handle_left", "handle_right"}


def test_the_digest_of_a_written_take_is_that_of_its_curves(walker):
    bpy.ops.keyfill.regenerate(review=True)
    review = bpy.context.scene.keyfill.review
    for take in review.takes:
        slot = next(iter(getattr(take.action, "slots", ())), None)
        keys, digest = text_to_take(take.keys)
        found = changed_takes.digest_take(walker, take.action, slot, keys)
        assert found == digest
        curve = bag_of(take.action, slot).fcurves.find('pose.bones["hips"].location', index=2)
        curve.keyframe_points[40].select_control_point ^= True
        assert changed_takes.digest_take(walker, take.action, slot, keys) == digest
        curve.keyframe_points[40].co[1] += 0.5
        assert changed_takes.digest_take(walker, take.action, slot, keys) != digest


def test_settings_of_modifiers_are_part_of_what_was_read(walker):
    curve = curves_of(walker)['pose.bones["hips"].location', 2]
    assert curve_sources.read_settings(curve)[-1] == ()
    modifier = curve.modifiers.new("ENVELOPE")
    modifier.control_points.add(3.0)
    before = curve_sources.read_settings(curve)
    assert curve_sources.read_settings(curve) == before
    modifier.control_points[0].min -= 1.0
    after = curve_sources.read_settings(curve)
    assert after != before
    assert len(after[-1]) == 1
