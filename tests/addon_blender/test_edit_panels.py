"""What the edit panels draw exists: every property, every operator, at every state."""

import bpy
import pytest
from keyfill_extension.blender_addon import panels
from keyfill_extension.blender_addon.core.edits.edit_requests import REGENERATE, Recipe
from keyfill_extension.tests.addon_blender import drawing


@pytest.fixture
def draw(registered_addon, empty_scene):
    return drawn_by


def drawn_by(panel):
    """Draw a panel and return what was drawn."""
    return drawing.layout_of(panel, drawing.context_of(bpy.context.object, 2000)).drawn


def test_the_edit_panel_offers_range_parts_and_edits(draw):
    drawn = draw(panels.KEYFILL_PT_main) + draw(panels.KEYFILL_PT_edit)
    for name in ("frame_start", "frame_end", "has_torso", "has_left_arm", "has_right_arm",
                 "has_lower_body", "use_selected_bones", "Pin Hands", "strength",
                 "variation", "keyfill.regenerate", "keyfill.edit_upper_body",
                 "keyfill.vary"):  # fmt: skip
        assert name in drawn


def test_fewer_keys_are_an_option_of_edits_with_their_tolerances(draw):
    settings = bpy.context.scene.keyfill
    drawn = draw(panels.KEYFILL_PT_edit)
    assert settings.fewer_keys
    assert settings.edit_tolerances() == (0.5, 2.0)
    assert {"fewer_keys", "fewer_degrees", "fewer_millimetres"} <= set(drawn)
    settings.fewer_keys = False
    assert not {"fewer_degrees", "fewer_millimetres"} & set(draw(panels.KEYFILL_PT_edit))


def test_with_selected_bones_the_panel_says_what_becomes_of_parts(draw):
    bpy.context.scene.keyfill.use_selected_bones = True
    drawn = draw(panels.KEYFILL_PT_edit)
    assert "The model fills whole body parts; only the selected bones get keys." in drawn


def test_waiting_takes_are_stepped_through_accepted_or_discarded(draw):
    review = bpy.context.scene.keyfill.review
    for _ in range(3):
        review.takes.add()
    review.index = 1
    drawn = draw(panels.KEYFILL_PT_main)
    assert "3 takes wait" in drawn  # none of them is on a character
    assert drawn.count("keyfill.step_take") == 2
    assert "keyfill.accept_take" in drawn
    assert "keyfill.discard_take" in drawn


def test_transitions_have_their_settings(draw):
    drawn = draw(panels.KEYFILL_PT_transitions)
    for name in ("keyfill.in_between", "keyfill.extend", "keyfill.make_loop", "keyfill.long_take",
                 "extend_seconds", "extend_where", "loop_in_place", "beats"):  # fmt: skip
        assert name in drawn
    assert "gap_seconds" not in drawn
    bpy.context.scene.keyfill.next_action = bpy.data.actions.new("sits")
    assert "gap_seconds" in draw(panels.KEYFILL_PT_transitions)


def test_the_history_lists_what_can_be_made_again(draw):
    assert "No motions yet" in draw(panels.KEYFILL_PT_history)
    settings = bpy.context.scene.keyfill
    for seed in (3, 8):
        settings.remember(Recipe(REGENERATE, "someone jumps", seed=seed, frames=(10, 20)))
    drawn = draw(panels.KEYFILL_PT_history)
    assert drawn.count("keyfill.remake") == 2
    assert drawn.count("keyfill.recall") == 2
    assert drawn[0] == "Regenerate 10–20"
    words = [one for one in drawn if "someone jumps" in one]
    assert words == ["someone jumps, seed 8", "someone jumps, seed 3"]
