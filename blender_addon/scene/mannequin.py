"""Adds the built-in mannequin: an armature with a skinned mesh, both made by code.

Its numbers come from `core.mannequin_shape`; this file only hands them to Blender.
"""

from __future__ import annotations

import threading
from typing import Any, cast

import bpy
import numpy as np
from mathutils import Vector

from ..core.rigs.mannequin_shape import (
    MATERIALS,
    MannequinMesh,
    build_mannequin_mesh,
    mannequin_bones,
)

NAME = "Mannequin"

_preparing: threading.Thread | None = None


def prepare() -> None:
    """Begin to work out the body beside the window: it takes most of a second, once."""
    global _preparing
    if _preparing is None:
        _preparing = threading.Thread(target=build_mannequin_mesh, daemon=True)
        _preparing.start()


def _prepared_mesh() -> MannequinMesh:
    """Return the body, also where it was not prepared."""
    if _preparing is not None:
        _preparing.join()
    return build_mannequin_mesh()


def add_mannequin(context: bpy.types.Context) -> bpy.types.Object:
    """Add the mannequin at the 3D cursor, select it and make it active.

    It is 1.75 m tall whatever the scene's unit scale, and stands on the cursor facing -Y.

    Returns:
        The armature object; its only child is the mesh.
    """
    size = 1.0 / context.scene.unit_settings.scale_length
    if context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    armature = bpy.data.objects.new(NAME, bpy.data.armatures.new(NAME))
    context.collection.objects.link(armature)
    armature.location = context.scene.cursor.location
    for ob in context.selected_objects:
        ob.select_set(False)
    armature.select_set(True)
    context.view_layer.objects.active = armature
    _add_bones(armature, size)
    _add_body(context, armature, _prepared_mesh(), size)
    return armature


def _add_bones(armature: bpy.types.Object, size: float) -> None:
    """Make the bones; Blender does so in Edit Mode only. `armature` must be active."""
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        bones = armature.data.edit_bones
        for shape in mannequin_bones():
            bone = bones.new(shape.name)
            bone.head = Vector(shape.head) * size
            bone.tail = Vector(shape.tail) * size
            bone.parent = bones.get(shape.parent)
            bone.use_connect = bone.parent is not None and bone.parent.tail == bone.head
            # The timeline shows the keys of selected bones only.
            bone.select = bone.select_head = bone.select_tail = True
            # Limbs' Z axes look forward, so that elbows and knees bend about X.
            bone.align_roll(Vector((0.0, 0.0, 1.0)) if "foot" in shape.name or "toes" in shape.name
                            else Vector((0.0, -1.0, 0.0)))  # fmt: skip
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
    armature.data.display_type = "STICK"
    armature.show_in_front = True


def _add_body(
    context: bpy.types.Context, armature: bpy.types.Object, shape: MannequinMesh, size: float
) -> None:
    mesh = bpy.data.meshes.new(f"{NAME} Body")
    mesh.from_pydata((shape.vertices * size).tolist(), [], shape.quads.tolist())
    for name, colour in MATERIALS:
        mesh.materials.append(_material(name, colour))
    mesh.polygons.foreach_set("material_index", shape.materials.astype(np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(shape.quads), dtype=bool))
    mesh.update()
    body = bpy.data.objects.new(f"{NAME} Body", mesh)
    context.collection.objects.link(body)
    body.parent = armature
    for column, name in enumerate(shape.bones):
        group = body.vertex_groups.new(name=name)
        for vertex in np.flatnonzero(shape.weights[:, column]).tolist():
            group.add([vertex], float(shape.weights[vertex, column]), "REPLACE")
    modifier = body.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature


def _material(name: str, colour: tuple[float, float, float]) -> bpy.types.Material:
    """Return the material of that name, made at its first use."""
    material: Any = bpy.data.materials.get(name)
    if material is None:
        material = bpy.data.materials.new(name)
        if material.node_tree is None:  # before 5.0
            material.use_nodes = True
        material.diffuse_color = (*colour, 1.0)
        material.roughness = 0.6
        surface = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
        surface.inputs["Base Color"].default_value = (*colour, 1.0)
        surface.inputs["Roughness"].default_value = 0.6
    return cast(bpy.types.Material, material)
