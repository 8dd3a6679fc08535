"""What the Rig panel draws exists, marks what deserves a look, and changes nothing."""

from types import SimpleNamespace

import addon_utils
import blf
import bpy
import pytest
from keyfill_extension.blender_addon import rig_panels
from keyfill_extension.blender_addon.core.rigs import presets as rig_presets
from keyfill_extension.blender_addon.scene.reading import rig_settings
from keyfill_extension.engine.motion.skeleton import JOINTS
from keyfill_extension.tests.addon_blender.characters import add_toy_character
from keyfill_extension.tests.addon_blender.drawing import Layout
from keyfill_extension.tests.addon_blender.empty_files import open_empty_file
from keyfill_extension.tests.addon_blender.snapshots import snapshot

PANELS = [
    rig_panels.KEYFILL_PT_rig,
    rig_panels.KEYFILL_PT_rig_bones,
    rig_panels.KEYFILL_PT_rig_rest,
    rig_panels.KEYFILL_PT_rig_options,
]


@pytest.fixture
def hero(registered_addon, empty_scene):
    return add_toy_character()


def draw(panel, ob, width=2000):
    layout = Layout()
    context = SimpleNamespace(
        object=ob,
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
        region=SimpleNamespace(width=width),
    )
    if hasattr(panel, "poll") and not panel.poll(context):
        return None
    panel.draw(SimpleNamespace(layout=layout), context)
    return layout.drawn


def icons(drawn):
    return {entry[0].rpartition(".")[2]: entry[1] for entry in drawn if isinstance(entry, tuple)}


def test_without_an_armature_only_a_hint_is_drawn(registered_addon, empty_scene):
    mesh = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    for ob in (None, mesh):
        assert draw(PANELS[0], ob) == ["Select a character's armature"]
        assert [draw(panel, ob) for panel in PANELS[1:]] == [None] * 3


def test_before_mapping_the_button_is_there_and_no_row_is_doubtful(hero):
    drawn = draw(PANELS[0], hero)
    assert "keyfill.map_bones" in drawn and "KEYFILL_MT_rig_presets" in drawn
    assert icons(drawn) == {}
    assert set(icons(draw(PANELS[1], hero)).values()) == {"RADIOBUT_OFF"}


def test_every_joint_has_a_row_and_doubtful_ones_their_percentage(hero):
    """Beside the others it would take the room of the bone's name; their tooltips tell it."""
    bpy.ops.keyfill.map_bones()
    drawn = draw(PANELS[1], hero)
    assert sorted(icons(drawn)) == sorted(JOINTS)
    assert drawn.count("keyfill.assign_bone") == len(JOINTS)
    assert drawn.index("Left Leg") < drawn.index("Knee") and "Spine 1" in drawn
    assert [drawn.count(name) for name in ("L Knee", "Knee", "Shoulder")] == [0, 2, 2]
    assert not [one for one in drawn if str(one).endswith("%")]
    hero.keyfill_rig.rows.left_knee.confidence = 0.4
    assert [one for one in draw(PANELS[1], hero) if str(one).endswith("%")] == ["40%"]


def test_a_bones_name_of_a_generated_rig_has_room_in_the_default_sidebar(hero):
    """Measured in Blender 4.3's window: of a row of 235 pixels the field takes its share, and 60 of
    that are for its mark, its cross and the pipette beside it."""
    bpy.ops.keyfill.map_bones()
    blf.size(0, 11)
    shares = []

    class Measured(Layout):
        def row(self, align=False):
            return self

        column = row

        def split(self, factor=0.0, align=False):
            shares.append(factor)
            return self

    panel = SimpleNamespace(layout=Measured())
    rig_panels.KEYFILL_PT_rig_bones.draw(panel, SimpleNamespace(object=hero))
    assert len(shares) == len(JOINTS)  # no pipette that is wider than its icon
    assert max(shares) <= 0.23
    room = 235 * (1 - max(shares)) - 60
    assert blf.dimensions(0, "ORG-upper_arm.L")[0] <= room


def test_a_row_outside_the_map_tells_its_side(hero):
    bpy.ops.keyfill.map_bones()
    hero.keyfill_rig.rows.left_knee.confidence = 0.4
    assert "L Knee" in draw(PANELS[0], hero)


def test_doubtful_rows_are_marked_with_their_reason_wherever_they_are_drawn(hero):
    bpy.ops.keyfill.map_bones()
    row = hero.keyfill_rig.rows.left_knee
    row.confidence, row.reason = 0.4, "it may be the knee"
    drawn = draw(PANELS[0], hero)
    assert icons(drawn)["left_knee"] == "ERROR"
    assert "it may be the knee" in drawn
    assert icons(draw(PANELS[1], hero))["left_knee"] == "ERROR"


