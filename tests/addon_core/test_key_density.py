"""Keys set by hand are told from baked ones."""

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.curves.key_density import is_baked

FRAMES = np.arange(40.0, 61.0)


@pytest.mark.parametrize(
    ("channels", "wanted"),
    [
        ([np.arange(1.0, 121.0)], True),
        ([np.arange(1.0, 121.0, 8.0)], False),
        ([np.arange(1.0, 121.0, 2.0)], False),
        # A channel that holds still in a baked motion.
        ([np.array([1.0, 120.0]), np.arange(1.0, 121.0)], True),
        # Dense far away, by hand beside the span.
        ([np.concatenate([np.arange(1.0, 8.0), np.arange(10.0, 100.0, 9.0)])], False),
        # The span lies beyond all keys: these count.
        ([np.arange(-100.0, -50.0)], True),
        ([np.array([50.0])], False),
        ([np.zeros(0)], None),
        ([], None),
    ],
)
def test_styles(channels, wanted):
    assert is_baked(channels, FRAMES) is wanted
