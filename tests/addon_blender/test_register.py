"""Enabling, disabling, enabling again; and what enabling costs."""

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
    import json, os, sys, time, types
    start = time.process_time()  # other programs' work is not ours
    import bpy
    blender_seconds = time.process_time() - start
    import numpy  # Blender's own, which 4.2 imports when the first add-on does
    extension = types.ModuleType("keyfill_extension")
    extension.__path__ = [{root!r}]
    sys.modules["keyfill_extension"] = extension
    start = time.process_time()
    from keyfill_extension import blender_addon
    blender_addon.register()
    part = (time.process_time() - start) / blender_seconds
    blender_addon.unregister()
    print(json.dumps({{"part": part, "modules": sorted(sys.modules)}}), flush=True)
    os._exit(0)
"""


def enable_in_a_new_process():
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


def test_enabling_is_quick_and_loads_no_model_library():
    runs = [enable_in_a_new_process() for _ in range(3)]
    loaded = {name.partition(".")[0] for run in runs for name in run["modules"]}
    assert not loaded & {"torch", "transformers", "safetensors"}
    assert "keyfill_extension.engine.api" not in runs[0]["modules"]
    # Less than Blender's own start, compiling included; benchmarks tell the seconds.
    assert min(run["part"] for run in runs) <= 1.0


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
