"""Keyfill in Blender: a panel, operators, and one door to the engine's worker process."""


def register() -> None:
    """Enable the add-on."""
    # Imported here, for blender_addon.core must be importable without Blender.
    from . import (
        engine_link,
        foreground,
        operators,
        panels,
        preferences,
        properties,
        rig_panels,
        rig_properties,
    )

    preferences.register()
    properties.register()
    rig_properties.register()
    operators.register()
    panels.register()
    rig_panels.register()
    engine_link.connect(preferences.worker_settings)
    foreground.register()
    engine_link.fill_bytecode()


def unregister() -> None:
    """Disable the add-on and end the worker."""
    from . import (
        engine_link,
        foreground,
        operators,
        panels,
        preferences,
        properties,
        rig_panels,
        rig_properties,
    )

    foreground.unregister()
    engine_link.disconnect()
    rig_panels.unregister()
    panels.unregister()
    operators.unregister()
    rig_properties.unregister()
    properties.unregister()
    preferences.unregister()
