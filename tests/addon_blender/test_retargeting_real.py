"""Recorded clips on the characters of ../shared/rigs, through Blender and back."""

import warnings

import numpy as np
import pytest
from keyfill_extension.tests.addon_blender.real_characters import CHARACTERS, load_character
from keyfill_extension.tests.addon_blender.retargeting_figures import CLIPS, measure, prepare


@pytest.fixture(scope="module", autouse=True)
def addon(registered_addon):
    yield


@pytest.mark.parametrize("name", CHARACTERS)
def test_a_clip_arrives_and_comes_back(name, shared):
    path = shared / "rigs" / name
    if not path.is_file():
        pytest.skip(f"needs {path}")
    ob = load_character(path)
    prepare(ob)
    for kind in CLIPS:
        figures = measure(ob, shared, kind)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # no toes, no fingers: no figure
            ends = np.nanmax(figures.feet), np.nanmax(figures.hands)
        assert figures.limbs.mean() <= 1.5, kind
        assert figures.limbs.max() <= 6.0, kind
        assert all(not worst > 10.0 for worst in ends), kind
        # Per thousand of a leg: a source that hardly sinks at all is no measure.
        assert figures.found[1] <= 1.2 * figures.source[1] + 0.5, kind
        assert figures.found[0] <= 1.2 * figures.source[0], kind
        assert figures.again[0] <= 0.5, kind
        assert figures.again[1] <= 2.0, kind
