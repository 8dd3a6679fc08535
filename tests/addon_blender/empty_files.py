"""The empty file that every test in Blender starts from."""

import bpy

_factory: list[tuple[str, ...]] = []
"""Names of the add-ons that Blender's factory settings enable, once they were read."""


def open_empty_file() -> None:
    """Open an empty file with Blender's factory settings.

    The settings are read only where something changed them: reading them registers Blender's own
    add-ons again, which takes seven times as long as the file.
    """
    preferences = bpy.context.preferences
    if preferences.is_dirty or [_enabled()] != _factory:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        _factory[:] = [_enabled()]
        bpy.context.preferences.is_dirty = False
    else:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def _enabled() -> tuple[str, ...]:
    return tuple(addon.module for addon in bpy.context.preferences.addons)
