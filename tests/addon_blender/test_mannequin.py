"""The built-in mannequin: recognised, closed, symmetric, skinned smoothly, of the right size."""

import threading

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon import panels
from keyfill_extension.blender_addon.core.edits.prompts import PLACEHOLDER
from keyfill_extension.blender_addon.core.rigs import mannequin_shape
from keyfill_extension.blender_addon.core.rigs.mannequin_shape import surface_net
from keyfill_extension.blender_addon.scene import mannequin
from keyfill_extension.blender_addon.scene.reading import armature
from keyfill_extension.tests.addon_blender import drawing
from keyfill_extension.tests.addon_blender.characters import put_clip
from keyfill_extension.tests.motion.toy_rigs import wild_clip


def vertices_of(mesh):
    values = np.empty(3 * len(mesh.vertices), dtype=np.float32)
    mesh.vertices.foreach_get("co", values)
    return values.reshape(-1, 3)


def quads_of(mesh):
    values = np.empty(4 * len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("vertices", values)
    return values.reshape(-1, 4)


def volume_of(vertices, quads):
    total = 0.0
    for a, b, c in ((0, 1, 2), (0, 2, 3)):
        corners = vertices[quads[:, [a, b, c]]].astype(float)
        total += np.linalg.det(corners).sum() / 6.0
    return total


@pytest.fixture
def figure():
    ob = mannequin.add_mannequin(bpy.context)
    return ob, ob.children[0]


def test_every_joint_is_recognised(figure):
    ob, _ = figure
    rig = armature.read_rig(ob)
    bone_map = armature.read_bone_map(ob, rig)
    assert bone_map.missing == ()
    assert min(guess.confidence for guess in bone_map.guesses) > 0.9
    assert len(rig.names) == 22


def test_it_is_selected_active_and_stands_on_the_cursor(empty_scene):
    empty_scene.cursor.location = (1, 2, 3)
    ob = mannequin.add_mannequin(bpy.context)
    assert (bpy.context.view_layer.objects.active, bpy.context.mode) == (ob, "OBJECT")
    assert bpy.context.selected_objects == [ob]
    assert tuple(ob.location) == (1, 2, 3)
    assert ob.children[0].parent == ob


def test_its_bones_are_selected_for_the_timeline_to_show_their_keys(figure):
    ob, _ = figure
    bpy.ops.object.mode_set(mode="POSE")
    assert len(bpy.context.selected_pose_bones) == len(ob.pose.bones)


def test_it_can_be_added_from_another_mode_and_twice(figure):
    first, _ = figure
    bpy.ops.object.mode_set(mode="POSE")
    second = mannequin.add_mannequin(bpy.context)
    assert first != second
    assert first.data != second.data
    assert len(bpy.data.materials) == 3


@pytest.mark.parametrize("scale_length", [1.0, 0.01])
def test_it_is_175_cm_tall_in_any_unit(scale_length, empty_scene):
    empty_scene.unit_settings.scale_length = scale_length
    body = mannequin.add_mannequin(bpy.context).children[0]
    height = vertices_of(body.data)[:, 2]
    assert np.ptp(height) * scale_length == pytest.approx(1.75, abs=0.01)
    assert 0.0 <= height.min() * scale_length < 0.01


def test_the_skin_is_closed_and_faces_outwards(figure):
    mesh = figure[1].data
    quads = quads_of(mesh)
    edges = np.concatenate([quads[:, [corner, (corner + 1) % 4]] for corner in range(4)])
    forward = {tuple(edge) for edge in edges.tolist()}
    assert len(forward) == len(edges)
    assert {(end, start) for start, end in forward} == forward
    assert 0.04 < volume_of(vertices_of(mesh), quads) < 0.08


def test_the_skin_is_symmetric(figure):
    vertices = vertices_of(figure[1].data)
    half = [np.sort(np.round(np.abs(side[:, 0]), 3)) for side in
            (vertices[vertices[:, 0] > 0.01], vertices[vertices[:, 0] < -0.01])]  # fmt: skip
    assert len(half[0]) == len(half[1])
    assert np.abs(half[0] - half[1]).max() < 0.002


def test_weights_are_whole_few_and_change_smoothly_along_the_skin(figure):
    body = figure[1]
    count = len(body.data.vertices)
    weights = np.zeros((count, len(body.vertex_groups)))
    for vertex in body.data.vertices:
        for group in vertex.groups:
            weights[vertex.index, group.group] = group.weight
    assert weights.sum(axis=1) == pytest.approx(1.0, abs=1e-4)
    assert (weights > 0).sum(axis=1).max() <= 4
    quads = quads_of(body.data)
    steps = np.abs(weights[quads] - weights[np.roll(quads, 1, axis=1)]).max(axis=(1, 2))
    assert steps.max() < 0.35
    names = [group.name for group in body.vertex_groups]
    left = weights[:, [name.endswith(".L") for name in names]].sum(axis=1)
    far_right = vertices_of(body.data)[:, 0] < -0.04
    assert left[far_right].max() < 0.02


def test_the_skin_follows_the_bones_without_collapsing(figure):
    ob, body = figure
    put_clip(ob, wild_clip(30, amount=0.6))
    rest = volume_of(vertices_of(body.data), quads_of(body.data))
    for frame in (1, 8, 15, 22, 30):
        bpy.context.scene.frame_set(frame)
        posed = body.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
        assert volume_of(vertices_of(posed), quads_of(posed)) > 0.85 * rest
        edges = np.empty(2 * len(posed.edges), dtype=np.int32)
        posed.edges.foreach_get("vertices", edges)
        ends = vertices_of(posed)[edges.reshape(-1, 2)]
        assert np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).max() < 0.08


