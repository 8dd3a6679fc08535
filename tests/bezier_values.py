"""Values of a Bézier segment as Blender shows them: halving in time, another way than splitting."""

import numpy as np
from keyfill_extension.blender_addon.core.curves.bezier import shorten_handles


def evaluate_segment(segment, times):
    """Return the values (N,) of a forward segment at `times` (N,) between its keys."""
    points, times = shorten_handles(segment), np.asarray(times, dtype=float)
    low, high = np.zeros_like(times), np.ones_like(times)
    for _ in range(60):
        middle = (low + high) / 2
        is_late = cubic(points[:, 0], middle) > times
        low, high = np.where(is_late, low, middle), np.where(is_late, middle, high)
    return cubic(points[:, 1], (low + high) / 2)


def cubic(points, part):
    """Return the cubic of four control numbers at parameters (N,)."""
    a, b, c, d = points
    rest = 1 - part
    return rest**3 * a + 3 * rest**2 * part * b + 3 * rest * part**2 * c + part**3 * d
