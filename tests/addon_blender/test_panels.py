"""What the panel draws exists: every property, every operator, at every state."""

from types import SimpleNamespace

import bpy
import pytest
from keyfill_extension.blender_addon import panels
from keyfill_extension.blender_addon.core.link.run_status import STATUS
from keyfill_extension.tests.addon_blender import drawing


def draw_panel(width=280, ob=None, **status):
    """Draw with this status and return what was drawn."""
    for name, value in status.items():
        setattr(bpy.context.window_manager.keyfill_status, name, value)
    context = drawing.context_of(ob, width)
    drawn = []
    for panel in (panels.KEYFILL_PT_main, panels.KEYFILL_PT_options, panels.KEYFILL_PT_engine):
        drawn += drawing.layout_of(panel, context).drawn
    return drawn


@pytest.fixture
def draw(registered_addon, empty_scene):
    STATUS.reset()
    yield draw_panel
    STATUS.reset()


def test_idle(draw):
    drawn = draw()
    for name in ("prompt", "model", "seconds", "seed", "takes", "keyfill.generate",
                 "keyfill.add_mannequin"):  # fmt: skip
        assert name in drawn
    assert "Engine: not loaded" in drawn


def test_running_shows_progress_and_cancel(draw):
    drawn = draw(is_running=True, factor=0.5, label="Choosing movements")
    assert (0.5, "Choosing movements") in drawn
    assert "keyfill.cancel" in drawn
    assert "keyfill.generate" not in drawn


@pytest.mark.parametrize("width", [1, 120, 280, 2000])
def test_an_error_is_drawn_whole_with_its_cure(draw, width):
    drawn = draw(width, error="A take of 600 s cannot be made.", remedy="Choose 0.5 to 60 seconds.")
    text = " ".join(line for line in drawn if isinstance(line, str))
    assert "A take of 600 s cannot be made. Choose 0.5 to 60 seconds." in text


def test_what_was_cut_is_drawn(draw):
    assert any("eleven twelve" in str(line) for line in draw(2000, prompt_cut="eleven twelve"))


def test_a_linked_character_is_offered_its_override(draw):
    linked = SimpleNamespace(is_editable=False, type="ARMATURE", animation_data=None)
    assert "object.make_override_library" in draw(error="Linked.", remedy="Override.", ob=linked)
    assert "object.make_override_library" not in draw(error="Other.", remedy="Cure.")
