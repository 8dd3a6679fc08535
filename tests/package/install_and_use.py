"""Run in a Blender of its own: installs the zip as an animator would, and does some steps.

    python install_and_use.py ZIP [enable] [preference] [generate] [preset] [disable]

Prints one line, TOLD and JSON.
"""

import json
import os
import sys
from pathlib import Path

import bpy

PACKAGE = "bl_ext.user_default.keyfill"
LEARNING = ("torch", "transformers", "safetensors", "tokenizers")


def install(zip_path):
    bpy.ops.extensions.package_install_files(
        repo="user_default", filepath=zip_path, enable_on_install=False
    )
    return {"files": sorted(path.name for path in installed_folder().iterdir())}


def installed_folder():
    repository = next(
        repo for repo in bpy.context.preferences.extensions.repos if repo.module == "user_default"
    )
    return Path(repository.directory) / "keyfill"


def enable():
    import addon_utils  # bpy has to be imported before

    module = addon_utils.enable(PACKAGE, default_set=True)
    worker_python = os.environ.get("KEYFILL_WORKER_PYTHON", "")
    if module is not None and worker_python:
        # A Blender without torch, as applications are.
        bpy.context.preferences.addons[PACKAGE].preferences.python = worker_python
    return {
        "enabled": module is not None,
        "learning_loaded": [name for name in LEARNING if name in sys.modules],
        "operators": [name for name in ("generate", "add_mannequin") if exists(name)],
    }


def exists(operator):
    return hasattr(bpy.types, f"KEYFILL_OT_{operator}")


def preference():
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    before = preferences.device
    preferences.device = "cpu"
    after = bpy.context.preferences.addons[PACKAGE].preferences.device
    return {"device_before": before, "device_after": after}


def generate():
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 30, 1.0
    bpy.ops.keyfill.add_mannequin()
    mannequin = bpy.context.object
    scene.keyfill.prompt = "a person walks forward"
    scene.keyfill.seconds, scene.keyfill.seed = 2.0, 1
    bpy.ops.keyfill.generate()
    first, last = mannequin.animation_data.action.frame_range
    hips = []
    for frame in (first, last):
        scene.frame_set(round(frame))
        evaluated = mannequin.evaluated_get(bpy.context.evaluated_depsgraph_get())
        # A walk moves the hips; which bone that is does not matter, the first has no parent.
        hips.append(list(evaluated.matrix_world @ evaluated.pose.bones[0].head))
    return {
        "frames": [first, last],
        "hips": hips,
        "learning_loaded_after": [name for name in LEARNING if name in sys.modules],
    }


def preset():
    """Save and load a rig preset in the user's own folder."""
    bpy.ops.keyfill.add_mannequin()
    bpy.ops.keyfill.map_bones()
    bpy.ops.keyfill.clear_bone(joint="left_foot")
    bpy.ops.keyfill.save_rig_preset(name="Figures")
    bpy.ops.keyfill.map_bones(from_scratch=True)
    bpy.ops.keyfill.load_rig_preset(name="Figures")
    folder = Path(bpy.utils.extension_path_user(PACKAGE))
    return {
        "preset_files": [path.relative_to(folder).as_posix() for path in folder.rglob("*.json")],
        "preset_kept_choice": bpy.context.object.keyfill_rig.rows.left_foot.by_hand,
    }


def disable():
    import addon_utils

    addon_utils.disable(PACKAGE, default_set=True)
    return {"operators_after": [name for name in ("generate", "add_mannequin") if exists(name)]}


def main(zip_path, steps):
    told = install(zip_path)
    for step in steps:
        told |= {"enable": enable, "preference": preference, "generate": generate,
                 "preset": preset, "disable": disable}[step]()  # fmt: skip
    print("TOLD " + json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