def test_a_surface_net_of_a_ball_is_a_ball():
    axis = np.linspace(-1.2, 1.2, 25)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    vertices, quads = surface_net(np.linalg.norm(grid, axis=-1) - 1.0, (axis, axis, axis))
    assert np.abs(np.linalg.norm(vertices, axis=1) - 1.0).max() < 0.02
    assert volume_of(vertices, quads) == pytest.approx(4 / 3 * np.pi, rel=0.02)


@pytest.fixture
def threads(registered_addon, monkeypatch):
    """The threads that work the body out; nothing is remembered of earlier tests."""
    found = []
    work = mannequin_shape._field_on_grid

    def noted(*arguments):
        found.append(threading.current_thread())
        return work(*arguments)

    monkeypatch.setattr(mannequin_shape, "_field_on_grid", noted)
    monkeypatch.setattr(mannequin, "_preparing", None)
    mannequin_shape.build_mannequin_mesh.cache_clear()
    return found


def test_the_body_is_worked_out_beside_the_window_before_the_button_is_pressed(threads):
    for _ in range(3):
        drawing.layout_of(panels.KEYFILL_PT_main, drawing.context_of())
    bpy.ops.keyfill.add_mannequin()
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
    assert len(bpy.context.object.children[0].data.vertices) > 1000


def test_a_script_needs_no_panel_and_a_character_no_mannequin(threads):
    bpy.ops.keyfill.add_mannequin()
    assert threads == [threading.main_thread()]
    drawing.layout_of(panels.KEYFILL_PT_main, drawing.context_of(bpy.context.object))
    assert mannequin._preparing is None


@pytest.mark.parametrize(("typed", "after"), [("", PLACEHOLDER), (" ", PLACEHOLDER), ("a", "a")])
def test_a_newcomers_empty_prompt_becomes_the_first_one_to_try(registered_addon, typed, after):
    bpy.context.scene.keyfill.prompt = typed
    assert bpy.ops.keyfill.add_mannequin() == {"FINISHED"}
    assert bpy.context.scene.keyfill.prompt == after
