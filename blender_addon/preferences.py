"""The add-on's preferences: where the weights and a Python with torch are, and the device."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Thread

import bpy
from bpy.props import EnumProperty, StringProperty
from bpy.types import AddonPreferences, Context, UILayout

from ..engine.python_place import venv_python
from ..engine.systems.registry import SYSTEMS
from . import model_list
from .core.link import python_check
from .core.link.blenders_python import BlendersPython, missing_packages
from .core.link.worker_settings import WorkerSettings

LOOK_SECONDS = 0.2
"""How often it is looked whether the answer on a Python is there."""


def extension_package() -> str:
    """Return the root package, by whose name Blender knows the extension.

    That is one level above `blender_addon`: `bl_ext.user_default.keyfill`.
    """
    return (__package__ or "").rpartition(".")[0]


def read_preferences(context: Context) -> KEYFILL_AP_preferences | None:
    """Return the preferences; None where the package is registered outside an extension."""
    addon = context.preferences.addons.get(extension_package())
    return None if addon is None else addon.preferences


def user_folder(name: str) -> Path:
    """Return a folder for the user's own files that updates leave alone; it may not exist yet."""
    package = extension_package()
    if package.startswith("bl_ext."):
        return Path(bpy.utils.extension_path_user(package, path=name))
    return Path(bpy.utils.user_resource("CONFIG", path="keyfill")) / name


def worker_settings() -> WorkerSettings:
    """Return how the preferences want the worker to be started."""
    preferences = read_preferences(bpy.context)
    if preferences is None:
        return WorkerSettings()
    return WorkerSettings(
        python=bpy.path.abspath(preferences.python),
        weights=bpy.path.abspath(preferences.weights_folder),
        models=bpy.path.abspath(preferences.models_folder),
        device=preferences.device,
        own=blenders_python(),
    )


def blenders_python() -> BlendersPython:
    """Return how Blender's own Python is started, with the folders of this extension's user."""
    return BlendersPython(
        tuple(bpy.app.python_args),
        packages=str(user_folder(f"python{sys.version_info.major}.{sys.version_info.minor}")),
        bytecode=str(user_folder("bytecode")),
    )


def _check_python(self: KEYFILL_AP_preferences, context: Context) -> None:
    """Look at the Python that was just chosen, and show the answer when it is there."""
    if self.python:
        thread = python_check.check_in_background(bpy.path.abspath(self.python))
        bpy.app.timers.register(lambda: _redraw_when_told(thread), first_interval=LOOK_SECONDS)


def _redraw_when_told(thread: Thread) -> float | None:
    if thread.is_alive():
        return LOOK_SECONDS
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
    return None


class KEYFILL_AP_preferences(AddonPreferences):
    """Where the engine is and what it computes on."""

    # Without a parent package there is no extension; Blender still wants a name.
    bl_idname = extension_package() or "keyfill"

    python: StringProperty(
        name="Use a Python of Mine",
        description=f"Python program that has torch, such as {venv_python()} of a copy of "
        "Keyfill that is set up. Empty takes Blender's own Python with the packages that "
        "Keyfill brings or that Install Engine fetched",
        subtype="FILE_PATH",
        update=_check_python,
    )
    package_index: StringProperty(
        name="Package Index",
        description="Where Install Engine fetches from: the address of an index of Python "
        "packages, or a folder of wheels. Empty takes the usual ones",
    )
    weights_folder: StringProperty(
        name="Weights Folder",
        description="Folder with the default model and its manifest.json, and others in folders "
        "within. Empty takes the one that came with Keyfill",
        subtype="DIR_PATH",
    )
    models_folder: StringProperty(
        name="Your Models",
        description="Folder with models of your own, each in a folder within: fine-tuned ones, or "
        "what `python -m engine import-momask` made. They appear in the panel's list",
        subtype="DIR_PATH",
    )
    device: EnumProperty(
        name="Device",
        description="What the engine computes on",
        items=(
            ("auto", "Automatic", "The graphics card where it can be used, else the CPU"),
            ("cpu", "CPU", "The processor; works everywhere"),
            ("cuda", "CUDA", "An NVIDIA graphics card"),
            ("mps", "Metal", "The graphics part of an Apple chip"),
        ),
        default="auto",
    )

    def draw(self, context: Context) -> None:
        """Show the settings and what they lead to."""
        layout = self.layout
        layout.use_property_split = True
        draw_engine(layout, self)
        layout.prop(self, "weights_folder")
        layout.prop(self, "models_folder")
        draw_models(layout)
        layout.operator("keyfill.add_models", icon="FILE_ARCHIVE")
        layout.prop(self, "device")
        row = layout.row()
        row.operator("keyfill.release_memory")
        row.operator("keyfill.copy_log")


def draw_engine(layout: UILayout, stored: KEYFILL_AP_preferences) -> None:
    """Show which Python runs the engine, what it lacks, and the button that cures it."""
    status = bpy.context.window_manager.keyfill_status
    box = layout.box()
    if stored.python:
        told = python_check.told_of(bpy.path.abspath(stored.python)) or "Looking at this Python…"
        is_good = python_check.can_run(told)
        box.label(text=told, icon="CHECKMARK" if is_good else "INFO")
    else:
        missing = missing_packages(blenders_python().packages)
        told = f"The engine is not installed: {', '.join(missing)}" if missing else "Engine: ready"
        box.label(text=told, icon="ERROR" if missing else "CHECKMARK")
    # Only the light package has the button.
    if hasattr(bpy.types, "KEYFILL_OT_install_engine"):
        row = box.row()
        if status.is_running:
            row.progress(factor=status.factor, text=status.label)
            row.operator("keyfill.cancel", text="", icon="X")
        else:
            row.operator("keyfill.install_engine", icon="IMPORT")
        box.prop(stored, "package_index")
    box.prop(stored, "python")


def draw_models(layout: UILayout) -> None:
    """List the models, each with its licence, or with the reason why it cannot be chosen."""
    box = layout.box()
    for model in model_list.read_models():
        if model.reason:
            box.label(text=f"{model.label}: {model.reason}", icon="ERROR")
            continue
        title = SYSTEMS[model.description.system].title
        licence = f"; {model.description.licence}" if model.description.licence else ""
        text = f"{model.label}: {title}, {model.size / 1e6:.0f} MB{licence}"
        box.label(text=text, icon="CHECKMARK")


register, unregister = bpy.utils.register_classes_factory((KEYFILL_AP_preferences,))