def test_a_bone_that_is_gone_is_marked(hero):
    bpy.ops.keyfill.map_bones()
    hero.data.bones["mixamorig:LeftLeg"].name = "Schienbein"
    drawn = draw(PANELS[0], hero)
    assert icons(drawn)["left_knee"] == "ERROR"
    assert "renamed or deleted" in drawn


def test_choices_by_hand_look_different_and_can_be_forgotten(hero):
    bpy.ops.keyfill.map_bones()
    assert draw(PANELS[0], hero).count("keyfill.map_bones") == 1
    bpy.ops.keyfill.assign_bone(joint="head", bone="mixamorig:Head")
    assert draw(PANELS[0], hero).count("keyfill.map_bones") == 2
    assert icons(draw(PANELS[1], hero))["head"] == "PINNED"


def test_the_tooltip_of_a_row_says_why(hero):
    bpy.ops.keyfill.map_bones()
    row = hero.keyfill_rig.rows.left_knee
    operator = bpy.types.KEYFILL_OT_assign_bone
    told = operator.description(bpy.context, SimpleNamespace(joint="left_knee"))
    assert row.reason in told and row.bone in told and f"{row.confidence:.0%}" in told
    nowhere = SimpleNamespace(object=None)
    assert operator.description(nowhere, SimpleNamespace(joint="left_knee")) == ""


def test_the_rest_reference_can_be_cleared_where_there_is_one(hero):
    assert "keyfill.clear_rest_reference" not in draw(PANELS[2], hero)
    bpy.ops.keyfill.set_rest_reference()
    assert "keyfill.clear_rest_reference" in draw(PANELS[2], hero)


def test_options_show_what_matters(hero):
    drawn = draw(PANELS[3], hero)
    assert {"root_motion", "in_place", "relax_fingers", "keep_hand_contacts", "thin"} == set(drawn)
    hero.keyfill_rig.thin = True
    assert {"thin_degrees", "thin_millimetres"} <= set(draw(PANELS[3], hero))


def test_fk_and_ik_are_offered_on_control_rigs_only(registered_addon, empty_scene):
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_basic_human_metarig_add()
    assert "limb_controls" not in draw(PANELS[3], bpy.context.object)
    bpy.ops.pose.rigify_generate()
    generated = bpy.context.object
    assert "root" in generated.data.bones
    assert "limb_controls" in draw(PANELS[3], generated)


def test_every_property_has_a_tooltip(hero):
    hidden = {"rna_type", "name", "rows"}
    properties = hero.keyfill_rig.bl_rna.properties
    assert all(one.description for one in properties if one.identifier not in hidden)


def test_the_menu_lists_the_presets_of_the_folder(hero, tmp_path, monkeypatch):
    monkeypatch.setattr(rig_panels, "preset_folder", lambda: tmp_path / "presets")
    layout = Layout()
    menu = rig_panels.KEYFILL_MT_rig_presets
    menu.draw(SimpleNamespace(layout=layout), bpy.context)
    assert "keyfill.load_rig_preset" not in layout.drawn
    assert not (tmp_path / "presets").exists()
    rig_presets.make_folder(tmp_path / "presets")
    rig_presets.write_preset(tmp_path / "presets" / "Heroes.json", rig_presets.RigPreset())
    layout = Layout()
    menu.draw(SimpleNamespace(layout=layout), bpy.context)
    assert "Heroes" in layout.drawn and "KEYFILL_MT_remove_rig_preset" in layout.drawn


@pytest.mark.parametrize("width", [1, 120, 2000])
def test_drawing_changes_nothing(hero, width):
    bpy.ops.keyfill.map_bones()
    hero.keyfill_rig.rows.left_knee.confidence = 0.2
    before = snapshot(), rig_settings.read_rows(hero), rig_settings.read_options(hero)
    for panel in PANELS:
        draw(panel, hero, width)
    assert (snapshot(), rig_settings.read_rows(hero), rig_settings.read_options(hero)) == before


def test_drawing_a_linked_character_works(hero, tmp_path):
    path = str(tmp_path / "library.blend")
    bpy.data.libraries.write(path, {hero})
    open_empty_file()
    with bpy.data.libraries.load(path, link=True) as (source, target):
        target.objects = source.objects
    for panel in PANELS:
        assert draw(panel, target.objects[0])


def test_register_unregister_register(registered_addon, empty_scene):
    for _ in range(2):
        registered_addon.unregister()
        assert not hasattr(bpy.types.Object, "keyfill_rig")
        assert not hasattr(bpy.types, "KEYFILL_PT_rig")
        assert not hasattr(bpy.types, "KEYFILL_OT_map_bones")
        ob = add_toy_character()
        assert rig_settings.read_options(ob) == rig_settings.RigOptions()
        registered_addon.register()
        assert hasattr(bpy.types.Object, "keyfill_rig")
