"""What the panel draws exists: every property, every operator, at every state."""

from types import SimpleNamespace

import bpy
import pytest
from keyfill_extension.blender_addon import panels
from keyfill_extension.blender_addon.core.link.run_status import STATUS


class Layout:
    """Takes what a panel draws and refuses what Blender does not have."""

    def __init__(self, drawn=None):
        self.drawn = [] if drawn is None else drawn

    def row(self, align=False):
        return Layout(self.drawn)

    column = box = row

    def prop(self, data, name, text=None, icon="NONE"):
        assert name in data.bl_rna.properties
        self.drawn.append(name)

    def operator(self, name, text=None, icon="NONE"):
        module, _, function = name.partition(".")
        getattr(getattr(bpy.ops, module), function).get_rna_type()
        assert icon in self.icons()
        self.drawn.append(name)

    def label(self, text, icon="NONE"):
        assert icon in self.icons()
        self.drawn.append(text)

    def progress(self, factor, text):
        self.drawn.append((factor, text))

    @staticmethod
    def icons():
        return bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items.keys()


def draw_panel(width=280, ob=None, **status):
    """Draw with this status and return what was drawn."""
    for name, value in status.items():
        setattr(bpy.context.window_manager.keyfill_status, name, value)
    layout = Layout()
    context = SimpleNamespace(
        scene=bpy.context.scene,
        window_manager=bpy.context.window_manager,
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
        region=SimpleNamespace(width=width),
        object=ob,
    )
    panels.KEYFILL_PT_main.draw(SimpleNamespace(layout=layout), context)
    return layout.drawn


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
    linked = SimpleNamespace(is_editable=False, type="ARMATURE")
    assert "object.make_override_library" in draw(error="Linked.", remedy="Override.", ob=linked)
    assert "object.make_override_library" not in draw(error="Other.", remedy="Cure.")
