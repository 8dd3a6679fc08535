"""Keyfill in Blender: a panel, operators, and one door to the engine's worker process."""


def has_installing() -> bool:
    """Return whether this package can fetch the engine: the complete one has it inside."""
    from importlib.util import find_spec

    return find_spec(".installing", __package__) is not None


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
    if has_installing():
        from . import installing

        installing.register()


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
    if has_installing():
        from . import installing

        installing.unregister()
    engine_link.disconnect()
    rig_panels.unregister()
    panels.unregister()
    operators.unregister()
    rig_properties.unregister()
    properties.unregister()
    preferences.unregister()
