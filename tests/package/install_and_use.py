"""Run in a Blender of its own: installs the zip as an animator would, and does some steps.

    python install_and_use.py ZIP [enable] [preference] [generate] [preset] [disable] [...]

Prints one line, TOLD and JSON.
"""

import hashlib
import importlib
import importlib.util
import json
import os
import sys
import zipfile
from pathlib import Path

import bpy

PACKAGE = "bl_ext.user_default.keyfill"
BYTECODE_SECONDS = 120
OTHER_MANIFEST = """schema_version = "1.0.0"
id = "other"
version = "1.0.0"
name = "Other"
tagline = "Brings a torch of its own"
maintainer = "somebody"
type = "add-on"
blender_version_min = "4.2.0"
license = ["SPDX:GPL-3.0-or-later"]
wheels = ["./wheels/{wheel}"]
"""
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


def worker():
    """What the worker that made the motion is, and what was kept for its next start."""
    link = importlib.import_module(f"{PACKAGE}.blender_addon.engine_link")
    filling = link.fill_bytecode()
    is_filled = filling.wait(BYTECODE_SECONDS)
    user = Path(bpy.utils.extension_path_user(PACKAGE))
    return {
        "worker_log": link.log_lines(),
        "bytecode_files": len(list((user / "bytecode").rglob("*.pyc"))) if is_filled else 0,
        "bytecode_in_extension": len(list(installed_folder().rglob("*.pyc"))),
        "resident": _resident_bytes(link.worker_pid()),
        "finds_torch": importlib.util.find_spec("torch") is not None,
        "user_folder": str(user),
    }


def _resident_bytes(pid):
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def update():
    """Install the same zip over the enabled extension while its worker is warm."""
    link = importlib.import_module(f"{PACKAGE}.blender_addon.engine_link")
    pid = link.worker_pid()
    bpy.ops.extensions.package_install_files(
        repo="user_default", filepath=sys.argv[1], enable_on_install=True
    )
    return {"worker_before_update": pid, "worker_after_update": is_running(pid)}


def is_running(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def other_torch_older():
    return add_other_extension("0.4.1")


def other_torch_newer():
    return add_other_extension("99.0")


def add_other_extension(version):
    """Install another extension, which brings a torch of its own that can do nothing."""
    wheel = f"torch-{version}-py3-none-any.whl"
    place = Path.cwd() / "other.zip"
    info = f"torch-{version}.dist-info"
    wheel_path = Path.cwd() / wheel
    with zipfile.ZipFile(wheel_path, "w") as archive:
        archive.writestr("torch/__init__.py", f'__version__ = "{version}"\n')
        archive.writestr(f"{info}/METADATA", f"Name: torch\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        names = [*archive.namelist(), f"{info}/RECORD"]
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in names))
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("blender_manifest.toml", OTHER_MANIFEST.format(wheel=wheel))
        archive.writestr("__init__.py", "def register(): ...\ndef unregister(): ...\n")
        archive.write(wheel_path, f"wheels/{wheel}")
    bpy.ops.extensions.package_install_files(
        repo="user_default", filepath=str(place), enable_on_install=True
    )
    return {"site": sorted(path.name for path in site_packages().glob("torch-*"))}


def site_packages():
    """Where Blender unpacks all extensions' wheels to."""
    resources = Path(os.environ["BLENDER_USER_RESOURCES"])
    return next(resources.glob("extensions/.local/lib/*/site-packages"))


def refused():
    """Press Generate where the engine cannot run, and return what the animator reads."""
    try:
        generate()
    except RuntimeError as error:
        return {"refused": str(error)}
    return {"refused": ""}


def install_engine():
    """Press Install Engine without the network, then with a folder of wheels."""
    stored = bpy.context.preferences.addons[PACKAGE].preferences
    told = ""
    try:
        bpy.ops.keyfill.install_engine(device="cpu")
    except RuntimeError as error:
        told = str(error)
    stored.package_index = os.environ["KEYFILL_TEST_WHEELS"]
    bpy.ops.keyfill.install_engine(device="cpu")
    user = Path(bpy.utils.extension_path_user(PACKAGE))
    return {
        "offline_refused": told,
        "user_files": sorted(path.name for path in user.iterdir()),
        "installed": sorted(path.name for path in next(user.glob("python*")).iterdir()),
    }


def add_models():
    """Pick a zip with one model, and return what the preferences list then."""
    content, path = b"weights", Path.cwd() / "models.zip"
    entry = {"file": "net.safetensors", "size": len(content),
             "sha256": hashlib.sha256(content).hexdigest()}  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mine/manifest.json", json.dumps({"files": [entry]}))
        archive.writestr("mine/system.json", '{"system": "mmm"}')
        archive.writestr("mine/net.safetensors", content)
    bpy.ops.keyfill.add_models(filepath=str(path))
    models = importlib.import_module(f"{PACKAGE}.blender_addon.model_list").read_models()
    return {"models": [[model.name, model.reason] for model in models]}


def disable():
    import addon_utils

    addon_utils.disable(PACKAGE, default_set=True)
    return {"operators_after": [name for name in ("generate", "add_mannequin") if exists(name)]}


def main(zip_path, steps):
    told = install(zip_path)
    for step in steps:
        told |= globals()[step]()
    print("TOLD " + json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
