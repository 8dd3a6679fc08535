"""Which frames, parts and bones an edit is about."""

import math
from dataclasses import replace

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.edits import edit_requests
from keyfill_extension.blender_addon.core.edits.edit_requests import (
    END,
    EXTEND,
    GENERATE,
    IN_BETWEEN,
    LABELS,
    LONG_TAKE,
    LOOP,
    REGENERATE,
    START,
    UPPER_BODY,
    VARY,
    ClipTimes,
    RangeSources,
    Recipe,
)
from keyfill_extension.engine.motion.bones.matching import BoneMap, Guess, Twist
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.skeleton import FPS, JOINTS, PARTS

SOURCES = RangeSources(animated=(1, 100))
SETTINGS = Recipe(
    "",
    "walks",
    seed=3,
    takes=2,
    parts=("LEFT_ARM",),
    strength=0.3,
    variation=0.4,
    where=START,
    in_place=True,
    next_action="sits",
    beats="1: walks",
)


def assert_refused(function, *arguments, says):
    with pytest.raises(RequestError) as refused:
        function(*arguments)
    assert says in refused.value.message
    assert refused.value.remedy.endswith(".")


@pytest.mark.parametrize(
    ("sources", "frames"),
    [
        ({}, (1, 100)),
        ({"preview": (20, 30)}, (20, 30)),
        ({"preview": (20, 30), "selected": (40, 50)}, (40, 50)),
        ({"preview": (20, 30), "selected": (40, 50), "explicit": (60, 60)}, (60, 60)),
        ({"explicit": (-5, 0)}, None),
        ({"explicit": (-5, 10)}, (1, 10)),
        ({"explicit": (90, 250)}, (90, 100)),
        ({"preview": (1, 250)}, (1, 100)),
    ],
)
def test_the_nearest_wish_counts_and_is_cut_to_the_keys(sources, frames):
    sources = replace(SOURCES, **sources)
    if frames is None:
        assert_refused(edit_requests.choose_frames, REGENERATE, sources, says="outside the keys")
    else:
        assert edit_requests.choose_frames(REGENERATE, sources) == frames


def test_a_reversed_range_names_the_cure():
    for operation in (REGENERATE, IN_BETWEEN):
        sources = replace(SOURCES, explicit=(50, 40))
        assert_refused(edit_requests.choose_frames, operation, sources, says="before it starts")


@pytest.mark.parametrize(
    ("sources", "frames"),
    [
        ({"around_playhead": (10, 40)}, (11, 39)),
        ({"around_playhead": (10, 40), "preview": (1, 90)}, (11, 39)),
        ({"around_playhead": (10, 40), "selected": (20, 30)}, (21, 29)),
        ({"explicit": (5, 7)}, (6, 6)),
    ],
)
def test_in_between_keeps_both_poses(sources, frames):
    assert edit_requests.choose_frames(IN_BETWEEN, replace(SOURCES, **sources)) == frames


@pytest.mark.parametrize(
    ("sources", "says"),
    [
        ({}, "not lie between two key poses"),
        ({"explicit": (5, 6)}, "no frames to fill"),
        ({"explicit": (90, 120)}, "no key pose at frame 120"),
        ({"explicit": (-4, 20)}, "no key pose at frame -4"),
    ],
)
def test_poses_that_leave_nothing_to_fill_name_the_cure(sources, says):
    sources = replace(SOURCES, **sources)
    assert_refused(edit_requests.choose_frames, IN_BETWEEN, sources, says=says)


@pytest.mark.parametrize("fps", [24.0, 24 / 1.001, 25.0, 30.0, 60.0, 12.0])
def test_a_clip_span_lies_between_the_kept_scene_frames(fps):
    first, last = -7, 150
    frames = math.floor((last - first) * FPS / fps + 1e-6) + 1
    times = ClipTimes(first, fps, frames)
    for filled in ((-7, 150), (-7, 20), (30, 60), (31, 33), (149, 150)):
        start, end = times.span(filled)
        scene = first + np.arange(frames) * fps / FPS
        within = (scene > filled[0] - 1 + 1e-6) & (scene < filled[1] + 1 - 1e-6)
        if within.any():
            assert np.flatnonzero(within).tolist() == list(range(start, end))
        else:
            assert end == start + 1
            assert 0 <= start < frames


def test_a_single_scene_frame_between_two_clip_frames_still_has_a_span():
    assert ClipTimes(1, 60.0, 50).span((2, 2)) in ((0, 1), (1, 2))
    assert ClipTimes(1, 30.0, 1).span((1, 1)) == (0, 1)


@pytest.mark.parametrize(
    ("recipe", "window"),
    [
        (Recipe(REGENERATE, "walks", frames=(400, 420)), (280, 540)),
        (Recipe(REGENERATE, "walks", frames=(10, 20)), (1, 140)),
        (Recipe(REGENERATE, "walks", frames=(980, 1000)), (860, 1000)),
        (Recipe(EXTEND, "walks", frames=(1001, 1060)), (881, 1060)),
        (Recipe(EXTEND, "walks", frames=(-59, 0), where=START), (-59, 120)),
        (Recipe(LOOP, "walks", frames=(400, 440)), (400, 440)),
    ],
)
def test_up_to_four_seconds_of_keys_are_read_beside_the_range(recipe, window):
    assert edit_requests.context_frames(recipe, (1, 1000), 30.0) == window


