"""The characters of ../shared/rigs in Blender: imported plainly, as an animator would."""

from __future__ import annotations

from pathlib import Path

import bpy

CHARACTERS = (
    "Xbot.glb",
    "m2m_mixamo_orig.fbx",
    "m2m_human_male.glb",
    "m2m_human_sintel.glb",
    "mannequiny.glb",
    "kenney.glb",
    "mpfb_game_engine.blend",
    "mpfb_rigify.blend",
    "rocketbox_mm03.fbx",
    "vrm_example.vrm",
    "cmu_atelier_02_10.bvh",
    "cmu_dragon_02_01.bvh",
)


def load_character(path: Path) -> bpy.types.Object:
    """Import a file into the empty scene and return its armature object, made active."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if path.suffix == ".blend":
        with bpy.data.libraries.load(str(path)) as (source, target):
            target.objects = source.objects
        for ob in target.objects:
            bpy.context.collection.objects.link(ob)
    else:
        _import(path)
    armatures = [ob for ob in bpy.context.scene.objects if ob.type == "ARMATURE"]
    ob = max(armatures, key=lambda ob: len(ob.data.bones))
    bpy.context.view_layer.objects.active = ob
    bpy.context.view_layer.update()
    return ob


def _import(path: Path) -> None:
    """Import by the file's ending with the importer's own settings."""
    import addon_utils

    if path.suffix == ".fbx":
        addon_utils.enable("io_scene_fbx", default_set=True)
        bpy.ops.import_scene.fbx(filepath=str(path))
    elif path.suffix == ".bvh":
        addon_utils.enable("io_anim_bvh", default_set=True)
        bpy.ops.import_anim.bvh(filepath=str(path))
    else:  # A .vrm is a glTF with another ending.
        addon_utils.enable("io_scene_gltf2", default_set=True)
        bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True)
