"""What the panel draws exists: every property, every operator, at every state."""

import importlib.util
import zlib
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from keyfill_extension.blender_addon import operators, panels
from keyfill_extension.blender_addon.core.edits.edit_requests import Recipe
from keyfill_extension.blender_addon.core.link.run_status import STATUS
from keyfill_extension.blender_addon.operators.engine_controls import MANUAL
from keyfill_extension.blender_addon.panels import icons, menus
from keyfill_extension.tests.addon_blender import drawing

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "panel_icons.py"


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


MAKING = ("regenerate", "edit_upper_body", "next_seed", "remake", "vary", "in_between", "extend",
          "make_loop", "long_take")  # fmt: skip


def test_while_a_motion_is_made_others_stand_where_buttons_were(draw):
    shown = (panels.KEYFILL_PT_main, panels.KEYFILL_PT_edit, panels.KEYFILL_PT_transitions)
    idle = [drawing.layout_of(panel, drawing.context_of()) for panel in shown]
    STATUS.is_running = True
    busy = [drawing.layout_of(panel, drawing.context_of()) for panel in shown]
    assert [one.rows for one in busy] == [one.rows for one in idle]
    names = [name for one in busy for name in one.drawn]
    assert names.count("keyfill.busy") == len(MAKING)
    assert not {f"keyfill.{name}" for name in MAKING} & set(names)
    assert {f"keyfill.{name}" for name in MAKING} <= {name for one in idle for name in one.drawn}
    assert not bpy.ops.keyfill.busy.poll()


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


def main_layout(ob=None, **status):
    for name, value in status.items():
        setattr(bpy.context.window_manager.keyfill_status, name, value)
    return drawing.layout_of(panels.KEYFILL_PT_main, drawing.context_of(ob))


LONG = "A sentence of many words that does not fit the rows that are kept for messages, so " * 3


def test_nothing_moves_when_a_message_comes_and_while_a_motion_is_made(draw):
    STATUS.reset()
    rows = main_layout().rows
    assert rows == main_layout(note="Short.").rows == main_layout(note=LONG).rows
    assert rows == main_layout(error=LONG, remedy="Do this.").rows
    linked = SimpleNamespace(is_editable=False, type="ARMATURE", animation_data=None)
    assert rows == main_layout(linked, error="It is linked.", remedy="Override it.").rows
    assert rows == main_layout(is_running=True, factor=0.5, label="Choosing movements").rows
    for _ in range(3):
        bpy.context.scene.keyfill.review.takes.add()
    assert rows == main_layout().rows


def test_a_long_message_is_shown_whole_beside_its_button(draw):
    assert "KEYFILL_PT_message" in main_layout(error=LONG, remedy="Do this.").drawn
    context = drawing.context_of()
    whole = drawing.layout_of(panels.KEYFILL_PT_message, context).drawn
    assert " ".join(whole) == f"{LONG.strip()} Do this."


def test_one_panel_holds_what_each_motion_needs(draw):
    for panel in (panels.KEYFILL_PT_main, panels.KEYFILL_PT_dope_sheet):
        drawn = drawing.layout_of(panel, drawing.context_of()).drawn
        for name in ("prompt", "KEYFILL_MT_recent_prompts", "KEYFILL_MT_examples", "seed",
                     "keyfill.next_seed", "keyfill.remake", "keyfill.generate", "frame_start",
                     "frame_end", "has_torso", "keyfill.regenerate", "keyfill.accept_take",
                     "keyfill.discard_take", "keyfill.add_mannequin"):  # fmt: skip
            assert name in drawn
    assert panels.KEYFILL_PT_dope_sheet.bl_space_type == "DOPESHEET_EDITOR"


def test_the_frames_that_an_edit_will_touch_are_named(draw):
    bpy.ops.keyfill.add_mannequin()
    ob = bpy.context.object
    assert "No keys to edit yet" in main_layout(ob).drawn
    for frame in (1, 40, 70, 100):
        ob.pose.bones["head"].keyframe_insert("rotation_quaternion", frame=frame)
    assert "Frames 1–100 (all keys)" in main_layout(ob).drawn
    settings = bpy.context.scene.keyfill
    settings.frame_start, settings.frame_end = 40, 70
    assert "Frames 40–70 (Start and End)" in main_layout(ob).drawn


def test_toggles_of_body_parts_are_the_parts(draw):
    settings = bpy.context.scene.keyfill
    settings.parts = {"TORSO", "LEFT_ARM"}
    shown = [settings.has_lower_body, settings.has_torso, settings.has_left_arm,
             settings.has_right_arm]  # fmt: skip
    assert shown == [False, True, True, False]
    settings.has_torso = False
    settings.has_right_arm = True
    assert settings.parts == {"LEFT_ARM", "RIGHT_ARM"}


def test_menus_offer_prompts_examples_and_every_button(draw):
    context = drawing.context_of()
    recent, examples, motion = (
        drawing.layout_of(menu, context).drawn for menu in menus.CLASSES
    )
    assert recent == ["No prompts yet"]
    assert examples.count("keyfill.use_prompt") == 24
    assert {"keyfill.generate", "keyfill.regenerate", "keyfill.cancel"} <= set(motion)
    bpy.context.scene.keyfill.remember(Recipe("generate", "someone walks"))
    assert "someone walks" in drawing.layout_of(menus.CLASSES[0], context).drawn


def test_blenders_key_and_pose_menus_lead_to_keyfill(draw):
    for name in ("VIEW3D_MT_pose", "DOPESHEET_MT_key", "GRAPH_MT_key"):
        drawn = [one.__name__ for one in getattr(bpy.types, name)._dyn_ui_initialize()]
        assert drawn.count("draw_entry") == 1


def test_icons_are_those_that_the_script_draws():
    spec = importlib.util.spec_from_file_location("panel_icons", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    pictures = script.pictures()
    assert {path.stem for path in icons.FOLDER.glob("*.png")} == set(pictures)
    for name, picture in pictures.items():
        data = (icons.FOLDER / f"{name}.png").read_bytes()
        packed = data[data.index(b"IDAT") + 4 : data.index(b"IEND") - 8]
        assert zlib.decompress(packed) == script.to_pixels(picture)


def disabled():
    """The sentence of each button that is disabled now."""
    found = {}
    for cls in operators.CLASSES:
        button = getattr(bpy.ops.keyfill, cls.bl_idname.partition(".")[2])
        if not button.poll():
            with pytest.raises(RuntimeError) as refused:
                button()
            found[cls.bl_idname] = str(refused.value).partition("poll() ")[2]
    return found


def assert_told(found):
    assert found
    assert not [name for name, told in found.items() if not told or "context is incorr" in told]


def test_every_disabled_button_says_why(draw):
    assert_told(disabled())
    bpy.ops.keyfill.add_mannequin()
    found = disabled()
    assert_told(found)
    for name in ("regenerate", "vary", "edit_upper_body", "in_between", "extend", "make_loop"):
        assert "has no animation to edit" in found[f"keyfill.{name}"]
    STATUS.is_running = True
    assert_told(disabled())


def test_the_manual_lies_beside_the_add_on():
    text = MANUAL.read_text(encoding="utf-8")
    assert "Shortcuts" in text