def test_the_context_is_four_seconds_at_any_rate():
    recipe = Recipe(VARY, "walks", frames=(400, 420))
    assert edit_requests.context_frames(recipe, (1, 1000), 24.0) == (400 - 96, 420 + 96)


def test_extensions_lie_beside_the_keys():
    assert edit_requests.extension_frames((1, 100), END, 2.0, 24.0) == (101, 148)
    assert edit_requests.extension_frames((1, 100), START, 2.0, 30.0) == (-59, 0)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 31.0, float("nan"), float("inf")])
def test_an_extension_that_cannot_be_made_names_the_cure(seconds):
    assert_refused(
        edit_requests.extension_frames, (1, 100), END, seconds, 30.0, says="cannot be added"
    )


@pytest.mark.parametrize(
    ("operation", "kept"),
    [
        (REGENERATE, {"parts": ("LEFT_ARM",)}),
        (VARY, {"parts": ("LEFT_ARM",), "variation": 0.4}),
        (UPPER_BODY, {"parts": PARTS[1:], "strength": 0.3}),
        (EXTEND, {"where": START}),
        (LOOP, {"in_place": True}),
        (IN_BETWEEN, {"next_action": "sits"}),
        (LONG_TAKE, {"beats": "1: walks"}),
    ],
)
def test_a_recipe_holds_only_what_its_operation_looks_at(operation, kept):
    wanted = Recipe(operation, "walks", 3, 2, **kept)
    assert edit_requests.recipe_for(operation, SETTINGS) == wanted


def test_every_operation_has_a_label():
    assert {
        GENERATE, REGENERATE, UPPER_BODY, IN_BETWEEN, EXTEND, LOOP, VARY, LONG_TAKE,
    } == set(LABELS)  # fmt: skip


def test_no_part_is_refused_only_where_parts_count():
    empty = replace(SETTINGS, parts=())
    for operation in (REGENERATE, VARY):
        assert_refused(edit_requests.recipe_for, operation, empty, says="No body part")
    assert edit_requests.recipe_for(LOOP, empty).parts == PARTS


@pytest.mark.parametrize(
    ("text", "beats"),
    [
        ("4: a person walks", (("a person walks", 4.0),)),
        (" 2.5 s :  sits   down ;1,5:stands", (("sits down", 2.5), ("stands", 1.5))),
        ("1: one\n\n2: two: and more\n", (("one", 1.0), ("two: and more", 2.0))),
    ],
)
def test_beats_are_read_from_lines_and_semicolons(text, beats):
    assert edit_requests.parse_beats(text) == beats


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no beats"),
        ("\n ; ", "no beats"),
        ("a person walks", '"a person walks" has no seconds'),
        ("4:", '"4:" has no seconds or no prompt'),
        ("4: walks; sits", '"sits" has no seconds'),
        ("-1: walks", "has no seconds"),
    ],
)
def test_beats_that_cannot_be_read_are_named(text, says):
    assert_refused(edit_requests.parse_beats, text, says=says)


def whole_map(without=()):
    return BoneMap(tuple(Guess(joint, f"b_{joint}", 1.0, "") for joint in JOINTS
                         if joint not in without))  # fmt: skip


def test_parts_and_their_bones():
    bones = edit_requests.bones_of_parts(whole_map(), ("LEFT_ARM",))
    assert bones == ("b_left_collar", "b_left_shoulder", "b_left_elbow", "b_left_wrist")
    assert sorted(edit_requests.bones_of_parts(whole_map(), PARTS)) == sorted(
        f"b_{joint}" for joint in JOINTS
    )
    assert edit_requests.parts_of_bones(whole_map(), ["b_head", "tail", "b_left_knee"]) == (
        "LOWER_BODY",
        "TORSO",
    )


def test_twist_bones_belong_to_their_limbs():
    twists = (Twist("arm_twist", "left_elbow", 0.5), Twist("leg_twist", "right_knee", 0.5))
    bone_map = replace(whole_map(), twists=twists)
    assert "arm_twist" in edit_requests.bones_of_parts(bone_map, ("LEFT_ARM",))
    assert "leg_twist" not in edit_requests.bones_of_parts(bone_map, ("LEFT_ARM", "TORSO"))


def test_a_part_without_bones_names_the_cure():
    arm = [f"left_{joint}" for joint in ("collar", "shoulder", "elbow", "wrist")]
    assert_refused(edit_requests.bones_of_parts, whole_map(arm), ("LEFT_ARM",), says="the left arm")


def test_selected_bones_choose_their_parts_and_get_the_keys_alone():
    recipe = Recipe(REGENERATE, "nods")
    narrowed = edit_requests.narrow_to_bones(recipe, whole_map(), ["b_head", "ik_hand"])
    assert (narrowed.parts, narrowed.bones) == (("TORSO",), ("b_head",))
    for selected in ([], ["ik_hand"]):
        arguments = recipe, whole_map(), selected
        assert_refused(edit_requests.narrow_to_bones, *arguments, says="None of the selected")


def test_a_joined_edit_keeps_its_length_behind_the_keys():
    recipe = Recipe(IN_BETWEEN, "walks", frames=(41, 70), next_action="sits")
    assert edit_requests.after_the_end(recipe, (1, 40)) == recipe
    assert edit_requests.after_the_end(recipe, (1, 90)).frames == (91, 120)
