"""The last edits, as text that a scene keeps."""

import json
from dataclasses import replace

import pytest
from keyfill_extension.blender_addon.core.edits import take_history
from keyfill_extension.blender_addon.core.edits.edit_requests import (
    EXTEND,
    REGENERATE,
    START,
    Recipe,
)
from keyfill_extension.engine.motion.request import RequestError

WALKS = Recipe(REGENERATE, 'walks “slowly”; "on"', 5, 3, (10, 40), ("LEFT_ARM",), ("hand.L",))
GOES_ON = Recipe(EXTEND, "goes on", frames=(41, 90), where=START, strength=0.25)


def test_text_brings_every_field_back():
    history = (WALKS, GOES_ON)
    assert take_history.text_to_history(take_history.history_to_text(history)) == history


def test_only_the_last_twenty_are_kept_newest_first():
    history = ()
    for seed in range(25):
        history = take_history.remember(history, replace(WALKS, seed=seed))
    assert [recipe.seed for recipe in history] == list(range(24, 4, -1))


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "3", "[[]]", "null", '[{"prompt": "x"}]'])
def test_text_of_something_else_is_an_empty_history(text):
    assert take_history.text_to_history(text) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"operation": "melt"},
        {"wings": 2},
        {"frames": "all"},
        {"frames": [1.5, 2]},
        {"seed": "5"},
        {"prompt": None},
        {"in_place": 1},
        {"parts": [1]},
        {"model": None},
    ],
)
def test_an_edit_of_another_version_is_left_out_and_the_others_stay(change):
    rows = json.loads(take_history.history_to_text((WALKS, GOES_ON)))
    rows[0] |= change
    assert take_history.text_to_history(json.dumps(rows)) == (GOES_ON,)


def test_an_accepted_take_is_made_again_by_its_own_seed():
    history = take_history.settle((GOES_ON, WALKS), WALKS, 2)
    assert history == (GOES_ON, replace(WALKS, seed=7, takes=1))


def test_an_accepted_take_that_fell_out_is_remembered_anew():
    assert take_history.settle((GOES_ON,), WALKS, 0) == (replace(WALKS, takes=1), GOES_ON)


def test_edits_are_recalled_by_number():
    assert take_history.recall((WALKS, GOES_ON), 1) == GOES_ON
    for history, index in (((), 0), ((WALKS,), 1), ((WALKS,), -1)):
        with pytest.raises(RequestError, match="no edit number"):
            take_history.recall(history, index)


def test_edits_from_before_there_were_models_are_made_by_the_default_one():
    rows = json.loads(take_history.history_to_text((WALKS,)))
    del rows[0]["model"]
    assert take_history.text_to_history(json.dumps(rows)) == (WALKS,)


def test_a_line_names_the_model_where_it_is_not_the_usual_one():
    words = take_history.describe_words
    assert words(replace(WALKS, model="own/dancer")).endswith(", own/dancer")
    assert words(replace(WALKS, model="grid")) == words(WALKS)


def test_a_line_says_what_and_where():
    line = f"{take_history.describe_place(WALKS)}: {take_history.describe_words(WALKS)}"
    for word in ("Regenerate", "10", "40", "left arm", "walks", "seed 5"):
        assert word in line
