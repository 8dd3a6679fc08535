"""Segments from frame to frame follow a curve that has no exact split."""

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.curves import curve_pieces
from keyfill_extension.tests.bezier_values import evaluate_segment

NONE = np.zeros(0)


def off(segments, curve):
    """The largest error on all segments."""
    errors = []
    for segment in segments:
        times = np.linspace(segment[0, 0], segment[3, 0], 31)
        errors.append(np.abs(evaluate_segment(segment, times) - curve(times)).max())
    return max(errors)


@pytest.mark.parametrize("scale", [0.02, 0.1, 0.3])
def test_a_wave_is_met_to_a_millionth_on_whole_frames(scale):
    def curve(times):
        return np.sin(times * scale)

    segments = curve_pieces.segments_along(curve, 3.4, 12.0, NONE)
    assert segments[:, 0, 0].tolist() == [3.4, 4, 5, 6, 7, 8, 9, 10, 11]
    assert segments[-1, 3, 0] == 12.0
    assert (segments[1:, 0] == segments[:-1, 3]).all()
    assert off(segments, curve) < 1e-6


def test_a_sharp_bend_gets_a_key_where_it_is():
    def curve(times):
        return np.abs(np.asarray(times) - 5.3)

    segments = curve_pieces.segments_along(curve, 3.0, 8.0, np.array([5.3]))
    assert segments[:, 0, 0].tolist() == [3, 4, 5, 5.3, 6, 7]
    assert off(segments, curve) < 1e-6


def test_bounces_are_where_an_easing_turns_back():
    breaks = curve_pieces.easing_breaks(curve_pieces.BOUNCE, 10.0, 21.0)
    assert {14.0, 18.0, 20.0} <= set(np.round(breaks, 6))
    assert curve_pieces.easing_breaks(12, 10.0, 21.0).tolist() == [15.5]
