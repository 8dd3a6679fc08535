"""The last prompts and the examples; the frames that the panel names; a recipe in the panel."""

import pytest
from keyfill_extension.blender_addon.core.edits import prompts, take_history
from keyfill_extension.blender_addon.core.edits.edit_requests import (
    EXTEND,
    IN_BETWEEN,
    LABELS,
    REGENERATE,
    VARY,
    RangeSources,
    Recipe,
)
from keyfill_extension.blender_addon.core.edits.panel_settings import settings_of
from keyfill_extension.blender_addon.core.edits.told_frames import (
    tell_extension,
    tell_frames,
    tell_regenerated,
)


def test_there_are_24_examples_by_theme_each_once():
    examples = [one for theme in prompts.EXAMPLES.values() for one in theme]
    assert len(examples) == len(set(examples)) == 24
    assert len(prompts.EXAMPLES) == 6


def test_the_last_twenty_prompts_are_kept_each_once():
    last = ()
    for number in range(25):
        last = prompts.remember_prompt(last, f"prompt {number}")
    last = prompts.remember_prompt(last, "prompt 10")
    assert len(last) == 20
    assert last[:2] == ("prompt 10", "prompt 24")
    assert last.count("prompt 10") == 1
    assert prompts.text_to_prompts(prompts.prompts_to_text(last)) == last


@pytest.mark.parametrize("text", ["", "no json", "{}", "3", "[1, null]"])
def test_damaged_prompts_are_none(text):
    assert prompts.text_to_prompts(text) == ()


@pytest.mark.parametrize(
    ("operation", "sources", "told"),
    [
        (REGENERATE, RangeSources((1, 100)), "Frames 1–100 (all keys)"),
        (REGENERATE, RangeSources((1, 100), preview=(20, 30)), "Frames 20–30 (preview range)"),
        (REGENERATE, RangeSources((1, 100), selected=(40, 70), preview=(20, 30)),
         "Frames 40–70 (selected keys)"),
        (VARY, RangeSources((1, 100), explicit=(90, 120), selected=(40, 70)),
         "Frames 90–100 (Start and End)"),
        (REGENERATE, RangeSources((1, 100), selected=(40, 40)), "Frame 40 (selected keys)"),
        (IN_BETWEEN, RangeSources((1, 100), around_playhead=(10, 20)),
         "Frames 11–19 (around the playhead)"),
        (REGENERATE, RangeSources((1, 100), explicit=(60, 31)),
         "The range ends at frame 31, before it starts at 60."),
        (IN_BETWEEN, RangeSources((1, 100)),
         "The present frame does not lie between two key poses."),
    ],
)  # fmt: skip
def test_the_frames_of_an_edit_are_named_with_their_reason(operation, sources, told):
    assert tell_frames(operation, sources) == told


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (RangeSources((1, 100), selected=(40, 70)), "Frames 40–70 (selected keys)"),
        (RangeSources((1, 1000), explicit=(600, 310)), "End lies before Start"),
        (RangeSources((1000, 2000), explicit=(90, 250)), "Outside the keys, 1000–2000"),
        (RangeSources((1, 2000), explicit=(1000, 2000)), "Frames 1000–2000 (Start and End)"),
    ],
)
def test_the_row_of_regenerate_is_never_cut(sources, told):
    assert tell_regenerated(sources) == told
    assert len(told) <= 34  # of the default width


def test_the_frames_of_an_extension_are_named():
    sources = RangeSources((1, 100))
    assert tell_extension(sources, "end", 2.0, 30.0) == "Frames 101–160 (after the end)"
    assert tell_extension(sources, "start", 1.0, 24.0) == "Frames -23–0 (before the start)"
    assert tell_extension(sources, "end", 0.0, 24.0) == "0 s cannot be added."


def test_each_operation_gives_its_own_settings_back():
    edit = Recipe(REGENERATE, "waves", frames=(40, 70), parts=("TORSO",), pinned=("left",))
    assert settings_of(edit) == {
        "frame_start": 40, "frame_end": 70, "parts": {"TORSO"}, "pinned_hands": {"LEFT"},
    }  # fmt: skip
    between = settings_of(Recipe(IN_BETWEEN, "", frames=(11, 19)))
    assert between == {"frame_start": 10, "frame_end": 20}
    assert settings_of(Recipe(EXTEND, "", where="start")) == {"extend_where": "start"}
    assert all(isinstance(settings_of(Recipe(one, "")), dict) for one in LABELS)


def test_a_generated_take_is_read_back_from_the_history():
    recipe = Recipe("generate", "walks", seed=3, seconds=2.5, frames=(1, 75))
    text = take_history.history_to_text((recipe,))
    assert take_history.text_to_history(text) == (recipe,)
    assert take_history.describe_place(recipe) == "Generate 1–75"
    assert take_history.describe_words(recipe) == "walks, seed 3"
