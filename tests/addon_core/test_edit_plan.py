"""From a recipe and a clip to the engine's request, and back to scene frames."""

import math

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.edits.edit_plan import plan_edit
from keyfill_extension.blender_addon.core.edits.edit_requests import (
    END,
    EXTEND,
    IN_BETWEEN,
    LOOP,
    REGENERATE,
    START,
    UPPER_BODY,
    VARY,
    ClipTimes,
    Recipe,
)
from keyfill_extension.engine.motion.displacements import runs_of
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.skeleton import FPS, PARTS
from keyfill_extension.tests.motion.toy_rigs import wild_clip


def read(first, last, fps=30.0):
    """A clip as it is read from the scene frames first to last."""
    frames = math.floor((last - first) * FPS / fps + 1e-6) + 1
    return wild_clip(frames, amount=0.2), ClipTimes(first, fps, frames)


def plan(recipe, first, last, fps=30.0):
    clip, times = read(first, last, fps)
    return clip, plan_edit(recipe, clip, times)


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
@pytest.mark.parametrize(
    ("operation", "more"),
    [
        (REGENERATE, {"parts": ("TORSO",)}),
        (VARY, {"variation": 0.4}),
        (UPPER_BODY, {"parts": PARTS[1:], "strength": 0.3}),
        (IN_BETWEEN, {}),
    ],
)
def test_an_edit_in_the_middle_masks_its_frames_and_parts_only(operation, more, fps):
    recipe = Recipe(operation, "waves", 4, 2, frames=(41, 80), **more)
    clip, planned = plan(recipe, 1, 120, fps)
    request = planned.request()
    assert request.clip.frames == clip.frames
    start, end = planned.times.span((41, 80))
    expected = np.zeros((clip.frames, 4), dtype=bool)
    expected[start:end, [PARTS.index(part) for part in recipe.parts]] = True
    np.testing.assert_array_equal(request.mask, expected)
    kept = ~expected.any(axis=1)
    np.testing.assert_array_equal(request.clip.rot[kept], clip.rot[kept])
    assert (request.prompt, request.seed, request.takes) == ("waves", 4, 2)
    assert (request.variation, request.strength) == (recipe.variation, recipe.strength)


@pytest.mark.parametrize("fps", [24.0, 24 / 1.001, 30.0, 60.0])
@pytest.mark.parametrize(
    ("where", "frames", "window"),
    [(END, (101, 160), (1, 160)), (START, (-59, 0), (-59, 100))],
)
def test_an_extension_has_the_frames_that_were_read(where, frames, window, fps):
    recipe = Recipe(EXTEND, "walks", frames=frames, where=where)
    clip, planned = plan(recipe, *window, fps)
    mask = planned.masked.mask
    assert len(mask) == clip.frames
    start, end = planned.times.span(frames)
    assert runs_of(mask.all(axis=1)) == [(start, end)]
    kept = slice(0, start) if where == END else slice(end, None)
    np.testing.assert_array_equal(planned.masked.clip.root_pos[kept], clip.root_pos[kept])
    made, new = planned.take_back(planned.masked.clip)
    assert made.frames == clip.frames
    assert planned.filled(new) == (frames,)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_loop_comes_back_on_its_own_frames(in_place):
    recipe = Recipe(LOOP, "walks", frames=(11, 70), in_place=in_place)
    clip, planned = plan(recipe, 11, 70)
    request = planned.request()
    assert request.clip.frames == clip.frames - 1
    made, mask = planned.take_back(request.clip)
    assert made.frames == clip.frames == len(mask)
    np.testing.assert_allclose(
        np.abs((made.rot[0] * made.rot[-1]).sum(-1))[1:], 1.0, atol=1e-6
    )
    kept = ~mask.any(axis=1)
    np.testing.assert_array_equal(made.rot[kept], clip.rot[kept])
    if in_place:
        assert planned.filled(mask) == ((11, 70),)
    else:
        (first, before), (after, last) = planned.filled(mask)
        assert (first, last) == (11, 70)
        assert 11 < before < after < 70
        changed = np.abs(made.rot - clip.rot).max(axis=(1, 2)) > 1e-9
        assert not changed[before - 11 + 1 : after - 11].any()


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        (Recipe(REGENERATE, "", frames=(41, 80)), "prompt is empty"),
        (Recipe(IN_BETWEEN, "walks", frames=(41, 42)), "gap of 2 frames"),
        (Recipe(REGENERATE, "walks", seed=-1, frames=(41, 80)), "seed -1"),
    ],
)
def test_what_cannot_be_served_is_refused_before_the_engine(recipe, says):
    with pytest.raises(RequestError, match=says):
        plan(recipe, 1, 120)[1].request()


def test_what_the_kept_frames_describe_needs_no_prompt():
    recipe = Recipe(IN_BETWEEN, "", frames=(41, 80))
    assert plan(recipe, 1, 120)[1].request().prompt == ""


def test_a_cycle_that_is_too_short_is_refused():
    with pytest.raises(RequestError, match="too short"):
        plan(Recipe(LOOP, "walks", frames=(1, 10)), 1, 10)


def test_runs():
    assert runs_of(np.array([1, 0, 1, 1, 0], dtype=bool)) == [(0, 1), (2, 4)]
    assert runs_of(np.zeros(3, dtype=bool)) == []
