"""What buttons do in slices: nothing temporary lies in the file between two of them."""

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.operators import edit_motion, generate
from keyfill_extension.blender_addon.scene.controls import replays, rig_double
from keyfill_extension.blender_addon.scene.controls import rigs as control_rigs
from keyfill_extension.blender_addon.scene.reading import stage
from keyfill_extension.blender_addon.scene.reading.edit_target import bag_of
from keyfill_extension.tests.addon_blender.control_characters import add_auto_rig_pro, add_rigify
from keyfill_extension.tests.addon_blender.fake_worker import fake_worker
from keyfill_extension.tests.addon_blender.modal_probes import press, probe_of
from mathutils import Matrix

KINDS = ("scenes", "objects", "armatures", "actions", "meshes", "libraries")


@pytest.fixture(autouse=True)
def engine(registered_addon, empty_scene):
    empty_scene.render.fps = 30
    empty_scene.keyfill.prompt = "someone walks"
    empty_scene.keyfill.seconds = 1.0
    with fake_worker():
        yield


def names():
    return {kind: sorted(one.name for one in getattr(bpy.data, kind)) for kind in KINDS}


def curve_values(ob):
    """Every key's value of the action, by channel."""
    action, slot = ob.animation_data.action, getattr(ob.animation_data, "action_slot", None)
    return {
        (curve.data_path, curve.array_index): np.array([key.co[1] for key in curve.keyframe_points])
        for curve in bag_of(action, slot).fcurves
    }


def add_mannequin():
    bpy.ops.keyfill.add_mannequin()
    return bpy.context.object


@pytest.mark.slow
@pytest.mark.parametrize("add", [add_mannequin, add_rigify])
def test_no_slice_leaves_anything_behind(add, monkeypatch):
    monkeypatch.setattr(stage, "SLICE_SECONDS", 0.0)  # a slice for each frame
    ob = add()
    settings = bpy.context.scene.keyfill
    seen = []

    def look(probe):
        assert names() == before
        seen.append(bpy.context.object == ob and ob.animation_data is not None)

    for button in (generate.KEYFILL_OT_generate, edit_motion.KEYFILL_OT_regenerate):
        before = names()
        assert press(button, look)[0] == {"FINISHED"}
        settings.frame_start, settings.frame_end = 10, 20
    assert len(seen) > 30 or add is add_rigify


def test_a_joined_action_is_gone_between_slices_too(monkeypatch):
    monkeypatch.setattr(stage, "SLICE_SECONDS", 0.0)
    ob = add_mannequin()
    bpy.ops.keyfill.generate()
    first = ob.animation_data.action
    bpy.ops.keyfill.generate()
    bpy.context.scene.keyfill.next_action = first
    before, shown = names(), ob.animation_data.action

    def look(probe):
        assert names() == before
        assert ob.animation_data.action == shown

    assert press(edit_motion.KEYFILL_OT_in_between, look)[0] == {"FINISHED"}
    assert ob.animation_data.action != shown


@pytest.mark.slow
@pytest.mark.parametrize("add", [add_rigify, add_auto_rig_pro])
def test_a_second_blender_gives_the_same_keys(add):
    ob = add()
    settings = bpy.context.scene.keyfill
    found = []
    for is_modal in (False, True):
        settings.frame_start = settings.frame_end = 0
        if is_modal:
            press(generate.KEYFILL_OT_generate)
        else:
            bpy.ops.keyfill.generate()
        settings.frame_start, settings.frame_end = 10, 20
        if is_modal:
            press(edit_motion.KEYFILL_OT_regenerate, review=False)
        else:
            bpy.ops.keyfill.regenerate()
        found.append(curve_values(ob))
    assert found[0].keys() == found[1].keys()
    assert max(np.abs(found[0][one] - found[1][one]).max() for one in found[0]) < 1e-4


def test_the_rig_is_posed_elsewhere_and_that_ends_with_the_work(monkeypatch):
    add_rigify()
    started = []
    begin = replays.ReplayProcess

    def remembered(*arguments):
        started.append(begin(*arguments))
        return started[-1]

    monkeypatch.setattr(replays, "ReplayProcess", remembered)
    monkeypatch.setattr(rig_double.Double, "play", None)  # not here
    press(generate.KEYFILL_OT_generate)
    assert len(started) == 1
    probe = probe_of(generate.KEYFILL_OT_generate)
    probe.start(bpy.context)
    while len(started) < 2:
        probe._run.work.advance()
    probe.cancel(bpy.context)
    for one in started:
        assert one._process.wait(20.0) is not None
    assert not list(replays.Path(bpy.app.tempdir).glob("keyfill_double_*"))


def test_a_driver_that_calls_scripts_keeps_the_rig_here(monkeypatch):
    ob = add_rigify()
    control = control_rigs.find_controls(ob).names.path
    driver = ob.pose.bones[control].driver_add("scale", 0).driver
    driver.expression = "max([1.0, len('x')])"
    assert rig_double.depends_on_scripts(ob, [control])
    monkeypatch.setattr(replays, "ReplayProcess", None)
    assert press(generate.KEYFILL_OT_generate)[0] == {"FINISHED"}


def test_a_second_blender_that_cannot_start_is_done_without(monkeypatch):
    ob = add_rigify()
    monkeypatch.setattr(replays, "_command", lambda: ["/no/such/blender"])
    assert press(generate.KEYFILL_OT_generate)[0] == {"FINISHED"}
    monkeypatch.setattr(replays, "_command", lambda: ["/bin/false"])
    assert press(edit_motion.KEYFILL_OT_regenerate)[0] == {"FINISHED"}
    assert ob.animation_data.action is not None


@pytest.mark.parametrize("is_local", [True, False])
def test_location_axes_are_those_of_blender(is_local):
    ob = add_auto_rig_pro()
    name = control_rigs.find_controls(ob).names.limbs[0].end
    ob.data.bones[name].use_local_location = is_local
    with rig_double.lend_double(bpy.context.scene, ob, [name]) as double:
        posed = double.play(range(1, 2))
        bone = double._twin.data.bones[name]
        place = {}
        if bone.parent is not None:
            lies = Matrix(posed.matrices[0, posed.index[bone.parent.name]])
            place = {"parent_matrix": lies, "parent_matrix_local": bone.parent.matrix_local}
        rows = [
            bone.convert_local_to_pose(Matrix.Translation(row), bone.matrix_local, **place)
            for row in [(0, 0, 0), *np.eye(3)]
        ]
        places = np.array([row.translation for row in rows])
        found = double.bones.location_axes(name, posed)[0]
    assert np.abs(found - (places[1:] - places[0]).T).max() < 1e-6


def test_an_armature_that_is_deleted_between_slices_is_told():
    name = add_mannequin().name

    def delete(probe):
        if name in bpy.data.objects:
            bpy.data.objects.remove(bpy.data.objects[name])

    answer, reports = press(generate.KEYFILL_OT_generate, delete)
    assert answer == {"CANCELLED"}
    assert "no longer in the scene" in reports[-1][1]
