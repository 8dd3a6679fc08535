"""What the edit panels draw exists: every property, every operator, at every state."""

from types import SimpleNamespace

import bpy
import pytest
from keyfill_extension.blender_addon import panels
from keyfill_extension.blender_addon.core.edits.edit_requests import REGENERATE, Recipe
from keyfill_extension.tests.addon_blender.test_panels import Layout


class Button:
    """What `operator` gives back: it takes the operator's own properties only."""

    def __init__(self, name):
        module, _, function = name.partition(".")
        rna = getattr(getattr(bpy.ops, module), function).get_rna_type()
        object.__setattr__(self, "known", set(rna.properties.keys()))

    def __setattr__(self, name, value):
        assert name in self.known


class EditLayout(Layout):
    """A layout whose buttons take properties."""

    def row(self, align=False):
        return EditLayout(self.drawn)

    column = box = row

    def operator(self, name, text=None, icon="NONE"):
        super().operator(name, text, icon)
        return Button(name)


@pytest.fixture
def draw(registered_addon, empty_scene):
    return drawn_by


def drawn_by(panel):
    """Draw a panel and return what was drawn."""
    layout = EditLayout()
    context = SimpleNamespace(
        scene=bpy.context.scene,
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
        region=SimpleNamespace(width=2000),
    )
    panel.draw(SimpleNamespace(layout=layout), context)
    return layout.drawn


def test_the_edit_panel_offers_range_parts_and_edits(draw):
    drawn = draw(panels.KEYFILL_PT_edit)
    for name in ("frame_start", "frame_end", "parts", "use_selected_bones", "strength",
                 "variation", "keyfill.regenerate", "keyfill.edit_upper_body",
                 "keyfill.vary"):  # fmt: skip
        assert name in drawn
    assert "keyfill.accept_take" not in drawn


def test_fewer_keys_are_an_option_of_edits_with_their_tolerances(draw):
    settings = bpy.context.scene.keyfill
    drawn = draw(panels.KEYFILL_PT_edit)
    assert settings.fewer_keys
    assert settings.edit_tolerances() == (0.5, 2.0)
    assert {"fewer_keys", "fewer_degrees", "fewer_millimetres"} <= set(drawn)
    settings.fewer_keys = False
    assert not {"fewer_degrees", "fewer_millimetres"} & set(draw(panels.KEYFILL_PT_edit))


def test_selected_bones_take_the_place_of_parts_and_the_panel_says_so(draw):
    bpy.context.scene.keyfill.use_selected_bones = True
    drawn = draw(panels.KEYFILL_PT_edit)
    assert "parts" not in drawn
    assert "The model fills whole body parts; only the selected bones get keys." in drawn


def test_waiting_takes_are_stepped_through_accepted_or_discarded(draw):
    review = bpy.context.scene.keyfill.review
    for _ in range(3):
        review.takes.add()
    review.index = 1
    drawn = draw(panels.KEYFILL_PT_edit)
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
    assert "No edits yet" in draw(panels.KEYFILL_PT_history)
    settings = bpy.context.scene.keyfill
    for seed in (3, 8):
        settings.remember(Recipe(REGENERATE, "someone jumps", seed=seed, frames=(10, 20)))
    drawn = draw(panels.KEYFILL_PT_history)
    assert drawn.count("keyfill.remake") == 2
    assert "seed 8" in drawn[0]
    assert "seed 3" in drawn[2]
