"""The characters of ../shared/rigs in Blender: imported plainly, as an animator would."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import bpy
from keyfill_extension.tests.addon_blender.empty_files import open_empty_file

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

CASES = (
    "bone_suffix.glb",
    "cesium.glb",
    "mocapnet_wave.bvh",
    "q_male.fbx",
    "robotexp.glb",
    "rokoko_40.bvh",
)
"""Those of ../shared/cases."""

CONVERTED = Path(__file__).resolve().parents[2] / ".cache" / "characters"
"""Where glTF files lie as Blender's own: the import takes a second and gives the same each time."""


def load_character(path: Path) -> bpy.types.Object:
    """Import a file into the empty scene and return its armature object, made active."""
    open_empty_file()
    import_file(path)
    armatures = [ob for ob in bpy.context.scene.objects if ob.type == "ARMATURE"]
    ob = max(armatures, key=lambda ob: len(ob.data.bones))
    bpy.context.view_layer.objects.active = ob
    bpy.context.view_layer.update()
    return ob


def import_file(path: Path) -> None:
    """Import by the file's ending with the importer's own settings."""
    import addon_utils

    if path.suffix == ".blend":
        _append_objects(path)
    elif path.suffix == ".fbx":
        addon_utils.enable("io_scene_fbx", default_set=True)
        bpy.ops.import_scene.fbx(filepath=str(path))
    elif path.suffix == ".bvh":
        addon_utils.enable("io_anim_bvh", default_set=True)
        bpy.ops.import_anim.bvh(filepath=str(path))
    else:  # A .vrm is a glTF with another ending.
        _import_gltf(path)


def _append_objects(path: Path) -> None:
    with bpy.data.libraries.load(str(path)) as (source, target):
        target.objects = source.objects
    for ob in target.objects:
        bpy.context.collection.objects.link(ob)
    bpy.context.view_layer.update()


_CONVERSION = """
import os, sys
import bpy
import addon_utils  # found only once bpy is there
bpy.ops.wm.read_factory_settings(use_empty=True)
addon_utils.enable("io_scene_gltf2", default_set=True)
bpy.ops.import_scene.gltf(filepath=sys.argv[1], disable_bone_shape=True)
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[2])
os._exit(0)  # Blender's own end may hang.
"""


def _import_gltf(path: Path) -> None:
    """Import in a process of its own, once for a file and a version of Blender.

    The importer assigns the window's scene, at which Blender 4.2 as a module has crashed
    after many files had been opened in one process.
    """
    source = path.read_bytes() + _CONVERSION.encode() + bpy.app.version_string.encode()
    file = CONVERTED / f"{path.stem}-{hashlib.sha256(source).hexdigest()[:16]}.blend"
    if not file.is_file():
        CONVERTED.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CONVERTED) as folder:
            made = Path(folder) / "character.blend"
            command = [sys.executable, "-c", _CONVERSION, str(path), str(made)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            made.replace(file)  # whole or not at all: a suite runs in several processes
    _append_objects(file)
