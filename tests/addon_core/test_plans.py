"""The plan as it is kept and told, without Blender."""

import json
from dataclasses import replace

import pytest
from keyfill_extension.blender_addon.core.edits import plans, take_history
from keyfill_extension.blender_addon.core.edits.edit_requests import GENERATE, LONG_TAKE, Recipe
from keyfill_extension.blender_addon.core.edits.generate_request import (
    plan_request,
    take_request,
    told_prompt,
)
from keyfill_extension.blender_addon.core.errors import UserError
from keyfill_extension.engine.motion.request import MotionRequest, RequestError
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.engine.motion.tracks import KNOWN, LONGEST_TOLD, Track, plan_text

ARMS = ("LEFT_ARM", "RIGHT_ARM")
WALKS = Track("walks", ("LOWER_BODY", "TORSO"), 0.0, 3.0, known=0.95, nearest=("a person walks",))
WAVES = Track("waves", ARMS, 0.5, 2.5, 2, True, "standing", ("a person waves",), 0.5)
OWN = Recipe(GENERATE, "walks", 7, seconds=3.0, plan=plan_text((WALKS, WAVES)), is_plan_own=True)


def test_text_brings_every_track_back():
    assert plans.text_to_tracks(plan_text((WALKS, WAVES))) == (WALKS, WAVES)
    assert plans.text_to_tracks("") == ()


@pytest.mark.parametrize("text", ["nonsense", "3", '[{"text": 5}]', '[{"wings": 2}]'])
def test_text_of_something_else_is_refused(text):
    with pytest.raises(RequestError):
        plans.text_to_tracks(text)


def test_an_own_plan_is_what_the_engine_is_asked_for():
    request = take_request(OWN)
    assert request.tracks == (WALKS, WAVES)
    assert (request.prompt, request.seconds, request.seed) == ("walks", 3.0, 7)
    long = replace(OWN, operation=LONG_TAKE, beats="2: walks; 1: waves")
    assert take_request(long).tracks == (WALKS, WAVES)
    assert take_request(long).beats == ()
    unchanged = take_request(replace(long, is_plan_own=False))
    assert (unchanged.tracks, unchanged.beats) == ((), (("walks", 2.0), ("waves", 1.0)))


def test_a_plan_that_was_read_is_read_anew():
    assert take_request(replace(OWN, is_plan_own=False)).tracks == ()


def test_a_plan_is_asked_for_without_the_animators_own():
    request = plan_request(replace(OWN, takes=4))
    assert (request.plan_only, request.tracks, request.takes) == (True, (), 1)
    with pytest.raises(UserError, match="The prompt is empty"):
        plan_request(replace(OWN, prompt=""))


def test_an_own_plan_needs_no_prompt_and_names_the_take():
    assert take_request(replace(OWN, prompt="")).tracks == (WALKS, WAVES)
    assert told_prompt(replace(OWN, prompt="")) == "walks, then waves"
    assert told_prompt(OWN) == "walks"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": " "}, "Track 2 has no text."),
        ({"parts": ()}, "Track 2 has no body part."),
        ({"parts": ("TORSO",)}, "Tracks 1 and 2 both have TORSO at one time."),
        ({"end": 4.0}, r"Track 2 \(0.5 to 4 s\) lies outside the take of 3 s."),
        ({"end": 0.5}, "Track 2 lasts 0 s."),
        ({"count": 51}, "Track 2 cannot happen 51 times."),
    ],
)
@pytest.mark.parametrize("operation", [GENERATE, LONG_TAKE])
def test_bad_rows_are_told_by_the_engines_sentences(operation, change, message):
    recipe = replace(OWN, operation=operation, beats="3: walks")
    recipe = replace(recipe, plan=plan_text((WALKS, replace(WAVES, **change))))
    if operation == LONG_TAKE and "outside" in message:
        assert take_request(recipe).tracks[1].end == 4.0  # a long take is as long as its tracks
        return
    with pytest.raises(UserError, match=message):
        take_request(recipe)


def test_a_plan_without_a_length_stays_within_a_long_take():
    endless = replace(WALKS, end=5000.0)
    with pytest.raises(RequestError, match="The tracks end at 5000 s"):
        MotionRequest("walks", tracks=(endless,)).check()


