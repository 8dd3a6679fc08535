"""Enabling, disabling, enabling again; and what enabling imports."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import bpy
from keyfill_extension.blender_addon import engine_link, preferences
from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings

REPOSITORY = Path(__file__).resolve().parents[2]

ENABLE = """
    import json, os, sys, types
    import bpy
    extension = types.ModuleType("keyfill_extension")
    extension.__path__ = [{root!r}]
    sys.modules["keyfill_extension"] = extension
    from keyfill_extension import blender_addon
    blender_addon.register()
    modules = sorted(sys.modules)
    blender_addon.unregister()
    print(json.dumps(modules), flush=True)
    os._exit(0)
"""


def modules_of_a_new_process():
    """The modules that are loaded where the add-on has just been enabled."""
    script = textwrap.dedent(ENABLE.format(root=str(REPOSITORY)))
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(answer.stdout.splitlines()[-1])


def is_registered():
    return (
        hasattr(bpy.types, "KEYFILL_PT_main")
        and hasattr(bpy.types, "KEYFILL_OT_generate")
        and hasattr(bpy.types.Scene, "keyfill")
        and hasattr(bpy.types.WindowManager, "keyfill_status")
    )


def test_register_unregister_register(registered_addon):
    assert is_registered()
    registered_addon.unregister()
    assert not hasattr(bpy.types, "KEYFILL_PT_main")
    assert not hasattr(bpy.types, "KEYFILL_OT_generate")
    assert not hasattr(bpy.types.Scene, "keyfill")
    assert not hasattr(bpy.types.WindowManager, "keyfill_status")
    registered_addon.register()
    assert is_registered()


def test_enabling_loads_no_model_library_and_of_the_engine_only_what_blender_needs():
    modules = modules_of_a_new_process()
    loaded = {name.partition(".")[0] for name in modules}
    assert not loaded & {"torch", "transformers", "safetensors"}
    names = [name.split(".") for name in modules if name.startswith("keyfill_extension.engine.")]
    parts = {name[2] for name in names}
    assert "motion" in parts
    assert parts <= {"config", "motion", "models", "files", "python_place", "protocol", "systems"}


def test_settings_have_the_defaults_that_scripts_rely_on(registered_addon):
    settings = bpy.context.scene.keyfill
    assert (settings.prompt, settings.seconds, settings.seed, settings.takes) == ("", 0.0, 0, 1)


def test_settings_are_saved_with_the_scene_and_the_status_is_not(registered_addon, tmp_path):
    bpy.context.scene.keyfill.prompt = "someone sneaks forward"
    bpy.context.window_manager.keyfill_status.error = "An old error."
    path = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.context.scene.keyfill.prompt = ""
    bpy.ops.wm.open_mainfile(filepath=path)
    assert bpy.context.scene.keyfill.prompt == "someone sneaks forward"


def test_defaults_apply_outside_an_extension(registered_addon):
    assert preferences.extension_package() == "keyfill_extension"
    assert preferences.read_preferences(bpy.context) is None
    assert preferences.worker_settings() == WorkerSettings()


def test_the_link_is_idle_until_something_is_asked(registered_addon):
    assert engine_link.worker_pid() == 0
    assert engine_link.device() == ""
