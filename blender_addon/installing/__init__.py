"""Fetching the engine's packages into the user's folder; only the light package has this room."""

from __future__ import annotations

import bpy

from .install_operators import KEYFILL_OT_fetch_engine, KEYFILL_OT_install_engine

register, unregister = bpy.utils.register_classes_factory(
    (KEYFILL_OT_install_engine, KEYFILL_OT_fetch_engine)
)
