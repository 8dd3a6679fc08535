"""One curve of any kind gets new keys in a span; every other moment of it stays."""

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.core.curves import key_table
from keyfill_extension.blender_addon.core.curves.curve_span import (
    OldCurve,
    SpanValues,
    ThinnedKeys,
    replace_span,
)
from keyfill_extension.blender_addon.scene.curves import curve_keys
from keyfill_extension.blender_addon.scene.keys import keyframes
from keyfill_extension.tests.addon_blender.characters import add_toy_character

HANDLES = ("FREE", "ALIGNED", "VECTOR", "AUTO", "AUTO_CLAMPED")
PLAIN = ("BEZIER", "LINEAR", "CONSTANT")
SMOOTH = ("SINE", "QUAD", "CUBIC", "QUART", "QUINT", "EXPO", "BACK")
TOLERANCE = 1e-6


@pytest.fixture
def curve():
    """An empty F-curve of an action."""
    ob = add_toy_character(family="mannequin")
    _, bag = keyframes.make_bag(bpy.data.actions.new("Mine"), ob)
    return keyframes.new_fcurve(bag, ob.pose.bones["hips"].path_from_id("location"), 0, "hips")


def fill(curve, random, kinds, is_fractional=False):
    """Give the curve random keys in the frames 1 to 120; return nothing."""
    gaps = random.choice([1, 1, 2, 3, 7, 15, 30], int(random.integers(1, 16)))
    times = 1.0 + np.cumsum(gaps)
    if is_fractional:
        times += np.round(random.uniform(-0.4, 0.4, len(times)), 3)
    points = curve.keyframe_points
    points.clear()
    points.add(len(times))
    values = random.normal(size=len(times))
    points.foreach_set("co", np.column_stack([times, values]).astype(np.float32).ravel())
    for point in points:
        point.interpolation = str(random.choice(kinds))
        point.easing = str(random.choice(["AUTO", "EASE_IN", "EASE_OUT", "EASE_IN_OUT"]))
        point.amplitude, point.period = 0.3, 5.0
        kinds_of_handles = HANDLES if random.random() < 0.5 else ("AUTO_CLAMPED",)
        point.handle_left_type, point.handle_right_type = random.choice(kinds_of_handles, 2)
        reach = random.uniform(0.1, 0.6, 2) * random.choice(gaps)
        point.handle_left = point.co[0] - reach[0], point.co[1] + random.normal() * 0.3
        point.handle_right = point.co[0] + reach[1], point.co[1] + random.normal() * 0.3
    curve.extrapolation = str(random.choice(["CONSTANT", "LINEAR"]))
    curve.auto_smoothing = str(random.choice(["NONE", "CONT_ACCEL"]))
    curve.update()


def random_span(random):
    first = int(random.integers(-5, 115))
    return first, first + int(random.choice([0, 0, 1, 3, 10, 40]))


def moments(first, last, low=-40, high=170):
    """Every eighth of a frame that stays, as 32-bit numbers hold it."""
    times = np.arange(8 * low, 8 * high + 1) / 8.0
    return times[(times <= first - 1) | (times >= last + 1)]


