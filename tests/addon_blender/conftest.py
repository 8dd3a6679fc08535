"""Real Blender as a module: an empty scene for each test, and an orderly end."""

import os
import sys

import bpy
import pytest
from keyfill_extension.tests.addon_blender.empty_files import open_empty_file


@pytest.fixture(scope="session")
def registered_addon():
    """The add-on, registered once for the session."""
    from keyfill_extension import blender_addon

    blender_addon.register()
    yield blender_addon
    # A class that is left registered hangs bpy 4.5 when the process ends.
    blender_addon.unregister()


@pytest.fixture(autouse=True)
def empty_scene():
    """An empty file before each test and nothing left behind after it."""
    open_empty_file()
    yield bpy.context.scene
    open_empty_file()


def pytest_unconfigure(config):
    """End without bpy's own clean-up, which may hang; everything is reported by now.

    That an orderly unregistered process does end by itself is tested in tests/package.
    """
    session = config.pluginmanager.get_plugin("session")
    status = getattr(session, "exitstatus", None)
    if status is not None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(status))