def test_a_plan_belongs_to_a_prompt_and_a_length():
    take = Recipe(GENERATE, "walks", seconds=3.0)
    same = (replace(take, seed=5, takes=3), replace(take, plan="[]", is_plan_own=True))
    other = (replace(take, prompt="runs"), replace(take, seconds=2.0),
             replace(take, operation=LONG_TAKE, beats="3: walks"))  # fmt: skip
    assert {plans.source_of(one) for one in same} == {plans.source_of(take)}
    assert plans.source_of(take) not in {plans.source_of(one) for one in other}


def test_the_history_keeps_plans_and_leaves_out_what_it_cannot_read():
    history = (OWN, replace(OWN, is_plan_own=False))
    text = take_history.history_to_text(history)
    assert take_history.text_to_history(text) == history
    assert "own plan" in take_history.describe_words(OWN)
    assert "own plan" not in take_history.describe_words(history[1])
    rows = json.loads(text)
    rows[0]["plan"] = '[{"wings": 2}]'
    assert take_history.text_to_history(json.dumps(rows)) == history[1:]


def test_motions_from_before_there_were_plans_have_none():
    rows = json.loads(take_history.history_to_text((Recipe(GENERATE, "walks"),)))
    del rows[0]["plan"], rows[0]["is_plan_own"]
    assert take_history.text_to_history(json.dumps(rows)) == (Recipe(GENERATE, "walks"),)


def test_what_is_known_changes_no_plan():
    assert plans.is_same((WALKS,), (replace(WALKS, known=0.1, nearest=()),))
    assert plans.is_same((WAVES,), (replace(WAVES, parts=ARMS[::-1]),))
    for change in ({"text": "runs"}, {"end": 2.9}, {"hold": True}, {"parts": PARTS}):
        assert not plans.is_same((WALKS,), (replace(WALKS, **change),))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (PARTS, "body"),
        (("LOWER_BODY", "TORSO"), "legs + torso"),
        (ARMS, "arms"),
        (("TORSO", *ARMS), "torso + arms"),
        (("LEFT_ARM",), "left arm"),
        ((), "no part"),
    ],
)
def test_parts_are_told_in_short(parts, words):
    assert plans.parts_in_short(parts) == words


def test_a_row_says_what_when_with_what_and_how_well_known():
    assert plans.tell_track(WALKS, True) == "walks, 0–3 s, legs + torso, known"
    assert plans.tell_track(WAVES, True) == "waves, 0.5–2.5 s, arms, hardly known"
    assert plans.tell_track(WAVES, False) == "waves, 0.5–2.5 s, arms"
    assert plans.known_in_words(KNOWN - 0.01) == "not known"
    assert plans.known_in_words(KNOWN) == "hardly known"


def test_a_long_text_is_cut_where_it_is_told():
    """A prompt without full stops is one action: its row would fill the sidebar."""
    long = replace(WALKS, text="walks and waves " * 25)
    told = plans.tell_track(long, True)
    assert told == f"{'walks and waves ' * 4}walks and waves…, 0–3 s, legs + torso, known"
    whole = "w" * LONGEST_TOLD
    assert replace(WALKS, text=whole).told == whole
    assert replace(WALKS, text=f"{whole}w").told == f"{whole[:-1]}…"


def test_the_number_of_actions_is_told_with_what_is_not_known():
    assert plans.tell_count((WALKS,)) == "1 action, 3.0 s"
    assert plans.tell_count((WALKS, WAVES)) == "2 actions, 3.0 s"
    assert plans.tell_count((WALKS, replace(WAVES, known=0.1))) == "2 actions, 1 not known"
    assert plans.tell_in_short((WALKS, WAVES)) == "2 actions, 3.0 s"
    assert plans.tell_in_short((WALKS, replace(WAVES, known=0.1))) == "1 of 2 not known"


@pytest.mark.parametrize(
    ("prompt", "action", "found"),
    [
        ("a person plays the violin", "plays the violin", "a person plays golf"),
        ("plays the violin", "plays the violin", "a person plays golf"),
        ("a man walks, then Plays the Violin", "plays the violin", "a man walks, then plays golf"),
        ("plays the violin and bows", "plays the violin", "plays golf and bows"),
        ("something else", "plays the violin", "a person plays golf"),
        ("4: plays the violin; 2: sits", "plays the violin", "4: plays golf; 2: sits"),
    ],
)
def test_a_caption_takes_the_place_of_what_is_not_known(prompt, action, found):
    assert plans.with_nearest(prompt, action, "a person plays golf") == found