def edit(curve, first, last, random, is_thinned=False):
    """Replace a span as an edit does; return the frames, keys before, and what was written."""
    frames = np.arange(first, last + 1, dtype=float)
    values = random.normal(size=len(frames))
    thinned = None
    if is_thinned:
        rows = np.unique([0, len(frames) // 2, len(frames) - 1])
        thinned = ThinnedKeys(rows, random.normal(size=len(rows)))
    before = curve_keys.read_keys(curve)
    old = OldCurve(before, curve.extrapolation, lambda times: curve_keys.evaluate(curve, times))
    new = replace_span(old, SpanValues(frames, values, thinned=thinned))
    return before, curve_keys.settle_keys(curve, new)


def is_cut(before, new, times):
    """Which times (N,) lie in a segment of the old curve that was cut."""
    borders = np.concatenate([[-np.inf], before["co"][:, 0], [np.inf]])
    added = new.keys["co"][new.added, 0]
    segments = np.searchsorted(borders, added, side="right")
    return np.isin(np.searchsorted(borders, times, side="right"), segments)


def is_baked_key(before, new, times):
    """Which times (N,) lie beyond the end key on that side, whose slope went into its handle."""
    baked = new.keys["co"][new.baked, 0]
    if not len(before):
        return np.zeros(len(times), dtype=bool)
    low, high = before["co"][[0, -1], 0]
    return ((times < low) & np.isin(low, baked)) | ((times > high) & np.isin(high, baked))


def check_edit(curve, span, random, is_thinned):
    """Edit a span of the curve; return the keys before, and what was written."""
    first, last = span
    times = moments(first, last)
    wanted = curve_keys.evaluate(curve, times)
    before, new = edit(curve, first, last, random, is_thinned)
    found = curve_keys.evaluate(curve, times)
    # Blender evaluates in 32 bits, with the numbers of the handles.
    numbers = [before[name][:, 1] for name in ("co", "handle_left", "handle_right")]
    scale = np.maximum(np.maximum(1.0, np.abs(wanted)), np.abs(numbers).max())
    away = np.abs(found - wanted) / scale
    assert away.max() <= TOLERANCE, (span, times[np.argmax(away)])
    same = ~is_cut(before, new, times) & ~is_baked_key(before, new, times)
    assert (found == wanted)[same].all(), (span, times[same & (found != wanted)])
    written = curve_keys.read_keys(curve)
    kept = written[new.kept]
    outside = (before["co"][:, 0] < first - 0.01) | (before["co"][:, 0] > last + 0.01)
    assert kept["co"].tobytes() == before["co"][outside].tobytes()
    unlisted = ~new.frozen[new.kept]
    for kind in ("handle_left_type", "handle_right_type"):
        assert (kept[kind] == before[kind][outside])[unlisted].all()
    return before, new


# ---- random curves and spans


@pytest.mark.parametrize("seed", range(12))
def test_random_curves_stay_at_every_moment_outside(curve, seed):
    for number in range(8):
        random = np.random.default_rng(100 * seed + number)
        fill(curve, random, PLAIN, is_fractional=number % 2 == 1)
        span = random_span(random)
        _, new = check_edit(curve, span, random, is_thinned=number % 3 == 0)
        added = new.keys["co"][new.added, 0]
        assert (added % 1 == 0).all()
        assert {span[0] - 1, span[1] + 1} <= set(added) or len(added) < 2


@pytest.mark.parametrize("kind", SMOOTH)
def test_a_cut_easing_stays_with_keys_on_whole_frames(curve, kind):
    for number in range(3):
        random = np.random.default_rng(number)
        easing(curve, kind, ("EASE_IN", "EASE_OUT", "EASE_IN_OUT")[number])
        _, new = check_edit(curve, (12 + number, 20), random, is_thinned=number == 1)
        added = new.keys["co"][new.added, 0]
        whole = added[added % 1 == 0]
        assert set(whole) == {*range(5, 12 + number), *range(21, 31)}
        # Only where an easing changes its law, in its middle, a frame may be divided.
        assert set(added) - set(whole) <= ({17.5} if number == 2 else set())
        assert new.keys["co"][new.baked, 0].tolist() == [4.0]


@pytest.mark.parametrize("kind", ["BOUNCE", "ELASTIC", "CIRC"])
@pytest.mark.parametrize("way", ["EASE_IN", "EASE_OUT", "EASE_IN_OUT"])
def test_easings_that_bend_sharply_have_more_keys_there(curve, kind, way):
    easing(curve, kind, way)
    times = moments(12, 20)
    wanted = curve_keys.evaluate(curve, times)
    _, new = edit(curve, 12, 20, np.random.default_rng(1))
    away = np.abs(curve_keys.evaluate(curve, times) - wanted)
    assert away[times % 1 == 0].max() <= TOLERANCE
    assert away.max() <= 1e-4
    added = new.keys["co"][new.added, 0]
    assert {*range(5, 12), *range(21, 31)} <= set(added)


def easing(curve, kind, way):
    """Give the curve two keys at 4 and 31 and an easing between them."""
    curve.extrapolation = "CONSTANT"
    curve_keys.write_keys(curve, key_table.new_keys(np.array([4.0, 31.0]), np.array([0.3, 1.5])))
    point = curve.keyframe_points[0]
    point.interpolation, point.easing = kind, way
    point.amplitude, point.period, point.back = 0.4, 9.0, 1.7
    curve.update()


# ---- single promises


def smooth(curve, times, kind="AUTO_CLAMPED", values=None):
    """Give the curve Bézier keys with handles of one type."""
    times = np.array(times, dtype=float)
    values = np.sin(times) if values is None else np.array(values)
    curve_keys.write_keys(curve, key_table.new_keys(times, values, key_table.BEZIER))
    for point in curve.keyframe_points:
        point.handle_left_type = point.handle_right_type = kind
    curve.update()


def types_at(new, time):
    key = new.keys[new.keys["co"][:, 0] == time][0]
    return key["handle_left_type"], key["handle_right_type"]


@pytest.mark.parametrize(("smoothing", "is_frozen"), [("NONE", True), ("CONT_ACCEL", False)])
def test_a_cut_lies_on_the_kept_frames(curve, smoothing, is_frozen):
    """Blender's continuous acceleration lays the handles of an exact split as they were."""
    curve.auto_smoothing = smoothing
    smooth(curve, [1, 20, 40, 60], values=[0.0, 1.0, 5.0, 6.0])
    _, new = check_edit(curve, (25, 35), np.random.default_rng(0), is_thinned=True)
    assert new.keys["co"][new.added, 0].tolist() == [24, 36]
    assert new.keys["co"][:, 0].tolist() == [1, 20, 24, 25, 30, 35, 36, 40, 60]
    assert new.keys["co"][new.frozen, 0].tolist() == [20, 40]
    kind = key_table.ALIGNED if is_frozen else key_table.AUTO_CLAMPED
    assert types_at(new, 20) == types_at(new, 40) == (kind, kind)
    assert types_at(new, 1) == types_at(new, 60) == (key_table.AUTO_CLAMPED,) * 2
    assert_recalculation_moves_nothing(curve, (25, 35))


def assert_recalculation_moves_nothing(curve, span):
    """What Blender recalculates with the animator's next click stays, too."""
    times = moments(*span)
    was = curve_keys.evaluate(curve, times)
    curve.update()
    assert np.abs(curve_keys.evaluate(curve, times) - was).max() <= 2e-6


def test_keys_beside_the_span_need_no_cut(curve):
    smooth(curve, [1, 20, 24, 36, 40, 60], values=[0.0, 1.0, 3.0, 4.0, 9.0, 11.0])
    _, new = check_edit(curve, (25, 35), np.random.default_rng(0), is_thinned=False)
    assert not new.added.any()
    assert new.keys["co"][new.frozen, 0].tolist() == [24, 36]
    assert types_at(new, 24) == types_at(new, 36) == (key_table.ALIGNED, key_table.ALIGNED)
    assert_recalculation_moves_nothing(curve, (25, 35))


def test_dense_linear_keys_lose_no_handle(curve):
    """A baked curve: recalculation turns handles there, and no curve with them."""
    times = np.arange(1.0, 61.0)
    curve_keys.write_keys(curve, key_table.new_keys(times, np.sin(times)))
    curve.update()
    _, new = check_edit(curve, (25, 35), np.random.default_rng(0), is_thinned=False)
    assert not new.frozen.any() and not new.added.any()


def test_vector_handles_of_a_straight_segment_stay(curve):
    smooth(curve, [1, 20, 40, 60], "VECTOR", [0.0, 1.0, -1.0, 2.0])
    _, new = check_edit(curve, (25, 35), np.random.default_rng(0), is_thinned=False)
    assert new.keys["co"][new.added, 0].tolist() == [24, 36]
    assert types_at(new, 20) == types_at(new, 40) == (key_table.VECTOR, key_table.VECTOR)


def test_flat_automatic_handles_stay(curve):
    smooth(curve, [1, 20, 40, 60], "AUTO_CLAMPED", [1.0, 1.0, 1.0, 1.0])
    _, new = check_edit(curve, (25, 35), np.random.default_rng(0), is_thinned=False)
    assert types_at(new, 20) == types_at(new, 40) == (key_table.AUTO_CLAMPED,) * 2


def test_a_key_between_the_kept_frame_and_the_span_stays_in_place_of_a_cut(curve):
    smooth(curve, [1, 20, 24.4, 35.5, 50])
    _, new = check_edit(curve, (25, 35), np.random.default_rng(0), is_thinned=False)
    assert not new.added.any()
    assert {24.4, 35.5} <= set(np.round(new.keys["co"][new.kept, 0], 3))


@pytest.mark.parametrize("extrapolation", ["CONSTANT", "LINEAR"])
@pytest.mark.parametrize("interpolation", ["BEZIER", "LINEAR"])
@pytest.mark.parametrize(
    ("span", "added"),
    [
        ((1, 12), [0, 13]), ((12, 20), [11, 21]), ((1, 20), [0, 21]), ((-9, -5), [-10, -4]),
        ((30, 30), [29, 31]), ((5, 5), [4, 6]), ((2, 2), [3]), ((11, 19), []), ((10, 10), [9, 11]),
    ],
)  # fmt: skip
def test_every_place_of_the_span(curve, extrapolation, interpolation, span, added):
    smooth(curve, [1, 10, 20])
    curve.extrapolation = extrapolation
    for point in curve.keyframe_points:
        point.interpolation = interpolation
    curve.update()
    _, new = check_edit(curve, span, np.random.default_rng(0), is_thinned=False)
    assert [time for time in new.keys["co"][new.added, 0]] == added


def test_stepped_keys_need_no_cut_before_the_span(curve):
    smooth(curve, [1, 10, 20])
    for point in curve.keyframe_points:
        point.interpolation = "CONSTANT"
    _, new = check_edit(curve, (13, 16), np.random.default_rng(0), is_thinned=False)
    assert new.keys["co"][new.added, 0].tolist() == [17]
    assert not new.frozen.any()
